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

/// A log density that is computed position by position; it is a [`LogDensity`] then.
pub trait RowDensity: Send + Sync {
    /// Names, supports and transforms of the coordinates.
    fn domain(&self) -> &Space;

    /// The log density at the unconstrained `position` (`dim`).
    fn logp_at(&self, position: &[f64]) -> f64;
}

/// A [`RowDensity`] with its gradient; it is a [`Gradient`] then.
pub trait RowGradient: RowDensity {
    /// [`RowDensity::logp_at`], and its gradient written to `grad` (`dim`).
    fn logp_grad_at(&self, position: &[f64], grad: &mut [f64]) -> f64;
}

impl<T: RowDensity> LogDensity for T {
    fn space(&self) -> &Space {
        self.domain()
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        each_row(self.domain().dim(), positions, logp, |position| {
            self.logp_at(position)
        })
    }
}

impl<T: RowGradient> Gradient for T {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        let dim = self.domain().dim();
        DensityError::check_shape(dim, grad.len(), logp.len())?;
        let mut grads = grad.chunks_exact_mut(dim);
        each_row(dim, positions, logp, |position| {
            // The check above has counted a gradient for every value.
            grads
                .next()
                .map_or(f64::NAN, |grad| self.logp_grad_at(position, grad))
        })
    }
}

/// Writes `of` each row of `positions` (row-major `batch x dim`) to `values` (`batch`).
///
/// # Errors
/// When the slices do not fit together.
pub fn each_row(
    dim: usize,
    positions: &[f64],
    values: &mut [f64],
    mut of: impl FnMut(&[f64]) -> f64,
) -> Result<(), DensityError> {
    DensityError::check_shape(dim, positions.len(), values.len())?;
    for (position, value) in positions.chunks_exact(dim).zip(values) {
        *value = of(position);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameter, Support};

    /// The product of two coordinates.
    struct Product(Space);

    impl RowDensity for Product {
        fn domain(&self) -> &Space {
            &self.0
        }

        fn logp_at(&self, position: &[f64]) -> f64 {
            position[0] * position[1]
        }
    }

    impl RowGradient for Product {
        fn logp_grad_at(&self, position: &[f64], grad: &mut [f64]) -> f64 {
            grad.copy_from_slice(&[position[1], position[0]]);
            self.logp_at(position)
        }
    }

    #[test]
    fn rows_meet_their_values_and_gradients() {
        let names = ["a", "b"].map(|name| Parameter::new(name, Support::Real));
        let product = Product(Space::new(names.to_vec()));
        let positions = [1.0, 2.0, 3.0, 4.0];
        let (mut values, mut grads) = ([0.0; 2], [0.0; 4]);
        product
            .logp_grad(&positions, &mut values, &mut grads)
            .expect("the shapes fit");
        assert_eq!((values, grads), ([2.0, 12.0], [2.0, 1.0, 4.0, 3.0]));
        product
            .logp(&positions, &mut values)
            .expect("the shapes fit");
        assert_eq!(values, [2.0, 12.0]);
        assert!(
            product
                .logp_grad(&positions, &mut [0.0; 3], &mut grads)
                .is_err()
        );
        assert!(
            product
                .logp_grad(&positions, &mut values, &mut [0.0; 3])
                .is_err()
        );
        assert!(product.logp(&positions[1..], &mut values).is_err());
    }
}
