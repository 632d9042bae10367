//! The rules that follow the gradient, in plain floats on an objective's own gradient.

use rayon::prelude::*;
use switchback_core::{
    Ascent, Gradient, Halt, LogDensity, Optimizer, OptimizerError, Ramp, Rule, Snapshot, Space,
    Stop,
};
use switchback_models::Objective;

use crate::InferError;

/// A batch of starts that climbs an objective by a [`Rule`], each start on its own.
///
/// Step by step the same as [`Rule`]s on tensors of double precision, to rounding.
pub struct FusedClimb {
    /// At the steepness that the walk ends with.
    objective: Objective,
    ascent: Ascent,
    walkers: Vec<Walker>,
    halts: Vec<Option<Halt>>,
    steps: u64,
    n_evaluations: u64,
}

/// One start on its way.
#[derive(Debug, Clone)]
struct Walker {
    position: Vec<f64>,
    /// Mean of the gradients, or the last step.
    first: Vec<f64>,
    /// Mean of their squares.
    second: Vec<f64>,
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
            steps: 0,
            n_evaluations: 0,
        })
    }
}

impl Walker {
    fn new(start: &[f64]) -> Self {
        let zeros = vec![0.0; start.len()];
        Self {
            position: start.to_vec(),
            first: zeros.clone(),
            second: zeros.clone(),
            grad: zeros,
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
        let is_finite = value[0].is_finite() && self.grad.iter().all(|slope| slope.is_finite());
        if !is_finite {
            self.halt = Some(Halt {
                stop: Stop::NonFinite,
                step: step.saturating_sub(1),
                position: self.position.clone(),
            });
        }
        Ok(value[0])
    }

    /// Takes step number `step`, counted from 0.
    fn step(
        &mut self,
        objective: &Objective,
        ascent: &Ascent,
        step: u64,
    ) -> Result<(), OptimizerError> {
        self.look(objective, step)?;
        if self.halt.is_some() {
            return Ok(());
        }
        if let Some(clip) = ascent.clip {
            let norm = norm(&self.grad);
            if norm > clip {
                self.grad.iter_mut().for_each(|slope| *slope *= clip / norm);
            }
        }
        let rate = ascent.learning_rate.at(step);
        let before = self.position.clone();
        self.follow(ascent.rule, rate, step);
        if self.position.iter().any(|u| !u.is_finite()) {
            self.halt = Some(Halt {
                stop: Stop::NonFinite,
                step,
                position: before,
            });
        }
        Ok(())
    }

    fn follow(&mut self, rule: Rule, rate: f64, step: u64) {
        let moments = self.first.iter_mut().zip(&mut self.second);
        let walk = self.position.iter_mut().zip(&self.grad).zip(moments);
        match rule {
            Rule::Adam {
                beta_1,
                beta_2,
                epsilon,
            } => {
                let time = i32::try_from(step + 1).unwrap_or(i32::MAX);
                // rate m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon), multiplied through by root.
                let root = (1.0 - beta_2.powi(time)).sqrt();
                let rate = rate * root / (1.0 - beta_1.powi(time));
                for ((u, slope), (first, second)) in walk {
                    *first = beta_1 * *first + (1.0 - beta_1) * slope;
                    *second = beta_2 * *second + (1.0 - beta_2) * slope * slope;
                    *u += rate * *first / (second.sqrt() + epsilon * root);
                }
            }
            Rule::Momentum { momentum } => {
                for ((u, slope), (last, _)) in walk {
                    *last = momentum * *last + slope;
                    *u += rate * *last;
                }
            }
            Rule::Sgd => {
                for ((u, slope), _) in walk {
                    *u += rate * slope;
                }
            }
            Rule::RmsProp { decay, epsilon } => {
                for ((u, slope), (_, second)) in walk {
                    *second = decay * *second + (1.0 - decay) * slope * slope;
                    *u += rate * slope / (second.sqrt() + epsilon);
                }
            }
        }
    }
}

/// Takes `steps` steps with all of `walkers`, the first of which is number `first`.
fn walk(
    walkers: &mut [Walker],
    mut objective: Objective,
    ascent: &Ascent,
    first: u64,
    steps: u64,
) -> Result<(), OptimizerError> {
    let each = |walkers: &mut [Walker], objective: &Objective, step| {
        let mut climbing = walkers.iter_mut().filter(|walker| walker.climbs());
        climbing.try_for_each(|walker| walker.step(objective, ascent, step))
    };
    for step in first..first + steps {
        if !ascent.steepness.is_constant() {
            let steepened = objective.steepen(ascent.steepness.at(step));
            debug_assert!(steepened.is_ok(), "both ends of the ramp were tried");
        }
        each(walkers, &objective, step)?;
    }
    Ok(())
}

fn norm(grad: &[f64]) -> f64 {
    grad.iter().map(|slope| slope * slope).sum::<f64>().sqrt()
}

impl Optimizer for FusedClimb {
    fn space(&self) -> &Space {
        self.objective.space()
    }

    fn advance(&mut self, steps: usize) -> Result<(), OptimizerError> {
        let share = self
            .walkers
            .len()
            .div_ceil(rayon::current_num_threads())
            .max(1);
        let (objective, ascent, first) = (&self.objective, &self.ascent, self.steps);
        self.walkers.par_chunks_mut(share).try_for_each(|walkers| {
            walk(walkers, objective.clone(), ascent, first, steps as u64)
        })?;
        self.steps += steps as u64;
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Snapshot, OptimizerError> {
        let (objective, step) = (&self.objective, self.steps);
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
            step: self.steps,
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
