//! On every device the tensors give the values and gradients of the objective in plain floats: every likelihood, order of
//! regimes, estimate, parameterization and coordinate.

mod common;

use common::{at, counts, distance, gapped, graphics, priors, processors};
use switchback_core::{Coordinate, LogDensity, Posterior};
use switchback_models::{
    Estimate, Likelihood, Objective, Parameterization, SwitchModel, SwitchPrior, SwitchSettings,
};
use switchback_tensor::{NotOnTensors, OpenDevice, TensorDensity};

const ESTIMATES: [(Estimate, Parameterization); 4] = [
    (Estimate::Likelihood, Parameterization::Raw),
    (Estimate::Likelihood, Parameterization::Log),
    (
        Estimate::Posterior {
            with_jacobian: false,
        },
        Parameterization::Log,
    ),
    (
        Estimate::Posterior {
            with_jacobian: true,
        },
        Parameterization::Log,
    ),
];

fn model(likelihood: Likelihood, regimes: &str, switch_prior: SwitchPrior) -> SwitchModel {
    let series = match likelihood {
        Likelihood::Poisson => counts(),
        _ => gapped(),
    };
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.parse().expect("it is offered"),
        priors: priors(likelihood),
        switch_prior,
    };
    SwitchModel::new(&series, settings).expect("it can be modelled")
}

/// Every objective of `regimes`, steep and less steep, as it is and in odd coordinates.
fn objectives(regimes: &[&str]) -> Vec<Objective> {
    let mut objectives = Vec::new();
    for likelihood in Likelihood::ALL {
        for regimes in regimes {
            for switch_prior in [SwitchPrior::Sequential, SwitchPrior::Uniform] {
                for (estimate, parameterization) in ESTIMATES {
                    let model = model(likelihood, regimes, switch_prior);
                    let plain = Objective::sigmoid(model, estimate, parameterization)
                        .expect("it is offered");
                    let flat = plain.clone().with_steepness(0.3).expect("it is positive");
                    let odd: Vec<Coordinate> = (0..plain.space().dim()).map(odd).collect();
                    objectives.push(flat.with_coordinates(&odd).expect("valid"));
                    objectives.push(plain);
                }
            }
        }
    }
    objectives
}

fn odd(index: usize) -> Coordinate {
    Coordinate {
        center: 0.4 - 0.1 * index as f64,
        scale: if index == 1 { -0.8 } else { 0.7 },
    }
}

/// Positions whose values lie within a few units of the data: moderate sigmas, switches all over the series.
fn positions(objective: &Objective, rows: usize) -> Vec<f64> {
    let parameters = objective.space().parameters();
    let mut state = 7_u64;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / (1_u64 << 23) as f64 - 1.0
    };
    (0..rows)
        .flat_map(|_| {
            parameters
                .iter()
                .map(|parameter| {
                    let is_raw_tau = parameter.name == "tau"
                        && parameter.support == switchback_core::Support::Real;
                    let is_raw_sigma = parameter.name.starts_with("sigma")
                        && parameter.support == switchback_core::Support::Real;
                    let value = match (is_raw_tau, is_raw_sigma) {
                        (true, _) => 15.0 + 12.0 * draw(),
                        (_, true) => 1.5 + draw(),
                        _ => draw(),
                    };
                    let Coordinate { center, scale } = parameter.coordinate;
                    (value - center) / scale
                })
                .collect::<Vec<f64>>()
        })
        .collect()
}

/// The worst distance of value, gradient and likelihood, relative to the greater of the truth's size and 1; of gradients to
/// the row's greatest slope.
fn worst(objective: &Objective, device: &OpenDevice, rows: usize) -> f64 {
    let density = TensorDensity::new(objective, device).expect("it is a sigmoid");
    let positions = positions(objective, rows);
    let (values, slopes) = at(objective, &positions);
    let (found, found_slopes) = at(&density, &positions);
    let dim = objective.space().dim();
    assert!(values.iter().all(|value| value.is_finite()));
    let mut worst: f64 = 0.0;
    for (found, truth) in found.iter().zip(&values) {
        worst = worst.max(distance(*found, *truth, 1.0));
    }
    for (found, truth) in found_slopes.chunks(dim).zip(slopes.chunks(dim)) {
        let size = truth
            .iter()
            .fold(1.0, |size: f64, slope| size.max(slope.abs()));
        for (found, truth) in found.iter().zip(truth) {
            worst = worst.max((found - truth).abs() / size);
        }
    }
    let mut alone = vec![0.0; rows];
    density.logp(&positions, &mut alone).expect("it works");
    let (mut likelihood, mut truth) = (vec![0.0; rows], vec![0.0; rows]);
    density
        .log_likelihood(&positions, &mut likelihood)
        .expect("it works");
    objective
        .log_likelihood(&positions, &mut truth)
        .expect("it works");
    let found = alone.iter().chain(&likelihood);
    for (found, truth) in found.zip(values.iter().chain(&truth)) {
        worst = worst.max(distance(*found, *truth, 1.0));
    }
    worst
}

fn describe(objective: &Objective) -> String {
    let model = objective.model();
    let names: Vec<_> = objective.space().parameters().to_vec();
    format!(
        "{}, {:?}, {:?}, {names:?}",
        model.describe(),
        model.switch_prior(),
        objective.estimate()
    )
}

#[test]
fn processors_agree_with_plain_floats() {
    let mut n = 0;
    for objective in objectives(&["0,1", "0,1,0", "0,1,2", "0,1,2,3,4"]) {
        for device in processors() {
            let error = worst(&objective, &device, 6);
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
        let error = worst(&objective, &device, 6);
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
            let density = TensorDensity::new(&objective, &device).expect("it is a sigmoid");
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
            let density = TensorDensity::new(&objective, &device).expect("it is a sigmoid");
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
    for device in processors() {
        let refused = TensorDensity::new(&marginal, &device).err();
        assert_eq!(refused, Some(NotOnTensors::Marginal));
        assert!(refused.is_some_and(|error| error.to_string().contains("--form sigmoid")));
    }
}
