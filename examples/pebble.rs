//! Pi by a pebble that wanders: what to do at the border, what a wrong rule costs, and how long the pebble remembers.

mod common;

use std::f64::consts::PI;
use std::process::ExitCode;

use common::{Checked, Report, grouped};
use serde::Serialize;
use switchback::core::stream;
use switchback::diagnostics::{autocorrelation, autocorrelation_time, ess_mean};
use switchback::models::deck::{BoundaryRule, Pebble, PebbleLaw, is_inside};
use switchback::report::{Axis, Bar, Colour, Figure, Mark, Panel};

/// Chains of each rule.
const CHAINS: u64 = 4;
/// Bins of `x` from -1 to 1.
const BINS: usize = 40;
/// Steps for which the cost of remembering is measured.
const STEPS: [f64; 9] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 1.6, 2.0];
/// Steps whose autocorrelation is drawn.
const REMEMBERED: [f64; 4] = [0.1, 0.3, 0.8, 1.6];
/// Longest lag that is drawn.
const LAGS: usize = 200;

#[derive(Debug, clap::Args, Serialize)]
struct Options {
    /// Throws of each of 4 pebbles
    #[arg(long, default_value_t = 500_000, value_parser = common::count(1_000..=20_000_000))]
    num_samples: usize,

    /// Greatest length of a throw in each coordinate, in a square of side 2
    #[arg(long, default_value_t = 0.3, value_parser = common::number(0.05, 2.0))]
    step: f64,
}

fn main() -> ExitCode {
    common::run(
        "pebble",
        "Pi by a pebble that wanders in a square, under four rules for the border",
        run,
    )
}

/// What one rule gave.
#[derive(Debug, Serialize)]
struct Ruled {
    rule: &'static str,
    is_fair: bool,
    estimate: f64,
    mcse: f64,
    ess: f64,
    /// What the rule tends to, by its exact law.
    exact: f64,
    /// Errors off its own law.
    z_exact: f64,
    /// Errors off pi.
    z_pi: f64,
    /// Share of places on the border itself along one axis, and its exact value.
    border: [f64; 2],
    #[serde(skip)]
    heights: Vec<f64>,
    #[serde(skip)]
    law: PebbleLaw,
}

/// What remembering costs with one step.
#[derive(Debug, Serialize)]
struct Cost {
    step: f64,
    moved: f64,
    moved_exact: f64,
    /// Throws that are worth one dart.
    throws_a_dart: f64,
}

fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let mut rules = Vec::new();
    for (number, rule) in BoundaryRule::ALL.into_iter().enumerate() {
        let pebble = Pebble::new(rule, options.step)?;
        let walks = walks(pebble, options.num_samples, report.seed(), number as u64);
        rules.push(ruled(pebble, &walks)?);
    }
    let mut costs = Vec::new();
    let mut memories = Vec::new();
    for (number, step) in STEPS.into_iter().enumerate() {
        let pebble = Pebble::new(BoundaryRule::StayPut, step)?;
        let first = (BoundaryRule::ALL.len() + number) as u64;
        let walks = walks(pebble, options.num_samples, report.seed(), first);
        let hits: Vec<Vec<f64>> = walks.iter().map(|walk| hits(walk)).collect();
        costs.push(cost(pebble, &walks, &hits)?);
        if REMEMBERED.contains(&step) {
            let correlations = autocorrelation(&hits[0])?;
            memories.push((step, correlations));
        }
    }
    report.keep("step", &options.step)?;
    report.keep("rules", &rules)?;
    report.keep("costs", &costs)?;
    report.figure("estimates", &estimates(&rules, options))?;
    report.figure("edges", &edges(&rules, options))?;
    report.figure("autocorrelation", &remembering(&memories, options))?;
    report.figure("cost", &cost_by_step(&costs))?;
    tell(&rules, &costs, options, report);
    Ok(())
}

/// The walks of [`CHAINS`] pebbles, each with a stream of its own.
fn walks(pebble: Pebble, n: usize, seed: u64, number: u64) -> Vec<Vec<[f64; 2]>> {
    (0..CHAINS)
        .map(|chain| pebble.walk(n, &mut stream(seed, number * CHAINS + chain)))
        .collect()
}

/// 4 for each place inside the circle, 0 for each outside.
fn hits(walk: &[[f64; 2]]) -> Vec<f64> {
    let hit = |place: &[f64; 2]| if is_inside(*place) { 4.0 } else { 0.0 };
    walk.iter().map(hit).collect()
}

fn ruled(pebble: Pebble, walks: &[Vec<[f64; 2]>]) -> anyhow::Result<Ruled> {
    let hits: Vec<Vec<f64>> = walks.iter().map(|walk| hits(walk)).collect();
    let chains: Vec<&[f64]> = hits.iter().map(Vec::as_slice).collect();
    let law = PebbleLaw::new(pebble);
    let own = Checked::mean(&chains, law.pi())?;
    let of_pi = Checked { truth: PI, ..own };
    let coordinates = walks.iter().flatten().map(|place| place[0]);
    let n = coordinates.clone().count() as f64;
    let mut counts = vec![0.0; BINS];
    for x in coordinates.clone() {
        let bin = ((x + 1.0) / 2.0 * BINS as f64) as usize;
        counts[bin.min(BINS - 1)] += 1.0;
    }
    let on_border = coordinates.filter(|x| x.abs() == 1.0).count() as f64;
    Ok(Ruled {
        rule: pebble.rule().as_str(),
        is_fair: pebble.rule().is_fair(),
        estimate: own.estimate,
        mcse: own.mcse,
        ess: ess_mean(&chains)?,
        exact: own.truth,
        z_exact: own.z(),
        z_pi: of_pi.z(),
        border: [on_border / n, law.border()],
        heights: counts
            .iter()
            .map(|count| count / n * BINS as f64 / 2.0)
            .collect(),
        law,
    })
}

fn cost(pebble: Pebble, walks: &[Vec<[f64; 2]>], hits: &[Vec<f64>]) -> anyhow::Result<Cost> {
    let chains: Vec<&[f64]> = hits.iter().map(Vec::as_slice).collect();
    let pairs = walks.iter().flat_map(|walk| walk.windows(2));
    let n = pairs.clone().count() as f64;
    let moved = pairs.filter(|pair| pair[0] != pair[1]).count() as f64;
    Ok(Cost {
        step: pebble.step(),
        moved: moved / n,
        moved_exact: pebble.accept_prob(),
        throws_a_dart: autocorrelation_time(&chains)?,
    })
}

fn colour(is_fair: bool) -> Colour {
    if is_fair {
        Colour::Series(0)
    } else {
        Colour::Warning
    }
}

fn estimates(rules: &[Ruled], options: &Options) -> Figure {
    let place = |row: usize| (rules.len() - row) as f64;
    let ticks = rules.iter().enumerate();
    let ticks = ticks.map(|(row, ruled)| (place(row), ruled.rule.to_owned()));
    let rows = Axis::new("")
        .range(0.4, rules.len() as f64 + 0.6)
        .ticks(ticks.collect());
    let mut panel = Panel::new("", Axis::new("estimate of pi"), rows).with(Mark::Rule {
        label: "pi".to_owned(),
        colour: Colour::Truth,
        at: PI,
        vertical: true,
        dashed: true,
    });
    for (row, ruled) in rules.iter().enumerate() {
        let reach = 5.0 * ruled.mcse;
        panel = panel
            .with(Mark::Interval {
                name: if ruled.is_fair {
                    "fair rule, 5 standard errors".to_owned()
                } else {
                    "wrong rule, 5 standard errors".to_owned()
                },
                colour: colour(ruled.is_fair),
                at: place(row),
                low: ruled.estimate - reach,
                mid: ruled.estimate,
                high: ruled.estimate + reach,
                heavy: true,
            })
            .with(Mark::Points {
                name: "what the rule tends to, exactly".to_owned(),
                colour: Colour::Ink,
                points: vec![(ruled.exact, place(row) - 0.22)],
                radius: 5.0,
            });
    }
    Figure::new(
        format!("Two of four rules at the border give pi (step {})", options.step),
        "Estimates of pi by a wandering pebble under four rules at the border, with 5 standard errors and exact values.",
    )
    .with(panel)
}

fn edges(rules: &[Ruled], options: &Options) -> Figure {
    let width = 2.0 / BINS as f64;
    let centre = |bin: usize| -1.0 + (bin as f64 + 0.5) * width;
    let mut figure = Figure::new(
        format!(
            "Where a pebble of step {} lies along one side of the square",
            options.step
        ),
        "Histograms of the pebble's x under four rules at the border, with the exact density.",
    );
    figure.columns = 2;
    figure.size = (1280, 900);
    for ruled in rules {
        let title = match ruled.border[0] {
            0.0 => ruled.rule.to_owned(),
            share => format!(
                "{}: {:.0} % of all places lie on the border itself",
                ruled.rule,
                100.0 * share
            ),
        };
        let bars = ruled.heights.iter().enumerate();
        let exact = (0..=400).map(|i| {
            // Just inside the ends, where the density is still that of the inside.
            let x = (-1.0 + f64::from(i) / 200.0).clamp(-0.9999, 0.9999);
            (x, ruled.law.density(x))
        });
        let panel = Panel::new(
            title,
            Axis::new("x").range(-1.05, 1.05),
            Axis::new("density").range(0.0, 1.0),
        )
        .with(Mark::Bars {
            name: if ruled.is_fair {
                "fair rule".to_owned()
            } else {
                "wrong rule".to_owned()
            },
            colour: colour(ruled.is_fair),
            bars: bars
                .map(|(bin, height)| Bar::about(centre(bin), width, height.min(1.0)))
                .collect(),
            horizontal: false,
        })
        .with(Mark::Line {
            name: "exact density".to_owned(),
            colour: Colour::Ink,
            points: exact.collect(),
            dashed: false,
        });
        figure.panels.push(panel);
    }
    figure
}

fn remembering(memories: &[(f64, Vec<f64>)], options: &Options) -> Figure {
    let x = Axis::new("lag (throws)").range(0.0, LAGS as f64);
    let mut panel =
        Panel::new("", x, Axis::new("autocorrelation").range(-0.1, 1.0)).with(Mark::Rule {
            label: String::new(),
            colour: Colour::Quiet,
            at: 0.0,
            vertical: false,
            dashed: false,
        });
    for (number, (step, correlations)) in memories.iter().enumerate() {
        let shown = correlations.iter().take(LAGS + 1).enumerate();
        panel = panel.with(Mark::Line {
            name: format!("step {step}"),
            colour: Colour::Series(number),
            points: shown.map(|(lag, value)| (lag as f64, *value)).collect(),
            dashed: false,
        });
    }
    Figure::new(
        format!(
            "How long a pebble remembers whether it was in the circle ({} throws)",
            grouped(options.num_samples as f64, 0)
        ),
        "Autocorrelation of being inside the circle by lag, for four lengths of throws, under the rule of staying put.",
    )
    .with(panel)
}

fn cost_by_step(costs: &[Cost]) -> Figure {
    let ticks: Vec<(f64, String)> = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0]
        .map(|step| (step, step.to_string()))
        .to_vec();
    let points: Vec<(f64, f64)> = costs.iter().map(|c| (c.step, c.throws_a_dart)).collect();
    let step = Axis::new("greatest length of a throw").log().ticks(ticks);
    let panel = Panel::new("", step, Axis::new("throws that are worth one dart").log())
        .with(Mark::Line {
            name: String::new(),
            colour: Colour::Accent,
            points: points.clone(),
            dashed: false,
        })
        .with(Mark::Points {
            name: String::new(),
            colour: Colour::Accent,
            points,
            radius: 5.0,
        })
        .with(Mark::Rule {
            label: "a dart".to_owned(),
            colour: Colour::Truth,
            at: 1.0,
            vertical: false,
            dashed: true,
        });
    Figure::new(
        "Short throws remember, long ones are refused",
        "Throws of a pebble that are worth one independent dart, against the greatest length of a throw.",
    )
    .with(panel)
}

fn tell(rules: &[Ruled], costs: &[Cost], options: &Options, report: &mut Report) {
    report.heading("Pi by a pebble");
    report.say(format!(
        "A pebble is thrown from where it lies, up to {} in each coordinate, {} times by each of {CHAINS} pebbles. \
         The share of places in the circle, times 4, should be pi = {PI:.5}. What happens at the border decides:",
        options.step,
        grouped(options.num_samples as f64, 0),
    ));
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|r| {
            vec![
                r.rule.to_owned(),
                format!("{:.4}", r.estimate),
                format!("{:.4}", r.mcse),
                format!("{:+.1}", r.z_pi),
                format!("{:.4}", r.exact),
                format!("{:+.1}", r.z_exact),
                format!("{:.1} %", 100.0 * r.border[0]),
            ]
        })
        .collect();
    report.table(
        &[
            "rule",
            "estimate",
            "std error",
            "errors off pi",
            "exact for the rule",
            "errors off it",
            "on border",
        ],
        &rows,
    );
    report.say(
        "Staying put is Metropolis' rule: the refused throw counts as one more visit. Reflecting is right too: throws stay \
         as likely from a to b as from b to a, so that the uniform law stays as it is. Clipping heaps pebbles on the border. \
         Redrawing looks harmless, but it never pays for throws that leave: from the border half of them do, and the pebble \
         is there half as often as in the middle (its law is the chance that a throw stays inside). No number of throws \
         mends either.",
    );
    report.heading("What a throw is worth");
    let rows: Vec<Vec<String>> = costs
        .iter()
        .map(|c| {
            vec![
                c.step.to_string(),
                format!("{:.3}", c.moved),
                format!("{:.3}", c.moved_exact),
                format!("{:.1}", c.throws_a_dart),
            ]
        })
        .collect();
    report.table(
        &["step", "share that moves", "exact", "throws worth a dart"],
        &rows,
    );
    if let Some(best) = costs
        .iter()
        .min_by(|a, b| a.throws_a_dart.total_cmp(&b.throws_a_dart))
    {
        report.say(format!(
            "Places depend on the ones before them, so that a throw is worth less than a dart. Here a step of {} is best: \
             {:.1} throws for one dart. Short throws crawl, long ones mostly leave the square.",
            best.step, best.throws_a_dart
        ));
    }
}
