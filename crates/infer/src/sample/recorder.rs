//! What is written down of a chain's positions.

use switchback_core::{ChainRng, Posterior};

use super::chain::{Chain, Phase};
use crate::InferError;

/// Draws of one walker since they were last taken away, row-major.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Values, what was generated and the log-likelihood, natural scale.
    pub(super) values: Vec<f64>,
    pub(super) stats: Vec<f64>,
    pub(super) pointwise: Vec<f64>,
}

/// Turns positions into rows.
pub(super) struct Recorder {
    rng: ChainRng,
    rows: Rows,
    /// The row of the last draw.
    last: Vec<f64>,
    /// The position that the last likelihood is of.
    last_position: Vec<f64>,
    expectations: Vec<f64>,
    n_parameters: usize,
    n_pointwise: usize,
}

impl Recorder {
    pub(super) fn new(target: &dyn Posterior, with_pointwise: bool, rng: ChainRng) -> Self {
        let n_parameters = target.space().dim();
        Self {
            rng,
            rows: Rows::default(),
            last: vec![f64::NAN; n_parameters + target.generated().len() + 1],
            last_position: Vec::new(),
            expectations: vec![0.0; target.n_expectations()],
            n_parameters,
            n_pointwise: if with_pointwise {
                target.n_pointwise()
            } else {
                0
            },
        }
    }

    /// Writes down where `walker` of `chain` is.
    pub(super) fn record(
        &mut self,
        target: &dyn Posterior,
        chain: &dyn Chain,
        walker: usize,
        phase: Phase,
    ) -> Result<(), InferError> {
        let position = chain.position(walker);
        let (values, rest) = self.last.split_at_mut(self.n_parameters);
        let (likelihood, generated) = match rest.split_last_mut() {
            Some(parts) => parts,
            None => return Ok(()),
        };
        // What does not depend on chance is known at a place that was not left.
        if position != self.last_position {
            target.space().constrain_into(position, values);
            target.log_likelihood(position, std::slice::from_mut(likelihood))?;
            self.last_position.clear();
            self.last_position.extend_from_slice(position);
        }
        target.generate(position, &mut self.rng, generated);
        if self.n_pointwise > 0 {
            let start = self.rows.pointwise.len();
            self.rows
                .pointwise
                .resize(start + self.n_pointwise, f64::NAN);
            target.pointwise(position, generated, &mut self.rows.pointwise[start..]);
        }
        if phase == Phase::Sampling {
            target.add_expectations(position, &mut self.expectations);
        }
        self.rows.values.extend_from_slice(&self.last);
        chain.write_stats(walker, &mut self.rows.stats);
        Ok(())
    }

    pub(super) fn rows(&self) -> &Rows {
        &self.rows
    }

    pub(super) fn clear(&mut self) {
        self.rows.values.clear();
        self.rows.stats.clear();
        self.rows.pointwise.clear();
    }

    /// The row of the last draw.
    pub(super) fn last(&self) -> &[f64] {
        &self.last
    }

    /// Sums over the draws.
    pub(super) fn expectations(&self) -> &[f64] {
        &self.expectations
    }
}
