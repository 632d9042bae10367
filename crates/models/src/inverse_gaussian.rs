//! Draws of the generalised inverse Gaussian distribution: the conditional of a variance under a half-normal prior.

use rand::RngExt;
use switchback_core::ChainRng;

/// `cosh 1`.
const COSH_1: f64 = 1.543_080_634_815_243_8;

/// A draw with density proportional to `x^(p - 1) exp(-(a x + b / x) / 2)`, for positive `a` and `b`.
///
/// Devroye, "Random variate generation for the generalized inverse Gaussian distribution" (Statistics and Computing
/// 24, 2014): rejection from a uniform piece between two exponential tails in the logarithm, where the density is
/// log-concave; the mean number of tries is bounded for all parameters.
pub(crate) fn generalised_inverse_gaussian(p: f64, a: f64, b: f64, rng: &mut ChainRng) -> f64 {
    let omega = (a * b).sqrt();
    let lambda = p.abs();
    let hat = Hat::of(lambda, omega);
    let x = loop {
        let x = hat.offer(rng);
        if rng.random::<f64>() * hat.height(x) <= hat.target.ln(x).exp() {
            break x;
        }
    };
    let ratio = lambda / omega;
    let standard = (ratio + (1.0 + ratio * ratio).sqrt()) * x.exp();
    // The inverse has the density with the sign of `p` turned.
    let standard = if p < 0.0 { standard.recip() } else { standard };
    standard * (b / a).sqrt()
}

/// The density's logarithm about its mode, in the logarithm of the variable.
#[derive(Debug, Clone, Copy)]
struct Target {
    alpha: f64,
    lambda: f64,
}

impl Target {
    fn ln(&self, x: f64) -> f64 {
        -self.alpha * (x.cosh() - 1.0) - self.lambda * (x.exp_m1() - x)
    }

    fn slope(&self, x: f64) -> f64 {
        -self.alpha * x.sinh() - self.lambda * x.exp_m1()
    }
}

/// Uniform on `-left..right`, exponential beyond.
#[derive(Debug, Clone, Copy)]
struct Hat {
    target: Target,
    /// Where the right tail touches, its value and its slope there, both positive.
    t: f64,
    eta: f64,
    zeta: f64,
    /// The same for the left tail, at `-s`.
    s: f64,
    theta: f64,
    xi: f64,
    left: f64,
    right: f64,
}

impl Hat {
    fn of(lambda: f64, omega: f64) -> Self {
        // sqrt(omega^2 + lambda^2) - lambda without cancellation.
        let alpha = omega * omega / (omega.hypot(lambda) + lambda);
        let target = Target { alpha, lambda };
        let t = match -target.ln(1.0) {
            fall if fall > 2.0 => (2.0 / (alpha + lambda)).sqrt(),
            fall if fall < 0.5 => (4.0 / (alpha + 2.0 * lambda)).ln(),
            _ => 1.0,
        };
        let s = match -target.ln(-1.0) {
            fall if fall > 2.0 => (4.0 / (alpha * COSH_1 + lambda)).sqrt(),
            fall if fall < 0.5 => {
                let over = 1.0 / alpha;
                // The square root as a product, for an `alpha` whose inverse cannot be squared.
                (over + over.sqrt() * (over + 2.0).sqrt())
                    .ln_1p()
                    .min(1.0 / lambda)
            }
            _ => 1.0,
        };
        let (eta, zeta) = (-target.ln(t), -target.slope(t));
        let (theta, xi) = (-target.ln(-s), target.slope(-s));
        Self {
            target,
            t,
            eta,
            zeta,
            s,
            theta,
            xi,
            left: s - theta / xi,
            right: t - eta / zeta,
        }
    }

    fn offer(&self, rng: &mut ChainRng) -> f64 {
        let (middle, above, below) = (self.left + self.right, 1.0 / self.zeta, 1.0 / self.xi);
        let u = rng.random::<f64>() * (middle + above + below);
        // Never 0, whose logarithm is not finite.
        let v = 1.0 - rng.random::<f64>();
        if u < middle {
            -self.left + middle * v
        } else if u < middle + above {
            self.right - above * v.ln()
        } else {
            -self.left + below * v.ln()
        }
    }

    fn height(&self, x: f64) -> f64 {
        if x > self.right {
            (-self.eta - self.zeta * (x - self.t)).exp()
        } else if x < -self.left {
            (-self.theta + self.xi * (x + self.s)).exp()
        } else {
            1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::stream;

    /// Cumulative probabilities of `ln x` by the trapezoid rule, at `points`.
    fn cumulative(p: f64, a: f64, b: f64, points: &[f64]) -> Vec<f64> {
        let ln = |u: f64| p * u - 0.5 * (a * u.exp() + b * (-u).exp());
        let mode_scale = ((p.abs() + p.hypot((a * b).sqrt())) / a).max(1e-300).ln();
        let (low, high, n) = (-60.0_f64.max(-mode_scale.abs() - 60.0), 60.0, 400_000);
        let h = (high - low) / f64::from(n);
        let grid: Vec<f64> = (0..=n).map(|i| low + h * f64::from(i)).collect();
        let max = grid
            .iter()
            .map(|u| ln(*u))
            .fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = grid.iter().map(|u| (ln(*u) - max).exp()).collect();
        let total: f64 = weights.iter().sum();
        points
            .iter()
            .map(|point| {
                let below: f64 = grid
                    .iter()
                    .zip(&weights)
                    .filter(|(u, _)| *u < point)
                    .map(|(_, weight)| weight)
                    .sum();
                below / total
            })
            .collect()
    }

    /// Largest distance of the empirical distribution from the true one, times the square root of the draws.
    fn distance(p: f64, a: f64, b: f64, seed: u64, power: f64) -> f64 {
        const DRAWS: usize = 4000;
        let mut rng = stream(seed, 0);
        let mut draws: Vec<f64> = (0..DRAWS)
            .map(|_| power * generalised_inverse_gaussian(p, a, b, &mut rng).ln())
            .collect();
        draws.sort_by(f64::total_cmp);
        let at: Vec<f64> = draws.iter().copied().step_by(50).collect();
        cumulative(p, a, b, &at)
            .iter()
            .enumerate()
            .map(|(i, truth)| ((i * 50) as f64 / DRAWS as f64 - truth).abs())
            .fold(0.0, f64::max)
            * (DRAWS as f64).sqrt()
    }

    /// Kolmogorov's distance exceeds 1.95 once in a thousand cases.
    #[test]
    fn draws_have_the_density() {
        let cases = [
            (-22.0, 0.25, 60.0),
            (-0.5, 0.25, 1.0),
            (0.0, 1.0, 1e-6),
            (0.0, 0.04, 3.0),
            (0.5, 2.0, 0.3),
            (-3.0, 1e-4, 2.0),
            (-40.0, 100.0, 1e4),
            (2.5, 4.0, 9.0),
        ];
        for (number, (p, a, b)) in cases.into_iter().enumerate() {
            let distance = distance(p, a, b, number as u64, 1.0);
            assert!(distance < 1.95, "{p} {a} {b}: {distance}");
        }
        // The control: inverse draws are of another distribution.
        assert!(distance(-22.0, 0.25, 60.0, 0, -1.0) > 10.0);
    }

    #[test]
    fn extreme_parameters_end() {
        let mut rng = stream(9, 0);
        for (p, a, b) in [
            (0.0, 1.0, 1e-300),
            (-5e5, 1e-8, 1e6),
            (-0.5, 1e12, 1e-12),
            (-1e3, 1e-12, 1e-9),
        ] {
            let draw = generalised_inverse_gaussian(p, a, b, &mut rng);
            assert!(draw > 0.0 && draw.is_finite(), "{p} {a} {b}: {draw}");
        }
    }
}
