//! switchback finds *when* a series switched, *from what to what*, and *how sure one can be*: by gradient, by
//! sampling and exactly, side by side.
//!
//! This crate is the facade: each room of the house under its own name, and what joins them: [`study`] takes a model of
//! one's own through all of them, [`summary`] judges draws, [`text`] makes tables. The program of the same name is built
//! on exactly these.

pub mod study;
pub mod summary;
pub mod text;

pub use switchback_core as core;
pub use switchback_diagnostics as diagnostics;
pub use switchback_infer as infer;
pub use switchback_models as models;
pub use switchback_record as record;
pub use switchback_report as report;
pub use switchback_tensor as tensor;
