//! The posterior of one Poisson regime: gamma, in closed form.
//!
//! A regime of `k` counts with sum `S` under `rate ~ gamma(a, b)` has the posterior `gamma(a + S, b + k)` and the
//! evidence `b^a / gamma(a) * gamma(a + S) / (b + k)^(a + S) / prod(y!)` (Gelman et al., *Bayesian Data Analysis*, 3rd
//! edition, section 2.6). Sums of large counts would leave no digits of its logarithm after those terms cancel; so it
//! is taken relative to that of all counts at one rate, and Stirling's series cancels them beforehand, as in Loader,
//! *Fast and accurate computation of binomial probabilities* (2000).

use statrs::function::gamma::ln_gamma;

use crate::prior::LN_SQRT_2_PI;
use crate::{RatePrior, SwitchModel};

use super::moments::Moments;
use super::part::Part;

/// From here on Stirling's series has all its digits in four terms.
const STIRLING: f64 = 60.0;

/// Counts of a model, under the prior of each regime's rate.
#[derive(Debug)]
pub(super) struct Rates<'a> {
    model: &'a SwitchModel,
    prior: RatePrior,
    /// Mean of all counts: the rate that evidences are relative to.
    base: f64,
    /// The part of each regime's log evidence that is the prior's alone.
    ln_constant: f64,
}

impl<'a> Rates<'a> {
    pub fn of(model: &'a SwitchModel, prior: RatePrior) -> Self {
        let [count, sum, _] = model.cumulative().at(model.n());
        let base = sum / count;
        let RatePrior { shape, rate, .. } = prior;
        Self {
            model,
            prior,
            base,
            ln_constant: shape * (rate * base).ln() - rate * base - ln_gamma(shape),
        }
    }

    /// Log-likelihood, in nats, of all counts at the rate that evidences are relative to.
    pub fn ln_base(&self) -> f64 {
        let counts = self.model.data().values().iter();
        counts
            .filter(|y| !y.is_nan())
            .map(|&y| ln_poisson(y, self.base))
            .sum()
    }

    /// Number and sum of the counts of `part`.
    fn sums(&self, part: Part) -> (f64, f64) {
        let at = |row| self.model.cumulative().at(row);
        let within = |i, j| {
            let ([count, sum, _], [less_count, less_sum, _]) = (at(j), at(i));
            (count - less_count, sum - less_sum)
        };
        match part {
            Part::Within(i, j) => within(i, j),
            Part::Outside(i, j) => {
                let ((count, sum), (more_count, more_sum)) =
                    (within(0, i), within(j, self.model.n()));
                (count + more_count, sum + more_sum)
            }
        }
    }

    /// Shape and rate of the posterior of a regime that owns `part`.
    pub fn posterior(&self, part: Part) -> (f64, f64) {
        let (count, sum) = self.sums(part);
        (self.prior.shape + sum, self.prior.rate + count)
    }

    /// Log evidence in nats of a regime that owns `part`, less the log-likelihood of its counts at the base rate.
    pub fn log_evidence(&self, part: Part) -> f64 {
        if self.sums(part).0 == 0.0 {
            return 0.0;
        }
        let (shape, rate) = self.posterior(part);
        let expected = rate * self.base;
        expected * excess(shape, expected) - (0.5 * shape.ln() - LN_SQRT_2_PI)
            + stirling_error(shape)
            + self.ln_constant
    }

    pub fn moments(&self, part: Part) -> Moments {
        let (shape, rate) = self.posterior(part);
        Moments {
            mean: shape / rate,
            sd: shape.sqrt() / rate,
        }
    }
}

/// `r ln r - r + 1` for `r = x / expected`, right to the last digits near its root at 1.
fn excess(x: f64, expected: f64) -> f64 {
    let off = (x - expected) / expected;
    if off.abs() < 0.5 {
        (1.0 + off) * off.ln_1p() - off
    } else {
        let ratio = x / expected;
        ratio * ratio.ln() - off
    }
}

/// `ln gamma(x)` less Stirling's `(x - 1/2) ln x - x + ln sqrt(2 pi)`.
fn stirling_error(x: f64) -> f64 {
    if x < STIRLING {
        return ln_gamma(x) - ((x - 0.5) * x.ln() - x + LN_SQRT_2_PI);
    }
    let square = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / x
}

/// Log probability of a count `y` at `rate`.
fn ln_poisson(y: f64, rate: f64) -> f64 {
    if y == 0.0 {
        return -rate;
    }
    -rate * excess(y, rate) - LN_SQRT_2_PI - 0.5 * y.ln() - stirling_error(y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{relative, series};
    use crate::{Likelihood, RegimePriors};
    use crate::{Prior, Regimes, SwitchPrior, SwitchSettings};

    fn model(counts: &[f64], prior: RatePrior) -> SwitchModel {
        let settings = SwitchSettings {
            likelihood: Likelihood::Poisson,
            regimes: Regimes::reversion(),
            priors: RegimePriors::Poisson(prior),
            switch_prior: SwitchPrior::Uniform,
        };
        SwitchModel::new(&series(counts), settings).expect("they are counts")
    }

    fn prior(shape: f64, rate: f64) -> RatePrior {
        RatePrior::new(Prior::gamma(shape, rate).expect("valid")).expect("valid")
    }

    /// The evidence as the product of each count's predictive probability, which is negative binomial.
    fn one_by_one(counts: &[f64], RatePrior { shape, rate, .. }: RatePrior) -> f64 {
        let (mut shape, mut rate, mut ln) = (shape, rate, 0.0);
        for &y in counts {
            // (shape)_y / y! by its factors, with none of the gamma functions of the formula.
            for i in 0..y as u32 {
                ln += ((shape + f64::from(i)) / f64::from(i + 1)).ln();
            }
            ln += shape * (rate / (rate + 1.0)).ln() - y * (rate + 1.0).ln();
            shape += y;
            rate += 1.0;
        }
        ln
    }

    #[test]
    fn the_evidence_is_the_product_of_predictions() {
        for (counts, prior) in [
            (vec![3.0, 0.0, 7.0, 2.0, 2.0], prior(2.5, 0.5)),
            (vec![0.0, 0.0, 1.0, 0.0, 0.0], prior(0.3, 4.0)),
            (vec![120.0, 97.0, 103.0, 0.0, 0.0], prior(1.0, 0.01)),
        ] {
            let model = model(&counts, prior);
            let rates = Rates::of(&model, prior);
            let all = rates.ln_base() + rates.log_evidence(Part::Within(0, 5));
            assert!(relative(all, one_by_one(&counts, prior)) < 1e-13);
            let parts =
                [Part::Within(1, 3), Part::Outside(1, 3)].map(|part| rates.log_evidence(part));
            let inside = one_by_one(&counts[1..3], prior);
            let outside = one_by_one(&[&counts[..1], &counts[3..]].concat(), prior);
            let (found, truth) = (rates.ln_base() + parts[0] + parts[1], inside + outside);
            assert!(relative(found, truth) < 1e-13, "{found} {truth}");
            assert_eq!(rates.log_evidence(Part::Within(2, 2)), 0.0);
        }
    }

    /// Counts of a million a row: the evidence of a switch against none is a beta function and powers, where the plain
    /// formula's terms of 1e9 would leave seven digits.
    #[test]
    fn large_counts_keep_their_digits() {
        let counts: Vec<f64> = (0..40).map(|i| f64::from(1_000_000 + i * i % 17)).collect();
        let (shape, rate) = (1.0, 1e-6_f64);
        let prior = prior(shape, rate);
        let model = model(&counts, prior);
        let rates = Rates::of(&model, prior);
        let ln = |i, j| rates.log_evidence(Part::Within(i, j));
        let found = ln(0, 20) + ln(20, 40) - ln(0, 40);
        // With shape 1: b gamma(S1 + 1) gamma(S2 + 1) / gamma(S + 1) * (b + 40)^(S + 1) / (b + 20)^(S + 2).
        let (first, second): (f64, f64) = (counts[..20].iter().sum(), counts[20..].iter().sum());
        let all = first + second;
        let powers = (all + 1.0) * (20.0 / (20.0 + rate)).ln_1p() - (20.0 + rate).ln();
        let truth =
            rate.ln() + ln_beta_and_powers(first + 1.0, second + 1.0) + (all + 1.0).ln() + powers
                - (all + 1.0) * 2.0_f64.ln();
        assert!((found - truth).abs() < 1e-8, "{found} {truth}");
    }

    /// `ln B(a, b) + (a + b - 1) ln 2` by the trapezoid rule around the peak of the integrand, for `a` near `b`.
    fn ln_beta_and_powers(a: f64, b: f64) -> f64 {
        let mode = (a - 1.0) / (a + b - 2.0);
        let width = 0.5 / (a + b).sqrt();
        let ln = |x: f64| {
            (a - 1.0) * ((x - mode) / mode).ln_1p()
                + (b - 1.0) * ((mode - x) / (1.0 - mode)).ln_1p()
        };
        let sum: f64 = (-400..=400)
            .map(|i| ln(mode + width * f64::from(i) / 40.0).exp())
            .sum();
        let off = 2.0 * mode - 1.0;
        let peak = (a - 1.0) * off.ln_1p() + (b - 1.0) * (-off).ln_1p();
        peak + (sum * width / 40.0).ln() + 2.0_f64.ln()
    }

    #[test]
    fn stirlings_error_is_smooth_where_its_series_begins() {
        for x in [STIRLING - 1e-9, STIRLING + 1e-9] {
            let by_gamma = ln_gamma(x) - ((x - 0.5) * x.ln() - x + LN_SQRT_2_PI);
            assert!((stirling_error(x) - by_gamma).abs() < 1e-12);
        }
    }
}
