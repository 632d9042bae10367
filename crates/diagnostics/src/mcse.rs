//! Monte Carlo standard errors.

use crate::DiagnosticsError;
use crate::beta::beta_quantile;
use crate::chains::Chains;
use crate::ess::{EssKernel, mean_ess, quantile_ess, sd_ess};
use crate::moments::{mean, mean_and_variance};
use crate::quantile::{Sorted, check_probability};

/// The standard error of the mean of all draws: their standard deviation over the root of
/// [`ess_mean`](crate::ess_mean).
///
/// `chains` holds one slice a chain, of equal lengths; the answer is in the units of the draws, 0 if all are equal, NaN
/// if one is not finite.
///
/// Paper, section 3.2, where the effective sample size is defined by it.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn mcse_mean(chains: &[&[f64]]) -> Result<f64, DiagnosticsError> {
    let chains = Chains::new(chains)?;
    Ok(chains.finite_or_nan(|chains| {
        let (_, variance) = mean_and_variance(chains.draws());
        mean_error(&mut EssKernel::new(chains.half()), chains, variance)
    }))
}

/// The standard error of the standard deviation of all draws, by the delta method from the second and the fourth
/// moment and [`ess_sd`](crate::ess_sd).
///
/// `chains` holds one slice a chain, of equal lengths; the answer is in the units of the draws, NaN if all are equal or
/// one is not finite. Means nothing where the fourth moment does not exist.
///
/// ArviZ's and R posterior's estimate, after Kenney and Keeping, "Mathematics of Statistics" (1951), part two, page
/// 141; the paper has none that uses moments.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn mcse_sd(chains: &[&[f64]]) -> Result<f64, DiagnosticsError> {
    let chains = Chains::new(chains)?;
    Ok(chains.finite_or_nan(|chains| {
        let mean = mean(chains.draws());
        sd_error(&mut EssKernel::new(chains.half()), chains, mean)
    }))
}

/// The standard error of the quantile at `probability`: half the width of the interval between two order statistics
/// which holds one standard deviation either side, from [`ess_quantile`](crate::ess_quantile).
///
/// `chains` holds one slice a chain, of equal lengths; the answer is in the units of the draws, 0 if all are equal, NaN
/// if one is not finite.
///
/// Paper, section 4.4. The probabilities that its beta distribution is cut at are those of ArviZ, 0.1586553 and
/// 0.8413447.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics, or a probability outside `[0, 1]`.
pub fn mcse_quantile(chains: &[&[f64]], probability: f64) -> Result<f64, DiagnosticsError> {
    check_probability(probability)?;
    let chains = Chains::new(chains)?;
    Ok(chains.finite_or_nan(|chains| {
        let sorted = Sorted::new(chains.draws());
        let mut kernel = EssKernel::new(chains.half());
        let ess = quantile_ess(&mut kernel, chains, &sorted, probability);
        let [low, high] = [0.158_655_3, 0.841_344_7].map(|cut| {
            beta_quantile(
                ess * probability + 1.0,
                ess * (1.0 - probability) + 1.0,
                cut,
            )
        });
        let size = sorted.len() as f64;
        let below = sorted.at((low * size - 1.0).floor());
        let above = sorted.at((high * size - 1.0).ceil());
        (above - below) / 2.0
    }))
}

/// The standard error of the mean; `variance` is that of all draws.
pub(crate) fn mean_error(kernel: &mut EssKernel, chains: Chains<'_>, variance: f64) -> f64 {
    (variance / mean_ess(kernel, chains)).sqrt()
}

/// The standard error of the standard deviation; `mean` is that of all draws.
pub(crate) fn sd_error(kernel: &mut EssKernel, chains: Chains<'_>, mean: f64) -> f64 {
    let ess = sd_ess(kernel, chains, mean);
    let (second, fourth) = chains
        .draws()
        .map(|draw| (draw - mean).powi(2))
        .fold((0.0, 0.0), |(second, fourth), square| {
            (second + square, fourth + square * square)
        });
    let size = chains.size() as f64;
    let (second, fourth) = (second / size, fourth / size);
    // Rounding may take the difference a little below zero where all draws lie equally far from the mean.
    let variance_of_variance = (fourth - second * second).max(0.0) / ess;
    (variance_of_variance / second / 4.0).sqrt()
}
