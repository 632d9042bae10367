//! The talk's for-loop: Metropolis for the mean and standard deviation of a normal sample, written as it stands there.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use switchback_core::ChainRng;

use crate::prior::LN_SQRT_2_PI;

/// By what two places are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scoring {
    /// The product of the densities, as in the talk. Of a `sigma` that is not positive SciPy's density is `NaN`, and so is
    /// this one.
    Product,
    /// The sum of their logarithms; `NaN` for a `sigma` that is not positive.
    LogDensity,
    /// The same by `sigma^2` alone, as in the talk's TensorFlow: `sigma` and `-sigma` are equally likely.
    LogDensityOfSquare,
}

impl Scoring {
    /// The score of `mu` and `sigma`, given `data`.
    pub fn score(self, data: &[f64], mu: f64, sigma: f64) -> f64 {
        match self {
            Self::Product => data.iter().map(|y| density(*y, mu, sigma)).product(),
            Self::LogDensity if sigma.is_nan() || sigma <= 0.0 => f64::NAN,
            Self::LogDensity | Self::LogDensityOfSquare => {
                let ln_sigma = 0.5 * (sigma * sigma).ln();
                let ln = |y: &f64| {
                    let z = (y - mu) / sigma;
                    -LN_SQRT_2_PI - ln_sigma - 0.5 * z * z
                };
                data.iter().map(ln).sum()
            }
        }
    }

    /// How much more likely the score `new` is than `old`.
    fn ratio(self, new: f64, old: f64) -> f64 {
        match self {
            Self::Product => new / old,
            Self::LogDensity | Self::LogDensityOfSquare => (new - old).exp(),
        }
    }
}

/// The normal density as SciPy's `norm.pdf`.
fn density(y: f64, mu: f64, sigma: f64) -> f64 {
    if sigma.is_nan() || sigma <= 0.0 {
        return f64::NAN;
    }
    let z = (y - mu) / sigma;
    (-0.5 * z * z - LN_SQRT_2_PI).exp() / sigma
}

/// The loop's settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForLoop {
    /// Where `mu` and `sigma` start; `(0, 3)` in the talk.
    pub start: (f64, f64),
    /// Standard deviation of the steps of both; 0.1 in the talk.
    pub step: f64,
    /// Steps; 10,000 in the talk.
    pub num_steps: usize,
    /// By what places are compared.
    pub scoring: Scoring,
}

/// Where a loop has been.
#[derive(Debug, Clone, PartialEq)]
pub struct Walk {
    /// `mu` at the start and after every step.
    pub mu: Vec<f64>,
    /// `sigma` at the start and after every step.
    pub sigma: Vec<f64>,
    /// Steps that were taken.
    pub n_moved: usize,
}

impl ForLoop {
    /// The talk's settings.
    pub const TALK: Self = Self {
        start: (0.0, 3.0),
        step: 0.1,
        num_steps: 10_000,
        scoring: Scoring::Product,
    };

    /// Runs the loop on `data`. The random numbers are the same whatever the scoring says.
    pub fn run(&self, data: &[f64], rng: &mut ChainRng) -> Walk {
        let (mut mu, mut sigma) = self.start;
        let mut walk = Walk {
            mu: vec![mu],
            sigma: vec![sigma],
            n_moved: 0,
        };
        let mut score = self.scoring.score(data, mu, sigma);
        for _ in 0..self.num_steps {
            let mut noise = || -> f64 { StandardNormal.sample(rng) };
            let new_mu = mu + self.step * noise();
            let new_sigma = sigma + self.step * noise();
            let new_score = self.scoring.score(data, new_mu, new_sigma);
            // Of two products that are 0 the ratio is no number, and nothing is less than that.
            if rng.random::<f64>() < self.scoring.ratio(new_score, score) {
                (mu, sigma, score) = (new_mu, new_sigma, new_score);
                walk.n_moved += 1;
            }
            walk.mu.push(mu);
            walk.sigma.push(sigma);
        }
        walk
    }
}

/// How many of `data` it takes until the product of their densities at `mu` and `sigma` is 0 in a float; `None` where
/// it never is.
pub fn underflow_at(data: &[f64], mu: f64, sigma: f64) -> Option<usize> {
    let mut product = 1.0;
    let is_gone = |y: &f64| {
        product *= density(*y, mu, sigma);
        product == 0.0
    };
    data.iter().position(is_gone).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::stream;

    fn sample(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = stream(seed, 7);
        let noise = StandardNormal.sample_iter(&mut rng);
        noise.take(n).map(|z: f64| 1.0 + 0.5 * z).collect()
    }

    fn run(data: &[f64], start: (f64, f64), scoring: Scoring) -> Walk {
        let settings = ForLoop {
            start,
            scoring,
            ..ForLoop::TALK
        };
        settings.run(data, &mut stream(3, 0))
    }

    #[test]
    fn products_and_logarithms_walk_the_same_way_where_neither_is_gone() {
        let data = sample(10, 1);
        let [product, log] = [Scoring::Product, Scoring::LogDensity]
            .map(|scoring| run(&data, ForLoop::TALK.start, scoring));
        assert_eq!(product, log);
        assert_eq!(product.mu.len(), 10_001);
        assert!(product.n_moved > 1_000);
    }

    #[test]
    fn a_product_that_is_0_never_moves_and_its_logarithm_does() {
        let data = sample(500, 1);
        let n = underflow_at(&data, 0.0, 3.0).expect("500 are too many");
        assert!((300..420).contains(&n), "{n}");
        assert_eq!(underflow_at(&data[..n - 1], 0.0, 3.0), None);
        assert_eq!(Scoring::Product.score(&data, 0.0, 3.0), 0.0);
        assert_eq!(run(&data, (0.0, 3.0), Scoring::Product).n_moved, 0);
        let log = run(&data, (0.0, 3.0), Scoring::LogDensity);
        assert!(
            (log.sigma[10_000] - 0.5).abs() < 0.2,
            "{:?}",
            log.sigma[10_000]
        );
    }

    #[test]
    fn a_negative_sigma_is_no_number_or_the_mirror_image() {
        let data = sample(10, 2);
        assert!(Scoring::Product.score(&data, 1.0, -0.5).is_nan());
        assert!(Scoring::LogDensity.score(&data, 1.0, 0.0).is_nan());
        let scores = [0.5, -0.5].map(|s| Scoring::LogDensityOfSquare.score(&data, 1.0, s));
        assert_eq!(scores[0], scores[1]);
        for scoring in [Scoring::Product, Scoring::LogDensity] {
            assert_eq!(run(&data, (0.0, -3.0), scoring).n_moved, 0);
        }
        let square = run(&data, (0.0, -3.0), Scoring::LogDensityOfSquare);
        let late = &square.sigma[1_000..];
        let mean = late.iter().sum::<f64>() / late.len() as f64;
        assert!((-0.9..-0.3).contains(&mean), "{mean}");
    }
}
