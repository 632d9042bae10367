use super::*;
use crate::testing::{deck, gapped, ln_normal, relative, reversed, series, stepped, transformed};

fn exact(series: &Series, priors: SwitchPriors) -> Exact {
    Exact::of(series, priors).expect("the series varies")
}

fn close(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!(relative(a, b) < tolerance, "{what}: {a} and {b}");
}

fn all_moments(exact: &Exact) -> [Moments; 5] {
    [exact.mu1, exact.mu2, exact.sigma1, exact.sigma2, exact.s]
}

#[test]
fn the_worked_example_has_its_known_answer() {
    let exact = exact(&deck(), SwitchPriors::deck());
    let seven = |value: f64, digits: f64| {
        assert!((value - digits).abs() < 0.5e-7, "{value} is not {digits}");
    };
    seven(exact.switch_posterior[45], 0.9924976);
    seven(exact.log_evidence, -174.0559367);
    seven(exact.log_evidence_no_switch, -233.3524207);
    seven(exact.mu1.mean, -0.7768292);
    seven(exact.mu1.sd, 0.1746705);
    seven(exact.sigma2.mean, 1.7979367);
    assert_eq!(exact.most_probable(), 45);
    assert!(exact.excluded.is_empty());
}

/// Log evidence and moments of one regime by the midpoint rule over a grid of `mu` and `ln sigma`.
struct Grid {
    log_evidence: f64,
    mu: Moments,
    sigma: Moments,
}

/// `points` on a side over nine standard deviations of `mu`'s prior on both sides and `ln sigma` from 9 below to
/// 2.5 above the scale of its prior: no formula is shared with the referee but the densities'.
fn grid(values: &[f64], priors: &SwitchPriors, points: usize) -> Grid {
    let (prior_mu, prior_sigma) = (priors.mu(), priors.sigma());
    let (low, high) = (priors.sigma_sd.ln() - 9.0, priors.sigma_sd.ln() + 2.5);
    let (left, right) = (
        priors.mu_mean - 9.0 * priors.mu_sd,
        priors.mu_mean + 9.0 * priors.mu_sd,
    );
    let at = |index: usize, low: f64, high: f64| {
        low + (high - low) * (index as f64 + 0.5) / points as f64
    };
    let cell = (high - low) * (right - left) / (points * points) as f64;
    let mut sums = [0.0; 5];
    for row in 0..points {
        let u = at(row, low, high);
        let sigma = u.exp();
        for column in 0..points {
            let mu = at(column, left, right);
            let ln = values.iter().map(|x| ln_normal(*x, mu, sigma)).sum::<f64>()
                + prior_mu.ln_pdf(mu)
                + prior_sigma.ln_pdf(sigma)
                + u;
            let weight = ln.exp();
            for (sum, power) in sums
                .iter_mut()
                .zip([1.0, mu, mu * mu, sigma, sigma * sigma])
            {
                *sum += weight * power;
            }
        }
    }
    let moments = |first: f64, second: f64| Moments {
        mean: first / sums[0],
        sd: (second / sums[0] - (first / sums[0]).powi(2)).sqrt(),
    };
    Grid {
        log_evidence: (sums[0] * cell).ln(),
        mu: moments(sums[1], sums[2]),
        sigma: moments(sums[3], sums[4]),
    }
}

fn regime(values: &[f64], priors: &SwitchPriors) -> Regime {
    let data = PrefixSums::new(&series(values));
    let mut regime = Regime::of(&data.about_own_mean(0..values.len()), data.centre(), priors);
    regime.mu.mean += data.centre();
    regime
}

#[test]
fn a_regime_is_what_a_grid_over_both_parameters_gives() {
    let cases: [(&[f64], &str, &str); 6] = [
        (&[0.3, 1.9], "mu=normal(0, 2)", "sigma=half-normal(2)"),
        (&[0.3, 1.9, -0.4], "mu=normal(0, 2)", "sigma=half-normal(2)"),
        (&[9.0, 11.5, 8.0], "mu=normal(0, 2)", "sigma=half-normal(2)"),
        // Data and prior in conflict: one mode where mu gives way, another where sigma does.
        (
            &[7.0, 7.3, 6.9, 7.1, 7.2],
            "mu=normal(0, 1)",
            "sigma=half-normal(3)",
        ),
        (
            &[6.0, 6.3, 5.8],
            "mu=normal(0, 0.7)",
            "sigma=half-normal(5)",
        ),
        (
            &[1.0, 2.0, 4.0, 3.0, 2.5, 2.5, 0.0],
            "mu=normal(-1, 4)",
            "sigma=half-normal(0.3)",
        ),
    ];
    for (values, mu, sigma) in cases {
        let priors =
            SwitchPriors::parse(SwitchPriors::deck(), &[mu, sigma]).expect("the priors are valid");
        agree(values, &priors, 1000);
    }
}

/// Two near observations, and a prior of `mu` far narrower than that of `sigma`: the integrand has a peak and
/// a plateau of many units of `ln sigma`, and what is left of `mu`'s variance there must not be rounded away.
#[test]
fn a_narrow_prior_of_mu_beside_a_wide_one_of_sigma_keeps_its_digits() {
    let priors = SwitchPriors::parse(
        SwitchPriors::deck(),
        &["mu=normal(0, 0.01)", "sigma=half-normal(0.2)"],
    )
    .expect("the priors are valid");
    agree(&[0.02, 0.024], &priors, 3000);
    agree(&[0.001, 0.04], &priors, 1000);
}

fn agree(values: &[f64], priors: &SwitchPriors, points: usize) {
    let (fast, slow) = (regime(values, priors), grid(values, priors, points));
    let what = format!("{values:?} {priors}");
    let unit = slow.sigma.mean;
    close(fast.log_evidence, slow.log_evidence, 1e-9, &what);
    close(fast.mu.mean / unit, slow.mu.mean / unit, 1e-8, &what);
    close(fast.mu.sd / unit, slow.mu.sd / unit, 1e-8, &what);
    close(fast.sigma.mean / unit, slow.sigma.mean / unit, 1e-8, &what);
    close(fast.sigma.sd / unit, slow.sigma.sd / unit, 1e-8, &what);
}

/// Density of one observation, `mu` and `sigma` integrated out: `normal(x; m0, sqrt(s0^2 + sigma^2))` averaged
/// over `sigma` by the midpoint rule on `sigma` itself.
fn one_observation(x: f64, priors: &SwitchPriors) -> f64 {
    let points = 200_000;
    let width = 12.0 * priors.sigma_sd / f64::from(points);
    (0..points)
        .map(|index| {
            let sigma = (f64::from(index) + 0.5) * width;
            let sd = (priors.mu_sd.powi(2) + sigma * sigma).sqrt();
            (ln_normal(x, priors.mu_mean, sd) + priors.sigma().ln_pdf(sigma)).exp() * width
        })
        .sum::<f64>()
        .ln()
}

#[test]
fn a_regime_of_one_observation_is_finite_and_right() {
    let priors = SwitchPriors::deck();
    for x in [0.0, -3.0, 11.0] {
        let data = PrefixSums::new(&series(&[x, x + 1.0]));
        let fast = Regime::of(&data.about_own_mean(0..1), data.centre(), &priors);
        close(
            fast.log_evidence,
            one_observation(x, &priors),
            1e-9,
            &format!("x = {x}"),
        );
    }
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
        close(exact.switch_posterior[s], weight / total, 1e-8, "p(s)");
    }
    close(exact.log_evidence, (total / 3.0).ln(), 1e-8, "evidence");
    close(exact.log_evidence_no_switch, weights[0].ln(), 1e-8, "none");
    // A control that must fail: the switch taken as the last index of the old regime.
    let late = (evidence(&values[..2]) + evidence(&values[2..])).exp();
    assert!(relative(exact.switch_posterior[1], late / total) > 1e-2);
}

#[test]
fn nothing_observed_before_the_switch_leaves_the_prior() {
    let priors = SwitchPriors::deck();
    let regime = Regime::of(
        &PrefixSums::new(&deck()).about_own_mean(0..0),
        0.25,
        &priors,
    );
    assert_eq!(regime.log_evidence, 0.0);
    assert_eq!(
        regime.mu,
        Moments {
            mean: -0.25,
            sd: 2.0
        }
    );
    close(
        regime.sigma.mean,
        2.0 * 0.797_884_560_802_865_4,
        1e-15,
        "mean",
    );
    close(regime.sigma.sd, 2.0 * 0.602_810_274_989_087_2, 1e-15, "sd");
}

#[test]
fn the_probabilities_sum_to_one() {
    for series in [deck(), gapped(300, 1), stepped(2_000, 2)] {
        let priors = SwitchPriors::scaled_to(&series).expect("the series varies");
        let exact = exact(&series, priors);
        let total: f64 = exact.switch_posterior.iter().sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        assert!(exact.switch_posterior.iter().all(|p| *p >= 0.0));
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
                moved.switch_posterior[s],
                base.switch_posterior[s],
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
    let ratio = |exact: &Exact, s: usize| exact.switch_posterior[s] / exact.switch_posterior[30];
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
            let ratio = gapped.switch_posterior[s] / gapped.switch_posterior[0];
            let dense = dense.switch_posterior[before] / dense.switch_posterior[0];
            close(ratio, dense, 1e-12, &format!("s = {s}"));
        }
        before += usize::from(value.is_some());
    }
    // With everything before s = 9 it is the regime after it that nothing is left for: no switch again.
    close(
        gapped.switch_posterior[9],
        gapped.switch_posterior[0],
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
        assert_eq!(exact.switch_posterior[*s], 0.0);
    }
    assert!((exact.switch_posterior.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    let constant = Exact::of(&series(&[3.0; 7]), SwitchPriors::deck());
    assert_eq!(
        constant,
        Err(ModelError::ConstantSeries {
            series: "y".into(),
            observed: 7,
            value: 3.0
        })
    );
    let huge = Exact::of(&series(&[1e200, -1e200, 0.0]), SwitchPriors::deck());
    assert!(matches!(huge, Err(ModelError::Spread { .. })));
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
        assert!((exact.switch_posterior.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn priors_beyond_a_float_are_refused_and_the_widest_within_are_not() {
    let with = |mu: &str, sigma: &str| {
        let priors =
            SwitchPriors::parse(SwitchPriors::deck(), &[mu, sigma]).expect("the priors are valid");
        Exact::of(&deck(), priors)
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
                    let total: f64 = exact.switch_posterior.iter().sum();
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
    assert_eq!(with(1), with(3));
}

#[test]
fn credible_sets_are_the_smallest() {
    let mut exact = exact(&deck(), SwitchPriors::deck());
    exact.switch_posterior = vec![0.1, 0.05, 0.4, 0.0, 0.4, 0.05];
    let set = |mass| exact.credible_set(mass).expect("the mass is valid");
    assert_eq!(set(0.3).members, vec![2]);
    assert_eq!(set(0.5).members, vec![2, 4]);
    let ninety = set(0.85);
    assert_eq!(ninety.members, vec![0, 2, 4]);
    assert_eq!((ninety.low, ninety.high), (0, 4));
    assert!((ninety.mass - 0.9).abs() < 1e-15);
    assert_eq!(set(0.92).members, vec![0, 1, 2, 4]);
    assert_eq!(set(1.0).members, vec![0, 1, 2, 4, 5]);
    for mass in [0.0, -0.1, 1.1, f64::NAN] {
        assert!(matches!(
            exact.credible_set(mass),
            Err(ModelError::Mass { .. })
        ));
    }
}

#[test]
fn the_shortest_interval_holds_its_mass_and_none_is_shorter() {
    for series in [deck(), stepped(60, 3), gapped(40, 5)] {
        let exact = exact(
            &series,
            SwitchPriors::scaled_to(&series).expect("it varies"),
        );
        let p = &exact.switch_posterior;
        for mass in [0.5, 0.95, 0.9999] {
            let (low, high, held) = exact.credible_interval(mass).expect("it is a mass");
            assert!((p[low..=high].iter().sum::<f64>() - held).abs() < 1e-12);
            assert!(held >= mass, "{held}");
            let shorter = p
                .windows((high - low).max(1))
                .map(|w| w.iter().sum::<f64>());
            assert!(low == high || shorter.fold(0.0, f64::max) < mass + 1e-12);
        }
        assert!(exact.credible_interval(0.0).is_err());
    }
}
