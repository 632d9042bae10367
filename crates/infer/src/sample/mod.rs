//! Markov chains: kernels, their warm-up, and the process that runs several of them.

pub mod chain;
pub mod chains;
pub mod compound;
pub mod diagnosis;
pub mod initial;
pub mod metropolis;
mod recorder;
pub mod summary;
mod tags;
pub mod tuning;
