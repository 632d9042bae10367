//! Normal regimes that share one standard deviation: everything in closed form given `sigma`, and a sum over the nodes
//! of a lattice in `ln sigma`.

use std::f64::consts::PI;

use crate::prior::LN_SQRT_2_PI;
use crate::{SwitchModel, SwitchPriors};

use super::chain::{Chain, Links};
use super::lattice::Integrand;
use super::moments::Moments;
use super::most_probable::greatest;
use super::part::{Part, Parts};
use super::placing::Placing;

/// The observations of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    count: u32,
    /// Distance of their mean from that of `mu`'s prior; 0 where there are none.
    shift: f64,
    /// Sum of squares about their mean.
    sum_sq: f64,
}

/// A model whose regimes share their `sigma`, summed up.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    parts: Parts<Summary>,
    n_observed: usize,
    /// Of `mu`'s prior, about the centre of the data.
    prior_mean: f64,
    mu_var: f64,
    sigma_var: f64,
    /// Sum of all squares about the mean of `mu`'s prior.
    about_prior: f64,
}

impl Shared {
    pub fn of(model: &SwitchModel, priors: &SwitchPriors) -> Self {
        let prior_mean = priors.mu_mean - model.data().centre();
        let summary = |part: Part| {
            let stretch = part.stretch(model);
            Summary {
                // A table of parts is refused long before its rows are that many.
                count: stretch.count as u32,
                shift: if stretch.count == 0 {
                    0.0
                } else {
                    stretch.mean - prior_mean
                },
                sum_sq: stretch.sum_sq,
            }
        };
        let all = summary(Part::Within(0, model.n()));
        Self {
            parts: Parts::of(model, summary),
            n_observed: all.count as usize,
            prior_mean,
            mu_var: priors.mu_sd * priors.mu_sd,
            sigma_var: priors.sigma_sd * priors.sigma_sd,
            about_prior: all.sum_sq + f64::from(all.count) * all.shift * all.shift,
        }
    }

    /// Number of regimes that `n_switches` make.
    fn n_regimes(&self, n_switches: usize) -> usize {
        if self.parts.is_reversion() {
            2
        } else {
            n_switches + 1
        }
    }

    /// Log prior density of `u = ln sigma`.
    pub fn ln_prior(&self, u: f64) -> f64 {
        0.5 * (2.0 / PI).ln() - 0.5 * self.sigma_var.ln() - 0.5 * (2.0 * u).exp() / self.sigma_var
            + u
    }

    /// All given `sigma`.
    pub fn at(&self, u: f64) -> AtSigma<'_> {
        let v = (2.0 * u).exp();
        let of_count = |k: f64| {
            let a = self.mu_var + v / k;
            OfCount {
                ln: -k * LN_SQRT_2_PI - (k - 1.0) * u - 0.5 * k.ln() - 0.5 * a.ln(),
                half_precision: 0.5 / a,
            }
        };
        let none = OfCount {
            ln: 0.0,
            half_precision: 0.0,
        };
        let counts = (1..=self.n_observed).map(|k| of_count(k as f64));
        AtSigma {
            shared: self,
            v,
            half_precision: 0.5 / v,
            of_counts: std::iter::once(none).chain(counts).collect(),
        }
    }

    /// Logarithm of the density of `sigma`, up to a constant, where the regimes own `parts`.
    pub fn ln_given(&self, parts: &[Summary], u: f64) -> f64 {
        let v = (2.0 * u).exp();
        let of_part = |part: &Summary| {
            if part.count == 0 {
                return 0.0;
            }
            let k = f64::from(part.count);
            let a = self.mu_var + v / k;
            -(k - 1.0) * u - 0.5 * (part.sum_sq / v + a.ln() + part.shift * part.shift / a)
        };
        self.ln_prior(u) + parts.iter().map(of_part).sum::<f64>()
    }

    pub fn summary(&self, part: Part) -> Summary {
        self.parts.get(part)
    }

    /// `mu`, about the centre of the data, of a regime that owns `part`, given `sigma`.
    pub fn mu_given(&self, part: Summary, v: f64) -> Moments {
        if part.count == 0 {
            return Moments {
                mean: self.prior_mean,
                sd: self.mu_var.sqrt(),
            };
        }
        let of_mean = v / f64::from(part.count);
        let share = self.mu_var / (self.mu_var + of_mean);
        Moments {
            mean: self.prior_mean + part.shift * share,
            sd: (of_mean * share).sqrt(),
        }
    }
}

/// What a count of observations adds to their log evidence given `sigma`.
#[derive(Debug, Clone, Copy)]
struct OfCount {
    ln: f64,
    /// `1 / (2 A)`.
    half_precision: f64,
}

/// The links of the chain given `sigma`: see [`super::quadrature`] for the formula.
#[derive(Debug)]
pub(super) struct AtSigma<'a> {
    shared: &'a Shared,
    v: f64,
    half_precision: f64,
    of_counts: Vec<OfCount>,
}

impl AtSigma<'_> {
    fn ln(&self, part: &Summary) -> f64 {
        let of_count = &self.of_counts[part.count as usize];
        of_count.ln
            - part.sum_sq * self.half_precision
            - part.shift * part.shift * of_count.half_precision
    }

    /// `mu` of a regime that owns `part`, about the centre of the data.
    pub fn mu(&self, part: Part) -> Moments {
        self.shared.mu_given(self.shared.summary(part), self.v)
    }
}

impl Links for AtSigma<'_> {
    fn before(&self, s: usize) -> f64 {
        self.shared
            .parts
            .first
            .get(s)
            .map_or(0.0, |part| self.ln(part))
    }

    fn add_between(&self, from: usize, j: usize, terms: &mut [f64]) {
        let parts = &self.shared.parts;
        for (term, part) in terms.iter_mut().zip(&parts.within[j][from..]) {
            *term += self.ln(part);
        }
        if parts.is_reversion() {
            for (term, part) in terms.iter_mut().zip(&parts.outside[j][from..]) {
                *term += self.ln(part);
            }
        }
    }

    fn after(&self, s: usize) -> f64 {
        self.shared
            .parts
            .last
            .get(s)
            .map_or(0.0, |part| self.ln(part))
    }
}

/// Less the sum of squares within the regimes, whose greatest value is the least that switches can leave.
struct LessSquares<'a>(&'a Parts<Summary>);

impl Links for LessSquares<'_> {
    fn before(&self, s: usize) -> f64 {
        self.0.first.get(s).map_or(0.0, |part| -part.sum_sq)
    }

    fn add_between(&self, from: usize, j: usize, terms: &mut [f64]) {
        for table in [&self.0.within, &self.0.outside] {
            if let Some(column) = table.get(j) {
                for (term, part) in terms.iter_mut().zip(&column[from..]) {
                    *term -= part.sum_sq;
                }
            }
        }
    }

    fn after(&self, s: usize) -> f64 {
        self.0.last.get(s).map_or(0.0, |part| -part.sum_sq)
    }
}

/// The evidence as a function of `ln sigma`: prior, and the sum over all places of the switches.
pub(super) struct OverSigma<'a> {
    pub shared: &'a Shared,
    pub placing: &'a Placing,
}

impl Integrand for OverSigma<'_> {
    type Found = Chain;

    fn evaluate(&self, u: f64) -> (f64, Chain) {
        let chain = Chain::of(self.placing, &self.shared.at(u));
        (self.shared.ln_prior(u) + chain.ln_total, chain)
    }

    /// For every place of the switches the slope is at least `1 - N - v / c^2`: of the terms of each regime with `k`
    /// observations only `-(k - 1) u` and `-ln(A) / 2` fall, the latter by at most 1.
    fn steepest(&self, u: f64) -> f64 {
        self.shared.n_observed as f64 + (2.0 * u).exp() / self.shared.sigma_var
    }

    /// Where `Q` is the least sum of squares that switches can leave, `Q / v` outweighs all that falls at `v = Q / (N +
    /// 1)`, as long as `v` is below `c^2`. The slope is at most `1 - (N - R) + T / v - v / c^2` for `R` regimes and a sum
    /// of squares `T` about the prior's mean, which bounds `Q` and the pull of that mean together.
    fn peaks_between(&self) -> (f64, f64) {
        let Shared {
            n_observed,
            sigma_var,
            about_prior,
            ..
        } = *self.shared;
        let n_regimes = self.shared.n_regimes(self.placing.n_switches());
        let flat = self.placing.flat();
        let least = -greatest(&flat, &LessSquares(&self.shared.parts)).1;
        let low = (least / (n_observed as f64 + 1.0)).min(sigma_var);
        let by_prior = (4.0 * sigma_var).max((2.0 * about_prior).sqrt() * sigma_var.sqrt());
        let high = if n_observed >= n_regimes + 2 {
            by_prior.min(about_prior / (n_observed - n_regimes - 1) as f64)
        } else {
            by_prior
        };
        (0.5 * low.ln(), 0.5 * high.max(low).ln())
    }
}
