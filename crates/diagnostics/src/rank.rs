//! Rank normalisation.

use statrs::distribution::{ContinuousCDF, Normal};

/// The normal scores of `values`: the standard normal quantile at `(r - 3/8) / (S + 1/4)` for the rank `r` of each
/// among all `S`, equal values sharing the average of their ranks (paper, section 4.1; the offset is Blom's, 1958).
///
/// The values are finite.
pub(crate) fn normal_scores(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let normal = Normal::standard();
    let mut scores = vec![0.0; values.len()];
    let mut below = 0;
    for ties in order.chunk_by(|left, right| left.0 == right.0) {
        // Ranks count from 1: these ties hold `below + 1 ..= below + ties.len()`.
        let rank = below as f64 + (ties.len() + 1) as f64 / 2.0;
        let score = normal.inverse_cdf((rank - 0.375) / (values.len() as f64 + 0.25));
        for &(_, index) in ties {
            scores[index] = score;
        }
        below += ties.len();
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_the_average_rank() {
        let scores = normal_scores(&[5.0, 1.0, 1.0, 3.0, -0.0, 0.0]);
        assert_eq!(scores[1], scores[2]);
        assert_eq!(scores[4], scores[5]);
        // scipy.stats.norm.ppf((np.array([6, 3.5, 3.5, 5, 1.5, 1.5]) - 0.375) / 6.25)
        let expected = [
            1.281_551_565_544_600_4,
            0.0,
            0.0,
            0.643_345_405_392_917,
            -0.915_365_087_842_814,
            -0.915_365_087_842_814,
        ];
        for (score, expected) in scores.iter().zip(expected) {
            assert!((score - expected).abs() < 1e-12, "{score} {expected}");
        }
    }
}
