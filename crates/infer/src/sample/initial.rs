//! Where chains start: each at a switch of its own, far from the others.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use switchback_core::{ChainRng, Space, Support, tau_of};
use switchback_models::Profile;

use crate::InferError;

/// A start on the natural scale for one chain: a switch drawn evenly from those that the data allow, with the
/// regimes that fit it best, each shaken by about a third of its standard deviation.
///
/// Starts drawn so are spread far wider than the posterior wherever the data say where the switch is.
/// `space` holds `mu1, mu2, sigma1, sigma2` and either `s` or `tau`.
///
/// # Errors
/// When the profile has no switch to offer, which [`Profile::of`] rules out, or the start lies outside `space`.
pub fn dispersed(
    space: &Space,
    profile: &Profile,
    chain: usize,
    rng: &mut ChainRng,
) -> Result<Vec<f64>, InferError> {
    let fits = profile.fits();
    let Some(fit) = fits.get(rng.random_range(0..fits.len().max(1))) else {
        return Err(InferError::NoStart { chain, tries: 1 });
    };
    let mut noise = || {
        let noise: f64 = StandardNormal.sample(rng);
        noise / 3.0
    };
    let is_whole = space
        .parameters()
        .last()
        .is_some_and(|switch| matches!(switch.support, Support::Integers { .. }));
    let switch = if is_whole {
        fit.s as f64
    } else {
        tau_of(fit.s)
    };
    let values = [
        fit.mu1 + fit.sigma1 * noise(),
        fit.mu2 + fit.sigma2 * noise(),
        fit.sigma1 * noise().exp(),
        fit.sigma2 * noise().exp(),
        switch,
    ];
    Ok(space.unconstrain(&values)?)
}
