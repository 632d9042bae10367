//! Convergence diagnostics: pure functions on draws.
//!
//! The definitions are those of Vehtari, Gelman, Simpson, Carpenter and Bürkner, "Rank-normalization, folding, and
//! localization: an improved R-hat for assessing convergence of MCMC" (Bayesian Analysis 16(2), 2021), called "the
//! paper" below, in the form in which ArviZ 1.x computes them (arviz-stats 1.3.3 is what the tests compare with).
//!
//! # Input
//!
//! [`psis`], which judges an approximation by the ratios of its draws, takes those ratios and follows ArviZ 0.23.4. All
//! else takes the draws of one parameter, `chains: &[&[f64]]`: one slice a chain, all of the same length, at least
//! [`MIN_DRAWS`] long. Any other shape is a [`DiagnosticsError`].
//!
//! ```
//! let (first, second) = ([0.1, 0.4, 0.2, 0.3, 0.5], [9.9, 9.6, 9.8, 9.7, 9.5]);
//! let row = switchback_diagnostics::summary("tau", &[&first, &second])?;
//! assert!(row.r_hat > 1.5, "two chains far apart have not converged: {row:?}");
//! # Ok::<(), switchback_diagnostics::DiagnosticsError>(())
//! ```
//!
//! # Corner cases
//!
//! Every function gives a defined answer, and none panics:
//!
//! | draws | answer | as in |
//! |---|---|---|
//! | one of them is NaN or infinite | every number is NaN | R posterior; ArviZ for NaN only |
//! | all equal | `r_hat` NaN; every ESS is the number of draws kept by the split; `mcse_mean` and `mcse_quantile` 0; `mcse_sd` NaN | ArviZ |
//! | each chain constant, the chains differ | `r_hat` infinite, ESS near the number of chains | ArviZ up to rounding |
//! | one chain only | `r_hat` NaN: one chain cannot disagree with another | ArviZ |
//! | deviations whose squares leave the range of f64 | NaN, or the answer for equal draws | |
//!
//! An ESS of constant draws says nothing about mixing: judge a parameter by `r_hat` first, and take NaN for a failure.
//!
//! Draws that spread over less than `1e-15` of their largest magnitude count as equal. ArviZ compares the spread itself
//! with `1e-15`, so that there a parameter in very small units counts as constant; here the units do not matter.
//!
//! Importance ratios have no chains and no shape that is an error:
//!
//! | log ratios | answer of [`psis`] | as in |
//! |---|---|---|
//! | one is NaN or `+inf`, or all are `-inf` | every number is NaN | ArviZ for the weights; its k is infinite |
//! | constant, or fewer than 21 | `pareto_k` infinite, the weights not smoothed | ArviZ |
//! | apart by rounding alone | `pareto_k` infinite, the weights not smoothed | ArviZ gives NaN weights |
//! | some are `-inf` | their weight is 0 | ArviZ |
//!
//! A chain of odd length loses its middle draw when it is split; quantiles, means and standard deviations keep it.

mod autocorrelation;
mod beta;
mod chains;
mod e_bfmi;
mod error;
mod ess;
mod mcse;
mod moments;
mod pareto_k;
mod quantile;
mod r_hat;
mod rank;
mod summary;

pub use autocorrelation::{autocorrelation, autocorrelation_time};
pub use chains::MIN_DRAWS;
pub use e_bfmi::e_bfmi;
pub use error::DiagnosticsError;
pub use ess::{ess_bulk, ess_mean, ess_quantile, ess_sd, ess_tail, ess_tail_at};
pub use mcse::{mcse_mean, mcse_quantile, mcse_sd};
pub use pareto_k::{Smoothed, psis};
pub use quantile::{quantile, quantiles};
pub use r_hat::r_hat;
pub use summary::{Summary, summary};
