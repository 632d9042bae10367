//! What can go wrong while a method runs.

use switchback_core::{
    DensityError, DrawSourceError, DrawsError, OptimizerError, SeriesError, SinkError, SpaceError,
};
use switchback_diagnostics::DiagnosticsError;
use switchback_models::ModelError;

/// Why a method could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// The density failed for good.
    #[error(transparent)]
    Density(#[from] DensityError),
    /// The optimiser failed.
    #[error(transparent)]
    Optimizer(#[from] OptimizerError),
    /// A listener could not take an event.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// A start lies outside the space.
    #[error("the start does not fit the model: {0}")]
    Start(#[from] SpaceError),
    /// The series has no switch to find.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What was simulated is no series.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// Draws could not be stored.
    #[error(transparent)]
    Draws(#[from] DrawsError),
    /// Draws could not be read.
    #[error(transparent)]
    Source(#[from] DrawSourceError),
    /// Draws could not be judged.
    #[error(transparent)]
    Diagnostics(#[from] DiagnosticsError),
    /// A setting makes no sense.
    #[error("--{setting} is {value}: {rule}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        rule: &'static str,
    },
    /// A start names what the model does not have.
    #[error("--init {name} names nothing of this model; it has {known}")]
    StartName {
        /// The name.
        name: String,
        /// What the model has.
        known: String,
    },
    /// No starting point of a chain has positive density.
    #[error("chain {chain} found no start of positive density in {tries} tries")]
    NoStart {
        /// The chain.
        chain: usize,
        /// Tries.
        tries: usize,
    },
}
