//! Why there is no Gaussian at a position.

use switchback_core::DensityError;
use switchback_diagnostics::DiagnosticsError;

/// Why there is no Gaussian at a position, or nothing to say about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaplaceError {
    /// The density failed for good.
    #[error(transparent)]
    Density(#[from] DensityError),
    /// Draws could not be summarised.
    #[error(transparent)]
    Diagnostics(#[from] DiagnosticsError),
    /// There are other coordinates than parameters.
    #[error("{given} coordinates for {dim} parameters")]
    Dimension {
        /// Coordinates handed in.
        given: usize,
        /// Parameters.
        dim: usize,
    },
    /// The log density at the position is no number, or there is none.
    #[error(
        "the log density at the position is {logp}, or its slope is no number: there is no optimum"
    )]
    Position {
        /// The log density.
        logp: f64,
    },
    /// Beside the position, however near, the log density or its gradient is no number.
    #[error(
        "the log density beside the optimum in {parameter} is no number, so that it has no curvature there"
    )]
    NotANumber {
        /// Name of the parameter.
        parameter: String,
    },
    /// The log density does not fall in every direction.
    #[error(
        "the log density does not fall off in every direction from there, least in that of {parameter} (curvature \
         {eigenvalue:.1e}, where 1 is that along a coordinate): it is a saddle, a ridge or no optimum, so climb on or \
         take a sampler"
    )]
    NotPositiveDefinite {
        /// The parameter with the largest share in the offending direction.
        parameter: String,
        /// Smallest eigenvalue of the negated Hessian in coordinates in which each one's own curvature is about 1 or
        /// -1; what is not larger than the error of the differences counts as 0.
        eigenvalue: f64,
    },
}
