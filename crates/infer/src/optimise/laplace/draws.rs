//! Draws of the Gaussian, and their weights under the target.

use rand_distr::{Distribution, StandardNormal};
use switchback_core::{ChainRng, DensityError, LogDensity};
use switchback_diagnostics::{Smoothed, psis};

use super::{LN_SQRT_2_PI, Laplace, LaplaceError};

/// Nats within which importance ratios count as equal: no such weight moves a mean by a millionth of a standard
/// deviation, and the Hessian's own error is of that size.
const EQUAL_NATS: f64 = 1e-6;

/// Independent draws of a [`Laplace`].
#[derive(Debug, Clone, PartialEq)]
pub struct LaplaceDraws {
    /// Unconstrained positions (row-major `n x dim`).
    pub positions: Vec<f64>,
    /// Log density of the Gaussian at each of them (`n`).
    pub log_density: Vec<f64>,
    /// Values on the natural scale (row-major `n x dim`).
    pub values: Vec<f64>,
}

impl LaplaceDraws {
    /// Number of draws.
    pub fn n(&self) -> usize {
        self.log_density.len()
    }

    /// The values of the parameter of index `parameter`, draw by draw; nothing where there is no such parameter.
    pub fn values_of(&self, parameter: usize) -> impl Iterator<Item = f64> {
        let dim = self.values.len() / self.n().max(1);
        self.values
            .chunks_exact(dim.max(1))
            .filter_map(move |values| values.get(parameter).copied())
    }
}

impl Laplace {
    /// `n` independent draws.
    pub fn draws(&self, n: usize, rng: &mut ChainRng) -> LaplaceDraws {
        let dim = self.dim();
        let mut draws = LaplaceDraws {
            positions: Vec::with_capacity(n * dim),
            log_density: Vec::with_capacity(n),
            values: vec![0.0; n * dim],
        };
        let at_center = 0.5 * self.ln_det_precision - dim as f64 * LN_SQRT_2_PI;
        let mut noise = vec![0.0; dim];
        for index in 0..n {
            noise.fill_with(|| StandardNormal.sample(rng));
            let sum_sq: f64 = noise.iter().map(|noise| noise * noise).sum();
            draws.log_density.push(at_center - 0.5 * sum_sq);
            self.solve_transposed(&mut noise);
            let coordinates = self.position.iter().zip(&self.scales).zip(&noise);
            draws
                .positions
                .extend(coordinates.map(|((center, scale), noise)| center + scale * noise));
            let row = index * dim..(index + 1) * dim;
            self.space
                .constrain_into(&draws.positions[row.clone()], &mut draws.values[row]);
        }
        draws
    }

    /// Solves `L^T x = right` in place, with `L` the factor of the scaled precision.
    fn solve_transposed(&self, right: &mut [f64]) {
        let dim = self.dim();
        for i in (0..dim).rev() {
            let known: f64 = (i + 1..dim)
                .map(|j| self.factor[j * dim + i] * right[j])
                .sum();
            right[i] = (right[i] - known) / self.factor[i * dim + i];
        }
    }

    /// The Pareto-smoothed importance weights that make of `draws` draws of `target`, and their shape.
    ///
    /// A draw outside the support weighs 0; everything is NaN where the log density is NaN at a draw. Where all ratios
    /// are equal, so that the target is this Gaussian, the weights are equal and the shape is `-inf`, not the `+inf` of
    /// [`psis`].
    ///
    /// # Errors
    /// When the density fails or is of another dimension.
    pub fn weights(
        &self,
        target: &dyn LogDensity,
        draws: &LaplaceDraws,
    ) -> Result<Smoothed, LaplaceError> {
        let mut ratios = vec![0.0; draws.n()];
        DensityError::check_shape(target.space().dim(), draws.positions.len(), draws.n())?;
        target.logp(&draws.positions, &mut ratios)?;
        for (ratio, log_density) in ratios.iter_mut().zip(&draws.log_density) {
            *ratio -= log_density;
        }
        let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let mut smoothed = psis(&ratios);
        if ratios.iter().all(|ratio| ratio - lowest <= EQUAL_NATS) && draws.n() > 1 {
            smoothed.pareto_k = f64::NEG_INFINITY;
        }
        Ok(smoothed)
    }

    /// The Pareto shape of the importance ratios of `draws`: above 0.7 the Gaussian is no stand-in for `target`.
    ///
    /// # Errors
    /// As [`Self::weights`].
    pub fn pareto_k(
        &self,
        target: &dyn LogDensity,
        draws: &LaplaceDraws,
    ) -> Result<f64, LaplaceError> {
        Ok(self.weights(target, draws)?.pareto_k)
    }
}
