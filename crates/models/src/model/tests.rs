//! The model against sums over observations, written as the formulas are.

use super::*;
use crate::Prior;
use crate::testing::{gapped, ln_normal, relative, series};

fn settings(likelihood: Likelihood, regimes: Regimes) -> SwitchSettings {
    let priors = match likelihood {
        Likelihood::Poisson => RegimePriors::Poisson(
            RatePrior::new(Prior::gamma(2.0, 1.0).expect("valid")).expect("valid"),
        ),
        _ => RegimePriors::Normal(SwitchPriors::deck()),
    };
    SwitchSettings {
        likelihood,
        regimes,
        priors,
        switch_prior: SwitchPrior::Sequential,
    }
}

fn counts() -> Series {
    let values: Vec<f64> = (0..60)
        .map(|i| ((i * 7 + i * i) % 5) as f64 + if i < 25 { 3.0 } else { 0.0 })
        .collect();
    series(&values)
}

/// Parameters that fit each family, for up to three regimes.
fn parameters(likelihood: Likelihood, n_regimes: usize) -> Vec<f64> {
    let mu = [-0.7, 1.9, 4.0];
    let sigma = [0.9, 1.7, 1.2];
    let rate = [4.5, 2.5, 1.0];
    match likelihood {
        Likelihood::Normal => [&mu[..n_regimes], &sigma[..n_regimes]].concat(),
        Likelihood::NormalSharedSd => [&mu[..n_regimes], &sigma[..1]].concat(),
        Likelihood::Poisson => rate[..n_regimes].to_vec(),
    }
}

fn every_model() -> Vec<(Series, SwitchModel)> {
    let mut models = Vec::new();
    for likelihood in Likelihood::ALL {
        for regimes in ["0,1", "0,1,0", "0,1,2"] {
            let series = match likelihood {
                Likelihood::Poisson => counts(),
                _ => gapped(60, 5),
            };
            let settings = settings(likelihood, regimes.parse().expect("it is offered"));
            let model = SwitchModel::new(&series, settings).expect("it can be modelled");
            models.push((series, model));
        }
    }
    models
}

/// The log density of one observation, as it stands in a book.
fn ln_density(
    likelihood: Likelihood,
    y: f64,
    parameters: &[f64],
    r: usize,
    n_regimes: usize,
) -> f64 {
    match likelihood {
        Likelihood::Normal => ln_normal(y, parameters[r], parameters[n_regimes + r]),
        Likelihood::NormalSharedSd => ln_normal(y, parameters[r], parameters[n_regimes]),
        Likelihood::Poisson => {
            let ln_factorial: f64 = (1..=y as u32).map(|i| f64::from(i).ln()).sum();
            y * parameters[r].ln() - parameters[r] - ln_factorial
        }
    }
}

#[test]
fn the_log_likelihood_is_the_sum_over_observations() {
    for (series, model) in every_model() {
        let parameters = parameters(model.likelihood(), model.n_regimes());
        let switches: &[usize] = if model.n_switches() == 1 {
            &[25]
        } else {
            &[17, 44]
        };
        let regime_of = |index: usize| {
            let stretch = switches.iter().filter(|s| **s <= index).count();
            model.regimes().of_stretch()[stretch]
        };
        let each: Vec<f64> = series
            .observed()
            .map(|(index, y)| {
                ln_density(
                    model.likelihood(),
                    y,
                    &parameters,
                    regime_of(index),
                    model.n_regimes(),
                )
            })
            .collect();
        let dense: f64 = each.iter().sum();
        let found = model.log_likelihood(&parameters, switches);
        assert!(
            relative(found, dense) < 1e-12,
            "{}: {found} {dense}",
            model.describe()
        );
        for ((index, _), dense) in series.observed().zip(each) {
            let found = model.log_likelihood_of_row(&parameters, regime_of(index), index);
            assert!(
                relative(found, dense) < 1e-12,
                "{} {index}",
                model.describe()
            );
        }
        let linear: f64 = model
            .stretches(switches)
            .map(|(r, range)| {
                let [a, b, c] = model.coefficients(&parameters, r);
                let (end, start) = (
                    model.cumulative().at(range.end),
                    model.cumulative().at(range.start),
                );
                a * (end[0] - start[0]) + b * (end[1] - start[1]) + c * (end[2] - start[2])
            })
            .sum();
        assert!(relative(linear, dense) < 1e-12, "{}", model.describe());
    }
}

#[test]
fn the_gradient_is_that_of_the_log_likelihood() {
    for (_, model) in every_model() {
        let values = parameters(model.likelihood(), model.n_regimes());
        let switches: &[usize] = if model.n_switches() == 1 {
            &[25]
        } else {
            &[17, 44]
        };
        let mut grad = vec![0.0; values.len()];
        for (r, range) in model.stretches(switches) {
            let (end, start) = (
                model.cumulative().at(range.end),
                model.cumulative().at(range.start),
            );
            model.add_gradient(
                &values,
                r,
                std::array::from_fn(|i| end[i] - start[i]),
                &mut grad,
            );
        }
        model.add_prior_gradient(&values, &mut grad);
        let whole =
            |values: &[f64]| model.log_likelihood(values, switches) + model.ln_prior(values);
        for index in 0..values.len() {
            let h = 1e-6;
            let (mut up, mut down) = (values.clone(), values.clone());
            up[index] += h;
            down[index] -= h;
            let by_difference = (whole(&up) - whole(&down)) / (2.0 * h);
            assert!(
                relative(grad[index], by_difference) < 1e-6,
                "{} {index}: {} {by_difference}",
                model.describe(),
                grad[index]
            );
        }
    }
}

#[test]
fn what_is_not_in_order_or_not_admitted_is_impossible() {
    let values = [1.0, 1.0, 4.0, 5.0, 3.0, 1.0, 1.0];
    let of = |regimes: Regimes| {
        SwitchModel::new(&series(&values), settings(Likelihood::Normal, regimes))
            .expect("it varies")
    };
    let reversion = of(Regimes::reversion());
    let at = |switches: [usize; 2]| {
        reversion.log_likelihood(&parameters(Likelihood::Normal, 2), &switches)
    };
    // All that is outside 2..5 is the same: sigma1 could be 0.
    assert_eq!(at([2, 5]), f64::NEG_INFINITY);
    assert!(at([2, 4]).is_finite() && at([3, 5]).is_finite() && at([3, 3]).is_finite());
    assert_eq!(at([5, 3]), f64::NEG_INFINITY);
    assert_eq!(at([0, 2]), f64::NEG_INFINITY, "the middle is constant");
    assert_eq!(at([6, 7]), f64::NEG_INFINITY);
    let free = of(Regimes::free(2).expect("two"));
    let at = |switches: [usize; 2]| free.admits(&switches);
    assert!(!at([2, 5]) && !at([2, 4]) && !at([3, 5]) && at([3, 4]) && at([1, 6]));
}

#[test]
fn what_cannot_be_modelled_is_refused() {
    let refused = |values: &[f64], likelihood, regimes: &str| {
        let settings = settings(likelihood, regimes.parse().expect("it is offered"));
        SwitchModel::new(&series(values), settings).expect_err("it is refused")
    };
    let error = refused(&[1.0, 2.0, 3.0], Likelihood::Normal, "0,1,2,3");
    assert!(matches!(
        error,
        ModelError::TooManySwitches { needed: 4, .. }
    ));
    let error = refused(&[1.0, 2.5, 3.0], Likelihood::Poisson, "0,1");
    assert!(matches!(error, ModelError::NotACount { index: 1, .. }));
    let error = refused(&[1.0, -2.0, 3.0], Likelihood::Poisson, "0,1");
    assert!(matches!(error, ModelError::NotACount { index: 1, .. }));
    let error = refused(&[2.0, 2.0, 2.0], Likelihood::Normal, "0,1");
    assert!(matches!(error, ModelError::ConstantSeries { .. }));
    let error = refused(&[2.0, 2.0, 3.0, 3.0], Likelihood::NormalSharedSd, "0,1");
    assert!(matches!(
        error,
        ModelError::NoSharedSpread { changes: 1, .. }
    ));
    let wrong = SwitchSettings {
        priors: RegimePriors::Normal(SwitchPriors::deck()),
        ..settings(Likelihood::Poisson, Regimes::one_switch())
    };
    let error = SwitchModel::new(&counts(), wrong).expect_err("it is refused");
    assert!(matches!(error, ModelError::PriorsOfAnother { .. }));
}
