//! The talk's model of two switches, where the series goes back to where it came from: the bumpy road of 5,000 draws, with
//! and without the first 1,000.
//!
//! `cargo run --release --example reversion`

mod common;
#[path = "common/switching.rs"]
mod switching;

use std::process::ExitCode;

use common::{Report, count};
use serde_json::json;
use switchback::core::{ChainRng, Series};
use switchback::infer::{
    ChainsSettings, FindMap, Form, MetropolisSettings, Sampler, Target, drive, on_peaks,
};
use switchback::models::{
    Exact, HardPeaks, Law, Likelihood, RegimePriors, Regimes, SwitchModel, SwitchPrior,
    SwitchSettings, simulate,
};
use switching::{Nobody, Sampled};

/// Where the series of this example switches.
const TRUE_SWITCHES: [i64; 2] = [100, 200];
/// An `r_hat` above this says that chains do not agree (Vehtari et al. 2021).
const R_HAT_LIMIT: f64 = 1.01;
/// Draws that the talk throws away.
const DROPPED: usize = 1_000;
/// The middle of the parameters' priors, where PyMC begins.
const START: [f64; 4] = [0.0, 0.0, 4.0, 4.0];
/// A start that is wrong in every number, but knows which regime is which.
const NEAR: ([f64; 4], [usize; 2]) = ([0.0, 4.0, 3.0, 3.0], [75, 225]);

#[derive(Debug, clap::Args, serde::Serialize)]
struct Options {
    /// Draws of each chain, the first 1,000 among them
    #[arg(long, default_value_t = 5_000, value_parser = count(1_500..=1_000_000))]
    num_samples: usize,

    /// Chains
    #[arg(long, default_value_t = 4, value_parser = count(2..=64))]
    num_chains: usize,
}

fn main() -> ExitCode {
    common::run(
        "reversion",
        "Two switches, there and back: a chain from afar with and without its first draws, beside the exact posterior",
        run,
    )
}

fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let law = Law::new(
        300,
        TRUE_SWITCHES.map(|s| s as usize).to_vec(),
        vec![1.0, 3.0, 1.0],
        vec![1.0, 2.0, 1.0],
    )?;
    let values: Vec<Option<f64>> = simulate(&law, 20).into_iter().map(Some).collect();
    let series = Series::new("there and back", &values)?;
    let regimes = Regimes::reversion();
    let model = SwitchModel::new(
        &series,
        SwitchSettings {
            likelihood: Likelihood::Normal,
            priors: RegimePriors::deck(Likelihood::Normal, &regimes)?,
            regimes,
            switch_prior: SwitchPrior::Sequential,
        },
    )?;
    let exact = Exact::of(&model)?;
    report.heading("There and back");
    report.say(
        "300 observations: 100 of Normal(1, 1), 100 of Normal(3, 2), and 100 of Normal(1, 1) again. Six unknowns: s1, s2, \
         mu1, mu2, sigma1, sigma2, with the talk's priors; s1 and s2 are the first observations of the second stretch and \
         of the third.",
    );
    let target = Target::new(model.clone(), Form::Hard, 1.0)?;
    let road = bumpy_road(options, NEAR, &target, &series, report)?;
    let rest = road.without_the_first(DROPPED)?;
    tell_road(options, &road, &rest, &exact, report)?;
    let middle = bumpy_road(
        options,
        (START, pymc_start(&model)),
        &target,
        &series,
        report,
    )?;
    tell_valleys(&middle, &model, report)?;
    let compound = drawn_at_once(options, &target, &series, &exact, report)?;
    tell_find_map(&model, report)?;
    figures::save(
        &series,
        &model,
        &exact,
        [&road, &rest, &middle, &compound],
        report,
    )
}

/// Metropolis from the `parameters` with the switches at `held`, whose first 1,000 draws, while it tunes its steps, are kept as well: what PyMC
/// did at the time of the talk.
fn bumpy_road(
    options: &Options,
    (parameters, held): ([f64; 4], [usize; 2]),
    target: &Target,
    series: &Series,
    report: &Report,
) -> anyhow::Result<Sampled> {
    let sampler = Sampler::Metropolis(MetropolisSettings::Tuned);
    let start = |_: &mut ChainRng| {
        let places = held.iter().map(|s| *s as f64);
        parameters.into_iter().chain(places).collect()
    };
    let all = settings(options, 0, DROPPED, report);
    let settings = ChainsSettings {
        num_samples: options.num_samples - DROPPED,
        save_warmup: true,
        ..all
    };
    let name = format!("metropolis-from-{}-{}", held[0], held[1]);
    switching::sample_as(&name, sampler, target, series, &start, settings, report)
}

/// Where PyMC starts the switches: the middle of the series, and the middle of what comes after it.
fn pymc_start(model: &SwitchModel) -> [usize; 2] {
    let first = (model.n() - 1) / 2;
    [first, (first + model.n() - 1) / 2]
}

fn settings(
    options: &Options,
    number: usize,
    num_warmup: usize,
    report: &Report,
) -> ChainsSettings {
    ChainsSettings {
        num_chains: options.num_chains,
        num_warmup,
        num_samples: options.num_samples,
        log_every: 50,
        seed: report.seed(),
        first_stream: (number * options.num_chains) as u64,
        save_warmup: false,
        save_pointwise: false,
    }
}

fn tell_road(
    options: &Options,
    road: &Sampled,
    rest: &Sampled,
    exact: &Exact,
    report: &mut Report,
) -> anyhow::Result<()> {
    report.heading(&format!(
        "All {} draws of each chain, beside the exact posterior",
        options.num_samples
    ));
    road.tell(exact, report);
    report.heading(&format!("Without the first {DROPPED}"));
    rest.tell(exact, report);
    report.say(
        "Each chain begins far from where it should be and walks, step by step, to where the posterior is, and learns on \
         its way how long its steps should be. What it saw there is no draw of the posterior: it pulls the means and \
         blows the standard deviations up. An r_hat above 1.01 says that chains have not agreed.",
    );
    let kept = |sampled: &Sampled| {
        json!({
            "mean": sampled.checks(exact),
            "sd": sampled.sd_checks(exact),
            "ess": sampled.least_ess(),
            "r_hat": sampled.greatest_r_hat(),
        })
    };
    report.keep("all_draws", &kept(road))?;
    report.keep("without_the_first", &kept(rest))
}

/// Where each chain ended up that began at PyMC's own choice.
fn tell_valleys(sampled: &Sampled, model: &SwitchModel, report: &mut Report) -> anyhow::Result<()> {
    let [s1, s2] = pymc_start(model);
    let rest = sampled.without_the_first(DROPPED)?;
    let mean = |chain: &[f64]| chain.iter().sum::<f64>() / chain.len() as f64;
    let mut rows = Vec::new();
    for chain in 0..rest.chains("s1").len() {
        let mut row = vec![format!("chain {chain}")];
        for (name, _) in &rest.draws {
            row.push(format!("{:.2}", mean(&rest.chains(name)[chain])));
        }
        rows.push(row);
    }
    let names = rest.draws.iter().map(|(name, _)| name.as_str());
    let header: Vec<&str> = std::iter::once("mean of").chain(names).collect();
    report.heading(&format!(
        "The same from the middle: no regime differs, and the switches are at {s1} and {s2}"
    ));
    report.table(&header, &rows);
    let r_hat = rest.greatest_r_hat();
    report.say(if r_hat > R_HAT_LIMIT {
        format!(
            "The middle of the series, and the middle of what comes after it, are PyMC's choice. From there not all chains \
             find the same place: in some the regimes have swapped their roles, or one of them is all but empty, and no \
             step that is ever accepted leads out. Each chain by itself looks fine; only together they do not, and r_hat \
             says so: {r_hat:.2}."
        )
    } else {
        format!("These chains agree, too: the greatest r_hat is {r_hat:.3}. With other seeds they need not.")
    });
    report.keep("from_the_middle", &json!({"r_hat": r_hat}))
}

/// The sampler that draws both switches at once.
fn drawn_at_once(
    options: &Options,
    target: &Target,
    series: &Series,
    exact: &Exact,
    report: &mut Report,
) -> anyhow::Result<Sampled> {
    let peaks = HardPeaks::of(target.model())?;
    let start = |rng: &mut ChainRng| on_peaks(&peaks, rng);
    let settings = settings(options, 1, 100, report);
    let sampler = Sampler::Compound;
    let sampled = switching::sample(sampler, target, series, &start, settings, report)?;
    report.heading("compound: both switches at once");
    sampled.tell(exact, report);
    report.keep(
        "compound",
        &json!({
            "mean": sampled.checks(exact),
            "sd": sampled.sd_checks(exact),
            "ess": sampled.least_ess(),
            "r_hat": sampled.greatest_r_hat(),
        }),
    )?;
    Ok(sampled)
}

/// Where `find_MAP` ends, which cannot move the switches.
fn tell_find_map(model: &SwitchModel, report: &mut Report) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut kept = Vec::new();
    for held in [pymc_start(model), [50, 250], [99, 199], [100, 200]] {
        let mut climb = FindMap::new("find-map", model, &START, held.to_vec())?;
        drive(&mut climb, &mut Nobody)?;
        let end = climb.end()?;
        let gap = end.gap_nats.map(|gap| format!("{gap:.2}"));
        rows.push(vec![
            format!("{}, {}", held[0], held[1]),
            format!("{}, {}", end.found.switches[0], end.found.switches[1]),
            gap.unwrap_or_else(|| "-".to_owned()),
            end.verdict.to_string(),
        ]);
        kept.push(json!({
            "started_at": held,
            "ended_at": end.found.switches,
            "best": end.best.switches,
            "gap_nats": end.gap_nats,
            "verdict": end.verdict.as_str(),
        }));
    }
    report.heading("What find_MAP does to s1 and s2");
    report.table(
        &["started at s1, s2", "ended at", "nats short", "verdict"],
        &rows,
    );
    report.say("\"Integers are still an issue\", says the talk: they end where they began.");
    report.keep("find_map", &kept)
}

mod figures {
    use switchback::report::{
        Fit, FittedBand, IntegerPosterior, Quantity, fit, integer_posterior, traces,
    };

    use super::*;

    /// Draws the talk's pictures: the bumpy road, the better view, and what comes of it.
    pub fn save(
        series: &Series,
        model: &SwitchModel,
        exact: &Exact,
        [road, rest, middle, compound]: [&Sampled; 4],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        for (name, title, sampled) in [
            ("bumpy_road", "The bumpy road: every draw", road),
            (
                "better_view",
                "A better view: without the first 1,000",
                rest,
            ),
            (
                "valleys",
                "From the middle: chains that do not agree",
                middle,
            ),
            ("compound", "Both switches at once", compound),
        ] {
            let quantities: Vec<Quantity<'_>> = sampled
                .draws
                .iter()
                .map(|(name, chains)| match name.as_str() {
                    "s1" | "s2" => Quantity::whole(name, chains),
                    _ => Quantity::real(name, chains),
                })
                .collect();
            let mut figure = traces(&quantities);
            figure.title = title.to_owned();
            report.figure(name, &figure)?;
        }
        for ((name, p), truth) in ["s1", "s2"]
            .into_iter()
            .zip(&exact.switch_posterior)
            .zip(TRUE_SWITCHES)
        {
            let probabilities: Vec<(i64, f64)> = (0..).zip(p.iter().copied()).collect();
            let posterior = IntegerPosterior {
                title: "When did it switch?",
                label: name,
                probabilities: &probabilities,
                mass: 0.94,
                truth: Some(truth),
            };
            report.figure(name, &integer_posterior(&posterior))?;
        }
        let times: Vec<f64> = (0..series.len()).map(|t| t as f64).collect();
        let (lower, upper) = switching::mean_band(compound, model, 0.03);
        let begins: Vec<f64> = (0..series.len())
            .map(|t| exact.switch_posterior.iter().map(|p| p[t]).sum())
            .collect();
        let fitted = Fit {
            title: "There and back",
            times: &times,
            values: series.values(),
            time_label: "index of the observation",
            value_label: "y",
            bands: &[FittedBand {
                name: "94 % of the posterior of the mean",
                lower: &lower,
                upper: &upper,
            }],
            posterior: &begins,
            ..Fit::default()
        };
        report.figure("fit", &fit(&fitted))
    }
}
