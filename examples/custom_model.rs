//! A model of one's own, written once as tensors: a line whose errors are Student's, so that a few wild years do not bend it.
use clap::Parser;
use switchback::core::Support;
use switchback::infer::ChainsSettings;
use switchback::models::custom::{Declaration, Distribution};
use switchback::report::{Axis, Lines, Series, lines};
use switchback::study::{Study, StudySettings, nuts};
use switchback::tensor::custom::{TensorModel, density};
use switchback::tensor::{DeviceName, OpenDevice};

/// Calls from Belgium, a year and their millions a row; from 1964 to 1969 minutes were counted (see data/README.md).
const CALLS: &str = include_str!("../data/belgian_phone_calls.csv");
/// The middle of the years, about which level and slope hardly depend on each other.
const MIDDLE: f64 = 1961.5;

#[derive(Debug, Parser)]
struct Options {
    /// flex, ndarray or wgpu
    #[arg(long, default_value_t = DeviceName::Flex)]
    device: DeviceName,
    #[arg(long, default_value_t = 1_000)]
    num_samples: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long)]
    run_dir: Option<std::path::PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let rows = CALLS.lines().skip(1).filter_map(|row| row.split_once(','));
    let rows: Result<Vec<(f64, f64)>, std::num::ParseFloatError> = rows
        .map(|(year, calls)| Ok((year.parse()?, calls.parse()?)))
        .collect();
    let rows = rows?;
    let (x, y): (Vec<f64>, Vec<f64>) = rows.iter().map(|(t, y)| (t - MIDDLE, *y)).unzip();

    let declaration = Declaration::new("phone calls")
        .parameter("level", Support::Real, Distribution::normal(0.0, 100.0))
        .parameter("slope", Support::Real, Distribution::normal(0.0, 10.0))
        .parameter("sigma", Support::Positive, Distribution::half_normal(20.0))
        .parameter("nu", Support::Positive, Distribution::gamma(2.0, 0.1))
        .data("x", &x)
        .data("y", &y);
    let model = TensorModel::new(declaration, &OpenDevice::open(options.device)?, |of| {
        let line = of.get("level") + of.get("slope") * of.data("x");
        let errors = density::student_t(of.get("nu"), line, of.get("sigma"));
        errors.log_density(of.data("y")).sum()
    })?;

    let (seed, run_dir) = (options.seed, options.run_dir);
    let mut study = Study::begin(&model, StudySettings { run_dir, seed })?;
    let map = study.map(32)?;
    study.laplace(32)?;
    let num_samples = options.num_samples;
    let drawn = study.sample(
        nuts(),
        ChainsSettings {
            num_samples,
            ..Default::default()
        },
    )?;

    // With Normal errors the most probable line is that of least squares, in closed form.
    let sum = |of: &[f64]| x.iter().zip(of).map(|(x, of)| x * of).sum::<f64>();
    let (level, slope) = (y.iter().sum::<f64>() / y.len() as f64, sum(&y) / sum(&x));
    let line = |level: f64, slope: f64| -> Vec<(f64, f64)> {
        rows.iter()
            .map(|(year, _)| (*year, level + slope * (year - MIDDLE)))
            .collect()
    };
    let shown = [
        ("calls", rows.clone()),
        ("least squares", line(level, slope)),
        (
            "Student's errors: most probable",
            line(map.values[0], map.values[1]),
        ),
        (
            "Student's errors: posterior mean",
            line(drawn.mean("level"), drawn.mean("slope")),
        ),
    ];
    let shown: Vec<Series<'_>> = shown
        .iter()
        .map(|(name, points)| Series { name, points })
        .collect();
    let (title, x, y) = (
        "Calls from Belgium",
        Axis::new("year"),
        Axis::new("millions"),
    );
    study.figure(
        "lines",
        &lines(&Lines {
            title,
            x,
            y,
            series: &shown,
            ..Lines::default()
        }),
    )?;
    let (mean, sd) = (drawn.mean("slope"), drawn.sd("slope"));
    println!(
        "{}slope: {slope:.3} by least squares, {mean:.3} ± {sd:.3} here",
        study.text()
    );
    println!("run: {}", study.end()?.display());
    Ok(())
}
