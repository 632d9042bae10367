//! The rules that follow the gradient, in plain floats on an objective's own gradient.

use rayon::prelude::*;
use switchback_core::{
    Ascent, Gradient, Halt, LogDensity, Optimizer, OptimizerError, Ramp, Snapshot, Space, Stop,
};
use switchback_models::Objective;

use super::rule::{Moments, Pace, Stride};
use crate::InferError;

/// Starts that one thread moves in turn: what they touch stays in the processor's first cache, and the end of one's step
/// overlaps with the beginning of the next one's.
const GROUP: usize = 8;

/// A batch of starts that climbs an objective by a [`switchback_core::Rule`], each start on its own.
///
/// Step by step the same as these rules on tensors of double precision, to rounding.
pub struct FusedClimb {
    /// At the steepness that the walk ends with.
    objective: Objective,
    ascent: Ascent,
    walkers: Vec<Walker>,
    halts: Vec<Option<Halt>>,
    pace: Pace,
    n_evaluations: u64,
}

/// One start on its way.
#[derive(Debug, Clone)]
struct Walker {
    position: Vec<f64>,
    /// Where the step leads that is being taken.
    next: Vec<f64>,
    moments: Moments,
    grad: Vec<f64>,
    halt: Option<Halt>,
    is_resting: bool,
    n_evaluations: u64,
}

impl FusedClimb {
    /// A climb of `objective` from the unconstrained `starts` (row-major `starts x dim`).
    ///
    /// # Errors
    /// When the settings make no sense, or a steepness is to change where there is none.
    pub fn new(
        mut objective: Objective,
        ascent: &Ascent,
        starts: &[f64],
    ) -> Result<Self, InferError> {
        let ascent = ascent.validate()?;
        // Of a form without a sigmoid nothing can be asked but what is the same for all.
        if objective.steepness().is_some() || ascent.steepness != Ramp::constant(1.0) {
            objective.steepen(ascent.steepness.to)?;
        }
        let dim = objective.space().dim();
        let walkers: Vec<_> = starts.chunks_exact(dim).map(Walker::new).collect();
        Ok(Self {
            halts: vec![None; walkers.len()],
            objective,
            ascent,
            walkers,
            pace: Pace::START,
            n_evaluations: 0,
        })
    }
}

impl Walker {
    fn new(start: &[f64]) -> Self {
        Self {
            position: start.to_vec(),
            next: start.to_vec(),
            moments: Moments::new(start.len()),
            grad: vec![0.0; start.len()],
            halt: None,
            is_resting: false,
            n_evaluations: 0,
        }
    }

    fn climbs(&self) -> bool {
        self.halt.is_none() && !self.is_resting
    }

    /// Value at the position, whose gradient goes to `grad`; it halts where one of them is not finite.
    fn look(&mut self, objective: &Objective, step: u64) -> Result<f64, OptimizerError> {
        let mut value = [0.0];
        objective.logp_grad(&self.position, &mut value, &mut self.grad)?;
        self.n_evaluations += 1;
        if !(value[0].is_finite() && are_finite(&self.grad)) {
            self.halt_at(step.saturating_sub(1));
        }
        Ok(value[0])
    }

    /// Takes step number `step`, counted from 0.
    fn step(
        &mut self,
        objective: &Objective,
        stride: &Stride,
        step: u64,
    ) -> Result<(), OptimizerError> {
        self.n_evaluations += 1;
        if !objective.slopes(&self.position, &mut self.grad)? {
            self.halt_at(step.saturating_sub(1));
            return Ok(());
        }
        if let Some(clip) = stride.clip {
            let norm = norm(&self.grad);
            if norm > clip {
                self.grad.iter_mut().for_each(|slope| *slope *= clip / norm);
            }
        }
        let Self {
            position,
            next,
            moments,
            grad,
            ..
        } = self;
        stride.follow(position, grad, moments, next);
        if are_finite(next) {
            std::mem::swap(position, next);
        } else {
            self.halt_at(step);
        }
        Ok(())
    }

    /// Stays where it is from `step` on.
    #[cold]
    fn halt_at(&mut self, step: u64) {
        self.halt = Some(Halt {
            stop: Stop::NonFinite,
            step,
            position: self.position.clone(),
        });
    }
}

/// Takes `steps` steps with all of `walkers` from where `pace` is, and says how far they are then.
fn walk(
    walkers: &mut [Walker],
    mut objective: Objective,
    ascent: &Ascent,
    mut pace: Pace,
    steps: u64,
) -> Result<Pace, OptimizerError> {
    for _ in 0..steps {
        let step = pace.steps;
        if !ascent.steepness.is_constant() {
            let steepened = objective.steepen(ascent.steepness.at(step));
            debug_assert!(steepened.is_ok(), "both ends of the ramp were tried");
        }
        let stride = pace.next(ascent);
        for walker in walkers.iter_mut().filter(|walker| walker.climbs()) {
            walker.step(&objective, &stride, step)?;
        }
    }
    Ok(pace)
}

fn are_finite(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_finite())
}

fn norm(grad: &[f64]) -> f64 {
    grad.iter().map(|slope| slope * slope).sum::<f64>().sqrt()
}

impl Optimizer for FusedClimb {
    fn space(&self) -> &Space {
        self.objective.space()
    }

    fn advance(&mut self, steps: usize) -> Result<(), OptimizerError> {
        let (objective, ascent, pace) = (&self.objective, &self.ascent, self.pace);
        let steps = steps as u64;
        let share = self.walkers.len().div_ceil(rayon::current_num_threads());
        // A steepness that changes is computed once a step for all.
        let group = if ascent.steepness.is_constant() {
            GROUP
        } else {
            share
        };
        let walk = |walkers: &mut [Walker]| walk(walkers, objective.clone(), ascent, pace, steps);
        let group = group.clamp(1, share.max(1));
        // To call other threads for one group costs as much as some ten steps.
        self.pace = if self.walkers.len() <= group {
            walk(&mut self.walkers)?
        } else {
            let groups = self.walkers.par_chunks_mut(group);
            groups
                .map(walk)
                .try_reduce(|| pace, |one, other| Ok(one.later(other)))?
        };
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Snapshot, OptimizerError> {
        let (objective, step) = (&self.objective, self.pace.steps);
        let looks: Vec<(f64, f64)> = self
            .walkers
            .par_iter_mut()
            .map(|walker| {
                if walker.halt.is_none() {
                    let value = walker.look(objective, step + 1)?;
                    if walker.halt.is_none() {
                        return Ok((value, norm(&walker.grad)));
                    }
                }
                Ok((f64::NAN, f64::NAN))
            })
            .collect::<Result<_, OptimizerError>>()?;
        self.halts = self
            .walkers
            .iter()
            .map(|walker| walker.halt.clone())
            .collect();
        self.n_evaluations = self.walkers.iter().map(|walker| walker.n_evaluations).sum();
        let positions = self.walkers.iter().flat_map(|walker| match &walker.halt {
            Some(halt) => halt.position.clone(),
            None => walker.position.clone(),
        });
        Ok(Snapshot {
            step: self.pace.steps,
            positions: positions.collect(),
            logp: looks.iter().map(|(value, _)| *value).collect(),
            grad_norms: looks.iter().map(|(_, norm)| *norm).collect(),
        })
    }

    fn halts(&self) -> &[Option<Halt>] {
        &self.halts
    }

    fn rest(&mut self, start: usize) {
        if let Some(walker) = self.walkers.get_mut(start) {
            walker.is_resting = true;
        }
    }

    fn n_changing(&self) -> u64 {
        if self.ascent.steepness.is_constant() {
            0
        } else {
            self.ascent.steepness.steps
        }
    }

    fn n_evaluations(&self) -> u64 {
        self.n_evaluations
    }
}
