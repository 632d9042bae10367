//! The climb of a batch of starts on a device, behind the waist's `Optimizer`.

use burn::optim::{GradientsParams, ModuleOptimizer};
use switchback_core::{Ascent, Halt, LogDensity, Optimizer, OptimizerError, Snapshot, Space};
use switchback_models::Objective;

use crate::density::TensorDensity;
use crate::module::SwitchModule;
use crate::rules::{clipped, optimizer};
use crate::watch::Watch;
use crate::{Expression, NotOnTensors, OpenDevice};

/// A batch of starts that climbs an objective on a device.
///
/// Values are always those of the final steepness, so that they can be compared while it is annealed.
pub struct TensorClimb {
    density: TensorDensity,
    module: SwitchModule,
    optimizer: ModuleOptimizer,
    ascent: Ascent,
    watch: Watch,
    steps: u64,
    n_evaluations: u64,
}

impl TensorClimb {
    /// A climb of `objective` from the unconstrained `starts` (row-major `starts x dim`) by `ascent`, which has been
    /// validated. Its final steepness takes the place of the objective's own.
    ///
    /// # Errors
    /// As [`TensorDensity::new`].
    pub fn new(
        objective: &Objective,
        device: &OpenDevice,
        ascent: &Ascent,
        starts: &[f64],
    ) -> Result<Self, NotOnTensors> {
        Self::with_expression(
            objective,
            device,
            ascent,
            starts,
            Expression::usual(objective, device),
        )
    }

    /// [`Self::new`] with the loss as `expression`.
    ///
    /// # Errors
    /// As [`TensorDensity::with_expression`].
    pub fn with_expression(
        objective: &Objective,
        device: &OpenDevice,
        ascent: &Ascent,
        starts: &[f64],
        expression: Expression,
    ) -> Result<Self, NotOnTensors> {
        let steepness = ascent.steepness.to;
        let density = TensorDensity::as_steep(objective, steepness, device, expression)?;
        let dim = density.space().dim();
        Ok(Self {
            density,
            module: SwitchModule::new(starts, dim, device),
            optimizer: optimizer(ascent.rule),
            ascent: *ascent,
            watch: Watch::new(starts, dim),
            steps: 0,
            n_evaluations: 0,
        })
    }

    /// The share of the final steepness that holds at this step; `None` for all of it.
    fn share(&self) -> Option<f64> {
        let ramp = &self.ascent.steepness;
        let share = ramp.at(self.steps) / ramp.to;
        (share != 1.0).then_some(share)
    }

    fn step(&mut self) {
        let objective = self.density.objective();
        let (_, mut gradient) = self.module.loss_and_gradient(objective, self.share());
        if let Some(most) = self.ascent.clip {
            gradient = clipped(gradient, most);
        }
        let mut gradients = GradientsParams::new();
        gradients.register(self.module.id(), gradient);
        let rate = self.ascent.learning_rate.at(self.steps);
        // A burn optimiser takes the module by value.
        let module = self.module.clone();
        self.module = self.optimizer.step(rate, module, gradients);
        self.steps += 1;
        self.count();
    }

    fn count(&mut self) {
        self.n_evaluations += self.watch.halts().len() as u64;
    }
}

impl Optimizer for TensorClimb {
    fn space(&self) -> &Space {
        self.density.space()
    }

    fn advance(&mut self, steps: usize) -> Result<(), OptimizerError> {
        for _ in 0..steps {
            self.step();
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Snapshot, OptimizerError> {
        let [values, slopes, positions] = self.density.read_all(&self.module)?;
        self.count();
        Ok(self.watch.see(self.steps, &positions, values, &slopes))
    }

    fn halts(&self) -> &[Option<Halt>] {
        self.watch.halts()
    }

    fn n_evaluations(&self) -> u64 {
        self.n_evaluations
    }
}
