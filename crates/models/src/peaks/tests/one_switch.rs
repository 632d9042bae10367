//! One switch between normal regimes: the same as its own profile; and what cannot be fitted.

use super::*;
use crate::Profile;
use crate::testing::gapped;

#[test]
fn one_normal_switch_is_the_profile() {
    for series in [deck(), gapped(61, 2), gapped(200, 5)] {
        let model = model(&series, Likelihood::Normal, &Regimes::one_switch());
        let found = HardPeaks::of(&model).expect("there are switches");
        let profile = Profile::of(&series).expect("there are switches");
        let fits = profile.peaks();
        assert_eq!(found.peaks().len(), fits.len());
        for (peak, fit) in found.peaks().iter().zip(&fits) {
            assert_eq!(peak.switches, [fit.s]);
            assert_eq!(peak.parameters, [fit.mu1, fit.mu2, fit.sigma1, fit.sigma2]);
            assert_eq!(peak.log_likelihood, fit.log_likelihood);
        }
        for (s, value) in found.profile(0).iter().enumerate() {
            let fit = profile
                .at(s)
                .map_or(f64::NEG_INFINITY, |fit| fit.log_likelihood);
            assert!(relative(*value, fit) < 1e-13, "{s}: {value} {fit}");
        }
    }
}

#[test]
fn the_worked_example_has_its_switch() {
    let model = model(&deck(), Likelihood::Normal, &Regimes::one_switch());
    let found = HardPeaks::of(&model).expect("there are switches");
    assert_eq!(found.best().switches, [45]);
}

#[test]
fn a_series_without_an_admissible_placing_says_why() {
    let table = [
        (
            Likelihood::Normal,
            "0,1",
            vec![1.0, 1.0, 1.0, 2.0, 2.0],
            "two distinct values",
        ),
        (
            Likelihood::Normal,
            "0,1,2",
            vec![1.0, 2.0, 3.0, 4.0, 5.0],
            "two distinct values",
        ),
        (
            Likelihood::Poisson,
            "0,1",
            vec![0.0, 0.0, 5.0, 0.0],
            "a count above 0",
        ),
    ];
    for (likelihood, order, values, needs) in table {
        let model = model(&series(&values), likelihood, &regimes(order));
        let error = HardPeaks::of(&model).expect_err("none is admissible");
        assert!(matches!(error, ModelError::NoAdmissiblePlacing { .. }));
        assert!(error.to_string().contains(needs), "{error}");
    }
    // One more observation is enough.
    let model = model(
        &series(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        Likelihood::Normal,
        &regimes("0,1,2"),
    );
    let found = HardPeaks::of(&model).expect("there is one");
    assert_eq!(found.peaks().len(), 1);
    assert_eq!(found.best().switches, [2, 4]);
}

#[test]
fn a_corner_is_degenerate() {
    let values = [0.0, 0.0, 0.0, 4.0, 2.0, 3.0, 3.0, 3.0, 0.0, 0.0];
    let is = |likelihood, order: &str, switches: &[usize]| {
        is_degenerate(
            &model(&series(&values), likelihood, &regimes(order)),
            switches,
        )
    };
    // One observation alone, equal ones, and a regime of zeros.
    assert!(is(Likelihood::Normal, "0,1", &[1]) && is(Likelihood::Normal, "0,1", &[3]));
    assert!(!is(Likelihood::Normal, "0,1", &[4]));
    assert!(is(Likelihood::Poisson, "0,1", &[3]) && !is(Likelihood::Poisson, "0,1", &[4]));
    assert!(!is(Likelihood::NormalSharedSd, "0,1", &[3]));
    // The two ends are one regime: equal values at both make it constant.
    assert!(is(Likelihood::Normal, "0,1,0", &[3, 8]) && !is(Likelihood::Normal, "0,1,0", &[3, 7]));
    // Not in order, at one place, beyond the series, or too few.
    for switches in [&[7, 3][..], &[4, 4], &[4, 10], &[4]] {
        assert!(
            is(Likelihood::NormalSharedSd, "0,1,0", switches),
            "{switches:?}"
        );
    }
}
