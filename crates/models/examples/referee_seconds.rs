//! How long the exact answer takes: `cargo run --release -p switchback-models --example referee_seconds [rows]`, on one
//! core with `RAYON_NUM_THREADS=1`.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use switchback_core::{Series, stream};
use switchback_models::{
    Exact, Law, Likelihood, RegimePriors, SwitchModel, SwitchPrior, SwitchSettings, simulate,
};

/// Draws that are timed.
const DRAWS: u32 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let n: usize = std::env::args()
        .nth(1)
        .map_or(Ok(300), |rows| rows.parse())?;
    let law = |step: f64| {
        let means = vec![0.0, step, -step, 0.0];
        Law::new(n, vec![n / 3, n / 2, 2 * n / 3], means, vec![1.0; 4])
    };
    for (name, step) in [("switches", 3.0), ("noise", 0.0)] {
        let values = simulate(&law(step)?, 1);
        for likelihood in Likelihood::ALL {
            let rows: Vec<Option<f64>> = values
                .iter()
                .map(|value| match likelihood {
                    Likelihood::Poisson => Some((6.0 + value).max(0.0).round()),
                    _ => Some(*value),
                })
                .collect();
            let series = Series::new(name, &rows)?;
            for regimes in ["0,1", "0,1,0", "0,1,2,3"] {
                if let Err(error) = time(&series, likelihood, regimes) {
                    println!("{error}");
                }
            }
        }
    }
    Ok(())
}

fn time(series: &Series, likelihood: Likelihood, regimes: &str) -> Result<(), Box<dyn Error>> {
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.parse()?,
        priors: RegimePriors::scaled_to(likelihood, series)?,
        switch_prior: SwitchPrior::Uniform,
    };
    let model = SwitchModel::new(series, settings)?;
    let begin = Instant::now();
    let exact = Exact::of(&model)?;
    let seconds = begin.elapsed().as_secs_f64();
    let mut rng = stream(1, 0);
    let begin = Instant::now();
    let sum: f64 = (0..DRAWS).map(|_| exact.draw(&mut rng)[0]).sum();
    println!(
        "{} of {}, {}: {seconds:.3} s, {} evaluations; {:.1} us a draw (mean {:.2}); {:?}",
        series.name(),
        series.len(),
        model.describe(),
        exact.n_evaluations,
        begin.elapsed().as_secs_f64() * 1e6 / f64::from(DRAWS),
        sum / f64::from(DRAWS),
        exact.most_probable(),
    );
    Ok(())
}
