//! What is climbed, on a device: a loss for a batch of starts, fused into one operation or as a plain expression.

use burn::tensor::Tensor;
use switchback_core::{LogDensity, Support};
use switchback_models::Objective;

use crate::fused::FusedLoss;
use crate::plain::PlainLoss;
use crate::{DeviceName, OpenDevice};

/// An objective that tensors do not compute.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotOnTensors {
    /// Its switches are summed out.
    #[error(
        "the marginal form is summed on the processor: leave --device out, take flex or ndarray, or take --form sigmoid"
    )]
    Marginal,
    /// A switch lies elsewhere than in the sigmoid form.
    #[error("{name} takes {support}: tensors know one switch without bounds, or switches in order")]
    Switch {
        /// Name of the switch.
        name: String,
        /// Where its values lie.
        support: Support,
    },
    /// There is no fused operation.
    #[error("{device} has no fused operation for it: take the plain expression")]
    Fused {
        /// The device.
        device: DeviceName,
    },
    /// No sigmoid is as steep.
    #[error("a steepness is a positive number, not {steepness}")]
    Steepness {
        /// What was asked for, a unit of time.
        steepness: f64,
    },
}

/// How a device computes a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expression {
    /// As a custom operation of the backend, whose gradient is written by hand.
    ///
    /// On processors it is all of the objective, any that there is, and as precise: of two switches closer than a
    /// hundredth of an observation it loses digits that the plain expression keeps. On a graphics device it is the
    /// likelihood's part, for up to twelve switches.
    Fused,
    /// As a plain expression of tensors, which burn differentiates: the definition, on any device.
    Plain,
}

impl Expression {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Fused, Self::Plain];

    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fused => "fused",
            Self::Plain => "plain",
        }
    }

    /// What is taken of `objective` on `device` unless asked for otherwise: the fused operation where there is one.
    pub fn usual(objective: &Objective, device: &OpenDevice) -> Self {
        match device.name() {
            DeviceName::Flex | DeviceName::NdArray => Self::Fused,
            DeviceName::Wgpu if PlainLoss::has_kernel(objective) => Self::Fused,
            DeviceName::Wgpu => Self::Plain,
        }
    }
}

/// A switchpoint model on a device: its observations, and its loss for a batch of starts.
///
/// The *loss* is the objective turned over and without [`Self::constant`], which a device of single precision need not hold.
#[derive(Debug, Clone)]
pub struct TensorObjective {
    dim: usize,
    formula: Formula,
}

/// A loss as its [`Expression`].
#[derive(Debug, Clone)]
pub(crate) enum Formula {
    Fused(Box<FusedLoss>),
    Plain(Box<PlainLoss>),
}

impl TensorObjective {
    /// Uploads `objective` to `device`, as the usual [`Expression`].
    ///
    /// # Errors
    /// For the marginal form, on a device without a fused operation.
    pub fn upload(objective: &Objective, device: &OpenDevice) -> Result<Self, NotOnTensors> {
        Self::upload_as(objective, device, Expression::usual(objective, device))
    }

    /// Uploads `objective` to `device` as `expression`.
    ///
    /// # Errors
    /// For a fused operation that the device does not have, and the marginal form as a plain expression.
    pub fn upload_as(
        objective: &Objective,
        device: &OpenDevice,
        expression: Expression,
    ) -> Result<Self, NotOnTensors> {
        // The marginal form has none, and the number is not looked at.
        let steepness = objective.steepness().unwrap_or(1.0);
        Self::upload_as_steep(objective, steepness, device, expression)
    }

    /// [`Self::upload_as`] with another `steepness`, a unit of time, where there is a sigmoid.
    pub(crate) fn upload_as_steep(
        objective: &Objective,
        steepness: f64,
        device: &OpenDevice,
        expression: Expression,
    ) -> Result<Self, NotOnTensors> {
        let is_kernel = expression == Expression::Fused
            && device.name() == DeviceName::Wgpu
            && PlainLoss::has_kernel(objective);
        let formula = if expression == Expression::Fused && !is_kernel {
            Formula::Fused(Box::new(FusedLoss::new(objective, steepness, device)?))
        } else {
            let plain = PlainLoss::upload(objective, steepness, device, is_kernel)?;
            Formula::Plain(Box::new(plain))
        };
        let dim = objective.space().dim();
        Ok(Self { dim, formula })
    }

    /// Coordinates of one start.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The part of the objective that the loss leaves out, in nats: the objective is this less the loss.
    pub fn constant(&self) -> f64 {
        match &self.formula {
            Formula::Fused(_) => 0.0,
            Formula::Plain(plain) => plain.constant(),
        }
    }

    /// The loss of each start at `position` (`[starts, dim]`, in the precision of the device), `[starts, 1, 1]`; `share` of
    /// the steepness holds, all of it unless given.
    ///
    /// # Panics
    /// When the position is of another shape or precision, or the share is not a positive number.
    pub fn loss(&self, position: Tensor<2>, share: Option<f64>) -> Tensor<3> {
        match &self.formula {
            Formula::Fused(fused) => fused.loss(position, share),
            Formula::Plain(plain) => plain.loss(position, share),
        }
    }

    /// [`Self::loss`], and its gradient at `position`, `[starts, dim]`; neither takes part in differentiation.
    ///
    /// # Panics
    /// As [`Self::loss`].
    pub fn loss_and_gradient(
        &self,
        position: Tensor<2>,
        share: Option<f64>,
    ) -> (Tensor<3>, Tensor<2>) {
        match &self.formula {
            Formula::Fused(fused) => fused.loss_and_gradient(position.inner(), share),
            Formula::Plain(plain) => {
                let loss = plain.loss(position.clone(), share);
                // Rows do not depend on each other, so the gradient of their sum is each row's own.
                let gradients = loss.backward();
                let gradient = position
                    .grad(&gradients)
                    .unwrap_or_else(|| position.inner().zeros_like());
                (loss.inner(), gradient)
            }
        }
    }

    pub(crate) fn formula(&self) -> &Formula {
        &self.formula
    }
}
