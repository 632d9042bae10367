//! What can go wrong while a method runs.

use switchback_core::{
    AscentError, DensityError, DrawSourceError, DrawsError, OptimizerError, SeriesError, SinkError,
    SpaceError,
};
use switchback_diagnostics::DiagnosticsError;
use switchback_models::ModelError;
use switchback_models::custom::CustomError;

use crate::LaplaceError;

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
    /// A setting of a walk makes no sense.
    #[error(transparent)]
    Ascent(#[from] AscentError),
    /// A sampler cannot sample that form.
    #[error("{sampler} cannot sample the {form} form; take --form {forms}, or another --sampler")]
    Pair {
        /// The sampler.
        sampler: &'static str,
        /// The form.
        form: &'static str,
        /// The forms that it can sample.
        forms: String,
    },
    /// The referee's draws were asked for where there is no referee.
    #[error("the referee has no answer here, so there are no exact draws; take another --sampler")]
    NoReferee,
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
    /// A sampler that needs continuous coordinates was given a whole number.
    #[error(
        "{sampler} moves along continuous coordinates, and {parameter} is a whole number: sample the model's sigmoid \
         or marginal form, or take metropolis"
    )]
    WholeNumber {
        /// The sampler.
        sampler: &'static str,
        /// Name of the parameter.
        parameter: String,
    },
    /// The density at a start is 0 or no number.
    #[error("the log density at a start is {logp}: start where it is finite")]
    StartDensity {
        /// The log density.
        logp: f64,
    },
    /// The gradient at a start does not tell NUTS how far to step.
    #[error(
        "the gradient at the start is {slope} in {parameter}: NUTS needs one that is finite and not 0, so start a \
         little beside it"
    )]
    StartGradient {
        /// Name of the parameter.
        parameter: String,
        /// The derivative of the log density with respect to its coordinate.
        slope: f64,
    },
    /// Walkers lie in a plane, which they could not leave.
    #[error(
        "the walkers all have the same {parameter}, or one that follows from the parameters before it: start them \
         apart in every direction"
    )]
    FlatEnsemble {
        /// Name of the parameter.
        parameter: String,
    },
    /// A chain was warmed up for another number of steps than its adaptation was planned for.
    #[error("the warm-up was planned for {expected} steps and took {taken}")]
    NumWarmup {
        /// Steps it was planned for.
        expected: u64,
        /// Steps it took, or began to take.
        taken: u64,
    },
    /// NUTS could not go on.
    #[error("NUTS could not go on: {message}")]
    Nuts {
        /// What nuts-rs said.
        message: String,
    },
    /// A model of one's own makes no sense.
    #[error(transparent)]
    Custom(#[from] CustomError),
    /// A sampler of switchpoint models alone.
    #[error(
        "{sampler} draws the switches of a series from their own conditional; on a model of one's own take nuts, metropolis or \
         ensemble"
    )]
    SwitchSampler {
        /// The sampler.
        sampler: &'static str,
    },
    /// A method needs a gradient where there is none.
    #[error(
        "{method} needs a gradient, which {model} in plain floats has not: write its likelihood on tensors, or take metropolis \
         or ensemble"
    )]
    NoGradient {
        /// The method.
        method: &'static str,
        /// The model.
        model: String,
    },
    /// A listener asked for the end.
    #[error("{method} was interrupted; what there is was kept")]
    Ended {
        /// The method.
        method: String,
    },
    /// There is no Gaussian at an optimum.
    #[error(transparent)]
    Laplace(#[from] LaplaceError),
}
