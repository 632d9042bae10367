//! The forms of a switchpoint model: hard, relaxed to sigmoids, and with the switches summed out; and what an optimiser climbs.

mod abreast;
mod hard;
mod held;
mod marginal;
mod objective;
mod scratch;
mod sigmoid;
mod window;

pub use hard::HardSwitch;
pub use held::HeldSwitch;
pub use marginal::MarginalSwitch;
pub use objective::{Estimate, Objective, Parameterization};
pub(crate) use sigmoid::Observations;
pub use sigmoid::SigmoidSwitch;
