//! Pi by a Markov chain: a pebble is thrown from where it lies, and something must be done at the square's border.
//!
//! Krauth, *Statistical Mechanics: Algorithms and Computations* (2006), section 1.1: the children's and the adults' game
//! on the Monte Carlo beach.

use std::fmt;

use rand::{Rng, RngExt};
use switchback_core::ChainRng;

use super::darts::uniform_point;
use crate::ModelError;

/// Greatest step of a pebble: from one side of the square to the other.
pub(super) const MOST_STEP: f64 = 2.0;

/// What becomes of a throw that leaves the square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BoundaryRule {
    /// The pebble stays where it lies, which counts as its next place: the Metropolis rule.
    StayPut,
    /// The pebble bounces off the border as light does. A throw from `a` to `b` is as likely as one from `b` to `a`
    /// still, each by the same bounces backwards, so that the uniform law stays as it is.
    Reflect,
    /// Each coordinate that is beyond the border is put on it.
    Clip,
    /// The throw is repeated until the pebble stays inside.
    Redraw,
}

impl BoundaryRule {
    /// All of them, the fair ones first.
    pub const ALL: [Self; 4] = [Self::StayPut, Self::Reflect, Self::Clip, Self::Redraw];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StayPut => "stay put",
            Self::Reflect => "reflect",
            Self::Clip => "clip",
            Self::Redraw => "redraw",
        }
    }

    /// Whether a pebble under this rule is in the long run everywhere equally often.
    pub fn is_fair(self) -> bool {
        matches!(self, Self::StayPut | Self::Reflect)
    }
}

impl fmt::Display for BoundaryRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A pebble in the square from -1 to 1, thrown by a step that is uniform from `-step` to `step` in each coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pebble {
    rule: BoundaryRule,
    step: f64,
}

impl Pebble {
    /// A pebble.
    ///
    /// # Errors
    /// When `step` is not above 0 and at most 2.
    pub fn new(rule: BoundaryRule, step: f64) -> Result<Self, ModelError> {
        if step > 0.0 && step <= MOST_STEP {
            Ok(Self { rule, step })
        } else {
            Err(ModelError::PebbleStep { step })
        }
    }

    /// What becomes of a throw that leaves the square.
    pub fn rule(self) -> BoundaryRule {
        self.rule
    }

    /// The greatest length of a throw in each coordinate.
    pub fn step(self) -> f64 {
        self.step
    }

    /// The share of throws that stay inside, from a place that is uniform in the square: `(1 - step / 4)^2`.
    pub fn accept_prob(self) -> f64 {
        (1.0 - self.step / 4.0).powi(2)
    }

    /// The `n` places `[x, y]` after as many throws, from a first place that is uniform in the square.
    pub fn walk(self, n: usize, rng: &mut ChainRng) -> Vec<[f64; 2]> {
        let mut place = uniform_point(rng);
        std::iter::repeat_with(|| {
            place = self.throw(place, rng);
            place
        })
        .take(n)
        .collect()
    }

    fn throw(self, from: [f64; 2], rng: &mut impl Rng) -> [f64; 2] {
        let mut offer = || from.map(|x| x + self.step * (2.0 * rng.random::<f64>() - 1.0));
        let to = offer();
        if is_in_square(to) {
            return to;
        }
        match self.rule {
            BoundaryRule::StayPut => from,
            BoundaryRule::Reflect => to.map(reflected),
            BoundaryRule::Clip => to.map(|x| x.clamp(-1.0, 1.0)),
            BoundaryRule::Redraw => {
                // From a corner one throw in four stays inside: this ends.
                let mut again = offer();
                while !is_in_square(again) {
                    again = offer();
                }
                again
            }
        }
    }
}

fn is_in_square(point: [f64; 2]) -> bool {
    point.iter().all(|x| x.abs() <= 1.0)
}

/// `x` bounced once off the border that it is beyond; with steps of at most 2 once is enough.
fn reflected(x: f64) -> f64 {
    if x > 1.0 {
        2.0 - x
    } else if x < -1.0 {
        -2.0 - x
    } else {
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{PebbleLaw, is_inside};
    use std::f64::consts::PI;
    use switchback_core::stream;

    const CHAINS: u64 = 400;
    const THROWS: usize = 3_000;

    /// Mean and standard error of the estimates of pi by independent walks, which no autocorrelation can deceive. The
    /// first 200 throws are left out: under every rule a step of 0.7 forgets its start within 30.
    fn estimate(rule: BoundaryRule, seed: u64) -> (f64, f64) {
        let pebble = Pebble::new(rule, 0.7).expect("a step");
        let estimates: Vec<f64> = (0..CHAINS)
            .map(|chain| {
                let walk = pebble.walk(THROWS, &mut stream(seed, chain));
                let late = &walk[200..];
                let hits = late.iter().filter(|p| is_inside(**p)).count();
                4.0 * hits as f64 / late.len() as f64
            })
            .collect();
        let n = estimates.len() as f64;
        let mean = estimates.iter().sum::<f64>() / n;
        let variance = estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, (variance / n).sqrt())
    }

    /// Over seeds 1 to 200 none of the 8 checks failed, the controls included.
    #[test]
    fn every_rule_draws_its_own_law_and_only_the_fair_ones_draw_pi() {
        for rule in BoundaryRule::ALL {
            let (mean, error) = estimate(rule, 1);
            let law = PebbleLaw::new(Pebble::new(rule, 0.7).expect("a step"));
            assert!(
                (mean - law.pi()).abs() < 5.0 * error,
                "{rule}: {mean} ± {error}, not {}",
                law.pi()
            );
            // The control: the wrong rules must fail the check against pi itself.
            let is_pi = (mean - PI).abs() < 5.0 * error;
            assert_eq!(is_pi, rule.is_fair(), "{rule}: {mean} ± {error}");
        }
    }

    #[test]
    fn no_pebble_leaves_the_square_and_only_a_clipped_one_lies_on_its_border() {
        for rule in BoundaryRule::ALL {
            for step in [1e-3, 0.5, 2.0] {
                let pebble = Pebble::new(rule, step).expect("a step");
                let walk = pebble.walk(5_000, &mut stream(3, 0));
                assert!(walk.iter().all(|p| is_in_square(*p)), "{rule} {step}");
                let on_border = walk.iter().flatten().any(|x| x.abs() == 1.0);
                let is_expected = rule == BoundaryRule::Clip;
                assert!(on_border == is_expected || step < 0.1, "{rule} {step}");
            }
        }
    }

    #[test]
    fn the_share_that_stays_inside_is_known() {
        for step in [0.3, 1.0, 2.0] {
            let pebble = Pebble::new(BoundaryRule::StayPut, step).expect("a step");
            let walk = pebble.walk(100_000, &mut stream(4, 0));
            let moved = walk.windows(2).filter(|pair| pair[0] != pair[1]).count();
            let share = moved as f64 / (walk.len() - 1) as f64;
            // Over seeds 1 to 200 none was further off.
            assert!((share - pebble.accept_prob()).abs() < 0.01, "{step}");
        }
    }

    #[test]
    fn steps_that_are_none_are_refused() {
        for step in [0.0, -1.0, 2.1, f64::NAN, f64::INFINITY] {
            let outcome = Pebble::new(BoundaryRule::StayPut, step);
            assert!(matches!(outcome, Err(ModelError::PebbleStep { .. })));
        }
    }
}
