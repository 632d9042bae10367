//! The climb of an optimiser as a process: advance without reading, read at each logged point.

mod spread;
mod tail;

use std::sync::Arc;

use switchback_core::{Optimizer, Ramp, Snapshot, Stop};
use switchback_models::Estimate;

use self::spread::Spread;
use self::tail::Tail;
use super::best::Reference;
use super::tolerances::{Look, Tolerances};
use crate::{Advance, InferError, Process};

/// How long a climb goes on, and what is logged of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClimbSettings {
    /// Most steps.
    pub steps: u64,
    /// Steps between two looks at the starts, where a point is logged and stop rules are asked.
    pub log_every: u64,
    /// The stop rules.
    pub tolerances: Tolerances,
    /// Learning rate at each step, to be logged; none where there is none.
    pub learning_rate: Option<Ramp>,
    /// Steepness at each step, to be logged; none where it does not change.
    pub steepness: Option<Ramp>,
}

impl ClimbSettings {
    /// `steps` in all with a look every `log_every`, by the default stop rules.
    pub fn new(steps: u64, log_every: u64) -> Self {
        Self {
            steps,
            log_every,
            tolerances: Tolerances::default(),
            learning_rate: None,
            steepness: None,
        }
    }
}

/// Where a start ended.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Why.
    pub stop: Stop,
    /// The step of the look that ended it; of [`Stop::NonFinite`] the last step at which it was finite.
    pub step: u64,
    /// Its values on the natural scale.
    pub values: Vec<f64>,
    /// The objective there, in double precision.
    pub objective: f64,
    /// Norm of its gradient in the climb's coordinates, as the optimiser's device computes it.
    pub grad_norm: f64,
    /// Where it began, on the natural scale.
    pub began: Vec<f64>,
    /// Whether it stands still: a stop rule held, or neither objective nor switches moved over the last tenth.
    pub is_settled: bool,
}

/// Steps after which a climb lets its listeners speak, however far the next logged point is.
const STEPS_BETWEEN_LOOKS: u64 = 100;

/// Nats that a step may still gain, to first order, at a top.
const EXPECTED_NATS: f64 = 1e-3;

/// An optimiser on its way up.
pub struct Climb<'a> {
    method: String,
    optimizer: &'a mut dyn Optimizer,
    settings: ClimbSettings,
    reference: &'a Reference,
    tags: Vec<Arc<str>>,
    spread: Option<Spread>,
    tail: Tail,
    began: Vec<f64>,
    last: Option<Snapshot>,
    ends: Vec<Option<End>>,
    taken: u64,
    stop: Option<Stop>,
}

impl<'a> Climb<'a> {
    /// Has `optimizer` climb from `n_starts` starts; `reference` knows the best objective there is, against which each
    /// point's gap in nats is logged. The first point is at the start.
    ///
    /// # Errors
    /// When there are no starts, no steps or no points, or a tolerance makes no sense.
    pub fn new(
        method: impl Into<String>,
        optimizer: &'a mut dyn Optimizer,
        n_starts: usize,
        reference: &'a Reference,
        settings: ClimbSettings,
    ) -> Result<Self, InferError> {
        for (setting, value) in [
            ("starts", n_starts as u64),
            ("steps", settings.steps),
            ("log-every", settings.log_every),
        ] {
            if value == 0 {
                return Err(InferError::Setting {
                    setting,
                    value: value.to_string(),
                    rule: "it must be at least 1",
                });
            }
        }
        settings.tolerances.validate()?;
        let parameters = optimizer.space().parameters().iter();
        let mut tags: Vec<Arc<str>> = parameters.map(|p| Arc::from(&*p.name)).collect();
        let spread = Spread::of(&tags, n_starts);
        tags.extend(["likelihood", "gap/nats", "diag/grad_norm"].map(Arc::from));
        // Of a likelihood it is the same.
        let is_posterior = reference.objective().estimate() != Estimate::Likelihood;
        tags.extend(is_posterior.then(|| "objective".into()));
        tags.extend(settings.learning_rate.map(|_| "diag/learning_rate".into()));
        tags.extend(settings.steepness.map(|_| "anneal/steepness".into()));
        Ok(Self {
            method: method.into(),
            optimizer,
            settings,
            reference,
            tags,
            spread,
            tail: Tail::default(),
            began: Vec::new(),
            last: None,
            ends: vec![None; n_starts],
            taken: 0,
            stop: None,
        })
    }

    /// Where every start ended; one that still climbed, because a listener asked for the end, was interrupted.
    pub fn into_ends(self) -> Vec<End> {
        let starts = 0..self.ends.len();
        starts
            .map(|start| match &self.ends[start] {
                Some(end) => end.clone(),
                None => self.end(start, Stop::Interrupted),
            })
            .collect()
    }

    /// The end of `start` where it stood at the last look.
    fn end(&self, start: usize, stop: Stop) -> End {
        let space = self.optimizer.space();
        let dim = space.dim();
        let row = |positions: &[f64]| {
            let row = positions.get(start * dim..(start + 1) * dim);
            row.map_or_else(|| vec![f64::NAN; dim], |row| space.constrain(row))
        };
        let (mut step, mut values) = (0, vec![f64::NAN; dim]);
        let mut grad_norm = f64::NAN;
        if let Some(last) = &self.last {
            (step, values) = (last.step, row(&last.positions));
            grad_norm = last.grad_norms.get(start).copied().unwrap_or(f64::NAN);
        }
        if let Some(halt) = self.optimizer.halts().get(start).and_then(Option::as_ref) {
            (step, values) = (halt.step, space.constrain(&halt.position));
        }
        let is_settled = match stop {
            Stop::NonFinite | Stop::Interrupted => false,
            Stop::Completed => self.tail.is_settled(start, space, self.reference),
            // Small steps are a top only where none was to be expected to gain: at a wall they are small, too.
            _ => self
                .optimizer
                .decrement(start)
                .is_none_or(|gain| gain <= EXPECTED_NATS),
        };
        End {
            stop,
            step,
            objective: self.reference.objective_of(&values),
            values,
            grad_norm,
            began: row(&self.began),
            is_settled,
        }
    }

    /// Why `start` has ended at the look `now`, if it has.
    fn arrived(&self, start: usize, now: &Snapshot) -> Option<Stop> {
        if let Some(halt) = self.optimizer.halts().get(start).and_then(Option::as_ref) {
            return Some(halt.stop);
        }
        let (dim, changing) = (self.optimizer.space().dim(), self.optimizer.n_changing());
        let look = |snapshot| Look::at(snapshot, start, dim);
        let settled = |snapshot: &&Snapshot| snapshot.step >= changing;
        let before = self.last.as_ref().filter(settled).and_then(look);
        let held = Some(now).filter(settled).and_then(look).and_then(|now| {
            let decrement = self.optimizer.decrement(start);
            self.settings.tolerances.hold(before, now, decrement)
        });
        held.or_else(|| (now.step >= self.settings.steps).then_some(Stop::Completed))
    }

    /// Looks at every start, and ends those that have arrived.
    fn look(&mut self) -> Result<Advance, InferError> {
        let now = self.optimizer.snapshot()?;
        if self.began.is_empty() {
            self.began.clone_from(&now.positions);
        }
        self.tail.keep(&now);
        let stops: Vec<Option<Stop>> = (0..self.ends.len())
            .map(|start| {
                self.arrived(start, &now)
                    .filter(|_| self.ends[start].is_none())
            })
            .collect();
        self.last = Some(now);
        for (start, stop) in stops.into_iter().enumerate() {
            if let Some(stop) = stop {
                self.ends[start] = Some(self.end(start, stop));
                self.optimizer.rest(start);
            }
        }
        let standing = self.standing();
        let best = best_of(&standing);
        if self.ends.iter().all(Option::is_some) {
            self.stop = self.ends[best].as_ref().map(|end| end.stop);
        }
        Ok(self.point(&standing, best))
    }

    /// Where every start stands, or ended.
    fn standing(&self) -> Vec<Standing> {
        let space = self.optimizer.space();
        let last = self.last.as_ref();
        let number = |of: Option<&Vec<f64>>, start: usize| {
            of.and_then(|of| of.get(start)).copied().unwrap_or(f64::NAN)
        };
        self.ends
            .iter()
            .enumerate()
            .map(|(start, end)| match end {
                Some(end) if end.stop == Stop::NonFinite => Standing {
                    values: end.values.clone(),
                    objective: f64::NAN,
                    grad_norm: f64::NAN,
                },
                Some(end) => Standing {
                    values: end.values.clone(),
                    objective: end.objective,
                    grad_norm: end.grad_norm,
                },
                None => Standing {
                    values: last
                        .and_then(|last| {
                            let dim = space.dim();
                            last.positions.get(start * dim..(start + 1) * dim)
                        })
                        .map_or_else(Vec::new, |row| space.constrain(row)),
                    objective: number(last.map(|last| &last.logp), start),
                    grad_norm: number(last.map(|last| &last.grad_norms), start),
                },
            })
            .collect()
    }

    /// The point that is logged: the best start, and how the starts are spread.
    fn point(&self, standing: &[Standing], best: usize) -> Advance {
        let step = self.last.as_ref().map_or(0, |last| last.step);
        let Standing {
            values,
            objective,
            grad_norm,
        } = &standing[best];
        let log_likelihood = match self.reference.objective().estimate() {
            // What the device says, so that its curve shows what it climbs.
            Estimate::Likelihood => *objective,
            Estimate::Posterior { .. } => self.reference.objective().log_likelihood_of(values),
        };
        let gap = self.reference.best().objective - objective;
        let mut logged = values.clone();
        logged.extend([log_likelihood, gap, *grad_norm]);
        let is_posterior = self.reference.objective().estimate() != Estimate::Likelihood;
        logged.extend(is_posterior.then_some(*objective));
        logged.extend(self.settings.learning_rate.map(|rate| rate.at(step)));
        logged.extend(self.settings.steepness.map(|steepness| steepness.at(step)));
        let mut scalars: Vec<_> = self.tags.iter().cloned().zip(logged).collect();
        if let Some(spread) = &self.spread {
            spread.extend(standing, &mut scalars);
        }
        Advance::Point { step, scalars }
    }
}

/// Where a start stands.
struct Standing {
    values: Vec<f64>,
    objective: f64,
    grad_norm: f64,
}

/// The start of the greatest finite objective; the first where none is finite.
fn best_of(standing: &[Standing]) -> usize {
    let finite = standing
        .iter()
        .enumerate()
        .filter(|(_, at)| at.objective.is_finite());
    finite
        .reduce(|best, other| {
            if other.1.objective > best.1.objective {
                other
            } else {
                best
            }
        })
        .map_or(0, |(start, _)| start)
}

impl Process for Climb<'_> {
    fn method(&self) -> &str {
        &self.method
    }

    fn total(&self) -> u64 {
        self.settings.steps
    }

    fn advance(&mut self) -> Result<Advance, InferError> {
        if let Some(stop) = self.stop {
            return Ok(Advance::Done(stop));
        }
        let Some(last) = &self.last else {
            return self.look();
        };
        let next = last.step.saturating_add(self.settings.log_every);
        let next = next.min(self.settings.steps);
        let stretch = STEPS_BETWEEN_LOOKS.min(next - self.taken);
        self.optimizer.advance(stretch as usize)?;
        self.taken += stretch;
        if self.taken == next {
            self.look()
        } else {
            Ok(Advance::Progress { step: self.taken })
        }
    }
}
