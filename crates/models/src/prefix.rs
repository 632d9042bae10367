//! What any stretch of a series adds to a normal log-likelihood, in constant time.

use std::ops::Range;
use std::sync::Arc;

use switchback_core::Series;

use crate::ModelError;
use crate::prior::LN_SQRT_2_PI;
use crate::twofold::Twofold;

/// The observations of a stretch, summed up about their own mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// How many are observed.
    pub count: usize,
    /// Their mean; `NaN` where none is observed.
    pub mean: f64,
    /// Sum of their squared deviations from that mean: never negative, 0 exactly where they are all the same.
    pub sum_sq: f64,
}

/// The observations of a stretch, summed up about the centre of the whole series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CentredSums {
    /// How many are observed.
    pub count: usize,
    /// Sum of their deviations from the centre.
    pub sum: f64,
    /// Sum of their squared deviations from the centre.
    pub sum_sq: f64,
}

/// Running sums of a series: any stretch's count, mean and sum of squares in constant time.
///
/// The sums are of deviations from the mean of the series and carry about 32 digits, so that neither an
/// offset nor a step of a million standard deviations costs precision (in plain floats the textbook's
/// `sum(x^2) - sum(x)^2 / n` has three digits left after such a step, and after a step of `1e9` none; here
/// ten). Deviations are squared: spreads between
/// `1e-140` and `1e140` are within reach, and [`crate::Exact`] and [`crate::Profile`] refuse others.
///
/// Of a long series only every eighth sum is kept and those between are added up when they are asked for, in the same
/// order and so to the same bits: 17 bytes a row beside the values, which are the series' own, in place of 52.
#[derive(Debug, Clone, PartialEq)]
pub struct PrefixSums {
    /// `NaN` where missing.
    values: Arc<Vec<f64>>,
    centre: f64,
    extent: f64,
    /// `running[i]` sums up the first `i << stride` rows, and the last one all rows.
    running: Vec<Running>,
    /// Binary logarithm of the rows from one of them to the next.
    stride: u32,
    /// `to_change[i]`: rows from row `i` to the first observation after it that differs from the first observation at
    /// or after row `i`, or to the end where there is none; [`FAR`] where they are so many or more.
    to_change: Vec<u32>,
}

/// A distance that a number of 32 bits does not hold.
const FAR: u32 = u32::MAX;
/// Rows from which on not every sum is kept: those of shorter series are in the processor's cache.
const LONG: usize = 1 << 17;
/// The binary logarithm of eight rows.
const LONG_STRIDE: u32 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Running {
    count: usize,
    sum: Twofold,
    sum_sq: Twofold,
}

impl Running {
    /// With one row more, whose observation is `value` and `NaN` where it is missing.
    #[inline]
    fn with(mut self, value: f64, centre: f64) -> Self {
        if !value.is_nan() {
            let deviation = Twofold::sum_of(value, -centre);
            self.count += 1;
            self.sum = self.sum.plus(deviation);
            self.sum_sq = self.sum_sq.plus(deviation.squared());
        }
        self
    }

    /// Rounded.
    fn centred(&self) -> CentredSums {
        CentredSums {
            count: self.count,
            sum: self.sum.value(),
            sum_sq: self.sum_sq.value(),
        }
    }

    fn minus(&self, earlier: &Self) -> Self {
        Self {
            count: self.count - earlier.count,
            sum: self.sum.minus(earlier.sum),
            sum_sq: self.sum_sq.minus(earlier.sum_sq),
        }
    }
}

impl PrefixSums {
    /// The running sums of `series`.
    pub fn new(series: &Series) -> Self {
        let stride = if series.len() < LONG { 0 } else { LONG_STRIDE };
        Self::with_stride(series, stride)
    }

    fn with_stride(series: &Series, stride: u32) -> Self {
        let values = series.shared_values();
        let centre = centre(series);
        let mut running = Vec::with_capacity((values.len() >> stride) + 2);
        let mut now = Running::default();
        running.push(now);
        for rows in values.chunks(1 << stride) {
            now = rows.iter().fold(now, |now, value| now.with(*value, centre));
            running.push(now);
        }
        let to_change = to_change(&values);
        let extent = series
            .observed()
            .map(|(_, value)| (value - centre).abs())
            .fold(0.0, f64::max);
        Self {
            values,
            centre,
            extent,
            running,
            stride,
            to_change,
        }
    }

    /// Number of rows, missing ones included.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Never true: a series has at least two observations.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What the sums are about: the mean of the observations.
    pub fn centre(&self) -> f64 {
        self.centre
    }

    /// The farthest that an observation lies from the centre.
    pub(crate) fn extent(&self) -> f64 {
        self.extent
    }

    /// The values in order, `NaN` where missing.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Count, mean and sum of squares of the rows `range`, which is cut to the series.
    pub fn stretch(&self, range: Range<usize>) -> Stretch {
        let about_centre = self.about_own_mean(range);
        Stretch {
            mean: self.centre + about_centre.mean,
            ..about_centre
        }
    }

    /// [`Self::stretch`] with the mean as a deviation from the centre, where it has all its digits.
    pub(crate) fn about_own_mean(&self, range: Range<usize>) -> Stretch {
        let range = self.cut(range);
        self.summed(self.difference(range.clone()), range)
    }

    /// [`Self::about_own_mean`] of the rows before and after `s`, which is within the series, for little more than one.
    pub(crate) fn parted(&self, s: usize) -> [Stretch; 2] {
        let (before, all) = (self.so_far(s), self.so_far(self.len()));
        [
            self.summed(before.minus(&Running::default()), 0..s),
            self.summed(all.minus(&before), s..self.len()),
        ]
    }

    /// The sums over the rows `range`, about their mean.
    fn summed(&self, sums: Running, Range { start, end }: Range<usize>) -> Stretch {
        let Running { count, sum, sum_sq } = sums;
        if count == 0 {
            return Stretch::EMPTY;
        }
        let n = count as f64;
        let mean = sum.over(n).value();
        let sum_sq = if self.has_spread(start..end) {
            let left = sum_sq.minus(sum.squared().over(n)).value();
            // Two distinct values put half their squared distance into the sum. Only rounding can leave
            // less than nothing, and only then is that distance looked up.
            if left > 0.0 {
                left
            } else {
                self.least_sum_sq(start)
            }
        } else {
            0.0
        };
        Stretch {
            count,
            mean,
            sum_sq,
        }
    }

    /// Count, sum and sum of squares of the rows `range`, which is cut to the series, about the centre.
    pub fn centred(&self, range: Range<usize>) -> CentredSums {
        self.difference(self.cut(range)).centred()
    }

    /// [`Self::centred`] of the first 0, 1, 2, .. rows.
    pub(crate) fn centred_so_far(&self) -> impl Iterator<Item = CentredSums> + '_ {
        let first = Running::default();
        let rest = self.values.iter().scan(first, |now, value| {
            *now = now.with(*value, self.centre);
            Some(*now)
        });
        let all = std::iter::once(first).chain(rest);
        all.map(move |now| now.minus(&first).centred())
    }

    /// Log-likelihood of the rows `range` under one normal law, in nats:
    /// `-k ln(sigma sqrt(2 pi)) - (sum_sq + k (mean - mu)^2) / (2 sigma^2)` for `k` observations.
    ///
    /// Only `sigma^2` enters. 0 where nothing is observed; else `-inf` at `sigma = 0`.
    pub fn normal_log_likelihood(&self, mu: f64, sigma: f64, range: Range<usize>) -> f64 {
        let stretch = self.about_own_mean(range);
        stretch.log_likelihood(mu - self.centre, sigma)
    }

    /// Whether the rows `range`, cut to the series, hold at least two distinct observations.
    pub fn has_spread(&self, range: Range<usize>) -> bool {
        self.next_change(range.start) < range.end.min(self.len())
    }

    /// Index of the first observation after row `start` that differs from the first observation at or after it; the
    /// length where there is none.
    fn next_change(&self, start: usize) -> usize {
        match self.to_change.get(start) {
            None => self.len(),
            Some(&FAR) => {
                let mut observed = (start..self.len()).filter(|row| !self.values[*row].is_nan());
                let first = observed.next().map(|row| self.values[row]);
                let change = observed.find(|row| Some(self.values[*row]) != first);
                change.unwrap_or(self.len())
            }
            Some(&rows) => start + rows as usize,
        }
    }

    /// Whether a switch at `s` leaves a proper posterior: neither `[0, s)` nor `[s, n)` holds two or more
    /// observations that are all the same.
    ///
    /// In such a regime the likelihood grows as `sigma^-k` towards `sigma = 0`, and once `mu` is integrated
    /// out as `sigma^(1-k)`, which no prior density that is positive there can outweigh for `k >= 2`. One
    /// observation alone, or none, does no harm.
    pub fn admits(&self, s: usize) -> bool {
        let n = self.len();
        [0..s.min(n), s.min(n)..n]
            .into_iter()
            .all(|regime| self.is_proper(regime))
    }

    /// Whether a regime of the rows `range`, cut to the series, leaves a proper posterior: it holds fewer than two
    /// observations, or two that differ.
    pub fn is_proper(&self, range: Range<usize>) -> bool {
        let range = self.cut(range);
        self.has_spread(range.clone()) || self.difference(range).count < 2
    }

    /// [`Self::is_proper`] for a regime of all rows outside `range`, which is cut to the series.
    pub fn is_proper_outside(&self, range: Range<usize>) -> bool {
        let Range { start, end } = self.cut(range);
        let (before, after) = (0..start, end..self.len());
        let [n_before, n_after] =
            [before.clone(), after.clone()].map(|part| self.difference(part).count);
        n_before + n_after < 2
            || self.has_spread(before)
            || self.has_spread(after)
            || (n_before > 0 && n_after > 0 && self.first_from(0) != self.first_from(end))
    }

    /// The first observation at or after row `start`; `NaN` where there is none.
    fn first_from(&self, start: usize) -> f64 {
        self.values[start..]
            .iter()
            .copied()
            .find(|value| !value.is_nan())
            .unwrap_or(f64::NAN)
    }

    /// Count, mean and sum of squares of all rows outside `range`, which is cut to the series, with the mean as a
    /// deviation from the centre.
    pub(crate) fn outside_about_own_mean(&self, range: Range<usize>) -> Stretch {
        let Range { start, end } = self.cut(range);
        let before = self.about_own_mean(0..start);
        let after = self.about_own_mean(end..self.len());
        before.joined(&after)
    }

    /// `Ok` where the data have a spread that a float can square.
    ///
    /// # Errors
    /// [`ModelError::ConstantSeries`] or [`ModelError::Spread`] otherwise.
    pub(crate) fn check(&self, series: &Series) -> Result<(), ModelError> {
        let all = 0..self.len();
        if !self.has_spread(all.clone()) {
            let Stretch { count, mean, .. } = self.stretch(all);
            return Err(ModelError::ConstantSeries {
                series: series.name().to_owned(),
                observed: count,
                value: mean,
            });
        }
        if !(1e-280..=1e280).contains(&self.centred(all).sum_sq) {
            return Err(ModelError::Spread {
                series: series.name().to_owned(),
                extent: self.extent,
            });
        }
        Ok(())
    }

    /// Number of observations in the rows `range`, which is cut to the series.
    pub(crate) fn observed_in(&self, range: Range<usize>) -> usize {
        self.difference(self.cut(range)).count
    }

    fn cut(&self, range: Range<usize>) -> Range<usize> {
        let end = range.end.min(self.len());
        range.start.min(end)..end
    }

    fn difference(&self, range: Range<usize>) -> Running {
        self.so_far(range.end).minus(&self.so_far(range.start))
    }

    /// The sums over the first `end` rows.
    #[inline]
    fn so_far(&self, end: usize) -> Running {
        if end == self.len() {
            return self.running.last().copied().unwrap_or_default();
        }
        let kept = end >> self.stride;
        let rest = self.values[kept << self.stride..end].iter();
        rest.fold(self.running[kept], |now, value| {
            now.with(*value, self.centre)
        })
    }

    /// Half the squared distance between the first two distinct values at or after row `start`, which has
    /// such a pair.
    fn least_sum_sq(&self, start: usize) -> f64 {
        let change = self.next_change(start);
        let different = self.values[change];
        // All observations between `start` and `change` are the same, so the last of them stands for the first.
        self.values[start..change]
            .iter()
            .rev()
            .find(|value| !value.is_nan())
            .map_or(0.0, |value| 0.5 * (different - value).powi(2))
            .max(f64::MIN_POSITIVE)
    }
}

impl Stretch {
    /// No observations.
    pub(crate) const EMPTY: Self = Self {
        count: 0,
        mean: f64::NAN,
        sum_sq: 0.0,
    };

    /// Their standard deviation with divisor `count`, the maximum of a normal likelihood; `NaN` where there are none.
    pub(crate) fn sd(&self) -> f64 {
        (self.sum_sq / self.count as f64).sqrt()
    }

    /// The observations of both, whose means are about the same centre (Chan, Golub and LeVeque 1979).
    pub(crate) fn joined(&self, other: &Self) -> Self {
        match (self.count, other.count) {
            (0, _) => *other,
            (_, 0) => *self,
            (here, there) => {
                let (a, b) = (here as f64, there as f64);
                let step = other.mean - self.mean;
                Self {
                    count: here + there,
                    mean: self.mean + step * (b / (a + b)),
                    sum_sq: self.sum_sq + other.sum_sq + step * step * (a * b / (a + b)),
                }
            }
        }
    }

    /// Normal log-likelihood; `mu` is about the same centre as the mean.
    pub(crate) fn log_likelihood(&self, mu: f64, sigma: f64) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        if sigma == 0.0 {
            return f64::NEG_INFINITY;
        }
        let n = self.count as f64;
        let z = (self.mean - mu) / sigma;
        -n * (LN_SQRT_2_PI + sigma.abs().ln()) - 0.5 * (self.sum_sq / sigma / sigma + n * z * z)
    }
}

/// The mean of what is observed, with all its digits.
fn centre(series: &Series) -> f64 {
    // Dividing first keeps the sum of huge values finite.
    let n = series.n_observed() as f64;
    series
        .observed()
        .map(|(_, value)| Twofold::sum_of(value / n, 0.0))
        .fold(Twofold::default(), Twofold::plus)
        .value()
}

fn to_change(values: &[f64]) -> Vec<u32> {
    let n = values.len();
    let mut distances = vec![FAR; n];
    let (mut following, mut change): (Option<usize>, usize) = (None, n);
    for index in (0..n).rev() {
        if let Some(next) = following
            && !values[index].is_nan()
            && values[index] != values[next]
        {
            change = next;
        }
        distances[index] = u32::try_from(change - index).unwrap_or(FAR);
        if !values[index].is_nan() {
            following = Some(index);
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{gapped, ln_normal, relative, series, stepped, transformed};

    fn two_pass(series: &Series, range: Range<usize>) -> Stretch {
        let part: Vec<f64> = series
            .observed()
            .filter(|(index, _)| range.contains(index))
            .map(|(_, value)| value)
            .collect();
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        Stretch {
            count: part.len(),
            mean,
            sum_sq: part.iter().map(|value| (value - mean).powi(2)).sum(),
        }
    }

    #[test]
    fn sums_that_are_not_kept_are_the_same_to_the_bit() {
        for (n, seed) in [(200, 1), (203, 2), (8, 3), (7, 4)] {
            let series = gapped(n, seed);
            let all = PrefixSums::with_stride(&series, 0);
            let some = PrefixSums::with_stride(&series, LONG_STRIDE);
            assert!(some.running.len() <= n / 8 + 2);
            let so_far: Vec<CentredSums> = some.centred_so_far().collect();
            assert_eq!(so_far.len(), n + 1);
            for (end, so_far) in so_far.into_iter().enumerate() {
                assert_eq!(some.so_far(end), all.running[end]);
                assert_eq!(so_far, all.centred(0..end));
                let [before, after] = some.parted(end);
                let whole = [all.about_own_mean(0..end), all.about_own_mean(end..n)];
                assert_eq!(format!("{:?}", [before, after]), format!("{whole:?}"));
                for start in 0..=end {
                    let bits = |sums: &PrefixSums| {
                        let Stretch {
                            count,
                            mean,
                            sum_sq,
                        } = sums.stretch(start..end);
                        (count, mean.to_bits(), sum_sq.to_bits())
                    };
                    assert_eq!(bits(&some), bits(&all), "{start}..{end} of {n}");
                }
            }
        }
    }

    /// Rows from each row to the next change, by the definition.
    #[test]
    fn changes_are_where_the_first_observation_is_another() {
        let missing = f64::NAN;
        let rows = [
            missing, 1.0, 1.0, missing, 2.0, missing, missing, 2.0, 1.0, missing,
        ];
        let values: Vec<Option<f64>> = rows.iter().map(|y| (!y.is_nan()).then_some(*y)).collect();
        let series = Series::new("y", &values).expect("it is a series");
        let mut sums = PrefixSums::new(&series);
        let expected = [4, 4, 4, 8, 8, 8, 8, 8, 10, 10];
        let found = |sums: &PrefixSums| -> Vec<usize> {
            (0..rows.len()).map(|row| sums.next_change(row)).collect()
        };
        assert_eq!(found(&sums), expected);
        sums.to_change.fill(FAR);
        assert_eq!(found(&sums), expected);
    }

    #[test]
    fn stretches_are_what_two_passes_give() {
        let series = gapped(200, 1);
        let data = PrefixSums::new(&series);
        for range in [0..200, 0..1, 3..4, 17..93, 100..200, 198..200, 50..1000] {
            let fast = data.stretch(range.clone());
            let slow = two_pass(&series, range.clone());
            assert_eq!(fast.count, slow.count, "{range:?}");
            if slow.count == 0 {
                assert!(fast.mean.is_nan() && fast.sum_sq == 0.0);
                continue;
            }
            assert!(relative(fast.mean, slow.mean) < 1e-14, "{range:?}");
            assert!(relative(fast.sum_sq, slow.sum_sq) < 1e-13, "{range:?}");
            let centred = data.centred(range.clone());
            let about_mean = centred.sum_sq - centred.sum.powi(2) / centred.count as f64;
            assert!(relative(about_mean, slow.sum_sq) < 1e-12, "{range:?}");
        }
        assert_eq!(data.stretch(Range { start: 7, end: 2 }).count, 0);
    }

    #[test]
    fn the_log_likelihood_is_the_sum_of_densities() {
        let series = gapped(120, 2);
        let data = PrefixSums::new(&series);
        for (mu, sigma) in [(0.3, 1.2), (-40.0, 0.5), (2.0, 30.0)] {
            for range in [0..120, 11..64, 3..4] {
                let slow: f64 = series
                    .observed()
                    .filter(|(index, _)| range.contains(index))
                    .map(|(_, x)| ln_normal(x, mu, sigma))
                    .sum();
                for sign in [1.0, -1.0] {
                    let fast = data.normal_log_likelihood(mu, sign * sigma, range.clone());
                    assert!(relative(fast, slow) < 1e-13, "{mu} {sigma} {range:?}");
                }
            }
        }
        assert_eq!(
            data.normal_log_likelihood(0.0, 0.0, 0..9),
            f64::NEG_INFINITY
        );
        assert_eq!(data.normal_log_likelihood(0.0, 0.0, 3..4), 0.0);
    }

    /// Largest relative errors of a stretch's sum of squares, as it is and from plain centred sums, where
    /// the second half of a series is moved by `step` and all of it by `offset`.
    fn worst_errors(offset: f64, step: f64) -> [f64; 2] {
        // Multiples of 2^-20 stay exact when moved by whole numbers up to 2^31.
        let grid = |x: f64| (x * 1_048_576.0).round() / 1_048_576.0;
        let near = transformed(&stepped(2000, 4), grid);
        let moved: Vec<f64> = near
            .values()
            .iter()
            .enumerate()
            .map(|(index, x)| x + offset + if index < 1000 { 0.0 } else { step })
            .collect();
        let far = PrefixSums::new(&series(&moved));
        let mut worst = [0.0_f64; 2];
        for range in [0..1000, 1000..2000, 1200..1210, 1998..2000] {
            let exact = two_pass(&near, range.clone()).sum_sq;
            let plain = far.centred(range.clone());
            let plain = plain.sum_sq - plain.sum * plain.sum / plain.count as f64;
            let errors = [far.stretch(range).sum_sq, plain].map(|sum| (sum / exact - 1.0).abs());
            worst = [worst[0].max(errors[0]), worst[1].max(errors[1])];
        }
        worst
    }

    #[test]
    fn neither_offsets_nor_steps_cost_digits() {
        // offset, step, bound on the error, least error of plain sums. Measured, in this order:
        // 2e-16 and 6e-13, 2e-16 and 1e-15, 2e-16 and 9e-16, 7e-16 and 1e-3, 7e-11 and 2e1.
        let table = [
            (0.0, 0.0, 1e-14, 0.0),
            (1e6, 0.0, 1e-14, 0.0),
            (1e9, 0.0, 1e-14, 0.0),
            (0.0, 1e6, 1e-14, 1e-4),
            (1e9, 1e9, 1e-9, 1.0),
        ];
        for (offset, step, bound, plain_at_least) in table {
            let [error, plain] = worst_errors(offset, step);
            assert!(error < bound, "offset {offset}, step {step}: {error:e}");
            assert!(
                plain >= plain_at_least,
                "offset {offset}, step {step}: plain sums would do, {plain:e}"
            );
        }
    }

    #[test]
    fn a_million_observations_keep_their_digits() {
        let values: Vec<f64> = (0..1_000_000)
            .map(|index| 1e6 + f64::from(index % 1000) / 1024.0)
            .collect();
        let data = PrefixSums::new(&series(&values));
        // A thousand consecutive ones hold 0..=999, whose squares about their mean sum to k (k^2 - 1) / 12.
        let exact = 1000.0 * 999_999.0 / 12.0 / 1024.0 / 1024.0;
        for start in [0, 123_456, 999_000] {
            let sum_sq = data.stretch(start..start + 1000).sum_sq;
            assert!((sum_sq / exact - 1.0).abs() < 1e-14, "at {start}: {sum_sq}");
        }
        let all = data.stretch(0..1_000_000).sum_sq;
        assert!((all / (1000.0 * exact) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn spread_means_two_distinct_observations() {
        let values = [
            None,
            Some(1.0),
            None,
            Some(1.0),
            Some(2.0),
            Some(2.0),
            None,
            Some(2.0),
            Some(3.0),
        ];
        let series = Series::new("y", &values).expect("it is a series");
        let data = PrefixSums::new(&series);
        for start in 0..=9 {
            for end in start..=9 {
                let part: Vec<f64> = values[start..end].iter().copied().flatten().collect();
                let expected = part.iter().any(|value| *value != part[0]);
                assert_eq!(data.has_spread(start..end), expected, "{start}..{end}");
                let sum_sq = data.stretch(start..end).sum_sq;
                assert_eq!(sum_sq > 0.0, expected, "{start}..{end}");
            }
        }
        let admitted: Vec<usize> = (0..=9).filter(|&s| data.admits(s)).collect();
        // [0..4) is 1, 1 and [5..9) still varies; from 5 on both regimes vary or hold one observation.
        assert_eq!(admitted, vec![0, 1, 2, 3, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn values_that_differ_in_their_last_digit_have_a_spread() {
        // About a centre of 0.3 the two small values are one and the same float.
        let data = PrefixSums::new(&series(&[1e-20, 2e-20, 0.9]));
        let stretch = data.stretch(0..2);
        assert!(
            stretch.sum_sq > 0.0 && stretch.sum_sq < 1e-32,
            "{stretch:?}"
        );
        assert_eq!(
            PrefixSums::new(&series(&[0.1; 50])).stretch(0..50).sum_sq,
            0.0
        );
    }
}
