//! The loss as a plain expression of tensors, which burn differentiates: a series and the formula of its model.

use burn::tensor::Tensor;
use switchback_core::{LogDensity, Parameter};
use switchback_models::{Estimate, Likelihood, Objective, SwitchModel};

use crate::kernel::{KernelShape, SwitchKernel};
use crate::levels::{Levels, Values};
use crate::priors::Priors;
use crate::switches::{Placed, Switches};
use crate::weights::Weights;
use crate::{NotOnTensors, OpenDevice};

/// The sigmoid form of a switchpoint model on a device: its observations, and its formula for a batch of starts.
///
/// With the regimes' weights `w_r` at time `t` (see [`switchback_models::SigmoidSwitch`]) `mu_t`, `sigma_t` or `rate_t` are
/// the weighted sums of the regimes' own, and the log-likelihood is the sum over the observed `y_t` of `ln Normal(y_t |
/// mu_t, sigma_t)` or `ln Poisson(y_t | rate_t)`. Only the square of `sigma_t` enters, so a raw sigma may be negative.
///
/// What is computed is the *loss*: the objective turned over and without [`Self::constant`], which a device of single
/// precision need not hold.
#[derive(Debug, Clone)]
pub(crate) struct PlainLoss {
    dim: usize,
    n_parameters: usize,
    n_regimes: usize,
    likelihood: Likelihood,
    /// Values, those of a Normal model less the origin of its means, `[1, 1, n]`.
    values: Tensor<3>,
    levels: Levels,
    switches: Switches,
    weights: Weights,
    priors: Option<Priors>,
    /// Takes the place of weights and misfit where it is asked for.
    kernel: Option<SwitchKernel>,
    /// The parts of likelihood and of the rest that no position changes, in nats.
    constants: [f64; 2],
}

impl PlainLoss {
    /// Uploads `objective` with another `steepness`, a unit of time, to `device`, `with_kernel` where there is one for it.
    ///
    /// # Errors
    /// For the marginal form.
    pub fn upload(
        objective: &Objective,
        steepness: f64,
        device: &OpenDevice,
        with_kernel: bool,
    ) -> Result<Self, NotOnTensors> {
        if objective.steepness().is_none() {
            return Err(NotOnTensors::Marginal);
        }
        let (model, estimate) = (objective.model(), objective.estimate());
        let parameters = objective.space().parameters();
        let (of_regimes, of_switches) = parameters.split_at(model.n_parameters());
        let levels = Levels::upload(of_regimes, device);
        let prior = model.switch_prior();
        let switches = Switches::upload(of_switches, estimate, prior, device)?;
        let (times, values) = observed(model, levels.origin());
        let n = values.len();
        let priors = priors(model, estimate, of_regimes, levels.origin(), device);
        let of_rest = priors.as_ref().map_or(0.0, Priors::constant)
            + switches.constant(estimate, prior, model.n());
        let shape = kernel_shape(objective).filter(|_| with_kernel);
        let kernel = shape.map(|shape| {
            let unit = switches.unit();
            let steep_times: Vec<f64> = times
                .iter()
                .map(|time| steepness * (time - unit.center))
                .collect();
            SwitchKernel::upload(shape, &values, &steep_times, steepness * unit.scale, device)
        });
        Ok(Self {
            dim: parameters.len(),
            kernel,
            n_parameters: model.n_parameters(),
            n_regimes: model.n_regimes(),
            likelihood: model.likelihood(),
            values: device.upload(values, [1, 1, n]),
            weights: Weights::upload(&times, model.regimes(), steepness, switches.unit(), device),
            levels,
            switches,
            priors,
            constants: [likelihood_constant(model, n), of_rest],
        })
    }

    /// Whether a graphics device has a kernel for the likelihood of `objective`.
    pub fn has_kernel(objective: &Objective) -> bool {
        kernel_shape(objective).is_some()
    }

    /// The part of the objective that no position changes, in nats: the objective is this less the loss.
    pub fn constant(&self) -> f64 {
        self.constants[0] + self.constants[1]
    }

    /// [`Self::constant`] of the likelihood alone.
    pub fn likelihood_constant(&self) -> f64 {
        self.constants[0]
    }

    /// The loss of each start at `position` (`[starts, dim]`), `[starts, 1, 1]`; `share` of the steepness holds, all of it
    /// unless given.
    pub fn loss(&self, position: Tensor<2>, share: Option<f64>) -> Tensor<3> {
        let values = self.levels.of(position.clone());
        let n_switches = self.dim - self.n_parameters;
        let mut placed = self
            .switches
            .of(position.narrow(1, self.n_parameters, n_switches));
        let measure = placed.ln_measure.take();
        let loss = self.misfit(&values, placed, share);
        let prior = self.priors.as_ref().map(|priors| priors.of(values));
        let rest = match (prior, measure) {
            (Some(prior), Some(measure)) => prior + measure,
            (Some(rest), None) | (None, Some(rest)) => rest,
            (None, None) => return loss,
        };
        let [starts, _] = rest.dims();
        loss - rest.reshape([starts, 1, 1])
    }

    /// [`Self::loss`] of the likelihood alone.
    pub fn likelihood_loss(&self, position: Tensor<2>) -> Tensor<3> {
        let values = self.levels.of(position.clone());
        let n_switches = self.dim - self.n_parameters;
        let placed = self
            .switches
            .of(position.narrow(1, self.n_parameters, n_switches));
        self.misfit(&values, placed, None)
    }

    /// The likelihood's part of the loss.
    fn misfit(&self, values: &Values, placed: Placed, share: Option<f64>) -> Tensor<3> {
        let natural = values.natural.clone();
        if let Some(kernel) = &self.kernel {
            let openings = placed.gaps.map(|gaps| self.weights.openings(gaps, share));
            return kernel.misfit(natural, placed.taus, openings, share);
        }
        // `[starts, regimes, n]`
        let weights = self.weights.of(placed, share);
        let [starts, _] = natural.dims();
        match self.likelihood {
            Likelihood::Normal => {
                let levels = natural.reshape([starts, 2, self.n_regimes]).matmul(weights);
                let [mu, sigma] = [0, 1].map(|row| levels.clone().narrow(1, row, 1));
                let variance = sigma.square();
                let residual = self.values.clone() - mu;
                let deviance = variance.clone().log() + residual.square() / variance;
                deviance.sum_dim(2).mul_scalar(0.5)
            }
            Likelihood::NormalSharedSd => {
                let mu = natural.clone().narrow(1, 0, self.n_regimes);
                let mu = mu.reshape([starts, 1, self.n_regimes]).matmul(weights);
                let sigma = natural.narrow(1, self.n_regimes, 1);
                let variance = sigma.square().reshape([starts, 1, 1]);
                let squares = (self.values.clone() - mu).square().sum_dim(2);
                let [.., n] = self.values.dims();
                let deviance = variance.clone().log().mul_scalar(n as f64) + squares / variance;
                deviance.mul_scalar(0.5)
            }
            Likelihood::Poisson => {
                let rate = natural.reshape([starts, 1, self.n_regimes]).matmul(weights);
                let of_counts = self.values.clone() * rate.clone().log();
                (rate - of_counts).sum_dim(2)
            }
        }
    }
}

/// What a graphics device's kernel is made for, where there is one.
fn kernel_shape(objective: &Objective) -> Option<KernelShape> {
    let model = objective.model();
    objective.steepness()?;
    KernelShape::of(model.likelihood(), model.regimes())
}

/// Times on the clock `1..=n` and values of what was observed, those of a Normal model less `origin`.
fn observed(model: &SwitchModel, origin: f64) -> (Vec<f64>, Vec<f64>) {
    let rows = model.data().values().iter().enumerate();
    rows.filter(|(_, value)| !value.is_nan())
        .map(|(index, value)| ((index + 1) as f64, value - origin))
        .unzip()
}

fn likelihood_constant(model: &SwitchModel, n: usize) -> f64 {
    match model.likelihood() {
        Likelihood::Normal | Likelihood::NormalSharedSd => {
            -0.5 * n as f64 * std::f64::consts::TAU.ln()
        }
        // The sum of the ln y! of all rows.
        Likelihood::Poisson => -model.cumulative().at(model.n())[2],
    }
}

fn priors(
    model: &SwitchModel,
    estimate: Estimate,
    parameters: &[Parameter],
    origin: f64,
    device: &OpenDevice,
) -> Option<Priors> {
    let Estimate::Posterior { with_jacobian } = estimate else {
        return None;
    };
    let priors: Vec<_> = (0..parameters.len())
        .map(|index| model.priors().of_parameter(index, model.n_regimes()))
        .collect();
    let priors = Priors::upload(parameters, &priors, origin, with_jacobian, device);
    Some(priors)
}
