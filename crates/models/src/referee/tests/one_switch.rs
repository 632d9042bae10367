//! One switch between two normal regimes.

use super::one_regime::{grid, one_observation};
use super::*;
use crate::testing::{gapped, reversed, stepped, transformed};

#[test]
fn the_worked_example_has_its_known_answer() {
    let exact = exact(&deck(), SwitchPriors::deck());
    let seven = |value: f64, digits: f64| {
        assert!((value - digits).abs() < 0.5e-7, "{value} is not {digits}");
    };
    seven(exact.switch_posterior[0][45], 0.9924976);
    seven(exact.log_evidence, -174.0559367);
    seven(exact.log_evidence_no_switch, -233.3524207);
    seven(of(&exact, "mu1").mean, -0.7768292);
    seven(of(&exact, "mu1").sd, 0.1746705);
    seven(of(&exact, "sigma2").mean, 1.7979367);
    let s = of(&exact, "s");
    assert!((s.mean - 44.99).abs() < 0.005 && (s.sd - 0.12).abs() < 0.005);
    assert_eq!(exact.most_probable(), [45]);
    let names: Vec<&str> = exact.moments().iter().map(|(name, _)| &name[..]).collect();
    assert_eq!(names, ["mu1", "mu2", "sigma1", "sigma2", "s"]);
    assert!(exact.excluded.is_empty());
}

#[test]
fn three_observations_are_enumerated_by_hand() {
    let values = [0.2, -0.5, 3.0];
    let priors = SwitchPriors::deck();
    let exact = exact(&series(&values), priors);
    let evidence = |part: &[f64]| match part {
        [] => 0.0,
        [x] => one_observation(*x, &priors),
        several => grid(several, &priors, 1000).log_evidence,
    };
    let weights: Vec<f64> = (0..3)
        .map(|s| (evidence(&values[..s]) + evidence(&values[s..])).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    for (s, weight) in weights.iter().enumerate() {
        close(exact.switch_posterior[0][s], weight / total, 1e-8, "p(s)");
    }
    close(exact.log_evidence, (total / 3.0).ln(), 1e-8, "evidence");
    close(exact.log_evidence_no_switch, weights[0].ln(), 1e-8, "none");
    // A control that must fail: the switch taken as the last index of the old regime.
    let late = (evidence(&values[..2]) + evidence(&values[2..])).exp();
    assert!(relative(exact.switch_posterior[0][1], late / total) > 1e-2);
}

#[test]
fn the_probabilities_sum_to_one() {
    for series in [deck(), gapped(300, 1), stepped(2_000, 2)] {
        let priors = SwitchPriors::scaled_to(&series).expect("the series varies");
        let exact = exact(&series, priors);
        let total: f64 = exact.switch_posterior[0].iter().sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        assert!(exact.switch_posterior[0].iter().all(|p| *p >= 0.0));
    }
}

#[test]
fn units_and_offsets_change_nothing_else() {
    let near = transformed(&deck(), |x| (x * 1024.0).round() / 1024.0);
    let base = exact(&near, SwitchPriors::deck());
    for (offset, scale) in [
        (0.0, 1e-6),
        (0.0, 1e9),
        (1e6, 1.0),
        (-1e9, 1.0),
        (1e9, 1e3),
        (1.0, 1e-3),
    ] {
        let far = transformed(&near, |x| offset + scale * x);
        let priors = SwitchPriors::new(
            crate::Prior::normal(offset, 2.0 * scale).expect("valid"),
            crate::Prior::half_normal(2.0 * scale).expect("valid"),
        )
        .expect("the families fit");
        let moved = exact(&far, priors);
        // What the offset leaves of the data's own digits bounds what can come back.
        let digits = 1e-12 + 1e-14 * f64::abs(offset) / scale;
        let what = format!("offset {offset}, scale {scale}");
        let back = 90.0 * scale.ln();
        close(moved.log_evidence + back, base.log_evidence, digits, &what);
        close(
            moved.log_evidence_no_switch + back,
            base.log_evidence_no_switch,
            digits,
            &what,
        );
        for s in 0..90 {
            close(
                moved.switch_posterior[0][s],
                base.switch_posterior[0][s],
                digits,
                &what,
            );
        }
        for (index, (a, b)) in all_moments(&moved)
            .into_iter()
            .zip(all_moments(&base))
            .enumerate()
        {
            let (shift, unit) = match index {
                0 | 1 => (offset, scale),
                2 | 3 => (0.0, scale),
                _ => (0.0, 1.0),
            };
            close((a.mean - shift) / unit, b.mean, digits, &what);
            close(a.sd / unit, b.sd, digits, &what);
        }
    }
}

#[test]
fn a_reversed_series_swaps_the_regimes() {
    let series = gapped(60, 3);
    let priors = SwitchPriors::deck();
    let (there, back) = (exact(&series, priors), exact(&reversed(&series), priors));
    // s = 0 has no twin, so ratios are compared: everything in the second regime is a switch at n.
    let ratio =
        |exact: &Exact, s: usize| exact.switch_posterior[0][s] / exact.switch_posterior[0][30];
    for s in 1..60 {
        close(ratio(&there, s), ratio(&back, 60 - s), 1e-11, "p(s)");
    }
}

#[test]
fn missing_observations_take_no_part() {
    let values = [
        None,
        Some(0.1),
        None,
        Some(-0.4),
        Some(0.3),
        None,
        None,
        Some(5.0),
        Some(4.2),
        None,
    ];
    let priors = SwitchPriors::deck();
    let gapped = exact(&Series::new("y", &values).expect("a series"), priors);
    let dense: Vec<f64> = values.iter().copied().flatten().collect();
    let dense = exact(&series(&dense), priors);
    // Each gapped switch is the dense one with as many observations before it.
    let mut before = 0;
    for (s, value) in values.iter().enumerate() {
        if before < 5 {
            let ratio = gapped.switch_posterior[0][s] / gapped.switch_posterior[0][0];
            let dense = dense.switch_posterior[0][before] / dense.switch_posterior[0][0];
            close(ratio, dense, 1e-12, &format!("s = {s}"));
        }
        before += usize::from(value.is_some());
    }
    // With everything before s = 9 it is the regime after it that nothing is left for: no switch again.
    close(
        gapped.switch_posterior[0][9],
        gapped.switch_posterior[0][0],
        1e-12,
        "s = 9",
    );
    close(
        gapped.log_evidence_no_switch,
        dense.log_evidence_no_switch,
        1e-12,
        "no switch",
    );
}

#[test]
fn switches_without_a_bound_are_left_out_and_named() {
    let exact = exact(
        &series(&[1.0, 1.0, 1.0, 4.0, 5.0, 5.0]),
        SwitchPriors::deck(),
    );
    assert_eq!(exact.excluded, vec![2, 3, 4]);
    for s in &exact.excluded {
        assert_eq!(exact.switch_posterior[0][*s], 0.0);
    }
    assert!((exact.switch_posterior[0].iter().sum::<f64>() - 1.0).abs() < 1e-14);
    assert!((exact.excluded_prior - 0.5).abs() < 1e-14);
    assert!(!exact.may_have_constant_regime());
}

#[test]
fn priors_far_from_the_data_still_give_numbers() {
    for (offset, scale) in [(1e9, 1.0), (-1e6, 1e-6), (0.0, 1e9), (3.0, 1e-6)] {
        let far = transformed(&deck(), |x| offset + scale * x);
        let exact = exact(&far, SwitchPriors::deck());
        assert!(
            exact.log_evidence.is_finite() && exact.log_evidence_no_switch.is_finite(),
            "{offset} {scale}"
        );
        for moments in all_moments(&exact) {
            assert!(
                moments.mean.is_finite() && moments.sd >= 0.0,
                "{offset} {scale}: {moments:?}"
            );
        }
        assert!((exact.switch_posterior[0].iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn priors_beyond_a_float_are_refused_and_the_widest_within_are_not() {
    let with = |mu: &str, sigma: &str| {
        let priors =
            SwitchPriors::parse(SwitchPriors::deck(), &[mu, sigma]).expect("the priors are valid");
        Exact::of(&SwitchModel::one_normal_switch(&deck(), priors).expect("it varies"))
    };
    for (mu, sigma) in [
        ("mu=normal(0, 1e-200)", "sigma=half-normal(1)"),
        ("mu=normal(1e200, 1)", "sigma=half-normal(1)"),
        ("mu=normal(0, 1)", "sigma=half-normal(1e200)"),
    ] {
        let error = with(mu, sigma).expect_err("it is out of reach");
        assert!(matches!(error, ModelError::PriorReach { .. }), "{error}");
    }
    for width in ["1e-130", "1e-3", "1e130"] {
        for sigma in ["1e-130", "1e-3", "1", "1e130"] {
            let what = format!("mu {width}, sigma {sigma}");
            let answer = with(
                &format!("mu=normal(0, {width})"),
                &format!("sigma=half-normal({sigma})"),
            );
            match answer {
                Ok(exact) => {
                    let total: f64 = exact.switch_posterior[0].iter().sum();
                    assert!((total - 1.0).abs() < 1e-12, "{what}: {total}");
                    assert!(!sigma.starts_with("1e-1"), "{what}: {}", exact.log_evidence);
                }
                Err(error) => {
                    assert!(
                        matches!(error, ModelError::PriorConflict { .. }),
                        "{what}: {error}"
                    );
                    assert!(sigma.starts_with("1e-"), "{what}: {error}");
                }
            }
        }
    }
}

#[test]
fn the_answer_does_not_depend_on_the_number_of_threads() {
    let series = gapped(400, 7);
    let priors = SwitchPriors::deck();
    let with = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool can be built")
            .install(|| exact(&series, priors))
    };
    let (one, three) = (with(1), with(3));
    assert_eq!(one.moments(), three.moments());
    assert_eq!(one.switch_posterior, three.switch_posterior);
    assert_eq!(one.log_evidence, three.log_evidence);
    assert_eq!(one.n_evaluations, three.n_evaluations);
}

#[test]
fn the_shortest_interval_holds_its_mass_and_none_is_shorter() {
    for series in [deck(), stepped(60, 3), gapped(40, 5)] {
        let exact = exact(
            &series,
            SwitchPriors::scaled_to(&series).expect("it varies"),
        );
        let p = &exact.switch_posterior[0];
        for mass in [0.5, 0.95, 0.9999] {
            let (low, high, held) = exact.credible_interval(0, mass).expect("it is a mass");
            assert!((p[low..=high].iter().sum::<f64>() - held).abs() < 1e-12);
            assert!(held >= mass, "{held}");
            let shorter = p
                .windows((high - low).max(1))
                .map(|w| w.iter().sum::<f64>());
            assert!(low == high || shorter.fold(0.0, f64::max) < mass + 1e-12);
        }
        assert!(exact.credible_interval(0, 0.0).is_err());
        assert_eq!(
            exact.credible_set(1, 0.5),
            Err(ModelError::NoSuchSwitch { k: 1, switches: 1 })
        );
    }
}
