//! The best placing with one switch held at each place: dynamic programming from both ends.

use std::collections::HashSet;

use rayon::prelude::*;

use super::score::Score;

/// Places of the later switch that one thread takes at a time.
const BLOCK: usize = 64;

/// The greatest score of each beginning and of each ending of a placing (Viterbi 1967, from both ends), with the
/// switches at some of the places of a series.
#[derive(Debug)]
pub(super) struct Tables<'a> {
    places: &'a [usize],
    /// `forward[k].best[i]`: of all links up to switch `k`, which is at `places[i]`.
    forward: Vec<Level>,
    /// `backward[k].best[i]`: of all links from there on.
    backward: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    best: Vec<f64>,
    /// Where the neighbouring switch (the one before, or after) is then: an index of `places`; the least of several.
    neighbour: Vec<usize>,
}

impl<'a> Tables<'a> {
    /// The tables for `n_switches` switches at `places`, which are in increasing order.
    pub fn of(score: &Score, places: &'a [usize], n_switches: usize) -> Self {
        let end = |link: &(dyn Fn(usize) -> f64 + Sync)| Level {
            best: places.par_iter().map(|&s| link(s)).collect(),
            neighbour: vec![0; places.len()],
        };
        let mut forward = vec![end(&|s| score.link(None, Some(s)))];
        let mut backward = vec![end(&|s| score.link(Some(s), None))];
        let between = |i: usize, j: usize| score.link(Some(places[i]), Some(places[j]));
        for k in 1..n_switches {
            let (next, previous) = stepped(&forward[k - 1].best, &backward[k - 1].best, &between);
            forward.push(next);
            backward.push(previous);
        }
        backward.reverse();
        Self {
            places,
            forward,
            backward,
        }
    }

    /// The places that the tables are for.
    pub fn places(&self) -> &[usize] {
        self.places
    }

    /// The greatest score with switch `k` at each place; `-inf` where none is admissible.
    pub fn of_switch(&self, k: usize) -> Vec<f64> {
        let (before, after) = (&self.forward[k].best, &self.backward[k].best);
        before.iter().zip(after).map(|(a, b)| a + b).collect()
    }

    /// The placing of greatest score with switch `k` at `places[index]`, as indices of `places`.
    pub fn placing(&self, k: usize, index: usize) -> Vec<usize> {
        let mut placing = vec![index; self.forward.len()];
        for before in (0..k).rev() {
            placing[before] = self.forward[before + 1].neighbour[placing[before + 1]];
        }
        for after in k + 1..placing.len() {
            placing[after] = self.backward[after - 1].neighbour[placing[after - 1]];
        }
        placing
    }

    /// The placings at the local maxima of every switch's [`Self::of_switch`], as indices of `places`, without
    /// repetitions and the highest first, `most` at most.
    ///
    /// No neighbouring place of any one switch is better: of the held switch by the choice of its place, of the others
    /// because they are wherever they are best.
    pub fn peaks(&self, most: usize) -> Vec<Vec<usize>> {
        let mut tops: Vec<(f64, usize, usize)> = Vec::new();
        for k in 0..self.forward.len() {
            let scores = self.of_switch(k);
            let maxima = local_maxima(&scores);
            tops.extend(maxima.into_iter().map(|index| (scores[index], k, index)));
        }
        // Stable, so that of equal scores the first switch and its least place come first.
        tops.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut seen = HashSet::new();
        tops.into_iter()
            .map(|(_, k, index)| self.placing(k, index))
            .filter(|placing| seen.insert(placing.clone()))
            .take(most)
            .collect()
    }
}

impl Level {
    fn nowhere(n: usize) -> Self {
        Self {
            best: vec![f64::NEG_INFINITY; n],
            neighbour: vec![0; n],
        }
    }

    /// Notes `score` with the neighbour at `neighbour` for the place `index`, where that is better than before.
    fn offer(&mut self, index: usize, score: f64, neighbour: usize) {
        if score > self.best[index] {
            self.best[index] = score;
            self.neighbour[index] = neighbour;
        }
    }
}

/// The level after the forward one `before`, and the one before the backward one `after`: each link serves both.
fn stepped(
    before: &[f64],
    after: &[f64],
    between: &(impl Fn(usize, usize) -> f64 + Sync),
) -> (Level, Level) {
    let n = before.len();
    let (mut next, mut previous) = (Level::nowhere(n), Level::nowhere(n));
    let blocks: Vec<(usize, Level, Level)> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let (start, end) = (block * BLOCK, n.min((block + 1) * BLOCK));
            let (mut next, mut previous) = (Level::nowhere(end - start), Level::nowhere(end));
            for (j, after) in (start..end).zip(&after[start..end]) {
                for (i, before) in before[..j].iter().enumerate() {
                    if before.max(*after) == f64::NEG_INFINITY {
                        continue;
                    }
                    let link = between(i, j);
                    next.offer(j - start, before + link, i);
                    previous.offer(i, link + after, j);
                }
            }
            (start, next, previous)
        })
        .collect();
    // In order, so that of equal scores the least place stays, however many threads there are.
    for (start, of_block, back_of_block) in blocks {
        for (index, score) in of_block.best.iter().enumerate() {
            next.offer(start + index, *score, of_block.neighbour[index]);
        }
        for (index, score) in back_of_block.best.iter().enumerate() {
            previous.offer(index, *score, back_of_block.neighbour[index]);
        }
    }
    (next, previous)
}

/// The indices of the values above those on both sides. Equal neighbours are one value, at the first of them.
pub(crate) fn local_maxima(values: &[f64]) -> Vec<usize> {
    maxima(values).collect()
}

/// The `most` highest of [`local_maxima`], the highest first; of equal ones the first.
pub(super) fn highest_maxima(values: &[f64], most: usize) -> Vec<usize> {
    let mut highest: Vec<usize> = Vec::new();
    let mut least = f64::NEG_INFINITY;
    for index in maxima(values).chain([values.len()]) {
        match values.get(index) {
            // An earlier one that is equal goes before it.
            Some(value) if *value <= least => continue,
            Some(_) => highest.push(index),
            None => {}
        }
        if index == values.len() || highest.len() >= 4 * most {
            // Stable, so that of equal values the first one stays.
            highest.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
            highest.truncate(most);
            if highest.len() == most {
                least = highest.last().map_or(least, |last| values[*last]);
            }
        }
    }
    highest
}

fn maxima(values: &[f64]) -> impl Iterator<Item = usize> {
    let mut before = f64::NEG_INFINITY;
    let mut start = 0;
    values.chunk_by(|a, b| a == b).filter_map(move |run| {
        let (here, end) = (start, start + run.len());
        let after = values.get(end).copied().unwrap_or(f64::NEG_INFINITY);
        let is_maximum = run[0] > before && run[0] > after;
        (before, start) = (run[0], end);
        is_maximum.then_some(here)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plateau_is_one_maximum_where_both_sides_are_lower() {
        let low = f64::NEG_INFINITY;
        assert_eq!(local_maxima(&[1.0, 2.0, 2.0, 0.0, 3.0]), [1, 4]);
        assert_eq!(local_maxima(&[1.0, 2.0, 2.0, 3.0, 3.0]), [3]);
        assert_eq!(local_maxima(&[5.0, low, low, 4.0, 4.0, low]), [0, 3]);
        assert!(local_maxima(&[low, low]).is_empty() && local_maxima(&[]).is_empty());
    }

    #[test]
    fn the_highest_maxima_are_the_first_of_all_in_order() {
        let mut draw = crate::testing::uniform(5);
        for levels in [4.0, 1e9] {
            for n in [0, 1, 50, 3000] {
                let values: Vec<f64> = (0..n).map(|_| draw(0.0, levels).floor()).collect();
                let mut all = local_maxima(&values);
                all.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
                for most in [1, 7, 400] {
                    let some = &all[..most.min(all.len())];
                    assert_eq!(highest_maxima(&values, most), some, "{levels} {n} {most}");
                }
            }
        }
    }
}
