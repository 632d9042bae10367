//! `exp(steepness (t - tau))` on whole times without an exponential at each.

use super::lanes::exp;
use super::{Block, LANES};

/// Rows of a chunk, where the steepness allows.
const CHUNK: usize = 128;
/// Exponents that a table spans: what it says and what the window asks for stay far from where floats end.
const SPAN: f64 = 128.0;
/// Exponents beyond which a weight is 0 or 1 whatever it multiplies, where there is no table.
const FAR: f64 = 230.0;

/// What weights are at a whole time next to a `tau`: `factor` is `exp(steepness (time - tau))`.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Near {
    time: f64,
    factor: f64,
}

impl Near {
    /// Of no time: nothing is known beforehand.
    pub const NONE: Self = Self {
        time: f64::NAN,
        factor: f64::NAN,
    };
}

/// How weights grow from one time to the next.
#[derive(Debug, Clone)]
pub(in super::super) struct Growth {
    steepness: f64,
    time: f64,
    /// `exp(steepness j)` for `j` from `-(rows - 1)` to `rows - 1` for the `rows` of a chunk; empty where the steepness
    /// is too great for that.
    table: Vec<f64>,
    n_blocks: usize,
}

impl Growth {
    /// Of a sigmoid of the given steepness, positive and finite.
    pub fn new(steepness: f64) -> Self {
        let rows = (SPAN / steepness).min(CHUNK as f64) as usize;
        let n_blocks = rows / LANES;
        let last = n_blocks * LANES;
        let table = (0..(2 * last).saturating_sub(1))
            .map(|index| (steepness * (index as f64 - (last - 1) as f64)).exp())
            .collect();
        Self {
            steepness,
            time: 1.0 / steepness,
            table,
            n_blocks: n_blocks.max(1),
        }
    }

    /// Steepness of the sigmoid, a unit of time.
    pub fn steepness(&self) -> f64 {
        self.steepness
    }

    /// Its inverse.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Most blocks of a chunk.
    pub(super) fn n_blocks(&self) -> usize {
        self.n_blocks
    }

    /// The last whole time not after each `tau`, and what weights are there.
    #[inline(always)]
    pub(in super::super) fn near<const W: usize>(&self, taus: &[f64; W]) -> [Near; W] {
        // The cast saturates; where there is no such time among the rows, its factor is not asked for.
        let times = taus.map(|tau| tau as i64 as f64);
        let mut factors = [0.0; W];
        for ((factor, time), tau) in factors.iter_mut().zip(&times).zip(taus) {
            *factor = exp(self.steepness * (time - tau));
        }
        std::array::from_fn(|w| Near {
            time: times[w],
            factor: factors[w],
        })
    }

    /// A factor and a number for each of the rows of a chunk of `n_blocks` that begins at `first_time`, whose product is
    /// `exp(steepness (t - tau))`; `near` is that of `tau`, `scratch` holds the numbers where there is no table.
    ///
    /// The factor is that of the last row not after `tau`, if there is one: near `tau`, where rounding shows, the
    /// exponents are small.
    #[inline(always)]
    pub(super) fn about<'a>(
        &'a self,
        tau: f64,
        near: &Near,
        first_time: f64,
        n_blocks: usize,
        scratch: &'a mut Block,
    ) -> (f64, &'a [Block]) {
        if self.table.is_empty() {
            self.write(tau, first_time, scratch);
            return (1.0, std::slice::from_ref(scratch));
        }
        let rows = n_blocks * LANES;
        // The cast saturates.
        let row = ((tau - first_time) as usize).min(rows - 1);
        let time = first_time + row as f64;
        let factor = if time == near.time {
            near.factor
        } else {
            exp(self.steepness * (time - tau))
        };
        let from = self.n_blocks * LANES - 1 - row;
        let (blocks, _) = self.table[from..from + rows].as_chunks();
        (factor, blocks)
    }

    /// Writes `exp(steepness (t - tau))` of the block that begins at `first_time`.
    #[cold]
    fn write(&self, tau: f64, first_time: f64, block: &mut Block) {
        for (lane, e) in block.iter_mut().enumerate() {
            let exponent = self.steepness * (first_time + lane as f64 - tau);
            *e = exponent.clamp(-FAR, FAR).exp();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_the_exponentials() {
        for steepness in [1e-300, 0.01, 0.3, 1.0, 3.7, 8.0, 50.0] {
            let growth = Growth::new(steepness);
            for tau in [-7.3, 1.0, 11.45, 30.0] {
                let mut scratch = [0.0; LANES];
                let n_blocks = growth.n_blocks();
                let [near] = growth.near(&[tau]);
                let (factor, blocks) = growth.about(tau, &near, 5.0, n_blocks, &mut scratch);
                assert_eq!(blocks.len(), n_blocks);
                for (index, e) in blocks.as_flattened().iter().enumerate() {
                    let exponent: f64 = steepness * (5.0 + index as f64 - tau);
                    let error = ((factor * e).ln() - exponent).abs();
                    let is_far = exponent.abs() > FAR;
                    assert!(
                        error < 2e-15 * (1.0 + exponent.abs()) || (n_blocks == 1 && is_far),
                        "{steepness} {tau} {index}: {error:e}"
                    );
                }
            }
        }
    }
}
