//! The sigmoid switch at one time, written as its formula is: what the window is measured against in tests, and what takes
//! over where levels are too far apart for it.

use crate::Likelihood;
use crate::model::ln_factorial;
use crate::prior::LN_SQRT_2_PI;

/// `mu, sigma` of a Normal stretch, with `mu` about the centre of the data, or `rate, 0`.
pub(super) type Level = [f64; 2];

/// Calls `with` the number, from 0, and the weight of each of the stretches before, between and after `taus` at `time`.
///
/// A stretch between two switches weighs `g_k - g_(k+1)`, here as a product that does not cancel; see
/// [`super::super::window::Many`].
pub(super) fn each_weight(
    taus: &[f64],
    steepness: f64,
    time: f64,
    mut with: impl FnMut(usize, f64),
) {
    let mut begun = 1.0;
    for (k, tau) in taus.iter().enumerate() {
        let (g, rest) = sigmoids(steepness * (time - tau));
        let gap = match k {
            0 => 1.0,
            k => -(-steepness * (tau - taus[k - 1])).exp_m1(),
        };
        with(k, gap * begun * rest);
        begun = g;
    }
    with(taus.len(), begun);
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
