//! Draws from distributions of one number.

use rand::RngExt;
use rand_distr::{Beta, Distribution as _, Exp1, Gamma, Poisson, StandardNormal, StudentT};
use switchback_core::ChainRng;

use super::Distribution;

impl Distribution {
    /// One draw, or `NaN` where its numbers have a [`fault`](Self::fault).
    pub fn draw(&self, rng: &mut ChainRng) -> f64 {
        if self.fault().is_some() {
            return f64::NAN;
        }
        let normal = |rng: &mut ChainRng| -> f64 { StandardNormal.sample(rng) };
        let gamma = |shape: f64, scale: f64, rng: &mut ChainRng| {
            Gamma::new(shape, scale).map_or(f64::NAN, |gamma| gamma.sample(rng))
        };
        match *self {
            Self::Normal { mean, sd } => mean + sd * normal(rng),
            Self::HalfNormal { sd } => sd * normal(rng).abs(),
            Self::LogNormal { mean, sd } => (mean + sd * normal(rng)).exp(),
            Self::StudentT {
                nu,
                location,
                scale,
            } => {
                let t = StudentT::new(nu).map_or(f64::NAN, |t| t.sample(rng));
                location + scale * t
            }
            Self::Exponential { rate } => {
                let one: f64 = Exp1.sample(rng);
                one / rate
            }
            Self::Gamma { shape, rate } => gamma(shape, 1.0 / rate, rng),
            Self::InverseGamma { shape, scale } => scale / gamma(shape, 1.0, rng),
            Self::Beta { a, b } => Beta::new(a, b).map_or(f64::NAN, |beta| beta.sample(rng)),
            Self::ChiSquared { nu } => gamma(0.5 * nu, 2.0, rng),
            Self::Uniform { low, high } => low + (high - low) * rng.random::<f64>(),
            Self::Triangular { low, mode, high } => {
                // The inverse of the distribution function.
                let (u, width) = (rng.random::<f64>(), high - low);
                if u * width < mode - low {
                    low + (u * width * (mode - low)).sqrt()
                } else {
                    high - ((1.0 - u) * width * (high - mode)).sqrt()
                }
            }
            Self::Poisson { rate: 0.0 } => 0.0,
            Self::Poisson { rate } => {
                Poisson::new(rate).map_or(f64::NAN, |poisson| poisson.sample(rng))
            }
            Self::DiscreteUniform { low, high } => {
                rng.random_range(low as i64..=high as i64) as f64
            }
            Self::Bernoulli { p } => f64::from(u8::from(rng.random::<f64>() < p)),
        }
    }
}
