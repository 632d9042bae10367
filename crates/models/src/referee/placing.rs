//! Where the switches may be, and with what prior.

use std::ops::Range;

use crate::{SwitchModel, SwitchPrior};

/// The places of `n_switches` switches in a series of `n`, with their prior as a product of steps: both priors are
/// Markov chains.
#[derive(Debug, Clone)]
pub(super) struct Placing {
    prior: SwitchPrior,
    n_switches: usize,
    n: usize,
    /// Log prior of the first switch, wherever it is.
    ln_first: f64,
    /// `ln_steps[k][i]`: log prior of switch `k + 1` given switch `k` at `i`, wherever it is.
    ln_steps: Vec<Vec<f64>>,
}

impl Placing {
    pub fn of(model: &SwitchModel) -> Self {
        Self::new(model.switch_prior(), model.n_switches(), model.n())
    }

    pub fn new(prior: SwitchPrior, n_switches: usize, n: usize) -> Self {
        let ln_steps = (1..n_switches)
            .map(|k| {
                (0..=prior.last(k - 1, n_switches, n))
                    .map(|before| prior.ln_step(k, before, n_switches, n))
                    .collect()
            })
            .collect();
        Self {
            prior,
            n_switches,
            n,
            ln_first: prior.ln_step(0, 0, n_switches, n),
            ln_steps,
        }
    }

    /// The same places without their prior.
    pub fn flat(&self) -> Self {
        let zeros = |steps: &Vec<f64>| vec![0.0; steps.len()];
        Self {
            ln_first: 0.0,
            ln_steps: self.ln_steps.iter().map(zeros).collect(),
            ..*self
        }
    }

    pub fn n(&self) -> usize {
        self.n
    }

    pub fn n_switches(&self) -> usize {
        self.n_switches
    }

    /// The last of the switches.
    pub fn last_switch(&self) -> usize {
        self.n_switches - 1
    }

    /// Log prior of the first switch, wherever it is.
    pub fn ln_first(&self) -> f64 {
        self.ln_first
    }

    /// Log prior of switch `k + 1` given switch `k`, one for each place of `k` from 0.
    pub fn ln_steps(&self, k: usize) -> &[f64] {
        &self.ln_steps[k]
    }

    /// The places of switch `k`.
    pub fn places(&self, k: usize) -> Range<usize> {
        self.least(k)..self.prior.last(k, self.n_switches, self.n) + 1
    }

    /// The places of switch `k` where switch `k + 1` is at `j`.
    pub fn before(&self, k: usize, j: usize) -> Range<usize> {
        // `first_after` adds the same to every place.
        let end = (j + 1).saturating_sub(self.prior.first_after(0));
        let least = self.least(k);
        least..end.min(self.places(k).end).max(least)
    }

    fn least(&self, k: usize) -> usize {
        k * self.prior.first_after(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_the_prior() {
        for prior in [SwitchPrior::Sequential, SwitchPrior::Uniform] {
            let placing = Placing::new(prior, 3, 6);
            let mut seen = 0;
            for c in placing.places(2) {
                for b in placing.before(1, c) {
                    for a in placing.before(0, b) {
                        let sum =
                            placing.ln_first() + placing.ln_steps(0)[a] + placing.ln_steps(1)[b];
                        let whole = prior.ln_p(&[a, b, c], 6);
                        assert!((sum - whole).abs() < 1e-14, "{prior} {a} {b} {c}");
                        seen += 1;
                    }
                }
            }
            let possible = (0..216)
                .filter(|code| {
                    prior
                        .ln_p(&[code / 36, code / 6 % 6, code % 6], 6)
                        .is_finite()
                })
                .count();
            assert_eq!(seen, possible, "{prior}");
        }
    }
}
