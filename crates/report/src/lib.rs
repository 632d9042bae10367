//! Figures of series, optimisers and draws, as SVG and PNG.
//!
//! A [`Figure`] is data: panels, axes and marks. One constructor a kind of figure ([`traces`], [`fit`], ..) makes it from
//! plain slices; [`Figure::svg`] and [`Figure::png`] draw any of them, [`Figure::save`] keeps both,
//! [`Figure::outline`] tells its structure in lines. What a constructor gives can be changed before it is drawn: another
//! title, another size, one more mark.
//!
//! Nothing is asked of the system: the font (Noto Sans, under the SIL Open Font License 1.1) is compiled in. An SVG
//! carries no `id`, script, style sheet or link, so that a page may hold any number of them inline; text from outside is
//! escaped, and control characters become spaces.

mod autocorrelation;
mod climbs;
mod colour;
mod density;
mod draw;
mod error;
mod figure;
mod fit;
mod forest;
mod histogram;
mod integer_posterior;
mod lines;
mod outline;
pub mod page;
mod pair;
mod profile;
mod quantity;
mod ranks;
mod save;
mod scatter;
mod text;
mod traces;

pub use autocorrelation::autocorrelation;
pub use climbs::{Climb, Climbs, climbs};
pub use colour::Rgb;
pub use draw::Spot;
pub use error::ReportError;
pub use figure::{Axis, Bar, Colour, Figure, Mark, Panel, Scale, Theme};
pub use fit::{Fit, FittedBand, FittedSteps, fit};
pub use forest::{Forest, ForestParameter, ForestRow, forest};
pub use histogram::{Histogram, histogram};
pub use integer_posterior::{IntegerPosterior, integer_posterior};
pub use lines::{ExpectedSlope, Lines, Series, lines};
pub use pair::{Pair, pair};
pub use profile::{Profile, ProfileEnd, profile};
pub use quantity::Quantity;
pub use ranks::ranks;
pub use scatter::{Scatter, scatter};
pub use traces::traces;
