//! The part of a sigmoid switch's log-likelihood that is summed observation by observation.
//!
//! Rows are taken in blocks of [`LANES`], so that the loops over a block become vector instructions.

mod growth;
mod lanes;
mod many;
mod one;
mod rows;
mod sweep;
mod wide;

pub(super) use growth::Growth;
pub(super) use lanes::ln_and_rest;
pub(super) use many::{Family, MAX_ACTIVE, Many, NormalFamily, PoissonFamily};
pub(super) use one::{One, OneSum};
pub(super) use rows::Rows;
pub(super) use sweep::{Segment, Sweep, window};
pub(super) use wide::{Task, widest};

/// Rows of a block.
pub(super) const LANES: usize = 8;
type Block = [f64; LANES];
