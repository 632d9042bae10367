//! The sums over the places of one switch, in logarithms.

use std::ops::Range;

use super::{BLOCK, NEGLIGIBLE};
use crate::Cumulative;

/// Buffers for all switches.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) switches: Vec<Forward>,
}

/// One switch: for each place the log of the sum over all earlier switches, and what follows from it.
#[derive(Debug, Default)]
pub(super) struct Forward {
    /// Log of the sum over all places of the earlier switches with this one in its place.
    pub(super) ln: Vec<f64>,
    /// Greatest of `ln` in each block of places.
    block_max: Vec<f64>,
    /// Greatest of `ln` up to and with each place.
    pub(super) run_max: Vec<f64>,
    /// Sum of `exp(ln - run_max)` up to and with each place.
    pub(super) run_sum: Vec<f64>,
    /// Log of the sum over the places that the earlier switch may have, for each place of this one.
    pub(super) reach: Vec<f64>,
    /// Log of the sum over all places.
    pub(super) ln_total: f64,
    /// Probability of each place.
    pub(super) p: Vec<f64>,
    /// Places outside of which the probability is 0.
    pub(super) support: Range<usize>,
}

impl Scratch {
    /// Buffers for `n_switches` switches in a series of `n`.
    pub(super) fn fit(&mut self, n: usize, n_switches: usize) {
        self.switches.resize_with(n_switches, Forward::default);
        for forward in &mut self.switches {
            forward.fit(n);
        }
    }
}

impl Forward {
    fn fit(&mut self, n: usize) {
        if self.ln.len() == n {
            return;
        }
        for buffer in [
            &mut self.ln,
            &mut self.run_max,
            &mut self.run_sum,
            &mut self.reach,
            &mut self.p,
        ] {
            buffer.clear();
            buffer.resize(n, 0.0);
        }
        self.block_max.clear();
        self.block_max.resize(n.div_ceil(BLOCK), 0.0);
        self.support = 0..0;
    }

    /// Sets the logarithms to the switch's own terms: `step` times the running sums, and `ln_steps`.
    pub(super) fn fill(&mut self, sums: &Cumulative, [a, b, c]: [f64; 3], ln_steps: &[f64]) {
        let columns = sums.count.iter().zip(&sums.sum).zip(&sums.third);
        for ((slot, ((count, sum), third)), ln_step) in
            self.ln.iter_mut().zip(columns).zip(ln_steps)
        {
            *slot = a * count + b * sum + c * third + ln_step;
        }
    }

    /// Running maxima and sums over the places.
    pub(super) fn run_up(&mut self) {
        let (mut max, mut sum) = (f64::NEG_INFINITY, 0.0);
        let runs = self.run_max.iter_mut().zip(&mut self.run_sum);
        for (ln, (run_max, run_sum)) in self.ln.iter().zip(runs) {
            let above = ln - max;
            if above > 0.0 {
                sum = if above > NEGLIGIBLE {
                    1.0
                } else {
                    sum * (-above).exp() + 1.0
                };
                max = *ln;
            } else if above > -NEGLIGIBLE {
                sum += above.exp();
            }
            *run_max = max;
            *run_sum = sum;
        }
    }

    /// Log of the sum over all places.
    pub(super) fn close(&mut self) -> f64 {
        let max = self.find_maxima();
        if max == f64::NEG_INFINITY {
            self.ln_total = max;
            return max;
        }
        let mut sum = 0.0;
        for (block, block_max) in self.ln.chunks(BLOCK).zip(&self.block_max) {
            if *block_max > max - NEGLIGIBLE {
                sum += block
                    .iter()
                    .filter(|ln| **ln > max - NEGLIGIBLE)
                    .map(|ln| (ln - max).exp())
                    .sum::<f64>();
            }
        }
        self.ln_total = max + sum.ln();
        self.ln_total
    }

    /// The greatest logarithm of each block; returns that of all.
    fn find_maxima(&mut self) -> f64 {
        let greater = |a: f64, b: f64| if b > a { b } else { a };
        let mut all = f64::NEG_INFINITY;
        for (block, block_max) in self.ln.chunks(BLOCK).zip(&mut self.block_max) {
            *block_max = match <&[f64; BLOCK]>::try_from(block) {
                // Two by two, so that the comparisons do not wait for each other.
                Ok([a, b, c, d, e, f, g, h]) => greater(
                    greater(greater(*a, *b), greater(*c, *d)),
                    greater(greater(*e, *f), greater(*g, *h)),
                ),
                Err(_) => block.iter().copied().fold(f64::NEG_INFINITY, greater),
            };
            all = greater(all, *block_max);
        }
        all
    }

    /// Probabilities of the last switch's places, after [`Self::close`].
    pub(super) fn normalise(&mut self) {
        let least = self.ln_total - NEGLIGIBLE;
        self.clear_probabilities();
        let (mut low, mut high) = (self.ln.len(), 0);
        for (number, block_max) in self.block_max.iter().enumerate() {
            if *block_max <= least {
                continue;
            }
            let start = number * BLOCK;
            let end = (start + BLOCK).min(self.ln.len());
            for place in start..end {
                if self.ln[place] > least {
                    self.p[place] = (self.ln[place] - self.ln_total).exp();
                }
            }
            low = low.min(start);
            high = end;
        }
        self.support = low.min(high)..high;
    }

    /// Sets all probabilities to 0.
    pub(super) fn clear_probabilities(&mut self) {
        let support = std::mem::replace(&mut self.support, 0..0);
        self.p[support].fill(0.0);
    }

    /// Places of positive probability, with it.
    pub(super) fn probabilities(&self) -> impl Iterator<Item = (usize, f64)> {
        let support = self.support.clone();
        support
            .clone()
            .zip(self.p[support].iter().copied())
            .filter(|(_, p)| *p > 0.0)
    }

    /// Expected running sums at the switch.
    pub(super) fn expected(&self, sums: &Cumulative) -> [f64; 3] {
        let mut expected = [0.0; 3];
        let range = self.support.clone();
        let columns = sums.count[range.clone()]
            .iter()
            .zip(&sums.sum[range.clone()])
            .zip(&sums.third[range.clone()]);
        for (p, ((count, sum), third)) in self.p[range].iter().zip(columns) {
            expected[0] += p * count;
            expected[1] += p * sum;
            expected[2] += p * third;
        }
        expected
    }

    /// The place at which the running share of the sum over `ranges` (in order) passes `share`, in `0..1`.
    pub(super) fn pick(
        &self,
        share: f64,
        ranges: impl Iterator<Item = Range<usize>> + Clone,
    ) -> usize {
        let max = ranges
            .clone()
            .flat_map(|range| self.ln[range].iter().copied())
            .fold(f64::NEG_INFINITY, f64::max);
        let weights = || {
            ranges.clone().flatten().filter_map(|place| {
                let below = self.ln[place] - max;
                (below > -NEGLIGIBLE).then(|| (place, below.exp()))
            })
        };
        let total: f64 = weights().map(|(_, weight)| weight).sum();
        let mut left = share * total;
        let mut last = 0;
        for (place, weight) in weights() {
            last = place;
            if left < weight {
                break;
            }
            left -= weight;
        }
        last
    }
}
