//! The regimes' parameters given where the switches are: each from its full conditional distribution.

use rand_distr::{Distribution, Gamma, StandardNormal};
use switchback_core::ChainRng;

use crate::inverse_gaussian::generalised_inverse_gaussian;
use crate::prefix::Stretch;
use crate::{Likelihood, RegimePriors, SwitchModel, SwitchPriors};

/// Least sum of squares, for the single observation that a mean may equal.
const LEAST_SQUARES: f64 = 1e-300;

impl SwitchModel {
    /// One sweep of Gibbs draws (Geman and Geman 1984) of the regimes' `parameters` given the `switches`, which must be
    /// in order and admitted: each `mu` normal given its `sigma`, each `sigma^2` generalised inverse Gaussian given the
    /// `mu`, each `rate` gamma.
    pub fn draw_parameters(&self, switches: &[usize], parameters: &mut [f64], rng: &mut ChainRng) {
        match *self.priors() {
            RegimePriors::Poisson(prior) => {
                for (r, rate) in parameters.iter_mut().enumerate() {
                    let [count, sum] = self.counts_of_regime(switches, r);
                    *rate = gamma(prior.shape + sum, prior.rate + count, *rate, rng);
                }
            }
            RegimePriors::Normal(priors) => {
                self.draw_normal(switches, &priors, parameters, rng);
            }
        }
    }

    fn draw_normal(
        &self,
        switches: &[usize],
        priors: &SwitchPriors,
        parameters: &mut [f64],
        rng: &mut ChainRng,
    ) {
        let n_regimes = self.n_regimes();
        let is_shared = self.likelihood() == Likelihood::NormalSharedSd;
        let (mut count, mut squares) = (0, 0.0);
        for r in 0..n_regimes {
            let stretch = self.stretch_of_regime(switches, r);
            let spread = self.likelihood().spread_index(r, n_regimes);
            let centre = self.data().centre();
            let mu = draw_mu(&stretch, priors, parameters[spread], centre, rng);
            parameters[r] = centre + mu;
            let about_mu = if stretch.count == 0 {
                0.0
            } else {
                stretch.sum_sq + stretch.count as f64 * (stretch.mean - mu).powi(2)
            };
            if is_shared {
                count += stretch.count;
                squares += about_mu;
            } else {
                parameters[spread] = draw_sigma(stretch.count, about_mu, priors, rng);
            }
        }
        if is_shared {
            parameters[n_regimes] = draw_sigma(count, squares, priors, rng);
        }
    }

    /// All observations of regime `r`, with the mean about the centre of the data.
    fn stretch_of_regime(&self, switches: &[usize], r: usize) -> Stretch {
        let none = self.data().about_own_mean(0..0);
        self.stretches(switches)
            .filter(|(of, _)| *of == r)
            .fold(none, |all, (_, range)| {
                all.joined(&self.data().about_own_mean(range))
            })
    }

    /// Number and sum of the counts of regime `r`.
    fn counts_of_regime(&self, switches: &[usize], r: usize) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for (_, range) in self.stretches(switches).filter(|(of, _)| *of == r) {
            let (end, start) = (
                self.cumulative().at(range.end),
                self.cumulative().at(range.start),
            );
            sums[0] += end[0] - start[0];
            sums[1] += end[1] - start[1];
        }
        sums
    }
}

/// `mu` about `centre`, given `sigma`: normal, between the data's mean and the prior's by their precisions.
fn draw_mu(
    stretch: &Stretch,
    priors: &SwitchPriors,
    sigma: f64,
    centre: f64,
    rng: &mut ChainRng,
) -> f64 {
    let noise: f64 = StandardNormal.sample(rng);
    let prior_mean = priors.mu_mean - centre;
    if stretch.count == 0 {
        return prior_mean + priors.mu_sd * noise;
    }
    let of_mean = sigma * sigma / stretch.count as f64;
    let prior_var = priors.mu_sd * priors.mu_sd;
    let share = prior_var / (prior_var + of_mean);
    prior_mean + share * (stretch.mean - prior_mean) + (of_mean * share).sqrt() * noise
}

/// `sigma`, given the sum of `squares` of `count` observations about their `mu`: its density is proportional to
/// `sigma^-count exp(-squares / (2 sigma^2) - sigma^2 / (2 c^2))`, so its square is generalised inverse Gaussian.
fn draw_sigma(count: usize, squares: f64, priors: &SwitchPriors, rng: &mut ChainRng) -> f64 {
    if count == 0 {
        let noise: f64 = StandardNormal.sample(rng);
        return (priors.sigma_sd * noise).abs();
    }
    let p = 0.5 * (1.0 - count as f64);
    let a = priors.sigma_sd.powi(-2);
    generalised_inverse_gaussian(p, a, squares.max(LEAST_SQUARES), rng).sqrt()
}

/// A gamma draw; `now` where the parameters are beyond a float.
fn gamma(shape: f64, rate: f64, now: f64, rng: &mut ChainRng) -> f64 {
    Gamma::new(shape, rate.recip()).map_or(now, |gamma| gamma.sample(rng))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{deck, series};
    use crate::{Prior, RatePrior, Regimes, SwitchPrior, SwitchSettings};
    use switchback_core::stream;

    /// Means and standard deviations of `DRAWS` sweeps at fixed switches.
    fn moments(
        model: &SwitchModel,
        switches: &[usize],
        start: &[f64],
        seed: u64,
    ) -> Vec<(f64, f64)> {
        let mut rng = stream(seed, 0);
        let mut parameters = start.to_vec();
        let mut sums = vec![(0.0, 0.0); start.len()];
        for _ in 0..DRAWS {
            model.draw_parameters(switches, &mut parameters, &mut rng);
            for (sum, value) in sums.iter_mut().zip(&parameters) {
                sum.0 += value;
                sum.1 += value * value;
            }
        }
        let n = f64::from(DRAWS);
        sums.into_iter()
            .map(|(sum, square)| (sum / n, (square / n - (sum / n).powi(2)).sqrt()))
            .collect()
    }

    const DRAWS: u32 = 40_000;

    /// Mean and sd of `values[index]` under `exp(ln)` on a grid over all of `values`.
    fn grid_moments(axes: &[Vec<f64>], ln: impl Fn(&[f64]) -> f64) -> Vec<(f64, f64)> {
        let n_points: usize = axes.iter().map(Vec::len).product();
        let point = |mut code: usize| -> Vec<f64> {
            axes.iter()
                .map(|axis| {
                    let value = axis[code % axis.len()];
                    code /= axis.len();
                    value
                })
                .collect()
        };
        let logs: Vec<f64> = (0..n_points).map(|code| ln(&point(code))).collect();
        let max = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sums = vec![(0.0, 0.0); axes.len()];
        let mut total = 0.0;
        for (code, log) in logs.iter().enumerate() {
            let weight = (log - max).exp();
            total += weight;
            for (sum, value) in sums.iter_mut().zip(point(code)) {
                sum.0 += weight * value;
                sum.1 += weight * value * value;
            }
        }
        sums.into_iter()
            .map(|(sum, square)| {
                let mean = sum / total;
                (mean, (square / total - mean * mean).sqrt())
            })
            .collect()
    }

    fn axis(low: f64, high: f64, n: usize) -> Vec<f64> {
        (0..n)
            .map(|i| low + (high - low) * (i as f64 + 0.5) / n as f64)
            .collect()
    }

    /// Over 200 seeds on the talk's series the largest distance of a mean was 3.4 standard errors of independent sweeps,
    /// that of a standard deviation 1.4 percent.
    fn assert_close(found: &[(f64, f64)], truth: &[(f64, f64)]) {
        for (found, truth) in found.iter().zip(truth) {
            let allowed = 5.0 * truth.1 / f64::from(DRAWS).sqrt();
            assert!((found.0 - truth.0).abs() < allowed, "{found:?} {truth:?}");
            assert!(
                (found.1 / truth.1 - 1.0).abs() < 0.02,
                "{found:?} {truth:?}"
            );
        }
    }

    #[test]
    fn normal_parameters_have_the_moments_of_the_posterior_at_that_switch() {
        let model =
            SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it varies");
        let found = moments(&model, &[45], &[0.0, 0.0, 1.0, 1.0], 1);
        // The regimes are independent given the switch: each is summed over a grid of its own.
        let of = |r: usize, mu: (f64, f64), sigma: (f64, f64)| {
            grid_moments(
                &[axis(mu.0, mu.1, 200), axis(sigma.0, sigma.1, 200)],
                |values| {
                    let mut parameters = [0.0, 0.0, 1.0, 1.0];
                    (parameters[r], parameters[2 + r]) = (values[0], values[1]);
                    model.log_likelihood(&parameters, &[45]) + model.ln_prior(&parameters)
                },
            )
        };
        let first = of(0, (-2.5, 1.0), (0.6, 2.2));
        let second = of(1, (2.5, 6.5), (0.9, 3.3));
        assert_close(&found, &[first[0], second[0], first[1], second[1]]);
        // The control: the moments at a switch ten places off are others.
        let shifted = moments(&model, &[35], &[0.0, 0.0, 1.0, 1.0], 1);
        assert!((shifted[1].0 - second[0].0).abs() > 10.0 * second[0].1 / 200.0);
    }

    #[test]
    fn a_regime_with_one_observation_or_none_is_drawn_too() {
        let model =
            SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it varies");
        let prior = moments(&model, &[0], &[0.0, 0.0, 1.0, 1.0], 3);
        let half_normal = (
            2.0 * (2.0 / std::f64::consts::PI).sqrt(),
            2.0 * (1.0 - 2.0 / std::f64::consts::PI).sqrt(),
        );
        assert_close(&[prior[0], prior[2]], &[(0.0, 2.0), half_normal]);
        // One observation: mu and sigma depend on each other, and the sweep mixes more slowly. Over 200 seeds the largest
        // distance was 0.020 standard deviations.
        let one = moments(&model, &[1], &[0.0, 0.0, 1.0, 1.0], 4);
        let truth = grid_moments(&[axis(-9.0, 9.0, 600), axis(0.0, 10.0, 600)], |values| {
            let parameters = [values[0], 0.0, values[1], 1.0];
            model.log_likelihood(&parameters, &[1]) + model.ln_prior(&parameters)
        });
        assert!(
            (one[0].0 - truth[0].0).abs() < 0.03 * truth[0].1,
            "{one:?} {truth:?}"
        );
        assert!(
            (one[2].0 - truth[1].0).abs() < 0.03 * truth[1].1,
            "{one:?} {truth:?}"
        );
    }

    #[test]
    fn a_shared_sigma_and_a_regime_in_two_stretches_take_all_their_observations() {
        let values = [0.1, -0.4, 0.3, 2.2, 2.9, 2.5, 0.2, -0.3, 0.6];
        let settings = SwitchSettings {
            likelihood: Likelihood::NormalSharedSd,
            regimes: Regimes::reversion(),
            priors: RegimePriors::Normal(SwitchPriors::deck()),
            switch_prior: SwitchPrior::Sequential,
        };
        let model = SwitchModel::new(&series(&values), settings).expect("it varies");
        let found = moments(&model, &[3, 6], &[0.0, 0.0, 1.0], 5);
        let axes = [axis(-1.5, 1.5, 90), axis(0.5, 4.5, 90), axis(0.1, 3.0, 90)];
        let truth = grid_moments(&axes, |parameters| {
            model.log_likelihood(parameters, &[3, 6]) + model.ln_prior(parameters)
        });
        assert_close(&found, &truth);
    }

    #[test]
    fn rates_are_gamma() {
        let counts = series(&[4.0, 6.0, 3.0, 1.0, 0.0, 2.0, 1.0]);
        let prior = RatePrior::new(Prior::gamma(2.0, 0.5).expect("valid")).expect("valid");
        let settings = SwitchSettings {
            likelihood: Likelihood::Poisson,
            regimes: Regimes::one_switch(),
            priors: RegimePriors::Poisson(prior),
            switch_prior: SwitchPrior::Sequential,
        };
        let model = SwitchModel::new(&counts, settings).expect("it varies");
        let found = moments(&model, &[3], &[1.0, 1.0], 2);
        // Gamma(2 + 13, 0.5 + 3) and gamma(2 + 4, 0.5 + 4).
        let truth = [
            (15.0 / 3.5, 15.0_f64.sqrt() / 3.5),
            (6.0 / 4.5, 6.0_f64.sqrt() / 4.5),
        ];
        assert_close(&found, &truth);
    }
}
