//! Unknown weights of which sums were weighed: normal priors, normal errors, and so a normal posterior in closed form.
//!
//! With prior means `m0`, the diagonal `V` of prior variances, and sums `A w` observed as `y` with standard deviation `s`,
//! the posterior of `w` is normal with precision `P = V^-1 + A'A / s^2` and mean `m0 + P^-1 A'(y - A m0) / s^2` (Bishop,
//! *Pattern Recognition and Machine Learning*, section 2.3.3).

use rand_distr::{Distribution, StandardNormal};
use switchback_core::{
    ChainRng, DensityError, Parameter, Posterior, RowDensity, RowGradient, Space, Support, each_row,
};

use super::symmetric::{Cholesky, Symmetric};
use crate::prior::LN_SQRT_2_PI;
use crate::{ModelError, Prior};

/// A sum of weights that was observed.
#[derive(Debug, Clone, PartialEq)]
pub struct WeighedSum {
    /// Indices of the weights in it.
    pub terms: Vec<usize>,
    /// What it was found to be.
    pub observed: f64,
}

/// The posterior of weights of which sums were weighed; values and positions are the same.
#[derive(Debug, Clone)]
pub struct LinearGaussian {
    space: Space,
    priors: Vec<(f64, f64)>,
    sums: Vec<WeighedSum>,
    sd: f64,
    mean: Vec<f64>,
    precision: Symmetric,
    covariance: Symmetric,
}

/// A direction in which prior and posterior are compared; directions are uncorrelated under both.
#[derive(Debug, Clone, PartialEq)]
pub struct Direction {
    /// Standard deviation along it over that of the prior: 1 where the data say nothing.
    pub sd_ratio: f64,
    /// Share of each weight, in units of its prior standard deviation; of length 1.
    pub shares: Vec<f64>,
}

/// Weights that are drawn together given the others; made by [`LinearGaussian::block`].
#[derive(Debug, Clone)]
pub struct GaussianBlock {
    members: Vec<usize>,
    factor: Cholesky,
}

impl LinearGaussian {
    /// The posterior of weights called `names`, each with the mean and standard deviation of its normal prior, whose
    /// `sums` were weighed with a normal error of standard deviation `sd`.
    ///
    /// # Errors
    /// When a prior or `sd` is no normal law, a sum has a term that is no weight or twice the same, or names and priors
    /// are not equally many.
    pub fn new(
        names: &[&str],
        priors: &[(f64, f64)],
        sums: Vec<WeighedSum>,
        sd: f64,
    ) -> Result<Self, ModelError> {
        for (mean, sd) in priors {
            Prior::normal(*mean, *sd)?;
        }
        for sum in &sums {
            Prior::normal(sum.observed, sd)?;
        }
        let n = priors.len();
        let is_sound = |sum: &WeighedSum| {
            let is_new = |(k, term): (usize, &usize)| *term < n && !sum.terms[..k].contains(term);
            sum.terms.iter().enumerate().all(is_new)
        };
        if names.len() != n || n == 0 || !sums.iter().all(is_sound) {
            return Err(ModelError::WeighedSums { weights: n });
        }
        let mut precision = Symmetric::zero(n);
        let mut pull = vec![0.0; n];
        for (i, (_, prior_sd)) in priors.iter().enumerate() {
            precision.add(i, i, prior_sd.powi(-2));
        }
        for sum in &sums {
            let expected: f64 = sum.terms.iter().map(|i| priors[*i].0).sum();
            for i in &sum.terms {
                pull[*i] += (sum.observed - expected) / (sd * sd);
                for j in &sum.terms {
                    precision.add(*i, *j, sd.powi(-2));
                }
            }
        }
        let factor = Cholesky::new(&precision).ok_or(ModelError::WeighedSums { weights: n })?;
        let moved = factor.solve(&pull);
        let space = names
            .iter()
            .map(|name| Parameter::new(*name, Support::Real));
        Ok(Self {
            space: Space::new(space.collect()),
            mean: priors.iter().zip(moved).map(|(p, by)| p.0 + by).collect(),
            covariance: factor.inverse(),
            precision,
            priors: priors.to_vec(),
            sums,
            sd,
        })
    }

    /// Posterior means, which are also the place of greatest density.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Posterior standard deviation of each weight.
    pub fn sds(&self) -> Vec<f64> {
        let n = self.mean.len();
        (0..n).map(|i| self.covariance.at(i, i).sqrt()).collect()
    }

    /// Prior mean and standard deviation of each weight.
    pub fn priors(&self) -> &[(f64, f64)] {
        &self.priors
    }

    /// The sums.
    pub fn sums(&self) -> &[WeighedSum] {
        &self.sums
    }

    /// Posterior standard deviation of the sum of the weights times `factors` (one a weight).
    pub fn sd_of(&self, factors: &[f64]) -> f64 {
        let n = self.mean.len();
        let terms = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        let variance: f64 = terms
            .map(|(i, j)| factors[i] * factors[j] * self.covariance.at(i, j))
            .sum();
        // Rounding may take what is next to nothing below 0.
        variance.max(0.0).sqrt()
    }

    /// The directions of the posterior in units of the prior's standard deviations, the most certain first.
    pub fn directions(&self) -> Vec<Direction> {
        let n = self.mean.len();
        // In these units the precision is the identity and what the data add: its eigenvalues are exact where the
        // covariance's would drown in rounding.
        let mut scaled = Symmetric::zero(n);
        for i in 0..n {
            for j in 0..n {
                let scale = self.priors[i].1 * self.priors[j].1;
                scaled.add(i, j, self.precision.at(i, j) * scale);
            }
        }
        let mut directions: Vec<Direction> = scaled
            .eigen()
            .into_iter()
            .map(|(value, shares)| Direction {
                sd_ratio: value.sqrt().recip(),
                shares,
            })
            .collect();
        directions.sort_by(|a, b| a.sd_ratio.total_cmp(&b.sd_ratio));
        directions
    }

    /// Draws all weights from their priors.
    pub fn draw_prior(&self, rng: &mut ChainRng) -> Vec<f64> {
        let mut draw = |(mean, sd): &(f64, f64)| {
            let noise: f64 = StandardNormal.sample(rng);
            mean + sd * noise
        };
        self.priors.iter().map(&mut draw).collect()
    }

    /// The weights `members`, to be drawn together given the others.
    ///
    /// # Errors
    /// When a member is no weight or is there twice.
    pub fn block(&self, members: &[usize]) -> Result<GaussianBlock, ModelError> {
        let n = self.mean.len();
        let refused = ModelError::WeighedSums { weights: n };
        if members.is_empty() || members.iter().any(|i| *i >= n) {
            return Err(refused);
        }
        let factor = Cholesky::new(&self.precision.part(members)).ok_or(refused)?;
        Ok(GaussianBlock {
            members: members.to_vec(),
            factor,
        })
    }

    /// Draws the weights of `block` from their law given all other `values` (one a weight), in place.
    pub fn draw_block(&self, block: &GaussianBlock, values: &mut [f64], rng: &mut ChainRng) {
        // Given the others the mean of b is m_b - P_bb^-1 P_br (w_r - m_r), and the precision P_bb.
        let pull: Vec<f64> = block
            .members
            .iter()
            .map(|i| {
                let others = (0..values.len()).filter(|j| !block.members.contains(j));
                others
                    .map(|j| -self.precision.at(*i, j) * (values[j] - self.mean[j]))
                    .sum()
            })
            .collect();
        let centre = block.factor.solve(&pull);
        let noise: Vec<f64> = centre.iter().map(|_| StandardNormal.sample(rng)).collect();
        let spread = block.factor.solve_transposed(&noise);
        for ((i, centre), spread) in block.members.iter().zip(centre).zip(spread) {
            values[*i] = self.mean[*i] + centre + spread;
        }
    }

    fn ln_likelihood_at(&self, values: &[f64]) -> f64 {
        let constant = -LN_SQRT_2_PI - self.sd.ln();
        self.sums
            .iter()
            .map(|sum| constant - 0.5 * (self.residual(sum, values) / self.sd).powi(2))
            .sum()
    }

    fn residual(&self, sum: &WeighedSum, values: &[f64]) -> f64 {
        sum.observed - sum.terms.iter().map(|i| values[*i]).sum::<f64>()
    }
}

impl RowDensity for LinearGaussian {
    fn domain(&self) -> &Space {
        &self.space
    }

    fn logp_at(&self, position: &[f64]) -> f64 {
        let priors = self.priors.iter().zip(position);
        let prior: f64 = priors
            .map(|((mean, sd), w)| -LN_SQRT_2_PI - sd.ln() - 0.5 * ((w - mean) / sd).powi(2))
            .sum();
        prior + self.ln_likelihood_at(position)
    }
}

impl RowGradient for LinearGaussian {
    fn logp_grad_at(&self, position: &[f64], grad: &mut [f64]) -> f64 {
        for ((slot, (mean, sd)), w) in grad.iter_mut().zip(&self.priors).zip(position) {
            *slot = (mean - w) / (sd * sd);
        }
        for sum in &self.sums {
            let pull = self.residual(sum, position) / (self.sd * self.sd);
            for i in &sum.terms {
                grad[*i] += pull;
            }
        }
        self.logp_at(position)
    }
}

impl Posterior for LinearGaussian {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        each_row(self.space.dim(), positions, log_likelihood, |position| {
            self.ln_likelihood_at(position)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::{Gradient, LogDensity, stream};

    fn sum(terms: &[usize], observed: f64) -> WeighedSum {
        let terms = terms.to_vec();
        WeighedSum { terms, observed }
    }

    /// The talk's four weights, with another error.
    fn small(sd: f64) -> LinearGaussian {
        let sums = vec![sum(&[0, 1], 6.0), sum(&[0, 1, 2], 11.0), sum(&[2, 3], 11.0)];
        let names = ["w1", "w2", "w3", "w4"];
        LinearGaussian::new(&names, &[(5.0, 2.0); 4], sums, sd).expect("a system")
    }

    /// Two weights and one sum: the posterior by a textbook's two-by-two inverse.
    #[test]
    fn two_weights_have_the_posterior_of_a_textbook() {
        let sums = vec![sum(&[0, 1], 6.0)];
        let system = LinearGaussian::new(&["a", "b"], &[(5.0, 2.0), (3.0, 1.0)], sums, 0.5)
            .expect("a system");
        // The sum has prior mean 8 and variance 5, and was observed with variance 0.25.
        let gain = [4.0 / 5.25, 1.0 / 5.25];
        for (i, prior) in [(5.0, 4.0), (3.0, 1.0)].iter().enumerate() {
            assert!((system.mean()[i] - (prior.0 - 2.0 * gain[i])).abs() < 1e-12);
            let variance: f64 = prior.1 - gain[i] * prior.1;
            assert!((system.sds()[i] - variance.sqrt()).abs() < 1e-12);
        }
        let of_sum: f64 = 5.0 * 0.25 / 5.25;
        assert!((system.sd_of(&[1.0, 1.0]) - of_sum.sqrt()).abs() < 1e-12);
    }

    /// Moments of the density itself, summed over a grid of all four weights.
    #[test]
    fn the_moments_are_those_of_the_density() {
        let system = small(0.8);
        let sds = system.sds();
        let axis = |i: usize| -> Vec<f64> {
            let at = |k: i32| system.mean()[i] + sds[i] * f64::from(k) * 0.4;
            (-14..=14).map(at).collect()
        };
        let axes: Vec<Vec<f64>> = (0..4).map(axis).collect();
        let (mut total, mut first, mut second) = (0.0, [0.0; 4], [0.0; 4]);
        for a in &axes[0] {
            for b in &axes[1] {
                for c in &axes[2] {
                    for d in &axes[3] {
                        let position = [*a, *b, *c, *d];
                        let weight = system.logp_at(&position).exp();
                        total += weight;
                        for (i, w) in position.iter().enumerate() {
                            first[i] += weight * w;
                            second[i] += weight * w * w;
                        }
                    }
                }
            }
        }
        for i in 0..4 {
            let mean = first[i] / total;
            let sd = (second[i] / total - mean * mean).sqrt();
            assert!((mean - system.mean()[i]).abs() < 1e-6, "{i}: {mean}");
            assert!((sd - sds[i]).abs() < 1e-5, "{i}: {sd} {}", sds[i]);
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_density() {
        let system = small(0.3);
        let position = [2.0, 4.5, 5.5, 6.2];
        let (mut logp, mut grad) = ([0.0], [0.0; 4]);
        system
            .logp_grad(&position, &mut logp, &mut grad)
            .expect("it has a density");
        for i in 0..4 {
            let at = |by: f64| {
                let mut moved = position;
                moved[i] += by;
                system.logp_at(&moved)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - grad[i]).abs() < 1e-6, "{i}: {slope} {}", grad[i]);
        }
        let mut likelihood = [0.0];
        system
            .log_likelihood(&position, &mut likelihood)
            .expect("it has a density");
        let prior: f64 = position
            .iter()
            .map(|w| Prior::normal(5.0, 2.0).expect("valid").ln_pdf(*w))
            .sum();
        assert!((likelihood[0] + prior - logp[0]).abs() < 1e-12);
        assert_eq!(system.space().dim(), 4);
    }

    #[test]
    fn directions_part_what_is_known_from_what_is_not() {
        let directions = small(0.01).directions();
        let ratios: Vec<f64> = directions.iter().map(|d| d.sd_ratio).collect();
        assert!(ratios[..3].iter().all(|ratio| *ratio < 0.02), "{ratios:?}");
        // Only w1 - w2 is free.
        assert!((ratios[3] - 1.0).abs() < 1e-9, "{ratios:?}");
        let free = &directions[3].shares;
        assert!((free[0] + free[1]).abs() < 1e-9 && free[2].abs() + free[3].abs() < 1e-9);
        assert!((free[0].abs() - 0.5_f64.sqrt()).abs() < 1e-9);
    }

    /// Over seeds 1 to 200 none of the 8 checks failed.
    #[test]
    fn one_block_of_everything_draws_the_posterior_independently() {
        let system = small(0.01);
        let block = system.block(&[0, 1, 2, 3]).expect("all weights");
        let (n, mut rng, mut values) = (20_000, stream(1, 0), [0.0; 4]);
        let (mut first, mut second) = ([0.0; 4], [0.0; 4]);
        for _ in 0..n {
            system.draw_block(&block, &mut values, &mut rng);
            for i in 0..4 {
                let z = (values[i] - system.mean()[i]) / system.sds()[i];
                first[i] += z;
                second[i] += z * z;
            }
        }
        let root = f64::from(n).sqrt();
        for i in 0..4 {
            assert!((first[i] / root).abs() < 5.0, "{i}: {}", first[i] / root);
            let variance = second[i] / f64::from(n);
            assert!((variance - 1.0).abs() < 5.0 * 2.0_f64.sqrt() / root, "{i}");
        }
    }

    #[test]
    fn what_is_no_system_is_refused() {
        let of = |priors: &[(f64, f64)], terms: &[usize], sd| {
            LinearGaussian::new(&["a", "b"], priors, vec![sum(terms, 3.0)], sd)
        };
        let sound = [(5.0, 2.0); 2];
        assert!(of(&sound, &[0, 1], 0.1).is_ok());
        for outcome in [
            of(&sound, &[0, 2], 0.1),
            of(&sound, &[1, 1], 0.1),
            of(&sound[..1], &[0], 0.1),
            of(&[], &[], 0.1),
            of(&sound, &[0, 1], 0.0),
            of(&[(5.0, 2.0), (5.0, -1.0)], &[0, 1], 0.1),
            of(&sound, &[0, 1], f64::NAN),
        ] {
            assert!(outcome.is_err());
        }
        assert!(small(0.1).block(&[4]).is_err());
        assert!(small(0.1).block(&[]).is_err());
    }
}
