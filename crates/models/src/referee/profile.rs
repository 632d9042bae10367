//! The likelihood of one hard switch with everything else at its best.

use rayon::prelude::*;
use switchback_core::Series;

use crate::peaks::local_maxima;
use crate::{ModelError, PrefixSums, Stretch};

/// Places that one thread looks at.
const PLACES_A_THREAD: usize = 4096;

/// One switch with the regimes that fit best around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Index of the first observation of the second regime.
    pub s: usize,
    /// Log-likelihood in nats.
    pub log_likelihood: f64,
    /// Mean of the observations before `s`.
    pub mu1: f64,
    /// Mean of the observations from `s` on.
    pub mu2: f64,
    /// Standard deviation of the observations before `s`, with divisor `k`: the maximum of the likelihood.
    pub sigma1: f64,
    /// Standard deviation of the observations from `s` on, likewise.
    pub sigma2: f64,
}

/// The maximised hard log-likelihood of every switch that leaves two distinct observations on both sides.
///
/// Without that condition the likelihood has no maximum: the `sigma` of a regime of equal observations goes
/// to 0 and the likelihood to infinity.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    fits: Vec<Fit>,
    best: Fit,
}

impl Profile {
    /// The profile of `series`, in time proportional to its length.
    ///
    /// # Errors
    /// When no switch leaves two distinct observations on both sides, or the spread of the observations is
    /// beyond what a float can square.
    pub fn of(series: &Series) -> Result<Self, ModelError> {
        let data = PrefixSums::new(series);
        let n = data.len();
        let fits: Vec<Fit> = (0..n)
            .into_par_iter()
            .with_min_len(PLACES_A_THREAD)
            .filter(|&s| data.has_spread(0..s) && data.has_spread(s..n))
            .map(|s| fit(&data, s))
            .collect();
        let Some(&first) = fits.first() else {
            return Err(ModelError::NoAdmissibleSwitch {
                series: series.name().to_owned(),
                switches: n,
            });
        };
        data.check(series)?;
        let best = fits.iter().fold(first, |best, fit| {
            if fit.log_likelihood > best.log_likelihood {
                *fit
            } else {
                best
            }
        });
        Ok(Self { fits, best })
    }

    /// The fit of each admissible switch, in increasing order of `s`.
    pub fn fits(&self) -> &[Fit] {
        &self.fits
    }

    /// The fit at switch `s`, where that is admissible.
    pub fn at(&self, s: usize) -> Option<&Fit> {
        let index = self.fits.binary_search_by_key(&s, |fit| fit.s).ok()?;
        self.fits.get(index)
    }

    /// The fit with the highest log-likelihood; the one of least `s` where several have it.
    pub fn best(&self) -> &Fit {
        &self.best
    }

    /// The switches whose log-likelihood is above that of the admissible ones next to them, the highest first.
    ///
    /// Neighbours that share a value, as around missing observations, are one peak at the least `s`.
    pub fn peaks(&self) -> Vec<Fit> {
        // Rounding makes the shared value of neighbours differ in its last digits.
        let level = |fit: &Fit| (fit.mu1, fit.mu2, fit.sigma1, fit.sigma2);
        let mut distinct: Vec<Fit> = self.fits.clone();
        distinct.dedup_by(|next, kept| level(next) == level(kept));
        let values: Vec<f64> = distinct.iter().map(|fit| fit.log_likelihood).collect();
        let mut peaks: Vec<Fit> = local_maxima(&values)
            .into_iter()
            .map(|index| distinct[index])
            .collect();
        peaks.sort_by(|a, b| b.log_likelihood.total_cmp(&a.log_likelihood));
        peaks
    }
}

fn fit(data: &PrefixSums, s: usize) -> Fit {
    let [before, after] = data.parted(s).map(|stretch| Stretch {
        mean: data.centre() + stretch.mean,
        ..stretch
    });
    let (mu1, mu2, sigma1, sigma2) = (before.mean, after.mean, before.sd(), after.sd());
    Fit {
        s,
        log_likelihood: before.log_likelihood(mu1, sigma1) + after.log_likelihood(mu2, sigma2),
        mu1,
        mu2,
        sigma1,
        sigma2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{deck, gapped, relative, reversed, series};
    use crate::{SwitchModel, SwitchPriors};

    #[test]
    fn each_fit_is_the_maximum_of_the_hard_likelihood() {
        let series = gapped(80, 9);
        let profile = Profile::of(&series).expect("there are switches");
        let model =
            SwitchModel::one_normal_switch(&series, SwitchPriors::deck()).expect("it varies");
        for fit in profile.fits() {
            let values = [fit.mu1, fit.mu2, fit.sigma1, fit.sigma2];
            let at = |values: [f64; 4]| model.log_likelihood(&values, &[fit.s]);
            assert!(relative(fit.log_likelihood, at(values)) < 1e-13);
            for index in 0..4 {
                for step in [0.99, 1.01] {
                    let mut moved = values;
                    moved[index] *= step;
                    assert!(at(moved) < fit.log_likelihood, "{fit:?} {index} {step}");
                }
            }
        }
    }

    #[test]
    fn the_best_of_the_worked_example_is_its_switch() {
        let profile = Profile::of(&deck()).expect("there are switches");
        assert_eq!(profile.best().s, 45);
        assert_eq!(profile.at(45), Some(profile.best()));
        let admissible: Vec<usize> = profile.fits().iter().map(|fit| fit.s).collect();
        assert_eq!(admissible, (2..=88).collect::<Vec<_>>());
        assert_eq!(profile.at(1), None);
        let peaks = profile.peaks();
        assert_eq!(&peaks[0], profile.best());
        assert!(
            peaks
                .windows(2)
                .all(|pair| pair[0].log_likelihood >= pair[1].log_likelihood)
        );
        for peak in &peaks {
            for neighbour in [peak.s - 1, peak.s + 1] {
                if let Some(neighbour) = profile.at(neighbour) {
                    assert!(neighbour.log_likelihood < peak.log_likelihood);
                }
            }
        }
    }

    #[test]
    fn neighbours_around_a_gap_are_one_peak() {
        let values = [1.0, 2.0, 1.5, f64::NAN, f64::NAN, 9.0, 8.0, 9.5]
            .map(|x: f64| (!x.is_nan()).then_some(x));
        let series = Series::new("y", &values).expect("it is a series");
        let peaks = Profile::of(&series).expect("there are switches").peaks();
        assert_eq!(peaks[0].s, 3);
        assert!(peaks.iter().all(|peak| peak.s != 4 && peak.s != 5));
    }

    #[test]
    fn a_reversed_series_swaps_the_regimes() {
        let series = gapped(61, 2);
        let there = Profile::of(&series).expect("there are switches");
        let back = Profile::of(&reversed(&series)).expect("there are switches");
        assert_eq!(there.fits().len(), back.fits().len());
        for fit in there.fits() {
            let twin = back.at(61 - fit.s).expect("the twin is admissible");
            assert!(relative(fit.log_likelihood, twin.log_likelihood) < 1e-13);
            assert!(relative(fit.mu1, twin.mu2) < 1e-13);
            assert!(relative(fit.sigma2, twin.sigma1) < 1e-13);
        }
    }

    #[test]
    fn few_distinct_values_leave_no_switch() {
        let error = Profile::of(&series(&[1.0, 1.0, 1.0, 2.0, 2.0])).expect_err("none is left");
        assert_eq!(
            error.to_string(),
            "series `y`: none of the 5 places for a switch has two distinct values on both sides of it, \
             so no sigma can be fitted there; use more observations, or values recorded with more digits"
        );
        let profile = Profile::of(&series(&[1.0, 1.0, 2.0, 1.0, 3.0, 3.0])).expect("one is left");
        assert_eq!(
            profile.fits().iter().map(|fit| fit.s).collect::<Vec<_>>(),
            vec![3]
        );
        let huge = Profile::of(&series(&[1e200, -1e200, 3e200, 4e200]));
        assert!(matches!(huge, Err(ModelError::Spread { .. })));
    }
}
