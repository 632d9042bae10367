//! An optimiser climbs from several starts at once and is read only where a point is logged.

use crate::{DensityError, Space};

/// Why an optimiser could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizerError {
    /// The density it climbs failed.
    #[error(transparent)]
    Density(#[from] DensityError),
}

/// Where an optimiser stands, read back once.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Steps taken so far.
    pub step: u64,
    /// Unconstrained positions, row-major `starts x dim`.
    pub positions: Vec<f64>,
    /// The objective at those positions (`starts`), to be made large.
    pub logp: Vec<f64>,
    /// Euclidean norm of the objective's gradient there (`starts`).
    pub grad_norms: Vec<f64>,
}

/// Something that climbs.
pub trait Optimizer {
    /// The space that it climbs in.
    fn space(&self) -> &Space;

    /// Takes `steps` steps without reading anything back in between.
    ///
    /// # Errors
    /// When the density or its device fails. A non-finite value is no error: it shows in the snapshot.
    fn advance(&mut self, steps: usize) -> Result<(), OptimizerError>;

    /// Reads where every start stands.
    ///
    /// # Errors
    /// When the density or its device fails.
    fn snapshot(&mut self) -> Result<Snapshot, OptimizerError>;

    /// Evaluations of the objective so far, each for all starts at once.
    fn n_evaluations(&self) -> u64;
}
