//! Numbers of about 31 digits, by themselves: nothing of the crate under test is used here.
//!
//! Sums and products after Hida, Li and Bailey (2001), section 3; exponential and logarithm by a series and a step of Newton.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `hi + lo`, with `lo` at most half a unit in the last place of `hi`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Double {
    pub hi: f64,
    pub lo: f64,
}

pub const ZERO: Double = Double { hi: 0.0, lo: 0.0 };
pub const ONE: Double = Double { hi: 1.0, lo: 0.0 };
const LN_2: Double = Double {
    hi: std::f64::consts::LN_2,
    lo: 2.319_046_813_846_299_6e-17,
};
/// `ln sqrt(2 pi)`.
pub const LN_SQRT_TWO_PI: Double = Double {
    hi: 0.918_938_533_204_672_8,
    lo: -3.878_294_158_067_241_6e-17,
};

impl Double {
    pub fn of(x: f64) -> Self {
        Self { hi: x, lo: 0.0 }
    }

    /// `a + b` without error.
    pub fn sum(a: f64, b: f64) -> Self {
        let hi = a + b;
        let of_b = hi - a;
        Self {
            hi,
            lo: (a - (hi - of_b)) + (b - of_b),
        }
    }

    /// `a b` without error.
    pub fn product(a: f64, b: f64) -> Self {
        let hi = a * b;
        Self {
            hi,
            lo: a.mul_add(b, -hi),
        }
    }

    pub fn value(self) -> f64 {
        self.hi + self.lo
    }

    pub fn abs(self) -> Self {
        if self.hi < 0.0 { -self } else { self }
    }

    /// Times a power of two.
    fn scaled(self, power: f64) -> Self {
        Self {
            hi: self.hi * power,
            lo: self.lo * power,
        }
    }

    /// For `|self|` up to 700.
    pub fn exp(self) -> Self {
        const HALVINGS: i32 = 9;
        let k = (self.hi / LN_2.hi).round();
        let r = (self - LN_2 * Self::of(k)).scaled(0.5_f64.powi(HALVINGS));
        // |r| < 7e-4: nine terms of exp(r) - 1 leave 1e-34.
        let mut series = ONE;
        for divisor in (2..=9).rev() {
            series = ONE + r * series / Self::of(f64::from(divisor));
        }
        let mut rest = r * series;
        for _ in 0..HALVINGS {
            rest = rest.scaled(2.0) + rest * rest;
        }
        (ONE + rest).scaled(2.0_f64.powi(k as i32))
    }

    /// Of a positive number.
    pub fn ln(self) -> Self {
        let near = Self::of(self.hi.ln());
        near + (self * (-near).exp() - ONE)
    }
}

impl Add for Double {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let high = Self::sum(self.hi, other.hi);
        let low = Self::sum(self.lo, other.lo);
        let first = Self::sum(high.hi, high.lo + low.hi);
        Self::sum(first.hi, first.lo + low.lo)
    }
}

impl Neg for Double {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            hi: -self.hi,
            lo: -self.lo,
        }
    }
}

impl Sub for Double {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + (-other)
    }
}

impl Mul for Double {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let high = Self::product(self.hi, other.hi);
        let low = self.hi * other.lo + self.lo * other.hi;
        Self::sum(high.hi, high.lo + low)
    }
}

impl Div for Double {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = self.hi / other.hi;
        let rest = self - other * Self::of(first);
        let second = rest.hi / other.hi;
        let rest = rest - other * Self::of(second);
        Self::sum(first, second) + Self::of(rest.hi / other.hi)
    }
}
