//! The talk's for-loop: Metropolis for the mean and standard deviation of ten numbers, beside the exact posterior, and the
//! two ways in which it breaks.

mod common;

use std::process::ExitCode;

use common::{Checked, Report, grouped};
use serde::Serialize;
use switchback::core::stream;
use switchback::diagnostics::{ess_mean, mcse_quantile, quantile};
use switchback::models::deck::{ForLoop, NormalSample, SampleLaw, Scoring, Walk, underflow_at};
use switchback::models::{Law, simulate};
use switchback::report::{Axis, Bar, Colour, Figure, Mark, Panel};

/// Draws that the talk leaves out.
const DROPPED: usize = 1_000;
/// Observations that are too many for a product of densities.
const MANY: usize = 500;
/// Stream of the first of the repeated loops.
const FIRST_LOOP: u64 = 10;
/// Bins of a histogram.
const BINS: usize = 40;
/// Steps so long that a chain gets to the other sign of sigma.
const LONG_STEP: f64 = 1.0;

#[derive(Debug, clap::Args, Serialize)]
struct Options {
    /// Steps of the loop; the first 1,000 are left out at the end
    #[arg(long, default_value_t = 10_000, value_parser = common::count(2_000..=5_000_000))]
    num_samples: usize,

    /// Observations, drawn from normal(1, 0.5)
    #[arg(long, default_value_t = 10, value_parser = common::count(7..=200))]
    num_observations: usize,

    /// Standard deviation of the steps
    #[arg(long, default_value_t = 0.1, value_parser = common::number(0.001, 10.0))]
    step: f64,

    /// Loops that are run in all, to see what one of them gives on average
    #[arg(long, default_value_t = 100, value_parser = common::count(2..=10_000))]
    num_repeats: usize,
}

fn main() -> ExitCode {
    common::run(
        "for_loop",
        "The talk's for-loop for the mean and standard deviation of ten numbers, and how it breaks",
        run,
    )
}

/// One number of the posterior.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// From the draws after the first 1,000.
    kept: Checked,
    /// The same number from all draws.
    all: f64,
    /// What many loops give on average, from the draws after the first 1,000 and from all.
    loops_kept: Checked,
    loops_all: Checked,
}

/// The numbers of one parameter that are compared.
const NUMBERS: [Number; 4] = [
    Number::Mean,
    Number::Sd,
    Number::Quantile(0.05),
    Number::Quantile(0.95),
];

#[derive(Debug, Clone, Copy)]
enum Number {
    Mean,
    Sd,
    Quantile(f64),
}

impl Number {
    fn name(self) -> String {
        match self {
            Self::Mean => "mean".to_owned(),
            Self::Sd => "sd".to_owned(),
            Self::Quantile(probability) => format!("{:.0} %", 100.0 * probability),
        }
    }

    /// The number of `draws`, with its standard error, and that of `law`.
    fn of(self, draws: &[f64], law: SampleLaw) -> anyhow::Result<Checked> {
        let chains: [&[f64]; 1] = [draws];
        Ok(match self {
            Self::Mean => Checked::mean(&chains, law.mean())?,
            Self::Sd => Checked::sd(&chains, law.sd())?,
            Self::Quantile(probability) => Checked {
                estimate: quantile(&chains, probability)?,
                mcse: mcse_quantile(&chains, probability)?,
                truth: law.quantile(probability),
            },
        })
    }
}

/// How one way of scoring fares from one start.
#[derive(Debug, Serialize)]
struct Signed {
    scoring: &'static str,
    start_sigma: f64,
    step: f64,
    moved: f64,
    /// Mean of sigma over the second half.
    mean_sigma: f64,
    /// Share of draws with a negative sigma in the second half.
    negative: f64,
    #[serde(skip)]
    sigma: Vec<f64>,
}

fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let data = observations(options.num_observations, report.seed())?;
    let sample = NormalSample::new(&data)?;
    let walks: Vec<Walk> = (0..options.num_repeats as u64)
        .map(|repeat| loop_of(options).run(&data, &mut stream(report.seed(), FIRST_LOOP + repeat)))
        .collect();
    let walk = &walks[0];
    let mus: Vec<&[f64]> = walks.iter().map(|walk| &walk.mu[..]).collect();
    let sigmas: Vec<&[f64]> = walks.iter().map(|walk| &walk.sigma[..]).collect();
    let mut rows = compared("mu", &mus, sample.mu())?;
    rows.extend(compared("sigma", &sigmas, sample.sigma())?);
    let ess = [
        ess_mean(&[&walk.mu[DROPPED..]])?,
        ess_mean(&[&walk.sigma[DROPPED..]])?,
    ];
    let many = many(options, report.seed())?;
    let signs = signs(options, &data, report.seed());

    report.keep("observations", &data)?;
    report.keep("moved", &(walk.n_moved as f64 / options.num_samples as f64))?;
    report.keep("ess", &serde_json::json!({"mu": ess[0], "sigma": ess[1]}))?;
    report.keep("rows", &rows)?;
    report.keep("product", &many)?;
    report.keep("negative_sigma", &signs)?;
    report.figure("traces", &traces(walk, &sample))?;
    report.figure("path", &path(walk))?;
    report.figure("product", &product(&many))?;
    report.figure("negative_sigma", &negative(&signs))?;
    tell(&rows, ess, &many, &signs, options, report);
    Ok(())
}

fn loop_of(options: &Options) -> ForLoop {
    ForLoop {
        step: options.step,
        num_steps: options.num_samples,
        ..ForLoop::TALK
    }
}

fn observations(n: usize, seed: u64) -> anyhow::Result<Vec<f64>> {
    let law = Law::new(n, Vec::new(), vec![1.0], vec![0.5])?;
    Ok(simulate(&law, seed))
}

/// The numbers of one parameter against the truth: of the first of `loops`, and of all on average.
fn compared(name: &str, loops: &[&[f64]], law: SampleLaw) -> anyhow::Result<Vec<Row>> {
    let row = |number: Number| {
        let of = |draws: &[f64]| number.of(draws, law);
        let averaged = |dropped: usize| -> anyhow::Result<Checked> {
            let estimates = loops
                .iter()
                .map(|draws| Ok(of(&draws[dropped..])?.estimate))
                .collect::<anyhow::Result<Vec<f64>>>()?;
            let truth = of(loops[0])?.truth;
            Ok(Checked::mean_of(estimates.iter().copied(), truth))
        };
        Ok(Row {
            name: format!("{name} {}", number.name()),
            kept: of(&loops[0][DROPPED..])?,
            all: of(loops[0])?.estimate,
            loops_kept: averaged(DROPPED)?,
            loops_all: averaged(0)?,
        })
    };
    NUMBERS.into_iter().map(row).collect()
}

/// What a product of many densities comes to.
#[derive(Debug, Serialize)]
struct Many {
    n: usize,
    /// Observations from which on the product at the start is 0.
    underflow_at: Option<usize>,
    moved_by_product: f64,
    moved_by_logarithm: f64,
    /// Mean of mu and of sigma by logarithms, the first 1,000 left out.
    by_logarithm: [Checked; 2],
    /// Decimal logarithm of the product at the start, of the first 1, 2, .. observations.
    #[serde(skip)]
    log10: Vec<f64>,
}

fn many(options: &Options, seed: u64) -> anyhow::Result<Many> {
    let data = observations(MANY, seed)?;
    let sample = NormalSample::new(&data)?;
    let (mu, sigma) = ForLoop::TALK.start;
    let [product, logarithm] = [Scoring::Product, Scoring::LogDensity].map(|scoring| {
        let settings = ForLoop {
            scoring,
            ..loop_of(options)
        };
        settings.run(&data, &mut stream(seed, 1))
    });
    let moved = |walk: &Walk| walk.n_moved as f64 / options.num_samples as f64;
    let log10 = (1..=MANY)
        .map(|n| Scoring::LogDensity.score(&data[..n], mu, sigma) * std::f64::consts::LOG10_E);
    Ok(Many {
        n: MANY,
        underflow_at: underflow_at(&data, mu, sigma),
        moved_by_product: moved(&product),
        moved_by_logarithm: moved(&logarithm),
        by_logarithm: [
            Checked::mean(&[&logarithm.mu[DROPPED..]], sample.mu().mean())?,
            Checked::mean(&[&logarithm.sigma[DROPPED..]], sample.sigma().mean())?,
        ],
        log10: log10.collect(),
    })
}

fn signs(options: &Options, data: &[f64], seed: u64) -> Vec<Signed> {
    let by_square = "log density by sigma^2";
    let cases = [
        ("product (SciPy)", Scoring::Product, -3.0, options.step),
        ("log density", Scoring::LogDensity, -3.0, options.step),
        (by_square, Scoring::LogDensityOfSquare, 3.0, options.step),
        (by_square, Scoring::LogDensityOfSquare, -3.0, options.step),
        (by_square, Scoring::LogDensityOfSquare, 3.0, LONG_STEP),
    ];
    cases
        .into_iter()
        .map(|(name, scoring, start_sigma, step)| {
            let settings = ForLoop {
                start: (ForLoop::TALK.start.0, start_sigma),
                step,
                scoring,
                ..loop_of(options)
            };
            let walk = settings.run(data, &mut stream(seed, 2));
            let late = &walk.sigma[walk.sigma.len() / 2..];
            let n = late.len() as f64;
            Signed {
                scoring: name,
                start_sigma,
                step,
                moved: walk.n_moved as f64 / options.num_samples as f64,
                mean_sigma: late.iter().sum::<f64>() / n,
                negative: late.iter().filter(|sigma| **sigma < 0.0).count() as f64 / n,
                sigma: walk.sigma,
            }
        })
        .collect()
}

fn line(name: &str, colour: Colour, points: Vec<(f64, f64)>) -> Mark {
    Mark::Line {
        name: name.to_owned(),
        colour,
        points,
        dashed: false,
    }
}

fn steps(draws: &[f64]) -> Vec<(f64, f64)> {
    let steps = draws.iter().enumerate();
    steps.map(|(step, value)| (step as f64, *value)).collect()
}

fn traces(walk: &Walk, sample: &NormalSample) -> Figure {
    let mut figure = Figure::new(
        "Where the loop has been, and how often",
        "Trace of mu and sigma, and the histograms of their draws after the first 1,000 with the exact posterior.",
    );
    figure.columns = 2;
    figure.size = (1280, 860);
    for (name, draws, law) in [
        ("mu", &walk.mu, sample.mu()),
        ("sigma", &walk.sigma, sample.sigma()),
    ] {
        let mut trace = Panel::new("", Axis::new("step"), Axis::new(name))
            .with(line("", Colour::Series(0), steps(draws)))
            .with(Mark::Rule {
                label: "left out up to here".to_owned(),
                colour: Colour::Warning,
                at: DROPPED as f64,
                vertical: true,
                dashed: true,
            });
        trace.share = 1.4;
        figure = figure
            .with(trace)
            .with(histogram(name, &draws[DROPPED..], law));
    }
    figure
}

fn histogram(name: &str, draws: &[f64], law: SampleLaw) -> Panel {
    let (low, high) = (law.quantile(0.0005), law.quantile(0.9995));
    let width = (high - low) / BINS as f64;
    let mut counts = vec![0.0; BINS];
    for draw in draws.iter().filter(|draw| (low..high).contains(*draw)) {
        counts[(((draw - low) / width) as usize).min(BINS - 1)] += 1.0;
    }
    let height = |count: f64| count / draws.len() as f64 / width;
    let bars = counts
        .iter()
        .enumerate()
        .map(|(bin, count)| Bar::about(low + (bin as f64 + 0.5) * width, width, height(*count)));
    let curve = (0..=200).map(|i| {
        let x = low + (high - low) * f64::from(i) / 200.0;
        (x, law.density(x))
    });
    Panel::new("", Axis::new(name).range(low, high), Axis::new("density"))
        .with(Mark::Bars {
            name: "draws".to_owned(),
            colour: Colour::Series(0),
            bars: bars.collect(),
            horizontal: false,
        })
        .with(line("exact posterior", Colour::Truth, curve.collect()))
}

fn path(walk: &Walk) -> Figure {
    let points: Vec<(f64, f64)> = walk
        .mu
        .iter()
        .copied()
        .zip(walk.sigma.iter().copied())
        .collect();
    let dots = |points: &[(f64, f64)]| Mark::Points {
        name: String::new(),
        colour: Colour::Series(0),
        points: points.to_vec(),
        radius: 1.5,
    };
    let axes = |title: &str| Panel::new(title, Axis::new("mu"), Axis::new("sigma"));
    let mut figure = Figure::new(
        "The way in is no part of the answer",
        "Draws in the plane of mu and sigma: all of them with the first 1,000 joined, and those after the first 1,000.",
    )
    .with(
        axes("all draws, the first 1,000 joined")
            .with(dots(&points))
            .with(line("first 1,000", Colour::Warning, points[..DROPPED].to_vec()))
            .with(Mark::Points {
                name: "start".to_owned(),
                colour: Colour::Ink,
                points: vec![points[0]],
                radius: 6.0,
            }),
    )
    .with(axes("without the first 1,000").with(dots(&points[DROPPED..])));
    figure.columns = 2;
    figure
}

fn product(many: &Many) -> Figure {
    let points = many.log10.iter().enumerate();
    let points: Vec<(f64, f64)> = points.map(|(i, value)| ((i + 1) as f64, *value)).collect();
    let floor = 5e-324_f64.log10();
    let mut panel = Panel::new(
        "",
        Axis::new("observations").range(0.0, many.n as f64),
        Axis::new("decimal logarithm of the product of densities"),
    )
    .with(line("product at the start", Colour::Accent, points))
    .with(Mark::Rule {
        label: "least positive float".to_owned(),
        colour: Colour::Warning,
        at: floor,
        vertical: false,
        dashed: true,
    });
    if let Some(n) = many.underflow_at {
        panel = panel.with(Mark::Rule {
            label: format!("0 from {n} observations on"),
            colour: Colour::Ink,
            at: n as f64,
            vertical: true,
            dashed: true,
        });
    }
    Figure::new(
        "A product of densities runs out of floats, its logarithm does not",
        "Decimal logarithm of the product of densities at the loop's start against the number of observations.",
    )
    .with(panel)
}

fn negative(signs: &[Signed]) -> Figure {
    let mut figure = Figure::new(
        "What becomes of a negative sigma",
        "Traces of sigma by three ways to score a place, from a positive and from a negative start.",
    );
    figure.columns = 2;
    figure.size = (1280, 900);
    for signed in &signs[1..] {
        let title = format!(
            "{}, start {}, step {}",
            signed.scoring, signed.start_sigma, signed.step
        );
        let panel = Panel::new(
            title,
            Axis::new("step"),
            Axis::new("sigma").range(-4.0, 4.0),
        )
        .with(Mark::Rule {
            label: String::new(),
            colour: Colour::Ink,
            at: 0.0,
            vertical: false,
            dashed: true,
        })
        .with(line("", Colour::Series(0), steps(&signed.sigma)));
        figure.panels.push(panel);
    }
    figure
}

fn tell(
    rows: &[Row],
    ess: [f64; 2],
    many: &Many,
    signs: &[Signed],
    options: &Options,
    report: &mut Report,
) {
    report.heading("The talk's for-loop");
    report.say(format!(
        "{} observations of normal(1, 0.5), {} steps of {} from mu = 0, sigma = 3. The loop multiplies by no prior, so that \
         it samples the posterior under a flat one: mu is Student's t, sigma^2 inverse gamma. After the first 1,000 \
         draws the rest are worth {:.0} independent ones of mu and {:.0} of sigma:",
        options.num_observations,
        grouped(options.num_samples as f64, 0),
        options.step,
        ess[0],
        ess[1],
    ));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let [estimate, mcse, truth, z] = row.kept.cells(4);
            vec![
                row.name.clone(),
                truth,
                estimate,
                mcse,
                z,
                format!("{:.4}", row.all),
            ]
        })
        .collect();
    report.table(
        &["", "exact", "kept draws", "mcse", "errors off", "all draws"],
        &cells,
    );
    report.say(format!(
        "What {} such loops give on average, with the standard error of that average:",
        options.num_repeats
    ));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let [kept, mcse, truth, z] = row.loops_kept.cells(4);
            let [all, all_mcse, _, all_z] = row.loops_all.cells(4);
            vec![row.name.clone(), truth, kept, mcse, z, all, all_mcse, all_z]
        })
        .collect();
    report.table(
        &[
            "",
            "exact",
            "kept draws",
            "error",
            "errors off",
            "all draws",
            "error",
            "errors off",
        ],
        &cells,
    );
    report.say(
        "The way in from sigma = 3 is a draw or two in a hundred, yet it moves the moments of sigma far beyond their errors: \
         those draws are none of the posterior. Leaving out the first 1,000 mends it.",
    );
    tell_of_products(many, report);
    tell_of_signs(signs, report);
}

fn tell_of_products(many: &Many, report: &mut Report) {
    report.heading(&format!("The same for {} observations", many.n));
    let gone = match many.underflow_at {
        Some(n) => format!("from {n} observations on the product at the start is 0 in a float"),
        None => "the product at the start is still a float".to_owned(),
    };
    report.say(format!(
        "Densities there are about a tenth, and {gone}. New over old is then 0 / 0, which is no number, and no random number \
         is less than that: the loop takes {:.1} % of its steps. The sum of logarithms is an ordinary number: it takes \
         {:.1} %, and finds mu = {:.4} ± {:.4} (exact {:.4}) and sigma = {:.4} ± {:.4} (exact {:.4}).",
        100.0 * many.moved_by_product,
        100.0 * many.moved_by_logarithm,
        many.by_logarithm[0].estimate,
        many.by_logarithm[0].mcse,
        many.by_logarithm[0].truth,
        many.by_logarithm[1].estimate,
        many.by_logarithm[1].mcse,
        many.by_logarithm[1].truth,
    ));
}

fn tell_of_signs(signs: &[Signed], report: &mut Report) {
    report.heading("A sigma below zero");
    let cells: Vec<Vec<String>> = signs
        .iter()
        .map(|signed| {
            vec![
                signed.scoring.to_owned(),
                format!("{:+}", signed.start_sigma),
                signed.step.to_string(),
                format!("{:.1} %", 100.0 * signed.moved),
                format!("{:+.3}", signed.mean_sigma),
                format!("{:.1} %", 100.0 * signed.negative),
            ]
        })
        .collect();
    report.table(
        &[
            "scored by",
            "start",
            "step",
            "moves",
            "mean sigma",
            "below 0",
        ],
        &cells,
    );
    report.say(
        "Nothing in the loop keeps sigma above 0; SciPy does, whose density of a negative sigma is NaN: such a step is \
         refused, and from such a start there is no step at all. Where only sigma^2 is in the formula, as in the talk's \
         TensorFlow, -sigma is as good as sigma: there are two equal hills, a chain of short steps stays on the one it \
         started on, and one of long steps averages over both to a mean that means nothing.",
    );
}
