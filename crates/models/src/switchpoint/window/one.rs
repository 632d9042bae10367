//! One switch under way between two Normal regimes: the case that has to be fast.

use std::ops::Range;

use super::lanes::{ln_product, total};
use super::rows::{Chunk, Seen};
use super::wide::{Task, widest};
use super::{Block, Growth, LANES, Rows};
use crate::prior::LN_SQRT_2_PI;

/// Two Normal regimes and the switch from the first to the second, at each of `W` positions.
///
/// The standard deviations, of either sign, are neither far from each other nor from 1: within `1e-60..1e60`, and at most `1e15` of
/// one to the other. Sums are not finite where those of unlike signs make a 0.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct One<const W: usize> {
    /// Means, about the origin of the rows.
    pub mu: [[f64; W]; 2],
    /// Standard deviations.
    pub sigma: [[f64; W]; 2],
    /// The switch on the clock `1..=n`.
    pub tau: [f64; W],
}

/// A log-likelihood and its derivatives at each of `W` positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct OneSum<const W: usize> {
    pub value: [f64; W],
    pub mu: [[f64; W]; 2],
    pub sigma: [[f64; W]; 2],
    pub tau: [f64; W],
}

/// The standard deviations' unit, a power of two, and the regimes in it.
struct Scaled<const W: usize> {
    sigma: [[f64; W]; 2],
    over_unit: [f64; W],
    unit_sq: [f64; W],
    ln_unit: [f64; W],
}

/// [`Scaled`] at one position, with its means.
struct Regimes {
    mu: [f64; 2],
    sigma: [f64; 2],
    unit_sq: f64,
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

impl<const W: usize> One<W> {
    /// Sum over the `rows` in the ranges, one a position, which are made of whole blocks. The derivatives are left 0 unless
    /// `GRADIENT`, the value unless `VALUE`.
    ///
    /// With `e = exp(steepness (t - tau))` the weights are `w = 1 / (1 + e)` and `e w`. Of `S = sigma1 + e sigma2` and
    /// `D = (x - mu1) + e (x - mu2)` one gets `sigma_t = w S` and the residual `w D`, so that one division, `1 / ((1 + e) S)`,
    /// serves weights, scale and residual, and nothing cancels. The logarithms of the scales are one logarithm of their
    /// product. Standard deviations are in units of a power of two between both, which keeps that product within floats.
    ///
    /// Lanes are rows here, and positions in what is before and after the rows. A position's sums are the same to the last bit
    /// whatever the others are.
    pub fn sum<const VALUE: bool, const GRADIENT: bool>(
        &self,
        rows: &Rows,
        ranges: &[Range<usize>; W],
        growth: &Growth,
    ) -> OneSum<W> {
        widest(Sum::<VALUE, GRADIENT, W> {
            regimes: self,
            rows,
            ranges,
            growth,
        })
    }

    /// [`Self::sum`] with the instructions of its caller.
    #[inline(always)]
    pub fn sum_here<const VALUE: bool, const GRADIENT: bool>(
        &self,
        rows: &Rows,
        ranges: &[Range<usize>; W],
        growth: &Growth,
    ) -> OneSum<W> {
        let near = growth.near(&self.tau);
        let scaled = Scaled::of(self);
        let (mut totals, mut logs) = ([[0.0; W]; 7], [0.0; W]);
        for w in 0..W {
            if ranges[w].is_empty() {
                continue;
            }
            let regimes = scaled.at(w, self);
            let mut lanes = Lanes::new();
            let mut scratch = [0.0; LANES];
            for chunk in rows.chunks(&ranges[w], growth.n_blocks()) {
                let (n_blocks, first_time) = (chunk.n_blocks(), chunk.first_time);
                let (factor, e) =
                    growth.about(self.tau[w], &near[w], first_time, n_blocks, &mut scratch);
                regimes.chunk::<VALUE, GRADIENT>(&chunk, factor, e, &mut lanes);
                if VALUE {
                    let constant = chunk.n_observed() * (LN_SQRT_2_PI + scaled.ln_unit[w]);
                    logs[w] += ln_product(&lanes.inverse) - constant;
                    lanes.inverse = [1.0; LANES];
                }
            }
            for (all, total) in totals.iter_mut().zip(lanes.totals()) {
                all[w] = total;
            }
        }
        scaled.gathered(&totals, &logs, self, growth.steepness())
    }
}

/// [`One::sum`] on its way.
struct Sum<'a, const VALUE: bool, const GRADIENT: bool, const W: usize> {
    regimes: &'a One<W>,
    rows: &'a Rows,
    ranges: &'a [Range<usize>; W],
    growth: &'a Growth,
}

impl<const VALUE: bool, const GRADIENT: bool, const W: usize> Task for Sum<'_, VALUE, GRADIENT, W> {
    type Output = OneSum<W>;

    #[inline(always)]
    fn run(self) -> OneSum<W> {
        let Self {
            regimes,
            rows,
            ranges,
            growth,
        } = self;
        regimes.sum_here::<VALUE, GRADIENT>(rows, ranges, growth)
    }
}

impl<const W: usize> Scaled<W> {
    #[inline(always)]
    fn of(regimes: &One<W>) -> Self {
        let mut scaled = Self {
            sigma: regimes.sigma,
            over_unit: [0.0; W],
            unit_sq: [0.0; W],
            ln_unit: [0.0; W],
        };
        let [first, second] = &regimes.sigma;
        for w in 0..W {
            let (unit, over_unit, ln_unit) = between(first[w].abs(), second[w].abs());
            scaled.over_unit[w] = over_unit;
            scaled.unit_sq[w] = unit * unit;
            scaled.ln_unit[w] = ln_unit;
            scaled.sigma[0][w] *= over_unit;
            scaled.sigma[1][w] *= over_unit;
        }
        scaled
    }

    #[inline(always)]
    fn at(&self, w: usize, regimes: &One<W>) -> Regimes {
        Regimes {
            mu: [regimes.mu[0][w], regimes.mu[1][w]],
            sigma: [self.sigma[0][w], self.sigma[1][w]],
            unit_sq: self.unit_sq[w],
        }
    }

    /// Of the totals of [`Lanes`] and the logarithms.
    #[inline(always)]
    fn gathered(
        &self,
        totals: &[[f64; W]; 7],
        logs: &[f64; W],
        regimes: &One<W>,
        steepness: f64,
    ) -> OneSum<W> {
        let [square, a, b, ea, eb, wea, web] = totals;
        let zeros = [0.0; W];
        let mut sum = OneSum {
            value: zeros,
            mu: [zeros; 2],
            sigma: [zeros; 2],
            tau: zeros,
        };
        for w in 0..W {
            let over = self.over_unit[w];
            let by_mu = |total: &[f64; W]| total[w] * over * over;
            let by_sigma = |total: &[f64; W]| total[w] * over * over * over;
            let step = |[first, second]: &[[f64; W]; 2]| first[w] - second[w];
            let by_tau = step(&regimes.mu) * by_mu(wea) + step(&regimes.sigma) * by_sigma(web);
            sum.value[w] = logs[w] - 0.5 * square[w] * over * over;
            (sum.mu[0][w], sum.mu[1][w]) = (by_mu(a), by_mu(ea));
            (sum.sigma[0][w], sum.sigma[1][w]) = (by_sigma(b), by_sigma(eb));
            sum.tau[w] = steepness * by_tau;
        }
        sum
    }
}

impl Regimes {
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
            if VALUE {
                lanes.square[lane] += z * z;
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
/// logarithm. Of other numbers any three.
#[inline(always)]
fn between(a: f64, b: f64) -> (f64, f64, f64) {
    let exponent = ((a.to_bits() >> 52) + (b.to_bits() >> 52)) / 2;
    let ln = (exponent as f64 - 1023.0) * std::f64::consts::LN_2;
    let power = |exponent: u64| f64::from_bits(exponent << 52);
    (power(exponent), power(2046_u64.wrapping_sub(exponent)), ln)
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
                mu: [[-1.0, 0.2, 1.0], [1.7, 4.0, 1.0]],
                sigma: [[0.9, 7.0, 1.0], [2.3, 0.1, 1.0]],
                tau: [43.7, 12.0, 1.0],
            };
            let ranges = [8..90, 0..72, 0..0];
            let sum = || Sum::<true, true, 3> {
                regimes: &regimes,
                rows: &rows,
                ranges: &ranges,
                growth: &growth,
            };
            assert_eq!(widest(sum()), sum().run());
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
