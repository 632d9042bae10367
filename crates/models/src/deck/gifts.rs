//! The weights of Santa's gifts, as Kaggle's "Santa's Uncertain Bags" draws them, in pounds.

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI};
use std::fmt;

use rand::{Rng, RngExt};
use rand_distr::{Beta, ChiSquared, Distribution, Gamma, StandardNormal, Triangular};
use statrs::function::erf::erfc;
use statrs::function::gamma::gamma_lr;

use crate::Prior;

/// One of the nine kinds of gift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gift {
    /// `max(0, normal(5, 2))`.
    Horse,
    /// `max(0, 1 + normal(1, 0.3))`.
    Ball,
    /// `max(0, normal(20, 10))`.
    Bike,
    /// `max(0, normal(10, 5))`.
    Train,
    /// `47 beta(0.5, 0.5)`.
    Coal,
    /// `chisquare(2)`.
    Book,
    /// `gamma(5, 1)`.
    Doll,
    /// `triangular(5, 10, 20)`.
    Block,
    /// `3 + random()` three times in ten, else `random()`; not on the talk's slide.
    Gloves,
}

impl Gift {
    /// All of them, in the order of the slide.
    pub const ALL: [Self; 9] = [
        Self::Horse,
        Self::Ball,
        Self::Bike,
        Self::Train,
        Self::Coal,
        Self::Book,
        Self::Doll,
        Self::Block,
        Self::Gloves,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Horse => "horse",
            Self::Ball => "ball",
            Self::Bike => "bike",
            Self::Train => "train",
            Self::Coal => "coal",
            Self::Book => "book",
            Self::Doll => "doll",
            Self::Block => "block",
            Self::Gloves => "gloves",
        }
    }

    /// The law of its weight.
    pub fn weight(self) -> WeightLaw {
        let normal = |mean, sd| WeightLaw::Normal {
            mean,
            sd,
            at_zero: AtZero::Censored,
        };
        match self {
            Self::Horse => normal(5.0, 2.0),
            Self::Ball => normal(2.0, 0.3),
            Self::Bike => normal(20.0, 10.0),
            Self::Train => normal(10.0, 5.0),
            Self::Coal => WeightLaw::Arcsine { most: 47.0 },
            Self::Book => WeightLaw::Gamma {
                shape: 1.0,
                scale: 2.0,
            },
            Self::Doll => WeightLaw::Gamma {
                shape: 5.0,
                scale: 1.0,
            },
            Self::Block => WeightLaw::Triangular {
                low: 5.0,
                mode: 10.0,
                high: 20.0,
            },
            Self::Gloves => WeightLaw::TwoBoxes {
                second: 3.0,
                share: 0.3,
            },
        }
    }
}

impl fmt::Display for Gift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What becomes of the part of a normal law that is below 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtZero {
    /// It is put at 0 itself, as `max(0, x)` does: 0 has a probability of its own.
    Censored,
    /// It is drawn again: the law is the normal one given that it is positive.
    Truncated,
}

/// The law of a weight, in pounds, at least 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WeightLaw {
    /// A normal law without its part below 0.
    Normal {
        /// Mean of the whole normal law.
        mean: f64,
        /// Standard deviation of the whole normal law.
        sd: f64,
        /// What becomes of the part below 0.
        at_zero: AtZero,
    },
    /// `most` times a beta variable of shapes 1/2 and 1/2, the arcsine law.
    Arcsine {
        /// Greatest weight.
        most: f64,
    },
    /// The gamma law; a chi-squared of `k` degrees of freedom has shape `k / 2` and scale 2.
    Gamma {
        /// Its shape.
        shape: f64,
        /// Its scale.
        scale: f64,
    },
    /// The triangular law.
    Triangular {
        /// Least weight.
        low: f64,
        /// Most likely weight.
        mode: f64,
        /// Greatest weight.
        high: f64,
    },
    /// Uniform from 0 to 1, or with some probability from `second` to `second + 1`.
    TwoBoxes {
        /// Where the second box begins, at least 1.
        second: f64,
        /// Probability of the second box.
        share: f64,
    },
}

/// The standard normal density.
fn phi(z: f64) -> f64 {
    (0.5 * FRAC_1_PI).sqrt() * (-0.5 * z * z).exp()
}

/// The standard normal distribution function.
fn big_phi(z: f64) -> f64 {
    0.5 * erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

impl WeightLaw {
    /// The same normal law with the other treatment of what is below 0; `None` for a law that has nothing there.
    pub fn with(self, at_zero: AtZero) -> Option<Self> {
        match self {
            Self::Normal { mean, sd, .. } => Some(Self::Normal { mean, sd, at_zero }),
            _ => None,
        }
    }

    /// Mean and mean square.
    fn moments(self) -> (f64, f64) {
        match self {
            Self::Normal { mean, sd, at_zero } => {
                let (kept, edge) = (big_phi(mean / sd), sd * phi(mean / sd));
                let first = mean * kept + edge;
                let second = (mean * mean + sd * sd) * kept + mean * edge;
                match at_zero {
                    AtZero::Censored => (first, second),
                    AtZero::Truncated => (first / kept, second / kept),
                }
            }
            Self::Arcsine { most } => (most / 2.0, most * most * 3.0 / 8.0),
            Self::Gamma { shape, scale } => (shape * scale, shape * (shape + 1.0) * scale * scale),
            Self::Triangular { low, mode, high } => {
                let first = (low + mode + high) / 3.0;
                let squares = low * low + mode * mode + high * high;
                let products = low * mode + low * high + mode * high;
                (first, first * first + (squares - products) / 18.0)
            }
            Self::TwoBoxes { second, share } => {
                let square = second * second + second;
                (0.5 + share * second, 1.0 / 3.0 + share * square)
            }
        }
    }

    /// Its mean.
    pub fn mean(self) -> f64 {
        self.moments().0
    }

    /// Its standard deviation.
    pub fn sd(self) -> f64 {
        let (mean, square) = self.moments();
        (square - mean * mean).sqrt()
    }

    /// Probability that the weight is 0 exactly.
    pub fn at_zero(self) -> f64 {
        match self {
            Self::Normal {
                mean,
                sd,
                at_zero: AtZero::Censored,
            } => big_phi(-mean / sd),
            _ => 0.0,
        }
    }

    /// Density at `x`, the probability of 0 itself left out.
    pub fn density(self, x: f64) -> f64 {
        if x < 0.0 {
            return 0.0;
        }
        match self {
            Self::Normal { mean, sd, at_zero } => {
                let whole = phi((x - mean) / sd) / sd;
                match at_zero {
                    AtZero::Censored => whole,
                    AtZero::Truncated => whole / big_phi(mean / sd),
                }
            }
            Self::Arcsine { most } if x < most => FRAC_1_PI / (x * (most - x)).sqrt(),
            Self::Gamma { shape, scale } => {
                let rate = scale.recip();
                Prior::Gamma { shape, rate }.ln_pdf(x).exp()
            }
            Self::Triangular { low, mode, high } if low < x && x < high => {
                let height = 2.0 / (high - low);
                if x < mode {
                    height * (x - low) / (mode - low)
                } else {
                    height * (high - x) / (high - mode)
                }
            }
            Self::TwoBoxes { second, share } => {
                let within = |low: f64| f64::from(u8::from((low..low + 1.0).contains(&x)));
                (1.0 - share) * within(0.0) + share * within(second)
            }
            Self::Arcsine { .. } | Self::Triangular { .. } => 0.0,
        }
    }

    /// Probability of a weight of at most `x`.
    pub fn cdf(self, x: f64) -> f64 {
        if x < 0.0 {
            return 0.0;
        }
        match self {
            Self::Normal { mean, sd, at_zero } => {
                let whole = big_phi((x - mean) / sd);
                match at_zero {
                    AtZero::Censored => whole,
                    AtZero::Truncated => {
                        let below = big_phi(-mean / sd);
                        (whole - below) / (1.0 - below)
                    }
                }
            }
            Self::Arcsine { most } => FRAC_2_PI * (x / most).min(1.0).sqrt().asin(),
            Self::Gamma { shape, scale } => {
                if x > 0.0 {
                    gamma_lr(shape, x / scale)
                } else {
                    0.0
                }
            }
            Self::Triangular { low, mode, high } => {
                let x = x.clamp(low, high);
                if x < mode {
                    (x - low).powi(2) / ((high - low) * (mode - low))
                } else {
                    1.0 - (high - x).powi(2) / ((high - low) * (high - mode))
                }
            }
            Self::TwoBoxes { second, share } => {
                (1.0 - share) * x.min(1.0) + share * (x - second).clamp(0.0, 1.0)
            }
        }
    }

    /// One weight.
    pub fn draw(self, rng: &mut impl Rng) -> f64 {
        match self {
            Self::Normal { mean, sd, at_zero } => loop {
                let z: f64 = StandardNormal.sample(rng);
                let x = mean + sd * z;
                match at_zero {
                    AtZero::Censored => return x.max(0.0),
                    AtZero::Truncated if x > 0.0 => return x,
                    AtZero::Truncated => {}
                }
            },
            Self::TwoBoxes { second, share } => {
                let is_second = rng.random::<f64>() < share;
                rng.random::<f64>() + if is_second { second } else { 0.0 }
            }
            _ => self.draw_named(rng),
        }
    }

    /// One weight of a law that `rand_distr` has; `NaN` for numbers that make no law.
    fn draw_named(self, rng: &mut impl Rng) -> f64 {
        let drawn = match self {
            Self::Arcsine { most } => Beta::new(0.5, 0.5).ok().map(|law| most * law.sample(rng)),
            Self::Gamma {
                shape: 1.0,
                scale: 2.0,
            } => ChiSquared::new(2.0).ok().map(|law| law.sample(rng)),
            Self::Gamma { shape, scale } => {
                Gamma::new(shape, scale).ok().map(|law| law.sample(rng))
            }
            Self::Triangular { low, mode, high } => Triangular::new(low, high, mode)
                .ok()
                .map(|law| law.sample(rng)),
            Self::Normal { .. } | Self::TwoBoxes { .. } => None,
        };
        drawn.unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::stream;

    /// The nine laws, and the truncated ones.
    fn laws() -> Vec<WeightLaw> {
        let weights = Gift::ALL.map(Gift::weight);
        let truncated = weights.iter().filter_map(|law| law.with(AtZero::Truncated));
        weights.iter().copied().chain(truncated).collect()
    }

    /// Mean and standard deviation from the distribution function alone: the integrals of `1 - F` and `2 x (1 - F)`.
    fn moments_by_cdf(law: WeightLaw) -> (f64, f64) {
        let (n, most) = (400_000, 100.0);
        let width = most / f64::from(n);
        let (mut first, mut second) = (0.0, 0.0);
        for i in 0..n {
            let x = (f64::from(i) + 0.5) * width;
            let above = 1.0 - law.cdf(x);
            first += above * width;
            second += 2.0 * x * above * width;
        }
        (first, (second - first * first).sqrt())
    }

    #[test]
    fn moments_densities_and_distribution_functions_agree() {
        for law in laws() {
            let (mean, sd) = moments_by_cdf(law);
            assert!((law.mean() - mean).abs() < 1e-5, "{law:?}: {mean}");
            assert!((law.sd() - sd).abs() < 1e-4, "{law:?}: {sd}");
            for (low, high) in [(0.3, 0.9), (3.1, 3.6), (5.5, 9.5), (12.0, 18.0)] {
                let n = 4_000;
                let width = (high - low) / f64::from(n);
                let nodes = (0..n).map(|i| law.density(low + (f64::from(i) + 0.5) * width));
                let mass = nodes.sum::<f64>() * width;
                let expected = law.cdf(high) - law.cdf(low);
                assert!((mass - expected).abs() < 1e-6, "{law:?} {low}: {mass}");
            }
            assert_eq!((law.cdf(-1.0), law.density(-1.0)), (0.0, 0.0));
            assert!((law.cdf(1e3) - 1.0).abs() < 1e-12);
        }
    }

    /// Over seeds 1 to 200 no check of a mean or standard deviation failed.
    #[test]
    fn draws_have_the_moments_of_their_law() {
        let n = 40_000;
        for (number, law) in laws().into_iter().enumerate() {
            let mut rng = stream(1, number as u64);
            let draws: Vec<f64> = (0..n).map(|_| law.draw(&mut rng)).collect();
            let size = f64::from(n);
            let mean = draws.iter().sum::<f64>() / size;
            let power = |k| draws.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / size;
            let (variance, fourth) = (power(2), power(4));
            let mean_error = (variance / size).sqrt();
            assert!(
                (mean - law.mean()).abs() < 5.0 * mean_error,
                "{law:?}: {mean}"
            );
            let sd_error = ((fourth - variance * variance) / size / variance / 4.0).sqrt();
            let sd = variance.sqrt();
            assert!((sd - law.sd()).abs() < 5.0 * sd_error, "{law:?}: {sd}");
        }
    }

    #[test]
    fn a_censored_law_has_an_atom_and_a_truncated_one_has_not() {
        let censored = Gift::Train.weight();
        let truncated = censored.with(AtZero::Truncated).expect("it is normal");
        let below = big_phi(-2.0);
        assert!((censored.at_zero() - below).abs() < 1e-15);
        assert!((censored.cdf(0.0) - below).abs() < 1e-15);
        assert_eq!((truncated.at_zero(), truncated.cdf(0.0)), (0.0, 0.0));
        assert!(truncated.mean() > censored.mean() + 0.2);
        let mut rng = stream(2, 0);
        let zeros = (0..100_000).filter(|_| censored.draw(&mut rng) == 0.0);
        // 5 standard errors about 2275.
        assert!(zeros.count().abs_diff(2_275) < 240);
        assert!((0..1_000).all(|_| truncated.draw(&mut rng) > 0.0));
        assert_eq!(Gift::Coal.weight().with(AtZero::Truncated), None);
    }
}
