//! The places that are tried for a switch.

use crate::{PrefixSums, SwitchModel};

/// Pairs of places, for every pair of neighbouring switches, that are gone through.
pub(super) const MAX_LINKS: usize = 1 << 24;

/// The places that are tried, and whether the best of all is among them.
#[derive(Debug)]
pub(super) struct Places {
    /// All that differ: without the ones that missing rows make equal to the one before them.
    pub all: Vec<usize>,
    /// Those of `all` that can hold a switch of the best placing.
    pub dense: Vec<usize>,
    /// One in so many of `dense` is tried first.
    pub stride: usize,
}

impl Places {
    /// The places for a model, of which not more than `max_links` pairs are to be tried.
    pub fn of(model: &SwitchModel, max_links: usize) -> Self {
        let n_switches = model.n_switches();
        let all = distinct(model.data());
        if n_links(all.len(), n_switches) <= max_links {
            let dense = all.clone();
            return Self {
                all,
                dense,
                stride: 1,
            };
        }
        let dense = near_changes(model.data(), &all, n_switches);
        let stride = (1..)
            .find(|stride| n_links(dense.len().div_ceil(*stride), n_switches) <= max_links)
            .unwrap_or(dense.len());
        Self { all, dense, stride }
    }

    /// The places that are tried first.
    pub fn tried(&self) -> Vec<usize> {
        self.dense.iter().copied().step_by(self.stride).collect()
    }
}

/// Pairs of `n` places for all neighbouring pairs of switches.
fn n_links(n: usize, n_switches: usize) -> usize {
    (n_switches - 1).saturating_mul(n.saturating_mul(n) / 2)
}

/// The least of each set of places that have the same observations before them.
fn distinct(data: &PrefixSums) -> Vec<usize> {
    let values = data.values();
    (0..values.len())
        .filter(|&s| s == 0 || !values[s - 1].is_nan())
        .collect()
}

/// Those of `places` with a change of value among the `n_switches + 1` observations on either side.
///
/// Others cannot hold a switch of the best placing. While switches move within a run of equal observations, the sums
/// that the likelihood depends on change linearly, so that the maximised likelihood (the greatest of linear functions) is
/// convex: it is greatest where they are as near to the ends as the other switches, and a regime that needs two
/// distinct observations, allow.
fn near_changes(data: &PrefixSums, places: &[usize], n_switches: usize) -> Vec<usize> {
    let observed: Vec<f64> = data
        .values()
        .iter()
        .copied()
        .filter(|y| !y.is_nan())
        .collect();
    let reach = n_switches + 1;
    // Place `index` has `index` observations before it. `changes[i]`: how many of the first `i` pairs of neighbours differ.
    let changes: Vec<usize> = std::iter::once(0)
        .chain(observed.windows(2).scan(0, |so_far, pair| {
            *so_far += usize::from(pair[0] != pair[1]);
            Some(*so_far)
        }))
        .collect();
    let last = changes.len() - 1;
    places
        .iter()
        .enumerate()
        .filter(|(index, _)| {
            let (from, to) = (index.saturating_sub(reach), (index + reach).min(last));
            index <= &reach
                || index + reach >= observed.len()
                || changes[to] > changes[from.min(last)]
        })
        .map(|(_, s)| *s)
        .collect()
}
