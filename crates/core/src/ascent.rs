//! How an optimiser that follows the gradient walks: its rule, its step size, and what it is helped by.

use std::f64::consts::PI;

/// A setting of a walk makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("--{setting} is {value}: {rule}")]
pub struct AscentError {
    /// Name of the setting.
    pub setting: &'static str,
    /// Its value.
    pub value: f64,
    /// What it must be.
    pub rule: &'static str,
}

/// How a gradient becomes a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Adam (Kingma & Ba 2015, algorithm 1): about one learning rate a step, whatever the size of the gradient.
    Adam {
        /// Decay rate of the first moment.
        beta_1: f64,
        /// Decay rate of the second moment.
        beta_2: f64,
        /// Added to the root of the corrected second moment.
        epsilon: f64,
    },
    /// Gradient ascent with momentum (Polyak 1964), without dampening, as TensorFlow has it.
    Momentum {
        /// Share of the last step that is kept.
        momentum: f64,
    },
    /// Plain gradient ascent.
    Sgd,
    /// RMSprop (Tieleman & Hinton 2012), not centred: the gradient over the root of its decaying mean square.
    RmsProp {
        /// Decay rate of the mean square.
        decay: f64,
        /// Added to its root.
        epsilon: f64,
    },
}

impl Rule {
    /// TensorFlow's defaults for Adam: those of the talk.
    pub const ADAM: Self = Self::Adam {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
    };

    /// The talk's momentum.
    pub const MOMENTUM: Self = Self::Momentum { momentum: 0.01 };

    /// RMSprop with the numbers of its authors.
    pub const RMS_PROP: Self = Self::RmsProp {
        decay: 0.9,
        epsilon: 1e-8,
    };

    /// The word used on the command line, in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adam { .. } => "adam",
            Self::Momentum { .. } => "momentum",
            Self::Sgd => "sgd",
            Self::RmsProp { .. } => "rmsprop",
        }
    }

    /// Whether a step is about one learning rate long, whatever the size of the gradient.
    pub fn is_scale_free(self) -> bool {
        matches!(self, Self::Adam { .. } | Self::RmsProp { .. })
    }

    /// The usual learning rate.
    pub fn usual_rate(self) -> f64 {
        if self.is_scale_free() { 1e-3 } else { 0.01 }
    }

    fn validate(self) -> Result<(), AscentError> {
        let share = |setting, value: f64| {
            let fits = (0.0..1.0).contains(&value);
            fits.then_some(()).ok_or(AscentError {
                setting,
                value,
                rule: "it must be at least 0 and less than 1",
            })
        };
        match self {
            Self::Adam { beta_1, beta_2, .. } => {
                share("beta-1", beta_1)?;
                share("beta-2", beta_2)
            }
            Self::Momentum { momentum } => share("momentum", momentum),
            Self::RmsProp { decay, .. } => share("decay", decay),
            Self::Sgd => Ok(()),
        }
    }
}

/// By which way a number goes from its first value to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// By equal factors: both ends must be positive.
    Geometric,
    /// By equal differences.
    Linear,
    /// Along half a wave of the cosine: slowly at both ends.
    Cosine,
}

/// A number that changes from step to step: a learning rate, a steepness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// Its value at step 0.
    pub from: f64,
    /// Its value from step [`Self::steps`] on.
    pub to: f64,
    /// The way between.
    pub shape: Shape,
    /// Steps that the way takes.
    pub steps: u64,
}

impl Ramp {
    /// A number that does not change.
    pub fn constant(value: f64) -> Self {
        Self {
            from: value,
            to: value,
            shape: Shape::Linear,
            steps: 0,
        }
    }

    /// Whether it never changes.
    pub fn is_constant(&self) -> bool {
        self.from == self.to
    }

    /// Its value at `step`.
    pub fn at(&self, step: u64) -> f64 {
        if step >= self.steps {
            return self.to;
        }
        let share = step as f64 / self.steps as f64;
        match self.shape {
            Shape::Geometric => self.from * (self.to / self.from).powf(share),
            Shape::Linear => self.from + (self.to - self.from) * share,
            Shape::Cosine => self.from + 0.5 * (self.to - self.from) * (1.0 - (PI * share).cos()),
        }
    }

    fn validate(&self, setting: &'static str) -> Result<(), AscentError> {
        for value in [self.from, self.to] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(AscentError {
                    setting,
                    value,
                    rule: "it must be positive",
                });
            }
        }
        Ok(())
    }
}

/// A walk by a rule: what both engines, that of plain floats and that of tensors, take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ascent {
    /// How a gradient becomes a step.
    pub rule: Rule,
    /// Length of a step, of a unit of the gradient for rules that are not scale-free.
    pub learning_rate: Ramp,
    /// Greatest Euclidean norm of a start's gradient; a longer one is shortened to it.
    pub clip: Option<f64>,
    /// Steepness of the sigmoid at each step: annealed if it begins lower than it ends.
    pub steepness: Ramp,
}

impl Ascent {
    /// `rule` at its usual, constant rate, on a steepness of 1.
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            learning_rate: Ramp::constant(rule.usual_rate()),
            clip: None,
            steepness: Ramp::constant(1.0),
        }
    }

    /// The settings, if they make sense.
    ///
    /// # Errors
    /// When a rate, a steepness or the clip is not positive, or a decay rate or the momentum is not in `[0, 1)`.
    pub fn validate(self) -> Result<Self, AscentError> {
        self.rule.validate()?;
        self.learning_rate.validate("learning-rate")?;
        self.steepness.validate("anneal")?;
        if let Some(clip) = self.clip {
            Ramp::constant(clip).validate("clip")?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_goes_from_end_to_end_and_stays() {
        for shape in [Shape::Geometric, Shape::Linear, Shape::Cosine] {
            let ramp = Ramp {
                from: 0.1,
                to: 1.6,
                shape,
                steps: 4,
            };
            let middle = match shape {
                Shape::Geometric => 0.4,
                Shape::Linear | Shape::Cosine => 0.85,
            };
            assert_eq!(ramp.at(0), 0.1, "{shape:?}");
            assert!((ramp.at(2) - middle).abs() < 1e-15, "{shape:?}");
            assert_eq!((ramp.at(4), ramp.at(9)), (1.6, 1.6), "{shape:?}");
            let values: Vec<f64> = (0..=4).map(|step| ramp.at(step)).collect();
            assert!(values.is_sorted(), "{shape:?}");
        }
        assert_eq!(Ramp::constant(3.0).at(0), 3.0);
        assert!(Ramp::constant(3.0).is_constant());
    }

    #[test]
    fn settings_that_make_no_sense_are_named() {
        let good = Ascent::new(Rule::ADAM);
        assert_eq!(good.validate(), Ok(good));
        let beta = Rule::Adam {
            beta_1: 1.0,
            beta_2: 0.9,
            epsilon: 0.0,
        };
        let wrong = [
            Ascent::new(beta),
            Ascent::new(Rule::Momentum { momentum: -0.1 }),
            Ascent {
                learning_rate: Ramp::constant(0.0),
                ..good
            },
            Ascent {
                clip: Some(f64::NAN),
                ..good
            },
            Ascent {
                steepness: Ramp::constant(f64::INFINITY),
                ..good
            },
        ];
        let settings = wrong.map(|ascent| ascent.validate().map_err(|error| error.setting));
        let names = ["beta-1", "momentum", "learning-rate", "clip", "anneal"];
        assert_eq!(settings, names.map(Err));
    }
}
