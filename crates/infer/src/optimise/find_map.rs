//! What a maximiser that sees only gradients makes of whole-numbered switches: it leaves them where they started.

use std::sync::Arc;

use switchback_core::{Gradient, LogDensity, Optimizer, SpaceError, Stop, tau_of};
use switchback_models::{HardPeaks, HeldSwitch, SwitchModel, is_degenerate};

use super::lbfgs::{LbfgsSettings, climb_lbfgs};
use super::lbfgs_climb::LbfgsClimb;
use super::tolerances::{Look, Tolerances};
use super::verdict::{GLOBAL_TOLERANCE, Verdict};
use crate::{Advance, InferError, Process};

/// Peaks of the hard profile from which the best placing is looked for.
const PEAKS: usize = 256;
/// Most iterations of a climb.
const ITERATIONS: u64 = 2_000;
/// Nats by which a neighbouring placing must be better to be moved to.
const BETTER: f64 = 1e-9;

/// The maximum of the hard form's posterior over the regimes' parameters, with the switches somewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldTop {
    /// Where the switches are.
    pub switches: Vec<usize>,
    /// The regimes' parameters on their natural scale.
    pub parameters: Vec<f64>,
    /// The log density there, without a Jacobian, in nats.
    pub objective: f64,
    /// The log-likelihood there, in nats.
    pub log_likelihood: f64,
}

/// What PyMC's `find_MAP` does, as a process: L-BFGS over the regimes' parameters of [`HeldSwitch`], the switches held
/// at their start.
pub struct FindMap {
    method: String,
    held: HeldSwitch,
    climb: LbfgsClimb<'static>,
    tags: Vec<Arc<str>>,
    before: Option<switchback_core::Snapshot>,
    stop: Option<Stop>,
}

/// Where it ended, held against the best placing there is.
#[derive(Debug, Clone, PartialEq)]
pub struct FindMapEnd {
    /// Where it ended.
    pub found: HeldTop,
    /// The best of all placings that were looked at.
    pub best: HeldTop,
    /// What to call it.
    pub verdict: Verdict,
    /// Nats below the best; none where there is no maximum to speak of.
    pub gap_nats: Option<f64>,
    /// Why it ended.
    pub stop: Stop,
    /// Iterations.
    pub steps: u64,
    /// Evaluations of value and gradient by the climb itself.
    pub n_evaluations: u64,
    /// One sentence: what to make of it.
    pub advice: String,
}

/// Where PyMC's `DiscreteUniform` starts: in the middle of the series; several switches in its equal parts.
pub fn middle(model: &SwitchModel) -> Vec<usize> {
    let (last, n_switches) = (model.n() - 1, model.n_switches());
    (1..=n_switches)
        .map(|k| last * k / (n_switches + 1))
        .collect()
}

impl FindMap {
    /// The climb of the posterior of `model` from the regimes' natural `parameters`, with the switches at `switches`.
    ///
    /// # Errors
    /// When a parameter lies outside its support, or a switch outside the series.
    pub fn new(
        method: impl Into<String>,
        model: &SwitchModel,
        parameters: &[f64],
        switches: Vec<usize>,
    ) -> Result<Self, InferError> {
        check_within(model, &switches)?;
        let held = HeldSwitch::new(model.clone(), switches);
        let start = held.space().unconstrain(parameters)?;
        let target: Box<dyn Gradient> = Box::new(held.clone());
        let names = held.space().parameters().iter().map(|p| p.name.clone());
        let tags = names
            .chain(model.switch_names("tau"))
            .chain(["likelihood", "objective", "diag/grad_norm"].map(str::to_owned))
            .map(Arc::from)
            .collect();
        Ok(Self {
            method: method.into(),
            climb: LbfgsClimb::new(vec![target], &start, false)?,
            held,
            tags,
            before: None,
            stop: None,
        })
    }

    /// The regimes' parameters where it stands.
    fn parameters(&self) -> Vec<f64> {
        let halt = self.climb.halts().first().and_then(Option::as_ref);
        let last = self.before.as_ref().map(|now| &now.positions);
        let position = halt.map(|halt| &halt.position).or(last);
        let space = self.held.space();
        position.map_or_else(
            || vec![f64::NAN; space.dim()],
            |position| space.constrain(position),
        )
    }

    /// Where it ended, against the best placing there is; one that has not ended was interrupted.
    ///
    /// # Errors
    /// When the density fails, or no placing can be fitted.
    pub fn end(self) -> Result<FindMapEnd, InferError> {
        let parameters = self.parameters();
        let stop = self.stop.unwrap_or(Stop::Interrupted);
        let best = best_placing(self.held.model(), &parameters)?;
        let found = HeldTop {
            objective: value_at(&self.held, &parameters),
            log_likelihood: self.held.log_likelihood_of(&parameters),
            switches: self.held.switches().to_vec(),
            parameters,
        };
        let gap = (best.objective - found.objective).max(0.0);
        let verdict = verdict(self.held.model(), &found, stop, gap);
        let has_top = !matches!(verdict, Verdict::Degenerate | Verdict::Diverged);
        Ok(FindMapEnd {
            advice: advice(self.held.model(), verdict, &found, &best, gap),
            gap_nats: has_top.then_some(gap),
            found,
            best,
            verdict,
            stop,
            steps: self.before.as_ref().map_or(0, |now| now.step),
            n_evaluations: self.climb.n_evaluations(),
        })
    }

    fn stops(&self, now: &switchback_core::Snapshot) -> Option<Stop> {
        if let Some(halt) = self.climb.halts().first().and_then(Option::as_ref) {
            return Some(halt.stop);
        }
        let dim = self.held.space().dim();
        let before = self.before.as_ref();
        let before = before.and_then(|before| Look::at(before, 0, dim));
        let held = Look::at(now, 0, dim)
            .and_then(|look| Tolerances::default().hold(before, look, self.climb.decrement(0)));
        held.or((now.step >= ITERATIONS).then_some(Stop::Completed))
    }
}

impl Process for FindMap {
    fn method(&self) -> &str {
        &self.method
    }

    fn total(&self) -> u64 {
        ITERATIONS
    }

    fn advance(&mut self) -> Result<Advance, InferError> {
        if let Some(stop) = self.stop {
            return Ok(Advance::Done(stop));
        }
        if self.before.is_some() {
            self.climb.advance(1)?;
        }
        let now = self.climb.snapshot()?;
        self.stop = self.stops(&now);
        let (step, objective) = (now.step, now.logp.first().copied());
        let grad_norm = now.grad_norms.first().copied();
        self.before = Some(now);
        let parameters = self.parameters();
        let likelihood = self.held.log_likelihood_of(&parameters);
        let taus = self.held.switches().iter().map(|s| tau_of(*s));
        let values = parameters.iter().copied().chain(taus).chain([
            likelihood,
            objective.unwrap_or(f64::NAN),
            grad_norm.unwrap_or(f64::NAN),
        ]);
        Ok(Advance::Point {
            step,
            scalars: self.tags.iter().cloned().zip(values).collect(),
        })
    }
}

fn check_within(model: &SwitchModel, switches: &[usize]) -> Result<(), InferError> {
    let names = model.switch_names("s");
    let last = model.n() - 1;
    for (k, (name, s)) in names.iter().zip(switches).enumerate() {
        let low = k.checked_sub(1).map_or(0, |before| switches[before]);
        if *s < low || *s > last {
            return Err(InferError::Start(SpaceError::OutsideSupport {
                name: name.clone(),
                value: *s as f64,
                support: switchback_core::Support::Integers {
                    low: low as i64,
                    high: last as i64,
                },
            }));
        }
    }
    Ok(())
}

fn value_at(held: &HeldSwitch, parameters: &[f64]) -> f64 {
    let mut value = [f64::NEG_INFINITY];
    match held.space().unconstrain(parameters) {
        Ok(position) if held.logp(&position, &mut value).is_ok() => value[0],
        _ => f64::NEG_INFINITY,
    }
}

/// The top with the switches at `switches`, climbed from `parameters`; none where there is no maximum.
fn top_at(
    model: &SwitchModel,
    switches: &[usize],
    parameters: &[f64],
) -> Result<Option<HeldTop>, InferError> {
    let held = HeldSwitch::new(model.clone(), switches.to_vec());
    let Ok(start) = held.space().unconstrain(parameters) else {
        return Ok(None);
    };
    if is_degenerate(model, switches) || value_at(&held, parameters) == f64::NEG_INFINITY {
        return Ok(None);
    }
    let summit = climb_lbfgs(&held, &start, LbfgsSettings::default())?;
    let parameters = held.space().constrain(&summit.position);
    Ok(Some(HeldTop {
        switches: switches.to_vec(),
        objective: summit.logp,
        log_likelihood: held.log_likelihood_of(&parameters),
        parameters,
    }))
}

/// The placing of greatest posterior: the highest of the hard profile's peaks, moved on as long as a neighbour is
/// better. `elsewhere` are parameters that a placing is tried with where its own have no density.
fn best_placing(model: &SwitchModel, elsewhere: &[f64]) -> Result<HeldTop, InferError> {
    let peaks = HardPeaks::of(model)?;
    let mut best: Option<HeldTop> = None;
    for peak in peaks.peaks().iter().take(PEAKS) {
        let mut top = top_at(model, &peak.switches, &peak.parameters)?;
        if top.is_none() {
            top = top_at(model, &peak.switches, elsewhere)?;
        }
        let best_so_far = best.as_ref().map_or(f64::NEG_INFINITY, |b| b.objective);
        best = top.filter(|top| top.objective > best_so_far).or(best);
    }
    let peak = peaks.best();
    let mut best = best.unwrap_or_else(|| HeldTop {
        switches: peak.switches.clone(),
        parameters: peak.parameters.clone(),
        objective: f64::NEG_INFINITY,
        log_likelihood: peak.log_likelihood,
    });
    while let Some(better) = better_neighbour(model, &best)? {
        best = better;
    }
    Ok(best)
}

fn better_neighbour(model: &SwitchModel, best: &HeldTop) -> Result<Option<HeldTop>, InferError> {
    for k in 0..best.switches.len() {
        let s = best.switches[k];
        for moved in [s.checked_sub(1), Some(s + 1)].into_iter().flatten() {
            let mut switches = best.switches.clone();
            switches[k] = moved;
            let top = top_at(model, &switches, &best.parameters)?;
            if let Some(top) = top.filter(|top| top.objective > best.objective + BETTER) {
                return Ok(Some(top));
            }
        }
    }
    Ok(None)
}

fn verdict(model: &SwitchModel, found: &HeldTop, stop: Stop, gap: f64) -> Verdict {
    if is_degenerate(model, &found.switches) {
        Verdict::Degenerate
    } else if stop == Stop::NonFinite || !found.objective.is_finite() {
        Verdict::Diverged
    } else if stop == Stop::Interrupted {
        Verdict::NotConverged
    } else if gap <= GLOBAL_TOLERANCE {
        Verdict::Global
    } else {
        Verdict::NeverMoved
    }
}

fn advice(
    model: &SwitchModel,
    verdict: Verdict,
    found: &HeldTop,
    best: &HeldTop,
    gap: f64,
) -> String {
    let places = |switches: &[usize]| {
        let names = model.switch_names("s").into_iter().zip(switches);
        let places: Vec<String> = names.map(|(name, s)| format!("{name} = {s}")).collect();
        places.join(", ")
    };
    let (here, there) = (places(&found.switches), places(&best.switches));
    match verdict {
        Verdict::Global => format!(
            "It is the best placing ({here}) only because it started there: a gradient never moves an integer."
        ),
        Verdict::Degenerate => format!(
            "The integer never moved from its start {here}, where a regime has too few distinct observations and its \
             spread runs to 0; the best is {there}: take lbfgs-marginal, or compound to sample."
        ),
        Verdict::Diverged => format!(
            "Value or gradient is not finite at {here}, from which the integer cannot move: start elsewhere, as in \
             --init {}.",
            places(&best.switches)
                .replace(" = ", "=")
                .replace(", ", " ")
        ),
        Verdict::NotConverged => format!("It was interrupted at {here}; the best is {there}."),
        Verdict::NeverMoved | Verdict::Local => format!(
            "The integer never moved from its start {here}, {gap:.2} nats below the best at {there}: take \
             lbfgs-marginal, or compound to sample."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::testing::{model, series, two_levels};

    fn ended(switches: Vec<usize>) -> FindMapEnd {
        let model = model(&two_levels());
        let start = [2.0, 2.0, 2.0, 2.0];
        let mut process = FindMap::new("find-map", &model, &start, switches).expect("inside");
        let mut steps = Vec::new();
        loop {
            match process.advance().expect("the density does not fail") {
                Advance::Done(_) => break,
                Advance::Point { step, scalars } => {
                    assert_eq!(scalars.len(), 8);
                    steps.push(step);
                }
                Advance::Progress { .. } => {}
            }
        }
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        process.end().expect("it can be judged")
    }

    /// The best placing by trying all of them.
    fn by_trying_all() -> HeldTop {
        let model = model(&two_levels());
        let tops = (0..80).filter_map(|s| {
            top_at(&model, &[s], &[0.0, 4.0, 1.0, 1.0]).expect("the density does not fail")
        });
        tops.max_by(|a, b| a.objective.total_cmp(&b.objective))
            .expect("a placing")
    }

    #[test]
    fn it_returns_the_integer_that_it_started_from() {
        let best = by_trying_all();
        for s in [15, 44, 60] {
            let end = ended(vec![s]);
            assert_eq!(end.found.switches, [s]);
            assert_eq!(end.verdict, Verdict::NeverMoved);
            assert_eq!(end.best.switches, best.switches);
            let gap = end.gap_nats.expect("a gap");
            assert!((gap - (best.objective - end.found.objective)).abs() < 1e-6);
            assert!(gap > 10.0 && end.advice.contains("never moved"), "{end:?}");
        }
        let there = ended(best.switches.clone());
        assert_eq!(there.verdict, Verdict::Global);
        assert!((there.found.objective - best.objective).abs() < 1e-6);
    }

    #[test]
    fn a_regime_of_one_observation_is_degenerate() {
        for s in [0, 1] {
            let end = ended(vec![s]);
            assert_eq!((end.verdict, end.gap_nats), (Verdict::Degenerate, None));
        }
        assert!(ended(vec![1]).found.parameters[2] < 1e-6);
    }

    #[test]
    fn the_middle_is_where_pymc_starts_and_outside_is_refused() {
        let model = model(&series(&[0.0, 1.0, 0.5, 4.0, 5.0, 4.2, 3.9]));
        assert_eq!(middle(&model), [3]);
        let outside = FindMap::new("find-map", &model, &[0.0, 0.0, 1.0, 1.0], vec![7]);
        assert!(matches!(outside, Err(InferError::Start(_))));
    }
}
