//! Chains of one parameter: checked, and split in halves.

use std::slice::ChunksExact;

use crate::DiagnosticsError;
use crate::moments::mean;

/// The least number of draws a chain: two halves of two draws (as in ArviZ).
pub const MIN_DRAWS: usize = 4;

/// At least one chain, all of one length of at least [`MIN_DRAWS`].
#[derive(Clone, Copy)]
pub(crate) struct Chains<'a> {
    chains: &'a [&'a [f64]],
    n_draws: usize,
}

impl<'a> Chains<'a> {
    pub(crate) fn new(chains: &'a [&'a [f64]]) -> Result<Self, DiagnosticsError> {
        let n_draws = chains.first().ok_or(DiagnosticsError::NoChains)?.len();
        if let Some(chain) = chains.iter().position(|draws| draws.len() != n_draws) {
            return Err(DiagnosticsError::UnequalLengths {
                chain,
                expected: n_draws,
                found: chains[chain].len(),
            });
        }
        check_length(n_draws)?;
        Ok(Self { chains, n_draws })
    }

    pub(crate) fn n_chains(&self) -> usize {
        self.chains.len()
    }

    /// Number of draws over all chains.
    pub(crate) fn size(&self) -> usize {
        self.chains.len() * self.n_draws
    }

    /// Length of the halves that the chains are split into.
    pub(crate) fn half(&self) -> usize {
        self.n_draws / 2
    }

    pub(crate) fn draws(&self) -> impl Iterator<Item = f64> + Clone + 'a {
        self.chains.iter().flat_map(|draws| draws.iter().copied())
    }

    /// The value of `statistic`, or NaN where a draw is not finite.
    pub(crate) fn finite_or_nan(&self, statistic: impl FnOnce(Self) -> f64) -> f64 {
        if self.all_finite() {
            statistic(*self)
        } else {
            f64::NAN
        }
    }

    pub(crate) fn all_finite(&self) -> bool {
        self.draws().all(f64::is_finite)
    }

    /// The first and the last half of every chain, each draw sent through `map` (paper, section 3.1).
    pub(crate) fn halves(&self, map: impl Fn(f64) -> f64) -> Halves {
        let length = self.half();
        let mut values = Vec::with_capacity(2 * length * self.chains.len());
        for draws in self.chains {
            // `half <= n_draws`, so both ranges lie within the chain.
            values.extend(draws[..length].iter().map(|&draw| map(draw)));
            values.extend(draws[self.n_draws - length..].iter().map(|&draw| map(draw)));
        }
        Halves { values, length }
    }
}

/// The error of chains that are too short, if they are.
pub(crate) fn check_length(n_draws: usize) -> Result<(), DiagnosticsError> {
    if n_draws < MIN_DRAWS {
        return Err(DiagnosticsError::TooFewDraws {
            found: n_draws,
            needed: MIN_DRAWS,
        });
    }
    Ok(())
}

/// Half chains of one length, one after the other; never empty.
pub(crate) struct Halves {
    values: Vec<f64>,
    length: usize,
}

impl Halves {
    /// The same halves with other values: `values` is as long as `self.values()`.
    pub(crate) fn with_values(&self, values: Vec<f64>) -> Self {
        debug_assert_eq!(values.len(), self.values.len());
        Self {
            values,
            length: self.length,
        }
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn rows(&self) -> ChunksExact<'_, f64> {
        self.values.chunks_exact(self.length)
    }

    /// Takes its mean off each half and gives the means.
    pub(crate) fn centre(&mut self) -> Vec<f64> {
        self.values
            .chunks_exact_mut(self.length)
            .map(|row| {
                let mean = mean(row.iter().copied());
                row.iter_mut().for_each(|value| *value -= mean);
                mean
            })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn shapes_without_a_diagnostic_are_named() {
        assert_eq!(Chains::new(&[]).err(), Some(DiagnosticsError::NoChains));
        assert_eq!(
            Chains::new(&[&[0.0; 5], &[0.0; 5], &[0.0; 4]]).err(),
            Some(DiagnosticsError::UnequalLengths {
                chain: 2,
                expected: 5,
                found: 4
            })
        );
        assert_eq!(
            Chains::new(&[&[0.0; 3]]).err(),
            Some(DiagnosticsError::TooFewDraws {
                found: 3,
                needed: 4
            })
        );
        assert!(Chains::new(&[&[]]).is_err());
    }

    #[test]
    fn an_odd_chain_loses_its_middle_draw() {
        let halves = Chains::new(&[&[1.0, 2.0, 3.0, 4.0, 5.0]])
            .unwrap()
            .halves(|draw| 10.0 * draw);
        assert_eq!(halves.values(), [10.0, 20.0, 40.0, 50.0]);
        assert_eq!(halves.rows().count(), 2);
    }
}
