//! The short way of one switch between Normal regimes against the definition and against the general way.

use super::*;

/// A random series, with or without gaps, and the blend of one switch in it.
fn random(draw: &mut impl FnMut(f64, f64) -> f64, seed: u64) -> (Series, Blend) {
    let n = draw(2.5, 5.8).exp() as usize;
    let series = match seed % 3 {
        0 => stepped(n, seed),
        1 => gapped(n, seed),
        _ => transformed(&gapped(n, seed), |y| 1e3 + 30.0 * y),
    };
    let steepness = draw(0.01_f64.ln(), 100.0_f64.ln()).exp();
    let blend = of(&series, Likelihood::Normal, steepness);
    (series, blend)
}

fn of(series: &Series, likelihood: Likelihood, steepness: f64) -> Blend {
    let settings = SwitchSettings {
        likelihood,
        regimes: Regimes::one_switch(),
        priors: RegimePriors::scaled_to(likelihood, series).expect("it varies"),
        switch_prior: SwitchPrior::Sequential,
    };
    let model = SwitchModel::new(series, settings).expect("it varies");
    Blend::of(&model, steepness)
}

fn slopes_of(blend: &Blend, values: &[f64; DIM], slopes: &mut [f64; DIM]) -> bool {
    let [is_finite] = blend.slopes(
        [true],
        &values.map(|value| [value]),
        slopes.as_chunks_mut().0,
    );
    is_finite
}

/// Regimes about the data, at most 50 times wider or narrower than they are, and a `tau` that may be far outside.
fn regimes(draw: &mut impl FnMut(f64, f64) -> f64, data: &PrefixSums) -> [f64; DIM] {
    let (n, extent) = (data.len() as f64, data.extent());
    let sign = if draw(0.0, 1.0) < 0.2 { -1.0 } else { 1.0 };
    let mut sigma = || sign * extent * draw(0.02_f64.ln(), 50.0_f64.ln()).exp();
    let sigmas = [sigma(), sigma()];
    let mut mu = || data.centre() + draw(-2.0, 2.0) * extent;
    let mus = [mu(), mu()];
    let tau = match draw(0.0, 10.0) as usize {
        0 => draw(-1e6, 0.0),
        1 => draw(n, 1e6),
        _ => draw(-20.0, n + 20.0),
    };
    [mus[0], mus[1], sigmas[0], sigmas[1], tau]
}

#[test]
fn it_gives_the_dense_sum_and_its_slopes_are_the_gradient() {
    let mut draw = uniform(91);
    let (mut worst, mut of_shifted) = ([0.0_f64; 3], 0.0_f64);
    for seed in 0..400 {
        let (series, blend) = random(&mut draw, seed);
        for _ in 0..5 {
            let values = regimes(&mut draw, blend.data());
            let [mut gradient, mut slopes, mut by_general] = [[0.0; DIM]; 3];
            let value = blend.single::<true, true>(&values, &mut gradient);
            let value = value.expect("the regimes are moderate");
            assert_eq!(blend.single::<true, false>(&values, &mut []), Some(value));
            assert!(slopes_of(&blend, &values, &mut slopes));
            assert_eq!(slopes, gradient);
            let general = blend.general::<true>(&values, &mut by_general);
            let dense = dense(&series, blend.steepness(), values);
            worst[0] = worst[0].max(relative(value, dense.value));
            worst[1] = worst[1].max(relative(value, general));
            for index in 0..DIM {
                let unit = dense.size[index].max(1.0);
                let error = |found: f64| (found - dense.gradient[index]).abs() / unit;
                worst[2] = worst[2].max(error(gradient[index]));
                assert!(error(by_general[index]) < 1e-12);
            }
            let shifted = [values[0], values[1], values[2], values[3], values[4] + 1e-3];
            let shifted = blend.single::<true, false>(&shifted, &mut []);
            of_shifted = of_shifted.max(shifted.map_or(0.0, |shifted| relative(shifted, value)));
        }
    }
    // Measured: 1.8e-15, 5e-16 and 8.2e-15; a thousandth of an observation off makes 5e-4.
    assert!(worst.iter().all(|worst| *worst < 3e-14), "{worst:?}");
    assert!(of_shifted > 1e-5, "a switch that is elsewhere shows");
}

/// Their mixture is 0 somewhere between them, where any way of computing it loses what cancels.
#[test]
fn standard_deviations_of_unlike_signs_are_mixed_as_they_are() {
    let mut draw = uniform(57);
    let mut worst = [0.0_f64; 2];
    for seed in 0..400 {
        let (series, blend) = random(&mut draw, seed);
        for _ in 0..5 {
            let mut values = regimes(&mut draw, blend.data());
            values[3] = -values[3];
            let mut gradient = [0.0; DIM];
            let value = blend.single::<true, true>(&values, &mut gradient);
            let value = value.expect("no row is where the mixture is 0");
            let dense = dense(&series, blend.steepness(), values);
            let lost = series.observed().map(|(index, _)| {
                let (w, rest) = sigmoids(blend.steepness() * (values[4] - (index + 1) as f64));
                let parts = [w * values[2], rest * values[3]];
                (parts[0].abs() + parts[1].abs()) / (parts[0] + parts[1]).abs()
            });
            let lost = lost.fold(1.0, f64::max);
            worst[0] = worst[0].max(relative(value, dense.value) / lost);
            let derivatives = gradient.iter().zip(&dense.gradient).zip(&dense.size);
            for ((found, dense), size) in derivatives {
                worst[1] = worst[1].max((found - dense).abs() / size.max(1.0) / lost);
            }
        }
    }
    // Measured: 1.3e-15 and 4.9e-15.
    assert!(worst.iter().all(|worst| *worst < 2e-14), "{worst:?}");
}

#[test]
fn its_gradient_is_that_of_central_differences() {
    let mut draw = uniform(17);
    let mut worst = 0.0_f64;
    for seed in 0..100 {
        let (_, blend) = random(&mut draw, seed);
        let values = regimes(&mut draw, blend.data());
        let mut gradient = [0.0; DIM];
        assert!(slopes_of(&blend, &values, &mut gradient));
        let value_at = |index: usize, by: f64| {
            let mut values = values;
            values[index] += by;
            let value = blend.single::<true, false>(&values, &mut []);
            value.expect("the regimes are moderate")
        };
        for (index, derivative) in gradient.into_iter().enumerate() {
            // Small beside what each derivative changes over.
            let h = 1e-3
                * match index {
                    4 => 1.0 / blend.steepness(),
                    _ => values[2].abs().min(values[3].abs()),
                };
            let slope = |h: f64| (value_at(index, h) - value_at(index, -h)) / (2.0 * h);
            let difference = (4.0 * slope(0.5 * h) - slope(h)) / 3.0;
            let unit = value_at(index, 0.0).abs() / (1e3 * h);
            worst = worst.max((difference - derivative).abs() / unit.max(derivative.abs()));
        }
    }
    // Measured: 2.6e-12.
    assert!(worst < 1e-10, "{worst:e}");
}

#[test]
fn a_shared_standard_deviation_is_two_that_are_the_same() {
    let series = gapped(90, 4);
    let [own, shared] = [Likelihood::Normal, Likelihood::NormalSharedSd]
        .map(|likelihood| of(&series, likelihood, 0.8));
    let (mut by_own, mut by_shared) = ([0.0; 5], [0.0; 4]);
    let value = own.single::<true, true>(&[-1.2, 2.1, 1.4, 1.4, 40.2], &mut by_own);
    let found = shared.single::<true, true>(&[-1.2, 2.1, 1.4, 40.2], &mut by_shared);
    assert!(value.is_some());
    assert_eq!(found, value);
    let [mu1, mu2, sigma1, sigma2, tau] = by_own;
    assert_eq!(by_shared, [mu1, mu2, sigma1 + sigma2, tau]);
}

#[test]
fn what_it_does_not_know_is_left_to_the_general_way() {
    let corners = [
        f64::NAN,
        f64::NEG_INFINITY,
        f64::INFINITY,
        -1e308,
        -1e61,
        -1e15,
        -0.0,
        0.0,
        5e-324,
        1e-310,
        1e-61,
        1e-9,
        0.7,
        45.0,
        1e15,
        1e150,
        f64::MAX,
    ];
    let mut draw = uniform(23);
    let mut n_left = 0;
    for steepness in [0.01, 1.0, 100.0] {
        let blend = of(&gapped(50, 2), Likelihood::Normal, steepness);
        for _ in 0..4_000 {
            let mut corner = |usual: f64| {
                let index = draw(0.0, 2.0 * corners.len() as f64) as usize;
                corners.get(index).copied().unwrap_or(usual)
            };
            let values = [
                corner(-1.0),
                corner(2.0),
                corner(1.0),
                corner(2.0),
                corner(25.0),
            ];
            let [mut gradient, mut slopes] = [[0.0; DIM]; 2];
            let value = blend.gradient(&values, &mut gradient);
            let is_finite = value.is_finite() && gradient.iter().all(|slope| slope.is_finite());
            assert_eq!(
                slopes_of(&blend, &values, &mut slopes),
                is_finite,
                "{values:?}"
            );
            assert_eq!(value.is_nan(), values.iter().any(|value| value.is_nan()));
            assert!(value < f64::INFINITY || value.is_nan(), "{values:?}");
            match blend.single::<true, true>(&values, &mut slopes) {
                Some(short) => assert!(short == value && is_finite, "{values:?}"),
                None => n_left += 1,
            }
            // The two ways meet at the border of what is moderate.
            let general = blend.general::<true>(&values, &mut slopes);
            assert!(
                value.is_nan() || relative(value, general) < 1e-12,
                "{values:?}"
            );
        }
    }
    // Of 12,000: it knows 2,260.
    assert!((9_000..10_500).contains(&n_left), "{n_left}");
}
