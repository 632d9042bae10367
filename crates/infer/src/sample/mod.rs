//! Markov chains: kernels, their warm-up, and the process that runs several of them.

pub mod chain;
pub mod chains;
pub mod compound;
pub mod diagnosis;
pub mod ensemble;
pub mod initial;
pub mod metropolis;
pub mod nuts;
mod recorder;
mod start;
pub mod summary;
mod tags;
pub mod tuning;
