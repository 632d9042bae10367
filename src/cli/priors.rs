//! The prior that was asked for.

use switchback::core::Series;
use switchback::models::{ModelError, SwitchPriors};

use super::settings::is_deck;

/// The prior that `words` ask for on `series`: a name, densities that override parts, or both; without any, the
/// talk's own on its series and one on the scale of the data on any other.
///
/// # Errors
/// When a word is neither a name nor a density that fits its parameter.
pub fn chosen(words: &[String], series: &Series) -> Result<SwitchPriors, ModelError> {
    let on_data = || SwitchPriors::scaled_to(series);
    let (base, parts) = match words {
        [name, parts @ ..] if name == "deck" => (SwitchPriors::deck(), parts),
        [name, parts @ ..] if name == "data" => (on_data()?, parts),
        parts if is_deck(series) => (SwitchPriors::deck(), parts),
        parts => (on_data()?, parts),
    };
    SwitchPriors::parse(base, parts)
}
