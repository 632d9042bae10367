//! The waist: a log density over a batch of unconstrained positions, with or without its gradient.

use crate::{ChainRng, Quantity, Space};

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

/// A log density that knows which part of it is the data's, and what else a draw of it says.
///
/// All methods but the first have an answer for a density that knows no more.
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

    /// The quantities that [`Self::generate`] adds to a draw; none unless said otherwise.
    fn generated(&self) -> Vec<Quantity> {
        Vec::new()
    }

    /// Draws what was integrated out, given the one `position` (`dim`), into `generated` (one a quantity).
    fn generate(&self, position: &[f64], rng: &mut ChainRng, generated: &mut [f64]) {
        let _ = (position, rng, generated);
    }

    /// Number of quantities whose average over the draws this density knows better than by counting draws; none
    /// unless said otherwise.
    fn n_expectations(&self) -> usize {
        0
    }

    /// Adds the conditional expectation of each of them, given the one `position` (`dim`), to `sums`.
    fn add_expectations(&self, position: &[f64], sums: &mut [f64]) {
        let _ = (position, sums);
    }

    /// Number of observations that have a log-likelihood of their own; none unless said otherwise.
    fn n_pointwise(&self) -> usize {
        0
    }

    /// Writes the log-likelihood of each observation, given the one `position` (`dim`) and what
    /// [`Self::generate`] added to it, into `pointwise`; `NaN` where an observation is missing.
    fn pointwise(&self, position: &[f64], generated: &[f64], pointwise: &mut [f64]) {
        let _ = (position, generated, pointwise);
    }
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
