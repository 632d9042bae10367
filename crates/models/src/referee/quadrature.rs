//! The integral over `sigma` of one normal regime, `mu` integrated out in closed form, by the trapezoid rule.
//!
//! For `k` observations with mean `m` and sum of squares `Q` about it, under `mu ~ normal(m0, s0)` and
//! `sigma ~ half-normal(c)`, integrating `mu` out (Gelman et al., *Bayesian Data Analysis*, 3rd edition,
//! section 2.5) leaves with `v = sigma^2` and `A = s0^2 + v / k`
//!
//! ```text
//! ln p(y | sigma) = -(k - 1)/2 ln(2 pi) - (k - 1)/2 ln v - ln(k)/2 - Q / (2 v)
//!                   - ln(2 pi A)/2 - (m - m0)^2 / (2 A)
//! ```
//!
//! In `u = ln sigma` the integrand falls off at both ends and is analytic in a strip around the real axis,
//! where the trapezoid rule converges geometrically (Trefethen and Weideman, SIAM Review 56, 2014): halving the
//! step squares the error.

use std::f64::consts::PI;

use crate::SwitchPriors;
use crate::prefix::Stretch;
use crate::prior::LN_SQRT_2_PI;

use super::ladder::Ladder;

/// What the integrand may have fallen by, in nats, where the integral is cut off.
const FALL: f64 = 45.0;
/// Relative change of the sums by a halving of the step at which they count as converged: it is the error before
/// the halving, and the one after it is its square.
const TOLERANCE: f64 = 1e-8;
/// Intervals after which the sums are taken as they are. Peaks of a million observations take a tenth of this;
/// where prior and data are so far apart that the exponent itself is rounded, more nodes are in vain.
const MAX_INTERVALS: f64 = 65_536.0;
/// Least number of intervals to begin with.
const MIN_INTERVALS: f64 = 16.0;
/// Nodes after which an exponential is computed afresh.
const AFRESH: usize = 32;
/// Steps after which a root is taken as it is: halves alone need fewer, and every other step halves at least.
const MAX_STEPS: usize = 120;
/// Step of the scan for modes in `u`.
const SCAN: f64 = 0.1;
/// Widths of a Gaussian peak after which it has fallen by somewhat less than [`FALL`].
const NEARLY_FALLEN: f64 = 8.0;
/// Widths of the narrowest peak to a first step: that of a Gaussian peak is then off by 1e-13, and by 5e-9 at one width.
const FIRST_STEP: f64 = 0.8;

/// The integrand of one regime, as a function of `u = ln sigma`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Integrand {
    k: f64,
    /// Sum of squares about the mean; positive where `k >= 2`.
    sum_sq: f64,
    /// Distance of the mean from the prior's, squared.
    conflict: f64,
    /// Variance of `mu`'s prior.
    mu_var: f64,
    /// Variance of `sigma`'s prior.
    sigma_var: f64,
}

/// The integral of one regime by the trapezoid rule.
#[derive(Debug, Clone)]
pub(super) struct Trapezoid {
    /// Logarithm of the integral over `u`, constants included: the log evidence in nats.
    pub log_evidence: f64,
    /// The nodes, each step's halving after those before it.
    pub nodes: Vec<Node>,
    /// Evaluations of the integrand.
    pub n_evaluations: u64,
    /// The lowest node, and the last step.
    low: f64,
    step: f64,
}

/// One node of the trapezoid rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// The integrand over that at its peak.
    pub weight: f64,
    pub sigma: f64,
}

impl Trapezoid {
    /// The integrand at its nodes in order.
    pub fn ladder(mut self) -> Ladder {
        self.nodes.sort_by(|a, b| a.sigma.total_cmp(&b.sigma));
        Ladder {
            low: self.low,
            step: self.step,
            weights: self.nodes.iter().map(|node| node.weight).collect(),
        }
    }
}

/// A local maximum of the integrand's logarithm, and the width of the peak there.
#[derive(Debug, Clone, Copy)]
struct Mode {
    at: f64,
    ln: f64,
    width: f64,
}

/// What of the integrand at `u = at` the change from there on needs.
#[derive(Debug, Clone, Copy)]
struct AtPeak {
    at: f64,
    /// `sigma`, and its square.
    sigma: f64,
    v: f64,
    /// The variance of the observations' mean, `mu` integrated out: `A`.
    a: f64,
    /// `Q / (2 v)`.
    spread: f64,
}

/// A place `by` from the peak: the ratio of `v` there to that at the peak, that ratio less 1, and its inverse less 1.
#[derive(Debug, Clone, Copy)]
struct Away {
    by: f64,
    ratio: f64,
    growth: f64,
    shrinkage: f64,
}

impl Away {
    fn of(by: f64) -> Self {
        if by < 0.0 {
            Self::grown::<-1>(by, (-2.0 * by).exp_m1())
        } else {
            Self::grown::<1>(by, (2.0 * by).exp_m1())
        }
    }

    /// Of `by` on the side `SIDE`, from `grown = exp(2 |by|) - 1`.
    fn grown<const SIDE: i8>(by: f64, grown: f64) -> Self {
        let inverse = 1.0 / (1.0 + grown);
        // In this order an infinite growth has a finite answer.
        let shrunk = -1.0 / (1.0 + 1.0 / grown);
        let (ratio, growth, shrinkage) = if SIDE < 0 {
            (inverse, shrunk, grown)
        } else {
            (1.0 + grown, grown, shrunk)
        };
        Self {
            by,
            ratio,
            growth,
            shrinkage,
        }
    }
}

/// The nodes so far, and their sums with the powers 0, 1 and 2 of `sigma` over that at the peak.
#[derive(Debug)]
struct Sum {
    nodes: Vec<Node>,
    powers: [f64; 3],
}

impl Sum {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            nodes: Vec::with_capacity(capacity),
            powers: [0.0; 3],
        }
    }

    fn add(&mut self, weight: f64, sigma: f64, ratio: f64) {
        for (sum, power) in self.powers.iter_mut().zip([1.0, ratio, ratio * ratio]) {
            *sum += weight * power;
        }
        self.nodes.push(Node { weight, sigma });
    }
}

impl Integrand {
    /// That of a regime which owns `stretch`, with at least one observation, whose mean is `shift` away from that of
    /// `mu`'s prior.
    pub fn new(stretch: &Stretch, shift: f64, priors: &SwitchPriors) -> Self {
        Self {
            k: stretch.count as f64,
            sum_sq: stretch.sum_sq,
            conflict: shift * shift,
            mu_var: priors.mu_sd * priors.mu_sd,
            sigma_var: priors.sigma_sd * priors.sigma_sd,
        }
    }

    /// What does not depend on `sigma`: constants of the densities.
    fn ln_constant(&self) -> f64 {
        -self.k * LN_SQRT_2_PI - 0.5 * self.k.ln() + 0.5 * (2.0 / PI).ln()
            - 0.5 * self.sigma_var.ln()
    }

    /// Logarithm of the integrand at `u = ln sigma` without [`Self::ln_constant`], the Jacobian included.
    pub fn ln(&self, u: f64) -> f64 {
        let v = (2.0 * u).exp();
        let a = self.mu_var + v / self.k;
        (2.0 - self.k) * u
            - self.spread_over(v)
            - 0.5 * a.ln()
            - 0.5 * self.conflict / a
            - 0.5 * v / self.sigma_var
    }

    fn at_peak(&self, at: f64) -> AtPeak {
        let v = (2.0 * at).exp();
        AtPeak {
            at,
            sigma: at.exp(),
            v,
            a: self.mu_var + v / self.k,
            spread: self.spread_over(v),
        }
    }

    /// [`Self::ln`] at `away` from `peak` less that at the peak, without `-ln(A)/2`, and the `A` there: differences
    /// of exponentials by `exp_m1`, so that a long series' large terms do not cancel after they are rounded.
    fn exponent(&self, peak: &AtPeak, away: &Away) -> (f64, f64) {
        let of_mean = peak.v / self.k;
        // Not `A + of_mean * growth`: far below the peak that cancels, and `mu_var` with it.
        let a_there = self.mu_var + of_mean * away.ratio;
        let conflict = self.conflict / peak.a * (of_mean * away.growth / a_there);
        let prior = peak.v / self.sigma_var * away.growth;
        let exponent =
            (2.0 - self.k) * away.by - peak.spread * away.shrinkage + 0.5 * (conflict - prior);
        (exponent, a_there)
    }

    fn ln_change(&self, peak: &AtPeak, by: f64) -> f64 {
        let (exponent, a_there) = self.exponent(peak, &Away::of(by));
        exponent - 0.5 * (a_there / peak.a).ln()
    }

    /// `Q / (2 v)`, 0 for a single observation however small `v`.
    fn spread_over(&self, v: f64) -> f64 {
        if self.sum_sq == 0.0 {
            0.0
        } else {
            0.5 * self.sum_sq / v
        }
    }

    /// Derivative of [`Self::ln`].
    fn slope(&self, u: f64) -> f64 {
        let v = (2.0 * u).exp();
        let a = self.mu_var + v / self.k;
        let share = v / self.k / a;
        2.0 - self.k + 2.0 * self.spread_over(v) - share + self.conflict / a * share
            - v / self.sigma_var
    }

    /// Second derivative of [`Self::ln`].
    fn curvature(&self, u: f64) -> f64 {
        let v = (2.0 * u).exp();
        let a = self.mu_var + v / self.k;
        let share = v / self.k / a;
        let rest = self.mu_var / a;
        -4.0 * self.spread_over(v) - 2.0 * share * rest
            + 2.0 * self.conflict / a * share * (rest - share)
            - 2.0 * v / self.sigma_var
    }

    /// Mean (about the prior's) and variance of `mu` given `sigma`, where the data's mean is `shift` away
    /// from the prior's.
    pub fn mu_given(&self, sigma: f64, shift: f64) -> (f64, f64) {
        let of_mean = sigma * sigma / self.k;
        let share = self.mu_var / (self.mu_var + of_mean);
        (shift * share, of_mean * share)
    }

    /// The integral over `u`.
    pub fn integrate(&self) -> Trapezoid {
        let (modes, mut n_evaluations) = self.modes();
        let highest = modes
            .iter()
            .copied()
            .max_by(|a, b| a.ln.total_cmp(&b.ln))
            // A slope that is positive far left and negative far right has a root.
            .expect("there is at least one mode");
        let relevant: Vec<Mode> = modes
            .into_iter()
            .filter(|mode| mode.ln >= highest.ln - FALL)
            .collect();
        let (first, last) = (relevant[0], relevant[relevant.len() - 1]);
        let low = self.fallen(&highest, first, -1.0, &mut n_evaluations);
        let high = self.fallen(&highest, last, 1.0, &mut n_evaluations);
        let narrowest = relevant
            .iter()
            .map(|mode| mode.width)
            .fold(f64::INFINITY, f64::min);
        let peak = self.at_peak(highest.at);
        let mut trapezoid = self.trapezoid(&peak, peak.at - low, high - peak.at, narrowest);
        trapezoid.log_evidence += highest.ln + self.ln_constant();
        trapezoid.n_evaluations += n_evaluations;
        trapezoid
    }

    /// The trapezoid rule from `below` under the peak to `above` it, its step halved until the integral and the first
    /// two moments of sigma stand still; its log evidence is relative to the peak.
    fn trapezoid(&self, peak: &AtPeak, below: f64, above: f64, narrowest: f64) -> Trapezoid {
        let length = below + above;
        let mut step = (length / MIN_INTERVALS).min(FIRST_STEP * narrowest);
        step = step.max(length / MAX_INTERVALS);
        let mut counts = [below, above].map(|part| (part / step).ceil() as usize);
        let mut sum = Sum::with_capacity(2 * (counts[0] + counts[1]) + 1);
        sum.add(1.0, peak.sigma, 1.0);
        self.add_side::<-1>(peak, step, 1.0, counts[0], &mut sum);
        self.add_side::<1>(peak, step, 1.0, counts[1], &mut sum);
        while step > length / MAX_INTERVALS {
            let before = sum.powers;
            self.add_side::<-1>(peak, step, 0.5, counts[0], &mut sum);
            self.add_side::<1>(peak, step, 0.5, counts[1], &mut sum);
            counts = counts.map(|count| 2 * count);
            step *= 0.5;
            let change = before
                .iter()
                .zip(sum.powers)
                .map(|(before, sum)| (2.0 * before / sum - 1.0).abs())
                .fold(0.0, f64::max);
            if change < TOLERANCE {
                break;
            }
        }
        Trapezoid {
            log_evidence: (sum.powers[0] * step).ln(),
            n_evaluations: sum.nodes.len() as u64,
            nodes: sum.nodes,
            low: peak.at - step * counts[0] as f64,
            step,
        }
    }

    /// Adds `count` nodes on the side `SIDE` of the peak, the first of them `offset` steps from it.
    fn add_side<const SIDE: i8>(
        &self,
        peak: &AtPeak,
        step: f64,
        offset: f64,
        count: usize,
        sum: &mut Sum,
    ) {
        let side = f64::from(SIDE);
        let (square, less_one) = ((2.0 * step).exp(), (2.0 * step).exp_m1());
        let mut grown = 0.0;
        for node in 0..count {
            let by = step * (node as f64 + offset);
            // From one node to the next it is one multiplication, whose rounding is not let add up.
            grown = if node % AFRESH == 0 {
                (2.0 * by).exp_m1()
            } else {
                grown * square + less_one
            };
            let away = Away::grown::<SIDE>(side * by, grown);
            let (exponent, a_there) = self.exponent(peak, &away);
            let weight = exponent.exp() * (peak.a / a_there).sqrt();
            let ratio = away.ratio.sqrt();
            sum.add(weight, peak.sigma * ratio, ratio);
        }
    }

    /// Where, from the outermost relevant `mode` outwards (`direction`), the integrand has fallen by [`FALL`]
    /// below the highest. It falls all the way there: the next rise, if any, starts even lower.
    fn fallen(&self, highest: &Mode, mode: Mode, direction: f64, n_evaluations: &mut u64) -> f64 {
        let target = highest.ln - FALL - mode.ln;
        let here = self.at_peak(mode.at);
        let mut is_inside = |by: f64| {
            *n_evaluations += 1;
            self.ln_change(&here, direction * by) > target
        };
        let (mut inside, mut outside) = (0.0, NEARLY_FALLEN * mode.width);
        while is_inside(outside) {
            inside = outside;
            outside *= 2.0;
        }
        while outside - inside > 0.1 * outside {
            let middle = 0.5 * (inside + outside);
            if is_inside(middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        mode.at + direction * outside
    }

    /// The local maxima in increasing order, at least one, and the number of evaluations.
    ///
    /// The slope is positive left of `low` and negative right of `high`. Where the conflict between data and
    /// prior is no larger than the prior's variance it decreases throughout and has one root; else the
    /// conflict's part, `share (R (1 - share) - 1)` with `R = conflict / mu_var` and `share` a logistic
    /// function of `2 u`, increases up to `share = (R - 1) / (2 R)`. Up to there the roots are found by a
    /// scan, and beyond there is at most one.
    fn modes(&self) -> (Vec<Mode>, u64) {
        let mut n_evaluations = 0;
        let (mut left, high) = (self.left_of_all_modes(), self.right_of_all_modes());
        let mut roots = Vec::new();
        let mut is_rising = true;
        let ratio = self.conflict / self.mu_var;
        if ratio > 1.0 {
            let odds = (ratio - 1.0) / (ratio + 1.0);
            let bend = (0.5 * (self.k * self.mu_var * odds).ln()).min(high);
            while left < bend {
                let next = (left + SCAN).min(bend);
                n_evaluations += 1;
                let was_rising = std::mem::replace(&mut is_rising, self.slope(next) > 0.0);
                if was_rising && !is_rising {
                    roots.push(self.root(left, next, &mut n_evaluations));
                }
                left = next;
            }
        }
        if is_rising {
            roots.push(self.root(left, high, &mut n_evaluations));
        }
        let modes = roots.into_iter().map(|at| self.mode(at)).collect();
        (modes, n_evaluations)
    }

    /// The root of the slope, which is positive at `low` and not at `high`, to a thousandth of the peak's width:
    /// Newton's steps, or halves where these leave the bracket or do not shrink.
    fn root(&self, mut low: f64, mut high: f64, n_evaluations: &mut u64) -> f64 {
        let guess = self.mode_under_flat_prior();
        let is_near = guess > low && guess < high;
        let mut at = if is_near { guess } else { 0.5 * (low + high) };
        let mut step = high - low;
        for _ in 0..MAX_STEPS {
            *n_evaluations += 1;
            let (slope, curvature) = (self.slope(at), self.curvature(at));
            if slope > 0.0 {
                low = at;
            } else {
                high = at;
            }
            let by_newton = at - slope / curvature;
            let is_inside = curvature < 0.0 && by_newton > low && by_newton < high;
            let next = if is_inside && (by_newton - at).abs() < 0.5 * step {
                by_newton
            } else {
                0.5 * (low + high)
            };
            step = (next - at).abs();
            at = next;
            if step < 1e-3 * width(curvature) {
                break;
            }
        }
        at
    }

    /// The mode if `mu` had a flat prior: there `Q / v = k - 1 + v / c^2`.
    fn mode_under_flat_prior(&self) -> f64 {
        let k = self.k - 1.0;
        let root = (k * k + 4.0 * self.sum_sq / self.sigma_var).sqrt();
        0.5 * (2.0 * self.sum_sq / (k + root)).ln()
    }

    /// A point left of which the slope is positive: there `Q / v` outweighs `k + 1`, or for one observation
    /// its own 1 outweighs `share`, and `v / c^2` is below 1.
    fn left_of_all_modes(&self) -> f64 {
        let bound = if self.k < 2.0 {
            self.mu_var
        } else {
            self.sum_sq / (self.k + 1.0)
        };
        0.5 * bound.min(self.sigma_var).ln() - 1.0
    }

    /// A point right of which the slope is negative: one half of `v / c^2` outweighs `2 - k`, and the other
    /// `Q / v` and the conflict's `conflict share / A <= conflict k / v`.
    fn right_of_all_modes(&self) -> f64 {
        let pull = (2.0 * (self.sum_sq + self.conflict * self.k)).sqrt() * self.sigma_var.sqrt();
        0.5 * (4.0 * self.sigma_var).max(pull).ln()
    }

    fn mode(&self, at: f64) -> Mode {
        Mode {
            at,
            ln: self.ln(at),
            width: width(self.curvature(at)),
        }
    }
}

/// Width of a peak of this curvature: at a maximum that is not positive, and a flat top is as wide as the functions
/// it is made of.
fn width(curvature: f64) -> f64 {
    if curvature < -1.0 {
        1.0 / (-curvature).sqrt()
    } else {
        1.0
    }
}
