//! Series of which not all placings are tried.

use super::*;
use crate::testing::transformed;
use crate::{Law, simulate};

/// Steps at 134 and 206 of 400 rows, neither of which is among one place in ten.
fn two_steps(likelihood: Likelihood, seed: u64) -> Series {
    let law = Law::new(
        400,
        vec![134, 206],
        vec![2.0, 6.0, 3.0],
        vec![1.0, 1.4, 0.8],
    )
    .expect("the law is valid");
    let drawn = series(&simulate(&law, seed));
    if likelihood == Likelihood::Poisson {
        transformed(&drawn, |y| y.round().max(0.0))
    } else {
        drawn
    }
}

#[test]
fn thinned_places_lead_to_the_best_of_all() {
    for likelihood in Likelihood::ALL {
        for order in ["0,1,0", "0,1,2"] {
            for seed in 0..5 {
                let model = model(&two_steps(likelihood, seed), likelihood, &regimes(order));
                let whole = HardPeaks::of(&model).expect("some are admissible");
                // 40 places, one in ten.
                let thin = HardPeaks::within(&model, 800).expect("some are admissible");
                assert!(whole.is_exhaustive() && !thin.is_exhaustive());
                assert_eq!(thin.best(), whole.best(), "{likelihood} {order} {seed}");
                for (planted, found) in [134, 206].iter().zip(&thin.best().switches) {
                    assert!(found.abs_diff(*planted) < 8, "{:?}", thin.best());
                }
            }
        }
    }
}

#[test]
fn what_is_climbed_to_no_single_switch_improves() {
    for order in ["0,1,0", "0,1,2", "0,1,2,3"] {
        let likelihood = Likelihood::NormalSharedSd;
        let series = two_steps(likelihood, 3);
        let model = model(&series, likelihood, &regimes(order));
        let thin = HardPeaks::within(&model, 800).expect("some are admissible");
        let best = thin.best();
        for k in 0..model.n_switches() {
            for s in 0..series.len() {
                let mut moved = best.switches.clone();
                moved[k] = s;
                let there =
                    Placed::of(&model, &moved).map_or(f64::NEG_INFINITY, |p| p.log_likelihood);
                assert!(there <= best.log_likelihood + 1e-9, "{moved:?}");
                let is_between = moved.windows(2).all(|pair| pair[0] < pair[1]);
                if is_between {
                    // A lower bound, and never less than with the others where they are.
                    assert!(thin.profile(k)[s] >= there - 1e-9, "{k} {s}");
                }
            }
        }
        for peak in thin.peaks() {
            for moved in
                (0..model.n_switches()).flat_map(|k| neighbours(&series, &peak.switches, k))
            {
                let there =
                    Placed::of(&model, &moved).map_or(f64::NEG_INFINITY, |p| p.log_likelihood);
                assert!(there <= peak.log_likelihood + 1e-9, "{peak:?} {moved:?}");
            }
        }
    }
}

#[test]
fn without_the_climb_the_best_is_missed() {
    let model = model(
        &two_steps(Likelihood::Normal, 1),
        Likelihood::Normal,
        &regimes("0,1,2"),
    );
    let whole = HardPeaks::of(&model).expect("some are admissible");
    let tried = Places::of(&model, 800).tried();
    let tables = Tables::of(&Score::of(&model), &tried, 2);
    let most = tables
        .of_switch(0)
        .into_iter()
        .fold(f64::NEG_INFINITY, f64::max);
    let gap = whole.best().log_likelihood - Score::of(&model).log_likelihood(most);
    assert!(gap > 1.0, "{gap}");
}

#[test]
fn a_thinned_profile_is_nowhere_above_the_whole() {
    for order in ["0,1,0", "0,1,2"] {
        let model = model(
            &two_steps(Likelihood::Normal, 2),
            Likelihood::Normal,
            &regimes(order),
        );
        let whole = HardPeaks::of(&model).expect("some are admissible");
        let thin = HardPeaks::within(&model, 800).expect("some are admissible");
        for k in 0..2 {
            let best = thin.best().switches[k];
            assert!(relative(thin.profile(k)[best], whole.profile(k)[best]) < 1e-12);
            for (thin, whole) in thin.profile(k).iter().zip(whole.profile(k)) {
                assert!(*thin <= whole + 1e-9);
            }
        }
    }
}

/// Counts that are 0 (for an even seed) or 1 in all but 10 of 300 rows.
fn rarely_changing(seed: u64) -> Series {
    let mut draw = uniform(seed);
    let mut values = vec![(seed % 2) as f64; 300];
    for _ in 0..10 {
        values[draw(0.0, 300.0) as usize] = draw(0.0, 6.0).floor();
    }
    series(&values)
}

#[test]
fn places_far_from_any_change_are_not_needed() {
    for seed in 0..8 {
        let series = rarely_changing(seed);
        for likelihood in Likelihood::ALL {
            for order in ["0,1,0", "0,1,2", "0,1,2,3"] {
                let model = model(&series, likelihood, &regimes(order));
                let places = Places::of(&model, 20_000);
                assert!(
                    places.dense.len() < 200 && places.stride == 1,
                    "{}",
                    places.dense.len()
                );
                let few = HardPeaks::within(&model, 20_000).expect("some are admissible");
                let whole = HardPeaks::of(&model).expect("some are admissible");
                assert!(few.is_exhaustive());
                let (few, whole) = (few.best(), whole.best());
                let gap = (few.log_likelihood - whole.log_likelihood).abs();
                assert!(gap < 1e-9, "{likelihood} {order} {seed}: {few:?} {whole:?}");
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let series = two_steps(Likelihood::Normal, 4);
    let model = model(&series, Likelihood::Normal, &regimes("0,1,2,3"));
    let [one, three] = [1, 3].map(|n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
        let found = |max_links| HardPeaks::within(&model, max_links).expect("some are admissible");
        pool.expect("threads start")
            .install(|| [found(MAX_LINKS), found(800)])
    });
    assert_eq!(one, three);
}
