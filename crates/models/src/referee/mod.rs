//! The exact answer for one hard switch: by enumeration over `s`, and quadrature over `sigma`.

mod exact;
mod profile;
mod quadrature;

pub use exact::{CredibleSet, Exact};
pub use profile::{Fit, Profile};
pub use quadrature::Moments;
