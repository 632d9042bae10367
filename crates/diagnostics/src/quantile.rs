//! Sample quantiles by linear interpolation.

use crate::DiagnosticsError;
use crate::chains::Chains;

/// The quantile at `probability` of all draws together, by linear interpolation between order statistics.
///
/// `chains` holds one slice a chain, of equal lengths; the answer is in the units of the draws, NaN if a draw is not
/// finite.
///
/// Definition 7 of Hyndman and Fan, "Sample quantiles in statistical packages" (The American Statistician 50(4),
/// 1996): the default of NumPy, ArviZ and R.
///
/// # Errors
///
/// [`DiagnosticsError`] for a shape without diagnostics, or a probability outside `[0, 1]`.
pub fn quantile(chains: &[&[f64]], probability: f64) -> Result<f64, DiagnosticsError> {
    check_probability(probability)?;
    let chains = Chains::new(chains)?;
    Ok(chains.finite_or_nan(|chains| Sorted::new(chains.draws()).quantile(probability)))
}

/// [`quantile`] at each of several probabilities, for one sorting.
///
/// # Errors
///
/// As [`quantile`].
pub fn quantiles(chains: &[&[f64]], probabilities: &[f64]) -> Result<Vec<f64>, DiagnosticsError> {
    probabilities
        .iter()
        .try_for_each(|probability| check_probability(*probability))?;
    let chains = Chains::new(chains)?;
    let sorted = Sorted::new(chains.draws());
    let at = |probability: &f64| chains.finite_or_nan(|_| sorted.quantile(*probability));
    Ok(probabilities.iter().map(at).collect())
}

/// The error of a number that is no probability, if it is none.
pub(crate) fn check_probability(probability: f64) -> Result<(), DiagnosticsError> {
    if (0.0..=1.0).contains(&probability) {
        Ok(())
    } else {
        Err(DiagnosticsError::InvalidProbability { probability })
    }
}

/// Values in ascending order; never empty.
pub(crate) struct Sorted(Vec<f64>);

impl Sorted {
    /// Sorts at least one value.
    pub(crate) fn new(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        debug_assert!(!values.is_empty());
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value of 0-based rank `rank`, of the nearest rank there is if it lies outside.
    pub(crate) fn at(&self, rank: f64) -> f64 {
        // The cast saturates: a negative rank is 0.
        self.0[(rank as usize).min(self.0.len() - 1)]
    }

    /// The quantile at a probability in `[0, 1]`.
    ///
    /// The order of operations is NumPy's, to the last bit: the indicators of `draw <= quantile` depend on it where
    /// the quantile falls on a draw.
    pub(crate) fn quantile(&self, probability: f64) -> f64 {
        let rank = (self.0.len() - 1) as f64 * probability;
        let below = rank.floor();
        let weight = rank - below;
        let (low, high) = (self.at(below), self.at(below + 1.0));
        let step = high - low;
        if weight >= 0.5 {
            high - step * (1.0 - weight)
        } else {
            low + step * weight
        }
    }

    /// The middle value, or the mean of the middle two.
    pub(crate) fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        if self.0.len() % 2 == 1 {
            self.0[middle]
        } else {
            // An even length that is not 0 is at least 2.
            (self.0[middle - 1] + self.0[middle]) / 2.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolates_between_order_statistics() {
        let sorted = Sorted::new([4.0, 1.0, 3.0, 2.0].into_iter());
        for (probability, expected) in
            [(0.0, 1.0), (0.25, 1.75), (0.5, 2.5), (0.9, 3.7), (1.0, 4.0)]
        {
            assert!((sorted.quantile(probability) - expected).abs() < 1e-15);
        }
        assert_eq!(sorted.median(), 2.5);
        assert_eq!(Sorted::new([3.0, 1.0, 7.0].into_iter()).median(), 3.0);
    }

    #[test]
    fn rounds_as_numpy_does() {
        // numpy.quantile([-1.6, -0.5, 0.2, 0.3, 0.8], 0.48), numpy 2.5.5; from the lower end it would end in 99.
        let sorted = Sorted::new([-1.6, -0.5, 0.2, 0.3, 0.8].into_iter());
        assert_eq!(sorted.quantile(0.48), 0.143_999_999_999_999_96);
    }

    #[test]
    fn what_is_no_probability_is_an_error() {
        for probability in [-0.1, 1.1, f64::NAN] {
            assert!(matches!(
                quantile(&[&[1.0; 4]], probability),
                Err(DiagnosticsError::InvalidProbability { .. })
            ));
        }
    }
}
