//! Parameters, switches and series drawn from the priors.

use rand::RngExt;
use rand_distr::{Distribution, Exp, Gamma, Normal, Poisson};
use switchback_core::ChainRng;

use super::{Likelihood, SwitchPrior, SwitchSettings};
use crate::Prior;

impl SwitchSettings {
    /// Values drawn from the priors for a series of `n`: the regimes' parameters in the order of
    /// [`Likelihood::parameter_names`], then the switches.
    pub fn draw_prior(&self, n: usize, rng: &mut ChainRng) -> Vec<f64> {
        let n_regimes = self.regimes.n_regimes();
        let n_parameters = self.likelihood.n_parameters(n_regimes);
        let mut values: Vec<f64> = (0..n_parameters)
            .map(|index| self.priors.of_parameter(index, n_regimes).draw(rng))
            .collect();
        let switches = self.switch_prior.draw(self.regimes.n_switches(), n, rng);
        values.extend(switches.into_iter().map(|s| s as f64));
        values
    }

    /// A series of `n` observations from the likelihood at `values`, as [`Self::draw_prior`] gives them.
    pub fn draw_series(&self, values: &[f64], n: usize, rng: &mut ChainRng) -> Vec<f64> {
        let n_regimes = self.regimes.n_regimes();
        let (parameters, switches) = values.split_at(self.likelihood.n_parameters(n_regimes));
        let mut stretch = 0;
        (0..n)
            .map(|index| {
                while switches.get(stretch).is_some_and(|s| *s <= index as f64) {
                    stretch += 1;
                }
                let r = self.regimes.of_stretch()[stretch];
                let spread = parameters[self.likelihood.spread_index(r, n_regimes)];
                self.draw_observation(parameters[r], spread, rng)
            })
            .collect()
    }

    /// A series of `n` observations from the sigmoid form at `values`, whose switches are taus: every row's mean and
    /// standard deviation, or rate, is the mixture of the regimes' by their weights at that time.
    pub fn draw_sigmoid_series(
        &self,
        values: &[f64],
        steepness: f64,
        n: usize,
        rng: &mut ChainRng,
    ) -> Vec<f64> {
        let n_regimes = self.regimes.n_regimes();
        let (parameters, taus) = values.split_at(self.likelihood.n_parameters(n_regimes));
        (1..=n)
            .map(|time| {
                // Share of what comes after each switch, which only falls from one switch to the next.
                let passed = |tau: &f64| 1.0 / (1.0 + (steepness * (tau - time as f64)).exp());
                let after: Vec<f64> = taus.iter().map(passed).collect();
                let mix = |of_regime: &dyn Fn(usize) -> f64| -> f64 {
                    let stretches = self.regimes.of_stretch().iter().enumerate();
                    stretches
                        .map(|(stretch, r)| {
                            let from = stretch.checked_sub(1).map_or(1.0, |before| after[before]);
                            let to = after.get(stretch).copied().unwrap_or(0.0);
                            (from - to) * of_regime(*r)
                        })
                        .sum()
                };
                let level = mix(&|r| parameters[r]);
                let spread = |r| parameters[self.likelihood.spread_index(r, n_regimes)];
                self.draw_observation(level, mix(&spread), rng)
            })
            .collect()
    }

    fn draw_observation(&self, level: f64, spread: f64, rng: &mut ChainRng) -> f64 {
        match self.likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                draw_or(Normal::new(level, spread), level, rng)
            }
            Likelihood::Poisson => draw_or(Poisson::new(spread), 0.0, rng),
        }
    }

    /// Taus drawn from the prior of the sigmoid form for a series of `n`, in order.
    pub fn draw_taus(&self, n: usize, rng: &mut ChainRng) -> Vec<f64> {
        let n_switches = self.regimes.n_switches();
        match self.switch_prior {
            SwitchPrior::Sequential => {
                let mut before = 0.0;
                (0..n_switches)
                    .map(|k| {
                        let high = (n - (n_switches - 1 - k)) as f64;
                        before += (high - before) * rng.random::<f64>();
                        before
                    })
                    .collect()
            }
            SwitchPrior::Uniform => {
                let mut taus: Vec<f64> = (0..n_switches)
                    .map(|_| n as f64 * rng.random::<f64>())
                    .collect();
                taus.sort_by(f64::total_cmp);
                taus
            }
        }
    }
}

impl SwitchPrior {
    /// Places of `n_switches` switches in a series of `n`, drawn from the prior.
    pub(crate) fn draw(self, n_switches: usize, n: usize, rng: &mut ChainRng) -> Vec<usize> {
        match self {
            Self::Sequential => {
                let mut before = 0;
                (0..n_switches)
                    .map(|k| {
                        before = rng.random_range(before..=self.last(k, n_switches, n));
                        before
                    })
                    .collect()
            }
            Self::Uniform => {
                let mut places = rand::seq::index::sample(rng, n, n_switches).into_vec();
                places.sort_unstable();
                places
            }
        }
    }
}

impl Prior {
    /// A draw.
    pub(crate) fn draw(&self, rng: &mut ChainRng) -> f64 {
        match *self {
            Self::Normal { mean, sd } => draw_or(Normal::new(mean, sd), mean, rng),
            Self::HalfNormal { sd } => draw_or(Normal::new(0.0, sd), sd, rng).abs(),
            Self::Exponential { rate } => draw_or(Exp::new(rate), rate.recip(), rng),
            Self::Gamma { shape, rate } => {
                draw_or(Gamma::new(shape, rate.recip()), shape / rate, rng)
            }
        }
    }
}

/// A draw, or `fallback` where the parameters are beyond what can be drawn from.
fn draw_or<D: Distribution<f64>, E>(
    distribution: Result<D, E>,
    fallback: f64,
    rng: &mut ChainRng,
) -> f64 {
    distribution.map_or(fallback, |distribution| distribution.sample(rng))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RatePrior, RegimePriors, Regimes, SwitchPriors};
    use switchback_core::stream;

    fn mean_and_sd(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        const DRAWS: u32 = 20_000;
        let (mut sum, mut square) = (0.0, 0.0);
        for _ in 0..DRAWS {
            let value = draw();
            sum += value;
            square += value * value;
        }
        let n = f64::from(DRAWS);
        (sum / n, (square / n - (sum / n).powi(2)).sqrt())
    }

    #[test]
    fn priors_are_drawn_with_their_moments() {
        let mut rng = stream(1, 0);
        let pi = std::f64::consts::PI;
        let cases = [
            (Prior::normal(-3.0, 0.5), -3.0, 0.5),
            (
                Prior::half_normal(2.0),
                2.0 * (2.0 / pi).sqrt(),
                2.0 * (1.0 - 2.0 / pi).sqrt(),
            ),
            (Prior::exponential(4.0), 0.25, 0.25),
            (Prior::gamma(9.0, 3.0), 3.0, 1.0),
        ];
        for (prior, mean, sd) in cases {
            let prior = prior.expect("valid");
            let found = mean_and_sd(|| prior.draw(&mut rng));
            // Five standard errors: of a mean sd / sqrt(n), of the longest tail's sd, the exponential's, 1 percent.
            assert!(
                (found.0 - mean).abs() < 5.0 * sd / 141.0,
                "{prior}: {found:?}"
            );
            assert!((found.1 / sd - 1.0).abs() < 0.05, "{prior}: {found:?}");
        }
    }

    #[test]
    fn switches_are_drawn_with_their_probabilities() {
        const DRAWS: usize = 20_000;
        let mut rng = stream(2, 0);
        for prior in [SwitchPrior::Sequential, SwitchPrior::Uniform] {
            let n = 6;
            let mut counts = std::collections::BTreeMap::new();
            for _ in 0..DRAWS {
                *counts.entry(prior.draw(2, n, &mut rng)).or_insert(0_u32) += 1;
            }
            for (switches, count) in counts {
                let p = prior.ln_p(&switches, n).exp();
                let share = f64::from(count) / DRAWS as f64;
                assert!(
                    (share - p).abs() < 5.0 * (p / DRAWS as f64).sqrt(),
                    "{prior} {switches:?}: {share} {p}"
                );
            }
        }
    }

    #[test]
    fn a_series_follows_its_regimes() {
        let rate = RatePrior::new(Prior::exponential(1.0).expect("valid")).expect("valid");
        let mut settings = SwitchSettings {
            likelihood: Likelihood::Poisson,
            regimes: Regimes::reversion(),
            priors: RegimePriors::Poisson(rate),
            switch_prior: SwitchPrior::Sequential,
        };
        let mut rng = stream(3, 0);
        let counts = settings.draw_series(&[1.0, 100.0, 3.0, 5.0], 8, &mut rng);
        let high: Vec<usize> = (0..8).filter(|i| counts[*i] > 40.0).collect();
        assert_eq!(high, [3, 4]);
        settings.likelihood = Likelihood::Normal;
        settings.priors = RegimePriors::Normal(SwitchPriors::deck());
        let values = settings.draw_series(&[0.0, 50.0, 1.0, 2.0, 0.0, 7.0], 8, &mut rng);
        let high: Vec<usize> = (0..8).filter(|i| values[*i] > 25.0).collect();
        assert_eq!(high, [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(settings.draw_prior(8, &mut rng).len(), 6);
        // Steep, so that the taus part the series between two rows: after time 2 and after time 6.
        let taus = [0.0, 50.0, 1.0, 2.0, 2.5, 6.5];
        let values = settings.draw_sigmoid_series(&taus, 100.0, 8, &mut rng);
        let high: Vec<usize> = (0..8).filter(|i| values[*i] > 25.0).collect();
        assert_eq!(high, [2, 3, 4, 5]);
        for prior in [SwitchPrior::Sequential, SwitchPrior::Uniform] {
            settings.switch_prior = prior;
            let taus = settings.draw_taus(8, &mut rng);
            assert!(
                0.0 < taus[0] && taus[0] < taus[1] && taus[1] < 8.0,
                "{taus:?}"
            );
        }
    }
}
