//! The distinct optima among the ends of many starts.

use switchback_core::{Stop, switch_number};

use super::best::Reference;
use super::climb::End;
use super::verdict::{GLOBAL_TOLERANCE, Judgement, Verdict, judge};

/// Observations within which the switches of two ends are the same.
const SAME_OBSERVATIONS: f64 = 0.5;

/// Ends at one optimum, or of one fate.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// The starts that ended there, in order.
    pub starts: Vec<usize>,
    /// The best of them.
    pub end: End,
    /// What the referee says of it.
    pub judgement: Judgement,
}

/// What became of all starts, the best end first: the optima and those still on their way by their objective, then the
/// degenerate ones, then those that diverged.
///
/// The best end may be better than what the referee knew, and is then what all are held against.
pub fn optima(ends: &[End], reference: &mut Reference) -> Vec<Optimum> {
    for end in ends {
        if end.stop != Stop::NonFinite {
            reference.consider(&end.values);
        }
    }
    let names: Vec<bool> = {
        let objective = reference.objective();
        let parameters = switchback_core::LogDensity::space(objective).parameters();
        let is_tau = |name: &str| switch_number(name, "tau").is_some();
        parameters.iter().map(|p| is_tau(&p.name)).collect()
    };
    let mut judged: Vec<(usize, &End, Judgement)> = ends
        .iter()
        .enumerate()
        .map(|(start, end)| (start, end, judge(end, reference)))
        .collect();
    judged.sort_by(|(_, a, judged_a), (_, b, judged_b)| {
        let by_rank = rank(judged_a.verdict).cmp(&rank(judged_b.verdict));
        by_rank.then(b.objective.total_cmp(&a.objective))
    });
    let mut optima: Vec<Optimum> = Vec::new();
    for (start, end, judgement) in judged {
        let same = optima.iter_mut().find(|known| {
            let verdicts = [known.judgement.verdict, judgement.verdict];
            if verdicts.into_iter().all(is_optimum) {
                is_same(&known.end, end, &names)
            } else {
                verdicts[0] == verdicts[1]
            }
        });
        match same {
            Some(known) => {
                known.starts.push(start);
                // A hill that others climbed is not one that nobody left.
                if judgement.verdict == Verdict::Local
                    && known.judgement.verdict == Verdict::NeverMoved
                {
                    known.judgement = judgement;
                    known.end = end.clone();
                }
            }
            None => optima.push(Optimum {
                starts: vec![start],
                end: end.clone(),
                judgement,
            }),
        }
    }
    for optimum in &mut optima {
        optimum.starts.sort_unstable();
    }
    optima
}

/// Results that can be believed come before those in a corner, and these before none.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Degenerate => 1,
        Verdict::Diverged => 2,
        _ => 0,
    }
}

/// Whether a climb of that fate is at an optimum, of which there may be several.
fn is_optimum(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Global | Verdict::Local | Verdict::NeverMoved
    )
}

fn is_same(known: &End, end: &End, is_tau: &[bool]) -> bool {
    let values = known.values.iter().zip(&end.values).zip(is_tau);
    (known.objective - end.objective).abs() <= GLOBAL_TOLERANCE
        && values
            .filter(|(_, is_tau)| **is_tau)
            .all(|((a, b), _)| (a - b).abs() <= SAME_OBSERVATIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::testing::{model, objective, two_levels};

    #[test]
    fn ends_at_one_optimum_are_one_and_fates_are_told_apart() {
        let objective = objective(&model(&two_levels()));
        let mut reference = Reference::of(&objective).expect("it has an optimum");
        let best = reference.best().values.clone();
        let end = |values: &[f64], stop| End {
            stop,
            step: 10,
            values: values.to_vec(),
            objective: reference.objective_of(values),
            grad_norm: 0.0,
            began: vec![0.0, 0.0, 1.0, 1.0, 5.0],
            is_settled: true,
        };
        let hill = [0.0, 3.0, 1.0, 2.0, 60.0];
        let mut near = best.clone();
        near[4] += 0.001;
        let corner = [0.0, 3.0, 1.0, 2.0, -60.0];
        let lost = [f64::NAN; 5];
        let ends = [
            end(&lost, Stop::NonFinite),
            end(&hill, Stop::Gradient),
            end(&near, Stop::Gradient),
            end(&corner, Stop::Completed),
            end(&best, Stop::Gradient),
            end(&corner, Stop::Completed),
        ];
        let optima = optima(&ends, &mut reference);
        let found: Vec<_> = optima
            .iter()
            .map(|optimum| (optimum.judgement.verdict, optimum.starts.clone()))
            .collect();
        assert_eq!(
            found,
            [
                (Verdict::Global, vec![2, 4]),
                (Verdict::Local, vec![1]),
                (Verdict::Degenerate, vec![3, 5]),
                (Verdict::Diverged, vec![0]),
            ]
        );
        assert_eq!(optima[0].end.values, best);
    }
}
