//! Every family and order of regimes against the formula.

use super::formula::{Formula, bumpy, every_model, formula, model, parameters, places};
use super::*;
use crate::SwitchPrior;

/// Largest relative difference of values, and of derivatives against their terms' size.
fn difference(found: (f64, Vec<f64>), formula: &Formula) -> [f64; 2] {
    let slopes = found.1.iter().zip(&formula.gradient).zip(&formula.size);
    let of_gradient = slopes
        .map(|((found, exact), size)| (found - exact).abs() / size.max(1.0))
        .fold(0.0, f64::max);
    [relative(found.0, formula.value), of_gradient]
}

fn worst_of(series: &Series, model: &SwitchModel, steepness: f64, late: f64) -> [f64; 2] {
    let sigmoid = steep(&SigmoidSwitch::posterior(model.clone()), steepness);
    let mut worst = [0.0_f64; 2];
    for odd in [false, true] {
        for taus in places(series.len()) {
            let values = [&parameters(model, odd)[..], &taus[..model.n_switches()]].concat();
            let formula = formula(series, model, steepness, &values, late);
            let found = difference(sigmoid.gradient_of(&values), &formula);
            worst = [worst[0].max(found[0]), worst[1].max(found[1])];
            let alone = sigmoid.log_likelihood_of(&values);
            assert!(
                relative(alone, sigmoid.gradient_of(&values).0) < 1e-14,
                "{values:?}"
            );
        }
    }
    worst
}

#[test]
fn every_model_gives_the_formulas_sum_and_slopes() {
    let mut worst = [0.0_f64; 2];
    for n in [60, 700] {
        for (series, model) in every_model(n, SwitchPrior::Sequential) {
            for steepness in [0.05, 0.4, 1.0, 7.0, 50.0] {
                let [value, gradient] = worst_of(&series, &model, steepness, 0.0);
                worst = [worst[0].max(value), worst[1].max(gradient)];
            }
        }
    }
    // Measured: 1.5e-14 of a value and 5.0e-14 of a derivative.
    assert!(worst[0] < 1e-12 && worst[1] < 1e-12, "{worst:?}");
}

#[test]
fn a_clock_that_is_off_by_one_would_be_seen() {
    for (series, model) in every_model(60, SwitchPrior::Sequential) {
        for steepness in [0.4, 1.0, 7.0] {
            let [value, gradient] = worst_of(&series, &model, steepness, 1.0);
            assert!(
                value > 1e-4 && gradient > 1e-4,
                "{}: {value:e} {gradient:e}",
                model.describe()
            );
        }
    }
}

#[test]
fn an_offset_of_a_million_standard_deviations_costs_nothing() {
    for likelihood in [Likelihood::Normal, Likelihood::NormalSharedSd] {
        // Multiples of 2^-10 stay exact when moved by whole numbers.
        let near = transformed(&bumpy(likelihood, 90), |x| (x * 1024.0).round() / 1024.0);
        let far = transformed(&near, |x| x + 4e6);
        for regimes in ["0,1", "0,1,0", "0,1,2,3"] {
            let [near, far_model] = [&near, &far]
                .map(|series| model(series, likelihood, regimes, SwitchPrior::Uniform));
            for taus in places(90) {
                let mut values =
                    [&parameters(&near, false)[..], &taus[..near.n_switches()]].concat();
                for mu in &mut values[..near.n_regimes()] {
                    *mu = (*mu * 1024.0).round() / 1024.0;
                }
                let here = SigmoidSwitch::posterior(near.clone()).gradient_of(&values);
                for mu in &mut values[..near.n_regimes()] {
                    *mu += 4e6;
                }
                let there = SigmoidSwitch::posterior(far_model.clone()).gradient_of(&values);
                let formula = formula(&far, &far_model, 1.0, &values, 0.0);
                // Measured: 2.2e-16 and 7.0e-16.
                assert!(
                    difference(there.clone(), &formula)
                        .iter()
                        .all(|d| *d < 1e-12)
                );
                assert!(relative(here.0, there.0) < 1e-12);
                for (here, there) in here.1.iter().zip(&there.1) {
                    assert!(relative(*here, *there) < 1e-11, "{here} {there}");
                }
            }
        }
    }
}

#[test]
fn more_switches_than_there_are_lanes_for_and_levels_beyond_reason_give_the_formula_too() {
    let mut worst = [0.0_f64; 2];
    for likelihood in Likelihood::ALL {
        for n_switches in [5, 6, 8, 10] {
            let series = bumpy(likelihood, 60);
            let regimes = Regimes::free(n_switches).expect("some").to_string();
            let many = model(&series, likelihood, &regimes, SwitchPrior::Uniform);
            let levels: Vec<f64> = (0..=n_switches).map(|r| 2.0 + (r * r % 5) as f64).collect();
            let taus: Vec<f64> = (0..n_switches).map(|k| 15.0 + 3.3 * k as f64).collect();
            let n_scales = many.n_parameters().saturating_sub(n_switches + 1);
            let values = [&levels, &levels[..n_scales], &taus].concat();
            for steepness in [0.5, 1.0, 20.0] {
                let sigmoid = steep(&SigmoidSwitch::posterior(many.clone()), steepness);
                let formula = formula(&series, &many, steepness, &values, 0.0);
                let error = difference(sigmoid.gradient_of(&values), &formula);
                worst = [worst[0].max(error[0]), worst[1].max(error[1])];
            }
        }
    }
    // Measured: 1.3e-15 and 1.2e-15.
    assert!(worst.iter().all(|error| *error < 1e-13), "{worst:?}");
    let series = bumpy(Likelihood::Normal, 60);
    for (regimes, scales) in [("0,1", [1e-70, 1.0]), ("0,1,0", [1e-20, 3.0])] {
        let odd = model(&series, Likelihood::Normal, regimes, SwitchPrior::Uniform);
        let taus = [30.2, 41.0];
        let values = [&[3.0, 8.0], &scales[..], &taus[..odd.n_switches()]].concat();
        let formula = formula(&series, &odd, 1.0, &values, 0.0);
        let error = difference(SigmoidSwitch::posterior(odd).gradient_of(&values), &formula);
        assert!(error[0] < 1e-13, "{error:?}");
    }
}

/// The rates of a second family of numbers: at 0 only counts of 0 are possible, and those are certain.
#[test]
fn a_rate_of_zero_is_only_for_counts_of_zero() {
    let counts = series(&[0.0, 0.0, 0.0, 4.0, 7.0, 5.0]);
    let model = model(&counts, Likelihood::Poisson, "0,1", SwitchPrior::Sequential);
    let sharp = steep(&SigmoidSwitch::posterior(model), 2000.0);
    let (value, gradient) = sharp.gradient_of(&[0.0, 5.0, 3.5]);
    let expected: f64 = [4.0_f64, 7.0, 5.0]
        .map(|x| x * 5.0_f64.ln() - 5.0 - statrs::function::gamma::ln_gamma(x + 1.0))
        .iter()
        .sum();
    assert!(relative(value, expected) < 1e-14, "{value} {expected}");
    assert_eq!(gradient[0], -3.0);
    let outside = (f64::NEG_INFINITY, vec![0.0; 3]);
    assert_eq!(sharp.gradient_of(&[0.0, 5.0, 4.5]), outside);
    assert_eq!(sharp.gradient_of(&[-1.0, 5.0, 3.5]), outside);
}

#[test]
fn a_stretch_between_switches_that_all_but_coincide_keeps_its_digits() {
    // Its weight is the slope of a sigmoid times the gap, where the difference of two sigmoids has seven digits left.
    let series = bumpy(Likelihood::Normal, 60);
    let free = model(&series, Likelihood::Normal, "0,1,2", SwitchPrior::Uniform);
    let gap = 2.0_f64.powi(-30);
    let (tau, levels) = (30.5, [3.2, -40.0, 8.7, 1.1, 30.0, 2.2]);
    let sigmoid = SigmoidSwitch::posterior(free);
    let (_, gradient) = sigmoid.gradient_of(&[&levels[..], &[tau, tau + gap]].concat());
    let exact: f64 = series
        .observed()
        .map(|(index, x)| {
            let (g, rest) = sigmoids((index + 1) as f64 - tau);
            let (mu, sigma) = (rest * 3.2 + g * 8.7, rest * 1.1 + g * 2.2);
            g * rest * gap * (x - mu) / (sigma * sigma)
        })
        .sum();
    // The gap itself is the error: 1e-9 of the weight, and thirty times that in the level.
    assert!(
        (gradient[1] / exact - 1.0).abs() < 1e-6,
        "{} {exact}",
        gradient[1]
    );
}

#[test]
fn a_switch_beyond_the_end_is_no_switch() {
    for likelihood in Likelihood::ALL {
        let series = bumpy(likelihood, 90);
        let [one, two] = ["0,1", "0,1,2"]
            .map(|regimes| model(&series, likelihood, regimes, SwitchPrior::Sequential));
        let wide = parameters(&two, false);
        let narrow = match likelihood {
            Likelihood::Normal => vec![wide[0], wide[1], wide[3], wide[4]],
            Likelihood::NormalSharedSd => vec![wide[0], wide[1], wide[3]],
            Likelihood::Poisson => vec![wide[0], wide[1]],
        };
        let [one, two] = [one, two].map(SigmoidSwitch::posterior);
        for tau in [0.4, 31.0, 88.8] {
            let expected = one.gradient_of(&[&narrow[..], &[tau]].concat());
            let (value, gradient) = two.gradient_of(&[&wide[..], &[tau, 300.0]].concat());
            assert!(
                relative(value, expected.0) < 1e-14,
                "{value} {}",
                expected.0
            );
            let by_tau = (gradient[wide.len()], expected.1[narrow.len()]);
            assert!(relative(by_tau.0, by_tau.1) < 1e-12, "{by_tau:?}");
            assert_eq!((gradient[2], gradient[wide.len() + 1]), (0.0, 0.0));
        }
    }
}

#[test]
fn steep_switches_are_hard_ones() {
    for (_, model) in every_model(60, SwitchPrior::Sequential) {
        let sharp = steep(&SigmoidSwitch::posterior(model.clone()), 2000.0);
        let parameters = parameters(&model, false);
        for switches in [[10, 30, 45], [2, 3, 58]] {
            let switches = &switches[..model.n_switches()];
            let taus = switches.iter().map(|s| *s as f64 + 0.5);
            let values: Vec<f64> = parameters.iter().copied().chain(taus).collect();
            let hard = model.log_likelihood(&parameters, switches);
            let found = sharp.log_likelihood_of(&values);
            assert!(
                relative(found, hard) < 1e-13,
                "{}: {found} {hard}",
                model.describe()
            );
            let mut late = switches.to_vec();
            late[model.n_switches() - 1] += 1;
            let off = model.log_likelihood(&parameters, &late);
            assert!(relative(found, off) > 1e-5, "a switch off by one passes");
        }
    }
}

#[test]
fn a_shared_sd_is_the_same_sd_twice() {
    let series = bumpy(Likelihood::Normal, 90);
    for regimes in ["0,1", "0,1,0"] {
        let [own, shared] = [Likelihood::Normal, Likelihood::NormalSharedSd].map(|likelihood| {
            SigmoidSwitch::posterior(model(&series, likelihood, regimes, SwitchPrior::Uniform))
        });
        let taus = &[40.2, 61.0][..own.space().dim() - 4];
        let (a, by_own) = own.gradient_of(&[&[3.0, 8.0, 1.7, 1.7], taus].concat());
        let (b, by_shared) = shared.gradient_of(&[&[3.0, 8.0, 1.7], taus].concat());
        assert!(relative(a, b) < 1e-15);
        assert!(relative(by_own[2] + by_own[3], by_shared[2]) < 1e-14);
        assert!(relative(by_own[4], by_shared[3]) < 1e-14);
    }
}

#[test]
fn switches_out_of_order_are_outside() {
    for (_, model) in every_model(60, SwitchPrior::Uniform) {
        if model.n_switches() > 1 {
            let mut taus = [40.0, 39.9, 50.0];
            let parameters = parameters(&model, false);
            let sigmoid = SigmoidSwitch::posterior(model.clone());
            let at = |taus: &[f64]| {
                sigmoid.gradient_of(&[&parameters[..], &taus[..model.n_switches()]].concat())
            };
            let (value, gradient) = at(&taus);
            assert_eq!(value, f64::NEG_INFINITY);
            assert!(gradient.iter().all(|slope| *slope == 0.0));
            taus[1] = 40.0;
            assert!(at(&taus).0.is_finite(), "they may coincide");
        }
    }
}
