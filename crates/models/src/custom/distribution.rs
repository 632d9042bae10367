//! Distributions of one number, their log densities written once for floats and tensors.

use std::f64::consts::{LN_2, PI};
use std::fmt;

use switchback_core::Support;

use super::Arithmetic;
use crate::prior::LN_SQRT_2_PI;

/// A distribution of one number; its own numbers are floats, or tensors that are broadcast.
///
/// Outside its support a log density is `-inf`, and its derivative there 0; where its own numbers make no sense it is `NaN`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Distribution<N = f64> {
    /// Normal with a mean and a standard deviation.
    #[non_exhaustive]
    Normal {
        /// Mean.
        mean: N,
        /// Standard deviation, positive.
        sd: N,
    },
    /// That of `|x|` where `x` is normal with mean 0.
    #[non_exhaustive]
    HalfNormal {
        /// Standard deviation of that `x`, positive.
        sd: N,
    },
    /// That of `exp(x)` where `x` is normal.
    #[non_exhaustive]
    LogNormal {
        /// Mean of that `x`.
        mean: N,
        /// Its standard deviation, positive.
        sd: N,
    },
    /// Student's t, moved and stretched.
    #[non_exhaustive]
    StudentT {
        /// Degrees of freedom, positive.
        nu: N,
        /// Where its middle is.
        location: N,
        /// How wide it is, positive: its standard deviation where `nu` is large.
        scale: N,
    },
    /// Exponential.
    #[non_exhaustive]
    Exponential {
        /// Rate, the inverse of the mean, positive.
        rate: N,
    },
    /// Gamma.
    #[non_exhaustive]
    Gamma {
        /// Shape, positive.
        shape: N,
        /// Rate, positive: the mean is `shape / rate`.
        rate: N,
    },
    /// That of `1 / x` where `x` is gamma.
    #[non_exhaustive]
    InverseGamma {
        /// Shape of that `x`, positive.
        shape: N,
        /// Its rate, which is the scale here, positive.
        scale: N,
    },
    /// Beta.
    #[non_exhaustive]
    Beta {
        /// Power of `x`, plus 1, positive.
        a: N,
        /// Power of `1 - x`, plus 1, positive.
        b: N,
    },
    /// Chi-squared.
    #[non_exhaustive]
    ChiSquared {
        /// Degrees of freedom, positive.
        nu: N,
    },
    /// Uniform on an interval.
    #[non_exhaustive]
    Uniform {
        /// Lower end.
        low: N,
        /// Upper end, above it.
        high: N,
    },
    /// A triangle over an interval.
    #[non_exhaustive]
    Triangular {
        /// Lower end.
        low: N,
        /// Where its top is, not outside.
        mode: N,
        /// Upper end, above the lower one.
        high: N,
    },
    /// Poisson.
    #[non_exhaustive]
    Poisson {
        /// Rate, the mean, positive or 0.
        rate: N,
    },
    /// Uniform on whole numbers.
    #[non_exhaustive]
    DiscreteUniform {
        /// The least, a whole number.
        low: N,
        /// The greatest, a whole number not below it.
        high: N,
    },
    /// 1 with some probability, else 0.
    #[non_exhaustive]
    Bernoulli {
        /// Probability of 1, from 0 to 1.
        p: N,
    },
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $make:ident => $variant:ident { $($number:ident),+ })+) => {
        impl<N: Arithmetic> Distribution<N> {
            $($(#[$doc])*
            pub fn $make($($number: N),+) -> Self {
                Self::$variant { $($number),+ }
            })+
        }

        impl<N> Distribution<N> {
            /// The same distribution with what `of` makes of its own numbers.
            pub fn map<M>(&self, of: impl Fn(&N) -> M) -> Distribution<M> {
                match self {
                    $(Self::$variant { $($number),+ } => Distribution::$variant { $($number: of($number)),+ }),+
                }
            }
        }
    };
}

constructors! {
    /// [`Distribution::Normal`].
    normal => Normal { mean, sd }
    /// [`Distribution::HalfNormal`].
    half_normal => HalfNormal { sd }
    /// [`Distribution::LogNormal`].
    log_normal => LogNormal { mean, sd }
    /// [`Distribution::StudentT`].
    student_t => StudentT { nu, location, scale }
    /// [`Distribution::Exponential`].
    exponential => Exponential { rate }
    /// [`Distribution::Gamma`].
    gamma => Gamma { shape, rate }
    /// [`Distribution::InverseGamma`].
    inverse_gamma => InverseGamma { shape, scale }
    /// [`Distribution::Beta`].
    beta => Beta { a, b }
    /// [`Distribution::ChiSquared`].
    chi_squared => ChiSquared { nu }
    /// [`Distribution::Uniform`].
    uniform => Uniform { low, high }
    /// [`Distribution::Triangular`].
    triangular => Triangular { low, mode, high }
    /// [`Distribution::Poisson`].
    poisson => Poisson { rate }
    /// [`Distribution::DiscreteUniform`].
    discrete_uniform => DiscreteUniform { low, high }
    /// [`Distribution::Bernoulli`].
    bernoulli => Bernoulli { p }
}

/// The logarithm of the normal density with standard deviation `sd`, `z` of them from the mean.
fn ln_normal<N: Arithmetic>(z: N, sd: N) -> N {
    z.clone() * z * N::from(-0.5) - sd.ln() - N::from(LN_SQRT_2_PI)
}

/// The logarithm of the gamma density; `x` is not negative.
fn ln_gamma_density<N: Arithmetic>(shape: N, rate: N, x: N) -> N {
    let scaled = shape.clone() * rate.clone().ln() - shape.clone().ln_gamma();
    scaled + (shape - N::from(1.0)).times_ln(x.clone()) - rate * x
}

/// `ln_density` where `x` is within the support, `-inf` where `is_outside`; there it is asked at `inside`, so that no derivative
/// is lost.
fn where_possible<N: Arithmetic>(
    x: N,
    is_outside: &N::Mask,
    inside: N,
    ln_density: impl FnOnce(N) -> N,
) -> N {
    ln_density(x.replaced(is_outside, inside)).replaced(is_outside, N::from(f64::NEG_INFINITY))
}

impl<N: Arithmetic> Distribution<N> {
    /// Log density, or log probability, at `x`, in nats.
    pub fn log_density(&self, x: impl Into<N>) -> N {
        let x = x.into();
        let number = N::from;
        let not_positive = |x: &N| x.is_below(&number(f64::MIN_POSITIVE));
        let negative = |x: &N| x.is_below(&number(0.0));
        let beyond = |x: &N, low: &N, high: &N| N::either(x.is_below(low), high.is_below(x));
        match self.clone() {
            Self::Normal { mean, sd } => ln_normal((x - mean) / sd.clone(), sd),
            Self::HalfNormal { sd } => {
                let is_outside = negative(&x);
                where_possible(x, &is_outside, number(1.0), |x| {
                    ln_normal(x / sd.clone(), sd) + number(LN_2)
                })
            }
            Self::LogNormal { mean, sd } => {
                let is_outside = not_positive(&x);
                where_possible(x, &is_outside, number(1.0), |x| {
                    let ln_x = x.ln();
                    ln_normal((ln_x.clone() - mean) / sd.clone(), sd) - ln_x
                })
            }
            Self::StudentT {
                nu,
                location,
                scale,
            } => {
                let z = (x - location) / scale.clone();
                let half = (nu.clone() + number(1.0)) * number(0.5);
                let constant = half.clone().ln_gamma()
                    - (nu.clone() * number(0.5)).ln_gamma()
                    - (nu.clone() * number(PI)).ln() * number(0.5)
                    - scale.ln();
                constant - half * (z.clone() * z / nu).ln_1p()
            }
            Self::Exponential { rate } => {
                let is_outside = negative(&x);
                where_possible(x, &is_outside, number(1.0), |x| {
                    rate.clone().ln() - rate * x
                })
            }
            Self::Gamma { shape, rate } => {
                let is_outside = beyond(&x, &number(0.0), &number(f64::MAX));
                where_possible(x, &is_outside, number(1.0), |x| {
                    ln_gamma_density(shape, rate, x)
                })
            }
            Self::InverseGamma { shape, scale } => {
                let is_outside = not_positive(&x);
                where_possible(x, &is_outside, number(1.0), |x| {
                    let scaled = shape.clone() * scale.clone().ln() - shape.clone().ln_gamma();
                    scaled - (shape + number(1.0)) * x.clone().ln() - scale / x
                })
            }
            Self::Beta { a, b } => {
                let is_outside = beyond(&x, &number(0.0), &number(1.0));
                where_possible(x, &is_outside, number(0.5), |x| {
                    let constant = (a.clone() + b.clone()).ln_gamma()
                        - a.clone().ln_gamma()
                        - b.clone().ln_gamma();
                    let rest = number(1.0) - x.clone();
                    constant + (a - number(1.0)).times_ln(x) + (b - number(1.0)).times_ln(rest)
                })
            }
            Self::ChiSquared { nu } => {
                let is_outside = beyond(&x, &number(0.0), &number(f64::MAX));
                where_possible(x, &is_outside, number(1.0), |x| {
                    ln_gamma_density(nu * number(0.5), number(0.5), x)
                })
            }
            Self::Uniform { low, high } => {
                let is_outside = beyond(&x, &low, &high);
                // So that the shape is that of all three.
                let nothing = x.replaced(&is_outside, number(0.0)) * number(0.0);
                (nothing - (high - low).ln()).replaced(&is_outside, number(f64::NEG_INFINITY))
            }
            Self::Triangular { low, mode, high } => {
                let is_outside = beyond(&x, &low, &high);
                let inside = mode.clone();
                where_possible(x, &is_outside, inside, |x| {
                    let is_rising = x.is_below(&mode);
                    let ramp = |height: N, length: N| {
                        let is_flat = length.is_below(&number(f64::MIN_POSITIVE));
                        height / length.replaced(&is_flat, number(1.0))
                    };
                    let rising = ramp(x.clone() - low.clone(), mode.clone() - low.clone());
                    let falling = ramp(high.clone() - x, high.clone() - mode.clone());
                    // With the top at the upper end nothing falls there.
                    let is_top = N::either(is_rising.clone(), mode.is_below(&high));
                    let falling = number(1.0).replaced(&is_top, falling);
                    let height = falling.replaced(&is_rising, rising);
                    height.ln() + number(LN_2) - (high - low).ln()
                })
            }
            Self::Poisson { rate } => {
                let is_outside = N::either(negative(&x), x.is_fractional());
                where_possible(x, &is_outside, number(1.0), |x| {
                    let ln_factorial = (x.clone() + number(1.0)).ln_gamma();
                    x.times_ln(rate.clone()) - rate - ln_factorial
                })
            }
            Self::DiscreteUniform { low, high } => {
                let is_outside = N::either(beyond(&x, &low, &high), x.is_fractional());
                let nothing = x.replaced(&is_outside, number(0.0)) * number(0.0);
                (nothing - (high - low + number(1.0)).ln())
                    .replaced(&is_outside, number(f64::NEG_INFINITY))
            }
            Self::Bernoulli { p } => {
                let is_outside = beyond(&x, &number(0.0), &number(1.0));
                let is_outside = N::either(is_outside, x.is_fractional());
                where_possible(x, &is_outside, number(1.0), |x| {
                    let no = number(1.0) - x.clone();
                    x.times_ln(p.clone()) + no.times_ln(number(1.0) - p)
                })
            }
        }
    }
}

/// The name of a distribution and its own numbers.
type Described = (&'static str, Vec<f64>);

impl Distribution {
    /// Where a parameter with this prior lies; `None` for whole numbers without an end.
    pub fn support(&self) -> Option<Support> {
        Some(match *self {
            Self::Normal { .. } | Self::StudentT { .. } => Support::Real,
            Self::HalfNormal { .. }
            | Self::LogNormal { .. }
            | Self::Exponential { .. }
            | Self::Gamma { .. }
            | Self::InverseGamma { .. }
            | Self::ChiSquared { .. } => Support::Positive,
            Self::Beta { .. } => Support::Interval {
                low: 0.0,
                high: 1.0,
            },
            Self::Uniform { low, high } | Self::Triangular { low, high, .. } => {
                Support::Interval { low, high }
            }
            Self::DiscreteUniform { low, high } => Support::Integers {
                low: low as i64,
                high: high as i64,
            },
            Self::Bernoulli { .. } => Support::Integers { low: 0, high: 1 },
            Self::Poisson { .. } => return None,
        })
    }

    /// What is wrong with its own numbers, if anything is.
    pub fn fault(&self) -> Option<&'static str> {
        let (_, numbers) = self.described();
        if numbers.iter().any(|number| !number.is_finite()) {
            return Some("its numbers must be finite");
        }
        let positive = |number: f64, rule| (number <= 0.0).then_some(rule);
        match *self {
            Self::Normal { sd, .. } | Self::HalfNormal { sd } | Self::LogNormal { sd, .. } => {
                positive(sd, "its standard deviation must be positive")
            }
            Self::StudentT { nu, scale, .. } => positive(
                nu.min(scale),
                "its degrees of freedom and its scale must be positive",
            ),
            Self::Exponential { rate } => positive(rate, "its rate must be positive"),
            Self::Gamma { shape, rate } => {
                positive(shape.min(rate), "its shape and its rate must be positive")
            }
            Self::InverseGamma { shape, scale } => {
                positive(shape.min(scale), "its shape and its scale must be positive")
            }
            Self::Beta { a, b } => positive(a.min(b), "both of its numbers must be positive"),
            Self::ChiSquared { nu } => positive(nu, "its degrees of freedom must be positive"),
            Self::Uniform { low, high } => {
                positive(high - low, "its upper end must lie above its lower end")
            }
            Self::Triangular { low, mode, high } => (!(low <= mode && mode <= high && low < high))
                .then_some("its upper end must lie above its lower end, and its top between them"),
            Self::Poisson { rate } => (rate < 0.0).then_some("its rate must not be negative"),
            Self::DiscreteUniform { low, high } => {
                let is_whole = low.fract() == 0.0 && high.fract() == 0.0;
                (!is_whole || high < low)
                    .then_some("its ends must be whole numbers, the upper one not below the lower")
            }
            Self::Bernoulli { p } => {
                (!(0.0..=1.0).contains(&p)).then_some("its probability must lie between 0 and 1")
            }
        }
    }

    fn described(&self) -> Described {
        match *self {
            Self::Normal { mean, sd } => ("normal", vec![mean, sd]),
            Self::HalfNormal { sd } => ("half-normal", vec![sd]),
            Self::LogNormal { mean, sd } => ("log-normal", vec![mean, sd]),
            Self::StudentT {
                nu,
                location,
                scale,
            } => ("student-t", vec![nu, location, scale]),
            Self::Exponential { rate } => ("exponential", vec![rate]),
            Self::Gamma { shape, rate } => ("gamma", vec![shape, rate]),
            Self::InverseGamma { shape, scale } => ("inverse-gamma", vec![shape, scale]),
            Self::Beta { a, b } => ("beta", vec![a, b]),
            Self::ChiSquared { nu } => ("chi-squared", vec![nu]),
            Self::Uniform { low, high } => ("uniform", vec![low, high]),
            Self::Triangular { low, mode, high } => ("triangular", vec![low, mode, high]),
            Self::Poisson { rate } => ("poisson", vec![rate]),
            Self::DiscreteUniform { low, high } => ("discrete-uniform", vec![low, high]),
            Self::Bernoulli { p } => ("bernoulli", vec![p]),
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, numbers) = self.described();
        let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
        write!(f, "{name}({})", numbers.join(", "))
    }
}
