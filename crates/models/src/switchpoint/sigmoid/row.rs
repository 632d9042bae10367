//! The sigmoid switch at one time, written as its formula is: what the window is measured against in tests, and what takes
//! over where levels are too far apart for it.

use crate::Likelihood;
use crate::model::ln_factorial;
use crate::prior::LN_SQRT_2_PI;

/// `mu, sigma` of a Normal stretch, with `mu` about the centre of the data, or `rate, 0`.
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

/// Log density of an observation `x` but for the factorial of a count, and its derivatives by the `level`.
pub(super) fn ln_density(likelihood: Likelihood, [first, second]: Level, x: f64) -> (f64, Level) {
    match likelihood {
        Likelihood::Normal | Likelihood::NormalSharedSd => {
            let z = (x - first) / second;
            let value = -LN_SQRT_2_PI - second.abs().ln() - 0.5 * z * z;
            (value, [z / second, (z * z - 1.0) / second])
        }
        Likelihood::Poisson => {
            // A count of 0 is certain at a rate of 0: no 0 times infinity.
            let of_count = if x == 0.0 { 0.0 } else { x * first.ln() };
            let slope = if x == 0.0 { 0.0 } else { x / first };
            (of_count - first, [slope - 1.0, 0.0])
        }
    }
}

/// Logarithm of what [`ln_density`] leaves out.
pub(super) fn ln_rest(likelihood: Likelihood, x: f64) -> f64 {
    match likelihood {
        Likelihood::Normal | Likelihood::NormalSharedSd => 0.0,
        Likelihood::Poisson => -ln_factorial(x),
    }
}
