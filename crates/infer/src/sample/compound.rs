//! The compound sampler: switches and parameters in turn, each from its exact conditional distribution.

use switchback_core::{ChainRng, LogDensity, Transition};
use switchback_models::{HardSwitch, Paths};

use super::chain::{Chain, Phase, write_accepted};
use crate::InferError;

/// Gibbs sampling of the hard form (Geman and Geman 1984): all switches at once from their joint distribution given the
/// regimes' parameters ([`Paths::draw`]), then every parameter from its own
/// ([`switchback_models::SwitchModel::draw_parameters`]). Nothing is ever rejected and nothing is tuned.
pub struct CompoundChain<'a> {
    target: &'a HardSwitch,
    paths: &'a Paths,
    parameters: Vec<f64>,
    switches: Vec<usize>,
    /// Unconstrained, as the target has it.
    position: Vec<f64>,
    rng: ChainRng,
}

impl<'a> CompoundChain<'a> {
    /// A chain on `target`, whose places are `paths`, from the unconstrained `position` (`dim`).
    pub fn new(
        target: &'a HardSwitch,
        paths: &'a Paths,
        position: Vec<f64>,
        rng: ChainRng,
    ) -> Self {
        let mut parameters = target.space().constrain(&position);
        let switches = parameters.split_off(target.model().n_parameters());
        Self {
            target,
            paths,
            parameters,
            switches: switches.into_iter().map(|s| s as usize).collect(),
            position,
            rng,
        }
    }
}

impl Chain for CompoundChain<'_> {
    fn stat_names(&self) -> &'static [&'static str] {
        &["lp", "acceptance_rate"]
    }

    fn step(&mut self, _phase: Phase) -> Result<Transition, InferError> {
        self.paths
            .draw(&self.parameters, &mut self.rng, &mut self.switches);
        self.target
            .model()
            .draw_parameters(&self.switches, &mut self.parameters, &mut self.rng);
        let switches = self.switches.iter().map(|s| *s as f64);
        let values = self.parameters.iter().copied().chain(switches);
        let parameters = self.target.space().parameters();
        for ((slot, value), parameter) in self.position.iter_mut().zip(values).zip(parameters) {
            // Every value was drawn within its support.
            *slot = parameter.unconstrain(value).unwrap_or(*slot);
        }
        Ok(Transition {
            accept_prob: 1.0,
            n_evaluations: 1,
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
