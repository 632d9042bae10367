//! Every objective that tensors know, and how far a density is from it.

use switchback_core::{Coordinate, LogDensity, Posterior};
use switchback_models::{
    Estimate, Likelihood, Objective, Parameterization, SwitchModel, SwitchPrior, SwitchSettings,
};
use switchback_tensor::TensorDensity;

use super::{at, counts, distance, gapped, priors};

pub const ESTIMATES: [(Estimate, Parameterization); 4] = [
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

pub fn model(likelihood: Likelihood, regimes: &str, switch_prior: SwitchPrior) -> SwitchModel {
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
pub fn objectives(regimes: &[&str]) -> Vec<Objective> {
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
pub fn positions(objective: &Objective, rows: usize) -> Vec<f64> {
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
pub fn worst(objective: &Objective, density: &TensorDensity, rows: usize) -> f64 {
    let positions = positions(objective, rows);
    let (values, slopes) = at(objective, &positions);
    let (found, found_slopes) = at(density, &positions);
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

pub fn describe(objective: &Objective) -> String {
    let model = objective.model();
    let names: Vec<_> = objective.space().parameters().to_vec();
    format!(
        "{}, {:?}, {:?}, {names:?}",
        model.describe(),
        model.switch_prior(),
        objective.estimate()
    )
}
