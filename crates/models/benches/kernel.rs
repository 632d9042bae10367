//! What a value with its gradient costs on the fused kernel: by length of the series, by model, and of several positions at
//! once.
//!
//! `cargo bench -p switchback-models --bench kernel`, or `-- one_switch` for what is named so; `-- --help` tells more. Positions
//! are near the optimum, each evaluation at another one. Series longer than the talk's 90 points have their switches at equal
//! distances.

#![allow(clippy::unwrap_used)]

mod cases;

use cases::{Case, JACOBIAN, LENGTHS, ONE_SWITCH};
use divan::counter::ItemsCount;
use divan::{Bencher, Divan, black_box};
use switchback_core::{Gradient, LogDensity};
use switchback_models::{Estimate, Likelihood, Objective};

fn main() {
    // One evaluation is too short for the clock.
    let samples = Divan::default().sample_count(50).sample_size(2_000);
    samples.config_with_args().main();
}

const MLE: Estimate = Estimate::Likelihood;
/// Positions that an evaluation goes through, a thousandth apart.
const POSITIONS: usize = 16;

mod one_switch {
    use super::*;

    #[divan::bench(args = LENGTHS)]
    fn normal(bencher: Bencher<'_, '_>, n: usize) {
        value_and_gradient(bencher, &Case::new(Likelihood::Normal, ONE_SWITCH, MLE, n));
    }

    #[divan::bench(args = LENGTHS)]
    fn normal_shared_sd(bencher: Bencher<'_, '_>, n: usize) {
        let case = Case::new(Likelihood::NormalSharedSd, ONE_SWITCH, MLE, n);
        value_and_gradient(bencher, &case);
    }

    #[divan::bench(args = LENGTHS)]
    fn poisson(bencher: Bencher<'_, '_>, n: usize) {
        value_and_gradient(bencher, &Case::new(Likelihood::Poisson, ONE_SWITCH, MLE, n));
    }

    /// With priors and Jacobian.
    #[divan::bench(args = Likelihood::ALL)]
    fn posterior(bencher: Bencher<'_, '_>, likelihood: Likelihood) {
        value_and_gradient(bencher, &Case::new(likelihood, ONE_SWITCH, JACOBIAN, 90));
    }

    /// The gradient alone, as an optimiser asks for it.
    #[divan::bench]
    fn gradient_of_one_start(bencher: Bencher<'_, '_>) {
        gradients::<1>(bencher);
    }

    /// Of eight positions side by side.
    #[divan::bench]
    fn gradients_of_eight_starts(bencher: Bencher<'_, '_>) {
        gradients::<8>(bencher);
    }
}

/// Of 300 rows.
mod several_switches {
    use super::*;

    #[divan::bench(args = Likelihood::ALL)]
    fn there_and_back(bencher: Bencher<'_, '_>, likelihood: Likelihood) {
        value_and_gradient(bencher, &Case::new(likelihood, "0,1,0", MLE, 300));
    }

    #[divan::bench(args = Likelihood::ALL)]
    fn five(bencher: Bencher<'_, '_>, likelihood: Likelihood) {
        value_and_gradient(bencher, &Case::new(likelihood, "0,1,2,3,4,5", MLE, 300));
    }

    #[divan::bench(args = Likelihood::ALL)]
    fn five_with_priors_and_jacobian(bencher: Bencher<'_, '_>, likelihood: Likelihood) {
        value_and_gradient(
            bencher,
            &Case::new(likelihood, "0,1,2,3,4,5", JACOBIAN, 300),
        );
    }
}

fn value_and_gradient(bencher: Bencher<'_, '_>, case: &Case) {
    let objective = case.objective();
    let positions = positions(case, &objective);
    let (mut logp, mut grad) = ([0.0], vec![0.0; objective.space().dim()]);
    let mut next = 0;
    bencher.bench_local(|| {
        next = (next + 1) % POSITIONS;
        let position = black_box(positions[next].as_slice());
        objective.logp_grad(position, &mut logp, &mut grad).unwrap();
        black_box((&logp, &grad));
    });
}

fn gradients<const W: usize>(bencher: Bencher<'_, '_>) {
    let case = Case::talks(90);
    let objective = case.objective();
    let positions = positions(&case, &objective);
    let abreast: Vec<Vec<[f64; W]>> = positions
        .iter()
        .map(|position| position.iter().map(|u| [*u; W]).collect())
        .collect();
    let mut grads = vec![[0.0; W]; objective.space().dim()];
    let mut next = 0;
    bencher.counter(ItemsCount::new(W)).bench_local(|| {
        next = (next + 1) % POSITIONS;
        let positions = black_box(abreast[next].as_slice());
        objective.slopes([true; W], positions, &mut grads).unwrap();
        black_box(&grads);
    });
}

fn positions(case: &Case, objective: &Objective) -> Vec<Vec<f64>> {
    let near = case.near(objective);
    (0..POSITIONS)
        .map(|i| near.iter().map(|u| u + i as f64 * 1e-3).collect())
        .collect()
}
