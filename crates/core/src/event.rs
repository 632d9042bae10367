//! What a running method tells, and who listens.

use crate::Stop;

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A method begins.
    Started {
        /// Name of the method, also that of its folder.
        method: &'a str,
        /// Steps that it will take, warm-up included.
        total: u64,
        /// Steps of its warm-up, which come first and are counted apart: point `step` is `warmup + step` of `total`.
        warmup: u64,
    },
    /// A logged point of a method.
    Point {
        /// Name of the method.
        method: &'a str,
        /// Steps taken so far; strictly increasing within a method.
        step: u64,
        /// Tags and values, natural scale.
        scalars: &'a [(&'a str, f64)],
    },
    /// Steps were taken of which nothing is to be logged.
    Progress {
        /// Name of the method.
        method: &'a str,
        /// Steps of `total` taken so far.
        step: u64,
    },
    /// A method ended.
    Finished {
        /// Name of the method.
        method: &'a str,
        /// Why it ended.
        stop: Stop,
    },
}

/// What a listener asks of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// End cleanly, with what there is.
    Stop,
}

/// A listener could not take an event.
#[derive(Debug, thiserror::Error)]
#[error("{sink} could not take an event")]
pub struct SinkError {
    /// Name of the listener.
    pub sink: &'static str,
    /// What went wrong.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A listener's answer.
pub type SinkResult = Result<Flow, SinkError>;

/// A listener: progress, TensorBoard, abort.
pub trait Sink {
    /// Takes one event.
    ///
    /// # Errors
    /// When it cannot be kept (a full disk); the driver ends the run then.
    fn record(&mut self, event: &Event<'_>) -> SinkResult;
}
