//! On every device the plain expression gives the values and gradients of the objective in plain floats: every likelihood,
//! order of regimes, estimate, parameterization and coordinate.

mod common;

use common::models::{describe, model, objectives, positions, worst};
use common::{at, gapped, graphics, processors};
use switchback_core::LogDensity;
use switchback_models::{Estimate, Likelihood, Objective, Parameterization, SwitchPrior};
use switchback_tensor::{Expression, NotOnTensors, OpenDevice, TensorDensity};

fn plain(objective: &Objective, device: &OpenDevice) -> TensorDensity {
    TensorDensity::with_expression(objective, device, Expression::Plain).expect("it is a sigmoid")
}

#[test]
fn processors_agree_with_plain_floats() {
    let mut n = 0;
    for objective in objectives(&["0,1", "0,1,0", "0,1,2", "0,1,2,3,4"]) {
        for device in processors() {
            let error = worst(&objective, &plain(&objective, &device), 6);
            n += 1;
            // Measured: 2.5e-15 at most.
            assert!(
                error <= 1e-14,
                "{}: {error:e}: {}",
                device.name(),
                describe(&objective)
            );
        }
    }
    assert_eq!(n, 2 * 3 * 4 * 2 * 4 * 2);
}

#[test]
fn a_graphics_device_agrees_in_single_precision() {
    let Some(device) = graphics() else { return };
    for objective in objectives(&["0,1", "0,1,0", "0,1,2"]) {
        let error = worst(&objective, &plain(&objective, &device), 6);
        // Measured on Mesa's software Vulkan: 2.0e-6 at most.
        assert!(error <= 1e-5, "{error:e}: {}", describe(&objective));
    }
}

/// The slope of the middle regime's mean in the test below, from the gap itself: the objective in plain floats has the
/// switches, and their difference has lost digits.
fn middle_slope(regimes: &str, logit: f64) -> f64 {
    let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
    let series = gapped();
    let n = series.values().len() as f64;
    let tau = n * sigmoid(0.1);
    let gap = (n - tau) * sigmoid(logit);
    let last_mu = if regimes == "0,1,0" { -1.0 } else { 0.2 };
    let variance = f64::exp(2.0 * 0.2);
    let slopes = series.observed().map(|(index, y)| {
        let a = (index + 1) as f64 - tau;
        let middle = sigmoid(a) * sigmoid(gap - a) * -(-gap).exp_m1();
        let mu = -sigmoid(-a) + 4.0 * middle + last_mu * sigmoid(a - gap);
        middle * (y - mu) / variance
    });
    slopes.sum()
}

#[test]
fn switches_close_together_keep_their_digits() {
    // Gaps of e^-4 to e^-30 of the room: the middle stretch weighs next to nothing, and its gradient with it.
    let likelihood = Estimate::Likelihood;
    for regimes in ["0,1,0", "0,1,2"] {
        let model = model(Likelihood::Normal, regimes, SwitchPrior::Sequential);
        let regime_parameters = model.n_parameters();
        let objective =
            Objective::sigmoid(model, likelihood, Parameterization::Log).expect("it is offered");
        let devices = processors().map(|device| (device, 1e-14));
        for (device, limit) in devices
            .into_iter()
            .chain(graphics().map(|device| (device, 2e-5)))
        {
            let density = plain(&objective, &device);
            for logit in [-4.0, -12.0, -30.0] {
                let mut position = vec![0.2; regime_parameters];
                position[0] = -1.0;
                position[1] = 4.0;
                position.extend([0.1, logit]);
                let (_, truth) = at(&objective, &position);
                let (_, found) = at(&density, &position);
                // Measured: 1.3e-15 on the processors, 3.1e-6 on Mesa's software Vulkan.
                let truths = [
                    (1, middle_slope(regimes, logit)),
                    (regime_parameters + 1, truth[regime_parameters + 1]),
                ];
                for (index, truth) in truths {
                    let error = (found[index] / truth - 1.0).abs();
                    assert!(
                        error <= limit,
                        "{}, {logit}, {index}: {error:e}",
                        device.name()
                    );
                }
            }
        }
    }
}

#[test]
fn a_nan_makes_its_own_row_nan_and_no_other() {
    for objective in objectives(&["0,1", "0,1,0"]) {
        let dim = objective.space().dim();
        let clean = positions(&objective, 2);
        for device in processors()
            .into_iter()
            .chain(graphics().filter(|_| objective.estimate() == Estimate::Likelihood))
        {
            let density = plain(&objective, &device);
            let (values, _) = at(&density, &clean);
            for coordinate in 0..dim {
                let mut rows = clean.clone();
                rows[coordinate] = f64::NAN;
                let mut found = [0.0; 2];
                density.logp(&rows, &mut found).expect("it works");
                let name = device.name();
                assert!(
                    found[0].is_nan(),
                    "{name}, {coordinate}: {}",
                    describe(&objective)
                );
                assert_eq!(found[1], values[1], "{name}, {coordinate}");
            }
        }
    }
}

#[test]
fn the_marginal_form_is_refused_with_the_way_out() {
    let model = model(Likelihood::Normal, "0,1", SwitchPrior::Sequential);
    let marginal = Objective::marginal(model, Estimate::Likelihood);
    for device in processors().into_iter().chain(graphics()) {
        let refused = TensorDensity::with_expression(&marginal, &device, Expression::Plain).err();
        assert_eq!(refused, Some(NotOnTensors::Marginal));
        assert!(refused.is_some_and(|error| error.to_string().contains("--form sigmoid")));
    }
}
