//! The observations as the window reads them: in whole blocks, without gaps in memory.

use std::ops::Range;

use super::{Block, LANES};
use crate::PrefixSums;
use crate::twofold::Twofold;

/// Rows whose numbers lie in whole lines of the processor's cache.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Line {
    /// Less an origin; 0 where nothing is observed, and from the end of the series to the end of its block.
    pub x: Block,
    /// 1 where `x` is observed, else 0.
    pub observed: Block,
}

/// The rows of a series in blocks, with running sums at the blocks' borders.
#[derive(Debug, Clone)]
pub(in super::super) struct Rows {
    lines: Vec<Line>,
    /// Observations in the blocks before each.
    count: Vec<f64>,
    /// Sum of `x` over the blocks before each.
    sum: Vec<Twofold>,
    len: usize,
}

/// Rows that one factor a switch and one logarithm serve.
pub(super) struct Chunk<'a> {
    pub lines: &'a [Line],
    /// The clock at the first row.
    pub first_time: f64,
    /// Of [`Rows`], one more than blocks.
    count: &'a [f64],
}

impl Rows {
    /// The rows of `data`, less `origin`.
    pub fn new(data: &PrefixSums, origin: f64) -> Self {
        let len = data.len();
        let empty = Line {
            x: [0.0; LANES],
            observed: [0.0; LANES],
        };
        let mut lines = vec![empty; len.div_ceil(LANES)];
        let (mut count, mut sum) = (vec![0.0], vec![Twofold::default()]);
        let mut so_far = (0.0, Twofold::default());
        for (line, values) in lines.iter_mut().zip(data.values().chunks(LANES)) {
            let places = line.x.iter_mut().zip(&mut line.observed);
            for ((x, observed), value) in places.zip(values).filter(|(_, value)| !value.is_nan()) {
                (*x, *observed) = (value - origin, 1.0);
                so_far = (so_far.0 + 1.0, so_far.1.plus(Twofold::sum_of(*x, 0.0)));
            }
            count.push(so_far.0);
            sum.push(so_far.1);
        }
        Self {
            lines,
            count,
            sum,
            len,
        }
    }

    /// Number of rows, missing ones included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Time, `x` and whether it is observed, of the rows `range`.
    pub fn each(&self, range: Range<usize>) -> impl Iterator<Item = (f64, f64, bool)> {
        range.map(|index| {
            let (line, lane) = (&self.lines[index / LANES], index % LANES);
            ((index + 1) as f64, line.x[lane], line.observed[lane] == 1.0)
        })
    }

    /// Observations, the sum of their `x` and that of their `x - about`, in the rows `range`, which is made of whole blocks.
    pub fn count_and_sums(&self, range: &Range<usize>, about: f64) -> [f64; 3] {
        let blocks = blocks(range);
        let count = self.count[blocks.end] - self.count[blocks.start];
        let sum = self.sum[blocks.end].minus(self.sum[blocks.start]);
        let less = sum.minus(Twofold::product_of(count, about));
        [count, sum.value(), less.value()]
    }

    /// The rows `range`, which is made of whole blocks, in chunks of at most `n_blocks` blocks.
    #[inline(always)]
    pub(super) fn chunks(
        &self,
        range: &Range<usize>,
        n_blocks: usize,
    ) -> impl Iterator<Item = Chunk<'_>> {
        let Range { mut start, end } = blocks(range);
        std::iter::from_fn(move || {
            (start < end).then(|| {
                let chunk = start..end.min(start + n_blocks);
                start = chunk.end;
                Chunk {
                    first_time: (chunk.start * LANES + 1) as f64,
                    count: &self.count[chunk.start..=chunk.end],
                    lines: &self.lines[chunk],
                }
            })
        })
    }
}

impl Chunk<'_> {
    /// Each block, and whether all of it is observed.
    #[inline(always)]
    pub fn blocks(&self) -> impl Iterator<Item = (&Line, bool)> {
        let borders = self.count.windows(2);
        let is_full = borders.map(|pair| pair[1] - pair[0] == LANES as f64);
        self.lines.iter().zip(is_full)
    }

    /// Number of observations.
    pub fn n_observed(&self) -> f64 {
        self.count[self.lines.len()] - self.count[0]
    }
}

fn blocks(rows: &Range<usize>) -> Range<usize> {
    rows.start / LANES..rows.end.div_ceil(LANES)
}
