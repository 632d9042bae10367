//! The arguments of what compares methods.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{EXIT_CODES, ModelArguments, OutputArguments, SeriesArguments};

/// `compare`.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct CompareArguments {
    #[command(flatten)]
    pub series: SeriesArguments,

    #[command(flatten)]
    pub model: ModelArguments,

    /// Methods, with commas between them: adam and momentum (the top of the posterior by gradient, from one plain start), lbfgs (from 32 spread
    /// starts), lbfgs-marginal (the same with the switches summed out), metropolis, compound, nuts, nuts-sigmoid, exact,
    /// find-map (gradient with the switches held, as PyMC's) [default: all that fit but find-map]
    #[arg(long, value_enum, value_delimiter = ',', hide_possible_values = true)]
    pub methods: Vec<MethodName>,

    /// Methods beside these, as in `--with find-map`
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "METHODS",
        hide_possible_values = true
    )]
    pub with: Vec<MethodName>,

    /// Values of the one start of adam, momentum and find-map, as in `tau=40`, `s=30` or `mu1=0` [default: the level of
    /// the whole series, and the switch at a sixth of it, for find-map in the middle; on the talk's series the talk's]
    #[arg(long, num_args = 1.., value_name = "NAME=VALUE")]
    pub init: Vec<String>,

    /// Draws that each chain keeps [default: 10000 for metropolis, else 1000]
    #[arg(long, allow_negative_numbers = true)]
    pub num_samples: Option<usize>,

    /// Steps of each chain before the first draw that is kept [default: 2000 for metropolis, 100 for compound, else 1000]
    #[arg(long, allow_negative_numbers = true)]
    pub num_warmup: Option<usize>,

    /// Chains of each sampler
    #[arg(long, default_value_t = 4, allow_negative_numbers = true)]
    pub num_chains: usize,

    /// Seed of all random numbers
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    pub seed: u64,

    /// Folder of the run, which must not exist yet [default: runs/compare-SERIES-TIME]
    #[arg(long, value_name = "FOLDER")]
    pub run_dir: Option<PathBuf>,

    #[command(flatten)]
    pub output: OutputArguments,
}

/// Methods by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MethodName {
    /// Adam on the sigmoid form, from one plain start
    Adam,
    /// Momentum on the sigmoid form, from one plain start
    Momentum,
    /// L-BFGS on the sigmoid form, from many starts
    Lbfgs,
    /// L-BFGS on the marginal form, from many starts
    LbfgsMarginal,
    /// L-BFGS with the switches held where they start
    FindMap,
    /// Tuned Metropolis on the hard form
    Metropolis,
    /// Gibbs on the hard form
    Compound,
    /// The No-U-Turn Sampler on the marginal form
    Nuts,
    /// The No-U-Turn Sampler on the sigmoid form
    NutsSigmoid,
    /// The referee
    Exact,
}

impl MethodName {
    /// All of them, in the order in which they are run and shown.
    pub const ALL: [Self; 10] = [
        Self::Adam,
        Self::Momentum,
        Self::Lbfgs,
        Self::LbfgsMarginal,
        Self::FindMap,
        Self::Metropolis,
        Self::Compound,
        Self::Nuts,
        Self::NutsSigmoid,
        Self::Exact,
    ];

    /// The word used on the command line, in files and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::Momentum => "momentum",
            Self::Lbfgs => "lbfgs",
            Self::LbfgsMarginal => "lbfgs-marginal",
            Self::FindMap => "find-map",
            Self::Metropolis => "metropolis",
            Self::Compound => "compound",
            Self::Nuts => "nuts",
            Self::NutsSigmoid => "nuts-sigmoid",
            Self::Exact => "exact",
        }
    }
}
