//! One row of a table: a parameter, its moments and its diagnostics.

use crate::DiagnosticsError;
use crate::chains::Chains;
use crate::ess::{EssKernel, TAIL, tail_ess};
use crate::mcse::{mean_error, sd_error};
use crate::moments::mean_and_variance;
use crate::quantile::Sorted;
use crate::r_hat::rank_r_hat;
use crate::rank::normal_scores;

/// What `arviz.summary` (1.x) says of one parameter, under its names and in its order, without its rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The name of the parameter.
    pub name: String,
    /// The mean of all draws.
    pub mean: f64,
    /// The standard deviation of all draws (divisor `S - 1`).
    pub sd: f64,
    /// The lower bound of the equal-tailed 89 % interval: the 5.5 % quantile.
    pub eti89_lb: f64,
    /// The upper bound of the equal-tailed 89 % interval: the 94.5 % quantile.
    pub eti89_ub: f64,
    /// See [`ess_bulk`](crate::ess_bulk).
    pub ess_bulk: f64,
    /// See [`ess_tail`](crate::ess_tail).
    pub ess_tail: f64,
    /// See [`r_hat`](crate::r_hat).
    pub r_hat: f64,
    /// See [`mcse_mean`](crate::mcse_mean).
    pub mcse_mean: f64,
    /// See [`mcse_sd`](crate::mcse_sd).
    pub mcse_sd: f64,
}

/// The summary of the draws of the parameter `name`.
///
/// `chains` holds one slice a chain, of equal lengths. Each field is what the function of its name gives; ranks, order
/// statistics and the transform are worked out once. Every number is NaN if a draw is not finite.
///
/// ArviZ 1.x, `summary(kind="all")`; the definitions are in the paper.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn summary(name: &str, chains: &[&[f64]]) -> Result<Summary, DiagnosticsError> {
    let chains = Chains::new(chains)?;
    if !chains.all_finite() {
        return Ok(Summary::undefined(name));
    }
    let kernel = &mut EssKernel::new(chains.half());
    let sorted = Sorted::new(chains.draws());
    let (mean, variance) = mean_and_variance(chains.draws());
    let halves = chains.halves(|draw| draw);
    let scores = halves.with_values(normal_scores(halves.values()));
    let edge = (1.0 - TAIL) / 2.0;
    Ok(Summary {
        name: name.to_owned(),
        mean,
        sd: variance.sqrt(),
        eti89_lb: sorted.quantile(edge),
        eti89_ub: sorted.quantile(1.0 - edge),
        r_hat: rank_r_hat(chains.n_chains(), &halves, &scores),
        ess_bulk: kernel.ess(scores),
        ess_tail: tail_ess(kernel, chains, &sorted, [1.0 - TAIL, TAIL]),
        mcse_mean: mean_error(kernel, chains, variance),
        mcse_sd: sd_error(kernel, chains, mean),
    })
}

impl Summary {
    /// The summary of draws that are not all finite.
    fn undefined(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            mean: f64::NAN,
            sd: f64::NAN,
            eti89_lb: f64::NAN,
            eti89_ub: f64::NAN,
            ess_bulk: f64::NAN,
            ess_tail: f64::NAN,
            r_hat: f64::NAN,
            mcse_mean: f64::NAN,
            mcse_sd: f64::NAN,
        }
    }
}
