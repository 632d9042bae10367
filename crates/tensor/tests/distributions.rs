//! Distributions of tensors are those of floats, and their derivatives are those of finite differences, on every device.

mod common;

use common::{graphics, processors};
use switchback_core::{Gradient, LogDensity, Support};
use switchback_models::custom::{Declaration, Distribution};
use switchback_tensor::OpenDevice;
use switchback_tensor::custom::{Number, TensorModel, density};

/// What is asked of a distribution: its log density as a model of its own numbers and of `x`, each within an interval.
struct Asked {
    name: &'static str,
    /// Its numbers and then `x`, in the middle of where they are asked.
    at: Vec<f64>,
    of_floats: fn(&[f64]) -> Distribution,
    of_tensors: fn(Vec<Number>) -> Distribution<Number>,
    /// Whether `x` is a whole number, which has no derivative.
    is_whole: bool,
}

macro_rules! asked {
    ($name:ident, $n:tt, $whole:expr, $at:expr) => {
        Asked {
            name: stringify!($name),
            at: $at.to_vec(),
            of_floats: |n| asked!(@of Distribution::$name, n, $n),
            of_tensors: |n| asked!(@of density::$name, n.clone(), $n),
            is_whole: $whole,
        }
    };
    (@of $make:path, $n:expr, 1) => { $make($n[0].clone()) };
    (@of $make:path, $n:expr, 2) => { $make($n[0].clone(), $n[1].clone()) };
    (@of $make:path, $n:expr, 3) => { $make($n[0].clone(), $n[1].clone(), $n[2].clone()) };
}

fn all() -> Vec<Asked> {
    vec![
        asked!(normal, 2, false, [0.7, 1.3, -0.4]),
        asked!(half_normal, 1, false, [1.3, 0.4]),
        asked!(log_normal, 2, false, [0.7, 1.3, 2.4]),
        asked!(student_t, 3, false, [3.5, 0.3, 1.6, -2.4]),
        asked!(exponential, 1, false, [0.6, 2.0]),
        asked!(gamma, 2, false, [2.4, 1.3, 0.9]),
        asked!(inverse_gamma, 2, false, [2.4, 1.3, 0.9]),
        asked!(beta, 2, false, [2.4, 1.3, 0.6]),
        asked!(chi_squared, 1, false, [3.3, 2.7]),
        asked!(uniform, 2, false, [-1.0, 2.0, 0.4]),
        asked!(triangular, 3, false, [-1.0, 0.8, 2.0, 0.3]),
        asked!(poisson, 1, true, [2.6, 3.0]),
        asked!(discrete_uniform, 2, true, [-2.0, 5.0, 1.0]),
        asked!(bernoulli, 1, true, [0.3, 1.0]),
    ]
}

/// A model whose likelihood is the log density, of parameters that are its numbers and, where it has a derivative, `x`.
fn model(asked: &Asked, device: &OpenDevice) -> TensorModel {
    let mut declaration = Declaration::new(asked.name);
    let n_numbers = asked.at.len() - 1;
    let n_parameters = n_numbers + usize::from(!asked.is_whole);
    for (index, at) in asked.at[..n_parameters].iter().enumerate() {
        let (low, high) = (at - 0.25, at + 0.25);
        let support = Support::Interval { low, high };
        let prior = Distribution::uniform(low, high);
        declaration = declaration.parameter(format!("n{index}"), support, prior);
    }
    let (of_tensors, is_whole) = (asked.of_tensors, asked.is_whole);
    let declaration = declaration.data("x", &asked.at[n_numbers..]);
    TensorModel::new(declaration, device, move |of| {
        let numbers = (0..n_numbers).map(|index| Number::from(of.get(&format!("n{index}"))));
        let x = if is_whole {
            of.data("x")
        } else {
            of.get(&format!("n{n_numbers}"))
        };
        of_tensors(numbers.collect()).log_density(x).sum()
    })
    .unwrap_or_else(|error| panic!("{}: {error}", asked.name))
}

/// Log density, priors and Jacobian at `position`, by floats.
fn truth(asked: &Asked, model: &TensorModel, position: &[f64]) -> f64 {
    let mut values = model.space().constrain(position);
    let prior = values.len() as f64 * -(0.5_f64.ln());
    if asked.is_whole {
        values.push(asked.at[asked.at.len() - 1]);
    }
    let (numbers, x) = values.split_at(values.len() - 1);
    (asked.of_floats)(numbers).log_density(x[0]) + prior + model.space().log_jacobian(position)
}

fn check(device: &OpenDevice, near: f64, near_slope: f64) {
    let all = all();
    assert_eq!(all.len(), 14);
    for asked in &all {
        let model = model(asked, device);
        let dim = model.space().dim();
        for shift in [-1.1, 0.0, 0.4] {
            let position: Vec<f64> = (0..dim).map(|k| shift + 0.3 * k as f64 - 0.2).collect();
            let (mut value, mut slopes) = ([0.0], vec![0.0; dim]);
            model
                .logp_grad(&position, &mut value, &mut slopes)
                .expect("the device works");
            let expected = truth(asked, &model, &position);
            let error = (value[0] - expected).abs() / expected.abs().max(1.0);
            assert!(error < near, "{} {}: {error:e}", device.name(), asked.name);
            for k in 0..dim {
                let at = |step: f64| {
                    let mut moved = position.clone();
                    moved[k] += step;
                    truth(asked, &model, &moved)
                };
                // Fourth order: the error of the difference is about 1e-11.
                let h = 2e-3;
                let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                let error = (slopes[k] - slope).abs() / slope.abs().max(1.0);
                assert!(
                    error < near_slope,
                    "{} {} by {k}: {} {slope}",
                    device.name(),
                    asked.name,
                    slopes[k]
                );
            }
        }
    }
}

#[test]
fn values_and_derivatives_on_processors() {
    for device in processors() {
        // Measured: 4.2e-16 and, most of it the difference's own, 1.5e-12.
        check(&device, 1e-14, 1e-11);
    }
}

#[test]
fn values_and_derivatives_on_a_graphics_device() {
    let Some(device) = graphics() else { return };
    // Measured on Mesa's software Vulkan: 8.9e-7 and 8.7e-8.
    check(&device, 5e-6, 1e-6);
}

/// The log density at each `x`, with its derivative there, of a distribution of plain numbers.
fn on_line(distribution: Distribution, device: &OpenDevice, xs: &[f64]) -> Vec<(f64, f64)> {
    let declaration =
        Declaration::new("line").parameter("u", Support::Real, Distribution::normal(0.0, 1.0));
    let prior = Distribution::normal(0.0, 1.0);
    let on_tensors = distribution.map(|number| Number::from(*number));
    // Whatever lies outside is not to stop the model from being made.
    let model = TensorModel::new(declaration.start("u", 0.5), device, move |of| {
        on_tensors.log_density(of.get("u")).sum()
    })
    .expect("one half is inside");
    let (mut values, mut slopes) = (vec![0.0; xs.len()], vec![0.0; xs.len()]);
    model
        .logp_grad(xs, &mut values, &mut slopes)
        .expect("the device works");
    let pairs = xs.iter().zip(values.into_iter().zip(slopes));
    pairs
        .map(|(x, (value, slope))| (value - prior.log_density(*x), slope + x))
        .collect()
}

#[test]
fn outside_there_is_nothing_and_no_derivative_is_lost() {
    let outside = [-2.0, -0.5, 0.0, 0.5, 0.999, 1.5, 3.0];
    let all = [
        Distribution::half_normal(1.0),
        Distribution::log_normal(0.0, 1.0),
        Distribution::exponential(1.0),
        Distribution::gamma(2.5, 1.0),
        Distribution::inverse_gamma(2.0, 1.0),
        Distribution::beta(2.0, 3.0),
        Distribution::chi_squared(3.0),
        Distribution::uniform(0.0, 1.0),
        Distribution::triangular(0.0, 0.25, 1.0),
    ];
    for device in processors() {
        for distribution in &all {
            let found = on_line(distribution.clone(), &device, &outside);
            for (x, (value, slope)) in outside.iter().zip(found) {
                let truth = distribution.log_density(*x);
                let name = device.name();
                if truth == f64::NEG_INFINITY {
                    assert_eq!(value, truth, "{name} {distribution} at {x}");
                    // At 0 itself a density may be as steep as any.
                    let is_flat = *x == 0.0 || slope.abs() < 1e-12;
                    assert!(is_flat, "{name} {distribution} at {x}: {slope}");
                } else {
                    assert!(
                        (value - truth).abs() < 1e-12,
                        "{name} {distribution} at {x}"
                    );
                    // At 0 itself a density may be as steep as any.
                    assert!(
                        *x == 0.0 || slope.is_finite(),
                        "{name} {distribution} at {x}"
                    );
                }
            }
        }
    }
}
