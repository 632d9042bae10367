//! The priors of a switchpoint model's regimes.

use std::fmt;

use switchback_core::Series;

use crate::{ModelError, PrefixSums, Prior};

/// Standard deviations of the data that the weakly informative priors span.
const WEAK: f64 = 2.5;

/// Priors of both regimes' `mu` (normal) and `sigma` (half-normal).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwitchPriors {
    // Numbers rather than two `Prior`s: the families are fixed, because the referee integrates just these.
    pub(crate) mu_mean: f64,
    pub(crate) mu_sd: f64,
    pub(crate) sigma_sd: f64,
}

impl SwitchPriors {
    /// `mu ~ normal(0, 2)` and `sigma ~ half-normal(2)`, the priors of the worked example.
    pub fn deck() -> Self {
        Self {
            mu_mean: 0.0,
            mu_sd: 2.0,
            sigma_sd: 2.0,
        }
    }

    /// `mu ~ normal(0, 4)` and `sigma ~ half-normal(4)`, the priors of the worked example with reversion.
    pub fn deck_reversion() -> Self {
        Self {
            mu_mean: 0.0,
            mu_sd: 4.0,
            sigma_sd: 4.0,
        }
    }

    /// The priors `mu`, which must be normal, and `sigma`, which must be half-normal.
    ///
    /// # Errors
    /// When one of them is of another family.
    pub fn new(mu: Prior, sigma: Prior) -> Result<Self, ModelError> {
        let Prior::Normal {
            mean: mu_mean,
            sd: mu_sd,
        } = mu
        else {
            return Err(ModelError::PriorKind {
                parameter: "mu",
                given: mu.to_string(),
                accepted: "normal(MEAN, SD)",
            });
        };
        let Prior::HalfNormal { sd: sigma_sd } = sigma else {
            return Err(ModelError::PriorKind {
                parameter: "sigma",
                given: sigma.to_string(),
                accepted: "half-normal(SD)",
            });
        };
        Ok(Self {
            mu_mean,
            mu_sd,
            sigma_sd,
        })
    }

    /// Weakly informative priors on the data's own scale: `mu ~ normal(mean(y), 2.5 sd(y))` and
    /// `sigma ~ half-normal(2.5 sd(y))` (the scaling of Gelman, Hill and Vehtari, *Regression and Other
    /// Stories*, section 9.5).
    ///
    /// The standard deviation is rounded to three significant digits and the mean to the last of those
    /// places, so that the priors print well and stay the same to within half a percent of their width.
    ///
    /// # Errors
    /// When all observations are the same, or their spread is beyond what a float holds.
    pub fn scaled_to(series: &Series) -> Result<Self, ModelError> {
        let data = PrefixSums::new(series);
        data.check(series)?;
        let all = data.stretch(0..data.len());
        // A spread means at least two observations.
        let sd = WEAK * (all.sum_sq / (all.count - 1) as f64).sqrt();
        let (sd, place) = three_digits(sd);
        Self::new(
            Prior::normal(to_place(all.mean, place), sd)?,
            Prior::half_normal(sd)?,
        )
    }

    /// `base` with the parts that `parts` override, each `mu=normal(MEAN, SD)` or `sigma=half-normal(SD)`.
    ///
    /// # Errors
    /// When a part names another parameter, names one twice, holds no prior, or one of the wrong family.
    pub fn parse<S: AsRef<str>>(base: Self, parts: &[S]) -> Result<Self, ModelError> {
        let (mut mu, mut sigma) = (None, None);
        for part in parts {
            let (parameter, slot, prior) = match part.as_ref().split_once('=') {
                Some((name, prior)) if is(name, "mu") => ("mu", &mut mu, prior),
                Some((name, prior)) if is(name, "sigma") => ("sigma", &mut sigma, prior),
                _ => {
                    return Err(ModelError::PriorParameter {
                        text: part.as_ref().trim().to_owned(),
                        accepted: "mu=normal(0, 2) or sigma=half-normal(2)",
                    });
                }
            };
            let prior: Prior = prior.parse().map_err(|source| ModelError::PriorPart {
                parameter,
                source: Box::new(source),
            })?;
            if slot.replace(prior).is_some() {
                return Err(ModelError::PriorTwice { parameter });
            }
        }
        Self::new(
            mu.unwrap_or_else(|| base.mu()),
            sigma.unwrap_or_else(|| base.sigma()),
        )
    }

    /// The prior of each regime's `mu`.
    pub fn mu(&self) -> Prior {
        Prior::Normal {
            mean: self.mu_mean,
            sd: self.mu_sd,
        }
    }

    /// The prior of each regime's `sigma`.
    pub fn sigma(&self) -> Prior {
        Prior::HalfNormal { sd: self.sigma_sd }
    }
}

impl fmt::Display for SwitchPriors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mu={} sigma={}", self.mu(), self.sigma())
    }
}

pub(crate) fn is(name: &str, parameter: &str) -> bool {
    name.trim().eq_ignore_ascii_case(parameter)
}

/// `value` (positive) rounded to three significant digits, and the power of ten of the last of them.
///
/// By way of decimal text, so that the result is the float nearest to those digits and prints as them.
pub(crate) fn three_digits(value: f64) -> (f64, i32) {
    let text = format!("{value:.2e}");
    let exponent = text
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse::<i32>().ok())
        .unwrap_or(0);
    (text.parse().unwrap_or(value), exponent - 2)
}

/// `value` rounded to multiples of `10^place`; never `-0`.
fn to_place(value: f64, place: i32) -> f64 {
    let rounded = if place <= 0 {
        let decimals = place.unsigned_abs() as usize;
        format!("{value:.decimals$}").parse().unwrap_or(value)
    } else {
        let unit = 10.0_f64.powi(place);
        (value / unit).round() * unit
    };
    rounded + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{deck, series};

    #[test]
    fn the_parts_override_the_base() {
        let base = SwitchPriors::deck();
        let none: [&str; 0] = [];
        assert_eq!(SwitchPriors::parse(base, &none), Ok(base));
        let priors = SwitchPriors::parse(base, &[" Mu = normal(1, 3)"]).expect("it is valid");
        assert_eq!(priors.to_string(), "mu=normal(1, 3) sigma=half-normal(2)");
        let priors = SwitchPriors::parse(base, &["sigma=half-normal(0.5)", "mu=normal(0,1)"])
            .expect("it is valid");
        assert_eq!(priors.to_string(), "mu=normal(0, 1) sigma=half-normal(0.5)");
    }

    #[test]
    fn parts_that_do_not_fit_say_what_where_and_the_way_out() {
        let refused = |parts: &[&str]| {
            SwitchPriors::parse(SwitchPriors::deck(), parts).expect_err("it is refused")
        };
        assert_eq!(
            refused(&["sigma=normal(0, 2)"]).to_string(),
            "sigma=normal(0, 2) is not offered: write sigma=half-normal(SD)"
        );
        assert_eq!(
            refused(&["mu=half-normal(2)"]).to_string(),
            "mu=half-normal(2) is not offered: write mu=normal(MEAN, SD)"
        );
        for text in ["tau=normal(0, 2)", "normal(0, 2)", ""] {
            assert!(matches!(
                refused(&[text]),
                ModelError::PriorParameter { .. }
            ));
        }
        assert!(matches!(
            refused(&["mu=normal(0,2)", "mu=normal(0,2)"]),
            ModelError::PriorTwice { parameter: "mu" }
        ));
        let ModelError::PriorPart { parameter, source } = refused(&["sigma=half-normal(-1)"])
        else {
            panic!("the parameter is not named");
        };
        assert_eq!(parameter, "sigma");
        assert!(source.to_string().contains("-1"), "{source}");
    }

    #[test]
    fn scaled_priors_follow_the_data_and_print_well() {
        let printed = |values: &[f64]| {
            SwitchPriors::scaled_to(&series(values))
                .expect("the series varies")
                .to_string()
        };
        assert_eq!(
            printed(&[1.0, 2.0, 3.0]),
            "mu=normal(2, 2.5) sigma=half-normal(2.5)"
        );
        assert_eq!(
            printed(&[1_234_567.0, 1_234_568.0, 1_234_569.5]),
            "mu=normal(1234568.17, 3.15) sigma=half-normal(3.15)"
        );
        assert_eq!(
            printed(&[-1e-6, 1e-6]),
            "mu=normal(0, 0.00000354) sigma=half-normal(0.00000354)"
        );
        assert_eq!(
            printed(&[1e9, 3e9]),
            "mu=normal(2000000000, 3540000000) sigma=half-normal(3540000000)"
        );
        let priors = SwitchPriors::scaled_to(&deck()).expect("the series varies");
        assert_eq!(
            priors.to_string(),
            "mu=normal(1.9, 7.7) sigma=half-normal(7.7)"
        );
    }

    #[test]
    fn a_constant_series_has_no_scale() {
        // The plain mean of a hundred times 0.1 is not 0.1, so a computed sd would not be 0.
        let error = SwitchPriors::scaled_to(&series(&[0.1; 100])).expect_err("nothing varies");
        assert!(matches!(
            error,
            ModelError::ConstantSeries { observed: 100, .. }
        ));
    }
}
