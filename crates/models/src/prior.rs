//! One-dimensional prior densities that can be written on a command line.

use std::fmt;
use std::str::FromStr;

use statrs::function::gamma::ln_gamma;

use crate::ModelError;

/// `ln sqrt(2 pi)`.
pub(crate) const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;
/// `ln 2`, the half-normal's share over the normal.
const LN_2: f64 = std::f64::consts::LN_2;

/// A prior of one parameter. Built by [`Prior::normal`] and its siblings, or read from text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// The normal distribution.
    #[non_exhaustive]
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation, positive.
        sd: f64,
    },
    /// The distribution of `|x|` where `x` is normal with mean 0.
    #[non_exhaustive]
    HalfNormal {
        /// Standard deviation of that `x`, positive.
        sd: f64,
    },
    /// The exponential distribution.
    #[non_exhaustive]
    Exponential {
        /// Its rate, the inverse of its mean, positive.
        rate: f64,
    },
    /// The gamma distribution.
    #[non_exhaustive]
    Gamma {
        /// Its shape, positive.
        shape: f64,
        /// Its rate, positive: its mean is `shape / rate`.
        rate: f64,
    },
}

impl Prior {
    /// The normal prior.
    ///
    /// # Errors
    /// When a number is not finite or `sd` is not positive.
    pub fn normal(mean: f64, sd: f64) -> Result<Self, ModelError> {
        finite("normal", "mean", mean)?;
        positive("normal", "standard deviation", sd)?;
        Ok(Self::Normal { mean, sd })
    }

    /// The half-normal prior.
    ///
    /// # Errors
    /// When `sd` is not finite or not positive.
    pub fn half_normal(sd: f64) -> Result<Self, ModelError> {
        positive("half-normal", "standard deviation", sd)?;
        Ok(Self::HalfNormal { sd })
    }

    /// The exponential prior.
    ///
    /// # Errors
    /// When `rate` is not finite or not positive.
    pub fn exponential(rate: f64) -> Result<Self, ModelError> {
        positive("exponential", "rate", rate)?;
        Ok(Self::Exponential { rate })
    }

    /// The gamma prior.
    ///
    /// # Errors
    /// When `shape` or `rate` is not finite or not positive.
    pub fn gamma(shape: f64, rate: f64) -> Result<Self, ModelError> {
        positive("gamma", "shape", shape)?;
        positive("gamma", "rate", rate)?;
        Ok(Self::Gamma { shape, rate })
    }

    /// Log density at `x` in nats: `-z^2 / 2 - ln(sd sqrt(2 pi))` with `z = (x - mean) / sd`, and for the
    /// half-normal `ln 2` more at `x >= 0` and `-inf` below; `shape ln rate - ln gamma(shape) + (shape - 1) ln x -
    /// rate x` for the gamma, of which the exponential is the one of shape 1, and `-inf` at `x < 0`.
    pub fn ln_pdf(&self, x: f64) -> f64 {
        self.ln_kernel(x) + self.ln_constant()
    }

    /// The part of [`Self::ln_pdf`] that depends on `x`.
    pub(crate) fn ln_kernel(&self, x: f64) -> f64 {
        match *self {
            Self::Normal { mean, sd } => {
                let z = (x - mean) / sd;
                -0.5 * z * z
            }
            Self::HalfNormal { sd } if x >= 0.0 => {
                let z = x / sd;
                -0.5 * z * z
            }
            Self::Exponential { rate } if x >= 0.0 => -rate * x,
            // At shape 1 the power is 1 even at 0, where its logarithm would be 0 times infinity.
            Self::Gamma { shape: 1.0, rate } if x >= 0.0 => -rate * x,
            Self::Gamma { shape, rate } if x >= 0.0 => (shape - 1.0) * x.ln() - rate * x,
            _ if x.is_nan() => f64::NAN,
            _ => f64::NEG_INFINITY,
        }
    }

    /// The part of [`Self::ln_pdf`] that does not depend on `x`, in nats: what is left of it but for `-z^2 / 2`, or but
    /// for `(shape - 1) ln x - rate x`.
    pub fn ln_constant(&self) -> f64 {
        match *self {
            Self::Normal { sd, .. } => -LN_SQRT_2_PI - sd.ln(),
            Self::HalfNormal { sd } => LN_2 - LN_SQRT_2_PI - sd.ln(),
            Self::Exponential { rate } => rate.ln(),
            Self::Gamma { shape, rate } => shape * rate.ln() - ln_gamma(shape),
        }
    }

    /// Derivative of the log density at `x`: `(mean - x) / sd^2`, or `(shape - 1) / x - rate`; 0 where the density
    /// is 0.
    pub fn d_ln_pdf(&self, x: f64) -> f64 {
        match *self {
            Self::Normal { mean, sd } => (mean - x) / sd / sd,
            _ if x < 0.0 => 0.0,
            Self::HalfNormal { sd } => -x / sd / sd,
            Self::Exponential { rate } => -rate,
            Self::Gamma { shape, rate } => (shape - 1.0) / x - rate,
        }
    }
}

fn finite(prior: &'static str, what: &'static str, value: f64) -> Result<(), ModelError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(ModelError::PriorNumber { prior, what, value })
    }
}

fn positive(prior: &'static str, what: &'static str, value: f64) -> Result<(), ModelError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(ModelError::PriorNumber { prior, what, value })
    }
}

impl fmt::Display for Prior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal { mean, sd } => write!(f, "normal({mean}, {sd})"),
            Self::HalfNormal { sd } => write!(f, "half-normal({sd})"),
            Self::Exponential { rate } => write!(f, "exponential({rate})"),
            Self::Gamma { shape, rate } => write!(f, "gamma({shape}, {rate})"),
        }
    }
}

impl FromStr for Prior {
    type Err = ModelError;

    /// Reads `normal(MEAN, SD)`, `half-normal(SD)`, `exponential(RATE)` or `gamma(SHAPE, RATE)`, in any case and with
    /// any blanks around the words.
    fn from_str(text: &str) -> Result<Self, ModelError> {
        let unknown = || ModelError::PriorText {
            text: text.trim().to_owned(),
        };
        let (family, rest) = text.trim().split_once('(').ok_or_else(unknown)?;
        let inner = rest.strip_suffix(')').ok_or_else(unknown)?;
        let numbers = inner
            .split(',')
            .map(|number| number.trim().parse::<f64>())
            .collect::<Result<Vec<f64>, _>>()
            .map_err(|_| unknown())?;
        match (family.trim().to_ascii_lowercase().as_str(), &numbers[..]) {
            ("normal", &[mean, sd]) => Self::normal(mean, sd),
            ("half-normal", &[sd]) => Self::half_normal(sd),
            ("exponential", &[rate]) => Self::exponential(rate),
            ("gamma", &[shape, rate]) => Self::gamma(shape, rate),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Continuous, Exp, Gamma, Normal};

    #[test]
    fn the_constants_are_what_their_names_say() {
        let computed = (2.0 * std::f64::consts::PI).sqrt().ln();
        assert!((LN_SQRT_2_PI - computed).abs() < 2e-16);
    }

    #[test]
    fn the_densities_are_those_of_statrs() {
        for (mean, sd) in [(0.0, 2.0), (-3.5, 0.01), (1e6, 1e9)] {
            let prior = Prior::normal(mean, sd).expect("the numbers are valid");
            let half = Prior::half_normal(sd).expect("the number is valid");
            let reference = Normal::new(mean, sd).expect("the numbers are valid");
            let centred = Normal::new(0.0, sd).expect("the number is valid");
            for z in [-8.0, -1.3, 0.0, 0.4, 5.0] {
                let x = mean + z * sd;
                let error = prior.ln_pdf(x) - reference.ln_pdf(x);
                assert!(error.abs() < 1e-12, "normal({mean}, {sd}) at {x}: {error}");
                let x = f64::abs(z) * sd;
                let error = half.ln_pdf(x) - (2.0 * centred.pdf(x)).ln();
                assert!(error.abs() < 1e-12, "half-normal({sd}) at {x}: {error}");
            }
            assert_eq!(half.ln_pdf(-1e-9 * sd), f64::NEG_INFINITY);
            assert!(half.ln_pdf(f64::NAN).is_nan());
        }
    }

    #[test]
    fn the_densities_of_rates_are_those_of_statrs() {
        for (shape, rate) in [(0.5, 2.0), (1.0, 0.3), (7.5, 1e3)] {
            let prior = Prior::gamma(shape, rate).expect("the numbers are valid");
            let reference = Gamma::new(shape, rate).expect("the numbers are valid");
            let exponential = Prior::exponential(rate).expect("the number is valid");
            let of_shape_1 = Exp::new(rate).expect("the number is valid");
            for share in [0.01, 0.7, 1.0, 4.0] {
                let x = share * shape / rate;
                let error = prior.ln_pdf(x) - reference.ln_pdf(x);
                assert!(error.abs() < 1e-12, "{prior} at {x}: {error}");
                let error = exponential.ln_pdf(x) - of_shape_1.ln_pdf(x);
                assert!(error.abs() < 1e-12, "{exponential} at {x}: {error}");
            }
            assert_eq!(prior.ln_pdf(-1.0), f64::NEG_INFINITY);
        }
        let at_zero = Prior::gamma(1.0, 3.0).expect("valid").ln_pdf(0.0);
        assert!((at_zero - 3.0_f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn the_derivatives_are_those_of_the_densities() {
        let priors = [
            Prior::normal(-1.5, 0.7).expect("valid"),
            Prior::half_normal(2.5).expect("valid"),
            Prior::exponential(0.7).expect("valid"),
            Prior::gamma(3.5, 2.0).expect("valid"),
        ];
        for prior in priors {
            for x in [0.3, 1.0, 4.0] {
                let h = 1e-5;
                let by_difference = (prior.ln_pdf(x + h) - prior.ln_pdf(x - h)) / (2.0 * h);
                assert!(
                    (prior.d_ln_pdf(x) - by_difference).abs() < 1e-8,
                    "{prior} at {x}"
                );
            }
        }
        assert_eq!(priors[1].d_ln_pdf(-1.0), 0.0);
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for text in [
            "normal(0, 2)",
            "half-normal(2)",
            "normal(-1.25, 0.003)",
            "half-normal(250000000)",
            "exponential(0.5)",
            "gamma(2, 0.25)",
        ] {
            let prior: Prior = text.parse().expect("the text is a prior");
            assert_eq!(prior.to_string(), text);
        }
        for text in [" Normal ( 0 ,2 ) ", "NORMAL(0,2e0)", "normal(0.0,2.0)"] {
            assert_eq!(
                text.parse::<Prior>(),
                Prior::normal(0.0, 2.0),
                "{text} was misread"
            );
        }
        assert_eq!("HALF-normal( 2)".parse::<Prior>(), Prior::half_normal(2.0));
    }

    #[test]
    fn what_is_no_prior_is_refused_with_the_way_out() {
        for text in [
            "",
            "normal",
            "normal(0)",
            "normal(0,1,2)",
            "normal(0, 2",
            "normal(a, 2)",
            "half-normal(0, 2)",
            "cauchy(0, 1)",
        ] {
            let error = text.parse::<Prior>().expect_err("the text is no prior");
            assert!(
                matches!(error, ModelError::PriorText { .. }),
                "{text}: {error}"
            );
            assert!(
                error.to_string().contains("half-normal(SD)"),
                "{error} does not say what is accepted"
            );
        }
        for text in [
            "normal(inf, 1)",
            "normal(0, 0)",
            "half-normal(-2)",
            "half-normal(nan)",
            "exponential(0)",
            "gamma(0, 1)",
            "gamma(1, -1)",
        ] {
            let error = text.parse::<Prior>().expect_err("the number is invalid");
            assert!(
                matches!(error, ModelError::PriorNumber { .. }),
                "{text}: {error}"
            );
        }
    }
}
