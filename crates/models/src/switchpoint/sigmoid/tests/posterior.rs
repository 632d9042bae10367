//! The posterior of every model: priors, transforms, gradients in the sampler's own coordinates, rows.

use super::super::measure::Measure;
use super::formula::{every_model, formula, parameters};
use super::*;
use crate::SwitchPrior;

const PRIORS: [SwitchPrior; 2] = [SwitchPrior::Sequential, SwitchPrior::Uniform];

/// Random positions that a sampler might come by.
fn positions(model: &SwitchModel, seed: u64) -> Vec<Vec<f64>> {
    let mut draw = uniform(seed);
    let n_positive = match model.likelihood() {
        Likelihood::Normal => model.n_regimes(),
        Likelihood::NormalSharedSd => 1,
        Likelihood::Poisson => model.n_regimes(),
    };
    let n_real = model.n_parameters() - n_positive;
    (0..12)
        .map(|_| {
            let real = (0..n_real).map(|_| 5.0).collect::<Vec<_>>();
            let real = real
                .into_iter()
                .map(|middle| middle + draw(-4.0, 4.0))
                .collect::<Vec<_>>();
            let rest = (0..n_positive + model.n_switches())
                .map(|_| draw(-0.5, 1.5))
                .collect();
            [real, rest].concat()
        })
        .collect()
}

/// Log prior of the switches, as the definition has it.
fn ln_switches(taus: &[f64], n: f64, prior: SwitchPrior) -> f64 {
    let k_all = taus.len();
    match prior {
        SwitchPrior::Sequential => {
            let lows = std::iter::once(0.0).chain(taus.iter().copied());
            let highs = (1..=k_all).map(|k| n - (k_all - k) as f64);
            -lows
                .zip(highs)
                .map(|(low, high)| (high - low).ln())
                .sum::<f64>()
        }
        SwitchPrior::Uniform => {
            let factorial: f64 = (1..=k_all).map(|k| k as f64).product();
            (factorial / n.powi(k_all as i32)).ln()
        }
    }
}

#[test]
fn a_density_is_likelihood_prior_and_jacobian() {
    for prior in PRIORS {
        for (series, model) in every_model(60, prior) {
            let sigmoid = SigmoidSwitch::posterior(model.clone());
            assert!(sigmoid.model().settings() == model.settings());
            for position in positions(&model, 3) {
                let values = sigmoid.space().constrain(&position);
                let (parameters, taus) = values.split_at(model.n_parameters());
                let log_likelihood = formula(&series, &model, 1.0, &values, 0.0).value;
                let expected = log_likelihood
                    + model.ln_prior(parameters)
                    + ln_switches(taus, 60.0, prior)
                    + sigmoid.space().log_jacobian(&position);
                let (found, _) = value_and_slope(&sigmoid, &position);
                // Measured: 1.1e-15.
                assert!(relative(found, expected) < 1e-14, "{found} {expected}");
                let mut alone = [0.0];
                sigmoid
                    .log_likelihood(&position, &mut alone)
                    .expect("the shapes fit");
                assert!(relative(alone[0], log_likelihood) < 1e-13);
            }
        }
    }
}

#[test]
fn the_space_has_the_names_and_supports_of_the_model() {
    for (_, model) in every_model(60, SwitchPrior::Sequential) {
        let sigmoid = SigmoidSwitch::posterior(model.clone());
        let (parameters, switches) = sigmoid.space().parameters().split_at(model.n_parameters());
        assert_eq!(parameters, model.regime_parameters());
        let names: Vec<_> = switches.iter().map(|switch| switch.name.clone()).collect();
        assert_eq!(names, model.switch_names("tau"));
        let last = match switches.last().expect("there is a switch").support {
            Support::Interval { low, high } => (low, high),
            Support::After { previous, high } => ((previous + 2) as f64, high),
            other => panic!("{other:?}"),
        };
        let low = if switches.len() == 1 {
            0
        } else {
            sigmoid.space().dim()
        };
        assert_eq!(last, (low as f64, 60.0));
    }
}

#[test]
fn slopes_are_those_of_central_differences_in_every_coordinate() {
    let mut worst = 0.0_f64;
    for prior in PRIORS {
        for (_, model) in every_model(60, prior) {
            for steepness in [0.3, 1.0] {
                let sigmoid = steep(&SigmoidSwitch::posterior(model.clone()), steepness);
                for position in positions(&model, 5) {
                    worst = worst.max(by_differences(&sigmoid, &position));
                }
            }
        }
    }
    // Measured: 6.8e-11.
    assert!(worst < 1e-8, "{worst:e}");
}

/// Integral of the exponential of log prior plus log Jacobian over all positions. It is a product of a factor for each
/// parameter, which [`a_density_is_likelihood_prior_and_jacobian`] holds it to, and one for all switches.
fn mass(model: &SwitchModel) -> f64 {
    let measure = Measure::new(model);
    let (n_parameters, n_switches) = (model.n_parameters(), model.n_switches());
    let dim = n_parameters + n_switches;
    let base = vec![0.3; dim];
    let at = |position: &[f64]| {
        let (mut values, mut shares) = (vec![0.0; dim], vec![0.0; n_switches]);
        measure.constrain(position, &mut values, &mut shares)
    };
    let ln_base = at(&base);
    let mut mass = ln_base.exp();
    for index in 0..n_parameters {
        let mut position = base.clone();
        // The trapezoid rule, whose error is of no order for smooth functions that vanish at both ends.
        let sum: f64 = (-800..800)
            .map(|i| {
                position[index] = 0.05 * f64::from(i);
                (at(&position) - ln_base).exp()
            })
            .sum();
        mass *= sum * 0.05;
    }
    // The rule's error for a logistic density is about exp(-2 pi^2 / step).
    let (step, side) = (0.6, 100_usize);
    let mut position = base;
    let sum: f64 = (0..side.pow(n_switches as u32))
        .map(|code| {
            for k in 0..n_switches {
                let i = code / side.pow(k as u32) % side;
                position[n_parameters + k] = step * (i as f64 - 0.5 * side as f64);
            }
            (at(&position) - ln_base).exp()
        })
        .sum();
    mass * sum * step.powi(n_switches as i32)
}

#[test]
fn a_prior_integrates_to_one() {
    for prior in PRIORS {
        for (_, model) in every_model(60, prior) {
            let mass = mass(&model);
            // Measured: 4e-11.
            assert!(
                (mass - 1.0).abs() < 1e-9,
                "{prior}, {}: {mass}",
                model.describe()
            );
        }
    }
}

#[test]
fn rows_add_up_to_the_log_likelihood() {
    for (series, model) in every_model(300, SwitchPrior::Sequential) {
        let sigmoid = SigmoidSwitch::posterior(model.clone());
        assert_eq!(sigmoid.n_pointwise(), 300);
        let taus = [40.3, 77.0, 210.5];
        let values = [&parameters(&model, false)[..], &taus[..model.n_switches()]].concat();
        let position = sigmoid.space().unconstrain(&values).expect("inside");
        let mut rows = vec![0.0; 300];
        sigmoid.pointwise(&position, &[], &mut rows);
        let mut counts = vec![0.0; sigmoid.n_expectations()];
        sigmoid.add_expectations(&position, &mut counts);
        for (k, s) in [40, 77, 210]
            .into_iter()
            .take(model.n_switches())
            .enumerate()
        {
            assert_eq!(counts[300 * k + s], 1.0, "{}", model.describe());
        }
        assert_eq!(counts.iter().sum::<f64>(), model.n_switches() as f64);
        let formula = formula(&series, &model, 1.0, &values, 0.0);
        for (index, (row, exact)) in rows.iter().zip(&formula.rows).enumerate() {
            assert_eq!(row.is_nan(), series.values()[index].is_nan());
            assert!(
                row.is_nan() || relative(*row, *exact) < 1e-11,
                "{index}: {row} {exact}"
            );
        }
        let sum: f64 = rows.iter().filter(|row| !row.is_nan()).sum();
        assert!(relative(sum, sigmoid.log_likelihood_of(&values)) < 1e-13);
    }
}

#[test]
fn no_position_makes_a_nan_that_was_not_put_in() {
    let corners = [
        -1e308,
        -800.0,
        -45.0,
        -1e-320,
        0.0,
        0.5,
        3.0,
        45.0,
        800.0,
        1e150,
        f64::INFINITY,
    ];
    for prior in PRIORS {
        for (_, model) in every_model(60, prior) {
            for steepness in [1e-300, 0.05, 1.0, 1e300] {
                let sigmoid = steep(&SigmoidSwitch::posterior(model.clone()), steepness);
                let dim = sigmoid.space().dim();
                let mut draw = uniform(43);
                for _ in 0..400 {
                    let position: Vec<f64> = (0..dim)
                        .map(|_| corners[draw(0.0, 11.0) as usize])
                        .collect();
                    let (value, grad) = value_and_slope(&sigmoid, &position);
                    assert!(!value.is_nan() && value < f64::INFINITY, "{position:?}");
                    if value == f64::NEG_INFINITY {
                        assert!(grad.iter().all(|slope| *slope == 0.0), "{position:?}");
                    }
                }
                let mut position = vec![0.0; dim];
                position[dim - 1] = f64::NAN;
                let (mut value, mut grad) = ([0.0], vec![0.0; dim]);
                sigmoid
                    .logp_grad(&position, &mut value, &mut grad)
                    .expect("the shapes fit");
                assert!(value[0].is_nan());
            }
        }
    }
}
