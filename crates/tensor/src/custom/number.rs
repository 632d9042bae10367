//! A number of a distribution: the same for all, or a tensor that is broadcast.

use std::ops::{Add, Div, Mul, Neg, Sub};

use burn::tensor::{Bool, Tensor};
use switchback_models::custom::Arithmetic;

use super::ln_gamma::ln_gamma;

/// A number that is the same for all positions and observations, or a tensor of numbers that is broadcast: a column
/// `[positions, 1]`, a row `[1, observations]`, or both `[positions, observations]`.
#[expect(
    clippy::large_enum_variant,
    reason = "they are few, and gone when the density is computed"
)]
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
#[expect(
    clippy::large_enum_variant,
    reason = "they are few, and gone when the density is computed"
)]
#[derive(Debug, Clone)]
pub enum Mask {
    /// Everywhere, or nowhere.
    Same(bool),
    /// By number, with zeros of its shape in the precision of what was compared.
    Each(Tensor<2, Bool>, Tensor<2>),
}

impl Mask {
    fn each(holds: Tensor<2, Bool>, like: &Tensor<2>) -> Self {
        let zeros = like.clone().detach().zeros_like().expand(holds.dims());
        Self::Each(holds, zeros)
    }
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
            (Self::Each(a), Self::Same(b)) => Mask::each(a.clone().lower_scalar(b), &a),
            (Self::Same(a), Self::Each(b)) => Mask::each(b.clone().greater_scalar(a), &b),
            (Self::Each(a), Self::Each(b)) => {
                let shape = broadcast(a.dims(), b.dims());
                let a = a.expand(shape);
                Mask::each(a.clone().lower(b.expand(shape)), &a)
            }
        }
    }

    fn is_fractional(&self) -> Mask {
        match self.clone() {
            Self::Same(number) => Mask::Same(number.is_fractional()),
            // An infinity less itself is no number, and differs from 0.
            Self::Each(x) => Mask::each((x.clone() - x.clone().floor()).not_equal_scalar(0.0), &x),
        }
    }

    fn either(one: Mask, other: Mask) -> Mask {
        match (one, other) {
            (Mask::Same(true), _) | (_, Mask::Same(true)) => Mask::Same(true),
            (Mask::Same(false), mask) | (mask, Mask::Same(false)) => mask,
            (Mask::Each(a, zeros), Mask::Each(b, _)) => {
                let shape = broadcast(a.dims(), b.dims());
                Mask::each(
                    a.expand(shape).bool_or(b.expand(shape)),
                    &zeros.expand(shape),
                )
            }
        }
    }

    fn replaced(self, mask: &Mask, other: Self) -> Self {
        let (holds, zeros) = match mask {
            Mask::Same(true) => return other,
            Mask::Same(false) => return self,
            Mask::Each(holds, zeros) => (holds.clone(), zeros.clone()),
        };
        let own = match self {
            Self::Each(own) => own,
            Self::Same(own) => zeros + own,
        };
        match other {
            Self::Same(other) => {
                let shape = broadcast(own.dims(), holds.dims());
                Self::Each(own.expand(shape).mask_fill(holds.expand(shape), other))
            }
            Self::Each(other) => {
                let shape = broadcast(own.dims(), broadcast(holds.dims(), other.dims()));
                let (own, other) = (own.expand(shape), other.expand(shape));
                Self::Each(own.mask_where(holds.expand(shape), other))
            }
        }
    }
}

/// The shape of what is computed of two that are broadcast.
fn broadcast(a: [usize; 2], b: [usize; 2]) -> [usize; 2] {
    [a[0].max(b[0]), a[1].max(b[1])]
}
