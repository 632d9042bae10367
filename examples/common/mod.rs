//! What the examples share: their arguments, their run folder, and how they print.
//!
//! An example is a struct of options, an about text and a body:
//!
//! ```ignore
//! #[derive(Debug, clap::Args, serde::Serialize)]
//! struct Options {
//!     /// Darts
//!     #[arg(long, default_value_t = 100_000, value_parser = common::count(1..=100_000_000))]
//!     num_samples: usize,
//! }
//!
//! fn main() -> ExitCode {
//!     common::run("pi", "One line for --help", |options: &Options, report| {
//!         let mut rng = stream(report.seed(), 0);
//!         report.keep("n", &options.num_samples)?;      // into result.json
//!         report.figure("darts", &figure)?;             // figures/darts.svg and figures/darts.png
//!         report.say("A paragraph, which is wrapped."); // to standard output
//!         Ok(())
//!     })
//! }
//! ```
//!
//! `--seed`, `--run-dir` and `--quiet` come with it. The run folder holds `manifest.json` (the options are its settings),
//! `result.json` (what was kept, in that order), `figures/` and what else the body wrote to [`Report::folder`].
//! Exit codes are the program's: 0 done, 2 usage or a folder that cannot be had, 70 what failed on the way.

#![allow(dead_code, reason = "every example uses a part of it")]

use std::fmt::Display;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::RangedU64ValueParser;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use switchback::diagnostics::{mcse_mean, mcse_sd};
use switchback::record::{Manifest, MethodInfo, Platform, RunFolder, Status, run_path};
use switchback::report::Figure;
use switchback::text;

/// Characters of a line of text.
const WIDTH: usize = 96;

/// The options of one example and those of all.
#[derive(Debug, Parser)]
struct Arguments<T: clap::Args> {
    #[command(flatten)]
    options: T,

    /// Seed of all random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Folder of the run, which must not exist yet [default: runs/NAME-TIME]
    #[arg(long, value_name = "FOLDER")]
    run_dir: Option<PathBuf>,

    /// Print nothing; the run folder says it all
    #[arg(long)]
    quiet: bool,
}

/// Whole numbers within `range`, as the value parser of an option.
pub fn count(range: RangeInclusive<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

/// Numbers from `low` to `high`, as the value parser of an option.
pub fn number(
    low: f64,
    high: f64,
) -> impl Fn(&str) -> Result<f64, String> + Clone + Send + Sync + 'static {
    move |text| match text.parse::<f64>() {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        _ => Err(format!("a number from {low} to {high} is needed")),
    }
}

/// Parses the options, runs `body` with them, completes the run folder and prints what the body said.
pub fn run<T: clap::Args + Serialize>(
    name: &'static str,
    about: &'static str,
    body: impl FnOnce(&T, &mut Report) -> anyhow::Result<()>,
) -> ExitCode {
    let arguments = match parse::<T>(name, about) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let created_at = Timestamp::now();
    let path = arguments
        .run_dir
        .clone()
        .unwrap_or_else(|| run_path(name, created_at));
    let folder = match RunFolder::create(path) {
        Ok(folder) => folder,
        Err(error) => return complain(&error, 2),
    };
    let mut report = Report {
        folder,
        seed: arguments.seed,
        text: String::new(),
        result: Map::new(),
        figures: Vec::new(),
    };
    if let Err(error) = body(&arguments.options, &mut report) {
        // Best effort: the reason of the failure is the one to tell.
        let _ = report.folder.discard();
        return complain(&format_args!("{error:#}"), 70);
    }
    let text = match report.finish(name, &arguments, created_at) {
        Ok(text) => text,
        Err(error) => return complain(&format_args!("{error:#}"), 70),
    };
    match print(if arguments.quiet { "" } else { &text }) {
        // Whoever reads our output has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => complain(&error, 70),
        _ => ExitCode::SUCCESS,
    }
}

/// What an example found: text for the terminal, numbers and figures for the run folder.
pub struct Report {
    folder: RunFolder,
    seed: u64,
    text: String,
    result: Map<String, Value>,
    figures: Vec<String>,
}

impl Report {
    /// The seed that was asked for; take `switchback::core::stream(seed, 0)`, `stream(seed, 1)`, ..
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The run folder, for files of other kinds.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Keeps `value` under `key` in `result.json`.
    ///
    /// # Errors
    /// When `value` has no JSON.
    pub fn keep(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> anyhow::Result<()> {
        self.result
            .insert(key.to_owned(), serde_json::to_value(value)?);
        Ok(())
    }

    /// Draws `figure` to `figures/NAME.svg` and `figures/NAME.png`.
    ///
    /// # Errors
    /// When it cannot be drawn or written.
    pub fn figure(&mut self, name: &str, figure: &Figure) -> anyhow::Result<()> {
        figure.save(&self.folder.method_dir("figures")?, name)?;
        self.figures.push(name.to_owned());
        Ok(())
    }

    /// Adds a heading to the text.
    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.text += &format!("{text}\n{}\n", "-".repeat(text.chars().count()));
    }

    /// Adds a paragraph to the text, wrapped.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.blank();
        let words: Vec<&str> = text.as_ref().split_whitespace().collect();
        self.text += &text::wrapped(&words.join(" "), WIDTH, "");
    }

    /// Adds a table to the text: the first column to the left, the others to the right.
    pub fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        self.blank();
        for line in text::table(header, rows).lines() {
            self.text += format!("  {line}").trim_end();
            self.text.push('\n');
        }
    }

    fn blank(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Writes `result.json` and the manifest, gives the folder its name, and returns the text.
    fn finish<T: clap::Args + Serialize>(
        self,
        name: &'static str,
        arguments: &Arguments<T>,
        created_at: Timestamp,
    ) -> anyhow::Result<String> {
        self.folder.write_json("result.json", &self.result)?;
        let manifest = manifest(name, arguments, created_at)?;
        let path = self.folder.finish(&manifest)?;
        let mut text = format!("{}\nrun: {}\n", self.text, path.display());
        if !self.figures.is_empty() {
            text += &format!("figures: {}\n", self.figures.join(", "));
        }
        Ok(text)
    }
}

/// `value` with so many decimals, thousands parted by commas.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{grouped}{rest}")
}

/// A Monte Carlo estimate of something whose truth is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Checked {
    /// The estimate.
    pub estimate: f64,
    /// Its Monte Carlo standard error.
    pub mcse: f64,
    /// What it should be.
    pub truth: f64,
}

impl Checked {
    /// The mean of draws that are independent of each other (at least 2).
    pub fn mean_of(draws: impl ExactSizeIterator<Item = f64> + Clone, truth: f64) -> Self {
        let n = draws.len() as f64;
        let estimate = draws.clone().sum::<f64>() / n;
        let squares: f64 = draws.map(|x| (x - estimate).powi(2)).sum();
        Self {
            estimate,
            mcse: (squares / (n - 1.0) / n).sqrt(),
            truth,
        }
    }

    /// The mean of the draws of several chains, which may depend on each other.
    ///
    /// # Errors
    /// When the chains are too short to judge.
    pub fn mean(chains: &[&[f64]], truth: f64) -> anyhow::Result<Self> {
        let n: usize = chains.iter().map(|chain| chain.len()).sum();
        let sum: f64 = chains.iter().flat_map(|chain| chain.iter()).sum();
        Ok(Self {
            estimate: sum / n as f64,
            mcse: mcse_mean(chains)?,
            truth,
        })
    }

    /// The standard deviation of the draws of several chains, which may depend on each other.
    ///
    /// # Errors
    /// When the chains are too short to judge.
    pub fn sd(chains: &[&[f64]], truth: f64) -> anyhow::Result<Self> {
        let draws = chains.iter().flat_map(|chain| chain.iter());
        let n = draws.clone().count() as f64;
        let mean = draws.clone().sum::<f64>() / n;
        let squares: f64 = draws.map(|x| (x - mean).powi(2)).sum();
        Ok(Self {
            estimate: (squares / (n - 1.0)).sqrt(),
            mcse: mcse_sd(chains)?,
            truth,
        })
    }

    /// Whether the estimate is within 5 standard errors of the truth.
    pub fn holds(&self) -> bool {
        self.z().abs() <= 5.0
    }

    /// The distance from the truth in standard errors.
    pub fn z(&self) -> f64 {
        (self.estimate - self.truth) / self.mcse
    }

    /// Estimate, standard error, truth and distance as the cells of a table, with so many decimals.
    pub fn cells(&self, decimals: usize) -> [String; 4] {
        [
            format!("{:.decimals$}", self.estimate),
            format!("{:.decimals$}", self.mcse),
            format!("{:.decimals$}", self.truth),
            format!("{:+.1}", self.z()),
        ]
    }
}

fn parse<T: clap::Args>(name: &'static str, about: &'static str) -> Result<Arguments<T>, ExitCode> {
    use clap::{CommandFactory, FromArgMatches};

    let command = Arguments::<T>::command()
        .name(name)
        .about(about)
        .long_about(None);
    let parsed = command
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    parsed.map_err(|error| {
        if error.use_stderr() {
            // The rest of clap's text is its usage, which --help has too.
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            return complain(&line.trim_start_matches("error: "), 2);
        }
        let _ = print(&error.to_string());
        ExitCode::SUCCESS
    })
}

fn manifest<T: clap::Args + Serialize>(
    name: &'static str,
    arguments: &Arguments<T>,
    created_at: Timestamp,
) -> anyhow::Result<Manifest> {
    let finished_at = Timestamp::now();
    let settings = match serde_json::to_value(&arguments.options)? {
        Value::Object(settings) => settings,
        _ => Map::new(),
    };
    Ok(Manifest {
        format: Manifest::FORMAT,
        name: name.to_owned(),
        // A path need not be UTF-8.
        command: std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        created_at,
        finished_at,
        status: Status::Complete,
        is_trusted: None,
        switchback: env!("CARGO_PKG_VERSION").to_owned(),
        series: None,
        settings,
        seed: arguments.seed,
        prior: json!(null),
        methods: vec![MethodInfo {
            method: name.to_owned(),
            engine: "example".to_owned(),
            device: "cpu".to_owned(),
            stop: None,
            steps: 0,
            seconds: finished_at.duration_since(created_at).as_secs_f64(),
        }],
        platform: Platform::current(),
    })
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says in one line on standard error what went wrong.
fn complain(what: &impl Display, code: u8) -> ExitCode {
    // A standard error that is gone is nobody's loss.
    let _ = writeln!(io::stderr().lock(), "error: {what}");
    ExitCode::from(code)
}
