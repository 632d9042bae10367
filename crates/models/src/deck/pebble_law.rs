//! Where a pebble lies in the long run, exactly, under each rule at the border.
//!
//! The coordinates of a throw are independent, and under every rule but [`BoundaryRule::StayPut`] (whose law is uniform
//! anyway) so is what becomes of them at the border: the law in the square is the product of two laws on `-1..=1`.
//!
//! - Staying put and reflecting leave the uniform law as it is.
//! - Redrawing moves from `x` to `y` with density `u(x, y) / a(x)`, where `u` is symmetric and `a(x)` is the chance that a
//!   throw from `x` stays inside. Then `a(x)` times that is symmetric, so `a` is the law up to a factor.
//! - Clipping is not reversible and puts mass on the border itself. Its law is that of a chain on cells of `|x|` and the
//!   border (Ulam's method), solved by elimination.

use std::f64::consts::FRAC_PI_2;

use super::pebble::{BoundaryRule, Pebble};

/// Cells of `|x|` for clipping. Three times as many change its pi by less than `1e-5 / step`.
const N_CELLS: usize = 400;
/// Nodes of the integral over the circle.
const N_NODES: usize = 20_000;

/// The law of one coordinate of a [`Pebble`] in the long run.
#[derive(Debug, Clone, PartialEq)]
pub struct PebbleLaw {
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Uniform,
    /// Proportional to the chance to stay inside; `total` is its integral over `-1..=1`.
    Inside {
        step: f64,
        total: f64,
    },
    /// Mass of `|x|` below the right end of each cell, and all of what lies on the two borders.
    Cells {
        below: Vec<f64>,
        border: f64,
    },
}

impl PebbleLaw {
    /// The law of `pebble`.
    pub fn new(pebble: Pebble) -> Self {
        let step = pebble.step();
        let shape = match pebble.rule() {
            BoundaryRule::StayPut | BoundaryRule::Reflect => Shape::Uniform,
            BoundaryRule::Redraw => Shape::Inside {
                step,
                total: 2.0 * inside_up_to(1.0, step),
            },
            BoundaryRule::Clip => clipped(step, N_CELLS),
        };
        Self { shape }
    }

    /// Density at `x` within `-1..=1`, what lies on the border itself left out.
    pub fn density(&self, x: f64) -> f64 {
        match &self.shape {
            Shape::Uniform => 0.5,
            Shape::Inside { step, total } => stays_inside(x, *step) / total,
            Shape::Cells { below, .. } => {
                let n = below.len();
                let cell = ((x.abs() * n as f64) as usize).min(n - 1);
                let before = cell.checked_sub(1).map_or(0.0, |cell| below[cell]);
                0.5 * (below[cell] - before) * n as f64
            }
        }
    }

    /// Probability that the coordinate is on one of the two borders.
    pub fn border(&self) -> f64 {
        match self.shape {
            Shape::Uniform | Shape::Inside { .. } => 0.0,
            Shape::Cells { border, .. } => border,
        }
    }

    /// Probability of `|x| <= r`, for `r` from 0 to 1; the borders are left out.
    fn within(&self, r: f64) -> f64 {
        match &self.shape {
            Shape::Uniform => r,
            Shape::Inside { step, total } => 2.0 * inside_up_to(r, *step) / total,
            Shape::Cells { below, .. } => {
                let at = r * below.len() as f64;
                let cell = (at as usize).min(below.len() - 1);
                let before = cell.checked_sub(1).map_or(0.0, |cell| below[cell]);
                before + (below[cell] - before) * (at - cell as f64)
            }
        }
    }

    /// What the share of places inside the unit circle, times 4, tends to: pi under a fair rule.
    pub fn pi(&self) -> f64 {
        // P(x^2 + y^2 < 1) is the integral of density(x) P(|y| < sqrt(1 - x^2)); with x = sin(t) the root is cos(t).
        let width = FRAC_PI_2 / N_NODES as f64;
        let sum: f64 = (0..N_NODES)
            .map(|i| {
                let (sin, cos) = ((i as f64 + 0.5) * width).sin_cos();
                2.0 * self.density(sin) * self.within(cos) * cos
            })
            .sum();
        4.0 * sum * width
    }
}

/// The chance that a throw from `x` stays within `-1..=1`.
fn stays_inside(x: f64, step: f64) -> f64 {
    ((x + step).min(1.0) - (x - step).max(-1.0)) / (2.0 * step)
}

/// The integral of [`stays_inside`] from 0 to `r`, which is linear between its bends.
fn inside_up_to(r: f64, step: f64) -> f64 {
    // The right border is within reach from 1 - step on, the left one up to step - 1.
    let bend = (1.0 - step).abs().min(r);
    let trapezoid =
        |a: f64, b: f64| 0.5 * (stays_inside(a, step) + stays_inside(b, step)) * (b - a);
    trapezoid(0.0, bend) + trapezoid(bend, r)
}

/// The law of clipping, from a chain on `n` cells of `|x|` and the border.
fn clipped(step: f64, n: usize) -> Shape {
    let width = (n as f64).recip();
    let mut moves = vec![vec![0.0; n + 1]; n + 1];
    for (i, row) in moves.iter_mut().enumerate() {
        let (low, high) = match i == n {
            true => (1.0, 1.0),
            false => (i as f64 * width, (i + 1) as f64 * width),
        };
        let below = |t: f64| lands_below(t, low, high, step);
        for (j, slot) in row[..n].iter_mut().enumerate() {
            let (a, b) = (j as f64 * width, (j + 1) as f64 * width);
            *slot = below(b) - below(a) + below(-a) - below(-b);
        }
        row[n] = 1.0 - below(1.0) + below(-1.0);
    }
    let mut masses = stationary(moves);
    let border = masses.pop().unwrap_or(0.0);
    let mut sum = 0.0;
    let below = masses.into_iter().map(|mass| {
        sum += mass;
        sum
    });
    Shape::Cells {
        below: below.collect(),
        border,
    }
}

/// Probability that a throw from a place that is uniform in `low..high` lands below `t`.
fn lands_below(t: f64, low: f64, high: f64, step: f64) -> f64 {
    let whole = 2.0 * step;
    if low == high {
        return ((t - low + step) / whole).clamp(0.0, 1.0);
    }
    // The integral of z, held between 0 and `whole`, up to z.
    let ramp = |z: f64| {
        let risen = z.clamp(0.0, whole);
        0.5 * risen * risen + whole * (z - whole).max(0.0)
    };
    (ramp(t - low + step) - ramp(t - high + step)) / (whole * (high - low))
}

/// The stationary law of the chain whose moves from state `i` are `moves[i]`, by the elimination of Grassmann, Taksar
/// and Heyman (1985), which subtracts nothing.
fn stationary(mut moves: Vec<Vec<f64>>) -> Vec<f64> {
    let n = moves.len();
    for k in (1..n).rev() {
        let (rest, last) = moves.split_at_mut(k);
        let last = &last[0];
        let leaving: f64 = last[..k].iter().sum();
        for row in rest {
            let share = row[k] / leaving;
            row[k] = share;
            for (slot, by_last) in row[..k].iter_mut().zip(last) {
                *slot += share * by_last;
            }
        }
    }
    let mut law = vec![1.0];
    while law.len() < n {
        let next = law
            .iter()
            .zip(&moves)
            .map(|(mass, row)| mass * row[law.len()]);
        law.push(next.sum());
    }
    let total: f64 = law.iter().sum();
    law.iter().map(|mass| mass / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    fn law(rule: BoundaryRule, step: f64) -> PebbleLaw {
        PebbleLaw::new(Pebble::new(rule, step).expect("a step"))
    }

    #[test]
    fn fair_rules_give_pi() {
        for rule in [BoundaryRule::StayPut, BoundaryRule::Reflect] {
            assert!((law(rule, 0.3).pi() - PI).abs() < 1e-8);
        }
    }

    #[test]
    fn every_law_is_one() {
        for rule in BoundaryRule::ALL {
            for step in [0.05, 0.3, 1.0, 1.7, 2.0] {
                let law = law(rule, step);
                let n = 100_000;
                let nodes = (0..n).map(|i| law.density(-1.0 + (2 * i + 1) as f64 / n as f64));
                let mass = nodes.sum::<f64>() * 2.0 / n as f64 + law.border();
                assert!((mass - 1.0).abs() < 1e-9, "{rule} {step}: {mass}");
                assert!((law.within(1.0) + law.border() - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn redrawing_stays_as_it_is_after_one_more_throw() {
        for step in [0.3, 1.3, 2.0] {
            let law = law(BoundaryRule::Redraw, step);
            for y in [-0.99, -0.2, 0.5, 1.0] {
                let n = 200_000;
                let moved: f64 = (0..n)
                    .map(|i| -1.0 + (2 * i + 1) as f64 / n as f64)
                    .filter(|x| (x - y).abs() < step)
                    .map(|x| law.density(x) / (2.0 * step * stays_inside(x, step)))
                    .sum();
                let moved = moved * 2.0 / n as f64;
                assert!((moved - law.density(y)).abs() < 2e-5, "{step} {y}");
            }
        }
    }

    /// A throw of up to 2 reaches every place from every place: half of the throws stay inside, uniformly, so that one
    /// place in four is uniform in the square and all others lie on its border.
    #[test]
    fn clipping_the_longest_throws_has_a_closed_form() {
        let law = law(BoundaryRule::Clip, 2.0);
        assert!((law.border() - 0.5).abs() < 1e-12);
        assert!((law.density(0.3) - 0.25).abs() < 1e-12);
        assert!((law.pi() - PI / 4.0).abs() < 1e-6);
    }

    #[test]
    fn more_cells_hardly_change_what_clipping_gives() {
        for step in [0.05, 0.3, 0.77] {
            let [some, more] = [N_CELLS, 2 * N_CELLS].map(|n| {
                let shape = clipped(step, n);
                PebbleLaw { shape }.pi()
            });
            assert!((some - more).abs() < 1e-5 / step, "{step}: {some} {more}");
        }
    }
}
