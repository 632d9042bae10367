//! Protects: NUTS samples a density that has its value and gradient from tensors alone, and finds what the kernel's does.

use switchback::core::{
    ChainRng, DensityError, Gradient, LogDensity, Parameter, Posterior, Series, Space, Support,
};
use switchback::diagnostics::{ess_bulk, mcse_mean};
use switchback::infer::{
    Advance, Chain, Chains, ChainsSettings, InferError, NutsChain, NutsSettings, Process,
};
use switchback::models::{Prior, SigmoidSwitch, SwitchModel, SwitchPriors};
use switchback::tensor::{DeviceName, OpenDevice, TensorDensity};

/// The sigmoid switch whose likelihood comes from tensors, under the talk's priors and a switch anywhere in the series.
struct OnTensors {
    likelihood: TensorDensity,
    mu: Prior,
    sigma: Prior,
    n: f64,
}

impl OnTensors {
    /// Adds prior and Jacobian to each value, and their slopes to each gradient.
    fn complete(&self, positions: &[f64], logp: &mut [f64], mut grad: Option<&mut [f64]>) {
        for (row, (position, value)) in positions.chunks(5).zip(logp).enumerate() {
            if !(0.0..self.n).contains(&position[4]) {
                *value = f64::NEG_INFINITY;
            }
            for i in 0..4 {
                let (prior, at) = match i {
                    0 | 1 => (self.mu, position[i]),
                    _ => (self.sigma, position[i].exp()),
                };
                let is_log = i >= 2;
                *value += prior.ln_pdf(at) + if is_log { position[i] } else { 0.0 };
                if let Some(grad) = grad.as_deref_mut() {
                    let slope = prior.d_ln_pdf(at);
                    grad[5 * row + i] += if is_log { slope * at + 1.0 } else { slope };
                }
            }
        }
    }
}

impl LogDensity for OnTensors {
    fn space(&self) -> &Space {
        self.likelihood.space()
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        self.likelihood.logp(positions, logp)?;
        self.complete(positions, logp, None);
        Ok(())
    }
}

impl Gradient for OnTensors {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        self.likelihood.logp_grad(positions, logp, grad)?;
        self.complete(positions, logp, Some(grad));
        Ok(())
    }
}

impl Posterior for OnTensors {
    fn log_likelihood(&self, at: &[f64], value: &mut [f64]) -> Result<(), DensityError> {
        self.likelihood.log_likelihood(at, value)
    }
}

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
    let names = ["mu1", "mu2", "sigma1", "sigma2", "tau"];
    let space = Space::new(
        names
            .map(|name| {
                let is_sigma = name.starts_with("sigma");
                let support = if is_sigma {
                    Support::Positive
                } else {
                    Support::Real
                };
                Parameter::new(name, support)
            })
            .to_vec(),
    );
    let device = OpenDevice::open(DeviceName::Flex).expect("the processor is there");
    let likelihood = TensorDensity::new(&series, &space, 1.0, &device).expect("the space fits");
    let tensors = OnTensors {
        likelihood,
        mu: SwitchPriors::deck().mu(),
        sigma: SwitchPriors::deck().sigma(),
        n: series.len() as f64,
    };
    let model = SwitchModel::one_normal_switch(&series, SwitchPriors::deck()).expect("it varies");
    let kernel = means(&SigmoidSwitch::posterior(model), 4_000);
    for ((name, kernel), tensors) in names.iter().zip(kernel).zip(means(&tensors, 400)) {
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
