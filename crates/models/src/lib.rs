//! The densities in plain f64: priors, the switchpoint models and the exact referee.
