//! One switch between two Normal regimes: the window against the sum over all observations, and the reference tables.

use switchback_core::{Gradient, LogDensity, Series, Support};

use super::row::sigmoids;
use super::*;
use crate::testing::{
    deck, gapped, ln_normal, relative, reversed, series, stepped, transformed, uniform,
};
use crate::twofold::Twofold;
use crate::{
    Likelihood, RegimePriors, Regimes, SwitchModel, SwitchPrior, SwitchPriors, SwitchSettings,
};

mod every_model;
mod formula;
mod posterior;
mod single;

const DIM: usize = 5;

/// Value, gradient, and the sum of the absolute values of each derivative's terms: what its rounding is
/// measured against.
struct Dense {
    value: f64,
    gradient: [f64; DIM],
    size: [f64; DIM],
}

/// The definition, observation by observation over the whole series.
fn dense(series: &Series, steepness: f64, values: [f64; DIM]) -> Dense {
    let [mu1, mu2, sigma1, sigma2, tau] = values;
    // A hundred thousand roundings of a plain sum would be the larger error of the two.
    let mut sums = [Twofold::default(); DIM + 1];
    let mut size = [0.0; DIM];
    for (index, x) in series.observed() {
        let v = steepness * (tau - (index + 1) as f64);
        let (w, rest) = sigmoids(v);
        let mu = w * mu1 + rest * mu2;
        let sigma = w * sigma1 + rest * sigma2;
        let by_mu = (x - mu) / (sigma * sigma);
        let by_sigma = (x - mu).powi(2) / sigma.powi(3) - 1.0 / sigma;
        let by_w = (mu1 - mu2) * by_mu + (sigma1 - sigma2) * by_sigma;
        let terms = [
            w * by_mu,
            rest * by_mu,
            w * by_sigma,
            rest * by_sigma,
            steepness * w * rest * by_w,
            ln_normal(x, mu, sigma),
        ];
        for (index, term) in terms.into_iter().enumerate() {
            sums[index] = sums[index].plus(Twofold::sum_of(term, 0.0));
        }
        for (size, term) in size.iter_mut().zip(terms) {
            *size += term.abs();
        }
        // The parts of the last derivative's terms may cancel one another.
        let parts = ((mu1 - mu2) * by_mu).abs() + ((sigma1 - sigma2) * by_sigma).abs();
        size[4] += steepness * w * rest * parts;
    }
    Dense {
        value: sums[DIM].value(),
        gradient: std::array::from_fn(|index| sums[index].value()),
        size,
    }
}

fn raw(series: &Series) -> SigmoidSwitch {
    // By natural values a posterior gives its likelihood.
    posterior(series, SwitchPriors::deck())
}

fn posterior(series: &Series, priors: SwitchPriors) -> SigmoidSwitch {
    SigmoidSwitch::posterior(
        SwitchModel::one_normal_switch(series, priors).expect("it can be modelled"),
    )
}

fn steep(model: &SigmoidSwitch, steepness: f64) -> SigmoidSwitch {
    model
        .clone()
        .with_steepness(steepness)
        .expect("the steepness is valid")
}

fn value_and_slope(model: &SigmoidSwitch, position: &[f64]) -> (f64, Vec<f64>) {
    let (mut value, mut grad) = ([0.0], vec![0.0; position.len()]);
    model
        .logp_grad(position, &mut value, &mut grad)
        .expect("the shapes fit");
    let mut alone = [0.0];
    model.logp(position, &mut alone).expect("the shapes fit");
    assert!(
        relative(value[0], alone[0]) < 1e-15,
        "value with and without gradient: {} and {}",
        value[0],
        alone[0]
    );
    (value[0], grad)
}

/// Largest relative difference from the dense sum: of values, and of derivatives against their terms' size.
fn worst(series: &Series, model: &SigmoidSwitch, taus: &[f64]) -> [f64; 2] {
    let mut worst = [0.0_f64; 2];
    let regimes = [
        [-1.0, 5.0, 1.0, 2.0],
        [0.5, 0.4, 3.0, 0.2],
        [-1e4, 3.0, 1e-3, 50.0],
        [2.0, -2.0, -1.0, -0.5],
    ];
    for &tau in taus {
        for [mu1, mu2, sigma1, sigma2] in regimes {
            let values = [mu1, mu2, sigma1, sigma2, tau];
            let dense = dense(series, model.steepness(), values);
            let (value, gradient) = model.gradient_of(&values);
            worst[0] = worst[0].max(relative(value, dense.value));
            for (index, derivative) in gradient.into_iter().enumerate() {
                let error = (derivative - dense.gradient[index]).abs();
                worst[1] = worst[1].max(error / dense.size[index].max(1.0));
            }
        }
    }
    worst
}

#[test]
fn the_window_gives_the_dense_sum() {
    // Worst differences here: 1.1e-15 of a value and 3.3e-14 of a derivative.
    for n in [90, 1_000, 100_000] {
        let series = stepped(n, 21);
        let model = raw(&series);
        let end = n as f64;
        let taus = [
            -1e9,
            -60.0,
            -3.0,
            0.5,
            1.0,
            0.3 * end,
            0.5 * end + 0.25,
            end - 7.5,
            end,
            end + 2.0,
            end + 70.0,
            1e12,
        ];
        for steepness in [0.01, 0.1, 1.0, 7.0, 30.0, 100.0] {
            let [value, gradient] = worst(&series, &steep(&model, steepness), &taus);
            assert!(
                value < 1e-12 && gradient < 1e-12,
                "n {n}, steepness {steepness}: {value:e} {gradient:e}"
            );
        }
    }
}

#[test]
fn missing_observations_count_for_nothing_inside_and_outside_the_window() {
    let series = gapped(500, 4);
    let model = raw(&series);
    for steepness in [0.05, 1.0, 50.0] {
        let taus: Vec<f64> = (-4..55).map(|step| f64::from(step) * 10.3).collect();
        let [value, gradient] = worst(&series, &steep(&model, steepness), &taus);
        assert!(
            value < 1e-12 && gradient < 1e-12,
            "steepness {steepness}: {value:e} {gradient:e}"
        );
    }
}

#[test]
fn a_window_that_is_too_narrow_would_be_seen() {
    // The same comparison with the clock off by one observation must fail.
    let series = stepped(90, 21);
    let moved = worst(&series, &raw(&reversed(&reversed(&series))), &[45.0]);
    assert!(moved[0] < 1e-12);
    let values: Vec<Option<f64>> = std::iter::once(None)
        .chain(series.values().iter().copied().map(Some))
        .collect();
    let late = Series::new("late", &values).expect("it is a series");
    let off = worst(&series, &raw(&late), &[45.0]);
    assert!(off[0] > 1e-4 && off[1] > 1e-4, "{off:?}");
}

#[test]
fn values_and_gradients_are_those_of_the_reference_table() {
    let model = raw(&deck());
    let mut rows = 0;
    for line in include_str!("../../../../../tests/data/deck_gradients_f64.csv")
        .lines()
        .skip(1)
    {
        let row: Vec<f64> = line
            .split(',')
            .map(|cell| cell.parse().expect("the cell is a number"))
            .collect();
        let (value, gradient) = model.gradient_of(&row[..DIM]);
        assert!(relative(value, row[DIM]) < 1e-12, "row {rows}: {value}");
        for (index, derivative) in gradient.into_iter().enumerate() {
            let reference = row[DIM + 1 + index];
            assert!(
                relative(derivative, reference) < 1e-9,
                "row {rows}, {}: {derivative} and {reference}",
                index
            );
        }
        rows += 1;
    }
    assert_eq!(rows, 64);
}

/// Worst difference of the gradient from central differences, relative to the gradient's size.
fn by_differences(model: &SigmoidSwitch, position: &[f64]) -> f64 {
    let (_, grad) = value_and_slope(model, position);
    let size = grad.iter().fold(1.0_f64, |size, g| size.max(g.abs()));
    let value_at = |index: usize, moved: f64| {
        let mut position = position.to_vec();
        position[index] += moved;
        let mut value = [0.0];
        model.logp(&position, &mut value).expect("the shapes fit");
        value[0]
    };
    let h = 1e-3;
    (0..position.len())
        .map(|index| {
            // Richardson's extrapolation: the error is of fourth order.
            let slope = |h: f64| (value_at(index, h) - value_at(index, -h)) / (2.0 * h);
            let difference = (4.0 * slope(0.5 * h) - slope(h)) / 3.0;
            (grad[index] - difference).abs() / size
        })
        .fold(0.0, f64::max)
}

#[test]
fn gradients_are_those_of_central_differences() {
    let priors = SwitchPriors::parse(
        SwitchPriors::deck(),
        &["mu=normal(1, 3)", "sigma=half-normal(0.7)"],
    )
    .expect("the priors are valid");
    for series in [deck(), gapped(90, 5)] {
        let model = posterior(&series, priors);
        let mut draw = uniform(31);
        for _ in 0..30 {
            let position = [
                draw(-2.0, 2.0),
                draw(-2.0, 6.0),
                draw(0.5, 1.5),
                draw(0.5, 1.5),
                draw(-3.0, 3.0),
            ];
            for steepness in [0.3, 1.0] {
                let error = by_differences(&steep(&model, steepness), &position);
                assert!(error < 1e-7, "{error:e} at {position:?}");
            }
        }
    }
}

#[test]
fn the_posterior_is_likelihood_prior_and_jacobian() {
    let series = deck();
    let priors = SwitchPriors::deck();
    let model = posterior(&series, priors);
    let position = [-0.8, 4.6, -0.1, 0.6, 0.05];
    let tau = 90.0 * sigmoids(0.05).0;
    let values = [-0.8, 4.6, f64::exp(-0.1), f64::exp(0.6), tau];
    let (mu, sigma) = (priors.mu(), priors.sigma());
    let expected = dense(&series, 1.0, values).value
        + mu.ln_pdf(values[0])
        + mu.ln_pdf(values[1])
        + sigma.ln_pdf(values[2])
        + sigma.ln_pdf(values[3])
        - 90.0_f64.ln()
        + (-0.1 + 0.6)
        + (tau * (90.0 - tau) / 90.0).ln();
    assert!(relative(value_and_slope(&model, &position).0, expected) < 1e-13);
    let mut likelihood = [0.0];
    model
        .log_likelihood(&position, &mut likelihood)
        .expect("the shapes fit");
    assert!(relative(likelihood[0], dense(&series, 1.0, values).value) < 1e-13);
}

#[test]
fn a_reversed_series_swaps_the_regimes() {
    let series = gapped(121, 6);
    let (there, back) = (raw(&series), raw(&reversed(&series)));
    for tau in [-5.0, 1.0, 33.3, 61.0, 130.0] {
        let (a, da) = there.gradient_of(&[0.3, -1.0, 0.4, 1.2, tau]);
        let (b, db) = back.gradient_of(&[-1.0, 0.3, 1.2, 0.4, 122.0 - tau]);
        assert!(relative(a, b) < 1e-13, "tau {tau}: {a} {b}");
        for (index, twin) in [1, 0, 3, 2].into_iter().enumerate() {
            assert!(relative(da[index], db[twin]) < 1e-12);
        }
        assert!(relative(da[4], -db[4]) < 1e-12);
    }
}

#[test]
fn scale_and_offset_of_the_data_change_nothing_but_units() {
    let near = transformed(&deck(), |x| (x * 1024.0).round() / 1024.0);
    let far = transformed(&near, |x| x * 4.0 + 1e6);
    let (near, far) = (raw(&near), raw(&far));
    for tau in [0.2, 45.9, 88.0] {
        let (a, da) = near.gradient_of(&[-0.75, 4.5, 0.9, 1.8, tau]);
        let (b, db) = far.gradient_of(&[1e6 - 3.0, 1e6 + 18.0, 3.6, 7.2, tau]);
        let b = b + 90.0 * 4.0_f64.ln();
        assert!(relative(a, b) < 1e-12, "tau {tau}: {a} {b}");
        for index in 0..DIM {
            let unit = if index == 4 { 1.0 } else { 4.0 };
            assert!(
                relative(da[index], unit * db[index]) < 1e-11,
                "tau {tau}, {}: {} {}",
                index,
                da[index],
                unit * db[index]
            );
        }
    }
}

#[test]
fn only_the_square_of_sigma_enters_and_a_sigma_of_zero_is_outside() {
    let model = raw(&deck());
    let (a, da) = model.gradient_of(&[-0.8, 4.6, 0.9, 1.8, 45.5]);
    let (b, db) = model.gradient_of(&[-0.8, 4.6, -0.9, -1.8, 45.5]);
    assert!(relative(a, b) < 1e-15);
    assert!(relative(da[2], -db[2]) < 1e-13 && relative(da[4], db[4]) < 1e-13);
    // At t = tau both weights are a half, so opposite sigmas meet at 0 there to within rounding, and cross
    // it elsewhere.
    let outside = (f64::NEG_INFINITY, vec![0.0; DIM]);
    assert!(model.gradient_of(&[0.0, 0.0, 1.0, -1.0, 45.0]).0 < -1e28);
    let crossing = model.gradient_of(&[0.0, 0.0, 1.0, -1.0, 45.3]);
    assert!(crossing.0.is_finite() && crossing.1.iter().all(|d| d.is_finite()));
    assert_eq!(model.gradient_of(&[0.0, 1.0, 0.0, 0.0, 45.0]), outside);
    assert_eq!(model.gradient_of(&[0.0, 1.0, 0.0, 1.0, 900.0]), outside);
    // A residual of 0 over a sigma of 0.
    let sharp = steep(&raw(&series(&[1.0, 2.0])), 1e6);
    assert_eq!(sharp.gradient_of(&[1.0, 2.0, 0.0, 0.0, 1.5]), outside);
}

#[test]
fn no_finite_position_makes_a_nan() {
    let data = deck();
    let model = posterior(&data, SwitchPriors::deck());
    let corners = [
        -1e308, -1e150, -800.0, -45.0, 0.0, 1e-320, 1e-150, 0.5, 45.0, 800.0, 1e150, 1e308,
    ];
    for steepness in [1e-300, 0.01, 1.0, 100.0, 1e300] {
        let model = steep(&model, steepness);
        let mut draw = uniform(41);
        for _ in 0..3000 {
            let position: [f64; DIM] = std::array::from_fn(|_| corners[draw(0.0, 12.0) as usize]);
            let (value, grad) = value_and_slope(&model, &position);
            assert!(!value.is_nan() && value < f64::INFINITY, "{position:?}");
            if value == f64::NEG_INFINITY {
                assert_eq!(grad, vec![0.0; DIM], "{position:?}");
            }
        }
    }
    let position = [0.0, f64::NAN, 1.0, 1.0, 45.0];
    assert!(raw(&data).gradient_of(&position).0.is_nan());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let data = deck();
    for steepness in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            raw(&data).with_steepness(steepness),
            Err(ModelError::Steepness { .. })
        ));
    }
}

#[test]
fn a_batch_is_its_rows() {
    let model = posterior(&deck(), SwitchPriors::deck());
    let rows = [[-0.8, 4.6, -0.1, 0.6, 0.0], [0.1, 0.2, 0.3, 0.4, -2.0]];
    let (mut values, mut grads) = ([0.0; 2], [0.0; 2 * DIM]);
    model
        .logp_grad(&rows.concat(), &mut values, &mut grads)
        .expect("the shapes fit");
    for (index, row) in rows.iter().enumerate() {
        let (value, grad) = value_and_slope(&model, row);
        assert_eq!(value, values[index]);
        assert_eq!(grad, grads[index * DIM..(index + 1) * DIM]);
    }
    assert!(
        model
            .logp_grad(&rows.concat(), &mut values, &mut grads[1..])
            .is_err()
    );
}
