//! The switchpoint model with its switches relaxed to sigmoids.

use switchback_core::{DensityError, Posterior, RowDensity, RowGradient, Space, each_row};

pub(super) use self::blend::Blend;
use self::measure::Measure;
pub(crate) use self::observations::Observations;
use super::scratch::{outside_or, with_scratch};
use crate::{ModelError, PrefixSums, SwitchModel};

mod blend;
mod measure;
mod observations;
mod row;
mod single;

/// Regimes that pass into one another around `tau_1 < tau_2 < ..`.
///
/// On the clock `t = 1..=n` let `g_k = sigmoid(steepness (t - tau_k))`. The stretch between two switches weighs
/// `g_k - g_(k+1)`, the first one `1 - g_1` and the last one `g_K`; a regime weighs as much as its stretches together. With
/// `mu_t` and `sigma_t`, or `rate_t`, the weighted sums of the regimes' own, the log-likelihood is the sum over the observed
/// `x_t` of `-ln(2 pi sigma_t^2) / 2 - (x_t - mu_t)^2 / (2 sigma_t^2)`, or of `x_t ln rate_t - rate_t - ln x_t!`; `-inf` where
/// a `sigma_t` is 0 and where the `tau` are not in order.
///
/// Farther than about `45 / steepness` from every `tau` the weights are 0 or 1 to machine precision, and running sums answer
/// for all observations there at once. Only those nearer are summed one by one, so that the cost of a value, and of its
/// gradient, does not grow with the length of the series.
///
/// Where a value is `-inf` its gradient is 0; only a position that holds a `NaN` has a value of `NaN`.
#[derive(Debug, Clone)]
pub struct SigmoidSwitch {
    blend: Blend,
    model: SwitchModel,
    measure: Measure,
    space: Space,
}

impl SigmoidSwitch {
    /// The posterior of `model`.
    ///
    /// A position holds the regimes' parameters in the order of [`SwitchModel::regime_parameters`], means as they are and
    /// standard deviations and rates as logarithms, then for each `tau_k` the scaled logit of its place between `tau_(k-1)`,
    /// or 0, and an upper end `h_k`. [`RowDensity::logp_at`] is log-likelihood plus log priors plus the logarithm of the
    /// Jacobian. Under [`crate::SwitchPrior::Sequential`] `h_k = n - (K - k)` and `tau_k` is uniform on its interval, so that
    /// for one switch each switchpoint `s` owns `tau` in `[s, s + 1)`; under [`crate::SwitchPrior::Uniform`] `h_k = n` and
    /// the `tau` are `K` uniform numbers in order.
    pub fn posterior(model: SwitchModel) -> Self {
        let measure = Measure::new(&model);
        let mut parameters = model.regime_parameters();
        let first = parameters.len();
        parameters.extend(measure.switches(model.switch_names("tau"), first));
        Self {
            blend: Blend::of(&model, 1.0),
            model,
            measure,
            space: Space::new(parameters),
        }
    }

    /// The same model with another steepness, which is 1 unless set.
    ///
    /// # Errors
    /// When it is not finite or not positive.
    pub fn with_steepness(mut self, steepness: f64) -> Result<Self, ModelError> {
        if steepness > 0.0 && steepness.is_finite() {
            self.blend.steepen(steepness);
            Ok(self)
        } else {
            Err(ModelError::Steepness { steepness })
        }
    }

    /// Steepness of the sigmoid, a unit of time.
    pub fn steepness(&self) -> f64 {
        self.blend.steepness()
    }

    /// The running sums of the series.
    pub fn data(&self) -> &PrefixSums {
        self.blend.data()
    }

    /// The model.
    pub fn model(&self) -> &SwitchModel {
        &self.model
    }

    /// Log-likelihood in nats at the natural `values` (`dim`) in the order of the space, as `mu1, mu2, sigma1, sigma2, tau`.
    ///
    /// # Panics
    /// When there are fewer values than parameters.
    pub fn log_likelihood_of(&self, values: &[f64]) -> f64 {
        self.blend.log_likelihood(&values[..self.space.dim()])
    }

    /// [`Self::log_likelihood_of`], and its derivatives with respect to the values (`dim`).
    ///
    /// # Panics
    /// When there are fewer values than parameters.
    pub fn gradient_of(&self, values: &[f64]) -> (f64, Vec<f64>) {
        let dim = self.space.dim();
        let mut gradient = vec![0.0; dim];
        let value = self.blend.gradient(&values[..dim], &mut gradient);
        (value, gradient)
    }

    /// Calls `with` the values of `position`, the shares of its switches (see [`Measure::constrain`]) and the log prior plus
    /// log Jacobian.
    fn at<R>(&self, position: &[f64], with: impl FnOnce(&[f64], &[f64], f64) -> R) -> R {
        let dim = self.space.dim();
        with_scratch(dim + self.blend.n_switches(), |scratch| {
            let (values, shares) = scratch.split_at_mut(dim);
            let log_measure = self.measure.constrain(position, values, shares);
            with(values, shares, log_measure)
        })
    }
}

impl RowDensity for SigmoidSwitch {
    fn domain(&self) -> &Space {
        &self.space
    }

    fn logp_at(&self, position: &[f64]) -> f64 {
        self.at(position, |values, _, log_measure| {
            outside_or(self.blend.log_likelihood(values), || log_measure)
        })
    }
}

impl RowGradient for SigmoidSwitch {
    fn logp_grad_at(&self, position: &[f64], grad: &mut [f64]) -> f64 {
        self.at(position, |values, shares, log_measure| {
            let logp = outside_or(self.blend.gradient(values, grad), || log_measure);
            if logp == f64::NEG_INFINITY {
                grad.fill(0.0);
                return logp;
            }
            self.measure.pull_back(position, values, shares, grad);
            logp
        })
    }
}

impl Posterior for SigmoidSwitch {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        each_row(self.space.dim(), positions, log_likelihood, |position| {
            self.at(position, |values, _, _| self.blend.log_likelihood(values))
        })
    }

    fn n_expectations(&self) -> usize {
        self.model.n_switches() * self.model.n()
    }

    /// Counts the switches that the taus stand for, each `s` owning `[s, s + 1)` (row-major `switches x n`).
    fn add_expectations(&self, position: &[f64], sums: &mut [f64]) {
        self.at(position, |values, _, _| {
            let counts = sums.chunks_mut(self.model.n());
            for (tau, counts) in values[self.model.n_parameters()..].iter().zip(counts) {
                if let Some(count) = counts.get_mut(*tau as usize) {
                    *count += 1.0;
                }
            }
        });
    }

    fn n_pointwise(&self) -> usize {
        self.data().len()
    }

    fn pointwise(&self, position: &[f64], _generated: &[f64], pointwise: &mut [f64]) {
        self.at(position, |values, _, _| {
            self.blend.pointwise(values, pointwise);
        });
    }
}

#[cfg(test)]
mod tests;
