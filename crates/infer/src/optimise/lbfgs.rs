//! Limited-memory BFGS on a density with gradient: a few dozen evaluations to the top of the hill it starts on.

use std::collections::VecDeque;

use switchback_core::{DensityError, Gradient};

/// Pairs of steps and gradient changes that are kept (Nocedal & Wright 2006, section 7.2, advise 3 to 20).
const MEMORY: usize = 10;
/// Sufficient-increase and curvature constants of the weak Wolfe conditions.
const ARMIJO: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
/// Bisections of one line search, after which the point is as good as arithmetic gets.
const LINE_SEARCH_LIMIT: usize = 60;

/// When a climb by L-BFGS ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LbfgsSettings {
    /// Most iterations.
    pub iterations: usize,
    /// Gradient norm below which the top is reached.
    pub grad_tolerance: f64,
}

impl Default for LbfgsSettings {
    fn default() -> Self {
        Self {
            iterations: 500,
            grad_tolerance: 1e-9,
        }
    }
}

/// Where a climb by L-BFGS ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Summit {
    /// Unconstrained position (`dim`).
    pub position: Vec<f64>,
    /// The log density there.
    pub logp: f64,
    /// Norm of its gradient.
    pub grad_norm: f64,
    /// Evaluations of value and gradient.
    pub n_evaluations: u64,
}

/// Climbs `target` from the unconstrained `start` (`dim`).
///
/// Two-loop recursion (Nocedal & Wright 2006, algorithm 7.4) with a bisecting line search for the weak Wolfe
/// conditions (Lewis & Overton 2013), which also stands values that are not finite: they count as too low.
///
/// # Errors
/// When the density fails.
pub fn climb_lbfgs(
    target: &dyn Gradient,
    start: &[f64],
    settings: LbfgsSettings,
) -> Result<Summit, DensityError> {
    let mut slope = Slope {
        target,
        n_evaluations: 0,
    };
    let mut here = slope.at(start.to_vec())?;
    let mut memory = VecDeque::with_capacity(MEMORY);
    for _ in 0..settings.iterations {
        if !here.is_finite() || norm(&here.grad) <= settings.grad_tolerance {
            break;
        }
        let mut direction = ascent_direction(&here.grad, &memory);
        if dot(&direction, &here.grad) <= 0.0 {
            memory.clear();
            direction = ascent_direction(&here.grad, &memory);
        }
        let Some(next) = line_search(&mut slope, &here, &direction)? else {
            break;
        };
        remember(&mut memory, &here, &next);
        here = next;
    }
    Ok(Summit {
        grad_norm: norm(&here.grad),
        position: here.position,
        logp: here.logp,
        n_evaluations: slope.n_evaluations,
    })
}

struct Slope<'a> {
    target: &'a dyn Gradient,
    n_evaluations: u64,
}

struct Point {
    position: Vec<f64>,
    logp: f64,
    grad: Vec<f64>,
}

struct Pair {
    step: Vec<f64>,
    /// Change of the gradient of the negated density, so that `curvature > 0` on a hill.
    change: Vec<f64>,
    curvature: f64,
}

impl Slope<'_> {
    fn at(&mut self, position: Vec<f64>) -> Result<Point, DensityError> {
        let mut logp = [0.0];
        let mut grad = vec![0.0; position.len()];
        self.target.logp_grad(&position, &mut logp, &mut grad)?;
        self.n_evaluations += 1;
        Ok(Point {
            position,
            logp: logp[0],
            grad,
        })
    }
}

impl Point {
    fn is_finite(&self) -> bool {
        self.logp.is_finite() && self.grad.iter().all(|slope| slope.is_finite())
    }
}

/// The two-loop recursion: the remembered curvature applied to the gradient.
fn ascent_direction(grad: &[f64], memory: &VecDeque<Pair>) -> Vec<f64> {
    let mut direction = grad.to_vec();
    let mut weights = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let weight = dot(&pair.step, &direction) / pair.curvature;
        add_scaled(&mut direction, -weight, &pair.change);
        weights.push(weight);
    }
    let scale = memory.back().map_or_else(
        || 1.0 / norm(grad).max(1.0),
        |pair| pair.curvature / dot(&pair.change, &pair.change),
    );
    direction.iter_mut().for_each(|slope| *slope *= scale);
    for (pair, weight) in memory.iter().zip(weights.into_iter().rev()) {
        let correction = weight - dot(&pair.change, &direction) / pair.curvature;
        add_scaled(&mut direction, correction, &pair.step);
    }
    direction
}

/// A point along `direction` that satisfies the weak Wolfe conditions; `None` when no step goes up any more.
fn line_search(
    slope: &mut Slope<'_>,
    here: &Point,
    direction: &[f64],
) -> Result<Option<Point>, DensityError> {
    let rise = dot(direction, &here.grad);
    let (mut low, mut high, mut length) = (0.0, f64::INFINITY, 1.0);
    let mut best: Option<Point> = None;
    for _ in 0..LINE_SEARCH_LIMIT {
        let mut position = here.position.clone();
        add_scaled(&mut position, length, direction);
        if position == here.position {
            break;
        }
        let there = slope.at(position)?;
        let rises = there.is_finite() && there.logp > here.logp + ARMIJO * length * rise;
        if !rises {
            high = length;
        } else if dot(direction, &there.grad) > CURVATURE * rise {
            low = length;
            best = Some(there);
        } else {
            return Ok(Some(there));
        }
        length = if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * low
        };
    }
    Ok(best)
}

fn remember(memory: &mut VecDeque<Pair>, from: &Point, to: &Point) {
    let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
    let step = difference(&to.position, &from.position);
    let change = difference(&from.grad, &to.grad);
    let curvature = dot(&step, &change);
    if curvature > f64::EPSILON * dot(&change, &change) {
        if memory.len() == MEMORY {
            memory.pop_front();
        }
        memory.push_back(Pair {
            step,
            change,
            curvature,
        });
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn add_scaled(to: &mut [f64], factor: f64, what: &[f64]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += factor * what;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::{LogDensity, Parameter, Space, Support};

    /// `-(1 - x)^2 - 100 (y - x^2)^2`, with its top at `(1, 1)` (Rosenbrock 1960).
    struct Rosenbrock(Space);

    impl Rosenbrock {
        fn new() -> Self {
            let names = ["x", "y"];
            Self(Space::new(
                names
                    .map(|name| Parameter::new(name, Support::Real))
                    .to_vec(),
            ))
        }
    }

    impl LogDensity for Rosenbrock {
        fn space(&self) -> &Space {
            &self.0
        }

        fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
            self.logp_grad(positions, logp, &mut vec![0.0; positions.len()])
        }
    }

    impl Gradient for Rosenbrock {
        fn logp_grad(
            &self,
            positions: &[f64],
            logp: &mut [f64],
            grad: &mut [f64],
        ) -> Result<(), DensityError> {
            let (x, y) = (positions[0], positions[1]);
            logp[0] = -(1.0 - x).powi(2) - 100.0 * (y - x * x).powi(2);
            grad[0] = 2.0 * (1.0 - x) + 400.0 * x * (y - x * x);
            grad[1] = -200.0 * (y - x * x);
            Ok(())
        }
    }

    #[test]
    fn it_climbs_the_curved_valley() {
        for start in [[-1.2, 1.0], [3.0, -4.0], [0.0, 0.0]] {
            let summit = climb_lbfgs(&Rosenbrock::new(), &start, LbfgsSettings::default())
                .expect("the density cannot fail");
            assert!((summit.position[0] - 1.0).abs() < 1e-8, "{summit:?}");
            assert!((summit.position[1] - 1.0).abs() < 1e-8, "{summit:?}");
            assert!(summit.n_evaluations < 120, "{summit:?}");
        }
    }

    #[test]
    fn it_stays_where_it_is_when_it_starts_at_the_top() {
        let summit = climb_lbfgs(&Rosenbrock::new(), &[1.0, 1.0], LbfgsSettings::default())
            .expect("the density cannot fail");
        assert_eq!((summit.n_evaluations, summit.position), (1, vec![1.0, 1.0]));
    }
}
