//! The potential scale reduction factor.

use crate::DiagnosticsError;
use crate::chains::{Chains, Halves};
use crate::moments::{mean, mean_and_variance};
use crate::quantile::Sorted;
use crate::rank::normal_scores;

/// The rank-normalised split R-hat: the larger of that of the draws (do the chains agree where they are?) and that of
/// their distances from the median (do they agree how wide they are?).
///
/// `chains` holds one slice a chain, of equal lengths; the answer is a ratio, 1 for chains that agree perfectly,
/// infinite for constant chains that differ; NaN for a single chain, for draws that are all equal, and if a draw is not
/// finite.
///
/// Paper, section 4.1 for the ranks, 4.2 for the distances, 3.1 for split R-hat itself. Good enough, there: below 1.01.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics.
pub fn r_hat(chains: &[&[f64]]) -> Result<f64, DiagnosticsError> {
    let chains = Chains::new(chains)?;
    Ok(chains.finite_or_nan(|chains| {
        let halves = chains.halves(|draw| draw);
        let scores = halves.with_values(normal_scores(halves.values()));
        rank_r_hat(chains.n_chains(), &halves, &scores)
    }))
}

/// R-hat of the `halves` of `n_chains` chains, whose normal scores are `scores`.
pub(crate) fn rank_r_hat(n_chains: usize, halves: &Halves, scores: &Halves) -> f64 {
    if n_chains < 2 {
        return f64::NAN;
    }
    let median = Sorted::new(halves.values().iter().copied()).median();
    let folded: Vec<f64> = halves
        .values()
        .iter()
        .map(|draw| (draw - median).abs())
        .collect();
    let bulk = plain_r_hat(scores);
    let tail = plain_r_hat(&halves.with_values(normal_scores(&folded)));
    // Draws of two values all lie equally far from the median: `tail` is NaN then, and `bulk` is the answer.
    if tail > bulk { tail } else { bulk }
}

/// R-hat of the values as they are: NaN if all are equal, infinite if only those within each row are.
fn plain_r_hat(halves: &Halves) -> f64 {
    let n_draws = halves.length() as f64;
    let moments: Vec<(f64, f64)> = halves
        .rows()
        .map(|row| mean_and_variance(row.iter().copied()))
        .collect();
    let (_, variance_of_means) = mean_and_variance(moments.iter().map(|moments| moments.0));
    let within = mean(moments.iter().map(|moments| moments.1));
    let between = n_draws * variance_of_means;
    ((between / within + n_draws - 1.0) / n_draws).sqrt()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_small_case_by_hand() {
        // Halves 0 2 | 0 2 | 4 6 | 4 6: within 2, means 1 1 5 5 of variance 16/3, between 32/3.
        let chains: [&[f64]; 2] = [&[0.0, 2.0, 0.0, 2.0], &[4.0, 6.0, 4.0, 6.0]];
        let halves = Chains::new(&chains).unwrap().halves(|draw| draw);
        let expected = ((16.0f64 / 3.0 + 1.0) / 2.0).sqrt();
        assert!((plain_r_hat(&halves) - expected).abs() < 1e-15);
    }

    #[test]
    fn chains_that_never_moved() {
        let (zero, ten) = ([0.1; 7], [10.1; 7]);
        assert_eq!(r_hat(&[&zero, &ten]), Ok(f64::INFINITY));
        assert!(r_hat(&[&zero, &zero]).unwrap().is_nan());
    }
}
