//! The observations as the window reads them: in whole blocks, without gaps in memory.

use std::ops::Range;

use super::{Block, LANES};
use crate::PrefixSums;
use crate::twofold::Twofold;

/// Rows whose numbers lie in whole lines of the processor's cache: less an origin; 0 where nothing is observed, and from
/// the end of the series to the end of its block.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct Line(Block);

/// A block with what is observed of it.
pub(super) struct Seen<'a> {
    /// See [`Line`].
    pub x: &'a Block,
    /// 1 where `x` is observed, else 0.
    pub observed: &'a Block,
    /// Whether all of them are observed.
    pub is_full: bool,
}

/// [`Seen::observed`] of every pattern, lane by lane from the lowest bit.
static PATTERNS: [Line; 1 << LANES] = patterns();

const fn patterns() -> [Line; 1 << LANES] {
    let mut patterns = [const { Line([0.0; LANES]) }; 1 << LANES];
    let mut bits = 0;
    while bits < patterns.len() {
        let mut lane = 0;
        while lane < LANES {
            if bits >> lane & 1 == 1 {
                patterns[bits].0[lane] = 1.0;
            }
            lane += 1;
        }
        bits += 1;
    }
    patterns
}

/// The rows of a series in blocks, with running sums at the blocks' borders.
#[derive(Debug, Clone)]
pub(in super::super) struct Rows {
    lines: Vec<Line>,
    /// What is observed of each, as an index of [`PATTERNS`].
    observed: Vec<u8>,
    /// Observations in the blocks before each.
    count: Vec<f64>,
    /// Sum of `x` over the blocks before each.
    sum: Vec<Twofold>,
    len: usize,
}

/// Rows that one factor a switch and one logarithm serve.
pub(super) struct Chunk<'a> {
    lines: &'a [Line],
    observed: &'a [u8],
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
        let mut lines = vec![Line([0.0; LANES]); n_blocks];
        let mut observed = vec![0; n_blocks];
        let (mut count, mut sum) = (
            Vec::with_capacity(n_blocks + 1),
            Vec::with_capacity(n_blocks + 1),
        );
        let mut so_far = (0.0, Twofold::default());
        count.push(so_far.0);
        sum.push(so_far.1);
        let blocks = lines.iter_mut().zip(&mut observed);
        for ((line, observed), values) in blocks.zip(data.values().chunks(LANES)) {
            for (lane, (x, value)) in line.0.iter_mut().zip(values).enumerate() {
                if !value.is_nan() {
                    *x = value - origin;
                    *observed |= 1 << lane;
                    so_far = (so_far.0 + 1.0, so_far.1.plus(Twofold::sum_of(*x, 0.0)));
                }
            }
            count.push(so_far.0);
            sum.push(so_far.1);
        }
        Self {
            lines,
            observed,
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
            let (block, lane) = (index / LANES, index % LANES);
            let is_observed = self.observed[block] >> lane & 1 == 1;
            ((index + 1) as f64, self.lines[block].0[lane], is_observed)
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
                    observed: &self.observed[chunk.clone()],
                    lines: &self.lines[chunk],
                }
            })
        })
    }
}

impl Chunk<'_> {
    /// Number of blocks.
    #[inline(always)]
    pub fn n_blocks(&self) -> usize {
        self.lines.len()
    }

    /// Each block.
    #[inline(always)]
    pub fn blocks(&self) -> impl Iterator<Item = Seen<'_>> {
        let blocks = self.lines.iter().zip(self.observed);
        blocks.map(|(line, bits)| Seen {
            x: &line.0,
            observed: &PATTERNS[usize::from(*bits)].0,
            is_full: *bits == u8::MAX,
        })
    }

    /// Number of observations.
    pub fn n_observed(&self) -> f64 {
        self.count[self.lines.len()] - self.count[0]
    }
}

fn blocks(rows: &Range<usize>) -> Range<usize> {
    rows.start / LANES..rows.end.div_ceil(LANES)
}
