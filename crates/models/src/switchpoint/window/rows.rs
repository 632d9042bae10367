//! The observations as the window reads them: in whole blocks, without gaps in memory.

use std::ops::Range;

use super::{Block, LANES};
use crate::PrefixSums;

/// The rows of a series in blocks, with running sums at the blocks' borders.
#[derive(Debug, Clone)]
pub(in super::super) struct Rows {
    /// Less an origin; 0 where nothing is observed, and from the end of the series to the end of its block.
    x: Vec<Block>,
    /// 1 where `x` is observed, else 0.
    observed: Vec<Block>,
    /// Observations in the blocks before each.
    count: Vec<f64>,
    /// Sum of `x` over the blocks before each.
    sum: Vec<f64>,
    len: usize,
}

/// Rows that one factor a switch and one logarithm serve.
pub(super) struct Chunk<'a> {
    pub x: &'a [Block],
    pub observed: &'a [Block],
    /// The clock at the first row.
    pub first_time: f64,
    /// Of [`Rows`], one more than blocks.
    count: &'a [f64],
}

impl Rows {
    /// The rows of `data`, less `origin`.
    pub fn new(data: &PrefixSums, origin: f64) -> Self {
        let len = data.len();
        let n_blocks = len.div_ceil(LANES);
        let mut rows = Self {
            x: vec![[0.0; LANES]; n_blocks],
            observed: vec![[0.0; LANES]; n_blocks],
            count: vec![0.0; n_blocks + 1],
            sum: vec![0.0; n_blocks + 1],
            len,
        };
        for (b, values) in data.values().chunks(LANES).enumerate() {
            for (lane, value) in values.iter().enumerate() {
                if !value.is_nan() {
                    rows.x[b][lane] = value - origin;
                    rows.observed[b][lane] = 1.0;
                }
            }
            rows.count[b + 1] = rows.count[b] + rows.observed[b].iter().sum::<f64>();
            rows.sum[b + 1] = rows.sum[b] + rows.x[b].iter().sum::<f64>();
        }
        rows
    }

    /// Number of rows, missing ones included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Time, `x` and whether it is observed, of the rows `range`.
    pub fn each(&self, range: Range<usize>) -> impl Iterator<Item = (f64, f64, bool)> {
        range.map(|index| {
            let (block, lane) = (index / LANES, index % LANES);
            let is_observed = self.observed[block][lane] == 1.0;
            ((index + 1) as f64, self.x[block][lane], is_observed)
        })
    }

    /// Observations, and the sum of their `x`, in the rows `range`, which is made of whole blocks.
    pub fn count_and_sum(&self, range: &Range<usize>) -> [f64; 2] {
        let blocks = blocks(range);
        [&self.count, &self.sum].map(|sums| sums[blocks.end] - sums[blocks.start])
    }

    /// The rows `range`, which is made of whole blocks, in chunks of at most `n_blocks` blocks.
    pub(super) fn chunks(
        &self,
        range: &Range<usize>,
        n_blocks: usize,
    ) -> impl Iterator<Item = Chunk<'_>> {
        let all = blocks(range);
        let starts = all.clone().step_by(n_blocks);
        starts.map(move |start| {
            let end = all.end.min(start + n_blocks);
            Chunk {
                x: &self.x[start..end],
                observed: &self.observed[start..end],
                first_time: (start * LANES + 1) as f64,
                count: &self.count[start..=end],
            }
        })
    }
}

impl Chunk<'_> {
    /// `x` of each block, which of it is observed, and whether that is all.
    pub fn blocks(&self) -> impl Iterator<Item = (&Block, &Block, bool)> {
        let is_full = self
            .count
            .windows(2)
            .map(|pair| pair[1] - pair[0] == LANES as f64);
        self.x
            .iter()
            .zip(self.observed)
            .zip(is_full)
            .map(|((x, observed), is_full)| (x, observed, is_full))
    }

    /// Number of observations.
    pub fn n_observed(&self) -> f64 {
        self.count[self.x.len()] - self.count[0]
    }
}

fn blocks(rows: &Range<usize>) -> Range<usize> {
    rows.start / LANES..rows.end.div_ceil(LANES)
}
