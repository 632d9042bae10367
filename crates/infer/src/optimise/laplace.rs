//! Laplace's approximation: the Gaussian at an optimum, and how far it is to be believed.

mod draws;
mod error;
mod hessian;
mod optimum;
mod summary;
#[cfg(test)]
mod tests;

use faer::linalg::solvers::DenseSolveCore;
use faer::{Mat, Side};
use switchback_core::{Gradient, Space};

pub use self::draws::LaplaceDraws;
pub use self::error::LaplaceError;
pub use self::summary::{LaplaceRow, LaplaceSummary};

use self::hessian::Hessian;

const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;
/// Eigenvalues of the scaled precision below this, or below a few times the Hessian's own error, cannot be told from 0.
const RESOLUTION: f64 = 1e-10;
const ERRORS: f64 = 10.0;

/// The Gaussian at an optimum of a log density: its mean is the optimum, its precision the negated Hessian there.
///
/// It lives on unconstrained positions (`dim`); the optimum is the density's own, with the Jacobian in it where the
/// density has one. Tierney and Kadane, "Accurate approximations for posterior moments and marginal densities" (JASA
/// 81(393), 1986).
#[derive(Debug, Clone)]
pub struct Laplace {
    space: Space,
    position: Vec<f64>,
    values: Vec<f64>,
    logp: f64,
    hessian: Vec<f64>,
    hessian_error: f64,
    /// Units in which the precision has a diagonal of about 1 (`dim`).
    scales: Vec<f64>,
    /// Cholesky factor of the precision in those units: row-major `dim x dim`, lower triangular.
    factor: Vec<f64>,
    covariance: Vec<f64>,
    standard_errors: Vec<f64>,
    ln_det_precision: f64,
    gap_nats: f64,
}

impl Laplace {
    /// The Gaussian at the unconstrained `position` (`dim`), which is an optimum of `target`.
    ///
    /// The Hessian comes from extrapolated differences of the exact gradient, 2 evaluations a coordinate and step, in
    /// all at most 30 a coordinate. That the position is an optimum is not asked for: see [`Self::gap_nats`].
    ///
    /// # Errors
    /// When the density fails, is no number there or beside it, or does not fall off in every direction.
    pub fn at(target: &dyn Gradient, position: &[f64]) -> Result<Self, LaplaceError> {
        let hessian = Hessian::of(target, position)?;
        let space = target.space().clone();
        let (dim, scales) = (space.dim(), &hessian.scales);
        let precision = Mat::from_fn(dim, dim, |i, j| {
            -hessian.entries[i * dim + j] * scales[i] * scales[j]
        });
        let floor = RESOLUTION.max(ERRORS * hessian.error);
        let llt = factorise(&precision, floor, &space)?;
        let inverse = llt.inverse();
        let covariance = row_major(dim, |i, j| inverse[(i, j)] * scales[i] * scales[j]);
        let factor = row_major(dim, |i, j| if j <= i { llt.L()[(i, j)] } else { 0.0 });
        let ln_det_precision = (0..dim)
            .map(|i| 2.0 * (factor[i * dim + i] / scales[i]).ln())
            .sum();
        let (mut logp, mut grad) = ([0.0], vec![0.0; dim]);
        target.logp_grad(position, &mut logp, &mut grad)?;
        Ok(Self {
            standard_errors: delta_method(&space.jacobian(position), &covariance, dim),
            gap_nats: 0.5 * quadratic(&covariance, &grad),
            values: space.constrain(position),
            position: position.to_vec(),
            logp: logp[0],
            hessian: hessian.entries,
            hessian_error: hessian.error,
            scales: hessian.scales,
            space,
            factor,
            covariance,
            ln_det_precision,
        })
    }

    /// Number of coordinates.
    pub fn dim(&self) -> usize {
        self.position.len()
    }

    /// The space of the target.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The unconstrained position (`dim`) that is its mean.
    pub fn position(&self) -> &[f64] {
        &self.position
    }

    /// The values there on the natural scale (`dim`).
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The log density there.
    pub fn logp(&self) -> f64 {
        self.logp
    }

    /// Second derivatives of the log density with respect to the unconstrained position (row-major `dim x dim`).
    pub fn hessian(&self) -> &[f64] {
        &self.hessian
    }

    /// Estimated error of the worst second derivative, where 1 is a coordinate's own curvature; it is about 1e-10 for
    /// a smooth gradient in double precision, and large where the gradient is not that of the density.
    pub fn hessian_error(&self) -> f64 {
        self.hessian_error
    }

    /// Covariance of the unconstrained position (row-major `dim x dim`).
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// Standard errors of the values on the natural scale (`dim`), by the delta method: the roots of the diagonal of
    /// `J C J^T`, with `J` of [`Space::jacobian`].
    pub fn standard_errors(&self) -> &[f64] {
        &self.standard_errors
    }

    /// Logarithm of the integral of the target over all positions, as if it were this Gaussian: the log evidence
    /// where the target is a likelihood times a normalised prior, with its Jacobian.
    pub fn log_evidence(&self) -> f64 {
        self.logp + self.dim() as f64 * LN_SQRT_2_PI - 0.5 * self.ln_det_precision
    }

    /// Nats that a Newton step from the position would gain: 0 at an optimum, and no more than a small part of 1 where
    /// this Gaussian is of use.
    pub fn gap_nats(&self) -> f64 {
        self.gap_nats
    }

    /// Standard deviation of a coordinate.
    fn coordinate_sd(&self, index: usize) -> f64 {
        self.covariance[index * self.dim() + index].sqrt()
    }
}

/// The Cholesky factor of the scaled `precision`, of which no eigenvalue may be as low as `floor`.
fn factorise(
    precision: &Mat<f64>,
    floor: f64,
    space: &Space,
) -> Result<faer::linalg::solvers::Llt<f64>, LaplaceError> {
    let not_definite = |eigenvalue, index: usize| LaplaceError::NotPositiveDefinite {
        parameter: space.parameters()[index].name.clone(),
        eigenvalue,
    };
    // An eigendecomposition fails only on what is no number, and every entry is finite.
    let Ok(eigen) = precision.self_adjoint_eigen(Side::Lower) else {
        return Err(not_definite(f64::NAN, 0));
    };
    let dim = precision.nrows();
    // They come in ascending order.
    let lowest = eigen.S().column_vector().iter().next().copied();
    let share = |index: usize| eigen.U()[(index, 0)].abs();
    match lowest {
        Some(lowest) if lowest <= floor => {
            let index = (0..dim).max_by(|a, b| share(*a).total_cmp(&share(*b)));
            Err(not_definite(lowest, index.unwrap_or(0)))
        }
        _ => precision.llt(Side::Lower).map_err(
            |faer::linalg::cholesky::llt::factor::LltError::NonPositivePivot { index }| {
                not_definite(lowest.unwrap_or(f64::NAN), index)
            },
        ),
    }
}

fn row_major(dim: usize, entry: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    (0..dim * dim)
        .map(|index| entry(index / dim, index % dim))
        .collect()
}

/// Roots of the diagonal of `J C J^T`.
fn delta_method(jacobian: &[f64], covariance: &[f64], dim: usize) -> Vec<f64> {
    let rows = jacobian.chunks_exact(dim.max(1));
    rows.map(|row| quadratic(covariance, row).sqrt()).collect()
}

/// `v^T M v` of the symmetric row-major `matrix`.
fn quadratic(matrix: &[f64], v: &[f64]) -> f64 {
    let rows = matrix.chunks_exact(v.len().max(1)).zip(v);
    rows.map(|(row, left)| {
        let inner: f64 = row.iter().zip(v).map(|(entry, right)| entry * right).sum();
        left * inner
    })
    .sum()
}
