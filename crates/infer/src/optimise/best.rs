//! The best optimum known of the sigmoid switch: the hills of the exact hard profile, polished.

use switchback_core::{Coordinate, LogDensity, Series, switchpoint_of, tau_of};
use switchback_models::{Fit, Parameterization, PrefixSums, Profile, SigmoidSwitch};

use super::lbfgs::{LbfgsSettings, climb_lbfgs};
use crate::InferError;

/// Hills of the hard profile that are climbed, the highest first.
const HILLS: usize = 24;

/// The best optimum known of the sigmoid switch, not counting the corners where a sigma goes to 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// `mu1, mu2, sigma1, sigma2, tau`.
    pub values: [f64; 5],
    /// Its log-likelihood, in nats.
    pub log_likelihood: f64,
    /// The switchpoint that `tau` stands for.
    pub s: usize,
    /// Evaluations of value and gradient that the search took.
    pub n_evaluations: u64,
}

impl Best {
    /// The better of this one and a result that another method has found, if that one is not degenerate.
    pub fn or_better(self, target: &SigmoidSwitch, values: [f64; 5]) -> Self {
        let log_likelihood = target.log_likelihood_of(&values);
        if log_likelihood <= self.log_likelihood
            || !log_likelihood.is_finite()
            || is_degenerate(target.data(), values[4])
        {
            return self;
        }
        Self {
            values,
            log_likelihood,
            s: switchpoint_of(values[4], target.data().len()),
            ..self
        }
    }
}

/// Whether a regime of the switch at `tau` holds fewer than two distinct observations: there the likelihood
/// has no maximum, or the regime says nothing.
pub fn is_degenerate(data: &PrefixSums, tau: f64) -> bool {
    let s = switchpoint_of(tau, data.len());
    !(data.has_spread(0..s) && data.has_spread(s..data.len()))
}

/// Climbs the sigmoid likelihood of `series` from every high peak of `profile` by L-BFGS and keeps the best.
///
/// The hard optimum itself, seen as a sigmoid switch, is a candidate too, so there is always an answer.
///
/// # Errors
/// When the series cannot be modelled.
pub fn best_known(series: &Series, profile: &Profile) -> Result<Best, InferError> {
    let (mean, sd) = (series.mean(), series.sd());
    let value = Coordinate {
        center: mean,
        scale: sd,
    };
    let spread = Coordinate {
        center: sd.ln(),
        scale: 1.0,
    };
    let coordinates = [value, value, spread, spread, Coordinate::IDENTITY];
    let target = SigmoidSwitch::likelihood(series, Parameterization::Log, coordinates)?;
    let hard = natural(profile.best());
    let mut best = Best {
        values: hard,
        log_likelihood: target.log_likelihood_of(&hard),
        s: profile.best().s,
        n_evaluations: 0,
    };
    for hill in profile.peaks().iter().take(HILLS) {
        let start = target.space().unconstrain(&natural(hill))?;
        let summit = climb_lbfgs(&target, &start, LbfgsSettings::default())?;
        best.n_evaluations += summit.n_evaluations;
        if let Ok(values) = target.space().constrain(&summit.position).try_into() {
            best = best.or_better(&target, values);
        }
    }
    Ok(best)
}

fn natural(fit: &Fit) -> [f64; 5] {
    [fit.mu1, fit.mu2, fit.sigma1, fit.sigma2, tau_of(fit.s)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        let values: Vec<_> = values.iter().copied().map(Some).collect();
        Series::new("y", &values).expect("a series")
    }

    fn two_levels() -> Series {
        let wiggle = |i: usize| ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0;
        let values: Vec<f64> = (0..80)
            .map(|i| wiggle(i) + if i < 30 { 0.0 } else { 4.0 })
            .collect();
        series(&values)
    }

    #[test]
    fn the_best_is_a_stationary_point_near_the_switch() {
        let series = two_levels();
        let profile = Profile::of(&series).expect("it can switch");
        let best = best_known(&series, &profile).expect("it has an optimum");
        assert!((28..=32).contains(&best.s), "{best:?}");
        let target =
            SigmoidSwitch::likelihood(&series, Parameterization::Raw, [Coordinate::IDENTITY; 5])
                .expect("it can be modelled");
        let (value, gradient) = target.gradient_of(&best.values);
        assert_eq!(value, best.log_likelihood);
        assert!(
            gradient.iter().all(|slope| slope.abs() < 1e-5),
            "{gradient:?}"
        );
    }

    #[test]
    fn a_result_in_the_corner_is_never_the_best() {
        let series = two_levels();
        let profile = Profile::of(&series).expect("it can switch");
        let best = best_known(&series, &profile).expect("it has an optimum");
        let target =
            SigmoidSwitch::likelihood(&series, Parameterization::Raw, [Coordinate::IDENTITY; 5])
                .expect("it can be modelled");
        // All the weight of regime 1 on the first observation, with a tiny sigma.
        let corner = [series.values()[0], 3.0, 1e-300, 2.0, -50.0];
        assert_eq!(best.clone().or_better(&target, corner), best);
        assert_eq!(best.clone().or_better(&target, [f64::NAN; 5]), best);
    }
}
