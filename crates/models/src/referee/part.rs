//! What a regime owns, and a table of something for everything that a regime can own.

use rayon::prelude::*;

use crate::SwitchModel;
use crate::prefix::Stretch;

/// The rows that a regime owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Rows `i..j`.
    Within(usize, usize),
    /// All rows but `i..j`.
    Outside(usize, usize),
}

impl Part {
    /// Count, mean and sum of squares of its observations, the mean about the centre of the data.
    pub fn stretch(self, model: &SwitchModel) -> Stretch {
        match self {
            Self::Within(i, j) => model.data().about_own_mean(i..j),
            Self::Outside(i, j) => model.data().outside_about_own_mean(i..j),
        }
    }

    /// Whether a normal regime with a `sigma` of its own has a proper posterior there.
    pub fn is_proper(self, model: &SwitchModel) -> bool {
        match self {
            Self::Within(i, j) => model.data().is_proper(i..j),
            Self::Outside(i, j) => model.data().is_proper_outside(i..j),
        }
    }

    /// The part of each regime of `model`, in order, that `switches` make.
    pub fn of_regimes(model: &SwitchModel, switches: &[usize]) -> Vec<Self> {
        if let (true, &[first, second]) = (model.regimes().is_reversion(), switches) {
            return vec![Self::Outside(first, second), Self::Within(first, second)];
        }
        model
            .stretches(switches)
            .map(|(_, rows)| Self::Within(rows.start, rows.end))
            .collect()
    }
}

/// One `T` for every part that a regime can own, however the switches are placed.
///
/// Free regimes own `0..s`, `i..j` and `s..n`, those with reversion `i..j` and what is outside; what a model does not
/// have is empty.
#[derive(Debug, Clone)]
pub(super) struct Parts<T> {
    /// Of rows `0..s`, one a place of the first switch.
    pub first: Vec<T>,
    /// Of rows `s..n`, one a place of the last switch.
    pub last: Vec<T>,
    /// `within[j][i]` is of rows `i..j`.
    pub within: Vec<Vec<T>>,
    /// `outside[j][i]` is of all rows but `i..j`.
    pub outside: Vec<Vec<T>>,
}

/// Number of parts that [`Parts::of`] makes of two switches or more in `n` rows.
pub(super) fn n_parts(n: usize, is_reversion: bool) -> u64 {
    let pairs = (n as u64) * (n as u64 + 1) / 2;
    if is_reversion { 2 * pairs } else { pairs }
}

impl<T: Send> Parts<T> {
    /// `of` every part of `model`; the order does not depend on the number of threads.
    pub fn of(model: &SwitchModel, of: impl Fn(Part) -> T + Sync) -> Self {
        let n = model.n();
        let column = |of_pair: &(dyn Fn(usize, usize) -> T + Sync)| -> Vec<Vec<T>> {
            (0..n)
                .into_par_iter()
                .map(|j| (0..=j).map(|i| of_pair(i, j)).collect())
                .collect()
        };
        let within = |i, j| of(Part::Within(i, j));
        if model.regimes().is_reversion() {
            return Self {
                first: Vec::new(),
                last: Vec::new(),
                within: column(&within),
                outside: column(&|i, j| of(Part::Outside(i, j))),
            };
        }
        let is_free_between = model.n_switches() >= 2;
        Self {
            first: (0..n).into_par_iter().map(|s| within(0, s)).collect(),
            last: (0..n).into_par_iter().map(|s| within(s, n)).collect(),
            within: if is_free_between {
                column(&within)
            } else {
                Vec::new()
            },
            outside: Vec::new(),
        }
    }

    /// Whether the first and the last stretch are of one regime.
    pub fn is_reversion(&self) -> bool {
        !self.outside.is_empty()
    }
}

impl<T: Copy> Parts<T> {
    /// What belongs to `part`, which the model has.
    pub fn get(&self, part: Part) -> T {
        match part {
            Part::Outside(i, j) => self.outside[j][i],
            Part::Within(i, j) if j == self.last.len() && !self.last.is_empty() => self.last[i],
            Part::Within(0, j) if !self.first.is_empty() => self.first[j],
            Part::Within(i, j) => self.within[j][i],
        }
    }
}
