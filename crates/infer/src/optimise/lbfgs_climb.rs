//! A batch of starts that climbs by L-BFGS, all of them asking the density at once.

use rayon::prelude::*;
use switchback_core::{
    DensityError, Gradient, Halt, Optimizer, OptimizerError, Ramp, Snapshot, Space, Stop,
};

use super::lbfgs::{ClimberEnd, LbfgsClimber};

/// Steepnesses that annealing goes through before the last one.
const STAGES: u64 = 8;
/// Iterations on each of them.
const STAGE_ITERATIONS: u64 = 15;

/// The steepnesses that L-BFGS climbs on one after the other where `ramp` is followed, the last one to the end.
///
/// Its memory is of one objective, so that a steepness cannot change from step to step.
pub fn steepness_stages(ramp: &Ramp) -> Vec<f64> {
    if ramp.is_constant() {
        return vec![ramp.to];
    }
    let in_stages = Ramp {
        steps: STAGES,
        ..*ramp
    };
    (0..=STAGES).map(|stage| in_stages.at(stage)).collect()
}

/// A batch of starts that climbs by L-BFGS. A step is an iteration.
pub struct LbfgsClimb<'a> {
    /// What is climbed, one after the other; the last one to the end.
    stages: Vec<Box<dyn Gradient + 'a>>,
    starts: Vec<Start>,
    /// Starts that ask together.
    group: usize,
    halts: Vec<Option<Halt>>,
    steps: u64,
    n_extra: u64,
}

struct Start {
    climber: LbfgsClimber,
    is_resting: bool,
    halted_at: Option<u64>,
}

impl<'a> LbfgsClimb<'a> {
    /// A climb from the unconstrained `starts` (row-major `starts x dim`) on each of `stages`, densities over the same
    /// space of which the last is the one that counts: a few iterations on every other one come first. `together` says
    /// whether all starts are to be evaluated as one batch, as a device wants it; else they share the processor's
    /// threads.
    ///
    /// # Errors
    /// When a density fails.
    ///
    /// # Panics
    /// When there are no stages.
    pub fn new(
        stages: Vec<Box<dyn Gradient + 'a>>,
        starts: &[f64],
        together: bool,
    ) -> Result<Self, OptimizerError> {
        assert!(!stages.is_empty(), "there is something to climb");
        let dim = stages[0].space().dim();
        let starts: Vec<_> = starts
            .chunks_exact(dim)
            .map(|start| Start {
                climber: LbfgsClimber::new(start),
                is_resting: false,
                halted_at: None,
            })
            .collect();
        let threads = if together {
            1
        } else {
            rayon::current_num_threads()
        };
        let mut climb = Self {
            group: starts.len().div_ceil(threads).max(1),
            halts: vec![None; starts.len()],
            stages,
            starts,
            steps: 0,
            n_extra: 0,
        };
        climb.iterate(0)?;
        Ok(climb)
    }

    /// Has every start that climbs take one iteration on stage number `stage`.
    fn iterate(&mut self, stage: usize) -> Result<(), DensityError> {
        let (target, step) = (&*self.stages[stage], self.steps);
        self.starts
            .par_chunks_mut(self.group)
            .try_for_each(|starts| iterate(target, starts, step))
    }

    fn stage_of(&self, step: u64) -> usize {
        let last = self.stages.len() - 1;
        usize::try_from(step / STAGE_ITERATIONS).map_or(last, |stage| stage.min(last))
    }

    /// Values at where the starts stand, on the last stage.
    fn looks(&mut self, positions: &[f64]) -> Result<(Vec<f64>, Vec<f64>), DensityError> {
        let climbers = self.starts.iter().map(|start| &start.climber);
        if self.steps >= self.n_changing() {
            return Ok(climbers
                .map(|climber| (climber.logp(), climber.grad_norm()))
                .unzip());
        }
        let target = &self.stages[self.stages.len() - 1];
        let mut logp = vec![0.0; self.starts.len()];
        let mut grad = vec![0.0; positions.len()];
        target.logp_grad(positions, &mut logp, &mut grad)?;
        self.n_extra += logp.len() as u64;
        let norm = |row: &[f64]| row.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        let norms = grad.chunks_exact(target.space().dim()).map(norm).collect();
        Ok((logp, norms))
    }
}

/// One iteration of those of `starts` that climb.
fn iterate(target: &dyn Gradient, starts: &mut [Start], step: u64) -> Result<(), DensityError> {
    let mut climbing: Vec<&mut Start> = starts
        .iter_mut()
        .filter(|start| !start.is_resting && !start.climber.is_done())
        .collect();
    let (mut positions, mut logp, mut grad) = (Vec::new(), Vec::new(), Vec::new());
    while !climbing.is_empty() {
        positions.clear();
        for start in &climbing {
            positions.extend_from_slice(start.climber.asks());
        }
        let dim = positions.len() / climbing.len();
        logp.resize(climbing.len(), 0.0);
        grad.resize(positions.len(), 0.0);
        target.logp_grad(&positions, &mut logp, &mut grad)?;
        let mut answers = logp.iter().zip(grad.chunks_exact(dim));
        climbing.retain_mut(|start| {
            let Some((logp, grad)) = answers.next() else {
                return false;
            };
            let arrived = start.climber.tell(*logp, grad);
            if arrived && start.climber.is_done() {
                start.halted_at = Some(step);
            }
            !arrived
        });
    }
    Ok(())
}

impl Optimizer for LbfgsClimb<'_> {
    fn space(&self) -> &Space {
        self.stages[0].space()
    }

    fn advance(&mut self, steps: usize) -> Result<(), OptimizerError> {
        for _ in 0..steps {
            let stage = self.stage_of(self.steps);
            self.steps += 1;
            self.iterate(stage)?;
            if self.stage_of(self.steps) != stage {
                for start in &mut self.starts {
                    start.climber.begin_again();
                    start.halted_at = start.halted_at.filter(|_| start.climber.is_done());
                }
                // The look at where it stands is no iteration.
                self.iterate(stage + 1)?;
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Snapshot, OptimizerError> {
        let positions: Vec<f64> = self
            .starts
            .iter()
            .flat_map(|start| start.climber.position().to_vec())
            .collect();
        let (logp, grad_norms) = self.looks(&positions)?;
        let is_last = self.steps >= self.n_changing();
        self.halts = self
            .starts
            .iter()
            .map(|start| {
                let stop = match start.climber.end()? {
                    ClimberEnd::Lost => Stop::NonFinite,
                    // The top of a stage is where the next one begins.
                    ClimberEnd::Top if is_last => Stop::LineSearch,
                    ClimberEnd::Top => return None,
                };
                Some(Halt {
                    stop,
                    step: start.halted_at?,
                    position: start.climber.position().to_vec(),
                })
            })
            .collect();
        Ok(Snapshot {
            step: self.steps,
            positions,
            logp,
            grad_norms,
        })
    }

    fn halts(&self) -> &[Option<Halt>] {
        &self.halts
    }

    fn rest(&mut self, start: usize) {
        if let Some(start) = self.starts.get_mut(start) {
            start.is_resting = true;
        }
    }

    fn n_changing(&self) -> u64 {
        (self.stages.len() as u64 - 1) * STAGE_ITERATIONS
    }

    fn decrement(&self, start: usize) -> Option<f64> {
        self.starts
            .get(start)
            .map(|start| start.climber.decrement())
    }

    fn n_evaluations(&self) -> u64 {
        let of_starts = self
            .starts
            .iter()
            .map(|start| start.climber.n_evaluations());
        of_starts.sum::<u64>() + self.n_extra
    }
}
