//! What can be wrong with a model of one's own.

use switchback_core::{DensityError, SpaceError, Support};

use super::{Distribution, Missing};

/// Why a model of one's own cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustomError {
    /// Nothing to find.
    #[error(
        "{model} has no parameters: declare at least one with .parameter(name, support, prior)"
    )]
    Empty {
        /// The model.
        model: String,
    },
    /// A name that cannot be told apart, or not be written.
    #[error("{model} cannot have the name {name:?}: {rule}")]
    Name {
        /// The model.
        model: String,
        /// The name.
        name: String,
        /// What a name must be.
        rule: &'static str,
    },
    /// A prior whose own numbers make no sense.
    #[error("the prior {prior} of {parameter} makes no sense: {rule}")]
    Prior {
        /// The parameter.
        parameter: String,
        /// Its prior.
        prior: Distribution,
        /// What its numbers must be.
        rule: &'static str,
    },
    /// A prior of other numbers than the parameter's.
    #[error(
        "{parameter} takes {support}, and its prior {prior} is of {}: declare another support, or take another prior",
        of.map_or_else(|| "whole numbers without an end".to_owned(), |of| of.to_string())
    )]
    SupportOfPrior {
        /// The parameter.
        parameter: String,
        /// Its support.
        support: Support,
        /// Its prior.
        prior: Distribution,
        /// Where that lies; `None` for whole numbers without an end.
        of: Option<Support>,
    },
    /// A support that only the switches of a series have.
    #[error(
        "{parameter} takes {support}, which a model of one's own has no prior for: take an interval"
    )]
    NoSuchSupport {
        /// The parameter.
        parameter: String,
        /// Its support.
        support: Support,
    },
    /// A whole number where there must be a gradient.
    #[error(
        "{parameter} is a whole number, which has no gradient: sum it out of the likelihood, or write the model \
         with .in_floats and sample it by metropolis"
    )]
    WholeNumber {
        /// The parameter.
        parameter: String,
    },
    /// The likelihood asked for what was not declared.
    #[error(
        "the likelihood of {model} asks for the {what}, which is not declared: it has {known}; declare it with {how}"
    )]
    Undeclared {
        /// The model.
        model: String,
        /// What it asked for.
        what: String,
        /// What there is.
        known: String,
        /// How it is declared.
        how: &'static str,
    },
    /// A likelihood of another shape than one value a position.
    #[error(
        "the likelihood of {model} has the shape {found:?} for {batch} positions of {parameters}, and must have \
         [{batch}, 1]: a parameter is a column [{batch}, 1], data are a row [1, n], and .sum() adds up the rows' columns"
    )]
    Shape {
        /// The model.
        model: String,
        /// Its parameters.
        parameters: String,
        /// Positions that were asked for.
        batch: usize,
        /// Shape of what came back.
        found: Vec<usize>,
    },
    /// The likelihood panicked.
    #[error(
        "the likelihood of {model} cannot be computed for {batch} positions of {parameters}: {message}; a parameter is \
         a column [{batch}, 1], data are a row [1, n]"
    )]
    Panicked {
        /// The model.
        model: String,
        /// Its parameters.
        parameters: String,
        /// Positions that were asked for.
        batch: usize,
        /// What was said.
        message: String,
    },
    /// The density is no number at a start.
    #[error(
        "the log density of {model} is NaN at its start, {at}; it depends on {blamed}: keep the likelihood a number \
         there (no logarithm of what may be negative, no 0 / 0), or start elsewhere with .start(name, value)"
    )]
    NanAtStart {
        /// The model.
        model: String,
        /// All values at the start.
        at: String,
        /// Parameters without which it would be a number, as far as can be told.
        blamed: String,
    },
    /// The density is 0 at every start.
    #[error(
        "the log density of {model} is {logp} at all of {tries} starts drawn from the priors of {parameters}: narrow the \
         priors, or start with .start(name, value) where the data are possible"
    )]
    NoStart {
        /// The model.
        model: String,
        /// Its parameters.
        parameters: String,
        /// How many were tried.
        tries: usize,
        /// The log density at the last of them.
        logp: f64,
    },
    /// A start outside its support.
    #[error("the start of {parameter} does not fit: {source}")]
    Start {
        /// The parameter.
        parameter: String,
        /// Why.
        source: SpaceError,
    },
    /// The device failed.
    #[error(transparent)]
    Density(#[from] DensityError),
}

impl CustomError {
    /// The likelihood of `model` asked for what is `missing`; it has the parameters and data `known`.
    pub fn undeclared(model: &str, missing: &Missing, known: String) -> Self {
        let (what, how) = match missing {
            Missing::Parameter(name) => (
                format!("parameter {name}"),
                ".parameter(name, support, prior)",
            ),
            Missing::Data(name) => (format!("data {name}"), ".data(name, values)"),
        };
        Self::Undeclared {
            model: model.to_owned(),
            what,
            known,
            how,
        }
    }
}
