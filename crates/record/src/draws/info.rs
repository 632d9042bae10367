//! What a file of draws says of where they are from.

use std::path::Path;

use jiff::Timestamp;
use switchback_core::Series;

/// Where the draws of a file are from.
#[derive(Debug, Clone)]
pub struct DrawsInfo<'a> {
    /// Name of the method. Events of other methods are passed over.
    pub sampler: &'a str,
    /// The series that the draws are given; `None` for a model without one.
    pub series: Option<&'a Series>,
    /// Draws of each chain's warm-up.
    pub num_warmup: u64,
    /// Draws of each chain after its warm-up.
    pub num_samples: u64,
    /// Whether the draws of the warm-up are kept too.
    pub save_warmup: bool,
    /// When the run began.
    pub created_at: Timestamp,
}

/// What CmdStan's CSV files say beyond [`DrawsInfo`], by CmdStan's names.
#[derive(Debug, Clone)]
pub struct CmdStanInfo<'a> {
    /// Name of the model.
    pub model: &'a str,
    /// File of the data.
    pub data: Option<&'a Path>,
    /// Where the chains begin, as CmdStan's argument `init`: a radius or the name of a file.
    pub init: &'a str,
    /// Seed of the chains.
    pub seed: u64,
    /// Greatest depth of a trajectory's tree.
    pub max_depth: u32,
    /// Acceptance rate that the step size is adapted to.
    pub delta: f64,
    /// Step size that the adaptation begins with.
    pub stepsize: f64,
}

impl Default for CmdStanInfo<'_> {
    /// CmdStan's own defaults.
    fn default() -> Self {
        Self {
            model: "switchback",
            data: None,
            init: "2",
            seed: 0,
            max_depth: 10,
            delta: 0.8,
            stepsize: 1.0,
        }
    }
}
