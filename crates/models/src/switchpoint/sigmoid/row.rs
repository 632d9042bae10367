//! The sigmoid switch at one time, written as its formula is: what the window is measured against in tests, and what takes
//! over where levels are too far apart for it.

use super::super::window::ln_and_rest;
use crate::Likelihood;
use crate::prior::LN_SQRT_2_PI;

/// `mu, sigma` of a Normal stretch, with `mu` about the centre of the data, or `rate, rate`.
pub(super) type Level = [f64; 2];

/// The weights, at any time, of the stretches before, between and after some switches.
pub(super) struct Weights<'a> {
    taus: &'a [f64],
    steepness: f64,
    /// `1 - exp(-steepness (tau_k - tau_(k-1)))`, 1 of the first.
    gaps: Vec<f64>,
    /// Of each stretch.
    pub weights: Vec<f64>,
    /// `g_k (1 - g_k)` of each switch.
    pub progress: Vec<f64>,
}

impl<'a> Weights<'a> {
    /// Around `taus`, which are in order.
    pub fn around(taus: &'a [f64], steepness: f64) -> Self {
        let gaps = taus
            .windows(2)
            .map(|pair| -(-steepness * (pair[1] - pair[0])).exp_m1());
        Self {
            taus,
            steepness,
            gaps: std::iter::once(1.0).chain(gaps).collect(),
            weights: vec![1.0; taus.len() + 1],
            progress: vec![0.0; taus.len()],
        }
    }

    /// Moves to `time`. A stretch between two switches weighs `g_k - g_(k+1)`, here as a product that does not cancel; see
    /// [`super::super::window::Many`].
    pub fn at(&mut self, time: f64) {
        let mut begun = 1.0;
        for (k, (tau, gap)) in self.taus.iter().zip(&self.gaps).enumerate() {
            let (g, rest) = sigmoids(self.steepness * (time - tau));
            self.weights[k] = gap * begun * rest;
            self.progress[k] = g * rest;
            begun = g;
        }
        self.weights[self.taus.len()] = begun;
    }
}

/// `sigmoid(v)` and `sigmoid(-v)`.
pub(super) fn sigmoids(v: f64) -> (f64, f64) {
    let smaller = (-v.abs()).exp();
    let larger = 1.0 / (1.0 + smaller);
    if v >= 0.0 {
        (larger, smaller * larger)
    } else {
        (smaller * larger, larger)
    }
}

/// Log density of an observation `x` less [`ln_rest`], and its derivatives by the `level`.
///
/// Of a count that is what the rate `centre` makes of it, so that neither part is large where counts and rates are.
pub(super) fn ln_density(
    likelihood: Likelihood,
    [first, second]: Level,
    x: f64,
    centre: f64,
) -> (f64, Level) {
    match likelihood {
        Likelihood::Normal | Likelihood::NormalSharedSd => {
            let z = (x - first) / second;
            let value = -LN_SQRT_2_PI - second.abs().ln() - 0.5 * z * z;
            (value, [z / second, (z * z - 1.0) / second])
        }
        Likelihood::Poisson => {
            let (value, slope) = poisson([1.0, x, x - centre], first, centre);
            (value, [slope, 0.0])
        }
    }
}

/// What [`ln_density`] leaves out.
pub(super) fn ln_rest(likelihood: Likelihood, x: f64, centre: f64) -> f64 {
    match likelihood {
        Likelihood::Normal | Likelihood::NormalSharedSd => 0.0,
        Likelihood::Poisson => ln_poisson(x, centre),
    }
}

/// Log probability of counts under `rate` less that under the rate `centre`, and its derivative by `rate`. The counts are so
/// many, with a `sum` and a sum about the centre.
pub(super) fn poisson([count, sum, about]: [f64; 3], rate: f64, centre: f64) -> (f64, f64) {
    let step = rate - centre;
    // Counts of 0 are certain at a rate of 0: no 0 times infinity.
    if sum == 0.0 {
        return (-count * step, -count);
    }
    if step.abs() < 0.25 * centre {
        let d = step / centre;
        let [ln, rest] = ln_and_rest(1.0 + d, d);
        let value = about * ln + count * (centre * rest);
        return (value, (about - count * step) / rate);
    }
    let value = sum * (rate.ln() - centre.ln()) - count * step;
    (value, sum / rate - count)
}

/// `x ln rate - rate - ln x!`.
fn ln_poisson(x: f64, rate: f64) -> f64 {
    if x < 16.0 {
        // The product is exact.
        let factorial: f64 = (1..=x as u32).map(f64::from).product();
        return x * rate.ln() - rate - factorial.ln();
    }
    // Loader (2000): Stirling's error, and a deviance that does not cancel.
    let over_sq = 1.0 / (x * x);
    let series = [
        1.0 / 1188.0,
        -1.0 / 1680.0,
        1.0 / 1260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    ];
    let stirling = series.iter().fold(0.0, |sum, term| sum * over_sq + term) / x;
    let d = (rate - x) / x;
    let [_, rest] = ln_and_rest(rate / x, d);
    x * rest - 0.5 * x.ln() - LN_SQRT_2_PI - stirling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_probability_of_a_count_is_the_formulas() {
        for rate in [0.3, 4.0, 15.2, 90.0, 400.0] {
            for x in [0.0, 1.0, 7.0, 15.0, 16.0, 17.0, 40.0, 150.0, 1000.0] {
                let ln_factorial: f64 = (1..=x as u32).map(|i| f64::from(i).ln()).sum();
                let terms = [x * f64::ln(rate), rate, ln_factorial];
                let size = terms.iter().fold(1.0, |sum, term| sum + term.abs());
                let error = ln_poisson(x, rate) - (terms[0] - terms[1] - terms[2]);
                assert!(error.abs() < 1e-14 * size, "{x} {rate}: {error:e}");
                for centre in [0.9 * rate, 3.0 * rate] {
                    let (value, slope) = poisson([1.0, x, x - centre], rate, centre);
                    let error = value + ln_poisson(x, centre) - ln_poisson(x, rate);
                    assert!(error.abs() < 1e-14 * size, "{x} {rate} {centre}: {error:e}");
                    assert!((slope - (x / rate - 1.0)).abs() < 1e-14 * (1.0 + x / rate));
                }
            }
        }
    }
}
