//! The sigmoid switch on tensors: devices, the trainable module, its optimisers, and the adapter to the waist.
//!
//! The only crate that knows burn. [`TensorObjective::loss`] as a plain expression is the model's definition on any device; on
//! processors it is one custom operation, on a graphics device with the likelihood's part as one kernel.

mod adam;
mod climb;
pub mod custom;
mod density;
mod device;
mod fused;
mod graph;
mod kept;
mod kernel;
mod levels;
mod module;
mod objective;
mod operation;
mod plain;
mod priors;
mod rms_prop;
mod rules;
mod switches;
mod watch;
mod weights;

pub use climb::TensorClimb;
pub use density::TensorDensity;
pub use device::{DeviceError, DeviceName, DeviceReport, OpenDevice, devices};
pub use graph::switch_graph;
pub use module::SwitchModule;
pub use objective::{Expression, NotOnTensors, TensorObjective};
