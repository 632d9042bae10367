//! Models of one's own: parameters by name with supports and priors, and a log-likelihood that is written once.
//!
//! A [`Declaration`] says what there is; [`Declaration::in_floats`] adds the likelihood as a plain function. The same
//! declaration takes a likelihood on tensors in `switchback-tensor`, which then has a gradient and runs on any device.
//!
//! ```
//! use switchback_core::{LogDensity, Support};
//! use switchback_models::custom::{Declaration, Distribution};
//!
//! let counts = [3.0, 1.0, 4.0, 1.0, 5.0];
//! let model = Declaration::new("counts")
//!     .parameter("rate", Support::Positive, Distribution::gamma(2.0, 1.0))
//!     .data("y", &counts)
//!     .in_floats(|of| {
//!         let rate = Distribution::poisson(of.get("rate"));
//!         of.data("y").iter().map(|y| rate.log_density(*y)).sum()
//!     })?;
//! let mut logp = [0.0];
//! model.logp(&[1.0_f64.ln()], &mut logp).expect("one position of one parameter");
//! assert!(logp[0].is_finite());
//! # Ok::<(), switchback_models::custom::CustomError>(())
//! ```

mod arithmetic;
mod declaration;
mod distribution;
mod draw;
mod dual;
mod error;
mod floats;
mod named;

pub use arithmetic::{Arithmetic, digamma};
pub use declaration::{Declaration, Declared};
pub use distribution::Distribution;
pub use error::CustomError;
pub use floats::FloatModel;
pub use named::{Missing, Named};

use switchback_core::{Gradient, Posterior};

/// A model of one's own, ready for whatever takes a density: what its methods and their record need beside that.
pub trait CustomModel: Posterior {
    /// Its parameters and data.
    fn declared(&self) -> &Declared;

    /// The density with its gradient; none where it has none.
    fn gradient(&self) -> Option<&dyn Gradient>;

    /// The density over the values: the same without the Jacobian of the transforms, whose top is the most probable value; none
    /// without a gradient.
    fn over_values(&self) -> Option<&dyn Gradient>;

    /// What evaluates it, and where, in a word each.
    fn engine(&self) -> (&'static str, String);
}
