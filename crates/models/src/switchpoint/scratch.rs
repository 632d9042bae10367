//! A little memory that is not on the heap, and what is outside of a support.

/// Numbers that fit without the heap: a Normal model of five free switches needs 22 a position, and eight positions side by side
/// of one with a switch need 40.
const INLINE: usize = 24;
const INLINE_ABREAST: usize = 96;

/// Calls `with` on `len` zeros, on the stack where they fit.
#[inline]
pub(super) fn with_scratch<R>(len: usize, with: impl FnOnce(&mut [f64]) -> R) -> R {
    if len <= INLINE {
        with(&mut [0.0; INLINE][..len])
    } else if len <= INLINE_ABREAST {
        with(&mut [0.0; INLINE_ABREAST][..len])
    } else {
        with(&mut vec![0.0; len])
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
    fn scratch_is_as_long_as_asked_and_zero() {
        for len in [0, 5, INLINE, INLINE + 1, INLINE_ABREAST, INLINE_ABREAST + 1] {
            with_scratch(len, |scratch| assert_eq!(scratch, vec![0.0; len]));
        }
    }
}
