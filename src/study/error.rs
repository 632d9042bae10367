//! What can go wrong in a study.

use crate::infer::{InferError, LaplaceError};
use crate::record::RecordError;
use crate::report::ReportError;
use crate::summary::SummaryError;

/// Why a study could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The model, a method or a listener.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// A file.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A figure.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Draws that cannot be judged.
    #[error(transparent)]
    Summary(#[from] SummaryError),
    /// No Gaussian at a top.
    #[error(transparent)]
    Laplace(#[from] LaplaceError),
    /// Every climb was lost.
    #[error(
        "none of {n_starts} climbs of {model} came to a top: the density or its gradient was not finite on the way; take more \
         starts, or narrower priors"
    )]
    NoTop {
        /// The model.
        model: String,
        /// How many there were.
        n_starts: usize,
    },
}
