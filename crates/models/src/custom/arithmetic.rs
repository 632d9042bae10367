//! What a log density is written in: numbers, or whatever calculates like them.

use std::ops::{Add, Div, Mul, Neg, Sub};

use statrs::function::gamma::ln_gamma;

/// Numbers, or whatever calculates like them: a batch of numbers on a device, say.
///
/// A [`super::Distribution`] is written once in these operations, for all of them.
pub trait Arithmetic:
    Clone
    + From<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Whether something holds, number by number.
    type Mask: Clone;

    /// The natural logarithm.
    fn ln(self) -> Self;

    /// `ln(1 + x)`, to full precision for a small `x`.
    fn ln_1p(self) -> Self;

    /// `ln gamma(x)` of a positive `x`.
    fn ln_gamma(self) -> Self;

    /// `self ln x`, and 0 where `self` is 0, whatever `x` is.
    fn times_ln(self, x: Self) -> Self;

    /// Where it is less than `other`.
    fn is_below(&self, other: &Self) -> Self::Mask;

    /// Where it is no whole number; infinities are none.
    fn is_fractional(&self) -> Self::Mask;

    /// Where either holds.
    fn either(one: Self::Mask, other: Self::Mask) -> Self::Mask;

    /// `other` where `mask` holds, else itself.
    fn replaced(self, mask: &Self::Mask, other: Self) -> Self;
}

impl Arithmetic for f64 {
    type Mask = bool;

    fn ln(self) -> Self {
        f64::ln(self)
    }

    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }

    fn ln_gamma(self) -> Self {
        // Elsewhere statrs has the reflection formula.
        if self > 0.0 { ln_gamma(self) } else { f64::NAN }
    }

    fn times_ln(self, x: Self) -> Self {
        if self == 0.0 { 0.0 } else { self * x.ln() }
    }

    fn is_below(&self, other: &Self) -> bool {
        self < other
    }

    fn is_fractional(&self) -> bool {
        // Of an infinity it is NaN; a NaN is to stay what it is.
        !self.is_nan() && self.fract() != 0.0
    }

    fn either(one: bool, other: bool) -> bool {
        one || other
    }

    fn replaced(self, mask: &bool, other: Self) -> Self {
        if *mask { other } else { self }
    }
}

/// The derivative of `ln gamma` at a positive `x`; `NaN` elsewhere.
pub fn digamma(x: f64) -> f64 {
    if x > 0.0 {
        statrs::function::gamma::digamma(x)
    } else {
        f64::NAN
    }
}
