//! The other hills of an objective: how far below the best, and where.

use switchback_core::LogDensity;

use super::best::{HILLS, Reference, natural};
use super::lbfgs::{LbfgsSettings, climb_lbfgs};
use crate::InferError;

/// Observations by which a switch must lie elsewhere for a top to be another hill, and not a shoulder of the same.
const ELSEWHERE: usize = 3;

/// A local optimum with a switch elsewhere than the best has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hill {
    /// The switchpoints that it stands for.
    pub switches: Vec<usize>,
    /// Nats below the best.
    pub gap_nats: f64,
}

impl Reference {
    /// The hills at most `within` nats below [`Reference::best`], the highest first, each at least 4 observations from the
    /// best and from every higher one in some switch.
    ///
    /// # Errors
    /// When the density fails.
    pub fn hills(&self, within: f64) -> Result<Vec<Hill>, InferError> {
        let objective = self.objective();
        let mut tops = Vec::new();
        for peak in self.peaks().peaks().iter().take(HILLS) {
            let Ok(start) = objective.space().unconstrain(&natural(objective, peak)) else {
                continue;
            };
            let summit = climb_lbfgs(objective, &start, LbfgsSettings::default())?;
            let values = objective.space().constrain(&summit.position);
            let gap_nats = self.best().objective - summit.logp;
            if gap_nats <= within && !self.is_degenerate(&values) {
                let switches = objective.switches_of(&values);
                tops.push(Hill { switches, gap_nats });
            }
        }
        tops.sort_by(|a, b| a.gap_nats.total_cmp(&b.gap_nats));
        let mut hills: Vec<Hill> = Vec::new();
        for top in tops {
            let is_new = is_elsewhere(&top.switches, &self.best().switches)
                && hills
                    .iter()
                    .all(|hill| is_elsewhere(&top.switches, &hill.switches));
            if is_new {
                hills.push(top);
            }
        }
        Ok(hills)
    }
}

fn is_elsewhere(a: &[usize], b: &[usize]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > ELSEWHERE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::testing::{model, objective, series, two_levels};

    #[test]
    fn a_clear_switch_has_no_other_hill_and_two_equal_steps_have_one() {
        let clear = Reference::of(&objective(&model(&two_levels()))).expect("an optimum");
        assert_eq!(clear.hills(3.0).expect("it does not fail"), []);
        // Two steps of the same height, at 30 and at 60.
        let wiggle = |i: usize| ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0;
        let values: Vec<f64> = (0..90)
            .map(|i| wiggle(i % 30) + (i / 30) as f64 * 2.0)
            .collect();
        let two = Reference::of(&objective(&model(&series(&values)))).expect("an optimum");
        let hills = two.hills(3.0).expect("it does not fail");
        let best = two.best().switches[0];
        let other = hills.first().expect("a second hill").switches[0];
        assert!(best.abs_diff(other).abs_diff(30) <= 4, "{best} {hills:?}");
        assert_eq!(two.hills(-1.0).expect("it does not fail"), []);
    }
}
