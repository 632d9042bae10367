//! Effective draws a CPU second of every sampler on every form, after its warm-up and with the warm-up counted in.
//!
//! `cargo bench --bench samplers`, or `-- deck nuts` for what is named so. Prints CSV: the median of five runs of four
//! chains, the CPU seconds of drawing (all threads), and effective draws (bulk ESS of this project's own diagnostics)
//! of the worst regime parameter and of the worst switch. Longer series (`-- 1000`, .. `-- 1000000`) have a small step in
//! their middle, fewer draws, and a single run where there are a million rows.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use cpu_time::ProcessTime;
use switchback_core::{ChainRng, Series};
use switchback_diagnostics::{ess_bulk, r_hat};
use switchback_infer::{
    Advance, Chains, ChainsSettings, Context, Form, MetropolisSettings, NutsSettings, Process,
    Sampler, Starts, Target,
};
use switchback_models::{
    Exact, Law, Likelihood, RegimePriors, Regimes, SwitchModel, SwitchPrior, SwitchSettings,
    simulate,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much is drawn from a series.
#[derive(Debug, Clone, Copy)]
struct Effort {
    /// Steps of a chain's warm-up, and draws after it.
    num_warmup: usize,
    num_samples: usize,
    /// Runs of which the median counts.
    runs: u64,
}

const SHORT: Effort = Effort {
    num_warmup: 1_000,
    num_samples: 20_000,
    runs: 5,
};

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    println!(
        "series,sampler,form,draws,cpu_s,cpu_s_with_warmup,ess_parameter,ess_switch,ess_parameter_a_s,ess_switch_a_s,r_hat"
    );
    let is_asked = |words: &[&str]| asked.iter().all(|word| words.contains(&word.as_str()));
    let [one, two] = [Regimes::one_switch(), Regimes::reversion()];
    let effort = |num_samples: usize, runs| Effort {
        num_warmup: num_samples.min(1_000),
        num_samples,
        runs,
    };
    for (name, n, regimes, pairs, effort) in [
        ("deck", 90, one.clone(), pairs(), SHORT),
        ("reversion", 300, two, pairs(), SHORT),
        ("1000", 1_000, one.clone(), scaling(), SHORT),
        ("10000", 10_000, one.clone(), scaling(), effort(5_000, 5)),
        ("100000", 100_000, one.clone(), scaling(), effort(1_000, 3)),
        ("1000000", 1_000_000, one, scaling(), effort(250, 1)),
    ] {
        // A series that no word names is not made.
        let other = ["deck", "reversion", "1000", "10000", "100000", "1000000"];
        if asked
            .iter()
            .any(|word| *word != name && other.contains(&word.as_str()))
        {
            continue;
        }
        let series = match name {
            "deck" => deck(),
            "reversion" => reversion(),
            _ => step(n),
        };
        let priors = RegimePriors::deck(Likelihood::Normal, &regimes).unwrap();
        let settings = SwitchSettings {
            likelihood: Likelihood::Normal,
            regimes,
            priors,
            switch_prior: SwitchPrior::Sequential,
        };
        let model = SwitchModel::new(&series, settings).unwrap();
        let began = ProcessTime::now();
        let exact = Exact::of(&model).unwrap();
        println!(
            "# {name}: the referee took {:.4} CPU s",
            began.elapsed().as_secs_f64()
        );
        for pair in pairs {
            let words = [name, pair.0.as_str(), pair.1.as_str()];
            if is_asked(&words) {
                measure(name, &series, &exact, pair, effort);
            }
        }
    }
}

/// The samplers that a long series is for: those that draw all switches at once, and those that follow a gradient.
fn scaling() -> Vec<(Sampler, Form)> {
    let nuts = Sampler::Nuts(NutsSettings::default());
    vec![
        (Sampler::Compound, Form::Hard),
        (Sampler::Metropolis(MetropolisSettings::Tuned), Form::Hard),
        (nuts, Form::Sigmoid),
        (nuts, Form::Marginal),
    ]
}

fn pairs() -> Vec<(Sampler, Form)> {
    let metropolis = Sampler::Metropolis(MetropolisSettings::Tuned);
    let nuts = Sampler::Nuts(NutsSettings::default());
    let ensemble = Sampler::Ensemble { num_walkers: 20 };
    vec![
        (Sampler::Compound, Form::Hard),
        (nuts, Form::Marginal),
        (nuts, Form::Sigmoid),
        (metropolis, Form::Hard),
        (metropolis, Form::Marginal),
        (metropolis, Form::Sigmoid),
        (ensemble, Form::Marginal),
        (ensemble, Form::Sigmoid),
        (Sampler::Exact, Form::Hard),
    ]
}

fn measure(
    name: &str,
    series: &Series,
    exact: &Exact,
    (sampler, form): (Sampler, Form),
    effort: Effort,
) {
    let model = exact.model();
    let target = Target::new(model.clone(), form, 1.0).unwrap();
    let draw = |rng: &mut ChainRng| exact.draw(rng);
    let starts = Starts::new(model, &draw);
    let mut runs: Vec<Run> = (0..effort.runs)
        .map(|seed| {
            let settings = ChainsSettings {
                num_chains: 4,
                num_warmup: effort.num_warmup,
                num_samples: if matches!(sampler, Sampler::Ensemble { .. }) {
                    effort.num_samples / 10
                } else {
                    effort.num_samples
                },
                log_every: 20_000,
                seed,
                first_stream: 0,
                save_warmup: false,
                save_pointwise: false,
            };
            let context = Context {
                series,
                starts: &starts,
                exact: Some(exact),
            };
            let chains = sampler.chains(sampler.as_str(), &target, context, settings);
            Run::of(chains.unwrap(), model.n_parameters())
        })
        .collect();
    runs.sort_by(|a, b| (a.ess[0] / a.cpu).total_cmp(&(b.ess[0] / b.cpu)));
    let Run {
        cpu,
        cpu_with_warmup,
        n_draws,
        ess,
        r_hat,
    } = runs[runs.len() / 2];
    let rate = ess.map(|ess| (ess / cpu).round());
    println!(
        "{name},{},{form},{n_draws},{cpu:.4},{cpu_with_warmup:.4},{:.0},{:.0},{},{},{r_hat:.4}",
        sampler.as_str(),
        ess[0],
        ess[1],
        rate[0],
        rate[1]
    );
}

#[derive(Debug, Clone, Copy)]
struct Run {
    cpu: f64,
    cpu_with_warmup: f64,
    n_draws: usize,
    /// Of the worst parameter and of the worst switch.
    ess: [f64; 2],
    r_hat: f64,
}

impl Run {
    fn of(mut chains: Chains<'_>, n_parameters: usize) -> Self {
        let (with_warmup, mut drawing) = (ProcessTime::now(), None);
        let started = loop {
            match chains.advance().unwrap() {
                Advance::Done(_) => break drawing.unwrap_or(with_warmup),
                Advance::Progress { step } if step == chains.warmup() => {
                    drawing = Some(ProcessTime::now());
                }
                // The diagnostics of the last point are part of what a user waits for.
                _ => {}
            }
        };
        let (cpu, cpu_with_warmup) = (started.elapsed(), with_warmup.elapsed());
        let draws = chains.draws();
        let mut ess = [f64::INFINITY; 2];
        let mut worst_r_hat: f64 = 1.0;
        let quantities = &chains.schema().quantities;
        for (index, quantity) in quantities.iter().enumerate().take(quantities.len() - 1) {
            let columns = draws.chains(&quantity.name).unwrap();
            let slot = &mut ess[usize::from(index >= n_parameters)];
            *slot = slot.min(ess_bulk(&columns).unwrap());
            worst_r_hat = worst_r_hat.max(r_hat(&columns).unwrap());
        }
        Self {
            cpu: cpu.as_secs_f64(),
            cpu_with_warmup: cpu_with_warmup.as_secs_f64(),
            n_draws: draws.n_draws() * draws.n_chains(),
            ess,
            r_hat: worst_r_hat,
        }
    }
}

/// The talk's series.
fn deck() -> Series {
    let rows = include_str!("../../../data/deck.csv").lines().skip(1);
    let values: Vec<_> = rows
        .map(|row| row.split(',').nth(1).and_then(|value| value.parse().ok()))
        .collect();
    Series::new("deck", &values).unwrap()
}

/// 300 points, from 0 to 2 and back.
fn reversion() -> Series {
    let law = Law::new(
        300,
        vec![100, 200],
        vec![0.0, 2.0, 0.0],
        vec![1.0, 1.5, 1.0],
    )
    .unwrap();
    let values: Vec<_> = simulate(&law, 3).into_iter().map(Some).collect();
    Series::new("reversion", &values).unwrap()
}

/// `n` points with a step of half a standard deviation in their middle.
fn step(n: usize) -> Series {
    let law = Law::new(n, vec![n / 2], vec![0.0, 0.5], vec![1.0, 1.0]).unwrap();
    let values: Vec<_> = simulate(&law, 3).into_iter().map(Some).collect();
    Series::new("step", &values).unwrap()
}
