//! When a climb has arrived: the stop rules of Stan's optimisers, by name.

use switchback_core::{Snapshot, Stop};

use crate::InferError;

/// Changes between two looks at a start below which it has arrived; 0 turns a rule off.
///
/// The rules and their order are those of Stan (`stan/optimization/bfgs.hpp`), where a look is an iteration of L-BFGS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Euclidean norm of the gradient.
    pub gradient: f64,
    /// What a step along the search direction can still gain, to first order, over the size of the objective, in
    /// units of a float's precision; for optimisers that know the curvature.
    pub relative_gradient: f64,
    /// Euclidean norm of the change of the position.
    pub parameters: f64,
    /// Change of the objective, in nats.
    pub objective: f64,
    /// Change of the objective over its size, in units of a float's precision.
    pub relative_objective: f64,
}

impl Default for Tolerances {
    /// Stan's.
    fn default() -> Self {
        Self {
            gradient: 1e-8,
            relative_gradient: 1e7,
            parameters: 1e-8,
            objective: 1e-12,
            relative_objective: 1e4,
        }
    }
}

/// A look at one start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    position: &'a [f64],
    logp: f64,
    grad_norm: f64,
}

impl<'a> Look<'a> {
    /// At `start` of a snapshot of positions of dimension `dim`.
    pub(super) fn at(snapshot: &'a Snapshot, start: usize, dim: usize) -> Option<Self> {
        Some(Self {
            position: snapshot.positions.get(start * dim..(start + 1) * dim)?,
            logp: *snapshot.logp.get(start)?,
            grad_norm: *snapshot.grad_norms.get(start)?,
        })
    }
}

impl Tolerances {
    /// No stop rule at all: every step is taken.
    pub const NONE: Self = Self {
        gradient: 0.0,
        relative_gradient: 0.0,
        parameters: 0.0,
        objective: 0.0,
        relative_objective: 0.0,
    };

    /// The tolerances, if they make sense.
    ///
    /// # Errors
    /// When one is negative or not a number.
    pub fn validate(self) -> Result<Self, InferError> {
        for (setting, value) in [
            ("tol-grad", self.gradient),
            ("tol-rel-grad", self.relative_gradient),
            ("tol-param", self.parameters),
            ("tol-obj", self.objective),
            ("tol-rel-obj", self.relative_objective),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(InferError::Setting {
                    setting,
                    value: value.to_string(),
                    rule: "it must be at least 0; 0 turns the rule off",
                });
            }
        }
        Ok(self)
    }

    /// The rule that holds, going from one look to the next, where a step can gain `decrement` if that is known; none while
    /// it climbs.
    pub(super) fn hold(
        &self,
        before: Option<Look<'_>>,
        now: Look<'_>,
        decrement: Option<f64>,
    ) -> Option<Stop> {
        if now.grad_norm < self.gradient {
            return Some(Stop::Gradient);
        }
        let before = before?;
        let moved = before.position.iter().zip(now.position);
        let moved = moved.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let gained = (now.logp - before.logp).abs();
        let relative = gained / before.logp.abs().max(now.logp.abs()).max(1.0);
        let decrement = decrement.map(|gain| gain / now.logp.abs().max(1.0));
        if moved < self.parameters {
            Some(Stop::Parameters)
        } else if gained < self.objective {
            Some(Stop::Objective)
        } else if relative < self.relative_objective * f64::EPSILON {
            Some(Stop::RelativeObjective)
        } else if decrement.is_some_and(|gain| gain < self.relative_gradient * f64::EPSILON) {
            Some(Stop::RelativeGradient)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(position: &[f64], logp: f64, grad_norm: f64) -> Look<'_> {
        Look {
            position,
            logp,
            grad_norm,
        }
    }

    #[test]
    fn each_rule_holds_by_its_name_and_can_be_turned_off() {
        let tolerances = Tolerances::default();
        let before = look(&[0.0], -100.0, 1.0);
        let slightly = -100.0 + 1e-10;
        let cases = [
            (look(&[1.0], -90.0, 1e-9), 1.0, Some(Stop::Gradient)),
            (look(&[1e-9], -90.0, 1.0), 1.0, Some(Stop::Parameters)),
            (look(&[1.0], -100.0, 1.0), 1.0, Some(Stop::Objective)),
            (
                look(&[1.0], slightly, 1.0),
                1.0,
                Some(Stop::RelativeObjective),
            ),
            (look(&[1.0], -90.0, 1.0), 1e-9, Some(Stop::RelativeGradient)),
            (look(&[1.0], -90.0, 1.0), 1.0, None),
        ];
        let off = Tolerances::NONE;
        for (now, gain, expected) in cases {
            let held = tolerances.hold(Some(before), now, Some(gain));
            assert_eq!(held, expected, "{now:?}");
            assert_eq!(off.hold(Some(before), now, Some(gain)), None);
        }
        assert!(off.validate().is_ok());
        let wrong = Tolerances {
            objective: -1.0,
            ..off
        };
        let error = wrong.validate().expect_err("it is negative").to_string();
        assert!(error.contains("tol-obj"), "{error}");
    }

    #[test]
    fn a_first_look_can_only_be_at_a_top() {
        let tolerances = Tolerances::default();
        let first = look(&[0.0], -1.0, 0.5);
        assert_eq!(tolerances.hold(None, first, None), None);
        let top = look(&[0.0], -1.0, 0.0);
        assert_eq!(tolerances.hold(None, top, None), Some(Stop::Gradient));
    }
}
