//! Pi by throwing darts: the simplest sampler there is, and how its error shrinks.

mod common;

use std::f64::consts::PI;
use std::process::ExitCode;

use common::{Checked, Report, grouped};
use serde::Serialize;
use switchback::core::stream;
use switchback::models::deck::{DART_SD, darts, is_inside};
use switchback::report::{Axis, Colour, Figure, Mark, Panel};

/// Darts that are drawn in the picture.
const SHOWN: usize = 3_000;
/// Stream of the first of the repeated throws.
const FIRST_REPEAT: u64 = 1;

#[derive(Debug, clap::Args, Serialize)]
struct Options {
    /// Darts
    #[arg(long, default_value_t = 1_000_000, value_parser = common::count(100..=1_000_000_000))]
    num_samples: usize,

    /// Times that all is repeated, to see the error itself
    #[arg(long, default_value_t = 30, value_parser = common::count(2..=10_000))]
    num_repeats: usize,
}

fn main() -> ExitCode {
    common::run(
        "pi",
        "Pi by throwing darts at a square, and how the error shrinks with their number",
        run,
    )
}

/// What was seen after `n` darts.
#[derive(Debug, Serialize)]
struct Seen {
    n: usize,
    #[serde(flatten)]
    checked: Checked,
    /// Root mean square of the errors of all repeats.
    rms_error: f64,
}

fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let sizes = sizes(options.num_samples);
    let paths: Vec<Vec<f64>> = (0..options.num_repeats as u64)
        .map(|repeat| estimates(&sizes, report.seed(), FIRST_REPEAT + repeat))
        .collect();
    let seen: Vec<Seen> = sizes
        .iter()
        .enumerate()
        .map(|(i, n)| Seen {
            n: *n,
            checked: Checked {
                estimate: paths[0][i],
                mcse: DART_SD / (*n as f64).sqrt(),
                truth: PI,
            },
            rms_error: root_mean_square(paths.iter().map(|path| path[i] - PI)),
        })
        .collect();
    report.keep("seen", &seen)?;
    report.figure("darts", &picture(report.seed(), options.num_samples))?;
    report.figure("error", &errors(&seen, &paths))?;
    tell(&seen, options, report);
    Ok(())
}

/// Sizes in steps of 1, 2, 5 from 10 to `n`, and `n`.
fn sizes(n: usize) -> Vec<usize> {
    let decades = (1..).map(|power| 10_usize.pow(power));
    let mut sizes: Vec<usize> = decades
        .take_while(|size| *size < n)
        .flat_map(|size| [size, 2 * size, 5 * size])
        .filter(|size| *size < n)
        .collect();
    sizes.push(n);
    sizes
}

/// Estimates after each of `sizes` darts of one stream.
fn estimates(sizes: &[usize], seed: u64, number: u64) -> Vec<f64> {
    let mut rng = stream(seed, number);
    let mut darts = darts(&mut rng);
    let (mut thrown, mut inside) = (0, 0);
    sizes
        .iter()
        .map(|size| {
            let next = darts.by_ref().take(size - thrown);
            inside += next.filter(|dart| is_inside(*dart)).count();
            thrown = *size;
            4.0 * inside as f64 / thrown as f64
        })
        .collect()
}

fn root_mean_square(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    (values.map(|x| x * x).sum::<f64>() / n).sqrt()
}

fn picture(seed: u64, n: usize) -> Figure {
    let mut rng = stream(seed, FIRST_REPEAT);
    let (inside, outside): (Vec<_>, Vec<_>) = darts(&mut rng)
        .take(SHOWN.min(n))
        .partition(|dart| is_inside(*dart));
    let points = |name: String, colour, darts: Vec<[f64; 2]>| Mark::Points {
        name,
        colour,
        points: darts.into_iter().map(|[x, y]| (x, y)).collect(),
        radius: 2.0,
    };
    let shown = inside.len() + outside.len();
    let estimate = 4.0 * inside.len() as f64 / shown as f64;
    let mut panel = Panel::new(
        "",
        Axis::new("x").range(-1.0, 1.0),
        Axis::new("y").range(-1.0, 1.0),
    )
    .with(points(
        format!("{} inside", inside.len()),
        Colour::Series(0),
        inside,
    ))
    .with(points(
        format!("{} outside", outside.len()),
        Colour::Quiet,
        outside,
    ))
    .with(Mark::Circle {
        name: String::new(),
        colour: Colour::Ink,
        centre: (0.0, 0.0),
        radius: 1.0,
    });
    panel.equal_aspect = true;
    let mut figure = Figure::new(
        format!("{} darts say pi = {estimate:.3}", grouped(shown as f64, 0)),
        "Points thrown at the square from -1 to 1, those inside the unit circle in another colour.",
    )
    .with(panel);
    figure.size = (900, 900);
    figure
}

fn errors(seen: &[Seen], paths: &[Vec<f64>]) -> Figure {
    let over_n = |value: &dyn Fn(&Seen) -> f64| -> Vec<(f64, f64)> {
        seen.iter().map(|s| (s.n as f64, value(s))).collect()
    };
    // Errors of exactly 0 have no place on a logarithmic axis.
    let absolute = |i: usize, path: &[f64]| (seen[i].n as f64, (path[i] - PI).abs().max(1e-12));
    let dots = paths
        .iter()
        .flat_map(|path| (0..seen.len()).map(|i| absolute(i, path)))
        .collect();
    let largest = DART_SD / (seen[0].n as f64).sqrt();
    let least = seen.last().map_or(1.0, |s| s.checked.mcse);
    let panel = Panel::new(
        "",
        Axis::new("darts").log(),
        Axis::new("distance from pi")
            .log()
            .range(least / 30.0, 5.0 * largest),
    )
    .with(Mark::Band {
        name: "half to twice the standard error".to_owned(),
        colour: Colour::Quiet,
        lower: over_n(&|s| s.checked.mcse / 2.0),
        upper: over_n(&|s| 2.0 * s.checked.mcse),
    })
    .with(Mark::Points {
        name: format!("each of {} throwers", paths.len()),
        colour: Colour::Series(0),
        points: dots,
        radius: 2.0,
    })
    .with(Mark::Line {
        name: "1.642 / sqrt(n)".to_owned(),
        colour: Colour::Truth,
        points: over_n(&|s| s.checked.mcse),
        dashed: true,
    })
    .with(Mark::Line {
        name: "root mean square of all".to_owned(),
        colour: Colour::Series(1),
        points: over_n(&|s| s.rms_error),
        dashed: false,
    });
    Figure::new(
        "A hundred times as many darts for one more digit",
        "Distances of estimates from pi against the number of darts, on logarithmic axes, with the standard error.",
    )
    .with(panel)
}

fn tell(seen: &[Seen], options: &Options, report: &mut Report) {
    report.heading("Pi by darts");
    report.say(
        "A dart that is uniform in the square from -1 to 1 lands in the unit circle with probability pi / 4, so four \
         times the share inside estimates pi. The darts are independent: the standard error after n of them is \
         sqrt(pi (4 - pi) / n) = 1.642 / sqrt(n).",
    );
    let is_shown = |s: &&Seen| s.n.to_string().starts_with("10") || s.n == options.num_samples;
    let rows: Vec<Vec<String>> = seen
        .iter()
        .filter(is_shown)
        .map(|s| {
            let [estimate, mcse, _, z] = s.checked.cells(5);
            let rms = format!("{:.5}", s.rms_error);
            vec![grouped(s.n as f64, 0), estimate, mcse, z, rms]
        })
        .collect();
    report.table(
        &["darts", "estimate", "std error", "errors off", "rms of all"],
        &rows,
    );
    if let Some(last) = seen.last() {
        report.say(format!(
            "Pi is {PI:.5}. The last column is the root mean square error of {} throwers: it follows the standard error, \
             which at {} darts is {:.5}. One more digit costs a hundred times as many darts, in any number of dimensions.",
            options.num_repeats,
            grouped(last.n as f64, 0),
            last.checked.mcse,
        ));
    }
}
