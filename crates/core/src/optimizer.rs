//! An optimiser climbs from several starts at once and is read only where a point is logged.

use crate::{DensityError, Space, Stop};

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

/// A start that ended by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Halt {
    /// Why: [`Stop::NonFinite`], or [`Stop::LineSearch`].
    pub stop: Stop,
    /// The last step at which its value and gradient were seen finite; 0 where they never were.
    pub step: u64,
    /// Its unconstrained position then (`dim`).
    pub position: Vec<f64>,
}

/// Something that climbs.
pub trait Optimizer {
    /// The space that it climbs in.
    fn space(&self) -> &Space;

    /// Takes `steps` steps without reading anything back in between.
    ///
    /// # Errors
    /// When the density or its device fails. A non-finite value is no error: it ends that start alone.
    fn advance(&mut self, steps: usize) -> Result<(), OptimizerError>;

    /// Reads where every start stands; one that has halted stands where it halted.
    ///
    /// # Errors
    /// When the density or its device fails.
    fn snapshot(&mut self) -> Result<Snapshot, OptimizerError>;

    /// Which starts ended by themselves, and where (`starts`), as of the last snapshot.
    fn halts(&self) -> &[Option<Halt>];

    /// Tells that `start` has ended, so that no more work need be done for it; where it stands from now on is not
    /// said. Nothing unless said otherwise: a device moves all rows of a tensor alike.
    fn rest(&mut self, start: usize) {
        let _ = start;
    }

    /// Steps from the beginning during which what is climbed still changes, as where a steepness is annealed: no stop
    /// rule speaks before. None unless said otherwise.
    fn n_changing(&self) -> u64 {
        0
    }

    /// What a step of `start` along its search direction can still gain, in nats, to first order; for optimisers that
    /// know the curvature.
    fn decrement(&self, start: usize) -> Option<f64> {
        let _ = start;
        None
    }

    /// Evaluations of the objective so far, counted a start.
    fn n_evaluations(&self) -> u64;
}
