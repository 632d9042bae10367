//! Value and gradient of the relaxed switches to 1e-10 of a dense sum in 31 digits.

mod truth;

use switchback_models::Likelihood;
use truth::dense::ln_factorial;
use truth::double::{Double, ONE};
use truth::series::{Case, Worst};

const BOUND: f64 = 1e-10;

#[test]
fn the_truths_own_functions_have_thirty_digits() {
    // From Python's decimal in 60 digits.
    let exponentials = [
        (1.0, std::f64::consts::E, 1.4456468917292502e-16),
        (-30.5, 5.675685232632723e-14, -2.744021414416088e-30),
        (0.0009765625, 1.0009770394924165, 8.141755997634129e-17),
        (-159.25, 6.89610327679892e-70, 9.943967077505987e-87),
        (100.0, 2.6881171418161356e+43, -1.6101271449201627e+27),
    ];
    let logarithms = [
        (10.0, std::f64::consts::LN_10, -2.1707562233822494e-16),
        (0.333251953125, -1.0988564591002836, 1.6524596393647263e-17),
        (1000000000001.0, 27.63102111592955, -9.174512114994604e-16),
        (1.0009765625, 0.0009760859730554589, -2.8791156534096714e-20),
    ];
    let factorials = [
        (20.0, 42.335616460753485, -2.780672924182951e-17),
        (31.0, 78.0922235533153, 3.559518675496083e-15),
        (57.0, 176.39584840699735, 6.5783262863108246e-15),
        (170.0, 706.5730622457874, -7.984949692774774e-15),
        (1000003.0, 12815559.831195844, -8.272707693999117e-10),
    ];
    let mut worst = 0.0_f64;
    let mut hold = |found: Double, hi: f64, lo: f64| {
        worst = worst.max(((found - Double { hi, lo }) / found).value().abs());
    };
    for (x, hi, lo) in exponentials {
        hold(Double::of(x).exp(), hi, lo);
    }
    for (x, hi, lo) in logarithms {
        hold(Double::of(x).ln(), hi, lo);
    }
    for (x, hi, lo) in factorials {
        hold(ln_factorial(x), hi, lo);
    }
    let third = ONE / Double::of(3.0);
    hold(third + third + third, 1.0, 0.0);
    assert!(worst < 1e-28, "{worst:e}");
}

/// Cases of all families and orders of regimes on `n` rows.
fn cases(n: usize, [offset, step]: [f64; 2]) -> impl Iterator<Item = Case> {
    let regimes = ["0,1", "0,1,0", "0,1,2,3"];
    Likelihood::ALL.into_iter().flat_map(move |likelihood| {
        regimes.map(|regimes| Case {
            likelihood,
            regimes,
            n,
            offset,
            step,
        })
    })
}

#[test]
fn every_model_is_within_the_bound_at_any_offset_place_and_steepness() {
    let mut worst = Worst::default();
    for layout in [[0.0, 3.0], [1e6, 3.0], [1e6, 1e3]] {
        for case in cases(300, layout) {
            let mut modelled = case.modelled();
            for steepness in [0.01, 0.3, 1.0, 100.0] {
                let found = modelled.worst(steepness, &case.places());
                assert!(found.is_within(BOUND), "{case:?}, {steepness}: {found:?}");
                worst = worst.with(found);
            }
        }
    }
    // Measured: 1.4e-12 of a value and 3.2e-12 of a derivative, both with levels a thousand standard deviations apart.
    assert!(worst.is_within(1e-11), "{worst:?}");
}

#[test]
fn ten_million_rows_cost_no_digits() {
    for (likelihood, regimes, offset) in [
        (Likelihood::Normal, "0,1,2", 1e6),
        (Likelihood::Poisson, "0,1", 1.0),
    ] {
        let case = Case {
            likelihood,
            regimes,
            n: 10_000_000,
            offset,
            step: 3.0,
        };
        let modelled = case.modelled();
        let values = modelled.values(&case.places()[0]);
        let found = modelled.error_at(&values, &values);
        // Measured: 2e-16 and 9e-16.
        assert!(found.is_within(BOUND), "{case:?}: {found:?}");
    }
}

#[test]
fn a_part_in_a_billion_would_be_seen() {
    for case in cases(300, [0.0, 3.0]) {
        let modelled = case.modelled();
        let values = modelled.values(&case.places()[0]);
        assert!(modelled.error_at(&values, &values).is_within(BOUND));
        for index in 0..values.len() {
            let mut moved = values.clone();
            moved[index] *= 1.0 + 1e-8;
            let off = modelled.error_at(&values, &moved);
            assert!(off.gradient > BOUND, "{case:?}, {index}: {off:?}");
        }
    }
}
