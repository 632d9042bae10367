//! Exact draws of one number whose log density is known at evenly spaced rungs, and anywhere else on request.

use rand::RngExt;
use switchback_core::ChainRng;

/// Steps of the correction. The density is nowhere more than 1.04 times the line through rungs half its width apart
/// (1.17 times where they are 1.2 widths apart), so that each step leaves at most 4 % of the error: after 5 of them `1e-7`
/// of what the line was off by, which is some hundredths.
const CORRECTIONS: usize = 5;

/// A density at evenly spaced rungs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ladder {
    /// The lowest rung.
    pub low: f64,
    /// Distance from one rung to the next.
    pub step: f64,
    /// The density at each rung, at least two of them, to any scale; it is 0 outside of them.
    pub weights: Vec<f64>,
}

impl Ladder {
    /// A draw of the density whose logarithm is `ln_density`, up to a constant: one of the line through the rungs,
    /// corrected by steps of an independence sampler (Tierney 1994) that has it as its proposal.
    pub fn draw(&self, rng: &mut ChainRng, ln_density: impl Fn(f64) -> f64) -> f64 {
        let total = self.total();
        let propose = |rng: &mut ChainRng| {
            let (at, line) = self.draw_of_line(total, rng);
            (at, ln_density(at) - line.ln())
        };
        let (mut at, mut ln_ratio) = propose(rng);
        for _ in 0..CORRECTIONS {
            let (proposed, ln_proposed) = propose(rng);
            let ln_accept: f64 = ln_proposed - ln_ratio;
            if ln_accept >= 0.0 || rng.random::<f64>() < ln_accept.exp() {
                (at, ln_ratio) = (proposed, ln_proposed);
            }
        }
        at
    }

    /// Twice the area under the line, in steps.
    fn total(&self) -> f64 {
        self.weights.windows(2).map(|pair| pair[0] + pair[1]).sum()
    }

    /// A draw of the piecewise linear density through the rungs, and that density there.
    fn draw_of_line(&self, total: f64, rng: &mut ChainRng) -> (f64, f64) {
        let mut left = rng.random::<f64>() * total;
        let mut rung = 0;
        for (index, pair) in self.weights.windows(2).enumerate() {
            let area = pair[0] + pair[1];
            if area > 0.0 {
                rung = index;
                if left < area {
                    break;
                }
                left -= area;
            }
        }
        let (a, b) = (self.weights[rung], self.weights[rung + 1]);
        // Where a share `t` of the step holds the share `r` of its area: a t + (b - a) t^2 / 2 = r (a + b) / 2.
        let r = 1.0 - rng.random::<f64>();
        let root = (a * a + r * (b - a) * (b + a)).sqrt();
        let t = r * (a + b) / (a + root);
        (self.low + self.step * (rung as f64 + t), a + (b - a) * t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::stream;

    /// A lopsided density, `exp(3 u - exp(u))`: that of the logarithm of a gamma number of shape 3.
    fn ln_density(u: f64) -> f64 {
        3.0 * u - u.exp()
    }

    fn ladder(step: f64) -> Ladder {
        let low = -15.0;
        let rungs = (20.0 / step) as usize;
        let weights = (0..=rungs).map(|rung| ln_density(low + step * rung as f64).exp());
        Ladder {
            low,
            step,
            weights: weights.collect(),
        }
    }

    /// Mean of `exp(u)` over the draws, in standard errors from 3.
    fn distance(ladder: &Ladder, ln_density: impl Fn(f64) -> f64, seed: u64) -> f64 {
        let mut rng = stream(seed, 0);
        let n = 40_000;
        let sum: f64 = (0..n)
            .map(|_| ladder.draw(&mut rng, &ln_density).exp())
            .sum();
        (sum / f64::from(n) - 3.0) / (3.0 / f64::from(n)).sqrt()
    }

    /// Over 200 seeds the distance had a median of 0.7, a 99th percentile of 2.4 and a maximum of 2.8 standard errors; the
    /// line alone was 15 off.
    #[test]
    fn draws_are_of_the_density_and_not_of_the_line() {
        for seed in 0..4 {
            // Rungs as wide as the density, where the line alone is far off.
            let distance = distance(&ladder(0.7), ln_density, seed);
            assert!(distance.abs() < 5.0, "seed {seed}: {distance:.2}");
        }
        let line_alone = distance(&ladder(0.7), |u| line(&ladder(0.7), u), 0);
        assert!(line_alone.abs() > 5.0, "{line_alone:.2}");
    }

    /// The logarithm of the line itself.
    fn line(ladder: &Ladder, u: f64) -> f64 {
        let place = (u - ladder.low) / ladder.step;
        let rung = (place as usize).min(ladder.weights.len() - 2);
        let (a, b) = (ladder.weights[rung], ladder.weights[rung + 1]);
        (a + (b - a) * (place - rung as f64)).ln()
    }
}
