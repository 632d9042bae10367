//! The exact answer: sums over all places of the switches, and quadrature over `sigma`.
//!
//! - [`placing`]: where the switches may be, with their prior as a Markov chain.
//! - [`part`]: the rows that a regime can own, and tables over them.
//! - [`law`]: what a regime with parameters of its own says of a part, by [`normal`] (over [`quadrature`]) or
//!   [`poisson`].
//! - [`shared`]: what regimes that share a `sigma` say given it; [`lattice`] integrates it out.
//! - [`chain`]: the recursion over the switches; [`most_probable`]: its greatest term; [`sampler`]: draws, with
//!   [`ladder`] for a `sigma`.
//! - [`answer`] puts them together, [`exact`] is what one asks, [`evidence`] compares numbers of switches.
//! - [`profile`] is apart: the likelihood of one switch with everything else at its best.

mod answer;
mod chain;
mod credible;
mod evidence;
mod exact;
mod ladder;
mod lattice;
mod law;
mod moments;
mod most_probable;
mod normal;
mod part;
mod placing;
mod poisson;
mod profile;
mod quadrature;
mod sampler;
mod shared;

pub use credible::CredibleSet;
pub use evidence::evidence_by_switches;
pub use exact::Exact;
pub use moments::Moments;
pub use profile::{Fit, Profile};

#[cfg(test)]
mod tests;
