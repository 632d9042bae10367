//! What the referee says of an optimiser's result.

use std::fmt;

use switchback_core::{LogDensity, Stop};

use super::best::Reference;
use super::climb::End;

/// Nats below the best optimum known within which a result counts as that optimum.
pub const GLOBAL_TOLERANCE: f64 = 0.01;
/// Observations within which a switch counts as where it started.
const MOVED_OBSERVATIONS: f64 = 0.5;
/// Change of a parameter, as a share of its size and of the spread of the data, within which it counts as where it
/// started; for forms without switches.
const MOVED_SHARE: f64 = 0.01;

/// What became of a climb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is at the best optimum known.
    Global,
    /// It settled on a lower hill.
    Local,
    /// The switches are where they started, and that is not the best place.
    NeverMoved,
    /// It was still on its way.
    NotConverged,
    /// Its values are no longer finite.
    Diverged,
    /// It is in a corner: a regime is left of which the likelihood has no maximum, or a scale has collapsed to 0.
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
    /// The objective of the result in double precision; `None` where it is not finite.
    pub objective: Option<f64>,
    /// Log-likelihood of the result in double precision; `None` where it is not finite.
    pub log_likelihood: Option<f64>,
    /// Nats below the best optimum known; `None` where the result is not finite or degenerate.
    pub gap_nats: Option<f64>,
    /// The switchpoints that the result stands for.
    pub switches: Vec<usize>,
    /// One sentence: what to make of it.
    pub advice: String,
}

/// Judges where a start ended against the best optimum known.
///
/// The result is valued in double precision, whatever the device that found it.
pub fn judge(end: &End, reference: &Reference) -> Judgement {
    let objective = reference.objective();
    let log_likelihood = objective.log_likelihood_of(&end.values);
    let switches = objective.switches_of(&end.values);
    let finite = |value: f64| value.is_finite().then_some(value);
    if end.stop == Stop::NonFinite || !end.objective.is_finite() {
        return Judgement {
            verdict: Verdict::Diverged,
            objective: None,
            log_likelihood: None,
            gap_nats: None,
            advice: diverged(end, reference),
            switches,
        };
    }
    let gap = (reference.best().objective - end.objective).max(0.0);
    let verdict = if reference.is_degenerate(&end.values) {
        Verdict::Degenerate
    } else if gap <= GLOBAL_TOLERANCE {
        Verdict::Global
    } else if end.stop == Stop::Interrupted || !end.is_settled {
        Verdict::NotConverged
    } else if never_moved(end, reference) {
        Verdict::NeverMoved
    } else {
        Verdict::Local
    };
    Judgement {
        verdict,
        objective: finite(end.objective),
        log_likelihood: finite(log_likelihood),
        gap_nats: (verdict != Verdict::Degenerate).then_some(gap),
        advice: advice(verdict, end.stop, gap, &switches, reference),
        switches,
    }
}

fn never_moved(end: &End, reference: &Reference) -> bool {
    let model = reference.objective().model();
    let n_parameters = model.n_parameters();
    let moves = || end.values.iter().zip(&end.began);
    if end.values.len() > n_parameters {
        return moves()
            .skip(n_parameters)
            .all(|(tau, began)| (tau - began).abs() <= MOVED_OBSERVATIONS);
    }
    let whole = model.data().stretch(0..model.n());
    let sd = (whole.sum_sq / whole.count as f64).sqrt();
    moves().all(|(value, began)| (value - began).abs() <= MOVED_SHARE * began.abs().max(sd))
}

fn diverged(end: &End, reference: &Reference) -> String {
    let space = reference.objective().space();
    format!(
        "Value or gradient was no longer finite after step {}, at {}: take a smaller --learning-rate, --clip, or \
         another --init.",
        end.step,
        named(space.parameters().iter().map(|p| &*p.name), &end.values),
    )
}

/// `mu1=0.5 tau=3`.
fn named<'a>(names: impl Iterator<Item = &'a str>, values: &[f64]) -> String {
    let pairs: Vec<String> = names
        .zip(values)
        .map(|(name, value)| {
            // A switch needs no more digits than that, and any other number no fewer.
            let digits = if name.starts_with("tau") { 2 } else { 4 };
            if *value != 0.0 && !(1e-3..1e7).contains(&value.abs()) {
                format!("{name}={value:.digits$e}")
            } else {
                format!("{name}={value:.digits$}")
            }
        })
        .collect();
    pairs.join(" ")
}

/// `s = 45`, or `s1 = 30, s2 = 60`.
fn places(reference: &Reference, switches: &[usize]) -> String {
    let names = reference.objective().model().switch_names("s").into_iter();
    let places: Vec<String> = names
        .zip(switches)
        .map(|(name, s)| format!("{name} = {s}"))
        .collect();
    places.join(", ")
}

fn advice(
    verdict: Verdict,
    stop: Stop,
    gap: f64,
    switches: &[usize],
    reference: &Reference,
) -> String {
    let best = reference.best();
    let parameters = reference.objective().space().parameters().iter();
    let start = format!(
        "--init {}",
        named(parameters.map(|p| &*p.name), &best.values)
    );
    let n = reference.objective().model().n();
    let best = places(reference, &best.switches);
    match verdict {
        Verdict::Global => format!("It is the best optimum known ({best})."),
        Verdict::Local => format!(
            "It settled on a hill {gap:.2} nats below the mountain at {best}: take more --starts, --anneal 0.1:1 or \
             --init referee, or start nearer, as in {start}."
        ),
        Verdict::NeverMoved => format!(
            "The switch never left its start and is {gap:.2} nats below the optimum at {best}: take more --starts, \
             --anneal 0.1:1 or --init referee, or start elsewhere, as in {start}."
        ),
        Verdict::NotConverged if stop == Stop::Interrupted => {
            format!("It was interrupted {gap:.2} nats below the optimum at {best}.")
        }
        Verdict::NotConverged => format!(
            "It was still moving, {gap:.2} nats below the optimum at {best}: \
             take more --steps or another --learning-rate."
        ),
        Verdict::Degenerate if !reference.is_optimum() => "Every climb ends in a corner where a regime has no spread, and \
             the likelihood no maximum there: take fewer switches, --likelihood normal-shared-sd, or --estimate map \
             --jacobian on."
            .to_owned(),
        Verdict::Degenerate if switches.iter().any(|s| *s == 0 || *s == n) => format!(
            "A switch left the series, so that one regime is empty; the optimum is at {best}: \
             start nearer, as in {start}, or take a smaller --learning-rate."
        ),
        Verdict::Degenerate => format!(
            "One regime shrank to nothing, or its spread or rate to 0, where the likelihood has no \
             maximum; the optimum is at {best}: start nearer, as in {start}."
        ),
        // Said before anything else is asked.
        Verdict::Diverged => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::testing::{model, objective};
    use switchback_core::Series;

    /// Two switches, the higher jump at 60: a hill at 25 and a mountain at 60.
    fn bench() -> Reference {
        let wiggle = |i: usize| ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0;
        let level = |i: usize| match i {
            0..25 => 0.0,
            25..60 => 2.0,
            _ => 9.0,
        };
        let values: Vec<_> = (0..90).map(|i| Some(wiggle(i) + level(i))).collect();
        let series = Series::new("y", &values).expect("a series");
        Reference::of(&objective(&model(&series))).expect("it has an optimum")
    }

    fn end(reference: &Reference, began: [f64; 5], values: [f64; 5]) -> End {
        End {
            stop: Stop::Completed,
            step: 2000,
            objective: reference.objective_of(&values),
            values: values.to_vec(),
            grad_norm: 1e-9,
            began: began.to_vec(),
            is_settled: true,
        }
    }

    fn verdict_of(began: [f64; 5], values: [f64; 5]) -> Verdict {
        let reference = bench();
        judge(&end(&reference, began, values), &reference).verdict
    }

    const START: [f64; 5] = [3.0, 3.0, 2.0, 2.0, 15.0];
    const HILL: [f64; 5] = [0.0, 6.0, 0.6, 3.5, 25.5];

    #[test]
    fn the_optimum_is_global_wherever_it_was_started() {
        let reference = bench();
        let best = reference.best();
        assert_eq!(best.switches, [60]);
        let values: [f64; 5] = best.values.clone().try_into().expect("five values");
        assert_eq!(verdict_of(START, values), Verdict::Global);
        assert_eq!(verdict_of(values, values), Verdict::Global);
    }

    #[test]
    fn a_stuck_climb_is_local_and_says_where_the_mountain_is() {
        let reference = bench();
        let judgement = judge(&end(&reference, START, HILL), &reference);
        assert_eq!(judgement.verdict, Verdict::Local);
        assert_eq!(judgement.switches, [25]);
        assert!(judgement.gap_nats.is_some_and(|gap| gap > 1.0));
        let advice = judgement.advice;
        assert!(advice.contains("the mountain at s = 60"), "{advice}");
        assert!(advice.contains("tau=6"), "{advice}");
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
        let reference = bench();
        let moving = End {
            is_settled: false,
            ..end(&reference, START, HILL)
        };
        let judgement = judge(&moving, &reference);
        assert_eq!(judgement.verdict, Verdict::NotConverged);
        let interrupted = End {
            stop: Stop::Interrupted,
            ..end(&reference, START, HILL)
        };
        let judgement = judge(&interrupted, &reference);
        assert_eq!(judgement.verdict, Verdict::NotConverged);
        let advice = judgement.advice;
        assert!(advice.contains("interrupted"), "{advice}");
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
    fn values_that_are_no_numbers_have_diverged_and_the_place_is_named() {
        let reference = bench();
        let lost = End {
            stop: Stop::NonFinite,
            step: 17,
            ..end(&reference, START, [1e9, 0.5, 1.0, 1.0, 15.0])
        };
        let judgement = judge(&lost, &reference);
        assert_eq!(judgement.verdict, Verdict::Diverged);
        assert_eq!(judgement.gap_nats, None);
        let advice = judgement.advice;
        assert!(
            advice.contains("after step 17, at mu1=1.0000e9 mu2=0.5"),
            "{advice}"
        );
        let nowhere = end(&reference, START, [f64::NAN; 5]);
        assert_eq!(judge(&nowhere, &reference).verdict, Verdict::Diverged);
    }
}
