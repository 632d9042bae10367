//! The forms of a switchpoint model: hard, relaxed to sigmoids, and with the switches summed out.

mod hard;
mod marginal;
mod scratch;
mod sigmoid;
mod window;

pub use hard::HardSwitch;
pub use marginal::MarginalSwitch;
pub use sigmoid::{Parameterization, SigmoidSwitch};
