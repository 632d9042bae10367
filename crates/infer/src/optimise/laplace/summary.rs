//! The Gaussian at an optimum as a table.

use statrs::distribution::{ContinuousCDF, Normal};
use switchback_core::{ChainRng, LogDensity, Support};
use switchback_diagnostics::quantile;

use super::{Laplace, LaplaceDraws, LaplaceError};

/// Probability of the intervals of a table, as in every other.
const MASS: f64 = 0.89;

/// One parameter on the natural scale.
#[derive(Debug, Clone, PartialEq)]
pub struct LaplaceRow {
    /// Its name.
    pub name: String,
    /// Its value at the optimum.
    pub value: f64,
    /// Its standard error, by the delta method.
    pub standard_error: f64,
    /// Lower end of the central 89 % interval of the Gaussian.
    pub eti89_lb: f64,
    /// Upper end of that interval.
    pub eti89_ub: f64,
    /// Its mean under the target, by the smoothed weights of the draws; to be believed where `pareto_k <= 0.7`.
    pub corrected_mean: f64,
    /// Its standard deviation under the target, by the same weights.
    pub corrected_sd: f64,
}

/// What a [`Laplace`] says, and how far it is to be believed.
#[derive(Debug, Clone, PartialEq)]
pub struct LaplaceSummary {
    /// One row a parameter, in the order of the space.
    pub rows: Vec<LaplaceRow>,
    /// See [`Laplace::pareto_k`].
    pub pareto_k: f64,
    /// See [`Laplace::log_evidence`].
    pub log_evidence: f64,
    /// See [`Laplace::gap_nats`].
    pub gap_nats: f64,
    /// Draws behind the weights.
    pub n_draws: usize,
}

impl Laplace {
    /// The central interval of probability `mass` of each value on the natural scale, lower and upper end.
    ///
    /// Exact where a value depends on its own coordinate alone; a value after another ([`Support::After`]) has it from
    /// `draws`, of which it takes at least [`switchback_diagnostics::MIN_DRAWS`].
    ///
    /// # Errors
    /// When `mass` is no probability, or there are too few draws.
    pub fn intervals(
        &self,
        mass: f64,
        draws: &LaplaceDraws,
    ) -> Result<Vec<[f64; 2]>, LaplaceError> {
        let tail = 0.5 * (1.0 - mass);
        let reach = Normal::standard().inverse_cdf(tail.clamp(0.0, 1.0)).abs();
        let parameters = self.space.parameters().iter().enumerate();
        parameters
            .map(|(index, parameter)| {
                if let Support::After { .. } = parameter.support {
                    let values: Vec<f64> = draws.values_of(index).collect();
                    return Ok([
                        quantile(&[&values], tail)?,
                        quantile(&[&values], 1.0 - tail)?,
                    ]);
                }
                let (center, sd) = (self.position[index], self.coordinate_sd(index));
                let ends = [center - reach * sd, center + reach * sd];
                let [a, b] = ends.map(|end| parameter.constrain(end));
                // A coordinate of negative scale falls with its value.
                Ok([a.min(b), a.max(b)])
            })
            .collect()
    }

    /// The table of this Gaussian, with `n_draws` draws of it weighed against `target`.
    ///
    /// They are at least [`switchback_diagnostics::MIN_DRAWS`] where a value depends on another. `pareto_k`
    /// itself has a standard error of about `(1 + k) / sqrt(3 sqrt n)`, the tail's: 0.1 at 4000 draws.
    ///
    /// # Errors
    /// When the density fails or is of another dimension, or there are too few draws.
    pub fn summary(
        &self,
        target: &dyn LogDensity,
        n_draws: usize,
        rng: &mut ChainRng,
    ) -> Result<LaplaceSummary, LaplaceError> {
        let draws = self.draws(n_draws, rng);
        let smoothed = self.weights(target, &draws)?;
        let intervals = self.intervals(MASS, &draws)?;
        let parameters = self.space.parameters().iter().zip(intervals).enumerate();
        let rows = parameters
            .map(|(index, (parameter, [eti89_lb, eti89_ub]))| {
                let (corrected_mean, corrected_sd) =
                    weighted(&smoothed.log_weights, || draws.values_of(index));
                LaplaceRow {
                    name: parameter.name.clone(),
                    value: self.values[index],
                    standard_error: self.standard_errors[index],
                    eti89_lb,
                    eti89_ub,
                    corrected_mean,
                    corrected_sd,
                }
            })
            .collect();
        Ok(LaplaceSummary {
            rows,
            pareto_k: smoothed.pareto_k,
            log_evidence: self.log_evidence(),
            gap_nats: self.gap_nats(),
            n_draws,
        })
    }
}

/// Mean and standard deviation of `values` under weights that sum to 1; what weighs nothing may be no number.
fn weighted<I: Iterator<Item = f64>>(log_weights: &[f64], values: impl Fn() -> I) -> (f64, f64) {
    let mean_of = |f: &dyn Fn(f64) -> f64| -> f64 {
        let weights = log_weights.iter().map(|weight| weight.exp());
        let parts = weights.zip(values()).filter(|(weight, _)| *weight != 0.0);
        parts.map(|(weight, value)| weight * f(value)).sum()
    };
    let mean = mean_of(&|value| value);
    (mean, mean_of(&|value| (value - mean).powi(2)).sqrt())
}
