//! What an optimiser climbs: the likelihood of a model, or its posterior, in coordinates of one's choice.

use std::fmt;

use switchback_core::{
    Coordinate, DensityError, Parameter, Posterior, RowDensity, RowGradient, Space, Support,
    each_row, switchpoint_of,
};

use self::chart::Chart;
use super::abreast::alone;
use super::scratch::{outside_or, with_scratch};
use super::sigmoid::Blend;
use crate::{ModelError, Paths, SwitchModel, SwitchPrior};

mod chart;

/// What an optimiser moves in place of a `sigma`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameterization {
    /// `sigma` itself, of either sign: only its square enters.
    Raw,
    /// `ln sigma`.
    Log,
}

/// Which estimate the optimum is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimate {
    /// The maximum of the likelihood.
    Likelihood,
    /// The maximum of the posterior.
    Posterior {
        /// Whether the change of variables counts: with it the optimum is that of the density over unconstrained
        /// positions, without it that over the values. Stan's `jacobian`.
        with_jacobian: bool,
    },
}

impl Estimate {
    /// The word used in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Likelihood => "mle",
            Self::Posterior { .. } => "map",
        }
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A form that has a gradient.
#[derive(Debug, Clone)]
enum Form {
    /// Switches relaxed to sigmoids.
    Sigmoid(Blend),
    /// Switches summed out.
    Marginal(Paths),
}

/// The log-likelihood of a model with relaxed or summed-out switches, perhaps with its priors and its Jacobian.
///
/// Values are the regimes' parameters in the order of [`SwitchModel::regime_parameters`], then, for the sigmoid form, the
/// `tau`. A likelihood lets the only `tau` be any number, and several be any in order between 0 and `n`; a posterior keeps
/// them where the priors of [`crate::SigmoidSwitch::posterior`] do.
///
/// Units of the coordinates do not count: the log Jacobian is that of coordinates of scale 1, so that the value at given
/// natural values is the same in every coordinate.
///
/// Where a value is `-inf` its gradient is 0; only a position that holds a `NaN` has a value of `NaN`.
#[derive(Debug, Clone)]
pub struct Objective {
    model: SwitchModel,
    form: Form,
    estimate: Estimate,
    space: Space,
    chart: Chart,
    /// Sum of `ln |scale|` over the coordinates.
    ln_scales: f64,
}

impl Objective {
    /// The sigmoid form of `model`, of steepness 1.
    ///
    /// # Errors
    /// When a raw sigma is asked for together with a posterior, whose priors are for positive ones.
    pub fn sigmoid(
        model: SwitchModel,
        estimate: Estimate,
        parameterization: Parameterization,
    ) -> Result<Self, ModelError> {
        let mut parameters = parameters(&model, estimate, parameterization)?;
        let n_switches = model.n_switches();
        let first = parameters.len();
        for (k, name) in model.switch_names("tau").into_iter().enumerate() {
            let high = match (estimate, model.switch_prior()) {
                (Estimate::Posterior { .. }, SwitchPrior::Sequential) => {
                    (model.n() - (n_switches - 1 - k)) as f64
                }
                _ => model.n() as f64,
            };
            let support = match (estimate, k) {
                (Estimate::Likelihood, _) if n_switches == 1 => Support::Real,
                (_, 0) => Support::Interval { low: 0.0, high },
                (_, k) => Support::After {
                    previous: first + k - 1,
                    high,
                },
            };
            parameters.push(Parameter::new(name, support));
        }
        let blend = Blend::of(&model, 1.0);
        let space = Space::new(parameters);
        Ok(Self {
            model,
            form: Form::Sigmoid(blend),
            estimate,
            chart: Chart::of(&space),
            space,
            ln_scales: 0.0,
        })
    }

    /// The form of `model` whose switches are summed out under their prior; its sigmas are held by their logarithm.
    pub fn marginal(model: SwitchModel, estimate: Estimate) -> Self {
        let space = Space::new(model.regime_parameters());
        Self {
            chart: Chart::of(&space),
            space,
            form: Form::Marginal(Paths::new(model.clone())),
            model,
            estimate,
            ln_scales: 0.0,
        }
    }

    /// The same in other `coordinates`, one a parameter.
    ///
    /// # Errors
    /// When a coordinate has a scale of 0 or a number that is not finite, or their number is wrong.
    pub fn with_coordinates(self, coordinates: &[Coordinate]) -> Result<Self, ModelError> {
        let dim = self.space.dim();
        if coordinates.len() != dim {
            return Err(ModelError::Coordinates {
                given: coordinates.len(),
                dim,
            });
        }
        let mut parameters = Vec::with_capacity(dim);
        for (parameter, &coordinate) in self.space.parameters().iter().zip(coordinates) {
            let Coordinate { center, scale } = coordinate;
            if !center.is_finite() || !scale.is_finite() || scale == 0.0 {
                return Err(ModelError::Coordinate {
                    parameter: parameter.name.clone(),
                    center,
                    scale,
                });
            }
            parameters.push(parameter.clone().with_coordinate(coordinate));
        }
        let space = Space::new(parameters);
        Ok(Self {
            chart: Chart::of(&space),
            space,
            ln_scales: coordinates.iter().map(|c| c.scale.abs().ln()).sum(),
            ..self
        })
    }

    /// The same sigmoid with another steepness.
    ///
    /// # Errors
    /// When it is not finite or not positive, or there is no sigmoid.
    pub fn with_steepness(mut self, steepness: f64) -> Result<Self, ModelError> {
        self.steepen(steepness)?;
        Ok(self)
    }

    /// Gives the sigmoid another steepness.
    ///
    /// # Errors
    /// As [`Self::with_steepness`].
    pub fn steepen(&mut self, steepness: f64) -> Result<(), ModelError> {
        let Form::Sigmoid(blend) = &mut self.form else {
            return Err(ModelError::NoSteepness);
        };
        if !(steepness > 0.0 && steepness.is_finite()) {
            return Err(ModelError::Steepness { steepness });
        }
        blend.steepen(steepness);
        Ok(())
    }

    /// Steepness of the sigmoid, a unit of time; none for the marginal form.
    pub fn steepness(&self) -> Option<f64> {
        match &self.form {
            Form::Sigmoid(blend) => Some(blend.steepness()),
            Form::Marginal(_) => None,
        }
    }

    /// The model.
    pub fn model(&self) -> &SwitchModel {
        &self.model
    }

    /// Which estimate its maximum is.
    pub fn estimate(&self) -> Estimate {
        self.estimate
    }

    /// The same as a density over unconstrained positions: a posterior with its Jacobian, a likelihood as it is.
    pub fn as_density(&self) -> Self {
        let estimate = match self.estimate {
            Estimate::Likelihood => Estimate::Likelihood,
            Estimate::Posterior { .. } => Estimate::Posterior {
                with_jacobian: true,
            },
        };
        Self {
            estimate,
            ..self.clone()
        }
    }

    /// Log-likelihood in nats at the natural `values` (`dim`).
    pub fn log_likelihood_of(&self, values: &[f64]) -> f64 {
        match &self.form {
            Form::Sigmoid(blend) => blend.log_likelihood(values),
            Form::Marginal(paths) => paths.log_likelihood(values),
        }
    }

    /// [`Self::log_likelihood_of`], and its derivatives with respect to the values written to `gradient` (`dim`).
    pub fn likelihood_gradient(&self, values: &[f64], gradient: &mut [f64]) -> f64 {
        match &self.form {
            Form::Sigmoid(blend) => blend.gradient(values, gradient),
            Form::Marginal(paths) => {
                gradient.fill(0.0);
                paths.log_likelihood_and_gradient(values, gradient)
            }
        }
    }

    /// The switchpoints that the natural `values` (`dim`) stand for: those of the `tau`, or the most probable places given
    /// the parameters, each by itself.
    pub fn switches_of(&self, values: &[f64]) -> Vec<usize> {
        let n = self.model.n();
        match &self.form {
            Form::Sigmoid(_) => {
                let taus = values.get(self.model.n_parameters()..).unwrap_or_default();
                taus.iter().map(|tau| switchpoint_of(*tau, n)).collect()
            }
            Form::Marginal(paths) => {
                let mut p = vec![0.0; n * self.model.n_switches()];
                paths.add_probabilities(values, &mut p);
                p.chunks(n).map(greatest).collect()
            }
        }
    }

    /// Log prior of the natural `values`, those of the marginal form's switches left to its likelihood.
    fn ln_prior(&self, values: &[f64]) -> f64 {
        let parameters = self.model.ln_prior(&values[..self.model.n_parameters()]);
        match self.form {
            Form::Sigmoid(_) => parameters + self.ln_switch_prior(values),
            Form::Marginal(_) => parameters,
        }
    }

    fn ln_switch_prior(&self, values: &[f64]) -> f64 {
        let (n, n_switches) = (self.model.n() as f64, self.model.n_switches());
        match self.model.switch_prior() {
            SwitchPrior::Uniform => (0..n_switches).map(|k| ((k + 1) as f64 / n).ln()).sum(),
            SwitchPrior::Sequential => self.gaps(values).map(|(_, gap)| -gap.ln()).sum(),
        }
    }

    /// Of each switch the index of the value before it, if there is one, and what that leaves to it.
    fn gaps<'a>(&self, values: &'a [f64]) -> impl Iterator<Item = (Option<usize>, f64)> + 'a {
        let (first, n) = (self.model.n_parameters(), self.model.n());
        let n_switches = self.model.n_switches();
        (0..n_switches).map(move |k| {
            let before = (k > 0).then(|| first + k - 1);
            let high = (n - (n_switches - 1 - k)) as f64;
            (before, high - before.map_or(0.0, |index| values[index]))
        })
    }

    fn add_prior_gradient(&self, values: &[f64], gradient: &mut [f64]) {
        let n_parameters = self.model.n_parameters();
        let (parameters, slots) = (&values[..n_parameters], &mut gradient[..n_parameters]);
        self.model.add_prior_gradient(parameters, slots);
        let is_sigmoid = matches!(self.form, Form::Sigmoid(_));
        if is_sigmoid && self.model.switch_prior() == SwitchPrior::Sequential {
            for (before, gap) in self.gaps(values) {
                if let Some(before) = before {
                    gradient[before] += 1.0 / gap;
                }
            }
        }
    }

    /// Writes the natural values of `position` (`dim`) to `values` (`dim`).
    fn constrain(&self, position: &[f64], values: &mut [f64]) {
        let (position, _) = position.as_chunks::<1>();
        let (values, _) = values.as_chunks_mut();
        self.chart.constrain(&self.space, [true], position, values);
    }

    /// What is added to the log-likelihood.
    fn rest(&self, position: &[f64], values: &[f64]) -> f64 {
        match self.estimate {
            Estimate::Likelihood => 0.0,
            Estimate::Posterior { with_jacobian } => {
                let jacobian = if with_jacobian {
                    self.space.log_jacobian(position) - self.ln_scales
                } else {
                    0.0
                };
                self.ln_prior(values) + jacobian
            }
        }
    }

    /// Writes the gradients at those of `W` unconstrained `positions` (`dim`, each number of all positions) that are `asked` for
    /// into `grads` (`dim`), and says of each of these whether it and the value are finite: only then does it mean anything.
    ///
    /// What [`RowGradient::logp_grad_at`] says of each position, to the last bit and whatever the other positions are, for who
    /// follows the gradient and does not ask for the value. Of one switch between Normal regimes it is faster, the more so the
    /// more positions there are.
    ///
    /// # Errors
    /// When the slices do not fit together.
    #[inline]
    pub fn slopes<const W: usize>(
        &self,
        asked: [bool; W],
        positions: &[[f64; W]],
        grads: &mut [[f64; W]],
    ) -> Result<[bool; W], DensityError> {
        let dim = self.space.dim();
        DensityError::check_shape(dim, positions.len(), 1)?;
        DensityError::check_shape(dim, grads.len(), 1)?;
        let mut are_finite = asked;
        match &self.form {
            Form::Sigmoid(blend) => with_scratch(dim * W, |values| {
                let (values, _) = values.as_chunks_mut();
                self.chart.constrain(&self.space, asked, positions, values);
                are_finite = blend.slopes(asked, values, grads);
                match self.estimate {
                    Estimate::Likelihood => {
                        self.chart
                            .pull_back(&self.space, asked, positions, values, grads);
                    }
                    Estimate::Posterior { .. } => {
                        for (w, is_finite) in are_finite.iter_mut().enumerate() {
                            *is_finite = *is_finite
                                && alone(
                                    w,
                                    [positions, values],
                                    grads,
                                    |position, values, grad| {
                                        self.add_rest_gradient(position, values, grad);
                                        self.rest(position, values).is_finite()
                                    },
                                );
                        }
                    }
                }
            }),
            Form::Marginal(_) => {
                for (w, is_finite) in are_finite.iter_mut().enumerate() {
                    *is_finite = *is_finite
                        && alone(w, [positions, &[]], grads, |position, _, grad| {
                            self.logp_grad_at(position, grad).is_finite()
                        });
                }
            }
        }
        for grads in grads.iter() {
            for (is_finite, slope) in are_finite.iter_mut().zip(grads) {
                *is_finite &= slope.is_finite();
            }
        }
        Ok(are_finite)
    }

    /// Makes of the likelihood's `gradient` by the `values` that of the density by the `position`.
    fn add_rest_gradient(&self, position: &[f64], values: &[f64], gradient: &mut [f64]) {
        if let Estimate::Posterior { .. } = self.estimate {
            self.add_prior_gradient(values, gradient);
        }
        match self.estimate {
            Estimate::Posterior {
                with_jacobian: true,
            } => self.space.pull_back(position, values, gradient),
            _ => {
                let (position, values) = (position.as_chunks().0, values.as_chunks().0);
                let (gradient, _) = gradient.as_chunks_mut::<1>();
                self.chart
                    .pull_back(&self.space, [true], position, values, gradient);
            }
        }
    }
}

/// The regimes' parameters, their sigmas as `parameterization` has them.
fn parameters(
    model: &SwitchModel,
    estimate: Estimate,
    parameterization: Parameterization,
) -> Result<Vec<Parameter>, ModelError> {
    let mut parameters = model.regime_parameters();
    if parameterization == Parameterization::Raw {
        if estimate != Estimate::Likelihood {
            return Err(ModelError::RawPosterior);
        }
        for parameter in &mut parameters {
            if parameter.name.starts_with("sigma") {
                parameter.support = Support::Real;
            }
        }
    }
    Ok(parameters)
}

fn greatest(p: &[f64]) -> usize {
    let places = p.iter().enumerate();
    let (place, _) = places.fold((0, f64::NEG_INFINITY), |best, (place, p)| {
        if *p > best.1 { (place, *p) } else { best }
    });
    place
}

impl RowDensity for Objective {
    fn domain(&self) -> &Space {
        &self.space
    }

    fn logp_at(&self, position: &[f64]) -> f64 {
        with_scratch(self.space.dim(), |values| {
            self.constrain(position, values);
            outside_or(self.log_likelihood_of(values), || {
                self.rest(position, values)
            })
        })
    }
}

impl RowGradient for Objective {
    fn logp_grad_at(&self, position: &[f64], grad: &mut [f64]) -> f64 {
        with_scratch(self.space.dim(), |values| {
            self.constrain(position, values);
            let log_likelihood = self.likelihood_gradient(values, grad);
            let logp = outside_or(log_likelihood, || self.rest(position, values));
            if logp == f64::NEG_INFINITY {
                grad.fill(0.0);
                return logp;
            }
            self.add_rest_gradient(position, values, grad);
            logp
        })
    }
}

impl Posterior for Objective {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        each_row(self.space.dim(), positions, log_likelihood, |position| {
            with_scratch(self.space.dim(), |values| {
                self.space.constrain_into(position, values);
                self.log_likelihood_of(values)
            })
        })
    }
}

#[cfg(test)]
mod tests;
