//! One switch between two Normal regimes of moderate numbers: what an optimiser evaluates millions of times.
//!
//! The same sum as [`super::Blend`] takes over any segments, without what only other models need: a series has three parts
//! here, of which the outer two are looked up.

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

    /// The log-likelihood at the natural `values`, but for its logarithms unless `VALUE`, and its derivatives written to
    /// `gradient` (`dim`) if `GRADIENT`; none where a value is not finite or the regimes are not moderate. What there is,
    /// is finite.
    #[inline]
    pub fn sum<const VALUE: bool, const GRADIENT: bool>(
        &self,
        values: &[f64],
        rows: &Rows,
        growth: &Growth,
        gradient: &mut [f64],
    ) -> Option<f64> {
        widest(Sum::<VALUE, GRADIENT> {
            single: self,
            values,
            rows,
            growth,
            gradient,
        })
    }

    /// How far a switch between these regimes is seen; none where a number is not finite or the regimes are not moderate.
    #[inline(always)]
    fn half_width(&self, one: &One, growth: &Growth) -> Option<f64> {
        let One { mu, sigma, tau } = *one;
        let sizes = [sigma[0].abs(), sigma[1].abs()];
        let extent = self.extent + 2.0 * mu[0].abs().max(mu[1].abs());
        // Infinite or NaN if any of them is: `max` alone would hide a NaN.
        let all = mu[0] + mu[1] + sizes[0] + sizes[1] + tau;
        if !(all + extent).is_finite() {
            return None;
        }
        let scales = [sizes[0].min(sizes[1]), sizes[0].max(sizes[1])];
        let is_one_sign = (sigma[0] > 0.0) == (sigma[1] > 0.0);
        let reach = Reach::new(extent, scales, is_one_sign, growth.time());
        reach.is_moderate.then_some(reach.half_width)
    }
}

/// [`Single::sum`] on its way.
struct Sum<'a, const VALUE: bool, const GRADIENT: bool> {
    single: &'a Single,
    values: &'a [f64],
    rows: &'a Rows,
    growth: &'a Growth,
    gradient: &'a mut [f64],
}

impl<const VALUE: bool, const GRADIENT: bool> Task for Sum<'_, VALUE, GRADIENT> {
    type Output = Option<f64>;

    #[inline(always)]
    fn run(self) -> Option<f64> {
        let Self {
            single,
            values,
            rows,
            growth,
            gradient,
        } = self;
        let origin = single.origin;
        let (one, has_shared_sd) = match *values {
            [mu1, mu2, sigma1, sigma2, tau] => {
                let (mu, sigma) = ([mu1 - origin, mu2 - origin], [sigma1, sigma2]);
                (One { mu, sigma, tau }, false)
            }
            [mu1, mu2, sigma, tau] => {
                let (mu, sigma) = ([mu1 - origin, mu2 - origin], [sigma; 2]);
                (One { mu, sigma, tau }, true)
            }
            _ => return None,
        };
        // First of all, for it takes longest and needs no more than this.
        let near = growth.near(one.tau);
        let half_width = single.half_width(&one, growth)?;
        let under_way = window(one.tau, half_width, single.n);
        let mut sum = if under_way.is_empty() {
            OneSum::ZERO
        } else {
            one.sum_here::<VALUE, GRADIENT>(rows, &under_way, growth, &near)
        };
        let [before, _] = &single.around[under_way.start.div_ceil(LANES)];
        let [_, after] = &single.around[under_way.end.div_ceil(LANES)];
        before.add::<VALUE>(0, &one, &mut sum);
        after.add::<VALUE>(1, &one, &mut sum);
        if GRADIENT {
            write(&sum, has_shared_sd, gradient);
        }
        Some(sum.value)
    }
}

#[inline(always)]
fn write(sum: &OneSum, has_shared_sd: bool, gradient: &mut [f64]) {
    let OneSum { mu, sigma, tau, .. } = *sum;
    match gradient {
        [by_mu1, by_mu2, by_sigma, by_tau] if has_shared_sd => {
            (*by_mu1, *by_mu2) = (mu[0], mu[1]);
            (*by_sigma, *by_tau) = (sigma[0] + sigma[1], tau);
        }
        [by_mu1, by_mu2, by_sigma1, by_sigma2, by_tau] => {
            (*by_mu1, *by_mu2) = (mu[0], mu[1]);
            (*by_sigma1, *by_sigma2, *by_tau) = (sigma[0], sigma[1], tau);
        }
        _ => {}
    }
}

impl Outer {
    fn new(data: &PrefixSums, rows: std::ops::Range<usize>) -> Self {
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

    /// Adds what these observations say of a regime of moderate numbers.
    #[inline(always)]
    fn add<const VALUE: bool>(&self, regime: usize, one: &One, sum: &mut OneSum) {
        if self.count == 0.0 {
            return;
        }
        let over = 1.0 / one.sigma[regime];
        let z = (self.mean - one.mu[regime]) * over;
        let of_mean = self.count * z;
        let squares = self.sum_sq * over * over + of_mean * z;
        sum.value -= 0.5 * squares;
        if VALUE {
            sum.value -= self.count * (LN_SQRT_2_PI + one.sigma[regime].abs().ln());
        }
        sum.mu[regime] += of_mean * over;
        sum.sigma[regime] += (squares - self.count) * over;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::gapped;

    #[test]
    fn every_width_gives_the_same_bits() {
        let data = PrefixSums::new(&gapped(300, 3));
        let (single, rows) = (Single::new(&data), Rows::new(&data, data.centre()));
        for steepness in [0.2, 1.0, 20.0] {
            let growth = Growth::new(steepness);
            let sum = |gradient| Sum::<true, true> {
                single: &single,
                values: &[-1.0, 1.7, 0.9, 2.3, 143.7],
                rows: &rows,
                growth: &growth,
                gradient,
            };
            let [mut wide, mut narrow] = [[0.0; 5]; 2];
            let value = widest(sum(&mut wide));
            assert!(value.is_some());
            assert_eq!(value, sum(&mut narrow).run());
            assert_eq!(wide, narrow);
        }
    }
}
