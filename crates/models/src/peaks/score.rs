//! How well regimes can fit the rows that they own.

use std::ops::Range;

use crate::prior::LN_SQRT_2_PI;
use crate::{Likelihood, Stretch, SwitchModel};

/// The best fit of every regime as a number that adds up over the regimes, and of which the maximised log-likelihood of
/// the whole is a growing function.
///
/// With `k` observations in a regime, whose sum is `S` and whose squared deviations from their mean sum to `Q`:
/// `-k/2 ln(Q/k)` for a normal regime with a sigma of its own, `-Q` for regimes that share one, `S ln(S/k)` for counts.
/// `-inf` where the likelihood of a regime has no maximum.
#[derive(Debug)]
pub(super) struct Score<'a> {
    model: &'a SwitchModel,
    likelihood: Likelihood,
    is_reversion: bool,
    /// The rows before each row, and from each row on: what the outer regime of normal models with reversion owns.
    heads: Vec<Stretch>,
    tails: Vec<Stretch>,
    /// Number of all observations, and of counts their sum and that of their log factorials.
    whole: [f64; 3],
}

impl<'a> Score<'a> {
    pub fn of(model: &'a SwitchModel) -> Self {
        let (likelihood, is_reversion) = (model.likelihood(), model.regimes().is_reversion());
        let ends = if is_reversion && likelihood != Likelihood::Poisson {
            0..=model.n()
        } else {
            0..=0
        };
        let data = model.data();
        Self {
            whole: match likelihood {
                Likelihood::Poisson => model.cumulative().at(model.n()),
                Likelihood::Normal | Likelihood::NormalSharedSd => {
                    [data.observed_in(0..model.n()) as f64, f64::NAN, f64::NAN]
                }
            },
            model,
            likelihood,
            is_reversion,
            heads: ends.clone().map(|s| data.about_own_mean(0..s)).collect(),
            tails: ends.map(|s| data.about_own_mean(s..model.n())).collect(),
        }
    }

    /// What neighbouring switches at `from` and `to` (`None` before the first and after the last) add to the score.
    ///
    /// The score of a placing is the sum of its links. With reversion the one link between the two switches is all.
    pub fn link(&self, from: Option<usize>, to: Option<usize>) -> f64 {
        let range = from.unwrap_or(0)..to.unwrap_or(self.model.n());
        match (self.is_reversion, from, to) {
            (false, ..) => self.inside(range),
            (true, Some(_), Some(_)) => self.inside(range.clone()) + self.outside(range),
            (true, ..) => 0.0,
        }
    }

    /// The links on both sides of the one switch, at `s`.
    pub fn of_one(&self, s: usize) -> f64 {
        if self.likelihood == Likelihood::Poisson {
            return self.link(None, Some(s)) + self.link(Some(s), None);
        }
        let [before, after] = self.model.data().parted(s);
        self.normal(before.count, before.sum_sq) + self.normal(after.count, after.sum_sq)
    }

    /// Score of a regime that owns the rows `range`.
    fn inside(&self, range: Range<usize>) -> f64 {
        if self.likelihood == Likelihood::Poisson {
            let [count, sum] = self.counts(range);
            return poisson(count, sum);
        }
        let stretch = self.model.data().about_own_mean(range);
        self.normal(stretch.count, stretch.sum_sq)
    }

    /// Score of a regime that owns all rows outside `range`.
    fn outside(&self, range: Range<usize>) -> f64 {
        if self.likelihood == Likelihood::Poisson {
            let [all, inside] = [0..self.model.n(), range].map(|part| self.counts(part));
            return poisson(all[0] - inside[0], all[1] - inside[1]);
        }
        let stretch = self.heads[range.start].joined(&self.tails[range.end]);
        self.normal(stretch.count, stretch.sum_sq)
    }

    fn normal(&self, count: usize, sum_sq: f64) -> f64 {
        let k = count as f64;
        match self.likelihood {
            Likelihood::NormalSharedSd if count > 0 => -sum_sq,
            Likelihood::Normal if sum_sq > 0.0 => -0.5 * k * (sum_sq / k).ln(),
            _ => f64::NEG_INFINITY,
        }
    }

    /// Number of observations in the rows `range`, and their sum: whole numbers, and so without rounding.
    fn counts(&self, range: Range<usize>) -> [f64; 2] {
        let sums = self.model.cumulative();
        [&sums.count, &sums.sum].map(|so_far| so_far[range.end] - so_far[range.start])
    }

    /// The maximised log-likelihood, in nats, of a placing with this score.
    pub fn log_likelihood(&self, score: f64) -> f64 {
        let [count, sum, ln_factorials] = self.whole;
        match self.likelihood {
            Likelihood::Normal => score - count * (LN_SQRT_2_PI + 0.5),
            Likelihood::NormalSharedSd => {
                -count * (LN_SQRT_2_PI + 0.5 * (-score / count).ln() + 0.5)
            }
            Likelihood::Poisson => score - sum - ln_factorials,
        }
    }
}

fn poisson(count: f64, sum: f64) -> f64 {
    if sum > 0.0 {
        sum * (sum / count).ln()
    } else {
        f64::NEG_INFINITY
    }
}
