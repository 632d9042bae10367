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
    /// Rows that a chain has drawn.
    Draws {
        /// Name of the method.
        method: &'a str,
        /// The rows.
        rows: DrawRows<'a>,
    },
    /// A chain's warm-up has settled on how it moves; comes before its first row that is not of the warm-up.
    Adapted {
        /// Name of the method.
        method: &'a str,
        /// The chain.
        chain: usize,
        /// Step size.
        step_size: f64,
        /// Diagonal of the inverse mass matrix, one a coordinate of `R^dim`.
        inverse_mass: &'a [f64],
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

/// Consecutive draws of one chain, each a row; the columns are those of the method's [`DrawSchema`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrawRows<'a> {
    /// The chain.
    pub chain: usize,
    /// Whether they are of the warm-up.
    pub is_warmup: bool,
    /// Row-major `rows x quantities`, natural scale.
    pub values: &'a [f64],
    /// Row-major `rows x stats`.
    pub stats: &'a [f64],
    /// Row-major `rows x observations`: the log-likelihood of each observation; empty where it is not kept.
    pub pointwise: &'a [f64],
}

/// What the rows of a method's draws hold.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawSchema {
    /// Quantities on their natural scale, in order.
    pub quantities: Vec<Quantity>,
    /// Statistics of the sampler, in order, by ArviZ's names: `lp`, `acceptance_rate`, `diverging`, ...
    pub stats: Vec<&'static str>,
    /// Number of chains.
    pub n_chains: usize,
    /// Observations whose log-likelihood is kept; 0 where it is not.
    pub n_pointwise: usize,
}

/// A named quantity of a draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// Its name.
    pub name: String,
    /// Whether it takes whole numbers only.
    pub is_whole: bool,
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
