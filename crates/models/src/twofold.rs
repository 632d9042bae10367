//! A number held as the exact sum of two floats, for sums that cancel.
//!
//! The error-free transformations of Dekker (1971) and Knuth (TAOCP 2, section 4.2.2); their composition as in
//! Hida, Li and Bailey, *Algorithms for quad-double precision floating point arithmetic* (2001), section 3.

/// `hi + lo`, about 32 significant digits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Twofold {
    hi: f64,
    lo: f64,
}

impl Twofold {
    /// `a + b` without error.
    pub(crate) fn sum_of(a: f64, b: f64) -> Self {
        let hi = a + b;
        let from_b = hi - a;
        Self {
            hi,
            lo: (a - (hi - from_b)) + (b - from_b),
        }
    }

    /// `a b` without error.
    pub(crate) fn product_of(a: f64, b: f64) -> Self {
        let hi = a * b;
        Self {
            hi,
            lo: a.mul_add(b, -hi),
        }
    }

    /// `a + b` without error where `|a| >= |b|`.
    fn ordered_sum_of(a: f64, b: f64) -> Self {
        let hi = a + b;
        Self {
            hi,
            lo: b - (hi - a),
        }
    }

    /// `self + other`.
    pub(crate) fn plus(self, other: Self) -> Self {
        let high = Self::sum_of(self.hi, other.hi);
        let low = Self::sum_of(self.lo, other.lo);
        let sum = Self::ordered_sum_of(high.hi, high.lo + low.hi);
        Self::ordered_sum_of(sum.hi, sum.lo + low.lo)
    }

    /// `self - other`.
    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(Self {
            hi: -other.hi,
            lo: -other.lo,
        })
    }

    /// `self * self`.
    pub(crate) fn squared(self) -> Self {
        let square = self.hi * self.hi;
        let error = self.hi.mul_add(self.hi, -square);
        Self::ordered_sum_of(square, error + (2.0 * self.hi + self.lo) * self.lo)
    }

    /// `self / divisor`.
    pub(crate) fn over(self, divisor: f64) -> Self {
        let quotient = self.hi / divisor;
        let rest = quotient.mul_add(-divisor, self.hi) + self.lo;
        Self::ordered_sum_of(quotient, rest / divisor)
    }

    /// The nearest float.
    pub(crate) fn value(self) -> f64 {
        self.hi + self.lo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64) -> Twofold {
        Twofold::sum_of(value, 0.0)
    }

    #[test]
    fn what_a_float_loses_is_kept() {
        let third = of(1.0).over(3.0);
        let rest = third.plus(third).plus(third).minus(of(1.0)).value();
        assert!(rest.abs() < 1e-31, "{rest}");
        // (2^30 + 2^-20)^2 - 2^60 = 2^11 + 2^-40, of which a plain float keeps the first part at most.
        let square = Twofold::sum_of(2.0_f64.powi(30), 2.0_f64.powi(-20)).squared();
        let rest = square.minus(of(2.0_f64.powi(60))).minus(of(2048.0));
        assert_eq!(rest.value(), 2.0_f64.powi(-40));
        assert_eq!(Twofold::sum_of(1e30, 1.0).minus(of(1e30)).value(), 1.0);
    }
}
