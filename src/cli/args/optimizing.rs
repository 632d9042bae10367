//! The arguments of what climbs, and of what compares methods.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
    EXIT_CODES, ModelArguments, OptimizerName, OutputArguments, ParameterizationName,
    SeriesArguments,
};

/// What is climbed, how, and from where.
#[derive(Debug, Args)]
pub struct ClimbArguments {
    /// Steps of each optimiser at most; iterations for lbfgs [default: 2000 for lbfgs, else 35000]
    #[arg(long, allow_negative_numbers = true)]
    pub steps: Option<u64>,

    /// Steps between two looks at the starts, where a point is logged and stop rules are asked [default: 1 for lbfgs,
    /// else 100]
    #[arg(long, allow_negative_numbers = true)]
    pub log_every: Option<u64>,

    /// Starts, climbed all at once
    #[arg(long, default_value_t = 32, allow_negative_numbers = true)]
    pub starts: usize,

    /// Where starts are: `spread` (switches all over the series, each start with the regimes that fit there), `plain` (the
    /// level of the whole series, and the switch at a sixth of it; on the talk's series the talk's start), `prior` (draws of
    /// the prior), `referee` (the highest peaks of the exact hard profile), and values that replace theirs, as in
    /// `tau=40` [default: plain for one start, else spread]
    #[arg(long, num_args = 1.., value_name = "WHERE")]
    pub init: Vec<String>,

    /// Length of a step [default: 0.001 for adam and rmsprop, 0.01 for momentum and sgd]
    #[arg(long, allow_negative_numbers = true)]
    pub learning_rate: Option<f64>,

    /// How the learning rate goes down over the steps: constant, linear, cosine or exponential
    #[arg(long, value_enum, default_value_t = RateSchedule::Constant, hide_possible_values = true)]
    pub learning_rate_schedule: RateSchedule,

    /// Learning rate at the last step [default: a hundredth of the first]
    #[arg(long, allow_negative_numbers = true)]
    pub final_learning_rate: Option<f64>,

    /// Greatest norm of a start's gradient; a longer one is shortened to it
    #[arg(long, allow_negative_numbers = true)]
    pub clip: Option<f64>,

    /// Decay rates of adam's moments
    #[arg(long, default_value_t = 0.9, allow_negative_numbers = true)]
    pub beta_1: f64,

    /// See --beta-1
    #[arg(long, default_value_t = 0.999, allow_negative_numbers = true)]
    pub beta_2: f64,

    /// Added to the root of adam's and rmsprop's mean square
    #[arg(long, default_value_t = 1e-8, allow_negative_numbers = true)]
    pub epsilon: f64,

    /// Share of the last step that momentum keeps
    #[arg(long, default_value_t = 0.01, allow_negative_numbers = true)]
    pub momentum: f64,

    /// Decay rate of rmsprop's mean square
    #[arg(long, default_value_t = 0.9, allow_negative_numbers = true)]
    pub decay: f64,

    /// Steepness of the sigmoid form, an observation
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    pub steepness: f64,

    /// Anneals the steepness from a low one, where there are no hills, to the last one, as in `0.1:1`
    #[arg(long, value_name = "FROM:TO", conflicts_with = "steepness")]
    pub anneal: Option<String>,

    /// How the steepness goes up: geometric, linear or cosine
    #[arg(long, value_enum, default_value_t = AnnealSchedule::Geometric, hide_possible_values = true)]
    pub schedule: AnnealSchedule,

    /// Steps that it takes [default: half of the steps; lbfgs takes 8 stages of 15 iterations]
    #[arg(long, allow_negative_numbers = true)]
    pub anneal_steps: Option<u64>,

    /// How sigma is held: as it is, or by its logarithm [default: log; raw where the talk's climb is done again: its
    /// series, one plain start, likelihood]
    #[arg(long, value_enum)]
    pub parameterization: Option<ParameterizationName>,

    #[command(flatten)]
    pub tolerances: ToleranceArguments,
}

/// When a start has arrived: changes from one look to the next, by Stan's names.
#[derive(Debug, Args)]
pub struct ToleranceArguments {
    /// Stops a start whose gradient's norm is below this; 0 turns a rule off
    #[arg(long, default_value_t = 1e-8, allow_negative_numbers = true)]
    pub tol_grad: f64,

    /// Stops lbfgs where a step can gain less than so many float precisions of the objective; Stan has 1e7 [default: 0]
    #[arg(long, allow_negative_numbers = true)]
    pub tol_rel_grad: Option<f64>,

    /// Stops a start whose position changed by less
    #[arg(long, default_value_t = 1e-8, allow_negative_numbers = true)]
    pub tol_param: f64,

    /// Stops a start whose objective changed by less; Stan has 1e-12 [default: 0 for lbfgs, whose last steps are few and
    /// bring the digits of the parameters; else 1e-12]
    #[arg(long, allow_negative_numbers = true)]
    pub tol_obj: Option<f64>,

    /// Stops a start whose objective changed by less than so many float precisions of it; Stan has 1e4 [default: 0 for
    /// lbfgs, else 1e4]
    #[arg(long, allow_negative_numbers = true)]
    pub tol_rel_obj: Option<f64>,
}

/// `optimize`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct OptimizeArguments {
    #[command(flatten)]
    pub series: SeriesArguments,

    #[command(flatten)]
    pub model: ModelArguments,

    /// What is sought: mle (the maximum of the likelihood) or map (that of the posterior)
    #[arg(long, value_enum, default_value_t = EstimateName::Mle, hide_possible_values = true)]
    pub estimate: EstimateName,

    /// Whether the change of variables counts in a map estimate: on (the top of the density over unconstrained positions)
    /// or off (that over the values, as PyMC and, unless told otherwise, Stan have it)
    #[arg(long, value_enum, default_value_t = OnOff::Off, hide_possible_values = true)]
    pub jacobian: OnOff,

    /// Form of the model: sigmoid (switches relaxed) or marginal (switches summed out)
    #[arg(long, value_enum, default_value_t = SmoothForm::Sigmoid, hide_possible_values = true)]
    pub form: SmoothForm,

    /// Optimisers, with commas between them: lbfgs, adam, momentum, sgd, rmsprop
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true,
        default_value = "lbfgs"
    )]
    pub optimizer: Vec<OptimizerName>,

    #[command(flatten)]
    pub climb: ClimbArguments,

    /// What evaluates the objective: fused (value and gradient by hand, in double precision on the processor) or tensor
    /// (a module of tensors on a device) [default: fused, or tensor where a device is named]
    #[arg(long, value_enum, hide_possible_values = true)]
    pub engine: Option<EngineName>,

    /// Device of the tensors: ndarray, flex or wgpu (`switchback devices` says which there are) [default: flex]
    #[arg(long)]
    pub device: Option<String>,

    /// Draws of the Gaussian at the optimum, which Laplace's approximation is checked by
    #[arg(long, default_value_t = 10_000, allow_negative_numbers = true)]
    pub laplace_draws: usize,

    /// Seed of all random numbers
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,

    /// Folder of the run, which must not exist yet [default: runs/optimize-SERIES-TIME]
    #[arg(long, value_name = "FOLDER")]
    pub run_dir: Option<PathBuf>,

    #[command(flatten)]
    pub output: OutputArguments,
}

/// Engines by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Value and gradient by hand
    Fused,
    /// Tensors
    Tensor,
}

/// Estimates by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EstimateName {
    /// The maximum of the likelihood
    Mle,
    /// The maximum of the posterior
    Map,
}

/// A switch by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Yes
    On,
    /// No
    Off,
}

/// Forms that have a gradient, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SmoothForm {
    /// Switches relaxed to sigmoids
    Sigmoid,
    /// Switches summed out
    Marginal,
}

/// Ways of a learning rate, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RateSchedule {
    /// It stays
    Constant,
    /// By equal differences
    Linear,
    /// Along half a wave of the cosine
    Cosine,
    /// By equal factors
    Exponential,
}

/// Ways of a steepness, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnnealSchedule {
    /// By equal factors
    Geometric,
    /// By equal differences
    Linear,
    /// Along half a wave of the cosine
    Cosine,
}
