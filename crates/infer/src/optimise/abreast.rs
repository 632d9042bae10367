//! Starts that take their steps side by side.

use switchback_core::{Gradient, Halt, OptimizerError, Stop};
use switchback_models::Objective;

use super::rule::{Moments, Stride};

/// Some starts on their way.
pub(super) trait Rank: Send {
    /// Takes step number `step`, counted from 0, with all that climb.
    fn step(
        &mut self,
        objective: &Objective,
        stride: &Stride,
        step: u64,
    ) -> Result<(), OptimizerError>;

    /// Where each one is; it halts where its value or gradient is not finite.
    fn look(&mut self, objective: &Objective, step: u64) -> Result<Vec<Look>, OptimizerError>;

    /// Takes no step any more with one of them.
    fn rest(&mut self, index: usize);

    /// What is known of each of them.
    fn walkers(&self) -> &[Walker];
}

/// What is known of a start but for its numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Walker {
    pub halt: Option<Halt>,
    pub n_evaluations: u64,
}

/// Where a start is, with its value and the size of its gradient: `NaN` both, if it has halted.
pub(super) struct Look {
    pub position: Vec<f64>,
    pub value: f64,
    pub grad_norm: f64,
}

/// At most `W` starts, which are the lanes of what a step computes.
#[derive(Debug, Clone)]
pub(super) struct Abreast<const W: usize> {
    /// `dim`, each number of all starts.
    positions: Vec<[f64; W]>,
    /// Where the step leads that is being taken.
    next: Vec<[f64; W]>,
    moments: Moments,
    grads: Vec<[f64; W]>,
    /// Which of them climb: not those that halt or rest, nor places without a start.
    climb: [bool; W],
    walkers: Vec<Walker>,
}

impl<const W: usize> Abreast<W> {
    /// At the unconstrained `starts` (row-major `starts x dim`, at most `W`).
    pub fn new(dim: usize, starts: &[f64]) -> Self {
        let zeros = vec![[0.0; W]; dim];
        let mut rank = Self {
            positions: zeros.clone(),
            next: zeros.clone(),
            moments: Moments::new(dim * W),
            grads: zeros,
            climb: [false; W],
            walkers: vec![Walker::default(); starts.len() / dim],
        };
        for (w, (start, climbs)) in starts.chunks(dim).zip(&mut rank.climb).enumerate() {
            *climbs = true;
            for (all, u) in rank.positions.iter_mut().zip(start) {
                all[w] = *u;
            }
        }
        rank
    }

    fn position(&self, w: usize) -> Vec<f64> {
        self.positions.iter().map(|all| all[w]).collect()
    }

    /// Leaves those where they are from `step` on that climb and are not `finite`.
    #[inline]
    fn halt_but(&mut self, finite: &[bool; W], step: u64) {
        if *finite != self.climb {
            self.halt_some(finite, step);
        }
    }

    #[cold]
    fn halt_some(&mut self, finite: &[bool; W], step: u64) {
        for (w, finite) in finite.iter().enumerate() {
            if self.climb[w] && !finite {
                self.halt(w, step);
            }
        }
    }

    fn halt(&mut self, w: usize, step: u64) {
        self.climb[w] = false;
        self.walkers[w].halt = Some(Halt {
            stop: Stop::NonFinite,
            step,
            position: self.position(w),
        });
    }

    /// Makes gradients longer than `clip` that long.
    fn clip(&mut self, clip: f64) {
        for w in 0..W {
            let norm = norm(self.grads.iter().map(|all| all[w]));
            if norm > clip {
                self.grads.iter_mut().for_each(|all| all[w] *= clip / norm);
            }
        }
    }
}

impl<const W: usize> Rank for Abreast<W> {
    fn step(
        &mut self,
        objective: &Objective,
        stride: &Stride,
        step: u64,
    ) -> Result<(), OptimizerError> {
        if self.climb == [false; W] {
            return Ok(());
        }
        for (walker, climbs) in self.walkers.iter_mut().zip(&self.climb) {
            walker.n_evaluations += u64::from(*climbs);
        }
        let finite = objective.slopes(self.climb, &self.positions, &mut self.grads)?;
        self.halt_but(&finite, step.saturating_sub(1));
        if let Some(clip) = stride.clip {
            self.clip(clip);
        }
        stride.follow(
            self.positions.as_flattened(),
            self.grads.as_flattened(),
            &mut self.moments,
            self.next.as_flattened_mut(),
        );
        let mut moved = self.climb;
        for all in &self.next {
            for (moved, u) in moved.iter_mut().zip(all) {
                *moved &= u.is_finite();
            }
        }
        self.halt_but(&moved, step);
        if moved != [true; W] {
            for (next, position) in self.next.iter_mut().zip(&self.positions) {
                for (w, moved) in moved.iter().enumerate() {
                    if !moved {
                        next[w] = position[w];
                    }
                }
            }
        }
        std::mem::swap(&mut self.positions, &mut self.next);
        Ok(())
    }

    fn look(&mut self, objective: &Objective, step: u64) -> Result<Vec<Look>, OptimizerError> {
        let mut looks = Vec::with_capacity(self.walkers.len());
        let mut grad = vec![0.0; self.positions.len()];
        for w in 0..self.walkers.len() {
            let mut look = Look {
                position: self.position(w),
                value: f64::NAN,
                grad_norm: f64::NAN,
            };
            if self.walkers[w].halt.is_none() {
                let mut value = [0.0];
                objective.logp_grad(&look.position, &mut value, &mut grad)?;
                self.walkers[w].n_evaluations += 1;
                let grad_norm = norm(grad.iter().copied());
                if value[0].is_finite() && grad.iter().all(|slope| slope.is_finite()) {
                    (look.value, look.grad_norm) = (value[0], grad_norm);
                } else {
                    self.halt(w, step.saturating_sub(1));
                }
            }
            looks.push(look);
        }
        Ok(looks)
    }

    fn rest(&mut self, index: usize) {
        if let Some(climbs) = self.climb.get_mut(index) {
            *climbs = false;
        }
    }

    fn walkers(&self) -> &[Walker] {
        &self.walkers
    }
}

fn norm(slopes: impl Iterator<Item = f64>) -> f64 {
    slopes.map(|slope| slope * slope).sum::<f64>().sqrt()
}
