//! The switches as a hidden Markov chain: sums over all of their places by recursion over the stretches between them
//! (Fearnhead, *Statistics and Computing* 16, 2006), forwards, and draws and probabilities backwards.
//!
//! With reversion the same holds: all that two switches `i, j` weigh hangs on the step from one to the other.

use std::ops::Range;

use rand::RngExt;
use rayon::prelude::*;
use switchback_core::ChainRng;

use super::moments::{Mixture, Moments};
use super::part::{Part, Parts};
use super::placing::Placing;

/// A stretch between two switches that is less probable than this moves no moment, unless a prior is `1e20` times as
/// wide as the data.
const NEGLIGIBLE: f64 = 1e-60;
/// First or last stretches whose moments are held at once.
const ENDS_AT_ONCE: usize = 1 << 16;

/// What the places of the switches weigh, as logarithms and without their prior: a factor for each step of the chain.
pub(super) trait Links: Sync {
    /// Of what lies before the first switch at `s`.
    fn before(&self, s: usize) -> f64;

    /// Adds that of one switch at `from`, `from + 1`, .. and the next at `j` to `terms`.
    fn add_between(&self, from: usize, j: usize, terms: &mut [f64]);

    /// Of what lies after the last switch at `s`.
    fn after(&self, s: usize) -> f64;
}

impl Links for Parts<f64> {
    fn before(&self, s: usize) -> f64 {
        self.first.get(s).copied().unwrap_or(0.0)
    }

    fn add_between(&self, from: usize, j: usize, terms: &mut [f64]) {
        for (term, ln) in terms.iter_mut().zip(&self.within[j][from..]) {
            *term += ln;
        }
        if self.is_reversion() {
            for (term, ln) in terms.iter_mut().zip(&self.outside[j][from..]) {
                *term += ln;
            }
        }
    }

    fn after(&self, s: usize) -> f64 {
        self.last.get(s).copied().unwrap_or(0.0)
    }
}

/// The sums of the forward recursion.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// `reached[k - 1][s]`: logarithm of the sum over all places of the switches before switch `k >= 1` at `s`, its
    /// own prior step included.
    reached: Vec<Vec<f64>>,
    /// Logarithm of the sum over all places of all switches: the log evidence. `NaN` where a weight is.
    pub ln_total: f64,
}

/// Probabilities and moments, given the weights.
#[derive(Debug, Clone)]
pub(super) struct Posterior<const N: usize> {
    /// Of each switch, the probability of each of `0..n`.
    pub switches: Vec<Vec<f64>>,
    /// Of each regime, the moments of its own parameters.
    pub regimes: Vec<[Mixture; N]>,
}

impl Chain {
    pub fn of(placing: &Placing, links: &impl Links) -> Self {
        let mut chain = Self {
            reached: Vec::with_capacity(placing.last_switch()),
            ln_total: 0.0,
        };
        let mut terms = Vec::new();
        for k in 1..placing.n_switches() {
            let mut sums = vec![f64::NEG_INFINITY; placing.n()];
            for j in placing.places(k) {
                chain.terms_before(placing, links, k - 1, j, &mut terms);
                sums[j] = ln_sum(&terms);
            }
            chain.reached.push(sums);
        }
        chain.terms_of_last(placing, links, &mut terms);
        chain.ln_total = ln_sum(&terms);
        chain
    }

    /// Writes the log weight of the last switch at each of its places into `terms`.
    fn terms_of_last(&self, placing: &Placing, links: &impl Links, terms: &mut Vec<f64>) {
        let last = placing.last_switch();
        let places = placing.places(last);
        self.start(placing, links, last, places.clone(), terms);
        for (term, s) in terms.iter_mut().zip(places) {
            *term += links.after(s);
        }
    }

    /// Writes the log weight of switch `k` at each of [`Placing::before`], where switch `k + 1` is at `j`, into
    /// `terms`.
    fn terms_before(
        &self,
        placing: &Placing,
        links: &impl Links,
        k: usize,
        j: usize,
        terms: &mut Vec<f64>,
    ) {
        let places = placing.before(k, j);
        self.start(placing, links, k, places.clone(), terms);
        for (term, step) in terms.iter_mut().zip(&placing.ln_steps(k)[places.clone()]) {
            *term += step;
        }
        links.add_between(places.start, j, terms);
    }

    /// Sets `terms` to what leads to switch `k` at `places`.
    fn start(
        &self,
        placing: &Placing,
        links: &impl Links,
        k: usize,
        places: Range<usize>,
        terms: &mut Vec<f64>,
    ) {
        terms.clear();
        match k.checked_sub(1) {
            None => terms.extend(places.map(|s| placing.ln_first() + links.before(s))),
            Some(index) => terms.extend_from_slice(&self.reached[index][places]),
        }
    }

    /// Draws the switches from their joint posterior, the last one first.
    pub fn draw(&self, placing: &Placing, links: &impl Links, rng: &mut ChainRng) -> Vec<usize> {
        let last = placing.last_switch();
        let mut switches = vec![0; placing.n_switches()];
        let mut terms = Vec::new();
        self.terms_of_last(placing, links, &mut terms);
        let mut place = placing.places(last).start + draw_index(&mut terms, rng);
        switches[last] = place;
        for k in (0..last).rev() {
            self.terms_before(placing, links, k, place, &mut terms);
            place = placing.before(k, place).start + draw_index(&mut terms, rng);
            switches[k] = place;
        }
        switches
    }

    /// Probability of each place of each switch.
    pub fn switch_posterior(&self, placing: &Placing, links: &impl Links) -> Vec<Vec<f64>> {
        let last = placing.last_switch();
        let mut switches = vec![vec![0.0; placing.n()]; placing.n_switches()];
        let mut terms = Vec::new();
        self.terms_of_last(placing, links, &mut terms);
        normalise(&mut terms);
        switches[last][placing.places(last)].copy_from_slice(&terms);
        for k in (0..last).rev() {
            let (before, after) = switches.split_at_mut(k + 1);
            let (of_k, of_next) = (&mut before[k], &after[0]);
            for j in placing.places(k + 1).filter(|&j| of_next[j] > 0.0) {
                self.terms_before(placing, links, k, j, &mut terms);
                normalise(&mut terms);
                let places = placing.before(k, j);
                for (p, given) in of_k[places].iter_mut().zip(&terms) {
                    *p += of_next[j] * given;
                }
            }
        }
        switches
    }

    /// Probabilities of the switches, and moments of the regimes by `moments` of what each owns.
    pub fn posterior<const N: usize>(
        &self,
        placing: &Placing,
        links: &impl Links,
        is_reversion: bool,
        moments: impl Fn(Part) -> [Moments; N] + Sync,
    ) -> Posterior<N> {
        let switches = self.switch_posterior(placing, links);
        let (n, last) = (placing.n(), placing.last_switch());
        let n_regimes = if is_reversion { 2 } else { last + 2 };
        let mut regimes = vec![[Mixture::default(); N]; n_regimes];
        if !is_reversion {
            add_ends(&mut regimes[0], &switches[0], |s| {
                moments(Part::Within(0, s))
            });
            add_ends(&mut regimes[last + 1], &switches[last], |s| {
                moments(Part::Within(s, n))
            });
        }
        let of_columns: Vec<_> = (0..if last == 0 { 0 } else { n })
            .into_par_iter()
            .map(|j| {
                let pairs = self.pairs(placing, links, &switches, j);
                of_column(&pairs, j, is_reversion, n_regimes, &moments)
            })
            .collect();
        for of_column in of_columns {
            for (regime, more) in regimes.iter_mut().zip(of_column) {
                join(regime, &more);
            }
        }
        Posterior { switches, regimes }
    }

    /// `pairs[k][i]`: probability of switch `k` at `i` and switch `k + 1` at `j`; empty where `j` has none.
    fn pairs(
        &self,
        placing: &Placing,
        links: &impl Links,
        switches: &[Vec<f64>],
        j: usize,
    ) -> Vec<Vec<f64>> {
        let mut terms = Vec::new();
        (0..placing.last_switch())
            .map(|k| {
                let of_next = switches[k + 1][j];
                let places = placing.before(k, j);
                if of_next == 0.0 || places.is_empty() {
                    return Vec::new();
                }
                self.terms_before(placing, links, k, j, &mut terms);
                normalise(&mut terms);
                let mut pairs = vec![0.0; places.start];
                pairs.extend(terms.iter().map(|given| of_next * given));
                pairs
            })
            .collect()
    }
}

/// Moments of every regime over the stretches that end at a switch at `j`, or with reversion over all that the second
/// switch at `j` makes.
fn of_column<const N: usize>(
    pairs: &[Vec<f64>],
    j: usize,
    is_reversion: bool,
    n_regimes: usize,
    moments: &impl Fn(Part) -> [Moments; N],
) -> Vec<[Mixture; N]> {
    let mut regimes = vec![[Mixture::default(); N]; n_regimes];
    for i in 0..=j {
        let p = |k: usize| pairs[k].get(i).copied().unwrap_or(0.0);
        if (0..pairs.len()).all(|k| p(k) < NEGLIGIBLE) {
            continue;
        }
        let within = moments(Part::Within(i, j));
        if is_reversion {
            add(&mut regimes[0], p(0), moments(Part::Outside(i, j)));
            add(&mut regimes[1], p(0), within);
        } else {
            for k in 0..pairs.len() {
                add(&mut regimes[k + 1], p(k), within);
            }
        }
    }
    regimes
}

/// Adds the moments of the first or the last stretch, over all places of its switch.
fn add_ends<const N: usize>(
    regime: &mut [Mixture; N],
    p: &[f64],
    moments: impl Fn(usize) -> [Moments; N] + Sync,
) {
    for (block, of_block) in p.chunks(ENDS_AT_ONCE).enumerate() {
        let parts: Vec<_> = of_block
            .par_iter()
            .enumerate()
            .filter(|(_, p)| **p > 0.0)
            .map(|(s, &p)| (p, moments(block * ENDS_AT_ONCE + s)))
            .collect();
        for (p, part) in parts {
            add(regime, p, part);
        }
    }
}

fn add<const N: usize>(regime: &mut [Mixture; N], p: f64, part: [Moments; N]) {
    for (mixture, moments) in regime.iter_mut().zip(part) {
        mixture.add(p, moments);
    }
}

fn join<const N: usize>(regime: &mut [Mixture; N], more: &[Mixture; N]) {
    for (mixture, more) in regime.iter_mut().zip(more) {
        mixture.join(more);
    }
}

/// Logarithm of the sum of the exponentials of `terms`: `-inf` of none, `NaN` where one is.
pub(super) fn ln_sum(terms: &[f64]) -> f64 {
    let peak = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if peak == f64::NEG_INFINITY && !terms.iter().any(|term| term.is_nan()) {
        return peak;
    }
    peak + terms
        .iter()
        .map(|term| (term - peak).exp())
        .sum::<f64>()
        .ln()
}

/// Turns log weights into probabilities; all 0 where no weight is positive.
fn normalise(terms: &mut [f64]) {
    let total = to_weights(terms);
    for term in terms {
        *term /= total;
    }
}

/// Turns log weights into weights whose greatest is 1 (or which all are 0), and returns their sum, then at least 1.
fn to_weights(terms: &mut [f64]) -> f64 {
    let peak = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for term in terms {
        *term = if peak == f64::NEG_INFINITY {
            0.0
        } else {
            (*term - peak).exp()
        };
        total += *term;
    }
    total.max(1.0)
}

/// An index with probability in proportion to the exponential of its term, of which one at least is finite.
pub(super) fn draw_index(terms: &mut [f64], rng: &mut ChainRng) -> usize {
    let mut left = rng.random::<f64>() * to_weights(terms);
    let mut drawn = 0;
    for (index, &weight) in terms.iter().enumerate() {
        if weight > 0.0 {
            drawn = index;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
    }
    drawn
}
