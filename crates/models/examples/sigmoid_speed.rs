//! Measures what one value and gradient of the sigmoid switch's posterior costs on one core, transforms included.
//!
//! `cargo run --release -p switchback-models --example sigmoid_speed` prints the fastest of many stretches, in nanoseconds.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use switchback_core::{Gradient, LogDensity, Series};
use switchback_models::{
    Law, Likelihood, RegimePriors, SigmoidSwitch, SwitchModel, SwitchPrior, SwitchSettings,
    simulate,
};

/// Evaluations of a stretch, and stretches of which the fastest counts.
const EVALUATIONS: u32 = 2_000;
const STRETCHES: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    writeln!(out, "likelihood,regimes,n,ns")?;
    let asked: Vec<String> = std::env::args().skip(1).collect();
    for (regimes, n) in [
        ("0,1", 90),
        ("0,1", 300),
        ("0,1", 100_000),
        ("0,1,0", 90),
        ("0,1,0", 300),
        ("0,1,2,3", 300),
    ] {
        for likelihood in Likelihood::ALL {
            let case = format!("{likelihood},\"{regimes}\",{n}");
            if asked.iter().all(|word| case.contains(word)) {
                let model = posterior(likelihood, regimes, n)?;
                writeln!(out, "{case},{:.0}", nanoseconds(&model)?)?;
            }
        }
    }
    Ok(())
}

/// Counts of regimes at 2, 9, 2, 9, ..., with their switches at equal distances.
fn posterior(
    likelihood: Likelihood,
    regimes: &str,
    n: usize,
) -> Result<SigmoidSwitch, Box<dyn Error>> {
    let regimes: switchback_models::Regimes = regimes.parse()?;
    let switches = regimes.n_switches();
    let at = (1..=switches).map(|k| k * n / (switches + 1)).collect();
    let means = (0..=switches).map(|j| if j % 2 == 0 { 2.0 } else { 9.0 });
    let law = Law::new(n, at, means.collect(), vec![1.5; switches + 1])?;
    let counts = simulate(&law, 1).into_iter().map(|x| x.round().abs());
    let series = Series::new("y", &counts.map(Some).collect::<Vec<_>>())?;
    let settings = SwitchSettings {
        likelihood,
        regimes,
        priors: RegimePriors::scaled_to(likelihood, &series)?,
        switch_prior: SwitchPrior::Sequential,
    };
    Ok(SigmoidSwitch::posterior(SwitchModel::new(
        &series, settings,
    )?))
}

fn nanoseconds(model: &SigmoidSwitch) -> Result<f64, Box<dyn Error>> {
    let space = model.space();
    let n_switches = model.model().n_switches() as f64;
    let (n, mut k) = (model.data().len() as f64, 0.0);
    let values: Vec<f64> = space
        .parameters()
        .iter()
        .map(|parameter| match parameter.name.as_str() {
            name if name.starts_with("tau") => {
                k += 1.0;
                k * n / (n_switches + 1.0) + 0.3
            }
            name if name.starts_with("sigma") => 1.7,
            name if name.ends_with('1') || name.ends_with('3') => 2.2,
            _ => 8.7,
        })
        .collect();
    let start = space.unconstrain(&values)?;
    let mut best = f64::INFINITY;
    let (mut logp, mut grad) = ([0.0], vec![0.0; start.len()]);
    let mut position = start.clone();
    for _ in 0..STRETCHES {
        let begun = Instant::now();
        for i in 0..EVALUATIONS {
            let by = f64::from(i % 16) * 1e-3;
            for (u, start) in position.iter_mut().zip(&start) {
                *u = start + by;
            }
            model.logp_grad(black_box(&position), &mut logp, &mut grad)?;
            black_box((&logp, &grad));
        }
        best = best.min(begun.elapsed().as_secs_f64() / f64::from(EVALUATIONS));
    }
    Ok(best * 1e9)
}
