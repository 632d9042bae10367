//! What the tests of the tensors share: devices, series, and a density at some positions.

#![allow(dead_code)]

pub mod models;

use switchback_core::{Gradient, Series};
use switchback_models::{Likelihood, Prior, RatePrior, RegimePriors, SwitchPriors};
use switchback_tensor::{DeviceName, Expression, OpenDevice};

pub fn processors() -> [OpenDevice; 2] {
    [DeviceName::Flex, DeviceName::NdArray]
        .map(|name| OpenDevice::open(name).expect("every machine has a processor"))
}

/// Every processor with either expression.
pub fn on_processors() -> Vec<(OpenDevice, Expression)> {
    let each = |device: OpenDevice| Expression::ALL.map(|expression| (device.clone(), expression));
    processors().into_iter().flat_map(each).collect()
}

pub fn flex() -> OpenDevice {
    let [flex, _] = processors();
    flex
}

/// The graphics device; where there is none the test says so, and fails if it is asked to have one.
pub fn graphics() -> Option<OpenDevice> {
    match OpenDevice::open(DeviceName::Wgpu) {
        Ok(device) => Some(device),
        Err(error) => {
            let required =
                std::env::var("SWITCHBACK_REQUIRE_CLIENTS").is_ok_and(|value| value == "1");
            assert!(!required, "SWITCHBACK_REQUIRE_CLIENTS=1, but {error}");
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "NOT CHECKED on wgpu: {error}");
            None
        }
    }
}

/// The talk's series.
pub fn deck() -> Series {
    let text = include_str!("../../../../data/deck.csv");
    let values: Vec<_> = text
        .lines()
        .skip(1)
        .map(|line| {
            let (_, value) = line.split_once(',').expect("a row has two columns");
            Some(value.parse().expect("the value is a number"))
        })
        .collect();
    Series::new("deck", &values).expect("the deck's series")
}

/// Thirty of its rows around the switch, every seventh missing.
pub fn gapped() -> Series {
    let values: Vec<Option<f64>> = deck().values()[30..60]
        .iter()
        .enumerate()
        .map(|(index, value)| (index % 7 != 3).then_some(*value))
        .collect();
    Series::new("gapped", &values).expect("enough is observed")
}

/// Counts with zeros among them, two missing.
pub fn counts() -> Series {
    let counts = [
        4, 6, 3, 5, 4, 2, 7, 5, 1, 0, 2, 1, 0, 1, 3, 1, 0, 2, 1, 1, 0, 4, 6, 5, 8, 3, 7, 6,
    ];
    let values: Vec<Option<f64>> = counts
        .into_iter()
        .enumerate()
        .map(|(index, count)| (index != 5 && index != 17).then_some(f64::from(count)))
        .collect();
    Series::new("counts", &values).expect("enough is observed")
}

/// Priors of which every number counts.
pub fn priors(likelihood: Likelihood) -> RegimePriors {
    match likelihood {
        Likelihood::Poisson => {
            let prior = Prior::gamma(2.5, 0.5).expect("valid");
            RegimePriors::Poisson(RatePrior::new(prior).expect("it is a gamma"))
        }
        _ => RegimePriors::parse(
            RegimePriors::Normal(SwitchPriors::deck()),
            &["mu=normal(1, 3)"],
        )
        .expect("it is valid"),
    }
}

/// Values and gradients of `target` at `positions` (row-major).
pub fn at(target: &dyn Gradient, positions: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let rows = positions.len() / target.space().dim();
    let (mut values, mut slopes) = (vec![0.0; rows], vec![0.0; positions.len()]);
    target
        .logp_grad(positions, &mut values, &mut slopes)
        .expect("it works");
    (values, slopes)
}

/// Distance of `found` from `truth`, relative to the greater of `truth` and `floor`.
pub fn distance(found: f64, truth: f64, floor: f64) -> f64 {
    (found - truth).abs() / truth.abs().max(floor)
}
