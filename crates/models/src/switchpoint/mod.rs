//! Switches between regimes: hard, and relaxed to sigmoids.

mod hard;
mod scratch;
mod sigmoid;
mod window;

pub use hard::HardSwitch;
pub use sigmoid::{Parameterization, SigmoidSwitch};
