//! What draws say, and whether to believe it.

use switchback_core::Draws;
use switchback_diagnostics::{Summary, summary};

use crate::InferError;

/// Greatest split r_hat of draws that can be believed (Vehtari et al. 2021, section 5).
const R_HAT_LIMIT: f64 = 1.01;
/// Least effective draws a chain (Vehtari et al. 2021, section 5).
const ESS_A_CHAIN: f64 = 100.0;

/// The summary of every quantity that was drawn.
#[derive(Debug, Clone)]
pub struct Summarised {
    /// One a quantity, in the order of the draws' names.
    pub quantities: Vec<Summary>,
    /// Names of the quantities whose r_hat or ESS says not to trust them.
    pub not_trusted: Vec<String>,
}

impl Summarised {
    /// The summary of quantity `name`.
    pub fn get(&self, name: &str) -> Option<&Summary> {
        self.quantities.iter().find(|summary| summary.name == name)
    }
}

/// Summarises `draws` of `names`.
///
/// A quantity that never changed in any chain (a switch that the data leave no doubt of) has no r_hat, and is
/// trusted.
///
/// # Errors
/// When there are too few draws to judge.
pub fn summarise(draws: &Draws, names: &[&str]) -> Result<Summarised, InferError> {
    let mut quantities = Vec::with_capacity(names.len());
    let mut not_trusted = Vec::new();
    for name in names {
        let chains = draws.chains(name).unwrap_or_default();
        let summary = summary(name, &chains)?;
        let first = chains.first().and_then(|chain| chain.first()).copied();
        let is_constant = chains
            .iter()
            .copied()
            .flatten()
            .all(|draw| Some(*draw) == first);
        let enough = ESS_A_CHAIN * draws.n_chains() as f64;
        let is_good = summary.r_hat <= R_HAT_LIMIT && summary.ess_bulk >= enough;
        if !(is_constant || is_good) {
            not_trusted.push((*name).to_owned());
        }
        quantities.push(summary);
    }
    Ok(Summarised {
        quantities,
        not_trusted,
    })
}
