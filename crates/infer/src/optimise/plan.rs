//! In which coordinates a climb walks, and where it starts unless told otherwise.
//!
//! An optimiser takes one step size for all coordinates, so its coordinates must be of like size. The series
//! of the talk is already: its own values and its own clock. Any other series is first brought to that scale.

use switchback_core::{Coordinate, LogDensity, Parameter, Rule, Series, Support};
use switchback_models::{
    Estimate, Likelihood, ModelError, Objective, Parameterization, SwitchModel,
};

/// The optimisers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// Limited-memory BFGS, which learns the curvature.
    Lbfgs,
    /// A rule that follows the gradient.
    Rule(Rule),
}

impl Method {
    /// The word used in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lbfgs => "lbfgs",
            Self::Rule(rule) => rule.as_str(),
        }
    }
}

/// What is climbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Climbed {
    /// Which estimate its top is.
    pub estimate: Estimate,
    /// Whether the switches are summed out; relaxed to sigmoids otherwise.
    pub is_marginal: bool,
    /// How sigma is kept positive, or not; by its logarithm where the objective has no other.
    pub parameterization: Parameterization,
    /// Whether the coordinates are the values' own, as in the talk, or brought to a like size.
    pub is_plain: bool,
}

/// Adam crosses the whole series in this many units of its time coordinate, 15,000 steps at a rate of 0.001.
const ADAM_TIME_UNITS: f64 = 15.0;
/// Adam crosses one standard deviation of the series in this many units, 3,000 steps at a rate of 0.001.
const ADAM_VALUE_UNITS: f64 = 3.0;

impl Climbed {
    /// The objective of `model`, in coordinates in which `method` can cross `series`, unless plain ones are asked for.
    ///
    /// # Errors
    /// When the objective is not to be had: see [`Objective::sigmoid`].
    pub fn objective(
        &self,
        model: &SwitchModel,
        series: &Series,
        method: Method,
    ) -> Result<Objective, ModelError> {
        let objective = if self.is_marginal {
            Objective::marginal(model.clone(), self.estimate)
        } else {
            Objective::sigmoid(model.clone(), self.estimate, self.parameterization)?
        };
        if self.is_plain {
            return Ok(objective);
        }
        let units = Units::of(series, method);
        let parameters = objective.space().parameters();
        let coordinates: Vec<_> = parameters.iter().map(|p| units.coordinate(p)).collect();
        objective.with_coordinates(&coordinates)
    }
}

/// Units of the coordinates.
struct Units {
    mean: f64,
    mu: f64,
    log_sigma: f64,
    tau: f64,
    n: f64,
}

impl Units {
    fn of(series: &Series, method: Method) -> Self {
        let (mean, sd, n) = (series.mean(), series.sd(), series.len() as f64);
        let [mu, log_sigma, tau] = match method {
            // It finds out by itself what else there is to know.
            Method::Lbfgs => [sd, 1.0, n / ADAM_TIME_UNITS],
            Method::Rule(rule) if rule.is_scale_free() => {
                [sd / ADAM_VALUE_UNITS, 1.0, n / ADAM_TIME_UNITS]
            }
            Method::Rule(_) => momentum_units(sd, noise_scale(series), n),
        };
        Self {
            mean,
            mu,
            log_sigma,
            tau,
            n,
        }
    }

    fn coordinate(&self, parameter: &Parameter) -> Coordinate {
        let is_tau = parameter.name.starts_with("tau");
        let (center, scale) = match parameter.support {
            Support::Real if is_tau => (0.0, self.tau),
            Support::Real if parameter.name.starts_with("mu") => (self.mean, self.mu),
            // A raw sigma.
            Support::Real => (0.0, self.mu),
            Support::Positive | Support::Integers { .. } => (0.0, self.log_sigma),
            // Half-way a logit moves its value by a quarter of the interval.
            Support::Interval { .. } | Support::After { .. } => (0.0, 4.0 * self.tau / self.n),
        };
        Coordinate { center, scale }
    }
}

/// The one start that a climb has unless told otherwise: every regime has the level and the spread of the whole series;
/// one switch is at `n / 6`, as in the talk, several part the series evenly.
///
/// On the natural scale: the regimes' parameters, then the `tau`.
pub fn plain_start(model: &SwitchModel, series: &Series) -> Vec<f64> {
    let n_regimes = model.n_regimes();
    let (mean, sd, n) = (series.mean(), series.sd(), series.len() as f64);
    let parameters = (0..model.n_parameters()).map(|index| match model.likelihood() {
        Likelihood::Poisson => mean,
        _ if index < n_regimes => mean,
        _ => sd,
    });
    let taus: Vec<f64> = match model.n_switches() {
        1 => vec![n / 6.0],
        several => (1..=several)
            .map(|k| n * k as f64 / (several + 1) as f64)
            .collect(),
    };
    parameters.chain(taus).collect()
}

/// The talk's start for one switch between normal regimes: `mu1, mu2, sigma1, sigma2, tau`.
pub const TALKS_START: [f64; 5] = [0.0, 0.0, 2.0, 2.0, 15.0];

/// Units of mu, log sigma and tau for momentum, whose step is the learning rate times the unit squared times
/// the gradient.
///
/// The curvature of the log-likelihood is at most `n / noise^2` in mu and about `2 n` in log sigma; these units
/// leave both as they are in the talk, where a regime has 45 observations. In tau the curvature grows with the
/// square of the jump over the noise and not with n, while the way grows with n.
fn momentum_units(sd: f64, noise: f64, n: f64) -> [f64; 3] {
    let share = 45.0 / n;
    let jump = sd / noise;
    let tau = (n / 300.0).clamp(1.0, 10.0) * (9.0 / (jump * jump)).min(1.0);
    [noise * share.sqrt(), share.sqrt(), tau.sqrt()]
}

/// Standard deviation of the noise, from the median absolute difference of neighbours: blind to a few switches.
///
/// Falls back to the root mean square difference, then to the series' own standard deviation, where half of
/// the differences, or all, are 0.
pub fn noise_scale(series: &Series) -> f64 {
    /// The upper quartile of the standard normal distribution.
    const QUARTILE: f64 = 0.674_489_750_196_081_7;
    let observed: Vec<f64> = series.observed().map(|(_, value)| value).collect();
    let mut steps: Vec<f64> = observed.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    let middle = steps.len() / 2;
    let (_, median, _) = steps.select_nth_unstable_by(middle, f64::total_cmp);
    let by_median = *median / (QUARTILE * 2.0_f64.sqrt());
    let squares: f64 = steps.iter().map(|step| step * step).sum();
    let by_squares = (squares / (2.0 * steps.len() as f64)).sqrt();
    [by_median, by_squares, series.sd()]
        .into_iter()
        .find(|scale| *scale > 0.0)
        .unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::testing::{model, series};

    #[test]
    fn noise_is_that_of_the_regimes_not_of_the_switch() {
        // Regimes that alternate by +-1 around 0 and around 1000: the differences are 2 but for one.
        let wiggle = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let values: Vec<f64> = (0..60)
            .map(|i| wiggle(i) + if i < 30 { 0.0 } else { 1000.0 })
            .collect();
        let noise = noise_scale(&series(&values));
        assert!((noise - 2.0 / (0.674_489_750_196_081_7 * 2.0_f64.sqrt())).abs() < 1e-12);
    }

    #[test]
    fn noise_of_mostly_equal_values_is_still_positive() {
        assert!(noise_scale(&series(&[1.0, 1.0, 1.0, 1.0, 1.0, 2.0])) > 0.0);
    }

    #[test]
    fn a_series_in_other_units_is_walked_in_the_same_coordinates() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        let scaled: Vec<f64> = values.iter().map(|value| 1e6 + 50.0 * value).collect();
        let likelihood = Climbed {
            estimate: Estimate::Likelihood,
            is_marginal: false,
            parameterization: Parameterization::Log,
            is_plain: false,
        };
        for method in [
            Method::Lbfgs,
            Method::Rule(Rule::ADAM),
            Method::Rule(Rule::MOMENTUM),
        ] {
            let coordinates = |values: &[f64]| {
                let series = series(values);
                let objective = likelihood.objective(&model(&series), &series, method);
                let objective = objective.expect("it can be climbed");
                let parameters = objective.space().parameters();
                [0, 4].map(|index| parameters[index].coordinate)
            };
            let (plain, other) = (coordinates(&values), coordinates(&scaled));
            assert!((other[0].scale / plain[0].scale - 50.0).abs() < 1e-6);
            assert_eq!(plain[1], other[1]);
        }
    }

    #[test]
    fn the_plain_start_is_the_series_itself() {
        let series = series(&[1.0, 2.0, 3.0]);
        assert_eq!(
            plain_start(&model(&series), &series),
            [2.0, 2.0, 1.0, 1.0, 0.5]
        );
    }
}
