//! What the referee and the profile of the hard likelihood cost, by the length of the series.
//!
//! `cargo bench -p switchback-models --bench referee`, or `-- exact 1000` for the rows that hold these words. Prints CSV: the
//! median of five runs (one, of what takes longer than ten seconds), by the clock and in CPU seconds of all threads, with the
//! evaluations of integrands. `step` is a series with a step of two standard deviations in its middle, so that few places
//! count; `none` has no switch, so that all do. Running sums and the model are part of what is measured.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use cpu_time::ProcessTime;
use switchback_core::Series;
use switchback_models::{
    Exact, HardPeaks, Law, Likelihood, Profile, RegimePriors, SwitchModel, SwitchPrior,
    SwitchSettings, simulate,
};

const LENGTHS: [usize; 6] = [90, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
/// Runs of which the median counts, and the seconds from which on one has to do.
const RUNS: usize = 5;
const LONG: f64 = 10.0;

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    println!("measure,model,series,n,seconds,cpu_seconds,evaluations");
    for n in LENGTHS {
        for kind in ["step", "none"] {
            row(&words, "profile", Likelihood::Normal, "0,1", kind, n);
            for likelihood in Likelihood::ALL {
                row(&words, "peaks", likelihood, "0,1", kind, n);
                // A hundred recursions and more at a million rows.
                if likelihood != Likelihood::NormalSharedSd || n <= 100_000 {
                    row(&words, "exact", likelihood, "0,1", kind, n);
                }
            }
        }
    }
    for regimes in ["0,1,0", "0,1,2"] {
        for likelihood in Likelihood::ALL {
            row(&words, "peaks", likelihood, regimes, "step", 300);
            row(&words, "exact", likelihood, regimes, "step", 300);
        }
    }
}

fn row(
    words: &[String],
    measure: &str,
    likelihood: Likelihood,
    regimes: &str,
    kind: &str,
    n: usize,
) {
    let regimes_word = regimes.replace(',', "-");
    let name = format!("{measure},{likelihood} {regimes_word},{kind},{n}");
    let cells: Vec<&str> = name.split([',', ' ']).collect();
    if words.iter().any(|word| !cells.contains(&word.as_str())) {
        return;
    }
    let series = series(likelihood, regimes, kind, n);
    let once = || measured(measure, &series, likelihood, regimes);
    let mut runs = vec![once()];
    if runs[0][0] < LONG {
        runs.extend((1..RUNS).map(|_| once()));
    }
    let median = |index: usize| {
        let mut all: Vec<f64> = runs.iter().map(|run| run[index]).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    println!("{name},{:.6},{:.6},{}", median(0), median(1), median(2));
}

/// Seconds, CPU seconds and evaluations of one run.
fn measured(measure: &str, series: &Series, likelihood: Likelihood, regimes: &str) -> [f64; 3] {
    let (clock, cpu) = (Instant::now(), ProcessTime::now());
    let mut n_evaluations = 0;
    match measure {
        "profile" => {
            black_box(Profile::of(series).unwrap());
        }
        "peaks" => {
            black_box(HardPeaks::of(&model(series, likelihood, regimes)).unwrap());
        }
        _ => {
            n_evaluations = Exact::of(&model(series, likelihood, regimes))
                .unwrap()
                .n_evaluations
        }
    }
    [
        clock.elapsed().as_secs_f64(),
        cpu.elapsed().as_secs_f64(),
        n_evaluations as f64,
    ]
}

fn model(series: &Series, likelihood: Likelihood, regimes: &str) -> SwitchModel {
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.parse().unwrap(),
        priors: RegimePriors::scaled_to(likelihood, series).unwrap(),
        switch_prior: SwitchPrior::Sequential,
    };
    SwitchModel::new(series, settings).unwrap()
}

/// Levels of 3 and 7 with the sd of a count at the lower one, in equal stretches.
fn series(likelihood: Likelihood, regimes: &str, kind: &str, n: usize) -> Series {
    let switches = regimes.split(',').count() - 1;
    let places: Vec<usize> = (1..=switches).map(|k| k * n / (switches + 1)).collect();
    let step = if kind == "step" { 4.0 } else { 0.0 };
    let means: Vec<f64> = (0..=switches)
        .map(|k| 3.0 + step * (k % 2) as f64)
        .collect();
    let law = Law::new(n, places, means, vec![1.7; switches + 1]).unwrap();
    let values = simulate(&law, 1).into_iter().map(|y| match likelihood {
        Likelihood::Poisson => y.round().max(0.0),
        Likelihood::Normal | Likelihood::NormalSharedSd => y,
    });
    Series::from_values("y", values.collect()).unwrap()
}
