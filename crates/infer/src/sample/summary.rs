//! What draws say, and whether to believe it.

use std::collections::BTreeMap;

use switchback_core::Draws;
use switchback_diagnostics::{Summary, summary};
use switchback_models::{Exact, Moments};

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

/// Monte Carlo standard errors that a mean may lie from the exact one.
const FAR: f64 = 5.0;
/// Standard deviations, of the draws or of the exact posterior, that the switch of another model may lie from it.
const FAR_FROM_ANOTHER: f64 = 3.0;

impl Summarised {
    /// The parameter whose mean is far from the exact one, with both means, if there is one: the chains may agree
    /// with each other and all be in the wrong place.
    ///
    /// Where switches `s` (or `s1, s2, ..`) were drawn it is the referee's own model, and every mean must be within 5
    /// Monte Carlo standard errors and a hundredth of the exact standard deviation. Where `tau` was drawn the model is
    /// another, and only a switch elsewhere is told: by more than 3 of the wider standard deviation, and 3 observations.
    pub fn far_from(&self, exact: &Exact) -> Option<(String, f64, f64)> {
        let model = exact.model();
        let switches = model.switch_names("s");
        let is_far = |found: &Summary, truth: Moments| {
            let allowed = FAR * found.mcse_mean + 0.01 * truth.sd;
            (found.mean - truth.mean).abs() > allowed.max(1e-9 * truth.mean.abs())
        };
        if switches.iter().any(|name| self.get(name).is_some()) {
            // The switches first: they are the question.
            return exact.moments().iter().rev().find_map(|(name, truth)| {
                let found = self.get(name)?;
                is_far(found, *truth).then(|| (name.clone(), found.mean, truth.mean))
            });
        }
        let taus = model.switch_names("tau");
        taus.into_iter().zip(&switches).find_map(|(name, switch)| {
            let (found, exact) = (self.get(&name)?, exact.moments_of(switch)?);
            let truth = exact.mean + 0.5;
            let allowed = FAR_FROM_ANOTHER * found.sd.max(exact.sd) + FAR_FROM_ANOTHER;
            ((found.mean - truth).abs() > allowed).then_some((name, found.mean, truth))
        })
    }
}

/// The most frequent value of quantity `name`, the least of several; `None` where nothing of that name was drawn.
pub fn most_frequent(draws: &Draws, name: &str) -> Option<f64> {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for draw in draws.chains(name)?.into_iter().flatten() {
        *counts.entry(draw.round() as i64).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    let (value, _) = counts.into_iter().find(|(_, count)| *count == most)?;
    Some(value as f64)
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

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::Series;
    use switchback_models::{
        Likelihood, RegimePriors, Regimes, SwitchModel, SwitchPrior, SwitchPriors, SwitchSettings,
    };

    fn exact(regimes: Regimes) -> Exact {
        let level = |i: usize| if i < 30 { 0.0 } else { 4.0 };
        let noise = |i: usize| ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0;
        let values: Vec<_> = (0..80).map(|i| Some(noise(i) + level(i))).collect();
        let series = Series::new("y", &values).expect("a series");
        let settings = SwitchSettings {
            likelihood: Likelihood::Normal,
            regimes,
            priors: RegimePriors::Normal(SwitchPriors::deck()),
            switch_prior: SwitchPrior::Sequential,
        };
        let model = SwitchModel::new(&series, settings).expect("it varies");
        Exact::of(&model).expect("it has a posterior")
    }

    /// Draws that have the exact moments, but for the last `s` (or `tau`), which is `shift` too far.
    fn draws(exact: &Exact, letter: &str, shift: f64) -> Draws {
        let (model, moments) = (exact.model(), exact.moments());
        let mut names = model.likelihood().parameter_names(model.n_regimes());
        names.extend(model.switch_names(letter));
        let last = names.len() - 1;
        let mut draws = Draws::new(names, 4);
        for i in 0..1000 {
            for chain in 0..4 {
                // Up and down by one standard deviation, in an order without a rhythm.
                let sign = |k: usize| {
                    if (i / 2 + chain + k * (i % 7)).is_multiple_of(2) {
                        1.0
                    } else {
                        -1.0
                    }
                };
                let mut row: Vec<f64> = moments
                    .iter()
                    .enumerate()
                    .map(|(k, (_, of))| of.mean + sign(k) * of.sd.max(0.1))
                    .collect();
                row[last] += shift;
                draws.push(chain, &row).expect("the row fits");
            }
        }
        draws
    }

    fn far(regimes: Regimes, letter: &str, shift: f64) -> Option<String> {
        let exact = exact(regimes);
        let draws = draws(&exact, letter, shift);
        let names: Vec<&str> = draws.names().iter().map(String::as_str).collect();
        let summary = summarise(&draws, &names).expect("enough draws");
        summary.far_from(&exact).map(|(name, ..)| name)
    }

    #[test]
    fn chains_that_agree_in_the_wrong_place_are_told() {
        let one = Regimes::one_switch;
        assert_eq!(far(one(), "s", 0.0), None);
        assert_eq!(far(one(), "s", 1.0).as_deref(), Some("s"));
        assert_eq!(far(one(), "tau", 0.5), None);
        assert_eq!(far(one(), "tau", 20.0).as_deref(), Some("tau"));
        let two = Regimes::reversion;
        assert_eq!(far(two(), "s", 0.0), None);
        assert_eq!(far(two(), "s", 30.0).as_deref(), Some("s2"));
        assert_eq!(far(two(), "tau", 200.0).as_deref(), Some("tau2"));
    }

    #[test]
    fn the_most_frequent_value_is_found() {
        let mut draws = Draws::new(vec!["s".into()], 2);
        for (chain, s) in [(0, 3.0), (0, 4.0), (1, 4.0), (1, 5.0)] {
            draws.push(chain, &[s]).expect("the row fits");
        }
        assert_eq!(most_frequent(&draws, "s"), Some(4.0));
        assert_eq!(most_frequent(&draws, "tau"), None);
    }
}
