//! The law of a sum of independent weights, by convolution on a grid.

use super::gifts::WeightLaw;

/// Probabilities of the weights `0, h, 2 h, ..` up to a limit, beyond which nothing is told apart.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightGrid {
    width: f64,
    masses: Vec<f64>,
}

impl WeightGrid {
    /// Nothing: the weight 0, on a grid of `n_cells` up to `limit`.
    pub fn empty(limit: f64, n_cells: usize) -> Self {
        let mut masses = vec![0.0; n_cells + 1];
        masses[0] = 1.0;
        Self {
            width: limit / n_cells as f64,
            masses,
        }
    }

    /// One weight of `law`, rounded to the nearest point of a grid of `n_cells` up to `limit`.
    pub fn of(law: WeightLaw, limit: f64, n_cells: usize) -> Self {
        let width = limit / n_cells as f64;
        let edge = |k: usize| law.cdf((k as f64 + 0.5) * width);
        let masses = (0..=n_cells)
            .map(|k| edge(k) - k.checked_sub(1).map_or(0.0, edge))
            .collect();
        Self { width, masses }
    }

    /// The sum of a weight of this law and an independent one of `other`, which is on the same grid.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let n = self.masses.len().min(other.masses.len());
        let mut masses = vec![0.0; n];
        for (i, mass) in self.masses[..n].iter().enumerate() {
            for (slot, more) in masses[i..].iter_mut().zip(&other.masses) {
                *slot += mass * more;
            }
        }
        Self {
            width: self.width,
            masses,
        }
    }

    /// The sum of `n` independent weights of this law.
    #[must_use]
    pub fn times(&self, n: usize) -> Self {
        let limit = self.width * (self.masses.len() - 1) as f64;
        let mut sum = Self::empty(limit, self.masses.len() - 1);
        let (mut power, mut left) = (self.clone(), n);
        while left > 0 {
            if left % 2 == 1 {
                sum = sum.plus(&power);
            }
            left /= 2;
            if left > 0 {
                power = power.plus(&power);
            }
        }
        sum
    }

    /// The expected weight, where a weight beyond the limit counts as 0.
    pub fn kept_weight(&self) -> f64 {
        let points = self.within();
        points.map(|(weight, mass)| weight * mass).sum()
    }

    /// The probability of a weight beyond the limit.
    pub fn overweight(&self) -> f64 {
        1.0 - self.within().map(|(_, mass)| mass).sum::<f64>()
    }

    /// Weights up to the limit with their probabilities; of what was rounded to the limit half lies beyond it.
    fn within(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let last = self.masses.len() - 1;
        self.masses.iter().enumerate().map(move |(k, mass)| {
            let share = if k == last { 0.5 } else { 1.0 };
            (k as f64 * self.width, share * mass)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::Gift;
    use statrs::function::gamma::gamma_lr;

    /// Sums of dolls are gamma: `E[W; W <= w] = mean * P(shape + 1, w)`.
    #[test]
    fn sums_of_gamma_weights_are_gamma() {
        for n in [1, 3, 9] {
            let grid = WeightGrid::of(Gift::Doll.weight(), 50.0, 1_000).times(n);
            let shape = 5.0 * n as f64;
            let kept = shape * gamma_lr(shape + 1.0, 50.0);
            let over = 1.0 - gamma_lr(shape, 50.0);
            assert!((grid.kept_weight() - kept).abs() < 2e-3, "{n}: {kept}");
            assert!((grid.overweight() - over).abs() < 1e-4, "{n}: {over}");
        }
    }

    #[test]
    fn a_finer_grid_changes_little_and_the_order_nothing() {
        let kept = |cells: usize| {
            let of = |gift: Gift| WeightGrid::of(gift.weight(), 50.0, cells);
            let (some, more) = (of(Gift::Train).times(2), of(Gift::Gloves).times(5));
            assert!(
                (some.plus(&more).kept_weight() - more.plus(&some).kept_weight()).abs() < 1e-12
            );
            some.plus(&more).plus(&of(Gift::Coal)).kept_weight()
        };
        let (coarse, fine) = (kept(1_000), kept(4_000));
        assert!((coarse - fine).abs() < 5e-3, "{coarse} {fine}");
    }

    #[test]
    fn nothing_weighs_nothing() {
        let empty = WeightGrid::of(Gift::Coal.weight(), 50.0, 100).times(0);
        assert_eq!(empty, WeightGrid::empty(50.0, 100));
        assert_eq!((empty.kept_weight(), empty.overweight()), (0.0, 0.0));
    }
}
