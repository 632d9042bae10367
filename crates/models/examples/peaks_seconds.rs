//! How long the peaks of the hard likelihood take: `cargo run --release -p switchback-models --example peaks_seconds`.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use switchback_core::Series;
use switchback_models::{
    HardPeaks, Law, Likelihood, Prior, RatePrior, RegimePriors, SwitchModel, SwitchPrior,
    SwitchPriors, SwitchSettings, simulate,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for (n, regimes) in [
        (90, "0,1"),
        (300, "0,1,0"),
        (300, "0,1,2,3"),
        (5_000, "0,1,0"),
        (5_000, "0,1,2"),
        (1_000_000, "0,1"),
        (1_000_000, "0,1,0"),
        (1_000_000, "0,1,2"),
    ] {
        for likelihood in Likelihood::ALL {
            let model = model(n, likelihood, regimes)?;
            let started = Instant::now();
            let found = HardPeaks::of(&model)?;
            writeln!(
                out,
                "{n:8} rows, {regimes:8} {likelihood:16} {:8.3} s, {:4} peaks, best at {:?}, exhaustive: {}",
                started.elapsed().as_secs_f64(),
                found.peaks().len(),
                found.best().switches,
                found.is_exhaustive(),
            )?;
        }
    }
    Ok(())
}

/// A model of a series that steps from 3 to 4 and back to 3 at 2/5 and 3/5 of it, with the sd of a count there.
fn model(n: usize, likelihood: Likelihood, regimes: &str) -> Result<SwitchModel, Box<dyn Error>> {
    let switches = vec![2 * n / 5, 3 * n / 5];
    let law = Law::new(n, switches, vec![3.0, 4.0, 3.0], vec![1.7, 2.0, 1.7])?;
    let values: Vec<Option<f64>> = simulate(&law, 1)
        .into_iter()
        .map(|y| match likelihood {
            Likelihood::Poisson => Some(y.round().max(0.0)),
            _ => Some(y),
        })
        .collect();
    let series = Series::new("y", &values)?;
    let priors = match likelihood {
        Likelihood::Poisson => RegimePriors::Poisson(RatePrior::new(Prior::gamma(2.0, 1.0)?)?),
        _ => RegimePriors::Normal(SwitchPriors::deck()),
    };
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.parse()?,
        priors,
        switch_prior: SwitchPrior::Sequential,
    };
    Ok(SwitchModel::new(&series, settings)?)
}
