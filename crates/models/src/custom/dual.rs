//! Numbers that carry their derivative along: forward differentiation of one function of one number.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Arithmetic, digamma};

/// A number and its derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dual {
    pub value: f64,
    pub slope: f64,
}

impl Dual {
    /// The number that is differentiated by.
    pub fn variable(value: f64) -> Self {
        Self { value, slope: 1.0 }
    }
}

impl From<f64> for Dual {
    fn from(value: f64) -> Self {
        Self { value, slope: 0.0 }
    }
}

impl Add for Dual {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            slope: self.slope + other.slope,
        }
    }
}

impl Sub for Dual {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Dual {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            slope: self.slope * other.value + self.value * other.slope,
        }
    }
}

impl Div for Dual {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self {
            value,
            slope: (self.slope - value * other.slope) / other.value,
        }
    }
}

impl Neg for Dual {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            value: -self.value,
            slope: -self.slope,
        }
    }
}

impl Arithmetic for Dual {
    type Mask = bool;

    fn ln(self) -> Self {
        Self {
            value: self.value.ln(),
            slope: self.slope / self.value,
        }
    }

    fn ln_1p(self) -> Self {
        Self {
            value: self.value.ln_1p(),
            slope: self.slope / (1.0 + self.value),
        }
    }

    fn ln_gamma(self) -> Self {
        Self {
            value: Arithmetic::ln_gamma(self.value),
            slope: if self.slope == 0.0 {
                0.0
            } else {
                self.slope * digamma(self.value)
            },
        }
    }

    fn times_ln(self, x: Self) -> Self {
        if self.value == 0.0 && self.slope == 0.0 {
            0.0.into()
        } else {
            self * x.ln()
        }
    }

    fn is_below(&self, other: &Self) -> bool {
        self.value < other.value
    }

    fn is_fractional(&self) -> bool {
        self.value.is_fractional()
    }

    fn either(one: bool, other: bool) -> bool {
        one || other
    }

    fn replaced(self, mask: &bool, other: Self) -> Self {
        if *mask { other } else { self }
    }
}
