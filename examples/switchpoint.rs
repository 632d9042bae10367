//! The talk's model of one switch: its posterior by sampling, exactly, and what `find_MAP` makes of a whole number.
//!
//! `cargo run --release --example switchpoint`

mod common;
#[path = "common/switching.rs"]
mod switching;

use std::process::ExitCode;

use common::{Report, count};
use serde_json::json;
use switchback::core::{ChainRng, Series};
use switchback::infer::{
    ChainsSettings, FindMap, FindMapEnd, Form, MetropolisSettings, Sampler, Target, dispersed,
    drive, middle,
};
use switchback::models::{Exact, Profile, SwitchModel, SwitchPriors};
use switching::{Nobody, Sampled};

/// Where `find_MAP` is started: PyMC's own choice, the middle, comes on top.
const HELD_AT: [usize; 5] = [2, 15, 30, 60, 87];
/// The talk's prior means of both `mu`, and the scale of both `sigma`.
const HELD_START: [f64; 4] = [0.0, 0.0, 2.0, 2.0];

#[derive(Debug, clap::Args, serde::Serialize)]
struct Options {
    /// Draws of each chain
    #[arg(long, default_value_t = 10_000, value_parser = count(100..=1_000_000))]
    num_samples: usize,

    /// Chains
    #[arg(long, default_value_t = 4, value_parser = count(2..=64))]
    num_chains: usize,
}

fn main() -> ExitCode {
    common::run(
        "switchpoint",
        "One switch: the posterior by two samplers and exactly, and what find_MAP does to a whole number",
        run,
    )
}

fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let series = switching::deck_series()?;
    let model = SwitchModel::one_normal_switch(&series, SwitchPriors::deck())?;
    let exact = Exact::of(&model)?;
    let profile = Profile::of(&series)?;
    report.heading("When did it switch?");
    report.say(
        "90 observations, the first 45 from Normal(-1, 1), the others from Normal(5, 2). Five unknowns: s, mu1, \
         mu2, sigma1, sigma2, with the talk's priors. s is the index of the first observation of the second regime.",
    );
    let compound = tell_posterior(options, &series, &model, &exact, &profile, report)?;
    tell_switch(&compound, &exact, report)?;
    let ends = tell_find_map(&model, &profile, report)?;
    figures::save(&series, &model, &exact, &profile, &compound, &ends, report)
}

fn tell_posterior(
    options: &Options,
    series: &Series,
    model: &SwitchModel,
    exact: &Exact,
    profile: &Profile,
    report: &mut Report,
) -> anyhow::Result<Sampled> {
    let target = Target::new(model.clone(), Form::Hard, 1.0)?;
    let start = |rng: &mut ChainRng| dispersed(profile, rng);
    let mut kept = serde_json::Map::new();
    let mut best = None;
    let samplers = [
        Sampler::Metropolis(MetropolisSettings::Tuned),
        Sampler::Compound,
    ];
    for (number, sampler) in samplers.into_iter().enumerate() {
        let settings = ChainsSettings {
            num_chains: options.num_chains,
            num_warmup: 1_000,
            num_samples: options.num_samples,
            log_every: 100,
            seed: report.seed(),
            first_stream: (number * options.num_chains) as u64,
            save_warmup: false,
            save_pointwise: false,
        };
        let sampled = switching::sample(sampler, &target, series, &start, settings, report)?;
        report.heading(&format!("{}, beside the exact posterior", sampled.sampler));
        sampled.tell(exact, report);
        kept.insert(
            sampled.sampler.clone(),
            json!({
                "mean": sampled.checks(exact),
                "sd": sampled.sd_checks(exact),
                "ess": sampled.least_ess(),
                "r_hat": sampled.greatest_r_hat(),
            }),
        );
        best = Some(sampled);
    }
    report.keep("samplers", &kept)?;
    report.say(
        "Metropolis proposes one coordinate after the other and is often refused; compound, which is what PyMC does with \
         a whole number beside real ones, draws all of s at once from its exact conditional, and is never refused.",
    );
    best.ok_or_else(|| anyhow::anyhow!("no sampler was run"))
}

/// What the draws say of `s`, beside the exact answer.
fn tell_switch(sampled: &Sampled, exact: &Exact, report: &mut Report) -> anyhow::Result<()> {
    let draws = sampled.chains("s").concat();
    let p = &exact.switch_posterior[0];
    let mut rows = Vec::new();
    let mut kept = Vec::new();
    for (s, exact) in p.iter().enumerate().filter(|(_, p)| **p > 1e-3) {
        let hits = draws.iter().filter(|draw| **draw == s as f64).count();
        let share = hits as f64 / draws.len() as f64;
        rows.push(vec![
            s.to_string(),
            format!("{share:.4}"),
            format!("{exact:.4}"),
        ]);
        kept.push(json!({"s": s, "drawn": share, "exact": exact}));
    }
    report.heading("The posterior of s");
    report.table(&["s", "share of the draws", "exact"], &rows);
    report.keep("switch", &kept)
}

/// Where `find_MAP` ends from several starts.
fn tell_find_map(
    model: &SwitchModel,
    profile: &Profile,
    report: &mut Report,
) -> anyhow::Result<Vec<(usize, FindMapEnd)>> {
    let mut ends = Vec::new();
    let usual = middle(model).into_iter();
    for s in HELD_AT.into_iter().chain(usual) {
        let mut climb = FindMap::new("find-map", model, &HELD_START, vec![s])?;
        drive(&mut climb, &mut Nobody)?;
        ends.push((s, climb.end()?));
    }
    ends.sort_by_key(|(s, _)| *s);
    let rows: Vec<Vec<String>> = ends
        .iter()
        .map(|(s, end)| {
            let gap = end.gap_nats.map(|gap| format!("{gap:.2}"));
            vec![
                s.to_string(),
                end.found.switches[0].to_string(),
                gap.unwrap_or_else(|| "-".to_owned()),
                end.verdict.to_string(),
            ]
        })
        .collect();
    let best = profile.best().s;
    report.heading("What find_MAP does to s");
    report.table(
        &["started at s", "ended at s", "nats short", "verdict"],
        &rows,
    );
    report.say(format!(
        "A maximiser that follows gradients cannot move a whole number: s ends where it began, whatever the data say, and \
         mu and sigma make the best of it. The best s is {best}. The relaxed switch of the gradient example moves."
    ));
    let kept: Vec<_> = ends
        .iter()
        .map(|(s, end)| {
            json!({
                "started_at": s,
                "ended_at": end.found.switches[0],
                "gap_nats": end.gap_nats,
                "verdict": end.verdict.as_str(),
            })
        })
        .collect();
    report.keep("find_map", &kept)?;
    report.keep("best_s", &best)?;
    Ok(ends)
}

mod figures {
    use switchback::report::{
        Fit, FittedBand, FittedSteps, IntegerPosterior, ProfileEnd, Quantity, fit,
        integer_posterior, profile as profile_figure, traces,
    };

    use super::*;

    /// Draws the talk's four pictures.
    pub fn save(
        series: &Series,
        model: &SwitchModel,
        exact: &Exact,
        profile: &Profile,
        sampled: &Sampled,
        ends: &[(usize, FindMapEnd)],
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let quantities: Vec<Quantity<'_>> = sampled
            .draws
            .iter()
            .map(|(name, chains)| match name.as_str() {
                "s" => Quantity::whole(name, chains),
                _ => Quantity::real(name, chains),
            })
            .collect();
        report.figure("traces", &traces(&quantities))?;

        let p = &exact.switch_posterior[0];
        let probabilities: Vec<(i64, f64)> = (0..).zip(p.iter().copied()).collect();
        let posterior = IntegerPosterior {
            title: "When did it switch?",
            label: "s, index of the first observation of the second regime",
            probabilities: &probabilities,
            mass: 0.94,
            truth: Some(45),
        };
        report.figure("switch", &integer_posterior(&posterior))?;

        let times: Vec<f64> = (0..series.len()).map(|t| t as f64).collect();
        let best = profile.best();
        let means: Vec<f64> = (0..series.len())
            .map(|t| if t < best.s { best.mu1 } else { best.mu2 })
            .collect();
        let (lower, upper) = switching::mean_band(sampled, model, 0.03);
        let fitted = Fit {
            title: "From what to what?",
            times: &times,
            values: series.values(),
            time_label: "index of the observation",
            value_label: "y",
            steps: &[FittedSteps {
                name: "greatest likelihood",
                means: &means,
            }],
            bands: &[FittedBand {
                name: "94 % of the posterior of the mean",
                lower: &lower,
                upper: &upper,
            }],
            posterior: p,
            ..Fit::default()
        };
        report.figure("fit", &fit(&fitted))?;

        let places: Vec<f64> = profile.fits().iter().map(|fit| fit.s as f64).collect();
        let heights: Vec<f64> = profile
            .fits()
            .iter()
            .map(|fit| fit.log_likelihood)
            .collect();
        let names: Vec<String> = ends.iter().map(|(s, _)| format!("from {s}")).collect();
        let ends: Vec<ProfileEnd<'_>> = ends
            .iter()
            .zip(&names)
            .map(|((_, end), name)| ProfileEnd {
                name,
                place: end.found.switches[0] as f64,
                height: end.found.log_likelihood,
                global: end.found.switches[0] == best.s,
            })
            .collect();
        let tops = switchback::report::Profile {
            title: "find_MAP ends where s began",
            label: "s, index of the first observation of the second regime",
            value_label: "log-likelihood (nats)",
            places: &places,
            heights: &heights,
            ends: &ends,
        };
        report.figure("find_map", &profile_figure(&tops))
    }
}
