//! The rules that follow the gradient, in plain floats on an objective's own gradient.

use rayon::prelude::*;
use switchback_core::{Ascent, Halt, LogDensity, Optimizer, OptimizerError, Ramp, Snapshot, Space};
use switchback_models::Objective;

use super::abreast::{Abreast, Rank};
use super::rule::Pace;
use crate::InferError;

/// Most starts that step side by side, as lanes of vector instructions.
const MOST_ABREAST: usize = 8;

/// A batch of starts that climbs an objective by a [`switchback_core::Rule`], each start on its own.
///
/// Step by step the same as these rules on tensors of double precision, to rounding; and the same to the last bit alone and
/// among any other starts, on any number of threads.
pub struct FusedClimb {
    /// At the steepness that the walk ends with.
    objective: Objective,
    ascent: Ascent,
    /// All of them of `width` starts, but for the last one.
    ranks: Vec<Box<dyn Rank>>,
    width: usize,
    halts: Vec<Option<Halt>>,
    pace: Pace,
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
        let n_starts = starts.len() / dim;
        // Threads that have nothing to do gain nothing from wide ranks of the others.
        let share = n_starts.div_ceil(rayon::current_num_threads());
        let width = share.clamp(1, MOST_ABREAST);
        let rank = |starts: &[f64]| -> Box<dyn Rank> {
            if width == 1 {
                Box::new(Abreast::<1>::new(dim, starts))
            } else {
                Box::new(Abreast::<MOST_ABREAST>::new(dim, starts))
            }
        };
        Ok(Self {
            halts: vec![None; n_starts],
            objective,
            ascent,
            ranks: starts.chunks(width * dim).map(rank).collect(),
            width,
            pace: Pace::START,
            n_evaluations: 0,
        })
    }
}

/// Takes `steps` steps with all of `ranks` from where `pace` is, and says how far they are then.
fn walk(
    ranks: &mut [Box<dyn Rank>],
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
        for rank in &mut *ranks {
            rank.step(&objective, &stride, step)?;
        }
    }
    Ok(pace)
}

impl Optimizer for FusedClimb {
    fn space(&self) -> &Space {
        self.objective.space()
    }

    fn advance(&mut self, steps: usize) -> Result<(), OptimizerError> {
        let (objective, ascent, pace) = (&self.objective, &self.ascent, self.pace);
        let steps = steps as u64;
        // A steepness that changes is computed once a step for all of a thread's.
        let group = if ascent.steepness.is_constant() {
            1
        } else {
            self.ranks.len().div_ceil(rayon::current_num_threads())
        };
        let walk = |ranks: &mut [_]| walk(ranks, objective.clone(), ascent, pace, steps);
        // To call other threads for one group costs as much as some ten steps.
        self.pace = if self.ranks.len() <= group {
            walk(&mut self.ranks)?
        } else {
            let groups = self.ranks.par_chunks_mut(group);
            groups
                .map(walk)
                .try_reduce(|| pace, |one, other| Ok(one.later(other)))?
        };
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Snapshot, OptimizerError> {
        let (objective, step) = (&self.objective, self.pace.steps);
        let looks = self
            .ranks
            .par_iter_mut()
            .map(|rank| rank.look(objective, step + 1))
            .collect::<Result<Vec<_>, OptimizerError>>()?;
        let walkers = || self.ranks.iter().flat_map(|rank| rank.walkers());
        self.halts = walkers().map(|walker| walker.halt.clone()).collect();
        self.n_evaluations = walkers().map(|walker| walker.n_evaluations).sum();
        let looks = || looks.iter().flatten();
        Ok(Snapshot {
            step: self.pace.steps,
            positions: looks().flat_map(|look| &look.position).copied().collect(),
            logp: looks().map(|look| look.value).collect(),
            grad_norms: looks().map(|look| look.grad_norm).collect(),
        })
    }

    fn halts(&self) -> &[Option<Halt>] {
        &self.halts
    }

    fn rest(&mut self, start: usize) {
        if let Some(rank) = self.ranks.get_mut(start / self.width) {
            rank.rest(start % self.width);
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
