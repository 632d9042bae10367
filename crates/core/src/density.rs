//! The waist: a log density over a batch of unconstrained positions, with or without its gradient.

use crate::Space;

/// Why a density could not be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DensityError {
    /// The slices do not have the sizes that the space asks for.
    #[error(
        "a density of dimension {dim} was asked for {positions} coordinates and {outputs} values"
    )]
    Shape {
        /// Coordinates of one position.
        dim: usize,
        /// Length of the positions that were handed in.
        positions: usize,
        /// Length of the output that was handed in.
        outputs: usize,
    },
    /// The device that evaluates the density failed.
    #[error("the device {device} failed: {message}")]
    Device {
        /// Name of the device.
        device: String,
        /// What it said.
        message: String,
    },
}

/// A log density over unconstrained `R^dim`.
///
/// `-inf` is outside the support, and a sampler rejects it; `NaN` is a fault of the density and is never
/// accepted either.
pub trait LogDensity: Send + Sync {
    /// Names, supports and transforms of the coordinates.
    fn space(&self) -> &Space;

    /// Writes the log density of each row of `positions` (row-major `batch x dim`) into `logp` (`batch`).
    ///
    /// # Errors
    /// When the slices do not fit together or a device fails.
    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError>;
}

/// A log density with its gradient.
pub trait Gradient: LogDensity {
    /// Writes the log density (`batch`) and its gradient with respect to the unconstrained position
    /// (row-major `batch x dim`).
    ///
    /// # Errors
    /// When the slices do not fit together or a device fails.
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError>;
}

/// A log density that knows which part of it is the data's.
pub trait Posterior: LogDensity {
    /// Writes the log-likelihood of the data, in nats and without prior or Jacobian, of each row of
    /// `positions` (row-major `batch x dim`) into `log_likelihood` (`batch`).
    ///
    /// # Errors
    /// When the slices do not fit together or a device fails.
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError>;
}

impl DensityError {
    /// `Ok` when `positions` coordinates are `outputs` rows of dimension `dim`.
    ///
    /// # Errors
    /// [`DensityError::Shape`] otherwise.
    pub fn check_shape(dim: usize, positions: usize, outputs: usize) -> Result<(), Self> {
        if outputs.checked_mul(dim) == Some(positions) {
            Ok(())
        } else {
            Err(Self::Shape {
                dim,
                positions,
                outputs,
            })
        }
    }
}
