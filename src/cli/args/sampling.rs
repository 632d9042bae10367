//! The arguments of what samples, and of what judges samples.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{EXIT_CODES, ModelArguments, OutputArguments, SeriesArguments};

/// Which sampler, on which form.
#[derive(Debug, Args)]
pub struct SamplerArguments {
    /// Sampler: nuts, compound (Gibbs, with all switches drawn at once), metropolis, ensemble (emcee's stretch move) or
    /// exact (independent draws by the referee)
    #[arg(long, value_enum, default_value_t = SamplerName::Nuts, hide_possible_values = true)]
    pub sampler: SamplerName,

    /// Form of the model: hard (whole-numbered switches), sigmoid (switches relaxed) or marginal (switches summed out,
    /// and drawn afterwards) [default: hard for compound, metropolis and exact, else marginal]
    #[arg(long, value_enum, hide_possible_values = true)]
    pub form: Option<FormName>,

    /// Steepness of the sigmoid form, an observation
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    pub steepness: f64,

    /// Acceptance probability that the step size of nuts is adapted to
    #[arg(long, default_value_t = 0.75, allow_negative_numbers = true)]
    pub target_accept: f64,

    /// Doublings of a trajectory of nuts at most
    #[arg(long, default_value_t = 10, allow_negative_numbers = true)]
    pub max_depth: u64,

    /// Walkers of each ensemble, which are chains of their own in the draws [default: 16, or 2 a parameter]
    #[arg(long, allow_negative_numbers = true)]
    pub num_walkers: Option<usize>,

    /// Takes the talk's plain loop for metropolis: all coordinates at once by steps of one scale, never tuned
    #[arg(long)]
    pub untuned: bool,

    /// Scale of the steps of the plain loop
    #[arg(long, default_value_t = 0.1, allow_negative_numbers = true)]
    pub step_scale: f64,
}

/// `sample`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct SampleArguments {
    #[command(flatten)]
    pub series: SeriesArguments,

    #[command(flatten)]
    pub model: ModelArguments,

    #[command(flatten)]
    pub sampler: SamplerArguments,

    /// Where chains start: `referee` (a draw of the exact posterior each) or `prior` (a draw of the prior each), and
    /// values that replace theirs, as in `referee tau=40` or `mu1=0` [default: referee]
    #[arg(long, num_args = 1.., value_name = "WHERE")]
    pub init: Vec<String>,

    /// Draws that each chain keeps [default: 10000 for metropolis and ensemble, else 1000]
    #[arg(long, allow_negative_numbers = true)]
    pub num_samples: Option<usize>,

    /// Steps of each chain before the first draw that is kept [default: 2000 for metropolis, 100 for compound, 0 for
    /// exact, else 1000]
    #[arg(long, allow_negative_numbers = true)]
    pub num_warmup: Option<usize>,

    /// Chains; ensembles for the ensemble
    #[arg(long, default_value_t = 4, allow_negative_numbers = true)]
    pub num_chains: usize,

    /// Seed of all random numbers
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,

    /// Draws between two points in TensorBoard
    #[arg(long, default_value_t = 100, allow_negative_numbers = true)]
    pub log_every: u64,

    /// Format of the draws: zarr (ArviZ) or cmdstan (CSV files as CmdStan writes them)
    #[arg(long, value_enum, default_value_t = DrawsFormat::Zarr, hide_possible_values = true)]
    pub format: DrawsFormat,

    /// Whether to keep the log-likelihood of every observation with every draw: auto (up to 2 million numbers), yes or
    /// no
    #[arg(long, value_enum, default_value_t = LogLikelihoodGroup::Auto, hide_possible_values = true)]
    pub log_likelihood: LogLikelihoodGroup,

    /// Folder of the run, which must not exist yet [default: runs/sample-SERIES-TIME]
    #[arg(long, value_name = "FOLDER")]
    pub run_dir: Option<PathBuf>,

    #[command(flatten)]
    pub output: OutputArguments,
}

/// `diagnose`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct DiagnoseArguments {
    /// Folder of a run, a Zarr folder in ArviZ's layout, or the CSV files of CmdStan, one a chain
    #[arg(required = true, value_name = "RUN|FILES")]
    pub paths: Vec<PathBuf>,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// `sbc`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct SbcArguments {
    #[command(flatten)]
    pub model: ModelArguments,

    #[command(flatten)]
    pub sampler: SamplerArguments,

    /// Where chains start: prior or referee
    #[arg(long, default_value = "prior")]
    pub init: String,

    /// Series to simulate
    #[arg(long, short, default_value_t = 1_000, allow_negative_numbers = true)]
    pub n: usize,

    /// Length of each series
    #[arg(long, default_value_t = 40, allow_negative_numbers = true)]
    pub length: usize,

    /// Draws that each true value is ranked among; ranks are 0 to this number
    #[arg(long, default_value_t = 99, allow_negative_numbers = true)]
    pub ranks: usize,

    /// Bins of the ranks, a divisor of `ranks + 1`
    #[arg(long, default_value_t = 20, allow_negative_numbers = true)]
    pub bins: usize,

    /// Steps of the chain for each draw that is ranked [default: 30 for metropolis and ensemble, 3 for nuts, 5 for
    /// compound, 1 for exact]
    #[arg(long, allow_negative_numbers = true)]
    pub thin: Option<usize>,

    /// Steps of the chain before the first draw [default: 1000 for metropolis and ensemble, 500 for nuts, 200 for
    /// compound, 0 for exact]
    #[arg(long, allow_negative_numbers = true)]
    pub num_warmup: Option<usize>,

    /// Observations by which the simulated switches come later than the sampler is told: a control, which must be caught
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub shift: usize,

    /// Seed of all random numbers
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,

    /// Folder of the run, which must not exist yet [default: runs/sbc-SAMPLER-TIME]
    #[arg(long, value_name = "FOLDER")]
    pub run_dir: Option<PathBuf>,

    #[command(flatten)]
    pub output: OutputArguments,
}

/// Samplers by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SamplerName {
    /// The No-U-Turn Sampler
    Nuts,
    /// Gibbs, with all switches drawn at once
    Compound,
    /// Random-walk Metropolis
    Metropolis,
    /// The affine-invariant ensemble
    Ensemble,
    /// Independent draws of the exact posterior
    Exact,
}

/// Forms of a model by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormName {
    /// Whole-numbered switches
    Hard,
    /// Switches relaxed to sigmoids
    Sigmoid,
    /// Switches summed out
    Marginal,
}

/// Formats of draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DrawsFormat {
    /// ArviZ's layout in Zarr
    Zarr,
    /// One CSV file a chain, as CmdStan writes them
    Cmdstan,
}

/// Whether the log-likelihood of every observation is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLikelihoodGroup {
    /// Up to 2 million numbers
    Auto,
    /// Always
    Yes,
    /// Never
    No,
}
