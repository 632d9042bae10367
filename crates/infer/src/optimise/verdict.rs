//! What the referee says of an optimiser's result.

use std::fmt;

use switchback_core::{Stop, switchpoint_of};
use switchback_models::SigmoidSwitch;

use super::best::{Best, is_degenerate};
use super::climb::Logged;

/// Nats below the best optimum known within which a result counts as that optimum.
pub const GLOBAL_TOLERANCE: f64 = 0.01;
/// Nats by which the objective of a settled climb may still change over its last tenth.
const SETTLED_NATS: f64 = 1e-3;
/// Observations by which the switch of a settled climb may still move over its last tenth.
const SETTLED_OBSERVATIONS: f64 = 0.25;
/// Observations within which a switch counts as where it started.
const MOVED_OBSERVATIONS: f64 = 0.5;

/// What became of a climb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is at the best optimum known.
    Global,
    /// It settled on a lower hill.
    Local,
    /// The switch is where it started, and that is not the best place.
    NeverMoved,
    /// It was still on its way.
    NotConverged,
    /// Its values are no longer finite.
    Diverged,
    /// A regime holds fewer than two distinct observations.
    Degenerate,
}

impl Verdict {
    /// The word used in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Local => "local",
            Self::NeverMoved => "never_moved",
            Self::NotConverged => "not_converged",
            Self::Diverged => "diverged",
            Self::Degenerate => "degenerate",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Log-likelihood of the result in double precision; `None` where it is not finite.
    pub log_likelihood: Option<f64>,
    /// Nats below the best optimum known; `None` where the result is not finite.
    pub gap_nats: Option<f64>,
    /// The switchpoint that the result stands for.
    pub s: usize,
    /// One sentence: what to make of it.
    pub advice: String,
}

/// Judges the climb that logged `trajectory` and ended for the reason `stop`, against the `best` optimum known.
///
/// The result is valued by `target` in double precision, whatever the device that found it.
/// An empty trajectory is judged as diverged.
pub fn judge(target: &SigmoidSwitch, trajectory: &[Logged], stop: Stop, best: &Best) -> Judgement {
    let n = target.data().len();
    let Some(end) = trajectory.last().and_then(natural) else {
        return diverged(0);
    };
    let s = switchpoint_of(end[4], n);
    let log_likelihood = target.log_likelihood_of(&end);
    if stop == Stop::NonFinite || !log_likelihood.is_finite() {
        return diverged(s);
    }
    let gap = (best.log_likelihood - log_likelihood).max(0.0);
    let verdict = if is_degenerate(target.data(), end[4]) {
        Verdict::Degenerate
    } else if gap <= GLOBAL_TOLERANCE {
        Verdict::Global
    } else if stop == Stop::Interrupted || !is_settled(target, trajectory) {
        Verdict::NotConverged
    } else if start_distance(trajectory, end[4]) <= MOVED_OBSERVATIONS {
        Verdict::NeverMoved
    } else {
        Verdict::Local
    };
    Judgement {
        verdict,
        log_likelihood: Some(log_likelihood),
        gap_nats: (verdict != Verdict::Degenerate).then_some(gap),
        s,
        advice: match stop {
            Stop::Interrupted if verdict == Verdict::NotConverged => {
                format!(
                    "It was interrupted {gap:.2} nats below the optimum at s = {}.",
                    best.s
                )
            }
            _ => advice(verdict, gap, s, n, best),
        },
    }
}

fn diverged(s: usize) -> Judgement {
    Judgement {
        verdict: Verdict::Diverged,
        log_likelihood: None,
        gap_nats: None,
        s,
        advice:
            "The values are no longer finite: take a smaller --learning-rate or another --init."
                .to_owned(),
    }
}

fn natural(logged: &Logged) -> Option<[f64; 5]> {
    logged.values.as_slice().try_into().ok()
}

fn start_distance(trajectory: &[Logged], tau: f64) -> f64 {
    trajectory
        .first()
        .and_then(natural)
        .map_or(0.0, |start| (tau - start[4]).abs())
}

/// Whether neither the likelihood nor the switch moved over the last tenth of the climb.
///
/// The likelihood is computed again in double precision: on a device of single precision that of a long series
/// flickers by more than what counts as moving.
fn is_settled(target: &SigmoidSwitch, trajectory: &[Logged]) -> bool {
    let Some(last) = trajectory.last() else {
        return false;
    };
    let tenth = last.step - last.step / 10;
    // The logged point at or before the last tenth begins it, so that it has at least two points.
    let begin = trajectory.partition_point(|logged| logged.step <= tenth);
    let tail = &trajectory[begin.saturating_sub(1)..];
    let spread = |value: &dyn Fn(&Logged) -> f64| {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for logged in tail {
            low = low.min(value(logged));
            high = high.max(value(logged));
        }
        high - low
    };
    tail.len() >= 2
        && spread(&|logged| {
            natural(logged).map_or(f64::NAN, |values| target.log_likelihood_of(&values))
        }) <= SETTLED_NATS
        && spread(&|logged| logged.values.get(4).copied().unwrap_or(f64::NAN))
            <= SETTLED_OBSERVATIONS
}

fn advice(verdict: Verdict, gap: f64, s: usize, n: usize, best: &Best) -> String {
    let [mu1, mu2, sigma1, sigma2, tau] = best.values;
    let start = format!(
        "--init tau={tau:.2} mu1={mu1:.4} mu2={mu2:.4} sigma1={sigma1:.4} sigma2={sigma2:.4}"
    );
    let best = best.s;
    match verdict {
        Verdict::Global => format!("It is the best optimum known (s = {best})."),
        Verdict::Local => format!(
            "It settled on a hill {gap:.2} nats below the mountain at s = {best}: start nearer, \
             as in {start}."
        ),
        Verdict::NeverMoved => format!(
            "The switch never left its start and is {gap:.2} nats below the optimum at s = {best}: \
             start elsewhere, as in {start}."
        ),
        Verdict::NotConverged => format!(
            "It was still moving, {gap:.2} nats below the optimum at s = {best}: \
             take more --steps or another --learning-rate."
        ),
        Verdict::Degenerate if s == 0 || s == n => format!(
            "The switch left the series, so that one regime is empty; the optimum is at s = {best}: \
             start nearer, as in {start}, or take a smaller --learning-rate."
        ),
        Verdict::Degenerate => format!(
            "One regime shrank to fewer than two distinct observations, where the likelihood has no \
             maximum; the optimum is at s = {best}: start nearer, as in {start}."
        ),
        Verdict::Diverged => diverged(s).advice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::best_known;
    use switchback_core::{Coordinate, Series};
    use switchback_models::{Parameterization, Profile};

    /// Two switches, the higher jump at 60: a hill at 25 and a mountain at 60.
    fn bench() -> (SigmoidSwitch, Best) {
        let wiggle = |i: usize| ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0;
        let level = |i: usize| match i {
            0..25 => 0.0,
            25..60 => 2.0,
            _ => 9.0,
        };
        let values: Vec<_> = (0..90).map(|i| Some(wiggle(i) + level(i))).collect();
        let series = Series::new("y", &values).expect("a series");
        let target =
            SigmoidSwitch::likelihood(&series, Parameterization::Raw, [Coordinate::IDENTITY; 5])
                .expect("it can be modelled");
        let profile = Profile::of(&series).expect("it can switch");
        let best = best_known(&series, &profile).expect("it has an optimum");
        (target, best)
    }

    /// A climb that went from `start` to `end` at once and stayed there.
    fn settled(target: &SigmoidSwitch, start: [f64; 5], end: [f64; 5]) -> Vec<Logged> {
        (0..=20)
            .map(|i| {
                let values = if i == 0 { start } else { end };
                Logged {
                    step: 100 * i,
                    values: values.to_vec(),
                    logp: target.log_likelihood_of(&values),
                    grad_norm: 1e-9,
                }
            })
            .collect()
    }

    fn verdict_of(start: [f64; 5], end: [f64; 5]) -> Verdict {
        let (target, best) = bench();
        judge(
            &target,
            &settled(&target, start, end),
            Stop::Completed,
            &best,
        )
        .verdict
    }

    const START: [f64; 5] = [3.0, 3.0, 2.0, 2.0, 15.0];

    #[test]
    fn the_optimum_is_global_wherever_it_was_started() {
        let (_, best) = bench();
        assert_eq!(best.s, 60);
        assert_eq!(verdict_of(START, best.values), Verdict::Global);
        assert_eq!(verdict_of(best.values, best.values), Verdict::Global);
    }

    #[test]
    fn a_stuck_climb_is_local_and_says_where_the_mountain_is() {
        let (target, best) = bench();
        let hill = [0.0, 6.0, 0.6, 3.5, 25.5];
        let judgement = judge(
            &target,
            &settled(&target, START, hill),
            Stop::Completed,
            &best,
        );
        assert_eq!(judgement.verdict, Verdict::Local);
        assert_eq!(judgement.s, 25);
        assert!(judgement.gap_nats.is_some_and(|gap| gap > 1.0));
        assert!(
            judgement
                .advice
                .contains("at s = 60: start nearer, as in --init tau=6"),
            "{}",
            judgement.advice
        );
    }

    #[test]
    fn a_climb_whose_switch_stayed_at_its_start_never_moved() {
        assert_eq!(
            verdict_of(START, [0.0, 5.0, 0.6, 3.5, 15.2]),
            Verdict::NeverMoved
        );
    }

    #[test]
    fn a_climb_that_was_still_moving_is_not_converged() {
        let (target, best) = bench();
        let mut moving = settled(&target, START, [0.0, 6.0, 0.6, 3.5, 25.5]);
        for (i, logged) in moving.iter_mut().enumerate() {
            logged.values[4] = 15.0 + 0.5 * i as f64;
        }
        let judgement = judge(&target, &moving, Stop::Completed, &best);
        assert_eq!(judgement.verdict, Verdict::NotConverged);
        let stuck = settled(&target, START, [0.0, 6.0, 0.6, 3.5, 25.5]);
        let judgement = judge(&target, &stuck, Stop::Interrupted, &best);
        assert_eq!(judgement.verdict, Verdict::NotConverged);
        assert!(
            judgement.advice.contains("interrupted"),
            "{}",
            judgement.advice
        );
    }

    #[test]
    fn a_regime_without_two_distinct_observations_is_degenerate() {
        assert_eq!(
            verdict_of(START, [0.0, 5.0, 1e-9, 3.5, 1.4]),
            Verdict::Degenerate
        );
        assert_eq!(
            verdict_of(START, [3.0, 5.0, 3.0, 3.5, 300.0]),
            Verdict::Degenerate
        );
    }

    #[test]
    fn values_that_are_no_numbers_have_diverged() {
        let (target, best) = bench();
        let end = [f64::NAN; 5];
        let judgement = judge(
            &target,
            &settled(&target, START, end),
            Stop::NonFinite,
            &best,
        );
        assert_eq!(judgement.verdict, Verdict::Diverged);
        assert_eq!(judgement.gap_nats, None);
        assert_eq!(
            judge(&target, &[], Stop::Completed, &best).verdict,
            Verdict::Diverged
        );
    }
}
