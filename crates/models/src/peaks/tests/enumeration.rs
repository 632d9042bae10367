//! Every likelihood and order of regimes on short series.

use super::*;
use crate::testing::{reversed, transformed};

/// Short series that a likelihood takes: plain, with missing rows at both ends and within, and with many ties.
fn short(likelihood: Likelihood) -> Vec<Series> {
    let mut draw = uniform(7);
    let mut made = Vec::new();
    for (n, levels) in [(18, 0.0), (20, 0.0), (17, 3.0)] {
        let values: Vec<Option<f64>> = (0..n)
            .map(|index| {
                let step = if (5..11).contains(&index) { 3.0 } else { 0.5 };
                let y = step + draw(0.0, 3.0);
                let y = if likelihood == Likelihood::Poisson || levels > 0.0 {
                    y.floor()
                } else {
                    y
                };
                let is_missing = n == 20 && [0, 1, 6, 7, 8, 13, 19].contains(&index);
                (!is_missing).then_some(y)
            })
            .collect();
        made.push(Series::new("y", &values).expect("it is a series"));
    }
    made
}

fn every_model() -> Vec<(Series, SwitchModel)> {
    let mut models = Vec::new();
    for likelihood in Likelihood::ALL {
        for order in ["0,1", "0,1,0", "0,1,2", "0,1,2,3"] {
            for series in short(likelihood) {
                let model = model(&series, likelihood, &regimes(order));
                models.push((series, model));
            }
        }
    }
    models
}

fn all_of(series: &Series, model: &SwitchModel) -> BTreeMap<Vec<usize>, f64> {
    all_placings(series, model.likelihood(), model.regimes())
}

#[test]
fn the_best_is_the_best_of_all_placings() {
    for (series, model) in every_model() {
        let all = all_of(&series, &model);
        let found = HardPeaks::of(&model).expect("some are admissible");
        let most = all.values().copied().fold(f64::NEG_INFINITY, f64::max);
        let best = found.best();
        assert!(found.is_exhaustive());
        assert_eq!(&found.peaks()[0], best);
        assert!(
            relative(best.log_likelihood, most) < 1e-13,
            "{best:?} {most}"
        );
        assert!(relative(all[&best.switches], most) < 1e-13, "{best:?}");
    }
}

#[test]
fn a_profile_is_the_best_of_all_placings_with_one_switch_held() {
    for (series, model) in every_model() {
        let all = all_of(&series, &model);
        let found = HardPeaks::of(&model).expect("some are admissible");
        for k in 0..model.n_switches() {
            let mut slow = vec![f64::NEG_INFINITY; series.len()];
            for (switches, value) in &all {
                let slot = &mut slow[switches[k]];
                *slot = slot.max(*value);
            }
            let fast = found.profile(k);
            assert_eq!(fast.len(), series.len());
            for (s, (fast, slow)) in fast.iter().zip(&slow).enumerate() {
                let name = model.describe();
                assert!(
                    relative(*fast, *slow) < 1e-12,
                    "{name} {k} {s}: {fast} {slow}"
                );
            }
        }
    }
}

#[test]
fn peaks_are_distinct_local_maxima_in_order() {
    for (series, model) in every_model() {
        let all = all_of(&series, &model);
        let found = HardPeaks::of(&model).expect("some are admissible");
        let peaks = found.peaks();
        for peak in peaks {
            assert!(is_local_maximum(&series, &all, &peak.switches), "{peak:?}");
            assert!(relative(peak.log_likelihood, all[&peak.switches]) < 1e-13);
            // The first of equal places.
            for &s in &peak.switches {
                assert!(s == 0 || !series.values()[s - 1].is_nan(), "{peak:?}");
            }
        }
        for pair in peaks.windows(2) {
            assert!(pair[0].log_likelihood >= pair[1].log_likelihood);
        }
        let distinct: BTreeSet<&Vec<usize>> = peaks.iter().map(|peak| &peak.switches).collect();
        assert_eq!(distinct.len(), peaks.len());
    }
}

#[test]
fn a_placing_beside_the_best_is_no_local_maximum() {
    let mut n_refused = 0;
    for (series, model) in every_model() {
        let all = all_of(&series, &model);
        let best = HardPeaks::of(&model)
            .expect("some are admissible")
            .best()
            .clone();
        for moved in (0..best.switches.len()).flat_map(|k| neighbours(&series, &best.switches, k)) {
            let Some(value) = all.get(&moved) else {
                continue;
            };
            if *value < best.log_likelihood - 1e-6 {
                assert!(!is_local_maximum(&series, &all, &moved), "{moved:?}");
                n_refused += 1;
            }
        }
    }
    assert!(n_refused > 60, "{n_refused}");
}

#[test]
fn every_placing_is_fitted_or_degenerate_as_enumeration_says() {
    for (series, model) in every_model() {
        let all = all_of(&series, &model);
        let places = 0..=series.len();
        for a in places.clone() {
            for b in places.clone() {
                let switches: Vec<usize> = [a, b, series.len() - 2][..]
                    .iter()
                    .copied()
                    .take(model.n_switches())
                    .collect();
                let fit = Placed::of(&model, &switches);
                assert_eq!(fit.is_some(), all.contains_key(&switches), "{switches:?}");
                assert_eq!(is_degenerate(&model, &switches), fit.is_none());
                let Some(fit) = fit else { continue };
                assert!(
                    relative(fit.log_likelihood, all[&switches]) < 1e-13,
                    "{fit:?}"
                );
                assert_eq!(fit.switches, switches);
            }
        }
    }
}

#[test]
fn the_parameters_are_the_maximum_of_the_models_likelihood() {
    for (_, model) in every_model() {
        for peak in HardPeaks::of(&model).expect("some are admissible").peaks() {
            let at = |parameters: &[f64]| model.log_likelihood(parameters, &peak.switches);
            assert_eq!(peak.parameters.len(), model.n_parameters());
            // Measured: 3e-15.
            assert!(relative(at(&peak.parameters), peak.log_likelihood) < 1e-13);
            for index in 0..peak.parameters.len() {
                for step in [0.99, 1.01] {
                    let mut moved = peak.parameters.clone();
                    moved[index] *= step;
                    assert!(at(&moved) < peak.log_likelihood, "{peak:?} {index} {step}");
                }
            }
        }
    }
}

#[test]
fn a_reversed_series_has_the_same_peaks_in_reverse() {
    for (series, model) in every_model() {
        if series.n_observed() < series.len() {
            continue;
        }
        let (n, last) = (series.len(), model.n_switches() - 1);
        let back = self::model(&reversed(&series), model.likelihood(), model.regimes());
        let [found, found_back] =
            [&model, &back].map(|model| HardPeaks::of(model).expect("some are admissible"));
        // With reversion a switch at 0 leaves the first stretch empty, and no switch does that to the last one.
        for peak in found.peaks().iter().filter(|peak| peak.switches[0] > 0) {
            let twins: Vec<usize> = peak.switches.iter().rev().map(|s| n - s).collect();
            let twin = Placed::of(&back, &twins).expect("the twin is admissible");
            assert!(relative(peak.log_likelihood, twin.log_likelihood) < 1e-13);
            assert!(twin.log_likelihood <= found_back.best().log_likelihood + 1e-9);
        }
        if model.regimes().is_reversion() {
            continue;
        }
        for (k, s) in (0..=last).flat_map(|k| (1..n).map(move |s| (k, s))) {
            let (here, twin) = (found.profile(k)[s], found_back.profile(last - k)[n - s]);
            assert!(relative(here, twin) < 1e-12, "{k} {s}: {here} {twin}");
        }
    }
}

#[test]
fn an_offset_and_other_units_change_no_switch() {
    for (series, model) in every_model() {
        if model.likelihood() == Likelihood::Poisson {
            continue;
        }
        let found = HardPeaks::of(&model).expect("some are admissible");
        let moved = transformed(&series, |y| 1e6 + 1024.0 * y);
        let moved = self::model(&moved, model.likelihood(), model.regimes());
        let moved = HardPeaks::of(&moved).expect("some are admissible");
        let lost = series.n_observed() as f64 * 1024.0_f64.ln();
        for k in 0..model.n_switches() {
            for (a, b) in found.profile(k).iter().zip(moved.profile(k)) {
                // What is left of the offset is the rounding of the moved values: 1e-10 of their steps.
                assert!(relative(a - lost, *b) < 1e-9, "{a} {b}");
            }
        }
    }
}
