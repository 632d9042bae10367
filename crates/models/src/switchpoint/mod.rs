//! One switch between two normal regimes: hard, and relaxed to a sigmoid.

mod hard;
mod sigmoid;
mod window;

pub use hard::HardSwitch;
pub use sigmoid::{Parameterization, SigmoidSwitch};
