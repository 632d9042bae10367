//! Protects: NUTS samples a density that has its value and gradient from tensors alone, and finds what the kernel's does.

use switchback::core::{ChainRng, Gradient, LogDensity, Posterior, Series};
use switchback::diagnostics::{ess_bulk, mcse_mean};
use switchback::infer::{
    Advance, Chain, Chains, ChainsSettings, InferError, NutsChain, NutsSettings, Process,
};
use switchback::models::{
    Estimate, Objective, Parameterization, SigmoidSwitch, SwitchModel, SwitchPriors,
};
use switchback::tensor::{DeviceName, OpenDevice, TensorDensity};

fn deck() -> Series {
    let rows = include_str!("../data/deck.csv").lines().skip(1);
    let values: Vec<_> = rows
        .map(|row| row.split(',').nth(1).and_then(|value| value.parse().ok()))
        .collect();
    Series::new("deck", &values).expect("a series")
}

/// Mean and its Monte Carlo error of every parameter, from two chains started at `values`.
fn means<T: Gradient + Posterior>(target: &T, n_draws: usize) -> Vec<(f64, f64)> {
    let start = target
        .space()
        .unconstrain(&[-0.8, 4.6, 1.2, 1.8, 45.9])
        .expect("inside");
    let settings = ChainsSettings {
        num_chains: 2,
        num_warmup: 300,
        num_samples: n_draws,
        log_every: n_draws,
        seed: 1,
        first_stream: 0,
        save_warmup: false,
        save_pointwise: false,
    };
    let nuts = NutsSettings {
        num_warmup: 300,
        ..NutsSettings::default()
    };
    let make = |_, rng: ChainRng| -> Result<Box<dyn Chain + '_>, InferError> {
        Ok(Box::new(NutsChain::new(target, nuts, &start, rng)?))
    };
    let mut chains = Chains::new("nuts", target, settings, make).expect("it can start");
    while !matches!(chains.advance().expect("it goes on"), Advance::Done(_)) {}
    target
        .space()
        .parameters()
        .iter()
        .map(|parameter| {
            let draws = chains
                .draws()
                .chains(&parameter.name)
                .expect("it was drawn");
            assert!(
                ess_bulk(&draws).expect("enough") > 200.0,
                "{}",
                parameter.name
            );
            let all = draws.iter().copied().flatten();
            let mean = all.sum::<f64>() / (2 * n_draws) as f64;
            (mean, mcse_mean(&draws).expect("enough"))
        })
        .collect()
}

#[test]
fn the_draws_are_those_of_the_kernel() {
    let series = deck();
    let device = OpenDevice::open(DeviceName::Flex).expect("the processor is there");
    let model = SwitchModel::one_normal_switch(&series, SwitchPriors::deck()).expect("it varies");
    let posterior = Estimate::Posterior {
        with_jacobian: true,
    };
    let objective = Objective::sigmoid(model.clone(), posterior, Parameterization::Log)
        .expect("a posterior has sigmas by their logarithm");
    let tensors = TensorDensity::new(&objective, &device).expect("it is on tensors");
    let names = objective.space().parameters().iter().map(|p| &p.name);
    let kernel = means(&SigmoidSwitch::posterior(model), 4_000);
    for ((name, kernel), tensors) in names.zip(kernel).zip(means(&tensors, 400)) {
        let error = kernel.1.hypot(tensors.1);
        let distance = (tensors.0 - kernel.0).abs() / error;
        assert!(
            distance <= 5.0,
            "{name}: {tensors:?} {kernel:?}, {distance:.1} errors"
        );
        // The control: a tenth more is noticed.
        let shifted = (tensors.0 * 1.1 - kernel.0).abs() / error;
        assert!(shifted > 5.0, "{name}: {shifted:.1} errors");
    }
}
