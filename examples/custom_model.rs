//! A model of one's own, written once as tensors: a line whose errors are Student's, so that a few wild years do not bend it.

#![expect(clippy::print_stdout, reason = "it is a program")]

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

#[derive(Parser)]
struct Options {
    /// flex, ndarray or wgpu
    #[arg(long, default_value_t = DeviceName::Flex)]
    device: DeviceName,
    #[arg(long, default_value_t = 1_000)]
    num_samples: usize,
    #[arg(long)]
    run_dir: Option<std::path::PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let (mut years, mut calls) = (Vec::new(), Vec::new());
    for (year, of_year) in CALLS.lines().skip(1).filter_map(|row| row.split_once(',')) {
        years.push(year.parse::<f64>()? - MIDDLE);
        calls.push(of_year.parse::<f64>()?);
    }

    let declaration = Declaration::new("phone calls")
        .parameter("level", Support::Real, Distribution::normal(0.0, 100.0))
        .parameter("slope", Support::Real, Distribution::normal(0.0, 10.0))
        .parameter("sigma", Support::Positive, Distribution::half_normal(20.0))
        .parameter("nu", Support::Positive, Distribution::gamma(2.0, 0.1))
        .data("years", &years)
        .data("calls", &calls);
    let model = TensorModel::new(declaration, &OpenDevice::open(options.device)?, |of| {
        let line = of.get("level") + of.get("slope") * of.data("years");
        let errors = density::student_t(of.get("nu"), line, of.get("sigma"));
        errors.log_density(of.data("calls")).sum()
    })?;

    let (run_dir, seed) = (options.run_dir, 1);
    let mut study = Study::begin(&model, StudySettings { run_dir, seed })?;
    study.map(32)?;
    study.laplace(32)?;
    let chains = ChainsSettings {
        num_samples: options.num_samples,
        ..ChainsSettings::default()
    };
    let drawn = study.sample(nuts(), chains)?;

    // With Normal errors the most probable line is that of least squares, in closed form.
    let moment = |of: &[f64]| years.iter().zip(of).map(|(x, of)| x * of).sum::<f64>();
    let level = calls.iter().sum::<f64>() / calls.len() as f64;
    let slope = moment(&calls) / moment(&years);
    let [mean, sd] = [drawn.mean("slope"), drawn.sd("slope")];
    let of_years = |values: Vec<f64>| years.iter().map(|x| x + MIDDLE).zip(values).collect();
    let line = |a: f64, b: f64| years.iter().map(|x| a + b * x).collect();
    let shown: [Vec<(f64, f64)>; 3] = [
        calls.clone(),
        line(level, slope),
        line(drawn.mean("level"), mean),
    ]
    .map(of_years);
    let names = ["calls", "least squares", "Student's errors"];
    let series: Vec<Series> = names
        .iter()
        .zip(&shown)
        .map(|(name, points)| Series { name, points })
        .collect();
    let figure = lines(&Lines {
        title: "Calls from Belgium",
        x: Axis::new("year"),
        y: Axis::new("millions"),
        series: &series,
        slope: None,
    });
    study.figure("lines", &figure)?;
    let told = study.text().to_owned();
    println!("{told}slope: {slope:.3} by least squares, {mean:.3} ± {sd:.3} here");
    println!("run: {}", study.end()?.display());
    Ok(())
}
