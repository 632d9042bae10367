//! Which places a switch may have, given the one after it.

use std::ops::Range;

use super::{Forward, NEGLIGIBLE};
use crate::{Likelihood, PrefixSums, SwitchModel, SwitchPrior};

/// Prior and order of the switches, and the places that would leave a regime without a proper posterior.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// Log prior of the first switch, whatever its place.
    ln_first: f64,
    /// For each switch and place: log prior of the next switch given this place, and `-inf` where the place is
    /// impossible.
    ln_steps: Vec<Vec<f64>>,
    /// For each place of a switch, where the one before it may be; empty for one switch.
    before: Vec<Before>,
    /// Places in decreasing order of their `prefix_end`.
    by_prefix_end: Vec<usize>,
    /// Whether every place of a switch may be followed by all that its later neighbours may be followed by, as it is
    /// without ties. A place far below an earlier one matters to nothing then.
    is_nested: bool,
}

/// Where the switch before one may be: `0..prefix_end`, and `rest`, which lies after that.
#[derive(Debug, Clone, Default)]
struct Before {
    prefix_end: usize,
    rest: Vec<Range<usize>>,
}

impl Order {
    pub(super) fn of(model: &SwitchModel) -> Self {
        let (n, n_switches) = (model.n(), model.n_switches());
        let prior = model.switch_prior();
        let ln_steps = (0..n_switches)
            .map(|k| (0..n).map(|s| ln_step(model, k, s)).collect())
            .collect();
        let before: Vec<Before> = if n_switches > 1 {
            (0..n).map(|s| before(model, s)).collect()
        } else {
            Vec::new()
        };
        let mut by_prefix_end: Vec<usize> = (0..before.len()).collect();
        by_prefix_end.sort_by_key(|s| std::cmp::Reverse(before[*s].prefix_end));
        Self {
            ln_first: prior.ln_step(0, 0, n_switches, n),
            is_nested: before.iter().all(|before| before.rest.is_empty()),
            ln_steps,
            before,
            by_prefix_end,
        }
    }

    pub(super) fn ln_first(&self) -> f64 {
        self.ln_first
    }

    pub(super) fn ln_steps(&self, k: usize) -> &[f64] {
        &self.ln_steps[k]
    }

    /// The places that the switch before one at `after` may have.
    pub(super) fn before(&self, after: usize) -> impl Iterator<Item = Range<usize>> + Clone {
        let before = &self.before[after];
        std::iter::once(0..before.prefix_end).chain(before.rest.iter().cloned())
    }

    /// Adds to each place of `this` the log of the sum over the places that `before` may have, whose running sums are
    /// known.
    pub(super) fn add_reach(&self, before: &Forward, this: &mut Forward, is_last: bool) {
        let may_pass_over = is_last || self.is_nested;
        // The logarithm of a running sum is at most this, so that most places can be seen not to matter without it.
        let most = (self.before.len() as f64).ln();
        let mut greatest = f64::NEG_INFINITY;
        let slots = this.ln.iter_mut().zip(&mut this.reach);
        for (allowed, (ln, reach)) in self.before.iter().zip(slots) {
            let (mut max, mut sum) = match allowed.prefix_end {
                0 => (f64::NEG_INFINITY, 0.0),
                end => (before.run_max[end - 1], before.run_sum[end - 1]),
            };
            for range in &allowed.rest {
                for term in &before.ln[range.clone()] {
                    if *term > max {
                        sum = sum * (max - term).exp() + 1.0;
                        max = *term;
                    } else if *term > max - NEGLIGIBLE {
                        sum += (term - max).exp();
                    }
                }
            }
            let at_least = *ln + max;
            let is_negligible = may_pass_over && at_least + most < greatest - NEGLIGIBLE;
            if is_negligible || max == f64::NEG_INFINITY {
                (*reach, *ln) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
                continue;
            }
            greatest = if at_least > greatest {
                at_least
            } else {
                greatest
            };
            *reach = max + sum.ln();
            *ln += *reach;
        }
    }

    /// Probabilities of the places of `before` from those of `after`, the switch after it.
    ///
    /// `p(j) = exp(ln_j) sum_i p(i) / exp(reach_i)` over the places `i` that `j` may come before.
    pub(super) fn pass_back(&self, before: &mut Forward, after: &Forward) {
        before.clear_probabilities();
        let n = before.p.len();
        let (mut low, mut high) = (n, 0);
        // The sum over `i` in logarithms, about its greatest term.
        let (mut max, mut sum) = (f64::NEG_INFINITY, 0.0);
        let mut waiting = self
            .by_prefix_end
            .iter()
            .map(|i| (*i, self.before[*i].prefix_end))
            .filter(|(i, _)| after.p[*i] > 0.0)
            .peekable();
        for j in (0..n).rev() {
            while let Some((i, _)) = waiting.next_if(|(_, end)| *end > j) {
                let term = after.p[i].ln() - after.reach[i];
                if term > max {
                    sum = sum * (max - term).exp() + 1.0;
                    max = term;
                } else if term > max - NEGLIGIBLE {
                    sum += (term - max).exp();
                }
            }
            let ln = before.ln[j] + max;
            if ln > -NEGLIGIBLE {
                before.p[j] = sum * ln.exp();
                low = j;
                high = high.max(j + 1);
            }
        }
        for (i, p) in after.probabilities() {
            for j in self.before[i].rest.iter().cloned().flatten() {
                let share = (before.ln[j] - after.reach[i]).exp();
                if share > 0.0 {
                    before.p[j] += p * share;
                    low = low.min(j);
                    high = high.max(j + 1);
                }
            }
        }
        before.support = low.min(high)..high;
    }
}

/// Log prior of the switch after switch `k` at `s`; `-inf` where `k` cannot be at `s` whatever the others do.
fn ln_step(model: &SwitchModel, k: usize, s: usize) -> f64 {
    let (n, n_switches, prior) = (model.n(), model.n_switches(), model.switch_prior());
    let (is_first, is_last) = (k == 0, k + 1 == n_switches);
    if s > prior.last(k, n_switches, n) {
        return f64::NEG_INFINITY;
    }
    if model.likelihood() == Likelihood::Normal && !model.regimes().is_reversion() {
        let data = model.data();
        let is_proper = (!is_first || data.is_proper(0..s)) && (!is_last || data.is_proper(s..n));
        if !is_proper {
            return f64::NEG_INFINITY;
        }
    }
    if is_last {
        0.0
    } else {
        prior.ln_step(k + 1, s, n_switches, n)
    }
}

/// Where the switch before one at `s` may be.
fn before(model: &SwitchModel, s: usize) -> Before {
    let end = match model.switch_prior() {
        SwitchPrior::Sequential => s + 1,
        SwitchPrior::Uniform => s,
    };
    let mut excluded = Vec::new();
    if model.likelihood() == Likelihood::Normal {
        if model.regimes().is_reversion() {
            excluded.extend(improper_outside(model.data(), s));
        }
        excluded.extend(improper_between(model.data(), s));
    }
    excluded.sort_by_key(|range: &Range<usize>| range.start);
    let mut allowed = Vec::new();
    let mut start = 0;
    for range in excluded {
        if range.start > start {
            allowed.push(start..range.start.min(end));
        }
        start = start.max(range.end);
    }
    if start < end {
        allowed.push(start..end);
    }
    match allowed.first() {
        Some(first) if first.start == 0 => Before {
            prefix_end: first.end,
            rest: allowed.split_off(1),
        },
        _ => Before {
            prefix_end: 0,
            rest: allowed,
        },
    }
}

/// The `j` for which the rows `j..s` hold two observations or more that are all the same.
fn improper_between(data: &PrefixSums, s: usize) -> Option<Range<usize>> {
    let is_improper = |j: &usize| !data.is_proper(*j..s);
    // From `s` backwards: nothing or one observation, then such rows, then a change.
    let last = (0..s).rev().find(|j| data.observed_in(*j..s) >= 2)?;
    let first = (0..=last).rev().take_while(is_improper).last()?;
    Some(first..last + 1)
}

/// The `j` for which the rows outside `j..s` hold two observations or more that are all the same.
fn improper_outside(data: &PrefixSums, s: usize) -> Option<Range<usize>> {
    if data.has_spread(s..data.len()) {
        return None;
    }
    let is_improper = |j: &usize| !data.is_proper_outside(*j..s);
    let first = (0..=s)
        .take_while(|j| !data.has_spread(0..*j))
        .find(is_improper)?;
    let n_more = (first..=s).take_while(is_improper).count();
    Some(first..first + n_more)
}
