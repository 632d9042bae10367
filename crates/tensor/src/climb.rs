//! The climb of a batch of starts on a device, behind the waist's `Optimizer`.

use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::Transaction;
use switchback_core::{LogDensity, Optimizer, OptimizerError, Series, Snapshot, Space};

use crate::adam::Adam;
use crate::density::{TensorDensity, device_failed, read};
use crate::module::{DIM, SwitchModule};
use crate::{OpenDevice, SpaceMismatch};

/// A setting makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("--{setting} is {value}: {rule}")]
pub struct SettingsError {
    /// Name of the setting.
    pub setting: &'static str,
    /// Its value.
    pub value: f64,
    /// What it must be.
    pub rule: &'static str,
}

/// Which optimiser, and its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerSettings {
    /// Adam (Kingma & Ba 2015).
    Adam {
        /// Length of a step.
        learning_rate: f64,
        /// Decay rate of the first moment.
        beta_1: f64,
        /// Decay rate of the second moment.
        beta_2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
    /// Gradient ascent with momentum (Polyak 1964), without dampening, as TensorFlow has it.
    Momentum {
        /// Length of a step a unit of the gradient.
        learning_rate: f64,
        /// Share of the last step that is kept.
        momentum: f64,
    },
}

impl OptimizerSettings {
    /// TensorFlow's defaults for Adam: those of the talk.
    pub const ADAM: Self = Self::Adam {
        learning_rate: 1e-3,
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
    };

    /// The talk's momentum.
    pub const MOMENTUM: Self = Self::Momentum {
        learning_rate: 0.01,
        momentum: 0.01,
    };

    /// Length of a step.
    pub fn learning_rate(&self) -> f64 {
        match *self {
            Self::Adam { learning_rate, .. } | Self::Momentum { learning_rate, .. } => {
                learning_rate
            }
        }
    }

    /// The settings, if they make sense.
    ///
    /// # Errors
    /// When the learning rate is not positive, or a decay rate or the momentum is not in `[0, 1)`.
    pub fn validate(self) -> Result<Self, SettingsError> {
        let share = |setting, value: f64| {
            let fits = (0.0..1.0).contains(&value);
            fits.then_some(()).ok_or(SettingsError {
                setting,
                value,
                rule: "it must be at least 0 and less than 1",
            })
        };
        let value = self.learning_rate();
        if !(value > 0.0 && value.is_finite()) {
            return Err(SettingsError {
                setting: "learning-rate",
                value,
                rule: "it must be positive",
            });
        }
        match self {
            Self::Adam { beta_1, beta_2, .. } => {
                share("beta-1", beta_1)?;
                share("beta-2", beta_2)?;
            }
            Self::Momentum { momentum, .. } => share("momentum", momentum)?,
        }
        Ok(self)
    }

    fn build(&self) -> ModuleOptimizer {
        match *self {
            Self::Adam {
                beta_1,
                beta_2,
                epsilon,
                ..
            } => Adam {
                beta_1,
                beta_2,
                epsilon,
            }
            .into(),
            Self::Momentum { momentum, .. } => {
                let momentum = MomentumConfig::new()
                    .with_momentum(momentum)
                    .with_dampening(0.0);
                SgdConfig::new().with_momentum(Some(momentum)).init()
            }
        }
    }
}

/// A batch of starts that climbs the sigmoid switch's likelihood on a device.
pub struct TensorClimb {
    density: TensorDensity,
    module: SwitchModule,
    optimizer: ModuleOptimizer,
    learning_rate: f64,
    steps: u64,
    n_evaluations: u64,
}

impl TensorClimb {
    /// A climb of `series` from the unconstrained `starts` (row-major `starts x 5`) in the coordinates of `space`.
    ///
    /// # Errors
    /// When `space` is not that of a sigmoid switch.
    pub fn new(
        series: &Series,
        space: &Space,
        device: &OpenDevice,
        settings: &OptimizerSettings,
        starts: &[f64],
    ) -> Result<Self, SpaceMismatch> {
        Ok(Self {
            density: TensorDensity::new(series, space, 1.0, device)?,
            module: SwitchModule::new(starts, device),
            optimizer: settings.build(),
            learning_rate: settings.learning_rate(),
            steps: 0,
            n_evaluations: 0,
        })
    }

    fn step(&mut self) {
        let loss = self.module.half_deviance(self.density.observations());
        let gradients = GradientsParams::from_grads(loss.backward(), &self.module);
        // A burn optimiser takes the module by value.
        let module = self.module.clone();
        self.module = self.optimizer.step(self.learning_rate, module, gradients);
        self.steps += 1;
        self.n_evaluations += 1;
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
        let logp = self.module.log_likelihood(self.density.observations());
        let gradients = logp.backward();
        self.n_evaluations += 1;
        let data = Transaction::default()
            .register(self.module.position())
            .register(logp.inner())
            .register(self.module.gradient(&gradients))
            .try_execute()
            .map_err(|error| device_failed(self.density.device(), &error))?;
        let [positions, logp, gradient] = read(self.density.device(), data)?;
        let norm = |row: &[f64]| row.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        Ok(Snapshot {
            step: self.steps,
            grad_norms: gradient.chunks_exact(DIM).map(norm).collect(),
            positions,
            logp,
        })
    }

    fn n_evaluations(&self) -> u64 {
        self.n_evaluations
    }
}
