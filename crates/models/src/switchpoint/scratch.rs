//! What every density does with a batch: row by row, and with a little memory that is not on the heap.

use switchback_core::DensityError;

/// Numbers that fit without the heap: a Normal model of five free switches needs 22.
const INLINE: usize = 24;

/// Writes `of` each row of `positions` (row-major `batch x dim`) to `values` (`batch`).
///
/// # Errors
/// When the slices do not fit together.
pub(super) fn each_row(
    dim: usize,
    positions: &[f64],
    values: &mut [f64],
    mut of: impl FnMut(&[f64]) -> f64,
) -> Result<(), DensityError> {
    DensityError::check_shape(dim, positions.len(), values.len())?;
    for (position, value) in positions.chunks_exact(dim).zip(values) {
        *value = of(position);
    }
    Ok(())
}

/// [`each_row`] where `of` also writes the row of `grads` (row-major `batch x dim`).
///
/// # Errors
/// When the slices do not fit together.
pub(super) fn each_row_and_gradient(
    dim: usize,
    positions: &[f64],
    values: &mut [f64],
    grads: &mut [f64],
    mut of: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Result<(), DensityError> {
    DensityError::check_shape(dim, grads.len(), values.len())?;
    let mut grads = grads.chunks_exact_mut(dim);
    each_row(dim, positions, values, |position| {
        // The check above has counted a gradient for every value.
        grads.next().map_or(f64::NAN, |grad| of(position, grad))
    })
}

/// Calls `with` on `len` zeros, on the stack where they fit.
pub(super) fn with_scratch<R>(len: usize, with: impl FnOnce(&mut [f64]) -> R) -> R {
    let mut inline = [0.0; INLINE];
    match inline.get_mut(..len) {
        Some(scratch) => with(scratch),
        None => with(&mut vec![0.0; len]),
    }
}

/// `log_likelihood` plus `rest`, where `-inf` wins over everything but a `NaN` that was put in.
pub(super) fn outside_or(log_likelihood: f64, rest: impl FnOnce() -> f64) -> f64 {
    if log_likelihood == f64::NEG_INFINITY || log_likelihood.is_nan() {
        return log_likelihood;
    }
    let sum = log_likelihood + rest();
    if sum.is_nan() { f64::NEG_INFINITY } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_meet_their_values_and_gradients() {
        let positions = [1.0, 2.0, 3.0, 4.0];
        let (mut values, mut grads) = ([0.0; 2], [0.0; 4]);
        each_row_and_gradient(2, &positions, &mut values, &mut grads, |position, grad| {
            grad.copy_from_slice(position);
            position[0] * position[1]
        })
        .expect("the shapes fit");
        assert_eq!((values, grads), ([2.0, 12.0], positions));
        let count = |values: &mut [f64], grads: &mut [f64]| {
            each_row_and_gradient(2, &positions, values, grads, |_, _| 0.0)
        };
        assert!(count(&mut [0.0; 3], &mut grads).is_err());
        assert!(count(&mut values, &mut [0.0; 3]).is_err());
        assert!(each_row(3, &positions, &mut values, |_| 0.0).is_err());
    }

    #[test]
    fn scratch_is_as_long_as_asked_and_zero() {
        for len in [0, 5, INLINE, INLINE + 1, 1000] {
            with_scratch(len, |scratch| assert_eq!(scratch, vec![0.0; len]));
        }
    }
}
