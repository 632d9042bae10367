//! What can go wrong when a figure is drawn.

use std::io;
use std::path::PathBuf;

use switchback_record::RecordError;

use crate::Figure;

/// Why a figure could not be drawn or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The picture has no room for a panel, or too many pixels.
    #[error(
        "a picture of {width} x {height} pixels cannot be drawn; give it from {least_width} x {least_height} to {greatest} x {greatest} pixels",
        least_width = Figure::LEAST.0, least_height = Figure::LEAST.1, greatest = Figure::GREATEST
    )]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// More panels than the picture has room for.
    #[error(
        "{panels} panels in {columns} columns do not fit into {width} x {height} pixels; make the picture larger, or show fewer"
    )]
    Crowded {
        /// Number of panels.
        panels: usize,
        /// Number of columns.
        columns: usize,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The name of a figure holds more than a plain name.
    #[error("{name:?} cannot be the name of a figure's files; use a plain name without separators")]
    Name {
        /// The name.
        name: String,
    },
    /// A figure's file could not be written.
    #[error("{} could not be written; see that the folder exists and the disk has room", path.display())]
    Write {
        /// Path of the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of a run could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A folder that holds no run.
    #[error(
        "{} is no run that a page can be made of: it holds no comparison.json; `switchback runs` lists those that there are",
        path.display()
    )]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// The drawing library gave up.
    #[error("the figure {title:?} could not be drawn: {reason}; this is a defect of this program")]
    Draw {
        /// Title of the figure.
        title: String,
        /// What the library said.
        reason: String,
    },
}
