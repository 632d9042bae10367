//! switchback finds *when* a series switched, *from what to what*, and *how sure one can be*: by gradient, by
//! sampling and exactly, side by side.
//!
//! This crate is the facade: each room of the house under its own name. The program of the same name is built on
//! exactly these.

pub use switchback_core as core;
pub use switchback_diagnostics as diagnostics;
pub use switchback_infer as infer;
pub use switchback_models as models;
pub use switchback_record as record;
pub use switchback_report as report;
pub use switchback_tensor as tensor;
