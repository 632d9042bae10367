//! The tops of any density with a gradient, by L-BFGS from many starts.

use std::sync::Arc;

use switchback_core::{DensityError, Gradient, LogDensity, Optimizer, Space, Stop};

use super::lbfgs_climb::LbfgsClimb;
use crate::{Advance, InferError, Process};

/// Iterations after which a climb is given up.
const MOST_STEPS: u64 = 2_000;
/// A norm of the gradient below which a start is at its top.
const GRAD_TOLERANCE: f64 = 1e-8;
/// Tops whose log densities differ by less nats, and whose coordinates by less, are one.
const SAME: f64 = 1e-3;

/// A top of a density.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    /// Unconstrained position (`dim`).
    pub position: Vec<f64>,
    /// The values of the parameters there.
    pub values: Vec<f64>,
    /// The log density there, in nats.
    pub logp: f64,
    /// Norm of its gradient there.
    pub grad_norm: f64,
    /// How many starts ended there.
    pub n_starts: usize,
}

/// Climbs a density from many starts at once, and is logged by the best of them.
pub struct TopsClimb<'a> {
    method: String,
    climb: LbfgsClimb<'a>,
    tags: Vec<Arc<str>>,
    tops: Vec<Top>,
    taken: u64,
    stop: Option<Stop>,
}

/// A density that is somebody else's.
struct Borrowed<'a>(&'a dyn Gradient);

impl LogDensity for Borrowed<'_> {
    fn space(&self) -> &Space {
        self.0.space()
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        self.0.logp(positions, logp)
    }
}

impl Gradient for Borrowed<'_> {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        self.0.logp_grad(positions, logp, grad)
    }
}

impl<'a> TopsClimb<'a> {
    /// A climb on `target` from the unconstrained `starts` (row-major `starts x dim`), all evaluated as one batch.
    ///
    /// # Errors
    /// When the density fails.
    pub fn new(
        method: impl Into<String>,
        target: &'a dyn Gradient,
        starts: &[f64],
    ) -> Result<Self, InferError> {
        let parameters = target.space().parameters().iter();
        let names = parameters.map(|parameter| Arc::from(&*parameter.name));
        let own = ["objective", "diag/grad_norm"].map(Arc::from);
        let climb = LbfgsClimb::new(vec![Box::new(Borrowed(target))], starts, true)?;
        Ok(Self {
            method: method.into(),
            climb,
            tags: names.chain(own).collect(),
            tops: Vec::new(),
            taken: 0,
            stop: None,
        })
    }

    /// The tops, the highest first; empty where no start had a density.
    pub fn into_tops(self) -> Vec<Top> {
        let mut tops: Vec<Top> = Vec::new();
        let mut all = self.tops;
        all.retain(|top| top.logp.is_finite());
        all.sort_by(|a, b| b.logp.total_cmp(&a.logp));
        for top in all {
            let is_same = |known: &&mut Top| {
                let moved = known.position.iter().zip(&top.position);
                let farthest = moved.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                known.logp - top.logp < SAME && farthest < SAME
            };
            match tops.iter_mut().find(is_same) {
                Some(known) => known.n_starts += 1,
                None => tops.push(top),
            }
        }
        tops
    }

    /// Iterations taken.
    pub fn steps(&self) -> u64 {
        self.taken
    }

    /// Evaluations of value and gradient.
    pub fn n_evaluations(&self) -> u64 {
        self.climb.n_evaluations()
    }

    /// Looks at where the starts stand; the values logged are those of the best.
    fn look(&mut self) -> Result<Vec<(Arc<str>, f64)>, InferError> {
        let snapshot = self.climb.snapshot()?;
        let space = self.climb.space();
        let rows = snapshot.positions.chunks_exact(space.dim());
        let ends = snapshot.logp.iter().zip(&snapshot.grad_norms);
        self.tops = rows
            .zip(ends)
            .map(|(position, (logp, grad_norm))| Top {
                position: position.to_vec(),
                values: space.constrain(position),
                logp: *logp,
                grad_norm: *grad_norm,
                n_starts: 1,
            })
            .collect();
        let finite = self.tops.iter().filter(|top| top.logp.is_finite());
        let best = finite.max_by(|a, b| a.logp.total_cmp(&b.logp));
        Ok(best.map_or_else(Vec::new, |best| {
            let values = best.values.iter().chain([&best.logp, &best.grad_norm]);
            self.tags.iter().cloned().zip(values.copied()).collect()
        }))
    }

    fn rest(&mut self) {
        let halted: Vec<bool> = self.climb.halts().iter().map(Option::is_some).collect();
        let mut climbing = false;
        for (start, top) in self.tops.iter().enumerate() {
            if top.grad_norm <= GRAD_TOLERANCE {
                self.climb.rest(start);
            } else if !halted.get(start).is_some_and(|halted| *halted) {
                climbing = true;
            }
        }
        if !climbing {
            let logp = |top: &&Top| {
                if top.logp.is_finite() {
                    top.logp
                } else {
                    f64::NEG_INFINITY
                }
            };
            let best = self.tops.iter().max_by(|a, b| logp(a).total_cmp(&logp(b)));
            self.stop = Some(match best.filter(|top| top.logp.is_finite()) {
                Some(top) if top.grad_norm <= GRAD_TOLERANCE => Stop::Gradient,
                Some(_) => Stop::LineSearch,
                None => Stop::NonFinite,
            });
        } else if self.taken >= MOST_STEPS {
            self.stop = Some(Stop::Completed);
        }
    }
}

impl Process for TopsClimb<'_> {
    fn method(&self) -> &str {
        &self.method
    }

    fn total(&self) -> u64 {
        MOST_STEPS
    }

    fn advance(&mut self) -> Result<Advance, InferError> {
        if let Some(stop) = self.stop {
            return Ok(Advance::Done(stop));
        }
        if !self.tops.is_empty() {
            self.climb.advance(1)?;
            self.taken += 1;
        }
        let scalars = self.look()?;
        self.rest();
        Ok(Advance::Point {
            step: self.taken,
            scalars,
        })
    }
}
