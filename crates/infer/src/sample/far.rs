//! Chains that agree with each other may all be in the wrong place: the referee tells.

use std::fmt;

use switchback_core::switch_number;
use switchback_diagnostics::Summary;
use switchback_models::{Exact, Moments};

use super::diagnosis::Diagnosis;

/// Monte Carlo standard errors that a mean may lie from the exact one.
const FAR: f64 = 5.0;
/// Standard deviations, of the draws or of the exact posterior, that the switch of another model may lie from it.
const FAR_FROM_ANOTHER: f64 = 3.0;

/// A quantity whose mean is far from the exact one.
#[derive(Debug, Clone, PartialEq)]
pub struct Far {
    /// Its name.
    pub name: String,
    /// The mean of the draws.
    pub found: f64,
    /// The exact mean.
    pub exact: f64,
}

impl Far {
    /// The quantity of `diagnosis` whose mean is far from that of `exact`, if there is one; a switch first, for it is
    /// the question.
    ///
    /// Where `s` was drawn it is the referee's own model, and every mean must be within 5 Monte Carlo standard errors
    /// and a hundredth of the exact standard deviation. Where `tau` was drawn the model is another, and only a switch
    /// elsewhere is told: by more than 3 of the wider standard deviation, and 3 observations.
    pub fn from_exact(diagnosis: &Diagnosis, exact: &Exact) -> Option<Self> {
        let moments = exact.moments();
        let switches = moments.iter().filter(|(name, _)| is_switch(name));
        let is_same_model = switches
            .clone()
            .all(|(name, _)| diagnosis.get(name).is_some());
        if is_same_model {
            let others = moments.iter().filter(|(name, _)| !is_switch(name));
            return switches.chain(others).find_map(|(name, truth)| {
                let found = diagnosis.get(name)?;
                is_far(found, *truth).then(|| Self {
                    name: name.clone(),
                    found: found.mean,
                    exact: truth.mean,
                })
            });
        }
        switches.clone().find_map(|(name, truth)| {
            let found = diagnosis.get(&name.replacen('s', "tau", 1))?;
            let exact = truth.mean + 0.5;
            let allowed = FAR_FROM_ANOTHER * found.sd.max(truth.sd) + FAR_FROM_ANOTHER;
            ((found.mean - exact).abs() > allowed).then(|| Self {
                name: found.name.clone(),
                found: found.mean,
                exact,
            })
        })
    }
}

impl fmt::Display for Far {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "The chains agree with each other, but not with the exact posterior: mean {} {:.4} against {:.4}; they are \
             all on one hill.",
            self.name, self.found, self.exact
        )
    }
}

fn is_far(found: &Summary, truth: Moments) -> bool {
    // Draws that never moved have no Monte Carlo error.
    let mcse = if found.mcse_mean.is_nan() {
        0.0
    } else {
        found.mcse_mean
    };
    let allowed = FAR * mcse + 0.01 * truth.sd;
    (found.mean - truth.mean).abs() > allowed.max(1e-9 * truth.mean.abs())
}

/// `s`, `s1`, `s2`, ..
fn is_switch(name: &str) -> bool {
    switch_number(name, "s").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SamplerStats;
    use switchback_core::{Draws, Series};
    use switchback_models::{SwitchModel, SwitchPriors};

    fn exact() -> Exact {
        let level = |i: usize| if i < 30 { 0.0 } else { 4.0 };
        let noise = |i: usize| ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0;
        let values: Vec<_> = (0..80).map(|i| Some(noise(i) + level(i))).collect();
        let series = Series::new("y", &values).expect("a series");
        let model = SwitchModel::one_normal_switch(&series, SwitchPriors::deck());
        Exact::of(&model.expect("it varies")).expect("it has a posterior")
    }

    /// Draws that have the exact moments, but for `s` (or `tau`), which is `shift` too far.
    fn draws(exact: &Exact, switch: &str, shift: f64) -> Draws {
        let names = ["mu1", "mu2", "sigma1", "sigma2", switch].map(str::to_owned);
        let mut draws = Draws::new(names.to_vec(), 4);
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
                let mut row: Vec<f64> = exact
                    .moments()
                    .iter()
                    .enumerate()
                    .map(|(k, (_, of))| of.mean + sign(k) * of.sd.max(0.1))
                    .collect();
                row[4] += shift;
                draws.push(chain, &row).expect("the row fits");
            }
        }
        draws
    }

    fn far(switch: &str, shift: f64) -> Option<String> {
        let exact = exact();
        let draws = draws(&exact, switch, shift);
        let diagnosis = Diagnosis::of(&draws, draws.names(), &SamplerStats::default());
        let far = Far::from_exact(&diagnosis.expect("enough draws"), &exact);
        far.map(|far| far.name)
    }

    #[test]
    fn chains_that_agree_in_the_wrong_place_are_told() {
        assert_eq!(far("s", 0.0), None);
        assert_eq!(far("s", 1.0).as_deref(), Some("s"));
        assert_eq!(far("tau", 0.5), None);
        assert_eq!(far("tau", 20.0).as_deref(), Some("tau"));
    }
}
