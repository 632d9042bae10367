//! One switch between two Normal regimes of moderate numbers: what an optimiser evaluates millions of times.
//!
//! The same sum as [`super::Blend`] takes over any segments, without what only other models need: a series has three parts
//! here, of which the outer two are looked up.

use std::ops::Range;

use super::super::window::{Growth, LANES, One, OneSum, Rows, Task, widest, window};
use super::blend::Reach;
use crate::PrefixSums;
use crate::prior::LN_SQRT_2_PI;

/// What does not change from evaluation to evaluation.
#[derive(Debug)]
pub(super) struct Single {
    /// What the means are about.
    origin: f64,
    /// The farthest that an observation lies from there.
    extent: f64,
    n: usize,
    /// Of each border between blocks, both ends included, the rows before and after it.
    around: Vec<[Outer; 2]>,
}

/// The observations of one of the outer parts.
#[derive(Debug, Clone, Copy)]
struct Outer {
    count: f64,
    /// About the origin; 0 where there are none.
    mean: f64,
    /// Sum of squares about the mean.
    sum_sq: f64,
}

impl Single {
    pub fn new(data: &PrefixSums) -> Self {
        let n = data.len();
        let borders = (0..=n.div_ceil(LANES)).map(|block| (block * LANES).min(n));
        Self {
            origin: data.centre(),
            extent: data.extent(),
            n,
            around: borders
                .map(|row| [Outer::new(data, 0..row), Outer::new(data, row..n)])
                .collect(),
        }
    }

    /// The log-likelihoods at those of `W` positions that are `asked` for, with natural `values` (`dim`, each of all
    /// positions), 0 unless `VALUE`, and their derivatives written to `gradient` (`dim`) if `GRADIENT`; none where a value is
    /// not finite, the regimes are not moderate or the sums are not finite. What there is, is finite, and the same to the last
    /// bit whatever the other positions are.
    #[inline]
    pub fn sum<const VALUE: bool, const GRADIENT: bool, const W: usize>(
        &self,
        asked: [bool; W],
        values: &[[f64; W]],
        rows: &Rows,
        growth: &Growth,
        gradient: &mut [[f64; W]],
    ) -> [Option<f64>; W] {
        widest(Sum::<VALUE, GRADIENT, W> {
            single: self,
            asked,
            values,
            rows,
            growth,
            gradient,
        })
    }

    /// The rows at which the switches are under way; none where a number is not finite or the regimes are not moderate.
    #[inline(always)]
    fn under_way<const W: usize>(
        &self,
        one: &One<W>,
        growth: &Growth,
    ) -> [Option<Range<usize>>; W] {
        // `NaN` of those of which nothing is said.
        let mut half_widths = [f64::NAN; W];
        for (w, half_width) in half_widths.iter_mut().enumerate() {
            let (mu, tau) = ([one.mu[0][w], one.mu[1][w]], one.tau[w]);
            let sizes = [one.sigma[0][w].abs(), one.sigma[1][w].abs()];
            let extent = self.extent + 2.0 * mu[0].abs().max(mu[1].abs());
            // Infinite or NaN if any of them is: `max` alone would hide a NaN.
            let all = mu[0] + mu[1] + sizes[0] + sizes[1] + tau + extent;
            let scales = [sizes[0].min(sizes[1]), sizes[0].max(sizes[1])];
            let reach = Reach::new(extent, scales, growth.time());
            if all.is_finite() & reach.is_moderate {
                *half_width = reach.half_width;
            }
        }
        std::array::from_fn(|w| {
            let half_width = half_widths[w];
            (!half_width.is_nan()).then(|| window(one.tau[w], half_width, self.n))
        })
    }
}

/// [`Single::sum`] on its way.
struct Sum<'a, const VALUE: bool, const GRADIENT: bool, const W: usize> {
    single: &'a Single,
    asked: [bool; W],
    values: &'a [[f64; W]],
    rows: &'a Rows,
    growth: &'a Growth,
    gradient: &'a mut [[f64; W]],
}

/// [`Outer`] of each of `W` positions.
struct Outers<const W: usize> {
    count: [f64; W],
    mean: [f64; W],
    sum_sq: [f64; W],
}

impl<const VALUE: bool, const GRADIENT: bool, const W: usize> Task for Sum<'_, VALUE, GRADIENT, W> {
    type Output = [Option<f64>; W];

    /// Lanes are positions, but for the rows of a window, where they are rows.
    #[inline(always)]
    fn run(self) -> [Option<f64>; W] {
        let Self {
            single,
            asked,
            values,
            rows,
            growth,
            gradient,
        } = self;
        let about = |mu: [f64; W]| mu.map(|mu| mu - single.origin);
        let (one, has_shared_sd) = match *values {
            [mu1, mu2, sigma1, sigma2, tau] => {
                let (mu, sigma) = ([about(mu1), about(mu2)], [sigma1, sigma2]);
                (One { mu, sigma, tau }, false)
            }
            [mu1, mu2, sigma, tau] => {
                let (mu, sigma) = ([about(mu1), about(mu2)], [sigma; 2]);
                (One { mu, sigma, tau }, true)
            }
            _ => return [None; W],
        };
        let mut under_way = single.under_way(&one, growth);
        let mut outers = [const { Outers::NONE }; 2];
        let ranges = std::array::from_fn(|w| {
            let Some(rows) = under_way[w].clone().filter(|_| asked[w]) else {
                under_way[w] = None;
                return 0..0;
            };
            let [before, _] = &single.around[rows.start.div_ceil(LANES)];
            let [_, after] = &single.around[rows.end.div_ceil(LANES)];
            outers[0].put(w, before);
            outers[1].put(w, after);
            rows
        });
        let mut sum = one.sum_here::<VALUE, GRADIENT>(rows, &ranges, growth);
        for (regime, outer) in outers.iter().enumerate() {
            outer.add::<VALUE>(regime, &one, &mut sum);
        }
        if GRADIENT {
            write(&sum, has_shared_sd, gradient);
        }
        let are_finite = are_finite(&sum);
        std::array::from_fn(|w| (under_way[w].is_some() && are_finite[w]).then_some(sum.value[w]))
    }
}

/// Standard deviations of unlike signs may be 0 on the way from one to the other.
#[inline(always)]
fn are_finite<const W: usize>(sum: &OneSum<W>) -> [bool; W] {
    let mut all = sum.value;
    for more in sum.mu.iter().chain(&sum.sigma).chain([&sum.tau]) {
        for (all, more) in all.iter_mut().zip(more) {
            *all += more;
        }
    }
    all.map(f64::is_finite)
}

#[inline(always)]
fn write<const W: usize>(sum: &OneSum<W>, has_shared_sd: bool, gradient: &mut [[f64; W]]) {
    let OneSum { mu, sigma, tau, .. } = *sum;
    match gradient {
        [by_mu1, by_mu2, by_sigma, by_tau] if has_shared_sd => {
            (*by_mu1, *by_mu2, *by_tau) = (mu[0], mu[1], tau);
            for (w, by_sigma) in by_sigma.iter_mut().enumerate() {
                *by_sigma = sigma[0][w] + sigma[1][w];
            }
        }
        [by_mu1, by_mu2, by_sigma1, by_sigma2, by_tau] => {
            (*by_mu1, *by_mu2) = (mu[0], mu[1]);
            (*by_sigma1, *by_sigma2, *by_tau) = (sigma[0], sigma[1], tau);
        }
        _ => {}
    }
}

impl<const W: usize> Outers<W> {
    /// Of no observations.
    const NONE: Self = Self {
        count: [0.0; W],
        mean: [0.0; W],
        sum_sq: [0.0; W],
    };

    #[inline(always)]
    fn put(&mut self, w: usize, outer: &Outer) {
        self.count[w] = outer.count;
        self.mean[w] = outer.mean;
        self.sum_sq[w] = outer.sum_sq;
    }

    /// Adds what these observations say of a regime of moderate numbers.
    #[inline(always)]
    fn add<const VALUE: bool>(&self, regime: usize, one: &One<W>, sums: &mut OneSum<W>) {
        let (mu, sigma) = (&one.mu[regime], &one.sigma[regime]);
        for w in 0..W {
            let count = self.count[w];
            let over = 1.0 / sigma[w];
            let z = (self.mean[w] - mu[w]) * over;
            let of_mean = count * z;
            let squares = self.sum_sq[w] * over * over + of_mean * z;
            if VALUE {
                sums.value[w] -= 0.5 * squares;
            }
            sums.mu[regime][w] += of_mean * over;
            sums.sigma[regime][w] += (squares - count) * over;
        }
        if VALUE {
            let scales = self.count.iter().zip(sigma);
            for (value, (count, sigma)) in sums.value.iter_mut().zip(scales) {
                if *count != 0.0 {
                    *value -= count * (LN_SQRT_2_PI + sigma.abs().ln());
                }
            }
        }
    }
}

impl Outer {
    fn new(data: &PrefixSums, rows: Range<usize>) -> Self {
        let stretch = data.about_own_mean(rows);
        Self {
            count: stretch.count as f64,
            mean: if stretch.count == 0 {
                0.0
            } else {
                stretch.mean
            },
            sum_sq: stretch.sum_sq,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::gapped;

    #[test]
    fn every_width_and_any_company_gives_the_same_bits() {
        let data = PrefixSums::new(&gapped(300, 3));
        let (single, rows) = (Single::new(&data), Rows::new(&data, data.centre()));
        // Of the third one nothing can be told.
        let positions = [
            [-1.0, 1.7, 0.9, 2.3, 143.7],
            [0.3, -1.2, 1.9, 0.3, 5.2],
            [0.3, -1.2, 1.9, f64::INFINITY, 5.2],
            [2.0, 2.5, -1.1, -1.2, 1e9],
        ];
        let values: [[f64; 4]; 5] = std::array::from_fn(|i| positions.map(|position| position[i]));
        for steepness in [0.2, 1.0, 20.0] {
            let growth = Growth::new(steepness);
            let sum = |gradient| Sum::<true, true, 4> {
                single: &single,
                asked: [true; 4],
                values: &values,
                rows: &rows,
                growth: &growth,
                gradient,
            };
            let [mut wide, mut narrow] = [[[0.0; 4]; 5]; 2];
            let told = widest(sum(&mut wide));
            assert_eq!(told, sum(&mut narrow).run());
            assert_eq!(told.map(|told| told.is_some()), [true, true, false, true]);
            for (w, position) in positions.iter().enumerate() {
                let mut alone = [[0.0]; 5];
                let values = position.map(|value| [value]);
                let [value] =
                    single.sum::<true, true, 1>([true], &values, &rows, &growth, &mut alone);
                assert_eq!(value, told[w]);
                if value.is_some() {
                    assert_eq!(alone, wide.map(|slopes| [slopes[w]]));
                    assert_eq!(alone, narrow.map(|slopes| [slopes[w]]));
                }
            }
        }
    }
}
