//! The climb of an optimiser as a process: advance without reading, read at each logged point.

use std::sync::Arc;

use switchback_core::{Optimizer, Stop};

use crate::{Advance, InferError, Process};

/// A point of a climb that was logged (first start).
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Steps taken.
    pub step: u64,
    /// Values on the natural scale, in the order of the space's parameters.
    pub values: Vec<f64>,
    /// The objective there, as the optimiser's device computes it.
    pub logp: f64,
    /// Norm of its gradient in the optimiser's coordinates.
    pub grad_norm: f64,
}

/// Steps after which a climb lets its listeners speak, however far the next logged point is.
const STEPS_BETWEEN_LOOKS: u64 = 100;

/// An optimiser on its way up.
pub struct Climb<'a> {
    method: String,
    optimizer: &'a mut dyn Optimizer,
    steps: u64,
    log_every: u64,
    best: f64,
    tags: Vec<Arc<str>>,
    trajectory: Vec<Logged>,
    taken: u64,
    stop: Option<Stop>,
}

impl<'a> Climb<'a> {
    /// Takes `steps` steps with `optimizer` and logs a point every `log_every`, the first at the start and the
    /// last at the end. `best` is the best objective known, against which each point's gap in nats is logged.
    ///
    /// # Errors
    /// When there are no steps or no points.
    pub fn new(
        method: impl Into<String>,
        optimizer: &'a mut dyn Optimizer,
        steps: u64,
        log_every: u64,
        best: f64,
    ) -> Result<Self, InferError> {
        for (setting, value) in [("steps", steps), ("log-every", log_every)] {
            if value == 0 {
                return Err(InferError::Setting {
                    setting,
                    value: value.to_string(),
                    rule: "it must be at least 1",
                });
            }
        }
        let names = optimizer.space().parameters().iter().map(|p| &*p.name);
        let fixed = ["likelihood", "gap/nats", "diag/grad_norm"];
        let tags = names.chain(fixed).map(Arc::from).collect();
        Ok(Self {
            method: method.into(),
            optimizer,
            steps,
            log_every,
            best,
            tags,
            trajectory: Vec::new(),
            taken: 0,
            stop: None,
        })
    }

    /// The logged points so far, in order.
    pub fn trajectory(&self) -> &[Logged] {
        &self.trajectory
    }

    fn log(&mut self) -> Result<Advance, InferError> {
        let snapshot = self.optimizer.snapshot()?;
        let dim = self.optimizer.space().dim();
        let position = snapshot.positions.get(..dim).unwrap_or_default();
        let logged = Logged {
            step: snapshot.step,
            values: self.optimizer.space().constrain(position),
            logp: snapshot.logp.first().copied().unwrap_or(f64::NAN),
            grad_norm: snapshot.grad_norms.first().copied().unwrap_or(f64::NAN),
        };
        let finite = |values: &[f64]| values.iter().any(|value| value.is_finite());
        if !finite(&snapshot.logp) || !finite(&snapshot.grad_norms) {
            self.stop = Some(Stop::NonFinite);
        } else if logged.step >= self.steps {
            self.stop = Some(Stop::Completed);
        }
        let measured = [logged.logp, self.best - logged.logp, logged.grad_norm];
        let values = logged.values.iter().chain(&measured).copied();
        let scalars = self.tags.iter().cloned().zip(values).collect();
        let step = logged.step;
        self.trajectory.push(logged);
        Ok(Advance::Point { step, scalars })
    }
}

impl Process for Climb<'_> {
    fn method(&self) -> &str {
        &self.method
    }

    fn total(&self) -> u64 {
        self.steps
    }

    fn advance(&mut self) -> Result<Advance, InferError> {
        if let Some(stop) = self.stop {
            return Ok(Advance::Done(stop));
        }
        let Some(last) = self.trajectory.last() else {
            return self.log();
        };
        let next = last.step.saturating_add(self.log_every).min(self.steps);
        let stretch = STEPS_BETWEEN_LOOKS.min(next - self.taken);
        self.optimizer.advance(stretch as usize)?;
        self.taken += stretch;
        if self.taken == next {
            self.log()
        } else {
            Ok(Advance::Progress { step: self.taken })
        }
    }
}
