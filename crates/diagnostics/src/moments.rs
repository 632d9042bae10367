//! Means and variances that are exact for constant values.

/// The mean of `values`; NaN if there are none.
///
/// Sums distances from the first value, so that equal values have exactly their value as the mean: a chain that never
/// moved must have variance zero, not the square of a rounding error.
pub(crate) fn mean(mut values: impl Iterator<Item = f64>) -> f64 {
    let Some(first) = values.next() else {
        return f64::NAN;
    };
    let (n_values, sum) = values.fold((1usize, 0.0), |(n_values, sum), value| {
        (n_values + 1, sum + (value - first))
    });
    first + sum / n_values as f64
}

/// The mean and the variance (divisor `n - 1`) of `values`; the variance of fewer than two is NaN.
pub(crate) fn mean_and_variance(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let mean = mean(values.clone());
    let (n_values, sum) = values.fold((0usize, 0.0), |(n_values, sum), value| {
        (n_values + 1, sum + (value - mean).powi(2))
    });
    let variance = if n_values < 2 {
        f64::NAN
    } else {
        sum / (n_values - 1) as f64
    };
    (mean, variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_variance_zero() {
        assert_eq!(
            mean_and_variance(std::iter::repeat_n(0.1, 1_001)),
            (0.1, 0.0)
        );
    }

    #[test]
    fn a_small_case_by_hand() {
        assert_eq!(mean_and_variance([1.0, 2.0, 6.0].into_iter()), (3.0, 7.0));
    }

    #[test]
    fn too_few_values_are_nan() {
        assert!(mean([].into_iter()).is_nan());
        assert!(mean_and_variance([1.0].into_iter()).1.is_nan());
    }
}
