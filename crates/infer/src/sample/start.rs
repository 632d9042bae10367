//! What a start must be for samplers that cannot move from just anywhere.

use switchback_core::{Space, Support};

use crate::InferError;

/// `Ok` when every parameter of `space` is continuous, as `sampler` needs it.
///
/// # Errors
/// [`InferError::WholeNumber`] otherwise.
pub(super) fn check_continuous(space: &Space, sampler: &'static str) -> Result<(), InferError> {
    let is_whole = |support| matches!(support, Support::Integers { .. });
    let whole = space.parameters().iter().find(|p| is_whole(p.support));
    whole.map_or(Ok(()), |parameter| {
        Err(InferError::WholeNumber {
            sampler,
            parameter: parameter.name.clone(),
        })
    })
}

/// `Ok` when `logp`, the log density at a start, is finite.
///
/// # Errors
/// [`InferError::StartDensity`] otherwise.
pub(super) fn check_density(logp: f64) -> Result<(), InferError> {
    if logp.is_finite() {
        Ok(())
    } else {
        Err(InferError::StartDensity { logp })
    }
}
