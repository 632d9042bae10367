//! The switchpoint model with its switch relaxed to a sigmoid.

use std::ops::Range;
use std::sync::Arc;

use switchback_core::{
    Coordinate, DensityError, Gradient, LogDensity, Parameter, Posterior, Series, Space, Support,
};

use super::window::{Sum, Transition};
use crate::prefix::Stretch;
use crate::{ModelError, PrefixSums, SwitchPriors};

/// Coordinates of a position: `mu1, mu2, sigma1, sigma2, tau`.
const DIM: usize = 5;
const NAMES: [&str; DIM] = ["mu1", "mu2", "sigma1", "sigma2", "tau"];

/// What an optimiser moves in place of a `sigma`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameterization {
    /// `sigma` itself, of either sign: only its square enters.
    Raw,
    /// `ln sigma`.
    Log,
}

/// Two normal regimes that pass into one another around `tau`.
///
/// With `w_t = sigmoid(steepness (tau - t))` on the clock `t = 1..=n`, `mu_t = w_t mu1 + (1 - w_t) mu2` and
/// `sigma_t = w_t sigma1 + (1 - w_t) sigma2`, the log-likelihood is the sum over the observed `x_t` of
/// `-ln(2 pi sigma_t^2) / 2 - (x_t - mu_t)^2 / (2 sigma_t^2)`; `-inf` where a `sigma_t` is 0.
///
/// Farther than about `45 / steepness` from `tau` a weight is 0 or 1 to machine precision, and
/// [`PrefixSums`] answer for all observations there at once. Only those nearer are summed one by one, so
/// that the cost of a value, and of its gradient, does not grow with the length of the series.
///
/// Where a value is `-inf` its gradient is 0; only a position that holds a `NaN` has a value of `NaN`.
#[derive(Debug, Clone)]
pub struct SigmoidSwitch {
    data: Arc<PrefixSums>,
    objective: Objective,
    steepness: f64,
    space: Space,
    /// The coordinates' parameters, by index without a bounds check that could fail.
    parameters: [Parameter; DIM],
}

#[derive(Debug, Clone)]
enum Objective {
    Likelihood,
    Posterior(SwitchPriors),
}

impl SigmoidSwitch {
    /// The bare log-likelihood, without prior and without Jacobian: what an optimiser climbs.
    ///
    /// [`LogDensity::logp`] equals [`Posterior::log_likelihood`] in every coordinate. `tau` is free to leave
    /// the series in both parameterizations; `coordinates` are in the order `mu1, mu2, sigma1, sigma2, tau`.
    ///
    /// # Errors
    /// When a coordinate has a scale of 0 or a number that is not finite.
    pub fn likelihood(
        series: &Series,
        parameterization: Parameterization,
        coordinates: [Coordinate; DIM],
    ) -> Result<Self, ModelError> {
        for (parameter, Coordinate { center, scale }) in NAMES.into_iter().zip(coordinates) {
            if !center.is_finite() || !scale.is_finite() || scale == 0.0 {
                return Err(ModelError::Coordinate {
                    parameter,
                    center,
                    scale,
                });
            }
        }
        let sigma = match parameterization {
            Parameterization::Raw => Support::Real,
            Parameterization::Log => Support::Positive,
        };
        let supports = [Support::Real, Support::Real, sigma, sigma, Support::Real];
        let parameters = std::array::from_fn(|index| {
            Parameter::new(NAMES[index], supports[index]).with_coordinate(coordinates[index])
        });
        Ok(Self::new(series, Objective::Likelihood, parameters))
    }

    /// The posterior under `priors` and `tau` uniform on `(0, n)`, so that each switchpoint `s` owns `tau`
    /// in `[s, s + 1)`.
    ///
    /// A position holds `mu1, mu2, ln sigma1, ln sigma2, logit(tau / n)`, and [`LogDensity::logp`] is
    /// log-likelihood plus log priors plus the logarithm of the Jacobian.
    pub fn posterior(series: &Series, priors: SwitchPriors) -> Self {
        let clock = Support::Interval {
            low: 0.0,
            high: series.len() as f64,
        };
        let supports = [
            Support::Real,
            Support::Real,
            Support::Positive,
            Support::Positive,
            clock,
        ];
        let parameters = std::array::from_fn(|index| Parameter::new(NAMES[index], supports[index]));
        Self::new(series, Objective::Posterior(priors), parameters)
    }

    fn new(series: &Series, objective: Objective, parameters: [Parameter; DIM]) -> Self {
        Self {
            data: Arc::new(PrefixSums::new(series)),
            objective,
            steepness: 1.0,
            space: Space::new(parameters.to_vec()),
            parameters,
        }
    }

    /// The same model with another steepness, which is 1 unless set.
    ///
    /// # Errors
    /// When it is not finite or not positive.
    pub fn with_steepness(self, steepness: f64) -> Result<Self, ModelError> {
        if steepness > 0.0 && steepness.is_finite() {
            Ok(Self { steepness, ..self })
        } else {
            Err(ModelError::Steepness { steepness })
        }
    }

    /// Steepness of the sigmoid, a unit of time.
    pub fn steepness(&self) -> f64 {
        self.steepness
    }

    /// The running sums of the series.
    pub fn data(&self) -> &PrefixSums {
        &self.data
    }

    /// Log-likelihood in nats at the natural `values` `mu1, mu2, sigma1, sigma2, tau`.
    pub fn log_likelihood_of(&self, values: [f64; DIM]) -> f64 {
        self.evaluate::<false>(values).value
    }

    /// Log-likelihood at the natural `values` `mu1, mu2, sigma1, sigma2, tau`, and its derivatives with
    /// respect to them.
    pub fn gradient_of(&self, values: [f64; DIM]) -> (f64, [f64; DIM]) {
        let Sum { value, gradient } = self.evaluate::<true>(values);
        (value, gradient)
    }

    fn evaluate<const GRADIENT: bool>(&self, values: [f64; DIM]) -> Sum {
        if values.iter().any(|value| value.is_nan()) {
            return Sum {
                value: f64::NAN,
                gradient: [f64::NAN; DIM],
            };
        }
        let [mu1, mu2, sigma1, sigma2, tau] = values;
        let centre = self.data.centre();
        let transition = Transition {
            mu: [mu1 - centre, mu2 - centre],
            sigma: [sigma1, sigma2],
            tau,
            steepness: self.steepness,
        };
        let Range { start, end } = self.window(&transition);
        let mut sum =
            transition.sum::<GRADIENT>(&self.data.values()[start..end], centre, (start + 1) as f64);
        for (regime, rows) in [0..start, end..self.data.len()].into_iter().enumerate() {
            let stretch = self.data.about_own_mean(rows);
            let (mu, sigma) = (transition.mu[regime], transition.sigma[regime]);
            sum.value += stretch.log_likelihood(mu, sigma);
            if GRADIENT {
                let [by_mu, by_sigma] = slope(&stretch, mu, sigma);
                sum.gradient[regime] += by_mu;
                sum.gradient[regime + 2] += by_sigma;
            }
        }
        // No input is NaN, so a NaN is infinity against infinity: a sigma_t of 0, or numbers beyond a float.
        if sum.value.is_nan() || sum.value == f64::NEG_INFINITY {
            return Sum {
                value: f64::NEG_INFINITY,
                gradient: [0.0; DIM],
            };
        }
        sum
    }

    /// The rows whose weights are neither 0 nor 1.
    fn window(&self, transition: &Transition) -> Range<usize> {
        let n = self.data.len();
        let half_width = transition.half_width(self.data.extent());
        // Casts saturate, so a tau far outside leaves an empty window at the end that it lies beyond. Row
        // `i` has time `i + 1`: the window starts at the first time not before its left border.
        let start = (transition.tau - half_width).ceil() as usize;
        let start = start.saturating_sub(1).min(n);
        let end = (transition.tau + half_width).floor() as usize;
        start..end.clamp(start, n)
    }

    fn values_at(&self, position: &[f64]) -> [f64; DIM] {
        std::array::from_fn(|index| self.parameters[index].constrain(position[index]))
    }

    /// Log prior density plus log Jacobian at a position whose values are `values`; 0 for a likelihood.
    fn log_measure(&self, position: &[f64], values: [f64; DIM]) -> f64 {
        let Objective::Posterior(priors) = &self.objective else {
            return 0.0;
        };
        let [mu1, mu2, sigma1, sigma2, _] = values;
        let log_jacobian: f64 = self
            .parameters
            .iter()
            .zip(position)
            .map(|(parameter, u)| parameter.log_jacobian(*u))
            .sum();
        priors.ln_pdf([mu1, mu2, sigma1, sigma2]) - (self.data.len() as f64).ln() + log_jacobian
    }

    fn logp_at(&self, position: &[f64]) -> f64 {
        let values = self.values_at(position);
        let log_likelihood = self.log_likelihood_of(values);
        outside_or(log_likelihood, || self.log_measure(position, values))
    }

    /// Log density at `position`, its gradient written to `grad`.
    fn logp_grad_at(&self, position: &[f64], grad: &mut [f64]) -> f64 {
        let values = self.values_at(position);
        let (log_likelihood, mut by_value) = self.gradient_of(values);
        let logp = outside_or(log_likelihood, || self.log_measure(position, values));
        if logp == f64::NEG_INFINITY {
            grad.fill(0.0);
            return logp;
        }
        let mut jacobian_share = 0.0;
        if let Objective::Posterior(priors) = &self.objective {
            let (mu, sigma) = (priors.mu(), priors.sigma());
            for (index, prior) in [mu, mu, sigma, sigma].into_iter().enumerate() {
                by_value[index] += prior.d_ln_pdf(values[index]);
            }
            jacobian_share = 1.0;
        }
        for (index, slot) in grad.iter_mut().enumerate() {
            let (slope, jacobian_slope) = self.parameters[index].derivatives(position[index]);
            *slot = by_value[index] * slope + jacobian_share * jacobian_slope;
        }
        logp
    }
}

/// `log_likelihood` plus `rest`, where `-inf` wins over everything but a `NaN` that was put in.
fn outside_or(log_likelihood: f64, rest: impl FnOnce() -> f64) -> f64 {
    if log_likelihood == f64::NEG_INFINITY || log_likelihood.is_nan() {
        return log_likelihood;
    }
    let sum = log_likelihood + rest();
    if sum.is_nan() { f64::NEG_INFINITY } else { sum }
}

/// Derivatives of a stretch's log-likelihood with respect to `mu` and `sigma`.
fn slope(stretch: &Stretch, mu: f64, sigma: f64) -> [f64; 2] {
    if stretch.count == 0 {
        return [0.0; 2];
    }
    let n = stretch.count as f64;
    let z = (stretch.mean - mu) / sigma;
    let squares = stretch.sum_sq / sigma / sigma + n * z * z;
    [n * z / sigma, (squares - n) / sigma]
}

impl LogDensity for SigmoidSwitch {
    fn space(&self) -> &Space {
        &self.space
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        DensityError::check_shape(DIM, positions.len(), logp.len())?;
        for (position, value) in positions.chunks_exact(DIM).zip(logp) {
            *value = self.logp_at(position);
        }
        Ok(())
    }
}

impl Gradient for SigmoidSwitch {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        DensityError::check_shape(DIM, positions.len(), logp.len())?;
        DensityError::check_shape(DIM, grad.len(), logp.len())?;
        let rows = positions.chunks_exact(DIM).zip(grad.chunks_exact_mut(DIM));
        for ((position, grad), value) in rows.zip(logp) {
            *value = self.logp_grad_at(position, grad);
        }
        Ok(())
    }
}

impl Posterior for SigmoidSwitch {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        DensityError::check_shape(DIM, positions.len(), log_likelihood.len())?;
        for (position, value) in positions.chunks_exact(DIM).zip(log_likelihood) {
            *value = self.log_likelihood_of(self.values_at(position));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
