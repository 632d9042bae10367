//! The jointly most probable switches.

use super::chain::{Links, ln_sum};
use super::placing::Placing;

/// Placings of some of the switches that are gone on with before the search ends with the best one found. It takes a
/// handful: 6 were the most of 56 series of noise, of small steps and of ties.
const MAX_EXPANSIONS: usize = 100_000;
/// Relative weight, as a logarithm, that a placing must be ahead by: less is rounding, and the first one stays.
const AHEAD: f64 = 1e-10;

/// The greatest weight of each beginning of a placing (Viterbi 1967).
#[derive(Debug)]
struct Greatest {
    /// `reached[k][s]`: the greatest log weight of all that leads to switch `k` at `s`, prior included.
    reached: Vec<Vec<f64>>,
}

impl Greatest {
    fn of(placing: &Placing, links: &impl Links) -> Self {
        let mut first = vec![f64::NEG_INFINITY; placing.n()];
        for s in placing.places(0) {
            first[s] = placing.ln_first() + links.before(s);
        }
        let mut greatest = Self {
            reached: vec![first],
        };
        let mut terms = Vec::new();
        for k in 1..placing.n_switches() {
            let mut reached = vec![f64::NEG_INFINITY; placing.n()];
            for j in placing.places(k) {
                greatest.terms_before(placing, links, k - 1, j, &mut terms);
                reached[j] = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            }
            greatest.reached.push(reached);
        }
        greatest
    }

    /// Writes the greatest log weight with switch `k` at each of [`Placing::before`] and switch `k + 1` at `j`.
    fn terms_before(
        &self,
        placing: &Placing,
        links: &impl Links,
        k: usize,
        j: usize,
        terms: &mut Vec<f64>,
    ) {
        let places = placing.before(k, j);
        terms.clear();
        let steps = &placing.ln_steps(k)[places.clone()];
        let reached = &self.reached[k][places.clone()];
        terms.extend(
            reached
                .iter()
                .zip(steps)
                .map(|(reached, step)| reached + step),
        );
        links.add_between(places.start, j, terms);
    }

    fn terms_of_last(&self, placing: &Placing, links: &impl Links, terms: &mut Vec<f64>) {
        let last = placing.last_switch();
        terms.clear();
        terms.extend(
            placing
                .places(last)
                .map(|s| self.reached[last][s] + links.after(s)),
        );
    }

    /// The placing of greatest weight, and its logarithm; of several the one whose last switch is the least.
    fn placing(&self, placing: &Placing, links: &impl Links) -> (Vec<usize>, f64) {
        let last = placing.last_switch();
        let mut terms = Vec::new();
        self.terms_of_last(placing, links, &mut terms);
        let (index, ln) = first_greatest(&terms);
        let mut place = placing.places(last).start + index;
        let mut switches = vec![place; placing.n_switches()];
        for k in (0..last).rev() {
            self.terms_before(placing, links, k, place, &mut terms);
            place = placing.before(k, place).start + first_greatest(&terms).0;
            switches[k] = place;
        }
        (switches, ln)
    }
}

fn first_greatest(terms: &[f64]) -> (usize, f64) {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, &term) in terms.iter().enumerate() {
        if term > best.1 {
            best = (index, term);
        }
    }
    best
}

/// The placing of greatest weight, and its logarithm.
pub(super) fn greatest(placing: &Placing, links: &impl Links) -> (Vec<usize>, f64) {
    Greatest::of(placing, links).placing(placing, links)
}

/// The placing whose weight, summed over `nodes` (a log weight and the links under it), is the greatest.
///
/// Each node's own greatest weights bound the sum for all placings that end alike, so that a search from the last
/// switch to the first leaves out what cannot be better than what it has: branch and bound.
pub(super) fn greatest_of_mixture<L: Links>(placing: &Placing, nodes: &[(f64, L)]) -> Vec<usize> {
    let tables: Vec<Greatest> = nodes
        .iter()
        .map(|(_, links)| Greatest::of(placing, links))
        .collect();
    let mut search = Search {
        placing,
        nodes,
        tables: &tables,
        best: Vec::new(),
        best_ln: f64::NEG_INFINITY,
        n_expansions: 0,
    };
    for (table, (_, links)) in tables.iter().zip(nodes) {
        let (switches, _) = table.placing(placing, links);
        let ln = search.ln_of(&switches);
        if ln > search.best_ln + AHEAD {
            (search.best, search.best_ln) = (switches, ln);
        }
    }
    search.search_all();
    search.best
}

/// The best placing so far, and what the search for a better one needs.
struct Search<'a, L> {
    placing: &'a Placing,
    nodes: &'a [(f64, L)],
    tables: &'a [Greatest],
    best: Vec<usize>,
    best_ln: f64,
    n_expansions: usize,
}

impl<L: Links> Search<'_, L> {
    /// Logarithm of the summed weight of `switches`.
    fn ln_of(&self, switches: &[usize]) -> f64 {
        let last = self.placing.last_switch();
        let of_nodes: Vec<f64> = self
            .nodes
            .iter()
            .map(|(ln, links)| {
                let mut term = [ln + self.placing.ln_first() + links.before(switches[0])];
                for (k, pair) in switches.windows(2).enumerate() {
                    term[0] += self.placing.ln_steps(k)[pair[0]];
                    links.add_between(pair[0], pair[1], &mut term);
                }
                term[0] + links.after(switches[last])
            })
            .collect();
        ln_sum(&of_nodes)
    }

    fn search_all(&mut self) {
        let last = self.placing.last_switch();
        let places = self.placing.places(last);
        let terms = self.of_nodes(|table, placing, links, terms| {
            table.terms_of_last(placing, links, terms);
        });
        let after: Vec<f64> = self.nodes.iter().map(|(ln, _)| *ln).collect();
        for (place, _) in self.promising(places.start, &terms, &after) {
            let after: Vec<f64> = self
                .nodes
                .iter()
                .map(|(ln, links)| ln + links.after(place))
                .collect();
            self.go_on(last, &mut vec![place], &after);
        }
    }

    /// Places the switches before switch `k`, whose own place begins `ending` (the last switch ends it); `after` is,
    /// for each node, the log weight of what lies after it.
    fn go_on(&mut self, k: usize, ending: &mut Vec<usize>, after: &[f64]) {
        let Some(before) = k.checked_sub(1) else {
            let switches: Vec<usize> = ending.iter().rev().copied().collect();
            let ln = self.ln_of(&switches);
            if ln > self.best_ln + AHEAD {
                (self.best, self.best_ln) = (switches, ln);
            }
            return;
        };
        self.n_expansions += 1;
        let j = ending[ending.len() - 1];
        let from = self.placing.before(before, j).start;
        let terms = self.of_nodes(|table, placing, links, terms| {
            table.terms_before(placing, links, before, j, terms);
        });
        for (place, bound) in self.promising(from, &terms, after) {
            if self.n_expansions > MAX_EXPANSIONS || bound <= self.best_ln + AHEAD {
                break;
            }
            let step = self.placing.ln_steps(before)[place];
            let after: Vec<f64> = self
                .nodes
                .iter()
                .zip(after)
                .map(|((_, links), after)| {
                    let mut term = [after + step];
                    links.add_between(place, j, &mut term);
                    term[0]
                })
                .collect();
            ending.push(place);
            self.go_on(before, ending, &after);
            ending.pop();
        }
    }

    fn of_nodes(&self, fill: impl Fn(&Greatest, &Placing, &L, &mut Vec<f64>)) -> Vec<Vec<f64>> {
        self.tables
            .iter()
            .zip(self.nodes)
            .map(|(table, (_, links))| {
                let mut terms = Vec::new();
                fill(table, self.placing, links, &mut terms);
                terms
            })
            .collect()
    }

    /// The places, from `from` on, whose bound is above the best so far, the highest bound first.
    fn promising(&self, from: usize, terms: &[Vec<f64>], after: &[f64]) -> Vec<(usize, f64)> {
        let n_places = terms.first().map_or(0, Vec::len);
        let mut places: Vec<(usize, f64)> = (0..n_places)
            .map(|index| {
                let of_nodes: Vec<f64> = terms
                    .iter()
                    .zip(after)
                    .map(|(terms, after)| terms[index] + after)
                    .collect();
                (from + index, ln_sum(&of_nodes))
            })
            .filter(|(_, bound)| *bound > self.best_ln + AHEAD)
            .collect();
        // Stable, so that of equal bounds the least place comes first.
        places.sort_by(|a, b| b.1.total_cmp(&a.1));
        places
    }
}
