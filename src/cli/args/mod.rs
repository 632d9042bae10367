//! The arguments of every command, as `--help` tells them.

mod comparing;
mod optimizing;
mod runs;
mod sampling;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use comparing::{CompareArguments, MethodName};
pub use optimizing::{
    AnnealSchedule, ClimbArguments, EngineName, EstimateName, OnOff, OptimizeArguments,
    RateSchedule, SmoothForm, ToleranceArguments,
};
pub use runs::{
    CompareRunsArguments, CompletionsArguments, ManArguments, ReportArguments, RunsArguments,
    WatchArguments,
};
pub use sampling::{
    DiagnoseArguments, DrawsFormat, FormName, LogLikelihoodGroup, SampleArguments,
    SamplerArguments, SamplerName, SbcArguments,
};

/// Finds when a series switched, from what to what, and how sure one can be.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   done, but a diagnostic or verdict says do not trust it, or the run was interrupted
  2   usage, configuration or input
  70  the command could not be finished: a full disk, a device that failed, a fault of the program";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fits one switch by gradient, samples it and computes it exactly, side by side
    Experiment(ExperimentArguments),
    /// Finds the best optimum of any switchpoint model by gradient, or says that it did not
    Optimize(OptimizeArguments),
    /// Draws from the posterior of any switchpoint model, in a form that ArviZ and Stan's tools read
    Sample(SampleArguments),
    /// Runs every method that fits on one model of one series, and says which to believe and when to pick which
    Compare(CompareArguments),
    /// Computes the posterior of any switchpoint model exactly, without sampling
    Exact(ExactArguments),
    /// Says of draws, from here or elsewhere, whether to trust them
    Diagnose(DiagnoseArguments),
    /// Tests a sampler on simulated series: do the true values have uniform ranks among its draws?
    Sbc(SbcArguments),
    /// Draws a series with switches and writes it as CSV
    Simulate(SimulateArguments),
    /// Makes the page about a run again, or one about several runs
    Report(ReportArguments),
    /// Shows what several runs were told differently, and what each found
    CompareRuns(CompareRunsArguments),
    /// Lists the runs of a folder, or removes some of them
    Runs(RunsArguments),
    /// Follows a run that another process writes
    Watch(WatchArguments),
    /// Lists the devices that this machine offers
    Devices(DevicesArguments),
    /// Prints the completions of a shell
    Completions(CompletionsArguments),
    /// Prints the manual page
    Man(ManArguments),
}

/// Where the series is.
#[derive(Debug, Args)]
pub struct SeriesArguments {
    /// CSV file with a header row, `-` for standard input; without one, the 90 points of the talk
    pub file: Option<PathBuf>,

    /// Column that holds the times [default: one that is called t, time, date, year, ... if there is one];
    /// `none` takes the rows in their order
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,

    /// Column that holds the values [default: the only numeric column that is not the time]
    #[arg(long, value_name = "COLUMN")]
    pub value: Option<String>,
}

/// What is believed before the data are seen.
#[derive(Debug, Args)]
pub struct PriorArguments {
    /// `deck` (mu=normal(0,2) sigma=half-normal(2)), `data` (weakly informative on the scale of the data), or
    /// densities for mu and sigma [default: deck on the talk's series, data on any other]
    #[arg(long, num_args = 1.., value_name = "PRIOR")]
    pub prior: Vec<String>,
}

/// What is modelled.
#[derive(Debug, Args)]
pub struct ModelArguments {
    /// Distribution of an observation within a regime: normal (each regime its own mu and sigma), normal-shared-sd (one
    /// sigma for all) or poisson (counts)
    #[arg(long, default_value = "normal")]
    pub likelihood: String,

    /// Number of switches, each to a new regime [default: 1]
    #[arg(long, allow_negative_numbers = true, conflicts_with = "regimes")]
    pub switches: Option<usize>,

    /// Regimes in order: `0,1` one switch, `0,1,0` two with reversion, `0,1,2` two free ones, .. [default: 0,1]
    #[arg(long)]
    pub regimes: Option<String>,

    /// Prior of the switches: sequential (each uniform on what the one before leaves, ends included; the talk's) or
    /// uniform (every set of places alike) [default: sequential with reversion, else uniform; for one switch they are
    /// the same]
    #[arg(long, value_enum)]
    pub switch_prior: Option<SwitchPriorName>,

    /// `deck` (the talk's: mu=normal(0,2) sigma=half-normal(2), with reversion 4 for 2), `data` (weakly informative on
    /// the scale of the data), or densities: mu=normal(MEAN,SD) sigma=half-normal(SD), for counts rate=exponential(RATE)
    /// or rate=gamma(SHAPE,RATE) [default: deck on the talk's series, data on any other]
    #[arg(long, num_args = 1.., value_name = "PRIOR")]
    pub prior: Vec<String>,
}

/// Priors of switches by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SwitchPriorName {
    /// Each uniform on what the one before leaves
    Sequential,
    /// Every set of places alike
    Uniform,
}

/// How results are shown.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,

    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
}

/// `experiment`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct ExperimentArguments {
    #[command(flatten)]
    pub series: SeriesArguments,

    /// Optimisers to run, with commas between them: adam, momentum, sgd, rmsprop, lbfgs [default: adam,momentum]
    #[arg(long, value_enum, value_delimiter = ',', hide_possible_values = true, hide_default_value = true, default_values_t = [OptimizerName::Adam, OptimizerName::Momentum])]
    pub optimizer: Vec<OptimizerName>,

    /// Steps of each optimiser
    #[arg(long, default_value_t = 35_000, allow_negative_numbers = true)]
    pub steps: u64,

    /// Steps, or draws, between two logged points
    #[arg(long, default_value_t = 100, allow_negative_numbers = true)]
    pub log_every: u64,

    /// Learning rate [default: 0.001 for adam, 0.01 for momentum]
    #[arg(long, allow_negative_numbers = true)]
    pub learning_rate: Option<f64>,

    /// Share of the last step that momentum keeps
    #[arg(long, default_value_t = 0.01, allow_negative_numbers = true)]
    pub momentum: f64,

    /// Start values of the optimisers, as in `tau=40 mu1=0` [default: mu1=0 mu2=0 sigma1=2 sigma2=2 tau=15 on the
    /// talk's series; on any other the mean and standard deviation of the series, and tau at a sixth of it]
    #[arg(long, num_args = 1.., value_name = "NAME=VALUE")]
    pub init: Vec<String>,

    /// How the optimisers hold sigma: as it is, or by its logarithm [default: raw on the talk's series, log on any
    /// other]
    #[arg(long, value_enum)]
    pub parameterization: Option<ParameterizationName>,

    #[command(flatten)]
    pub prior: PriorArguments,

    /// Device of the optimisers: ndarray, flex or wgpu (`switchback devices` says which there are)
    #[arg(long, default_value = "flex")]
    pub device: String,

    /// Draws that each chain keeps
    #[arg(long, default_value_t = 10_000, allow_negative_numbers = true)]
    pub num_samples: usize,

    /// Steps of each chain before the first draw that is kept
    #[arg(long, default_value_t = 2_000, allow_negative_numbers = true)]
    pub num_warmup: usize,

    /// Chains of each sampler
    #[arg(long, default_value_t = 4, allow_negative_numbers = true)]
    pub num_chains: usize,

    /// Seed of all random numbers
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,

    /// Folder of the run, which must not exist yet [default: runs/switchpoint-SERIES-TIME]
    #[arg(long, value_name = "FOLDER")]
    pub run_dir: Option<PathBuf>,

    #[command(flatten)]
    pub output: OutputArguments,
}

/// `exact`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct ExactArguments {
    #[command(flatten)]
    pub series: SeriesArguments,

    #[command(flatten)]
    pub model: ModelArguments,

    /// Free switches up to which the evidence is compared [default: as many as are modelled, at least 2 where the series
    /// is short enough for it to take seconds]
    #[arg(long, allow_negative_numbers = true)]
    pub max_switches: Option<usize>,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `simulate`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct SimulateArguments {
    /// Number of observations
    #[arg(long, default_value_t = 90, allow_negative_numbers = true)]
    pub n: usize,

    /// 0-based indices of the first observations of new regimes, in order, as in `30,60`; `none` for no switch
    /// [default: n / 2]
    #[arg(long, value_name = "INDICES")]
    pub switch: Option<String>,

    /// Means of the regimes; an earlier regime comes back by its numbers, as in `--mean 0,4,0 --sd 1,2,1`
    /// [default: -1,5]
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    pub mean: Vec<f64>,

    /// Standard deviations of the regimes [default: 1,2]
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    pub sd: Vec<f64>,

    /// Seed of the random numbers
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,

    /// File to write, which must not exist yet [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `devices`.
#[derive(Debug, Args)]
pub struct DevicesArguments {
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Optimisers by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OptimizerName {
    /// Limited-memory BFGS
    Lbfgs,
    /// Adam, with TensorFlow's settings
    Adam,
    /// Gradient ascent with momentum, without dampening
    Momentum,
    /// Plain gradient ascent
    Sgd,
    /// RMSprop, not centred
    Rmsprop,
}

/// Ways to hold sigma, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ParameterizationName {
    /// Sigma itself
    Raw,
    /// Its logarithm
    Log,
}

impl std::fmt::Display for OptimizerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lbfgs => "lbfgs",
            Self::Adam => "adam",
            Self::Momentum => "momentum",
            Self::Sgd => "sgd",
            Self::Rmsprop => "rmsprop",
        })
    }
}
