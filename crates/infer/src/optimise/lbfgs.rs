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
/// # Errors
/// When the density fails.
pub fn climb_lbfgs(
    target: &dyn Gradient,
    start: &[f64],
    settings: LbfgsSettings,
) -> Result<Summit, DensityError> {
    let mut climber = LbfgsClimber::new(start);
    let mut grad = vec![0.0; start.len()];
    let mut iterations = 0;
    while !climber.is_done()
        && iterations < settings.iterations
        && !(iterations > 0 && climber.grad_norm() <= settings.grad_tolerance)
    {
        let mut logp = [0.0];
        target.logp_grad(climber.asks(), &mut logp, &mut grad)?;
        if climber.tell(logp[0], &grad) {
            // The first look at the start is no iteration, but may already be the top.
            iterations += 1;
        }
    }
    Ok(Summit {
        grad_norm: climber.grad_norm(),
        position: climber.position().to_vec(),
        logp: climber.logp(),
        n_evaluations: climber.n_evaluations(),
    })
}

/// One start's climb, as a game of questions: it [`asks`](Self::asks) for value and gradient at a position and is
/// [`told`](Self::tell) them, so that many climbs may ask a device at once.
///
/// Two-loop recursion (Nocedal & Wright 2006, algorithm 7.4) with a bisecting line search for the weak Wolfe
/// conditions (Lewis & Overton 2013), which also stands values that are not finite: they count as too low.
#[derive(Debug, Clone)]
pub struct LbfgsClimber {
    here: Point,
    memory: VecDeque<Pair>,
    search: Search,
    asked: Vec<f64>,
    n_evaluations: u64,
    end: Option<ClimberEnd>,
}

/// Why a climb by L-BFGS cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClimberEnd {
    /// The start itself has no finite value and gradient.
    Lost,
    /// No step goes up any more, or the gradient is 0.
    Top,
}

/// A line search on its way.
#[derive(Debug, Clone, Default)]
struct Search {
    direction: Vec<f64>,
    /// Derivative along the direction at its beginning.
    rise: f64,
    low: f64,
    high: f64,
    length: f64,
    /// The best point so far that rises enough.
    best: Option<Point>,
    tries: usize,
}

#[derive(Debug, Clone)]
struct Point {
    position: Vec<f64>,
    logp: f64,
    grad: Vec<f64>,
}

impl Point {
    fn is_finite(&self) -> bool {
        self.logp.is_finite() && self.grad.iter().all(|slope| slope.is_finite())
    }
}

impl LbfgsClimber {
    /// A climb from the unconstrained `start` (`dim`), which is the first position that it asks for.
    pub fn new(start: &[f64]) -> Self {
        Self {
            here: Point {
                position: start.to_vec(),
                logp: f64::NAN,
                grad: vec![f64::NAN; start.len()],
            },
            memory: VecDeque::with_capacity(MEMORY),
            search: Search::default(),
            asked: start.to_vec(),
            n_evaluations: 0,
            end: None,
        }
    }

    /// The position whose value and gradient are to be told next (`dim`).
    pub fn asks(&self) -> &[f64] {
        &self.asked
    }

    /// Takes value and gradient at the position that was asked for, and says whether an iteration is over: whether the
    /// climb stands where it can be looked at. The answer for the start is one, too.
    pub fn tell(&mut self, logp: f64, grad: &[f64]) -> bool {
        self.n_evaluations += 1;
        let there = Point {
            position: self.asked.clone(),
            logp,
            grad: grad.to_vec(),
        };
        // A start, or a position that is looked at again because the objective has changed.
        if self.search.direction.is_empty() {
            self.here = there;
            if self.here.is_finite() {
                self.set_out();
            } else {
                self.end = Some(ClimberEnd::Lost);
            }
            return true;
        }
        match self.search.judge(&self.here, there) {
            Judged::Farther => {
                self.ask_along();
                // Where the step is lost in rounding, the best so far is all there is.
                if self.asked == self.here.position {
                    return self.arrive(None);
                }
                false
            }
            Judged::Found(point) => self.arrive(Some(point)),
            Judged::Over => self.arrive(None),
        }
    }

    /// Begins anew from where it stands, for an objective that has changed.
    pub fn begin_again(&mut self) {
        self.memory.clear();
        self.search = Search::default();
        self.asked.clone_from(&self.here.position);
        if self.end == Some(ClimberEnd::Top) {
            self.end = None;
        }
    }

    fn arrive(&mut self, found: Option<Point>) -> bool {
        match found.or_else(|| self.search.best.take()) {
            Some(next) => {
                remember(&mut self.memory, &self.here, &next);
                self.here = next;
                self.set_out();
            }
            None => self.end = Some(ClimberEnd::Top),
        }
        true
    }

    /// Picks a direction and asks for the first point along it.
    fn set_out(&mut self) {
        let mut direction = ascent_direction(&self.here.grad, &self.memory);
        if dot(&direction, &self.here.grad) <= 0.0 {
            self.memory.clear();
            direction = ascent_direction(&self.here.grad, &self.memory);
        }
        let rise = dot(&direction, &self.here.grad);
        self.search = Search {
            direction,
            rise,
            low: 0.0,
            high: f64::INFINITY,
            length: 1.0,
            best: None,
            tries: 0,
        };
        self.ask_along();
        if self.asked == self.here.position {
            self.end = Some(ClimberEnd::Top);
        }
    }

    fn ask_along(&mut self) {
        self.asked.clone_from(&self.here.position);
        add_scaled(&mut self.asked, self.search.length, &self.search.direction);
    }

    /// Whether it cannot go on.
    pub fn is_done(&self) -> bool {
        self.end.is_some()
    }

    /// Why it cannot go on; none while it can.
    pub fn end(&self) -> Option<ClimberEnd> {
        self.end
    }

    /// Where it stands (`dim`).
    pub fn position(&self) -> &[f64] {
        &self.here.position
    }

    /// The log density there; `NaN` before it is told.
    pub fn logp(&self) -> f64 {
        self.here.logp
    }

    /// Norm of the gradient there; `NaN` before it is told.
    pub fn grad_norm(&self) -> f64 {
        norm(&self.here.grad)
    }

    /// Derivative along the direction that it searches next: what a step can gain, to first order.
    pub fn decrement(&self) -> f64 {
        self.search.rise
    }

    /// Evaluations that it was told.
    pub fn n_evaluations(&self) -> u64 {
        self.n_evaluations
    }
}

/// What a point along the direction means for the search.
enum Judged {
    /// Look elsewhere.
    Farther,
    /// It satisfies the weak Wolfe conditions.
    Found(Point),
    /// There is nothing better than the best so far.
    Over,
}

impl Search {
    fn judge(&mut self, here: &Point, there: Point) -> Judged {
        self.tries += 1;
        let rises = there.is_finite() && there.logp > here.logp + ARMIJO * self.length * self.rise;
        if !rises {
            self.high = self.length;
        } else if dot(&self.direction, &there.grad) > CURVATURE * self.rise {
            self.low = self.length;
            self.best = Some(there);
        } else {
            return Judged::Found(there);
        }
        if self.tries >= LINE_SEARCH_LIMIT {
            return Judged::Over;
        }
        self.length = if self.high.is_finite() {
            0.5 * (self.low + self.high)
        } else {
            2.0 * self.low
        };
        Judged::Farther
    }
}

#[derive(Debug, Clone)]
struct Pair {
    step: Vec<f64>,
    /// Change of the gradient of the negated density, so that `curvature > 0` on a hill.
    change: Vec<f64>,
    curvature: f64,
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
    fn a_start_without_a_value_is_lost_and_a_changed_objective_is_looked_at_again() {
        let mut lost = LbfgsClimber::new(&[0.0, 0.0]);
        assert!(lost.tell(f64::NEG_INFINITY, &[0.0, 0.0]));
        assert_eq!(lost.end(), Some(ClimberEnd::Lost));
        let mut climber = LbfgsClimber::new(&[1.0, 1.0]);
        assert!(climber.tell(0.0, &[0.0, 0.0]));
        assert_eq!(climber.end(), Some(ClimberEnd::Top));
        climber.begin_again();
        assert_eq!((climber.end(), climber.asks()), (None, &[1.0, 1.0][..]));
    }

    #[test]
    fn it_stays_where_it_is_when_it_starts_at_the_top() {
        let summit = climb_lbfgs(&Rosenbrock::new(), &[1.0, 1.0], LbfgsSettings::default())
            .expect("the density cannot fail");
        assert_eq!((summit.n_evaluations, summit.position), (1, vec![1.0, 1.0]));
    }
}
