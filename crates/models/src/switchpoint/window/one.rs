//! One switch under way between two Normal regimes: the case that has to be fast.

use std::ops::Range;

use super::growth::Near;
use super::lanes::{ln_product, total};
use super::rows::{Chunk, Seen};
use super::wide::{Task, widest};
use super::{Block, Growth, LANES, Rows};
use crate::prior::LN_SQRT_2_PI;

/// Two Normal regimes and the switch from the first to the second.
///
/// The standard deviations are of one sign (only their squares enter) and neither far from each other nor from 1: within
/// `1e-60..1e60`, and at most `1e15` of one to the other.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct One {
    /// Means, about the origin of the rows.
    pub mu: [f64; 2],
    /// Standard deviations.
    pub sigma: [f64; 2],
    /// The switch on the clock `1..=n`.
    pub tau: f64,
}

/// A log-likelihood and its derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct OneSum {
    pub value: f64,
    pub mu: [f64; 2],
    pub sigma: [f64; 2],
    pub tau: f64,
}

impl OneSum {
    /// Of no rows.
    pub const ZERO: Self = Self {
        value: 0.0,
        mu: [0.0; 2],
        sigma: [0.0; 2],
        tau: 0.0,
    };
}

/// The regimes with their standard deviations in units of a power of two.
struct Scaled {
    mu: [f64; 2],
    sigma: [f64; 2],
    over_unit: f64,
    unit_sq: f64,
    ln_unit: f64,
}

/// Sums over all blocks, lane by lane: `z`, `a` and `b` times the first, second and third power of the unit.
///
/// Vectors that straddle lines of the cache would cost a third more. `a` is what a row says of `mu`, `b` of `sigma`, both
/// times the first regime's weight `w`; `e w` is the second's.
#[repr(align(64))]
struct Lanes {
    square: Block,
    a: Block,
    b: Block,
    ea: Block,
    eb: Block,
    wea: Block,
    web: Block,
    /// Product of the units over the standard deviations of a chunk.
    inverse: Block,
}

impl One {
    /// Sum over the `rows` in `range`, which is made of whole blocks. The derivatives are left 0 unless `GRADIENT`, the
    /// logarithms of the value are left out unless `VALUE`.
    ///
    /// With `e = exp(steepness (t - tau))` the weights are `w = 1 / (1 + e)` and `e w`. Of `S = sigma1 + e sigma2` and
    /// `D = (x - mu1) + e (x - mu2)` one gets `sigma_t = w S` and the residual `w D`, so that one division, `1 / ((1 + e) S)`,
    /// serves weights, scale and residual, and nothing cancels. The logarithms of the scales are one logarithm of their
    /// product. Standard deviations are in units of a power of two between both, which keeps that product within floats.
    pub fn sum<const VALUE: bool, const GRADIENT: bool>(
        &self,
        rows: &Rows,
        range: &Range<usize>,
        growth: &Growth,
    ) -> OneSum {
        widest(Sum::<VALUE, GRADIENT> {
            regimes: self,
            rows,
            range,
            growth,
        })
    }

    /// [`Self::sum`] with the instructions of its caller; `near` is that of `tau`.
    #[inline(always)]
    pub fn sum_here<const VALUE: bool, const GRADIENT: bool>(
        &self,
        rows: &Rows,
        range: &Range<usize>,
        growth: &Growth,
        near: &Near,
    ) -> OneSum {
        let scaled = Scaled::of(self);
        let mut lanes = Lanes::new();
        let mut scratch = [0.0; LANES];
        let mut logs = 0.0;
        for chunk in rows.chunks(range, growth.n_blocks()) {
            let (n_blocks, first_time) = (chunk.n_blocks(), chunk.first_time);
            let (factor, e) = growth.about(self.tau, near, first_time, n_blocks, &mut scratch);
            scaled.chunk::<VALUE, GRADIENT>(&chunk, factor, e, &mut lanes);
            if VALUE {
                let constant = chunk.n_observed() * (LN_SQRT_2_PI + scaled.ln_unit);
                logs += ln_product(&lanes.inverse) - constant;
                lanes.inverse = [1.0; LANES];
            }
        }
        scaled.gathered(&lanes, logs, self, growth.steepness())
    }
}

/// [`One::sum`] on its way.
struct Sum<'a, const VALUE: bool, const GRADIENT: bool> {
    regimes: &'a One,
    rows: &'a Rows,
    range: &'a Range<usize>,
    growth: &'a Growth,
}

impl<const VALUE: bool, const GRADIENT: bool> Task for Sum<'_, VALUE, GRADIENT> {
    type Output = OneSum;

    #[inline(always)]
    fn run(self) -> OneSum {
        let Self {
            regimes,
            rows,
            range,
            growth,
        } = self;
        let near = growth.near(regimes.tau);
        regimes.sum_here::<VALUE, GRADIENT>(rows, range, growth, &near)
    }
}

impl Scaled {
    #[inline(always)]
    fn of(regimes: &One) -> Self {
        let [first, second] = regimes.sigma;
        let (unit, over_unit, ln_unit) = between(first.abs(), second.abs());
        Self {
            mu: regimes.mu,
            sigma: [first * over_unit, second * over_unit],
            over_unit,
            unit_sq: unit * unit,
            ln_unit,
        }
    }

    /// Adds the blocks of a chunk to `lanes`.
    #[inline(always)]
    fn chunk<const VALUE: bool, const GRADIENT: bool>(
        &self,
        chunk: &Chunk<'_>,
        factor: f64,
        e: &[Block],
        lanes: &mut Lanes,
    ) {
        for (seen, e) in chunk.blocks().zip(e) {
            if seen.is_full {
                self.block::<VALUE, GRADIENT, true>(&seen, factor, e, lanes);
            } else {
                self.block::<VALUE, GRADIENT, false>(&seen, factor, e, lanes);
            }
        }
    }

    /// Adds one block to `lanes`; `e` is `exp(steepness (t - tau))` over `factor`.
    #[inline(always)]
    fn block<const VALUE: bool, const GRADIENT: bool, const FULL: bool>(
        &self,
        Seen { x, observed, .. }: &Seen<'_>,
        factor: f64,
        e: &Block,
        lanes: &mut Lanes,
    ) {
        let ([mu1, mu2], [sigma1, sigma2]) = (self.mu, self.sigma);
        let unit_sq = self.unit_sq;
        for lane in 0..LANES {
            let is_observed = FULL || observed[lane] != 0.0;
            let e = factor * e[lane];
            let both = 1.0 + e;
            let scale = sigma1 + e * sigma2;
            let over = 1.0 / (both * scale);
            let w = scale * over;
            let inverse = both * over;
            let z = ((x[lane] - mu1) + e * (x[lane] - mu2)) * inverse;
            let z = if is_observed { z } else { 0.0 };
            let one = if is_observed { unit_sq } else { 0.0 };
            lanes.square[lane] += z * z;
            if VALUE {
                lanes.inverse[lane] *= if is_observed { both * inverse } else { 1.0 };
            }
            if GRADIENT {
                let a = z * inverse;
                let b = (z * z - one) * inverse;
                let (ea, eb) = (e * a, e * b);
                lanes.a[lane] += a;
                lanes.b[lane] += b;
                lanes.ea[lane] += ea;
                lanes.eb[lane] += eb;
                lanes.wea[lane] += w * ea;
                lanes.web[lane] += w * eb;
            }
        }
    }

    #[inline(always)]
    fn gathered(&self, lanes: &Lanes, logs: f64, regimes: &One, steepness: f64) -> OneSum {
        let [square, a, b, ea, eb, wea, web] = lanes.totals();
        let over = self.over_unit;
        let by_mu = |total: f64| total * over * over;
        let by_sigma = |total: f64| total * over * over * over;
        let step = |[first, second]: [f64; 2]| first - second;
        let by_tau = step(regimes.mu) * by_mu(wea) + step(regimes.sigma) * by_sigma(web);
        OneSum {
            value: logs - 0.5 * square * over * over,
            mu: [by_mu(a), by_mu(ea)],
            sigma: [by_sigma(b), by_sigma(eb)],
            tau: steepness * by_tau,
        }
    }
}

impl Lanes {
    fn new() -> Self {
        let zeros = [0.0; LANES];
        Self {
            square: zeros,
            a: zeros,
            b: zeros,
            ea: zeros,
            eb: zeros,
            wea: zeros,
            web: zeros,
            inverse: [1.0; LANES],
        }
    }

    /// Sums over the lanes, in the order of the fields but for the last.
    ///
    /// Out of line on purpose: a compiler that sees single lanes leave takes the vectors of the loop apart as well.
    #[inline(never)]
    fn totals(&self) -> [f64; 7] {
        [
            total(&self.square),
            total(&self.a),
            total(&self.b),
            total(&self.ea),
            total(&self.eb),
            total(&self.wea),
            total(&self.web),
        ]
    }
}

/// A power of two between the moderate positive numbers `a` and `b`, near their geometric mean, its inverse and its
/// logarithm.
#[inline(always)]
fn between(a: f64, b: f64) -> (f64, f64, f64) {
    let exponent = ((a.to_bits() >> 52) + (b.to_bits() >> 52)) / 2;
    let ln = (exponent as f64 - 1023.0) * std::f64::consts::LN_2;
    let power = |exponent: u64| f64::from_bits(exponent << 52);
    (power(exponent), power(2046 - exponent), ln)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrefixSums;
    use crate::testing::gapped;

    #[test]
    fn every_width_gives_the_same_bits() {
        let rows = Rows::new(&PrefixSums::new(&gapped(90, 3)), 0.4);
        for steepness in [0.3, 1.0, 20.0] {
            let growth = Growth::new(steepness);
            let regimes = One {
                mu: [-1.0, 1.7],
                sigma: [0.9, 2.3],
                tau: 43.7,
            };
            let sum = |range| Sum::<true, true> {
                regimes: &regimes,
                rows: &rows,
                range,
                growth: &growth,
            };
            let range = 8..90;
            assert_eq!(widest(sum(&range)), sum(&range).run());
        }
    }

    #[test]
    fn the_unit_is_between() {
        for (a, b) in [(1.0, 1.0), (3.0, 3.5), (1e-3, 50.0), (1e9, 1e-6)] {
            let (unit, over, ln) = between(a, b);
            let middle = f64::sqrt(a * b);
            assert!(
                unit <= 1.01 * middle && unit > 0.25 * middle,
                "{a} {b} {unit}"
            );
            assert_eq!(unit.to_bits() << 12, 0, "a power of two");
            assert!((unit.ln() - ln).abs() < 1e-14);
            assert_eq!(unit * over, 1.0);
            assert_eq!(between(b, a).0, unit);
        }
    }
}
