//! What every other crate speaks: the series, the space of a model's parameters, and the waist.
//!
//! Everything meets at a log density over unconstrained `R^dim`, evaluated for a batch of positions
//! (row-major `batch x dim`, `f64`). An optimiser's starts and a sampler's chains are all that batch.

mod ascent;
mod clock;
mod density;
mod draw_source;
mod draws;
mod event;
mod graph;
mod kernel;
mod labels;
mod optimizer;
mod random;
mod series;
mod space;
mod stop;

pub use ascent::{Ascent, AscentError, Ramp, Rule, Shape};
pub use clock::{switch_number, switchpoint_of, tau_of};
pub use density::{
    DensityError, Gradient, LogDensity, Posterior, RowDensity, RowGradient, each_row,
};
pub use draw_source::{DrawSource, DrawSourceError};
pub use draws::{Draws, DrawsError};
pub use event::{DrawRows, DrawSchema, Event, Flow, Quantity, Sink, SinkError, SinkResult};
pub use graph::GraphNode;
pub use kernel::{Kernel, Transition, Warmup};
pub use labels::Labels;
pub use optimizer::{Halt, Optimizer, OptimizerError, Snapshot};
pub use random::{ChainRng, stream};
pub use series::{Series, SeriesError, Times};
pub use space::{Coordinate, Parameter, Space, SpaceError, Support};
pub use stop::Stop;
