//! Whether a start stood still over the last tenth of its climb.

use std::collections::VecDeque;

use switchback_core::{Snapshot, Space};

use crate::optimise::best::Reference;

/// Nats by which the objective of a settled climb may still change over its last tenth.
const SETTLED_NATS: f64 = 1e-3;
/// Observations by which a switch of a settled climb may still move over its last tenth.
const SETTLED_OBSERVATIONS: f64 = 0.25;
/// Share of the steps by which positions that are kept lie apart, so that a tenth of a climb holds a few of them
/// however long it is.
const APART: f64 = 0.02;

/// Positions of the last tenth of a climb, and one before.
#[derive(Default)]
pub(super) struct Tail(VecDeque<(u64, Vec<f64>)>);

impl Tail {
    /// Keeps a look, and forgets those that the last tenth no longer needs.
    pub(super) fn keep(&mut self, now: &Snapshot) {
        let tenth = now.step - now.step / 10;
        // The look at or before the last tenth begins it.
        while self.0.get(1).is_some_and(|(step, _)| *step <= tenth) {
            self.0.pop_front();
        }
        let is_apart =
            |(step, _): &(u64, Vec<f64>)| now.step as f64 >= *step as f64 * (1.0 + APART);
        let before_last = self
            .0
            .len()
            .checked_sub(2)
            .and_then(|index| self.0.get(index));
        // The last look is always there; it is replaced where it is near the one before it.
        if before_last.is_some_and(|look| !is_apart(look)) {
            self.0.pop_back();
        }
        self.0.push_back((now.step, now.positions.clone()));
    }

    /// Whether neither objective nor switches of `start` moved over the last tenth.
    ///
    /// The objective is computed again in double precision: on a device of single precision that of a long series
    /// flickers by more than what counts as moving.
    pub(super) fn is_settled(&self, start: usize, space: &Space, reference: &Reference) -> bool {
        let dim = space.dim();
        let looks: Vec<Vec<f64>> = self
            .0
            .iter()
            .filter_map(|(_, positions)| positions.get(start * dim..(start + 1) * dim))
            .map(|row| space.constrain(row))
            .collect();
        let n_parameters = reference.objective().model().n_parameters();
        let objectives = looks.iter().map(|values| reference.objective_of(values));
        looks.len() >= 2
            && extent(objectives) <= SETTLED_NATS
            && (n_parameters..dim).all(|index| {
                let taus = looks.iter().map(|values| values[index]);
                extent(taus) <= SETTLED_OBSERVATIONS
            })
    }
}

/// Greatest less least; `NaN` where one is not finite.
fn extent(values: impl Iterator<Item = f64>) -> f64 {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        if !value.is_finite() {
            return f64::NAN;
        }
        low = low.min(value);
        high = high.max(value);
    }
    high - low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(step: u64) -> Snapshot {
        Snapshot {
            step,
            positions: vec![step as f64],
            logp: vec![0.0],
            grad_norms: vec![0.0],
        }
    }

    #[test]
    fn it_holds_the_last_tenth_and_what_begins_it_and_little_more() {
        let mut tail = Tail::default();
        for step in (0..=35_000).step_by(100) {
            tail.keep(&snapshot(step));
            let steps: Vec<u64> = tail.0.iter().map(|(step, _)| *step).collect();
            assert_eq!(steps.last(), Some(&step));
            assert!(steps.is_sorted() && steps.len() <= 14, "{steps:?}");
            let tenth = step - step / 10;
            assert!(
                steps[0] <= tenth && (steps.len() < 2 || steps[1] > tenth),
                "{steps:?}"
            );
            // No gap within the tenth is wider than a few looks.
            for pair in steps.windows(2) {
                assert!(pair[1] - pair[0] <= 200 + step / 25, "{steps:?}");
            }
        }
    }

    #[test]
    fn the_extent_of_what_is_no_number_is_none() {
        assert_eq!(extent([1.0, 4.0, 2.0].into_iter()), 3.0);
        assert!(extent([1.0, f64::NAN].into_iter()).is_nan());
        assert!(extent([f64::INFINITY, 1.0].into_iter()).is_nan());
    }
}
