//! Evidence and moments of one regime: `mu` in closed form, `sigma` by the trapezoid rule.
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
//! where the trapezoid rule converges geometrically (Trefethen and Weideman, SIAM Review 56, 2014).

use std::f64::consts::PI;

use crate::SwitchPriors;
use crate::prefix::Stretch;
use crate::prior::LN_SQRT_2_PI;

/// What the integrand may have fallen by, in nats, where the integral is cut off.
const FALL: f64 = 45.0;
/// Relative change between two doublings at which the sums count as converged.
const TOLERANCE: f64 = 1e-13;
/// Below this change, one that no longer shrinks is rounding, and more nodes only add to it.
const ROUNDING: f64 = 1e-9;
/// Intervals after which the sums are taken as they are. Peaks of a million observations take a tenth of this;
/// where prior and data are so far apart that the exponent itself is rounded, more nodes are in vain.
const MAX_INTERVALS: usize = 1 << 16;
/// Step of the scan for modes in `u`.
const SCAN: f64 = 0.1;

/// Mean and standard deviation of one quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
}

/// The posterior of one regime, given which observations are its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Regime {
    /// Log evidence in nats.
    pub log_evidence: f64,
    /// `mu` about the centre of the data.
    pub mu: Moments,
    pub sigma: Moments,
    /// Evaluations of the integrand.
    pub n_evaluations: u64,
}

/// The integrand of one regime, as a function of `u = ln sigma`.
#[derive(Debug, Clone, Copy)]
struct Integrand {
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

/// One node of the trapezoid rule.
#[derive(Debug, Clone, Copy)]
struct Node {
    weight: f64,
    sigma: f64,
}

/// A local maximum of the integrand's logarithm, and the width of the peak there.
#[derive(Debug, Clone, Copy)]
struct Mode {
    at: f64,
    ln: f64,
    width: f64,
}

impl Regime {
    /// The posterior of a regime that owns `stretch`, whose mean is about `centre`.
    ///
    /// With nothing observed it is the prior. The stretch must have a spread where it holds two observations
    /// or more; without one the integral has no bound.
    pub(super) fn of(stretch: &Stretch, centre: f64, priors: &SwitchPriors) -> Self {
        let prior_mean = priors.mu_mean - centre;
        if stretch.count == 0 {
            return Self::prior(prior_mean, priors);
        }
        let shift = stretch.mean - prior_mean;
        let integrand = Integrand {
            k: stretch.count as f64,
            sum_sq: stretch.sum_sq,
            conflict: shift * shift,
            mu_var: priors.mu_sd * priors.mu_sd,
            sigma_var: priors.sigma_sd * priors.sigma_sd,
        };
        let (ln_integral, nodes, n_evaluations) = integrand.integrate();
        let sigma = moments(&nodes, |node| (node.sigma, 0.0));
        let mu = moments(&nodes, |node| integrand.mu_given(node.sigma, shift));
        Self {
            log_evidence: ln_integral + integrand.ln_constant(),
            mu: Moments {
                mean: prior_mean + mu.mean,
                ..mu
            },
            sigma,
            n_evaluations,
        }
    }

    fn prior(prior_mean: f64, priors: &SwitchPriors) -> Self {
        let c = priors.sigma_sd;
        Self {
            log_evidence: 0.0,
            mu: Moments {
                mean: prior_mean,
                sd: priors.mu_sd,
            },
            sigma: Moments {
                mean: c * (2.0 / PI).sqrt(),
                sd: c * (1.0 - 2.0 / PI).sqrt(),
            },
            n_evaluations: 0,
        }
    }
}

/// Mean and standard deviation of a mixture over the nodes, whose components have the mean and variance
/// `component`, by the law of total variance.
fn moments(nodes: &[Node], component: impl Fn(&Node) -> (f64, f64)) -> Moments {
    let total: f64 = nodes.iter().map(|node| node.weight).sum();
    let average = |f: &dyn Fn(&Node) -> f64| {
        nodes.iter().map(|node| node.weight * f(node)).sum::<f64>() / total
    };
    let mean = average(&|node| component(node).0);
    let variance = average(&|node| {
        let (of_node, variance) = component(node);
        variance + (of_node - mean).powi(2)
    });
    Moments {
        mean,
        sd: variance.sqrt(),
    }
}

impl Integrand {
    /// What does not depend on `sigma`: constants of the densities.
    fn ln_constant(&self) -> f64 {
        -self.k * LN_SQRT_2_PI - 0.5 * self.k.ln() + 0.5 * (2.0 / PI).ln()
            - 0.5 * self.sigma_var.ln()
    }

    /// Logarithm of the integrand at `u = ln sigma` without [`Self::ln_constant`], the Jacobian included.
    fn ln(&self, u: f64) -> f64 {
        let v = (2.0 * u).exp();
        let a = self.mu_var + v / self.k;
        (2.0 - self.k) * u
            - self.spread_over(v)
            - 0.5 * a.ln()
            - 0.5 * self.conflict / a
            - 0.5 * v / self.sigma_var
    }

    /// [`Self::ln`] at `at + by` less that at `at`: differences of exponentials by `exp_m1`, so that a long
    /// series' large terms do not cancel after they are rounded.
    fn ln_change(&self, at: f64, by: f64) -> f64 {
        let v = (2.0 * at).exp();
        let growth = (2.0 * by).exp_m1();
        let shrinkage = (-2.0 * by).exp_m1();
        let a = self.mu_var + v / self.k;
        let a_growth = v / self.k * growth;
        // Not `a + a_growth`: far below the peak that cancels, and `mu_var` with it.
        let a_there = self.mu_var + (2.0 * (at + by)).exp() / self.k;
        let ln_a_change = if a_growth.abs() < 0.5 * a {
            (a_growth / a).ln_1p()
        } else {
            (a_there / a).ln()
        };
        let spread = match self.spread_over(v) {
            // One observation has no spread, however large the shrinkage: not even 0 times infinity.
            0.0 => 0.0,
            spread => spread * shrinkage,
        };
        (2.0 - self.k) * by - spread - 0.5 * ln_a_change
            + 0.5 * self.conflict / a * (a_growth / a_there)
            - 0.5 * v / self.sigma_var * growth
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
    fn mu_given(&self, sigma: f64, shift: f64) -> (f64, f64) {
        let of_mean = sigma * sigma / self.k;
        let share = self.mu_var / (self.mu_var + of_mean);
        (shift * share, of_mean * share)
    }

    /// Logarithm of the integral over `u`, the nodes with weights on a common scale, and the number of
    /// evaluations.
    fn integrate(&self) -> (f64, Vec<Node>, u64) {
        let (modes, mut n_evaluations) = self.modes();
        let peak = modes
            .iter()
            .copied()
            .max_by(|a, b| a.ln.total_cmp(&b.ln))
            // A slope that is positive far left and negative far right has a root.
            .expect("there is at least one mode");
        let relevant: Vec<Mode> = modes
            .into_iter()
            .filter(|mode| mode.ln >= peak.ln - FALL)
            .collect();
        let low = self.fallen(&peak, relevant[0], -1.0, &mut n_evaluations);
        let high = self.fallen(&peak, relevant[relevant.len() - 1], 1.0, &mut n_evaluations);
        let narrowest = relevant
            .iter()
            .map(|mode| mode.width)
            .fold(f64::INFINITY, f64::min);
        let (sum, nodes) = self.trapezoid(&peak, low, high, narrowest);
        n_evaluations += nodes.len() as u64;
        (peak.ln + sum.ln(), nodes, n_evaluations)
    }

    /// The trapezoid rule between `low` and `high`, its step halved until the integral and the first two
    /// moments of sigma stand still.
    fn trapezoid(&self, peak: &Mode, low: f64, high: f64, narrowest: f64) -> (f64, Vec<Node>) {
        let length = high - low;
        let mut intervals = (length / narrowest).ceil().clamp(16.0, 8192.0) as usize;
        let scale = peak.at.exp();
        let mut nodes = Vec::with_capacity(4 * intervals);
        let mut sums = [0.0; 3];
        let add = |nodes: &mut Vec<Node>, sums: &mut [f64; 3], u: f64| {
            let weight = self.ln_change(peak.at, u - peak.at).exp();
            let sigma = u.exp();
            let ratio = sigma / scale;
            for (sum, power) in sums.iter_mut().zip([1.0, ratio, ratio * ratio]) {
                *sum += weight * power;
            }
            nodes.push(Node { weight, sigma });
        };
        for node in 0..=intervals {
            add(
                &mut nodes,
                &mut sums,
                low + length * node as f64 / intervals as f64,
            );
        }
        let mut last_change = f64::INFINITY;
        while intervals < MAX_INTERVALS {
            let before = sums;
            for node in 0..intervals {
                let u = low + length * (node as f64 + 0.5) / intervals as f64;
                add(&mut nodes, &mut sums, u);
            }
            intervals *= 2;
            let change = before
                .iter()
                .zip(sums)
                .map(|(before, sum)| (2.0 * before / sum - 1.0).abs())
                .fold(0.0, f64::max);
            if change < TOLERANCE || (last_change < ROUNDING && change > 0.25 * last_change) {
                break;
            }
            last_change = change;
        }
        (sums[0] * length / intervals as f64, nodes)
    }

    /// Where, from the outermost relevant `mode` outwards (`direction`), the integrand has fallen by [`FALL`]
    /// below the peak. It falls all the way there: the next rise, if any, starts even lower.
    fn fallen(&self, peak: &Mode, mode: Mode, direction: f64, n_evaluations: &mut u64) -> f64 {
        let target = peak.ln - FALL - mode.ln;
        let mut evaluate = |by: f64| {
            *n_evaluations += 1;
            self.ln_change(mode.at, direction * by) > target
        };
        let (mut inside, mut outside) = (0.0, mode.width);
        while evaluate(outside) {
            inside = outside;
            outside *= 2.0;
        }
        while outside - inside > 0.05 * outside {
            let middle = 0.5 * (inside + outside);
            if evaluate(middle) {
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
        let mut slope = |u: f64| {
            n_evaluations += 1;
            self.slope(u)
        };
        let (mut left, high) = (self.left_of_all_modes(), self.right_of_all_modes());
        let mut roots = Vec::new();
        let mut is_rising = true;
        let ratio = self.conflict / self.mu_var;
        if ratio > 1.0 {
            let odds = (ratio - 1.0) / (ratio + 1.0);
            let bend = (0.5 * (self.k * self.mu_var * odds).ln()).min(high);
            while left < bend {
                let next = (left + SCAN).min(bend);
                let was_rising = std::mem::replace(&mut is_rising, slope(next) > 0.0);
                if was_rising && !is_rising {
                    roots.push(bisect(&mut slope, left, next));
                }
                left = next;
            }
        }
        if is_rising {
            roots.push(bisect(&mut slope, left, high));
        }
        let modes = roots.into_iter().map(|at| self.mode(at)).collect();
        (modes, n_evaluations)
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
        // At a maximum the curvature is not positive; a flat top is as wide as the functions it is made of.
        let curvature = -self.curvature(at);
        let width = if curvature > 1.0 {
            1.0 / curvature.sqrt()
        } else {
            1.0
        };
        Mode {
            at,
            ln: self.ln(at),
            width,
        }
    }
}

/// The root of a slope that is positive at `low` and not at `high`, to the last digits.
fn bisect(slope: &mut impl FnMut(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if slope(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
        if high - low < 1e-9 {
            break;
        }
    }
    0.5 * (low + high)
}
