//! Effective sample sizes.

use crate::DiagnosticsError;
use crate::autocorrelation::Autocovariance;
use crate::chains::{Chains, Halves};
use crate::moments::{mean, mean_and_variance};
use crate::quantile::{Sorted, check_probability};
use crate::rank::normal_scores;

/// The probability that ArviZ 1.x gives its intervals, and with `1 - TAIL` the quantiles of its tail ESS.
pub(crate) const TAIL: f64 = 0.89;

/// The effective sample size of the rank-normalised draws: how well the bulk of the distribution is explored.
///
/// `chains` holds one slice a chain, of equal lengths; the answer is a number of draws, more than there are for
/// antithetic chains, at most `S log10 S` (`S` draws), NaN if a draw is not finite and `S` if all are equal.
///
/// Paper, sections 3.2 and 4.1. Enough, there: 100 a chain.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn ess_bulk(chains: &[&[f64]]) -> Result<f64, DiagnosticsError> {
    measure(chains, |kernel, chains| {
        let halves = chains.halves(|draw| draw);
        kernel.ess(halves.with_values(normal_scores(halves.values())))
    })
}

/// The smaller of the effective sample sizes of the 11 % and the 89 % quantile: how well the tails are explored.
///
/// `chains` holds one slice a chain, of equal lengths; the answer is a number of draws, bounded as [`ess_bulk`] is,
/// NaN if a draw is not finite.
///
/// Paper, section 4.3, at the quantiles which ArviZ 1.x takes by default (its `stats.ci_prob` of 0.89 and one minus
/// that). The paper, ArviZ before 1.0 and R posterior take 5 % and 95 %: `ess_tail_at(chains, [0.05, 0.95])`.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn ess_tail(chains: &[&[f64]]) -> Result<f64, DiagnosticsError> {
    ess_tail_at(chains, [1.0 - TAIL, TAIL])
}

/// The smaller of the effective sample sizes of the quantiles at two `probabilities`.
///
/// `chains` holds one slice a chain, of equal lengths; the answer is a number of draws, bounded as [`ess_bulk`] is,
/// NaN if a draw is not finite.
///
/// Paper, section 4.3, where the probabilities are 0.05 and 0.95.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics, or a probability outside `[0, 1]`.
pub fn ess_tail_at(chains: &[&[f64]], probabilities: [f64; 2]) -> Result<f64, DiagnosticsError> {
    probabilities.into_iter().try_for_each(check_probability)?;
    measure(chains, |kernel, chains| {
        tail_ess(kernel, chains, &Sorted::new(chains.draws()), probabilities)
    })
}

/// The effective sample size for the mean of the draws as they are, without rank normalisation.
///
/// `chains` holds one slice a chain, of equal lengths; the answer is a number of draws, bounded as [`ess_bulk`] is,
/// NaN if a draw is not finite and `S` if all are equal. Means nothing where the mean or the variance does not exist.
///
/// Paper, section 3.2, on split chains.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn ess_mean(chains: &[&[f64]]) -> Result<f64, DiagnosticsError> {
    measure(chains, mean_ess)
}

/// The effective sample size for the standard deviation: that of the squared distances from the mean of all draws.
///
/// `chains` holds one slice a chain, of equal lengths; the answer is a number of draws, bounded as [`ess_bulk`] is,
/// NaN if a draw is not finite and `S` if all are equal.
///
/// Paper, section 3.2, on the squares, as ArviZ and R posterior do.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn ess_sd(chains: &[&[f64]]) -> Result<f64, DiagnosticsError> {
    measure(chains, |kernel, chains| {
        sd_ess(kernel, chains, mean(chains.draws()))
    })
}

/// The effective sample size for the quantile at `probability`: that of the indicators of draws at or below it.
///
/// `chains` holds one slice a chain, of equal lengths; the answer is a number of draws, bounded as [`ess_bulk`] is,
/// NaN if a draw is not finite, and `S` where all indicators agree, as they do for a probability of 1.
///
/// Paper, section 4.3; the quantile is [`quantile`](crate::quantile).
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics, or a probability outside `[0, 1]`.
pub fn ess_quantile(chains: &[&[f64]], probability: f64) -> Result<f64, DiagnosticsError> {
    check_probability(probability)?;
    measure(chains, |kernel, chains| {
        quantile_ess(kernel, chains, &Sorted::new(chains.draws()), probability)
    })
}

/// Checks the chains and measures them, with one planned transform for all that the measure asks for.
fn measure(
    chains: &[&[f64]],
    statistic: impl FnOnce(&mut EssKernel, Chains<'_>) -> f64,
) -> Result<f64, DiagnosticsError> {
    let chains = Chains::new(chains)?;
    Ok(chains.finite_or_nan(|chains| statistic(&mut EssKernel::new(chains.half()), chains)))
}

pub(crate) fn mean_ess(kernel: &mut EssKernel, chains: Chains<'_>) -> f64 {
    kernel.ess(chains.halves(|draw| draw))
}

/// The ESS of squared distances from `mean`, the mean of all draws.
pub(crate) fn sd_ess(kernel: &mut EssKernel, chains: Chains<'_>, mean: f64) -> f64 {
    kernel.ess(chains.halves(|draw| (draw - mean).powi(2)))
}

/// The ESS of indicators; `sorted` holds all draws.
pub(crate) fn quantile_ess(
    kernel: &mut EssKernel,
    chains: Chains<'_>,
    sorted: &Sorted,
    probability: f64,
) -> f64 {
    let quantile = sorted.quantile(probability);
    kernel.ess(chains.halves(|draw| f64::from(u8::from(draw <= quantile))))
}

pub(crate) fn tail_ess(
    kernel: &mut EssKernel,
    chains: Chains<'_>,
    sorted: &Sorted,
    probabilities: [f64; 2],
) -> f64 {
    let [low, high] =
        probabilities.map(|probability| quantile_ess(kernel, chains, sorted, probability));
    low.min(high)
}

/// Measures half chains of one length; the transform is planned once.
pub(crate) struct EssKernel(Autocovariance);

impl EssKernel {
    pub(crate) fn new(half: usize) -> Self {
        Self(Autocovariance::new(half))
    }

    /// The effective sample size of the mean of `halves` (paper, section 3.2; ArviZ's `_ess`).
    pub(crate) fn ess(&mut self, mut halves: Halves) -> f64 {
        let size = halves.values().len() as f64;
        if is_constant(halves.values()) {
            return size;
        }
        let n_draws = halves.length() as f64;
        let (_, between) = mean_and_variance(halves.centre().into_iter());
        let covariances = self.0.mean_over(halves.rows());
        let biased = covariances.first().copied().unwrap_or(f64::NAN);
        let within = biased * n_draws / (n_draws - 1.0);
        let total = biased + between;
        let time = autocorrelation_time_by_geyer(
            covariances
                .iter()
                .map(|covariance| 1.0 - (within - covariance) / total),
        );
        // Antithetic chains may give a time of next to nothing: the paper bounds it, section 3.2.
        let least = 1.0 / size.log10();
        size / if time < least { least } else { time }
    }
}

/// Whether the values are equal up to rounding of their magnitude, in any units.
fn is_constant(values: &[f64]) -> bool {
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
            (low.min(value), high.max(value))
        });
    high - low <= 1e-15 * low.abs().max(high.abs())
}

/// The integrated autocorrelation time from correlations at lags 0, 1, 2, ... (at least two of them).
///
/// Sums Geyer's initial positive sequence, made monotone: pairs of an even and the next odd lag, as long as their sums
/// are positive. The even lag after the last pair counts once where it is positive, which helps antithetic chains
/// (paper, section 3.2, after Geyer 1992). The search ends short of the last lags where ArviZ's does.
fn autocorrelation_time_by_geyer(mut correlations: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n_lags = correlations.len();
    let mut pairs: Vec<[f64; 2]> = Vec::new();
    // The correlation at lag 0 is 1 by definition; the formula between chains gives a little less.
    correlations.next();
    let mut pair = [1.0, correlations.next().unwrap_or(f64::NAN)];
    while pair[0] + pair[1] > 0.0 && 2 * pairs.len() + 4 < n_lags {
        pairs.push(pair);
        pair = [(); 2].map(|()| correlations.next().unwrap_or(f64::NAN));
    }
    // Here `pair` is the first that does not count in full.
    let [even, odd] = pair;
    if odd.is_nan() {
        return f64::NAN;
    }
    let rest = if even > 0.0 || even + odd >= 0.0 {
        even
    } else {
        0.0
    };
    make_monotone(&mut pairs);
    2.0 * pairs.iter().flatten().sum::<f64>() + rest - 1.0
}

/// Lets no pair have a larger sum than the pair before it: Geyer's initial monotone sequence.
fn make_monotone(pairs: &mut [[f64; 2]]) {
    let mut last = f64::INFINITY;
    for pair in pairs {
        let sum = pair[0] + pair[1];
        if sum > last {
            *pair = [last / 2.0; 2];
        } else {
            last = sum;
        }
    }
}
