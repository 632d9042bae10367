//! The log-likelihood of regimes that pass into one another, and its derivatives, by natural values.

use std::ops::Range;
use std::sync::Arc;

use super::super::abreast::alone;
use super::super::window::{
    Family, Growth, MAX_ACTIVE, Many, NormalFamily, One, PoissonFamily, Rows, Segment, Sweep,
};
use super::observations::Observations;
use super::row::{self, Level, Weights};
use crate::prefix::Stretch;
use crate::{Likelihood, PrefixSums, SwitchModel};

/// Greatest contrast, as its binary logarithm, and greatest scale either way, that is summed in lanes: far beyond what data
/// say, and far from where floats end.
const MODERATE_OCTAVES: f64 = 50.0;
const MODERATE_SCALE: f64 = 1e60;

/// A series, its regimes and the steepness of its switches.
///
/// Natural values are the regimes' parameters in the order of [`Likelihood::parameter_names`], then the `tau` in order.
#[derive(Debug, Clone)]
pub(in super::super) struct Blend {
    likelihood: Likelihood,
    /// Indices among the values of each stretch's `mu, sigma` or `rate, rate`.
    of_stretch: Vec<[usize; 2]>,
    n_regimes: usize,
    n_parameters: usize,
    observations: Arc<Observations>,
    /// What the rows' `x` are about.
    origin: f64,
    /// The mean of what is observed.
    centre: f64,
    growth: Growth,
}

/// How far a switch is seen, and how.
pub(super) struct Reach {
    /// In units of time.
    pub half_width: f64,
    pub is_moderate: bool,
}

impl Reach {
    /// Of scales between `least` and `greatest`, which with `extent` make the contrast, where a weight changes by a factor
    /// of `e` in `time`. No number is `NaN`.
    #[inline(always)]
    pub(super) fn new(extent: f64, [least, greatest]: [f64; 2], time: f64) -> Self {
        // Of one more than the contrast.
        let octaves = octaves_at_least(extent + greatest + least, least);
        // Beyond e^700 a float ends.
        let exponent = (37.0 + 3.0 * std::f64::consts::LN_2 * octaves).min(700.0);
        Self {
            half_width: exponent * time,
            is_moderate: octaves < MODERATE_OCTAVES
                && least > 1.0 / MODERATE_SCALE
                && greatest < MODERATE_SCALE,
        }
    }
}

impl Blend {
    /// The blend of `model`, of whose series there is one copy for all of them.
    pub fn of(model: &SwitchModel, steepness: f64) -> Self {
        let (likelihood, regimes) = (model.likelihood(), model.regimes());
        let observations = model.observations();
        let n_regimes = regimes.n_regimes();
        let slots = |r: &usize| match likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                [*r, likelihood.spread_index(*r, n_regimes)]
            }
            Likelihood::Poisson => [*r, *r],
        };
        Self {
            likelihood,
            of_stretch: regimes.of_stretch().iter().map(slots).collect(),
            n_regimes,
            n_parameters: likelihood.n_parameters(n_regimes),
            origin: observations.origin,
            centre: observations.data.centre(),
            growth: Growth::new(steepness),
            observations,
        }
    }

    pub fn steepen(&mut self, steepness: f64) {
        self.growth = Growth::new(steepness);
    }

    pub fn steepness(&self) -> f64 {
        self.growth.steepness()
    }

    pub fn data(&self) -> &PrefixSums {
        &self.observations.data
    }

    fn rows(&self) -> &Rows {
        &self.observations.rows
    }

    pub fn n_switches(&self) -> usize {
        self.of_stretch.len() - 1
    }

    /// Log-likelihood in nats at `values`; `-inf` where they are outside, `NaN` where one of them is.
    pub fn log_likelihood(&self, values: &[f64]) -> f64 {
        self.sum::<false>(values, &mut [])
    }

    /// [`Self::log_likelihood`], and its derivatives written to `gradient` (`dim`): 0 where it is `-inf`.
    pub fn gradient(&self, values: &[f64], gradient: &mut [f64]) -> f64 {
        let value = self.sum::<true>(values, gradient);
        if value == f64::NEG_INFINITY {
            gradient.fill(0.0);
        }
        value
    }

    /// Writes the log density of each row into `pointwise` (`n`), `NaN` where it is missing.
    pub fn pointwise(&self, values: &[f64], pointwise: &mut [f64]) {
        pointwise.fill(f64::NAN);
        if values.iter().any(|value| value.is_nan()) {
            return;
        }
        let reach = self.reach(values);
        for Segment { rows, switches } in self.segments(values, &reach) {
            let mut weights = Weights::around(self.taus(values, &switches), self.steepness());
            let observed = self.rows().each(rows.clone()).zip(&mut pointwise[rows]);
            for ((time, x, _), slot) in observed.filter(|((.., is_observed), _)| *is_observed) {
                weights.at(time);
                let level = self.mixed(values, switches.start, &weights);
                let (value, _) = row::ln_density(self.likelihood, level, x, self.centre);
                *slot = value + row::ln_rest(self.likelihood, x, self.centre);
            }
        }
    }

    /// Derivatives of [`Self::log_likelihood`] at those of `W` positions that are `asked` for, with `values` (`dim`, each of all
    /// positions), written to `gradient` (`dim`), and of each of these whether it and all of them are finite; cheaper than
    /// [`Self::gradient`], for the value itself is not asked for, and of many positions than of one.
    pub fn slopes<const W: usize>(
        &self,
        asked: [bool; W],
        values: &[[f64; W]],
        gradient: &mut [[f64; W]],
    ) -> [bool; W] {
        let told = self.singles::<false, true, W>(asked, values, gradient);
        let mut is_finite = told.map(|told| told.is_some());
        if is_finite != asked {
            for (w, is_finite) in is_finite.iter_mut().enumerate() {
                *is_finite = *is_finite || asked[w] && self.slopes_of(w, values, gradient);
            }
        }
        is_finite
    }

    /// [`Self::slopes`] of position `w` alone, whatever its values are.
    fn slopes_of<const W: usize>(
        &self,
        w: usize,
        values: &[[f64; W]],
        gradient: &mut [[f64; W]],
    ) -> bool {
        alone(w, [values, &[]], gradient, |values, _, slopes| {
            let value = self.sum::<true>(values, slopes);
            value.is_finite() && slopes.iter().all(|slope| slope.is_finite())
        })
    }

    /// The sum over all rows of one switch between Normal regimes, where [`Single`] can tell.
    #[inline]
    pub(super) fn single<const VALUE: bool, const GRADIENT: bool>(
        &self,
        values: &[f64],
        gradient: &mut [f64],
    ) -> Option<f64> {
        let (values, gradient) = (values.as_chunks().0, gradient.as_chunks_mut().0);
        let [value] = self.singles::<VALUE, GRADIENT, 1>([true], values, gradient);
        value
    }

    /// [`Self::single`] of those of `W` positions that are `asked` for, whose values lie side by side.
    #[inline]
    fn singles<const VALUE: bool, const GRADIENT: bool, const W: usize>(
        &self,
        asked: [bool; W],
        values: &[[f64; W]],
        gradient: &mut [[f64; W]],
    ) -> [Option<f64>; W] {
        match &self.observations.single {
            Some(single) => {
                single.sum::<VALUE, GRADIENT, W>(asked, values, self.rows(), &self.growth, gradient)
            }
            None => [None; W],
        }
    }

    fn sum<const GRADIENT: bool>(&self, values: &[f64], gradient: &mut [f64]) -> f64 {
        match self.single::<true, GRADIENT>(values, gradient) {
            Some(value) => value,
            None => self.general::<GRADIENT>(values, gradient),
        }
    }

    /// The sum for any number of switches, any likelihood and all values.
    pub(super) fn general<const GRADIENT: bool>(
        &self,
        values: &[f64],
        gradient: &mut [f64],
    ) -> f64 {
        if values.iter().any(|value| value.is_nan()) {
            gradient.fill(f64::NAN);
            return f64::NAN;
        }
        gradient.fill(0.0);
        if !self.is_inside(values) {
            return f64::NEG_INFINITY;
        }
        let reach = self.reach(values);
        let mut value = self.observations.constant;
        for Segment { rows, switches } in self.segments(values, &reach) {
            value += match (switches.len(), self.likelihood) {
                (0, _) => self.pure::<GRADIENT>(values, switches.start, rows, gradient),
                (several, _) if several > MAX_ACTIVE || !reach.is_moderate => {
                    self.row_by_row::<GRADIENT>(values, &switches, rows, gradient)
                }
                (1, Likelihood::Normal | Likelihood::NormalSharedSd) => {
                    self.one::<GRADIENT>(values, switches.start, &rows, gradient)
                }
                (_, Likelihood::Normal | Likelihood::NormalSharedSd) => {
                    self.many::<GRADIENT, NormalFamily>(values, &switches, &rows, gradient)
                }
                (_, Likelihood::Poisson) => {
                    self.many::<GRADIENT, PoissonFamily>(values, &switches, &rows, gradient)
                }
            };
        }
        // No value is NaN, so a NaN is infinity against infinity: a scale of 0, or numbers beyond a float.
        if value.is_nan() {
            f64::NEG_INFINITY
        } else {
            value
        }
    }

    /// Whether the switches are in order and rates are not negative.
    fn is_inside(&self, values: &[f64]) -> bool {
        let (parameters, taus) = values.split_at(self.n_parameters);
        let is_rate = self.likelihood == Likelihood::Poisson;
        taus.is_sorted() && !(is_rate && parameters.iter().any(|rate| *rate < 0.0))
    }

    fn segments<'a>(&self, values: &'a [f64], reach: &Reach) -> Sweep<'a> {
        Sweep::new(
            &values[self.n_parameters..],
            reach.half_width,
            self.growth.time(),
            self.rows().len(),
        )
    }

    /// How far from a `tau` a switch that is not there yet, or over, no longer matters.
    ///
    /// `e^-37` is below a float's precision. The logarithm makes up for regimes so unlike each other, or so far from the
    /// data, that even so small a share `q` of one shows in another: with contrast `c` no more than `q c^2` in the value and
    /// `q c^3` in the derivatives, in their units. The contrast of Normal regimes is the greatest distance between data and
    /// means, plus the greatest standard deviation, over the least one; of Poisson regimes the greatest count plus the
    /// greatest rate over the least rate. Of several switches each hides a share of at most `q` in either of its stretches,
    /// and shares fall off from switch to switch.
    fn reach(&self, values: &[f64]) -> Reach {
        let (first, second) = values[..self.n_parameters].split_at(self.n_regimes);
        let (extent, scales) = match self.likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                let farthest = |far: f64, mu: &f64| far.max((mu - self.origin).abs());
                (
                    self.data().extent() + 2.0 * first.iter().fold(0.0, farthest),
                    second,
                )
            }
            Likelihood::Poisson => (self.data().centre() + self.data().extent(), first),
        };
        let least = scales
            .iter()
            .fold(f64::INFINITY, |least, scale| least.min(scale.abs()));
        let greatest = scales
            .iter()
            .fold(0.0, |greatest: f64, scale| greatest.max(scale.abs()));
        Reach::new(extent, [least, greatest], self.growth.time())
    }

    fn level(&self, values: &[f64], stretch: usize) -> Level {
        let [first, second] = self.of_stretch[stretch];
        match self.likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                [values[first] - self.origin, values[second]]
            }
            Likelihood::Poisson => [values[first]; 2],
        }
    }

    /// Adds the derivatives by a stretch's level to those by the values.
    fn add(&self, stretch: usize, [by_first, by_second]: Level, gradient: &mut [f64]) {
        let [first, second] = self.of_stretch[stretch];
        gradient[first] += by_first;
        if self.likelihood != Likelihood::Poisson {
            gradient[second] += by_second;
        }
    }

    /// The rows of a stretch that no switch is near.
    fn pure<const GRADIENT: bool>(
        &self,
        values: &[f64],
        stretch: usize,
        rows: Range<usize>,
        gradient: &mut [f64],
    ) -> f64 {
        let level = self.level(values, stretch);
        let (value, by_level) = match self.likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                normal(&self.data().about_own_mean(rows), level)
            }
            Likelihood::Poisson => {
                let sums = self.rows().count_and_sums(&rows, self.centre);
                let (value, slope) = row::poisson(sums, level[0], self.centre);
                (value, [slope, 0.0])
            }
        };
        if GRADIENT {
            self.add(stretch, by_level, gradient);
        }
        value
    }

    fn one<const GRADIENT: bool>(
        &self,
        values: &[f64],
        switch: usize,
        rows: &Range<usize>,
        gradient: &mut [f64],
    ) -> f64 {
        let index = self.n_parameters + switch;
        let [before, after] = [switch, switch + 1].map(|stretch| self.level(values, stretch));
        let one = One {
            mu: [[before[0]], [after[0]]],
            sigma: [[before[1]], [after[1]]],
            tau: [values[index]],
        };
        let rows = std::array::from_ref(rows);
        let sum = one.sum::<true, GRADIENT>(self.rows(), rows, &self.growth);
        let [by_mu, by_sigma] = [sum.mu, sum.sigma].map(|by| by.map(|[by]| by));
        let ([value], [by_tau]) = (sum.value, sum.tau);
        if GRADIENT {
            self.add(switch, [by_mu[0], by_sigma[0]], gradient);
            self.add(switch + 1, [by_mu[1], by_sigma[1]], gradient);
            gradient[index] += by_tau;
        }
        value
    }

    fn many<const GRADIENT: bool, F: Family>(
        &self,
        values: &[f64],
        switches: &Range<usize>,
        rows: &Range<usize>,
        gradient: &mut [f64],
    ) -> f64 {
        match switches.len() {
            1 => self.padded::<GRADIENT, F, 1, 2>(values, switches, rows, gradient),
            2 => self.padded::<GRADIENT, F, 2, 3>(values, switches, rows, gradient),
            3 => self.padded::<GRADIENT, F, 3, 4>(values, switches, rows, gradient),
            4 => self.padded::<GRADIENT, F, 4, 5>(values, switches, rows, gradient),
            _ => self.padded::<GRADIENT, F, MAX_ACTIVE, { MAX_ACTIVE + 1 }>(
                values, switches, rows, gradient,
            ),
        }
    }

    /// `M` switches under way, of which those beyond `switches` are infinitely far away.
    fn padded<const GRADIENT: bool, F: Family, const M: usize, const N: usize>(
        &self,
        values: &[f64],
        switches: &Range<usize>,
        rows: &Range<usize>,
        gradient: &mut [f64],
    ) -> f64 {
        let last = self.level(values, switches.end);
        let mut many = Many {
            levels: [last; N],
            taus: [f64::INFINITY; M],
            unit: match self.likelihood {
                Likelihood::Normal | Likelihood::NormalSharedSd => last[1].abs(),
                Likelihood::Poisson => self.centre,
            },
        };
        let stretches = switches.start..=switches.end;
        for (level, stretch) in many.levels.iter_mut().zip(stretches.clone()) {
            *level = self.level(values, stretch);
        }
        for (slot, tau) in many.taus.iter_mut().zip(self.taus(values, switches)) {
            *slot = *tau;
        }
        let sum = many.sum::<GRADIENT, F>(self.rows(), rows, &self.growth);
        if GRADIENT {
            for (stretch, by_level) in stretches.zip(sum.levels) {
                self.add(stretch, by_level, gradient);
            }
            let slots = &mut gradient[self.n_parameters..][switches.clone()];
            for (slot, by_tau) in slots.iter_mut().zip(sum.taus) {
                *slot += by_tau;
            }
        }
        sum.value
    }

    fn row_by_row<const GRADIENT: bool>(
        &self,
        values: &[f64],
        switches: &Range<usize>,
        rows: Range<usize>,
        gradient: &mut [f64],
    ) -> f64 {
        let mut weights = Weights::around(self.taus(values, switches), self.steepness());
        let mut sum = 0.0;
        for (time, x, is_observed) in self.rows().each(rows) {
            if is_observed {
                weights.at(time);
                let level = self.mixed(values, switches.start, &weights);
                let (value, by_level) = row::ln_density(self.likelihood, level, x, self.centre);
                sum += value;
                if GRADIENT {
                    self.add_row(values, switches.start, &weights, by_level, gradient);
                }
            }
        }
        sum
    }

    /// The weighted sum of the levels of the stretches from `first` on.
    fn mixed(&self, values: &[f64], first: usize, weights: &Weights<'_>) -> Level {
        let mut sum = [0.0; 2];
        for (stretch, weight) in (first..).zip(&weights.weights) {
            let level = self.level(values, stretch);
            sum = [sum[0] + weight * level[0], sum[1] + weight * level[1]];
        }
        sum
    }

    /// Adds the derivatives of one observation, given those by its own level.
    fn add_row(
        &self,
        values: &[f64],
        first: usize,
        weights: &Weights<'_>,
        [by_first, by_second]: Level,
        gradient: &mut [f64],
    ) {
        for (stretch, weight) in (first..).zip(&weights.weights) {
            self.add(stretch, [weight * by_first, weight * by_second], gradient);
        }
        for (k, progress) in (first..).zip(&weights.progress) {
            let [before, after] = [k, k + 1].map(|stretch| self.level(values, stretch));
            let slope = (after[0] - before[0]) * by_first + (after[1] - before[1]) * by_second;
            gradient[self.n_parameters + k] -= self.steepness() * progress * slope;
        }
    }

    fn taus<'a>(&self, values: &'a [f64], switches: &Range<usize>) -> &'a [f64] {
        &values[self.n_parameters..][switches.clone()]
    }
}

/// `log2 (a / b)` of `a >= b >= 0`, or up to 0.18 more.
#[inline(always)]
fn octaves_at_least(a: f64, b: f64) -> f64 {
    // A float's bits, read as a number, are its exponent and, between powers of two, the straight line, above which `log2`
    // stays by at most 0.0861. For a `b` of 0 the answer is at least a thousand.
    let lines = (a.to_bits() as i64).wrapping_sub(b.to_bits() as i64) as f64 / (1_u64 << 52) as f64;
    lines + 0.0861
}

/// Log-likelihood of a Normal stretch and its derivatives by `mu` and `sigma`.
fn normal(stretch: &Stretch, [mu, sigma]: Level) -> (f64, Level) {
    let value = stretch.log_likelihood(mu, sigma);
    if stretch.count == 0 {
        return (value, [0.0; 2]);
    }
    let n = stretch.count as f64;
    let z = (stretch.mean - mu) / sigma;
    let squares = stretch.sum_sq / sigma / sigma + n * z * z;
    (value, [n * z / sigma, (squares - n) / sigma])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octaves_are_not_less_than_the_logarithm() {
        for a in [1.0, 1.44, 7.9, 3e15, 1e300] {
            for b in [1e-300, 0.3, 0.72, 1.0] {
                let more = octaves_at_least(a, b) - (f64::log2(a) - f64::log2(b));
                assert!((0.0..0.18).contains(&more), "{a} {b}: {more}");
            }
        }
        assert!(octaves_at_least(1.0, 0.0) > 1000.0);
    }
}
