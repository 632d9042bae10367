//! The sigmoid switch on tensors: devices, the trainable module, its optimisers, and the adapter to the waist.
//!
//! The only crate that knows burn. [`SwitchModule::log_likelihood`] is the model's definition on any device.

mod adam;
mod climb;
mod density;
mod device;
mod graph;
mod module;
mod observations;

pub use climb::{OptimizerSettings, SettingsError, TensorClimb};
pub use density::TensorDensity;
pub use device::{DeviceError, DeviceName, DeviceReport, OpenDevice, devices};
pub use graph::switch_graph;
pub use module::SwitchModule;
pub use observations::{Observations, SpaceMismatch};
