//! One switch after the other to where it is best, given the others.

use std::ops::Range;

use rayon::prelude::*;

use super::score::Score;

/// Relative gain in score below which a better place is rounding.
const ROUNDING: f64 = 1e-13;
/// Rounds over all switches after which a climb ends wherever it is. It takes a handful.
const MAX_ROUNDS: usize = 200;
/// Places that one thread looks at.
const PLACES_A_THREAD: usize = 4096;

/// Coordinate ascent over placings, which are indices of `places` here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Climb<'a> {
    pub score: &'a Score<'a>,
    pub places: &'a [usize],
}

impl Climb<'_> {
    /// From an admissible `placing` upwards, each switch in turn moving to the best of the places up to `reach` away, until none moves.
    pub fn up(&self, mut placing: Vec<usize>, reach: usize) -> Vec<usize> {
        for _ in 0..MAX_ROUNDS {
            let mut has_moved = false;
            for k in 0..placing.len() {
                let now = placing[k];
                let free = self.free(&placing, k);
                let last = now.saturating_add(reach).min(free.end - 1);
                let window = free.start.max(now.saturating_sub(reach))..last + 1;
                let (there, best) = self.best(&placing, k, window);
                let here = self.links(&placing, k, now);
                if best > here + ROUNDING * here.abs() {
                    placing[k] = there;
                    has_moved = true;
                }
            }
            if !has_moved {
                break;
            }
        }
        placing
    }

    /// Score of `placing`, at each place of switch `k` between the ones beside it, with those places.
    pub fn given_the_others(&self, placing: &[usize], k: usize) -> (Range<usize>, Vec<f64>) {
        let free = self.free(placing, k);
        let rest = self.sum(placing, |link| link != k && link != k + 1);
        let scores = free
            .clone()
            .into_par_iter()
            .with_min_len(PLACES_A_THREAD)
            .map(|index| rest + self.links(placing, k, index))
            .collect();
        (free, scores)
    }

    /// Score of `placing`.
    pub fn of_placing(&self, placing: &[usize]) -> f64 {
        self.sum(placing, |_| true)
    }

    /// Sum of the links of `placing` that are `counted`; link `k` is the one before switch `k`.
    fn sum(&self, placing: &[usize], counted: impl Fn(usize) -> bool) -> f64 {
        let row = |k: usize| self.places[placing[k]];
        (0..=placing.len())
            .filter(|link| counted(*link))
            .map(|link| {
                let from = link.checked_sub(1).map(row);
                let to = (link < placing.len()).then(|| row(link));
                self.score.link(from, to)
            })
            .sum()
    }

    /// The places between the switches beside switch `k`.
    fn free(&self, placing: &[usize], k: usize) -> Range<usize> {
        let start = k.checked_sub(1).map_or(0, |before| placing[before] + 1);
        let end = placing.get(k + 1).copied().unwrap_or(self.places.len());
        start..end
    }

    /// The links on both sides of switch `k` at `places[index]`.
    fn links(&self, placing: &[usize], k: usize, index: usize) -> f64 {
        let row = |index: usize| self.places[index];
        let before = k.checked_sub(1).map(|before| row(placing[before]));
        let after = placing.get(k + 1).map(|after| row(*after));
        let here = Some(row(index));
        self.score.link(before, here) + self.score.link(here, after)
    }

    /// The least of the best places of switch `k` in `window`, and its links.
    fn best(&self, placing: &[usize], k: usize, window: Range<usize>) -> (usize, f64) {
        window
            .into_par_iter()
            .with_min_len(PLACES_A_THREAD)
            .map(|index| (index, self.links(placing, k, index)))
            .reduce(
                || (usize::MAX, f64::NEG_INFINITY),
                |a, b| {
                    if b.1 > a.1 || (b.1 == a.1 && b.0 < a.0) {
                        b
                    } else {
                        a
                    }
                },
            )
    }
}
