//! Several switches under way at once, or one of another family than Normal.

use std::marker::PhantomData;
use std::ops::Range;

use super::growth::Near;
use super::lanes::{add_product, add_scaled, ln_and_rest, ln_product, total};
use super::rows::Seen;
use super::wide::{Task, widest};
use super::{Block, Growth, LANES, Rows};
use crate::prior::LN_SQRT_2_PI;

/// Most switches under way at once that are summed in lanes.
pub(in super::super) const MAX_ACTIVE: usize = 8;

/// `mu, sigma` or `rate, rate` of a stretch: what an observation is compared with, and the scale of that.
type Level = [f64; 2];

/// What the rows of a family say.
pub(in super::super) trait Family {
    /// Numbers of a level that differ.
    const LEVELS: usize;

    /// Of an observation `x`, whose residual stands for the first number of its level: the log density but for logarithms of scales and
    /// constants, the factor whose logarithm adds to it, and the derivatives by the level. All of them 0, and the factor 1,
    /// where `observed` is 0 and not 1.
    fn row(level: Level, x: f64, observed: f64, unit: f64) -> Row;

    /// What a row adds to the log density whatever its level, if the factors are in `unit`.
    fn constant(unit: f64) -> f64;
}

/// What one row says.
pub(in super::super) struct Row {
    value: f64,
    factor: f64,
    by: Level,
}

/// Normal regimes, whose `unit` is a standard deviation.
pub(in super::super) struct NormalFamily;

/// Poisson regimes, less what the rate `unit` makes of an observation.
pub(in super::super) struct PoissonFamily;

impl Family for NormalFamily {
    const LEVELS: usize = 2;

    #[inline(always)]
    fn row([residual, sigma]: Level, _: f64, observed: f64, unit: f64) -> Row {
        let inverse = 1.0 / sigma;
        let z = observed * residual * inverse;
        Row {
            value: -0.5 * z * z,
            factor: if observed == 0.0 { 1.0 } else { unit * inverse },
            by: [z * inverse, (z * z - observed) * inverse],
        }
    }

    fn constant(unit: f64) -> f64 {
        -LN_SQRT_2_PI - unit.ln()
    }
}

impl Family for PoissonFamily {
    const LEVELS: usize = 1;

    #[inline(always)]
    fn row([residual, rate]: Level, x: f64, observed: f64, unit: f64) -> Row {
        // With rate = unit (1 + d): x ln(rate / unit) - (rate - unit) = (x - unit) ln(1 + d) + unit (ln(1 + d) - d), of
        // which neither part is large where counts and rates are.
        let (inverse, step) = (1.0 / rate, x - unit);
        let over_unit = 1.0 / unit;
        let [ln, rest] = ln_and_rest(rate * over_unit, (step - residual) * over_unit);
        Row {
            value: observed * (step * ln + unit * rest),
            factor: 1.0,
            by: [observed * residual * inverse, 0.0],
        }
    }

    fn constant(_: f64) -> f64 {
        0.0
    }
}

/// `M` switches under way, at most [`MAX_ACTIVE`], and the `N = M + 1` stretches around them.
///
/// Levels are moderate as in [`super::One`]. Switches that are infinitely far away may make up the number; the stretches after
/// them weigh nothing.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Many<const M: usize, const N: usize> {
    /// The levels of the stretches before, between and after the switches.
    pub levels: [Level; N],
    /// The switches on the clock `1..=n`, in order.
    pub taus: [f64; M],
    /// A standard deviation among those of the levels, or a rate near the counts.
    pub unit: f64,
}

/// A log-likelihood and its derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct ManySum<const M: usize, const N: usize> {
    pub value: f64,
    pub levels: [Level; N],
    pub taus: [f64; M],
}

/// Sums over all blocks, lane by lane, in whole lines of the cache.
#[repr(align(64))]
struct Lanes<const M: usize, const N: usize> {
    value: Block,
    /// Product of the factors of a chunk.
    factor: Block,
    levels: [[Block; 2]; N],
    taus: [Block; M],
}

/// [`Many::sum`] on its way.
struct Sum<'a, const M: usize, const N: usize, const GRADIENT: bool, F> {
    many: &'a Many<M, N>,
    rows: &'a Rows,
    range: &'a Range<usize>,
    growth: &'a Growth,
    family: PhantomData<F>,
}

impl<const M: usize, const N: usize, const GRADIENT: bool, F: Family> Task
    for Sum<'_, M, N, GRADIENT, F>
{
    type Output = ManySum<M, N>;

    #[inline(always)]
    fn run(self) -> ManySum<M, N> {
        let Self {
            many,
            rows,
            range,
            growth,
            ..
        } = self;
        let mut lanes = Lanes {
            value: [0.0; LANES],
            factor: [1.0; LANES],
            levels: [[[0.0; LANES]; 2]; N],
            taus: [[0.0; LANES]; M],
        };
        let gaps = many.gaps(growth.steepness());
        let mut constants = 0.0;
        for chunk in rows.chunks(range, growth.n_blocks()) {
            let n_blocks = chunk.n_blocks();
            let mut scratch = [[0.0; LANES]; M];
            let mut scratch = scratch.iter_mut();
            let about: [_; M] = std::array::from_fn(|k| match scratch.next() {
                Some(scratch) => {
                    let tau = many.taus[k];
                    growth.about(tau, &Near::NONE, chunk.first_time, n_blocks, scratch)
                }
                None => (f64::NAN, &[][..]),
            });
            for (b, seen) in chunk.blocks().enumerate() {
                let e = about.map(|(factor, blocks)| (factor, &blocks[b]));
                many.block::<GRADIENT, F>(&seen, &gaps, &e, &mut lanes);
            }
            constants += ln_product(&lanes.factor) + chunk.n_observed() * F::constant(many.unit);
            lanes.factor = [1.0; LANES];
        }
        ManySum {
            value: constants + total(&lanes.value),
            levels: lanes
                .levels
                .map(|level| [total(&level[0]), total(&level[1])]),
            taus: lanes.taus.map(|tau| -growth.steepness() * total(&tau)),
        }
    }
}

impl<const M: usize, const N: usize> Many<M, N> {
    /// Sum over the `rows` in `range`, which is made of whole blocks. The derivatives are left 0 unless `GRADIENT`.
    ///
    /// With `g_k = sigmoid(steepness (t - tau_k))` a stretch between two switches has the weight `g_k - g_(k+1) =
    /// g_k (1 - g_(k+1)) (1 - exp(-steepness (tau_(k+1) - tau_k)))`, which neither cancels nor becomes negative.
    pub fn sum<const GRADIENT: bool, F: Family>(
        &self,
        rows: &Rows,
        range: &Range<usize>,
        growth: &Growth,
    ) -> ManySum<M, N> {
        const { assert!(N == M + 1, "one stretch more than switches") };
        widest(Sum::<M, N, GRADIENT, F> {
            many: self,
            rows,
            range,
            growth,
            family: PhantomData,
        })
    }

    /// `1 - exp(-steepness (tau_k - tau_(k-1)))` of each switch, 1 of the first and of those infinitely far away.
    fn gaps(&self, steepness: f64) -> [f64; M] {
        std::array::from_fn(|k| {
            if k == 0 || self.taus[k] == f64::INFINITY {
                1.0
            } else {
                -(-steepness * (self.taus[k] - self.taus[k - 1])).exp_m1()
            }
        })
    }

    /// Adds one block to `lanes`; `e` of each switch is `exp(steepness (t - tau))` over its factor.
    #[inline(always)]
    fn block<const GRADIENT: bool, F: Family>(
        &self,
        Seen { x, observed, .. }: &Seen<'_>,
        gaps: &[f64; M],
        e: &[(f64, &Block); M],
        lanes: &mut Lanes<M, N>,
    ) {
        let (progress, weights) = weigh::<M, N>(gaps, e);
        // The residual is a mean of residuals: a mean of levels would round as the levels do.
        let [mut residual, mut scale] = [[0.0; LANES]; 2];
        for (weight, [first, second]) in weights.iter().zip(&self.levels) {
            for lane in 0..LANES {
                residual[lane] += weight[lane] * (x[lane] - first);
            }
            add_scaled(&mut scale, weight, *second);
        }
        let mut by = [[0.0; LANES]; 2];
        for lane in 0..LANES {
            let level = [residual[lane], scale[lane]];
            let row = F::row(level, x[lane], observed[lane], self.unit);
            lanes.value[lane] += row.value;
            lanes.factor[lane] *= row.factor;
            [by[0][lane], by[1][lane]] = row.by;
        }
        if GRADIENT {
            for (sums, weight) in lanes.levels.iter_mut().zip(&weights) {
                for (sum, by) in sums.iter_mut().zip(&by).take(F::LEVELS) {
                    add_product(sum, weight, by);
                }
            }
            for (k, (sum, progress)) in lanes.taus.iter_mut().zip(&progress).enumerate() {
                let mut slope = [0.0; LANES];
                let steps = self.levels[k].iter().zip(&self.levels[k + 1]);
                for (by, (before, after)) in by.iter().zip(steps).take(F::LEVELS) {
                    add_scaled(&mut slope, by, after - before);
                }
                add_product(sum, progress, &slope);
            }
        }
    }
}

/// `g (1 - g)` of each switch, and the weights of the stretches around them.
#[inline(always)]
fn weigh<const M: usize, const N: usize>(
    gaps: &[f64; M],
    e: &[(f64, &Block); M],
) -> ([Block; M], [Block; N]) {
    let mut progress = [[0.0; LANES]; M];
    let mut weights = [[0.0; LANES]; N];
    let mut begun = [1.0; LANES];
    for k in 0..M {
        let (factor, e) = e[k];
        for lane in 0..LANES {
            let e = factor * e[lane];
            let rest = 1.0 / (1.0 + e);
            let g = e * rest;
            weights[k][lane] = gaps[k] * begun[lane] * rest;
            progress[k][lane] = g * rest;
            begun[lane] = g;
        }
    }
    weights[M] = begun;
    (progress, weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrefixSums;
    use crate::testing::gapped;

    fn check<F: Family>(levels: [Level; 4], unit: f64) {
        let rows = Rows::new(&PrefixSums::new(&gapped(90, 3)), -8.0);
        let (range, growth) = (8..90, Growth::new(1.0));
        let many = Many {
            levels,
            taus: [30.2, 31.0, 44.9],
            unit,
        };
        let sum = || Sum::<3, 4, true, F> {
            many: &many,
            rows: &rows,
            range: &range,
            growth: &growth,
            family: PhantomData,
        };
        assert_eq!(widest(sum()), sum().run());
    }

    #[test]
    fn every_width_gives_the_same_bits() {
        let levels = [[7.0, 1.3], [9.1, 0.8], [6.2, 2.0], [8.8, 1.1]];
        check::<NormalFamily>(levels, 1.0);
        check::<PoissonFamily>(levels.map(|[rate, _]| [rate; 2]), 8.0);
    }
}
