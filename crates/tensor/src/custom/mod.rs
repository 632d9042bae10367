//! Models of one's own whose likelihood is written once as tensors, over a batch of positions.

pub mod density;
mod ln_gamma;
mod model;
mod number;

pub use model::{OnTensors, TensorModel};
pub use number::Number;
