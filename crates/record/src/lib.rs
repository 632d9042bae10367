//! The run folder: manifest, comparison, TensorBoard events and draws.
//!
//! A run is written as `<name>.partial` and becomes `<name>` when its manifest is complete; every method
//! in it has a folder of its own with one TensorBoard event file. Draws are kept beside them in the formats of ArviZ
//! and CmdStan while they are drawn, and read back. Nothing here computes, and nothing prints.

mod begun;
mod comparison;
mod digest;
mod draws;
mod error;
mod event_name;
mod events;
mod exhibits;
mod folder;
mod graph;
mod json;
mod manifest;
mod named;
mod records;
mod runs;
mod sink;

#[cfg(test)]
#[path = "../tests/support/scratch.rs"]
mod scratch;

pub use begun::Begun;
pub use comparison::{Comparison, Exact, Row};
pub use digest::sha256;
pub use draws::{CmdStanInfo, DrawsFile, DrawsInfo, StoredDraws, draws_in};
pub use error::RecordError;
pub use events::{Chart, EventFile, EventTail, LoggedPoint, Setting};
pub use exhibits::{Exhibits, ShownEnd, ShownSeries, ShownSwitch};
pub use folder::{RUNS, RunFolder, run_path};
pub use manifest::{Manifest, MethodInfo, Platform, SeriesInfo, Status};
pub use named::Named;
pub use runs::{RunState, StoredRun};
pub use sink::{SECONDS_TAG, TensorBoardSink};
