//! Independent draws of the exact posterior, as a chain like any other.

use switchback_core::{ChainRng, LogDensity, Transition};
use switchback_models::{Exact, HardSwitch};

use super::chain::{Chain, Phase, write_accepted};
use crate::InferError;

/// Draws by the referee ([`Exact::draw`]): what every other sampler would give after infinitely many steps.
pub struct IndependentChain<'a> {
    target: &'a HardSwitch,
    exact: &'a Exact,
    position: Vec<f64>,
    rng: ChainRng,
}

impl<'a> IndependentChain<'a> {
    /// The chain of draws of `exact`, whose model is that of `target`.
    ///
    /// # Errors
    /// When the first draw does not fit the target.
    pub fn new(
        target: &'a HardSwitch,
        exact: &'a Exact,
        mut rng: ChainRng,
    ) -> Result<Self, InferError> {
        let position = target.space().unconstrain(&exact.draw(&mut rng))?;
        Ok(Self {
            target,
            exact,
            position,
            rng,
        })
    }
}

impl Chain for IndependentChain<'_> {
    fn stat_names(&self) -> &'static [&'static str] {
        &["lp", "acceptance_rate"]
    }

    fn step(&mut self, _phase: Phase) -> Result<Transition, InferError> {
        self.position = self
            .target
            .space()
            .unconstrain(&self.exact.draw(&mut self.rng))?;
        Ok(Transition {
            accept_prob: 1.0,
            n_evaluations: 0,
            diverged: false,
        })
    }

    fn position(&self, _walker: usize) -> &[f64] {
        &self.position
    }

    fn write_stats(&self, _walker: usize, stats: &mut Vec<f64>) {
        write_accepted(self.target, &self.position, stats);
    }
}
