//! The fused operation is the objective in every value and gradient, near the plain expression, and part of burn's graph
//! like any other operation; the kernel of a graphics device is so in single precision.

mod common;

use burn::tensor::{DType, Device, Tensor, TensorData};
use common::models::{describe, model, objectives, positions, worst};
use common::{at, distance, flex, graphics, processors};
use switchback_core::{Ascent, LogDensity, Optimizer, Ramp, Rule, Series, Shape};
use switchback_models::{
    Estimate, Likelihood, Objective, Parameterization, SwitchModel, SwitchPrior, SwitchPriors,
};
use switchback_tensor::{
    DeviceName, Expression, NotOnTensors, OpenDevice, TensorClimb, TensorDensity, TensorObjective,
};

const REGIMES: [&str; 4] = ["0,1", "0,1,0", "0,1,2", "0,1,2,3,4"];

fn fused(objective: &Objective, device: &OpenDevice) -> TensorDensity {
    TensorDensity::with_expression(objective, device, Expression::Fused).expect("a processor")
}

fn uploaded(objective: &Objective, device: &OpenDevice, expression: Expression) -> TensorObjective {
    TensorObjective::upload_as(objective, device, expression).expect("it is offered")
}

/// The marginal form of every likelihood, with and without its priors.
fn marginals() -> Vec<Objective> {
    let mut marginals = Vec::new();
    for likelihood in Likelihood::ALL {
        for regimes in &REGIMES[..3] {
            for estimate in [
                Estimate::Likelihood,
                Estimate::Posterior {
                    with_jacobian: true,
                },
            ] {
                let model = model(likelihood, regimes, SwitchPrior::Sequential);
                marginals.push(Objective::marginal(model, estimate));
            }
        }
    }
    marginals
}

/// One switch between Normal regimes.
fn one_switch() -> Objective {
    objectives(&["0,1"]).remove(1)
}

/// Rows of a tensor that is differentiated, on burn's own device of that name.
#[expect(deprecated)]
fn tensor(name: DeviceName, rows: &[f64], dim: usize) -> Tensor<2> {
    let device = match name {
        DeviceName::NdArray => Device::ndarray(),
        _ => Device::flex(),
    };
    let data = TensorData::new(rows.to_vec(), [rows.len() / dim, dim]);
    Tensor::from_data(data, (&device.autodiff(), DType::F64)).require_grad()
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[test]
fn the_operation_is_the_objective_to_the_last_digit() {
    for objective in objectives(&REGIMES).iter().chain(&marginals()) {
        for device in processors() {
            let error = worst(objective, &fused(objective, &device), 6);
            assert_eq!(error, 0.0, "{}: {}", device.name(), describe(objective));
        }
    }
}

#[test]
fn the_operation_is_near_the_plain_expression() {
    for objective in objectives(&REGIMES) {
        for device in processors() {
            let rows = positions(&objective, 5);
            let [(values, slopes), (plain, plain_slopes)] = Expression::ALL.map(|expression| {
                let density = TensorDensity::with_expression(&objective, &device, expression);
                at(&density.expect("it is a sigmoid"), &rows)
            });
            // Measured: 8.7e-16 at most.
            let size = slopes.iter().fold(1.0, |size: f64, g| size.max(g.abs()));
            let name = device.name();
            for (found, truth) in values.iter().zip(&plain) {
                let error = distance(*found, *truth, 1.0);
                assert!(
                    error <= 1e-14,
                    "{name}: {error:e}: {}",
                    describe(&objective)
                );
            }
            for (found, truth) in slopes.iter().zip(&plain_slopes) {
                let error = (found - truth).abs() / size;
                assert!(
                    error <= 1e-14,
                    "{name}: {error:e}: {}",
                    describe(&objective)
                );
            }
        }
    }
}

#[test]
fn a_share_of_the_steepness_is_another_steepness() {
    for objective in objectives(&["0,1", "0,1,2"]) {
        let (dim, rows) = (objective.space().dim(), positions(&objective, 3));
        for share in [0.01, 0.5, 3.0] {
            let steepness = share * objective.steepness().expect("it is a sigmoid");
            let flat = objective.clone().with_steepness(steepness).expect("valid");
            let (values, slopes) = at(&flat, &rows);
            for device in processors() {
                let uploaded = uploaded(&objective, &device, Expression::Fused);
                let position = tensor(device.name(), &rows, dim);
                let (loss, gradient) = uploaded.loss_and_gradient(position.clone(), Some(share));
                let turned = |of: Vec<f64>| of.into_iter().map(|x| -x).collect::<Vec<f64>>();
                assert_eq!(turned(numbers(loss)), values, "{share}");
                assert_eq!(turned(numbers(gradient)), slopes, "{share}");
                // And all of it again.
                let whole = turned(numbers(uploaded.loss(position, None)));
                assert_eq!(whole, at(&objective, &rows).0);
            }
        }
    }
}

/// `sum_s weight_s loss_s^2 + 3 |position|^2`, whose gradient is `2 weight_s loss_s d loss_s + 6 position`.
fn chained(uploaded: &TensorObjective, position: &Tensor<2>) -> Vec<f64> {
    let [starts, _] = position.dims();
    let device = position.device();
    let weights = (1..=starts).map(|start| start as f64).collect();
    let weights = TensorData::new(weights, [starts, 1, 1]);
    let weights = Tensor::<3>::from_data(weights, (&device, DType::F64));
    let loss = uploaded.loss(position.clone(), None) - uploaded.constant();
    let whole = (loss.square() * weights).sum() + position.clone().square().sum() * 3.0;
    let gradients = whole.backward();
    numbers(position.grad(&gradients).expect("it takes part"))
}

#[test]
fn a_further_expression_is_differentiated_through_the_operation() {
    for objective in objectives(&["0,1", "0,1,0"]) {
        let (dim, rows) = (objective.space().dim(), positions(&objective, 3));
        let (values, slopes) = at(&objective, &rows);
        for device in processors() {
            for expression in Expression::ALL {
                let position = tensor(device.name(), &rows, dim);
                let found = chained(&uploaded(&objective, &device, expression), &position);
                for (index, found) in found.into_iter().enumerate() {
                    let row = index / dim;
                    let outer = 2.0 * (row + 1) as f64 * values[row];
                    let truth = outer * slopes[index] + 6.0 * rows[index];
                    let size = (outer * slopes[index]).abs().max(outer.abs());
                    // Measured: 0 of the operation, 9.5e-15 at most of the plain expression.
                    let error = (found - truth).abs() / size;
                    assert!(error <= 1e-13, "{expression:?}: {error:e}");
                }
            }
        }
    }
}

#[test]
fn a_position_need_not_lie_in_order_nor_be_differentiated() {
    let objective = one_switch();
    let (dim, rows) = (objective.space().dim(), positions(&objective, 4));
    let turned: Vec<f64> = (0..dim)
        .flat_map(|column| rows.iter().skip(column).step_by(dim).copied())
        .collect();
    let values = at(&objective, &rows).0;
    for device in processors() {
        let uploaded = uploaded(&objective, &device, Expression::Fused);
        let turned = tensor(device.name(), &turned, 4).transpose();
        let other = tensor(device.name(), &rows, dim).inner();
        for position in [turned.clone(), turned.inner(), other] {
            let loss = numbers(uploaded.loss(position, None));
            assert_eq!(loss.iter().map(|x| -x).collect::<Vec<_>>(), values);
        }
    }
}

#[test]
#[should_panic(expected = "as many columns as the objective")]
fn a_position_of_another_width_is_refused() {
    let uploaded = uploaded(&one_switch(), &flex(), Expression::Fused);
    uploaded.loss(tensor(DeviceName::Flex, &[0.0; 8], 4), None);
}

#[test]
fn a_row_that_is_lost_leaves_the_others_alone() {
    let objective = one_switch();
    let (dim, clean) = (objective.space().dim(), positions(&objective, 3));
    let (values, slopes) = at(&objective, &clean);
    for device in processors() {
        let uploaded = uploaded(&objective, &device, Expression::Fused);
        for lost in [f64::NAN, f64::INFINITY, 1e200] {
            let mut rows = clean.clone();
            rows[dim] = lost;
            let position = tensor(device.name(), &rows, dim);
            let loss = uploaded.loss(position.clone(), None);
            let gradients = loss.backward();
            let (loss, found) = (numbers(loss), position.grad(&gradients));
            let found = numbers(found.expect("it takes part"));
            for row in [0, 2] {
                assert_eq!(-loss[row], values[row], "{lost}");
                for column in row * dim..(row + 1) * dim {
                    assert_eq!(-found[column], slopes[column], "{lost}");
                }
            }
            if lost.is_nan() {
                assert!(loss[1].is_nan());
            } else {
                // Outside: as the objective has it.
                assert_eq!(loss[1], f64::INFINITY);
                assert!(found[dim..2 * dim].iter().all(|slope| *slope == 0.0));
            }
        }
    }
}

#[test]
fn the_marginal_form_climbs_on_processors() {
    let rate = 1e-3;
    for objective in marginals() {
        let (dim, starts) = (objective.space().dim(), positions(&objective, 2));
        let ascent = Ascent {
            learning_rate: Ramp::constant(rate),
            ..Ascent::new(Rule::Sgd)
        };
        let mut walked = starts.clone();
        for _ in 0..20 {
            let (_, slopes) = at(&objective, &walked);
            for (position, slope) in walked.iter_mut().zip(slopes) {
                *position += rate * slope;
            }
        }
        for device in processors() {
            let climb = TensorClimb::new(&objective, &device, &ascent, &starts);
            let mut climb = climb.expect("the fused operation knows it");
            climb.advance(20).expect("it works");
            let snapshot = climb.snapshot().expect("it works");
            assert_eq!(snapshot.logp.len(), starts.len() / dim);
            for (found, truth) in snapshot.positions.iter().zip(&walked) {
                let error = distance(*found, *truth, 1.0);
                assert!(error <= 1e-14, "{error:e}: {}", describe(&objective));
            }
            let first = at(&objective, &starts).0;
            assert!(
                snapshot
                    .logp
                    .iter()
                    .zip(&first)
                    .all(|(now, then)| now > then)
            );
        }
    }
}

#[test]
fn a_graphics_device_has_a_kernel_of_every_model() {
    let Some(device) = graphics() else { return };
    let mut n = 0;
    for objective in objectives(&REGIMES) {
        n += 1;
        let error = worst(&objective, &fused(&objective, &device), 6);
        // Measured on Mesa's software Vulkan: 1.8e-6 at most.
        assert!(error <= 1e-5, "{error:e}: {}", describe(&objective));
        if n % 5 != 1 {
            continue;
        }
        let climbed = Expression::ALL.map(|expression| {
            let ascent = Ascent {
                learning_rate: Ramp::constant(0.02),
                steepness: Ramp {
                    from: 0.1,
                    to: 1.0,
                    shape: Shape::Geometric,
                    steps: 8,
                },
                ..Ascent::new(Rule::ADAM)
            };
            let starts = positions(&objective, 70);
            let climb =
                TensorClimb::with_expression(&objective, &device, &ascent, &starts, expression);
            let mut climb = climb.expect("it is a sigmoid");
            climb.advance(12).expect("it works");
            climb.snapshot().expect("it works").positions
        });
        let [kernel, plain] = climbed;
        // Measured: 2.6e-5 at most. Adam's first steps are gradients over their own size, small ones with all their rounding.
        for (found, truth) in kernel.iter().zip(&plain) {
            let error = distance(*found, *truth, 1.0);
            assert!(error <= 1e-4, "{error:e}: {}", describe(&objective));
        }
    }
    assert_eq!(n, 192);
}

/// `0,1,..`, with so many switches.
fn in_order(n_switches: usize) -> String {
    let regimes: Vec<String> = (0..=n_switches).map(|regime| regime.to_string()).collect();
    regimes.join(",")
}

#[test]
fn the_kernel_takes_twelve_switches_and_leaves_thirteen_to_the_plain_expression() {
    let Some(device) = graphics() else { return };
    for likelihood in Likelihood::ALL {
        let objective = |n_switches: usize| {
            let model = model(likelihood, &in_order(n_switches), SwitchPrior::Sequential);
            let estimate = Estimate::Posterior {
                with_jacobian: true,
            };
            Objective::sigmoid(model, estimate, Parameterization::Log).expect("valid")
        };
        let most = objective(12);
        assert_eq!(Expression::usual(&most, &device), Expression::Fused);
        let error = worst(&most, &fused(&most, &device), 6);
        // Measured: 2.0e-6 at most.
        assert!(error <= 1e-5, "{error:e}: {}", describe(&most));
        let more = objective(13);
        assert_eq!(Expression::usual(&more, &device), Expression::Plain);
        let refused = TensorDensity::with_expression(&more, &device, Expression::Fused).err();
        let device = device.name();
        assert_eq!(refused, Some(NotOnTensors::Fused { device }));
    }
}

#[test]
fn a_kernel_of_a_long_series_sums_every_observation_once() {
    let Some(device) = graphics() else { return };
    for n in [63, 64, 65, 1_000] {
        let values: Vec<_> = (0..n)
            .map(|i| Some(f64::from(u8::from(i >= n / 2)) + ((i * 7_919) % 13) as f64 / 6.0))
            .collect();
        let series = Series::new("long", &values).expect("a series");
        let model = SwitchModel::one_normal_switch(&series, SwitchPriors::deck());
        let model = model.expect("it can be modelled");
        let objective =
            Objective::sigmoid(model, Estimate::Likelihood, Parameterization::Raw).expect("valid");
        let rows = [0.5, 1.5, 0.8, 0.9, 0.4 * n as f64].repeat(3);
        let (values, slopes) = at(&objective, &rows);
        let (found, found_slopes) = at(&fused(&objective, &device), &rows);
        let size = slopes.iter().fold(1.0, |size: f64, g| size.max(g.abs()));
        for (found, truth) in found.iter().zip(&values) {
            assert!(
                distance(*found, *truth, 1.0) <= 1e-5,
                "{n}: {found} {truth}"
            );
        }
        for (found, truth) in found_slopes.iter().zip(&slopes) {
            assert!((found - truth).abs() / size <= 1e-5, "{n}: {found} {truth}");
        }
    }
}

#[test]
fn a_row_that_is_lost_on_a_graphics_device_leaves_the_others_alone() {
    let Some(device) = graphics() else { return };
    let objective = one_switch();
    let (dim, clean) = (objective.space().dim(), positions(&objective, 3));
    let density = fused(&objective, &device);
    let (values, slopes) = at(&density, &clean);
    let mut rows = clean.clone();
    rows[dim] = f64::NAN;
    let (found, found_slopes) = at(&density, &rows);
    assert!(found[1].is_nan());
    for row in [0, 2] {
        assert_eq!(found[row], values[row]);
        let own = row * dim..(row + 1) * dim;
        assert_eq!(found_slopes[own.clone()], slopes[own]);
    }
}

#[test]
fn a_graphics_device_has_no_marginal_form() {
    let Some(device) = graphics() else { return };
    let marginal = &marginals()[0];
    for expression in Expression::ALL {
        let refused = TensorDensity::with_expression(marginal, &device, expression).err();
        assert_eq!(refused, Some(NotOnTensors::Marginal));
    }
}
