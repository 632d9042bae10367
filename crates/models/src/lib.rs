//! The densities in plain f64: priors, the switchpoint models and the exact referee.
//!
//! A switchpoint `s` is the 0-based index of the first observation of the second regime; the sigmoid's
//! `tau` lives on the model's clock `1..=n`, and each `s` owns `tau` in `[s, s + 1)`. Missing observations
//! keep their place on the clock and count for nothing.

mod conditional;
pub mod custom;
pub mod deck;
mod error;
mod inverse_gaussian;
mod model;
mod paths;
mod peaks;
mod prefix;
mod prior;
mod referee;
mod simulate;
mod switch_priors;
mod switchpoint;
mod twofold;

pub use error::ModelError;
pub use model::{
    Cumulative, Likelihood, RatePrior, RegimePriors, Regimes, SwitchModel, SwitchPrior,
    SwitchSettings,
};
pub use paths::Paths;
pub use peaks::{HardPeaks, Placed, is_degenerate};
pub use prefix::{CentredSums, PrefixSums, Stretch};
pub use prior::Prior;
pub use referee::{CredibleSet, Exact, Fit, Moments, Profile, evidence_by_switches};
pub use simulate::{Law, simulate};
pub use switch_priors::SwitchPriors;
pub use switchpoint::{
    Estimate, HardSwitch, HeldSwitch, MarginalSwitch, Objective, Parameterization, SigmoidSwitch,
};

#[cfg(test)]
mod testing;
