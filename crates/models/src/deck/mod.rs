//! The talk's other models: pi by darts and by a pebble, a normal sample, gifts of unknown weight.
//!
//! Each has its exact answer beside it, so that what a sampler says of it can be checked.

mod bags;
mod darts;
mod for_loop;
mod gifts;
mod linear_gaussian;
mod normal_sample;
mod pebble;
mod pebble_law;
mod symmetric;
mod weight_grid;

pub use bags::{BAG_LIMIT, KeptWeight, LEAST_ITEMS, Recipe, SampledGifts, recipes};
pub use darts::{DART_SD, darts, is_inside};
pub use for_loop::{ForLoop, Scoring, Walk, underflow_at};
pub use gifts::{AtZero, Gift, WeightLaw};
pub use linear_gaussian::{Direction, GaussianBlock, LinearGaussian, WeighedSum};
pub use normal_sample::{NormalSample, SampleLaw};
pub use pebble::{BoundaryRule, Pebble};
pub use pebble_law::PebbleLaw;
pub use weight_grid::WeightGrid;
