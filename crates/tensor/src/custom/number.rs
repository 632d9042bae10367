//! A number of a distribution: the same for all, or a tensor that is broadcast.

use std::ops::{Add, Div, Mul, Neg, Sub};

use burn::tensor::{Bool, Tensor};
use switchback_models::custom::Arithmetic;

use super::ln_gamma::ln_gamma;

/// A number that is the same for all positions and observations, or a tensor of numbers that is broadcast: a column
/// `[positions, 1]`, a row `[1, observations]`, or both `[positions, observations]`.
#[derive(Debug, Clone)]
pub enum Number {
    /// The same for all.
    Same(f64),
    /// One each.
    Each(Tensor<2>),
}

impl Number {
    /// The sum over the observations, one a position: `[positions, 1]`, or what it is where it is the same for all.
    pub fn sum(self) -> Self {
        match self {
            Self::Same(number) => Self::Same(number),
            Self::Each(tensor) => Self::Each(tensor.sum_dim(1)),
        }
    }

    /// One function of both kinds.
    fn map(self, of_one: fn(f64) -> f64, of_each: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        match self {
            Self::Same(number) => Self::Same(of_one(number)),
            Self::Each(tensor) => Self::Each(of_each(tensor)),
        }
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self::Same(number)
    }
}

impl From<Tensor<2>> for Number {
    fn from(tensor: Tensor<2>) -> Self {
        Self::Each(tensor)
    }
}

impl<R: Into<Number>> Add<R> for Number {
    type Output = Self;

    fn add(self, other: R) -> Self {
        match (self, other.into()) {
            (Self::Same(a), Self::Same(b)) => Self::Same(a + b),
            (Self::Each(a), Self::Same(b)) | (Self::Same(b), Self::Each(a)) => Self::Each(a + b),
            (Self::Each(a), Self::Each(b)) => Self::Each(a + b),
        }
    }
}

impl<R: Into<Number>> Sub<R> for Number {
    type Output = Self;

    fn sub(self, other: R) -> Self {
        match (self, other.into()) {
            (Self::Same(a), Self::Same(b)) => Self::Same(a - b),
            (Self::Each(a), Self::Same(b)) => Self::Each(a - b),
            (Self::Same(a), Self::Each(b)) => Self::Each(b.neg() + a),
            (Self::Each(a), Self::Each(b)) => Self::Each(a - b),
        }
    }
}

impl<R: Into<Number>> Mul<R> for Number {
    type Output = Self;

    fn mul(self, other: R) -> Self {
        match (self, other.into()) {
            (Self::Same(a), Self::Same(b)) => Self::Same(a * b),
            (Self::Each(a), Self::Same(b)) | (Self::Same(b), Self::Each(a)) => Self::Each(a * b),
            (Self::Each(a), Self::Each(b)) => Self::Each(a * b),
        }
    }
}

impl<R: Into<Number>> Div<R> for Number {
    type Output = Self;

    fn div(self, other: R) -> Self {
        match (self, other.into()) {
            (Self::Same(a), Self::Same(b)) => Self::Same(a / b),
            (Self::Each(a), Self::Same(b)) => Self::Each(a / b),
            (Self::Same(a), Self::Each(b)) => Self::Each(b.recip() * a),
            (Self::Each(a), Self::Each(b)) => Self::Each(a / b),
        }
    }
}

impl Neg for Number {
    type Output = Self;

    fn neg(self) -> Self {
        self.map(f64::neg, Tensor::neg)
    }
}

/// Where something holds: everywhere or nowhere, or by number.
#[derive(Debug, Clone)]
pub enum Mask {
    /// Everywhere, or nowhere.
    Same(bool),
    /// By number.
    Each(Tensor<2, Bool>),
}

impl Arithmetic for Number {
    type Mask = Mask;

    fn ln(self) -> Self {
        self.map(f64::ln, Tensor::log)
    }

    fn ln_1p(self) -> Self {
        self.map(f64::ln_1p, Tensor::log1p)
    }

    fn ln_gamma(self) -> Self {
        self.map(<f64 as Arithmetic>::ln_gamma, ln_gamma)
    }

    fn times_ln(self, x: Self) -> Self {
        match (self, x) {
            (Self::Same(a), Self::Same(x)) => Self::Same(a.times_ln(x)),
            (Self::Same(0.0), Self::Each(x)) => Self::Each(x.zeros_like()),
            (Self::Same(a), Self::Each(x)) => Self::Each(x.log() * a),
            (Self::Each(a), Self::Same(x)) => {
                let is_zero = a.clone().equal_scalar(0.0);
                Self::Each((a * x.ln()).mask_fill(is_zero, 0.0))
            }
            (Self::Each(a), Self::Each(x)) => {
                // Both as large as their product, so that the logarithm of 0 is never taken where it does not count.
                let a = a + x.zeros_like();
                let is_zero = a.clone().equal_scalar(0.0);
                let x = (x + a.zeros_like()).mask_fill(is_zero, 1.0);
                Self::Each(a * x.log())
            }
        }
    }

    fn is_below(&self, other: &Self) -> Mask {
        match (self.clone(), other.clone()) {
            (Self::Same(a), Self::Same(b)) => Mask::Same(a < b),
            (Self::Each(a), Self::Same(b)) => Mask::Each(a.lower_scalar(b)),
            (Self::Same(a), Self::Each(b)) => Mask::Each(b.greater_scalar(a)),
            (Self::Each(a), Self::Each(b)) => Mask::Each(a.lower(b)),
        }
    }

    fn is_fractional(&self) -> Mask {
        match self.clone() {
            Self::Same(number) => Mask::Same(number.is_fractional()),
            // An infinity less itself is no number, and differs from 0.
            Self::Each(x) => Mask::Each((x.clone() - x.floor()).not_equal_elem(0.0)),
        }
    }

    fn either(one: Mask, other: Mask) -> Mask {
        match (one, other) {
            (Mask::Same(true), _) | (_, Mask::Same(true)) => Mask::Same(true),
            (Mask::Same(false), mask) | (mask, Mask::Same(false)) => mask,
            (Mask::Each(a), Mask::Each(b)) => {
                let shape = broadcast(a.dims(), b.dims());
                Mask::Each(a.expand(shape).bool_or(b.expand(shape)))
            }
        }
    }

    fn replaced(self, mask: &Mask, other: Self) -> Self {
        match (self, mask, other) {
            (own, Mask::Same(false), _) => own,
            (_, Mask::Same(true), other) => other,
            (Self::Each(own), Mask::Each(mask), Self::Same(other)) => {
                let shape = broadcast(own.dims(), mask.dims());
                let mask = mask.clone().expand(shape);
                Self::Each(own.expand(shape).mask_fill(mask, other))
            }
            (Self::Same(own), Mask::Each(mask), other) => {
                let own = mask.clone().float().zeros_like() + own;
                Self::Each(own).replaced(&Mask::Each(mask.clone()), other)
            }
            (Self::Each(own), Mask::Each(mask), Self::Each(other)) => {
                let shape = broadcast(own.dims(), broadcast(mask.dims(), other.dims()));
                let mask = mask.clone().expand(shape);
                Self::Each(own.expand(shape).mask_where(mask, other.expand(shape)))
            }
        }
    }
}

/// The shape of what is computed of two that are broadcast.
fn broadcast(a: [usize; 2], b: [usize; 2]) -> [usize; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}
