//! Mean and standard deviation of a normal sample, as the talk's loop has them: exactly.
//!
//! The loop multiplies by no prior, so that it samples the posterior under one that is flat in `mu` and in `sigma > 0`. For
//! `n` observations with mean `m` and sum of squares `Q` about it (Gelman et al., *Bayesian Data Analysis*, 3rd edition,
//! section 3.2, where the prior is `1 / sigma^2` and there is one degree of freedom more)
//!
//! ```text
//! p(mu, sigma | D) = c sigma^-n exp(-(Q + n (mu - m)^2) / (2 sigma^2))
//! mu    = m + sqrt(Q / (n (n - 2))) t        t: Student's t of n - 2 degrees of freedom
//! sigma = sqrt(Q / (2 g))                    g: gamma of shape (n - 2) / 2 and rate 1
//! ```
//!
//! It is proper from 3 observations on, has means from 4 on and variances from 5 on.

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};
use statrs::function::gamma::{gamma_ur, ln_gamma};

use crate::ModelError;
use crate::prior::LN_SQRT_2_PI;

/// Least number of observations: fewer leave a standard deviation without variance.
const LEAST: usize = 5;
/// Halvings after which a quantile's bracket is as narrow as a float.
const HALVINGS: usize = 200;

/// A normal sample's count, mean and sum of squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalSample {
    n: f64,
    mean: f64,
    sum_sq: f64,
}

impl NormalSample {
    /// The sample `values`.
    ///
    /// # Errors
    /// When there are fewer than 5, they are all the same, or their squares are beyond a float.
    pub fn new(values: &[f64]) -> Result<Self, ModelError> {
        let refused = |spread| ModelError::Sample {
            given: values.len(),
            least: LEAST,
            spread,
        };
        if values.len() < LEAST {
            return Err(refused(f64::NAN));
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let sum_sq = values.iter().map(|y| (y - mean).powi(2)).sum::<f64>();
        if sum_sq > 0.0 && sum_sq.is_finite() {
            Ok(Self { n, mean, sum_sq })
        } else {
            Err(refused(sum_sq))
        }
    }

    /// The log-likelihood at `mu` and `sigma > 0`, in nats; `-inf` at other `sigma`.
    pub fn ln_likelihood(&self, mu: f64, sigma: f64) -> f64 {
        if sigma.is_nan() || sigma <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let squares = self.sum_sq + self.n * (mu - self.mean).powi(2);
        -self.n * (LN_SQRT_2_PI + sigma.ln()) - 0.5 * squares / (sigma * sigma)
    }

    /// The exact posterior of `mu`.
    pub fn mu(&self) -> SampleLaw {
        let dof = self.n - 2.0;
        SampleLaw(Law::StudentsT {
            mean: self.mean,
            scale: (self.sum_sq / (self.n * dof)).sqrt(),
            dof,
        })
    }

    /// The exact posterior of `sigma`.
    pub fn sigma(&self) -> SampleLaw {
        SampleLaw(Law::RootInverseGamma {
            shape: 0.5 * (self.n - 2.0),
            half_sum: 0.5 * self.sum_sq,
        })
    }
}

/// The exact posterior of one parameter of a [`NormalSample`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleLaw(Law);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Law {
    StudentsT { mean: f64, scale: f64, dof: f64 },
    RootInverseGamma { shape: f64, half_sum: f64 },
}

impl SampleLaw {
    /// Its mean.
    pub fn mean(&self) -> f64 {
        match self.0 {
            Law::StudentsT { mean, .. } => mean,
            Law::RootInverseGamma { shape, half_sum } => {
                half_sum.sqrt() * (ln_gamma(shape - 0.5) - ln_gamma(shape)).exp()
            }
        }
    }

    /// Its standard deviation.
    pub fn sd(&self) -> f64 {
        match self.0 {
            Law::StudentsT { scale, dof, .. } => scale * (dof / (dof - 2.0)).sqrt(),
            Law::RootInverseGamma { shape, half_sum } => {
                (half_sum / (shape - 1.0) - self.mean().powi(2)).sqrt()
            }
        }
    }

    /// Its density at `x`.
    pub fn density(&self, x: f64) -> f64 {
        match self.0 {
            Law::StudentsT { mean, scale, dof } => {
                // Scale and degrees of freedom are positive, so there is such a law.
                StudentsT::new(mean, scale, dof).map_or(f64::NAN, |t| t.pdf(x))
            }
            Law::RootInverseGamma { shape, half_sum } if x > 0.0 => {
                let ln = shape * half_sum.ln() - ln_gamma(shape) - (2.0 * shape + 1.0) * x.ln();
                2.0 * (ln - half_sum / (x * x)).exp()
            }
            Law::RootInverseGamma { .. } => 0.0,
        }
    }

    /// Probability of a value of at most `x`.
    pub fn cdf(&self, x: f64) -> f64 {
        match self.0 {
            Law::StudentsT { mean, scale, dof } => {
                StudentsT::new(mean, scale, dof).map_or(f64::NAN, |t| t.cdf(x))
            }
            Law::RootInverseGamma { shape, half_sum } if x > 0.0 => {
                gamma_ur(shape, half_sum / (x * x))
            }
            Law::RootInverseGamma { .. } => 0.0,
        }
    }

    /// The value that it stays below with `probability`; `NaN` unless that lies between 0 and 1.
    pub fn quantile(&self, probability: f64) -> f64 {
        if !(probability > 0.0 && probability < 1.0) {
            return f64::NAN;
        }
        let (mut low, mut high) = (self.mean(), self.mean());
        let mut reach = self.sd();
        while self.cdf(low) > probability {
            low -= reach;
            reach *= 2.0;
        }
        while self.cdf(high) < probability {
            high += reach;
            reach *= 2.0;
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.cdf(middle) < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 10] = [0.4, 1.9, 1.1, 0.7, 1.3, 0.2, 1.6, 0.9, 1.2, 2.1];

    /// Weights of the posterior on a grid, from densities multiplied as a book has them.
    fn grid(values: &[f64]) -> Vec<(f64, f64, f64)> {
        let mut points = Vec::new();
        for i in 0..1_200 {
            for j in 1..1_200 {
                let (mu, sigma) = (-4.0 + f64::from(i) / 120.0, f64::from(j) / 200.0);
                let product: f64 = values
                    .iter()
                    .map(|y| (-0.5 * ((y - mu) / sigma).powi(2)).exp() / sigma)
                    .product();
                points.push((mu, sigma, product));
            }
        }
        points
    }

    #[test]
    fn moments_and_probabilities_are_those_of_a_grid() {
        let sample = NormalSample::new(&VALUES).expect("a sample");
        let points = grid(&VALUES);
        let total: f64 = points.iter().map(|p| p.2).sum();
        let mean_of = |f: &dyn Fn(f64, f64) -> f64| {
            points.iter().map(|p| f(p.0, p.1) * p.2).sum::<f64>() / total
        };
        type Density = fn(f64, f64) -> f64;
        let laws: [(SampleLaw, Density); 2] = [
            (sample.mu(), |mu, _| mu),
            (sample.sigma(), |_, sigma| sigma),
        ];
        for (law, of) in laws {
            let mean = mean_of(&|mu, sigma| of(mu, sigma));
            let square = mean_of(&|mu, sigma| of(mu, sigma).powi(2));
            // The grid leaves out what is beyond 4 and 6: 1e-5 of the mass.
            assert!((law.mean() - mean).abs() < 1e-4, "{} {mean}", law.mean());
            let sd = (square - mean * mean).sqrt();
            assert!((law.sd() - sd).abs() < 1e-3, "{} {sd}", law.sd());
            for p in [0.05, 0.5, 0.9] {
                // Half a grid's step on: the point that is the quantile's neighbour counts in full.
                let q = law.quantile(p);
                let below = mean_of(&|mu, sigma| f64::from(u8::from(of(mu, sigma) <= q)));
                assert!((below - p).abs() < 0.015, "{p}: {below}");
                assert!((law.cdf(q) - p).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn densities_integrate_to_the_probabilities() {
        let sample = NormalSample::new(&VALUES).expect("a sample");
        for law in [sample.mu(), sample.sigma()] {
            let (low, high, n) = (law.quantile(0.01), law.quantile(0.99), 20_000);
            let width = (high - low) / f64::from(n);
            let nodes = (0..n).map(|i| law.density(low + (f64::from(i) + 0.5) * width));
            let mass = nodes.sum::<f64>() * width;
            assert!((mass - 0.98).abs() < 1e-7, "{mass}");
        }
        assert_eq!(sample.sigma().density(-1.0), 0.0);
        assert!(sample.mu().quantile(1.0).is_nan());
    }

    #[test]
    fn the_likelihood_is_a_sum_of_densities() {
        let sample = NormalSample::new(&VALUES).expect("a sample");
        for (mu, sigma) in [(0.0, 3.0), (1.0, 0.5), (-7.0, 0.2)] {
            let sum: f64 = VALUES
                .iter()
                .map(|y| crate::testing::ln_normal(*y, mu, sigma))
                .sum();
            assert!((sample.ln_likelihood(mu, sigma) - sum).abs() < 1e-10 * sum.abs());
        }
        assert_eq!(sample.ln_likelihood(1.0, -0.5), f64::NEG_INFINITY);
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        for values in [&[1.0, 2.0, 3.0, 4.0][..], &[1.0; 6], &[f64::NAN; 6]] {
            let outcome = NormalSample::new(values);
            assert!(matches!(outcome, Err(ModelError::Sample { .. })));
        }
    }
}
