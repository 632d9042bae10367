//! Where a climb starts and in which coordinates it walks.
//!
//! An optimiser takes one step size for all coordinates, so its coordinates must be of like size. The series
//! of the talk is already: its own values and its own clock. Any other series is first brought to that scale.

use switchback_core::{Coordinate, Series};
use switchback_models::Parameterization;

/// The optimisers of the talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Adam: moves about one learning rate a step.
    Adam,
    /// Gradient ascent with momentum: moves in proportion to the gradient.
    Momentum,
}

impl Method {
    /// The word used in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::Momentum => "momentum",
        }
    }
}

/// What of a plan the user has fixed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PlanSettings {
    /// How sigma is kept positive, or not.
    pub parameterization: Option<Parameterization>,
    /// Start values of `mu1, mu2, sigma1, sigma2, tau`, where fixed.
    pub init: [Option<f64>; 5],
}

/// Start and coordinates of a climb of the sigmoid switch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Start on the natural scale: `mu1, mu2, sigma1, sigma2, tau`.
    pub start: [f64; 5],
    /// The coordinate of each parameter.
    pub coordinates: [Coordinate; 5],
    /// How sigma is kept positive, or not.
    pub parameterization: Parameterization,
}

/// Adam crosses the whole series in this many units of its time coordinate, 15,000 steps at a rate of 0.001.
const ADAM_TIME_UNITS: f64 = 15.0;
/// Adam crosses one standard deviation of the series in this many units, 3,000 steps at a rate of 0.001.
const ADAM_VALUE_UNITS: f64 = 3.0;

impl Plan {
    /// The talk's: raw sigmas, its own start, the series' own scale.
    pub fn deck(settings: &PlanSettings) -> Self {
        Self {
            start: [0.0, 0.0, 2.0, 2.0, 15.0],
            coordinates: [Coordinate::IDENTITY; 5],
            parameterization: Parameterization::Raw,
        }
        .with(settings)
    }

    /// For any other series: both regimes start at the mean and standard deviation of the whole series, `tau`
    /// at `n / 6` as in the talk, `log sigma` as coordinate, and units in which `method` can cross the series.
    pub fn scaled(series: &Series, method: Method, settings: &PlanSettings) -> Self {
        let parameterization = settings.parameterization.unwrap_or(Parameterization::Log);
        let (mean, sd, n) = (series.mean(), series.sd(), series.len() as f64);
        let [mu, sigma, tau] = match method {
            Method::Adam => adam_units(sd, n),
            Method::Momentum => momentum_units(sd, noise_scale(series), n),
        };
        let sigma = match parameterization {
            Parameterization::Log => sigma,
            Parameterization::Raw => mu,
        };
        let value = Coordinate {
            center: mean,
            scale: mu,
        };
        let spread = Coordinate {
            center: 0.0,
            scale: sigma,
        };
        let time = Coordinate {
            center: 0.0,
            scale: tau,
        };
        Self {
            start: [mean, mean, sd, sd, n / 6.0],
            coordinates: [value, value, spread, spread, time],
            parameterization,
        }
        .with(settings)
    }

    fn with(mut self, settings: &PlanSettings) -> Self {
        for (start, fixed) in self.start.iter_mut().zip(settings.init) {
            *start = fixed.unwrap_or(*start);
        }
        self.parameterization = settings.parameterization.unwrap_or(self.parameterization);
        self
    }
}

/// Units of mu, log sigma and tau for Adam, whose step is the learning rate times the unit.
fn adam_units(sd: f64, n: f64) -> [f64; 3] {
    [sd / ADAM_VALUE_UNITS, 1.0, n / ADAM_TIME_UNITS]
}

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

    fn series(values: &[f64]) -> Series {
        let values: Vec<_> = values.iter().copied().map(Some).collect();
        Series::new("y", &values).expect("a series")
    }

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
    fn the_start_is_the_users_where_he_says_so() {
        let mut settings = PlanSettings::default();
        settings.init[4] = Some(3.5);
        assert_eq!(Plan::deck(&settings).start, [0.0, 0.0, 2.0, 2.0, 3.5]);
        let scaled = Plan::scaled(&series(&[1.0, 2.0, 3.0]), Method::Adam, &settings);
        assert_eq!(scaled.start, [2.0, 2.0, 1.0, 1.0, 3.5]);
        assert_eq!(scaled.parameterization, Parameterization::Log);
    }

    #[test]
    fn a_series_in_other_units_is_walked_in_the_same_coordinates() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        let scaled: Vec<f64> = values.iter().map(|value| 1e6 + 50.0 * value).collect();
        for method in [Method::Adam, Method::Momentum] {
            let plain = Plan::scaled(&series(&values), method, &PlanSettings::default());
            let other = Plan::scaled(&series(&scaled), method, &PlanSettings::default());
            let unit = other.coordinates[0].scale / plain.coordinates[0].scale;
            assert!((unit - 50.0).abs() < 1e-6, "{unit}");
            assert_eq!(plain.coordinates[4], other.coordinates[4]);
        }
    }
}
