//! Series drawn from a known law.

use rand_distr::{Distribution, StandardNormal};
use switchback_core::stream;

use crate::ModelError;

/// Normal regimes and the switches between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    n: usize,
    switches: Vec<usize>,
    means: Vec<f64>,
    sds: Vec<f64>,
}

impl Law {
    /// `n` observations whose regime changes at each of `switches` (0-based index of the first observation
    /// of the next regime, increasing), with one mean and one standard deviation a regime.
    ///
    /// A law that reverts to its first regime repeats that regime's numbers.
    ///
    /// # Errors
    /// When `n < 2`, the switches do not increase within `1..n`, the regimes are not one more than the
    /// switches, or a number is not finite or a standard deviation not positive.
    pub fn new(
        n: usize,
        switches: Vec<usize>,
        means: Vec<f64>,
        sds: Vec<f64>,
    ) -> Result<Self, ModelError> {
        if n < 2 {
            return Err(ModelError::LawLength { n });
        }
        let regimes = switches.len() + 1;
        if means.len() != regimes || sds.len() != regimes {
            return Err(ModelError::LawRegimes {
                switches: switches.len(),
                means: means.len(),
                sds: sds.len(),
            });
        }
        let mut before = 0;
        for &switch in &switches {
            if switch <= before || switch >= n {
                return Err(ModelError::LawSwitch { switch, n });
            }
            before = switch;
        }
        for (regime, (&mean, &sd)) in means.iter().zip(&sds).enumerate() {
            if !mean.is_finite() {
                return Err(ModelError::LawNumber {
                    regime,
                    what: "mean",
                    value: mean,
                });
            }
            if !(sd.is_finite() && sd > 0.0) {
                return Err(ModelError::LawNumber {
                    regime,
                    what: "standard deviation",
                    value: sd,
                });
            }
        }
        Ok(Self {
            n,
            switches,
            means,
            sds,
        })
    }

    /// The worked example's law: 90 observations, from `-1 ± 1` to `5 ± 2` at index 45.
    pub fn deck() -> Self {
        Self {
            n: 90,
            switches: vec![45],
            means: vec![-1.0, 5.0],
            sds: vec![1.0, 2.0],
        }
    }

    /// Number of observations.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Index of the first observation of each regime but the first.
    pub fn switches(&self) -> &[usize] {
        &self.switches
    }

    /// Mean of each regime.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Standard deviation of each regime.
    pub fn sds(&self) -> &[f64] {
        &self.sds
    }

    /// The regime of observation `index`, from 0.
    pub fn regime_of(&self, index: usize) -> usize {
        self.switches.partition_point(|&switch| switch <= index)
    }
}

/// One series of the law: the same `seed` gives the same values, whatever the law's numbers one standard
/// normal variate an observation.
pub fn simulate(law: &Law, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, 0);
    (0..law.n)
        .map(|index| {
            let regime = law.regime_of(index);
            let z: f64 = StandardNormal.sample(&mut rng);
            law.means[regime] + law.sds[regime] * z
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_differs() {
        let law = Law::deck();
        assert_eq!(simulate(&law, 1), simulate(&law, 1));
        assert_ne!(simulate(&law, 1), simulate(&law, 2));
        assert_eq!(simulate(&law, 1).len(), 90);
    }

    #[test]
    fn regimes_have_their_moments() {
        let law = Law::new(
            60_000,
            vec![20_000, 40_000],
            vec![-1.0, 5.0, -1.0],
            vec![1.0, 2.0, 1.0],
        )
        .expect("the law is valid");
        let values = simulate(&law, 3);
        for regime in 0..3 {
            let part = &values[20_000 * regime..20_000 * (regime + 1)];
            let mean = part.iter().sum::<f64>() / 20_000.0;
            let var = part.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 19_999.0;
            // Five standard errors: sd / sqrt(n) of a mean, sd / sqrt(2 n) of a standard deviation.
            let sd = law.sds()[regime];
            assert!(
                (mean - law.means()[regime]).abs() < 5.0 * sd / 20_000_f64.sqrt(),
                "mean {mean} of regime {regime}"
            );
            assert!(
                (var.sqrt() - sd).abs() < 5.0 * sd / 40_000_f64.sqrt(),
                "sd {} of regime {regime}",
                var.sqrt()
            );
        }
    }

    #[test]
    fn the_switch_is_the_first_index_of_the_new_regime() {
        let law = Law::deck();
        assert_eq!((law.regime_of(44), law.regime_of(45)), (0, 1));
        // Tiny deviations show the regime of every single observation.
        let law = Law::new(6, vec![1, 4], vec![0.0, 10.0, 20.0], vec![1e-9; 3]).expect("valid");
        let rounded: Vec<f64> = simulate(&law, 5).iter().map(|x| x.round()).collect();
        assert_eq!(
            rounded.iter().map(|x| x.abs()).collect::<Vec<_>>(),
            vec![0.0, 10.0, 10.0, 10.0, 20.0, 20.0]
        );
    }

    #[test]
    fn laws_that_make_no_sense_are_refused() {
        let law = |n, switches: &[usize], means: &[f64], sds: &[f64]| {
            Law::new(n, switches.to_vec(), means.to_vec(), sds.to_vec()).expect_err("refused")
        };
        assert!(matches!(
            law(1, &[], &[0.0], &[1.0]),
            ModelError::LawLength { n: 1 }
        ));
        assert!(matches!(
            law(9, &[3], &[0.0], &[1.0, 1.0]),
            ModelError::LawRegimes { switches: 1, .. }
        ));
        for switches in [[0, 3], [3, 3], [4, 3], [3, 9]] {
            assert!(matches!(
                law(9, &switches, &[0.0; 3], &[1.0; 3]),
                ModelError::LawSwitch { .. }
            ));
        }
        assert!(matches!(
            law(9, &[3], &[0.0, f64::NAN], &[1.0; 2]),
            ModelError::LawNumber { what: "mean", .. }
        ));
        assert!(matches!(
            law(9, &[3], &[0.0; 2], &[1.0, 0.0]),
            ModelError::LawNumber { regime: 1, .. }
        ));
    }
}
