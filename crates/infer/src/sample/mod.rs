//! Markov chains: kernels, their warm-up, and the process that runs several of them.

pub mod blocks;
pub mod chain;
pub mod chains;
pub mod compound;
mod custom;
pub mod diagnosis;
pub mod ensemble;
pub mod far;
pub mod independent;
pub mod initial;
pub mod metropolis;
pub mod nuts;
mod recorder;
pub mod sampler;
mod start;
mod tags;
pub mod tuning;
