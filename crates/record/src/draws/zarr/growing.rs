//! One array of draws: what each chain has drawn of one quantity, chunk by chunk.

use std::sync::Arc;

use super::chunks::Chunks;
use super::hierarchy::Layout;
use crate::RecordError;
use crate::draws::column::Kind;
use crate::draws::folder::Folder;

/// An array along chain, draw and, where a draw has several values, a further dimension.
///
/// A chunk is one chain's: chains that are ahead do not wait for the others. Draws are held back only until their
/// chunk is full.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) layout: Layout,
    kind: Kind,
    /// Values of a draw.
    width: usize,
    chunks: Chunks,
    /// Draws of each chain that are in no full chunk yet.
    tails: Vec<Tail>,
}

/// The last, partial chunk of a chain.
#[derive(Debug, Default)]
struct Tail {
    /// Number of the chunk.
    index: u64,
    values: Vec<f64>,
    /// Whether the disk has less of it.
    is_ahead: bool,
}

impl Growing {
    /// An array of `kind` in `n_chains` chains with `width` values a draw.
    pub(super) fn new(
        folder: &Arc<Folder>,
        layout: Layout,
        kind: Kind,
        (n_chains, width): (usize, usize),
    ) -> Result<Self, RecordError> {
        Ok(Self {
            chunks: Chunks::new(folder, &layout)?,
            layout,
            kind,
            width,
            tails: (0..n_chains).map(|_| Tail::default()).collect(),
        })
    }

    /// The array's shape with `n_draws` draws.
    pub(super) fn shape(&self, n_draws: u64) -> Vec<u64> {
        let mut shape = self.layout.chunks.clone();
        shape[0] = self.tails.len() as u64;
        shape[1] = n_draws;
        shape
    }

    /// Appends one draw of `chain`, and writes its chunk where that is full.
    pub(super) fn push(&mut self, chain: usize, draw: &[f64]) -> Result<(), RecordError> {
        debug_assert_eq!(draw.len(), self.width);
        let tail = &mut self.tails[chain];
        tail.values.extend_from_slice(draw);
        tail.is_ahead = true;
        if tail.values.len() == self.chunk_len() {
            self.write_tail(chain)?;
            let tail = &mut self.tails[chain];
            tail.index += 1;
            tail.values.clear();
        }
        Ok(())
    }

    /// Writes what was drawn since the last time.
    pub(super) fn flush(&mut self) -> Result<(), RecordError> {
        (0..self.tails.len())
            .filter(|chain| self.tails[*chain].is_ahead)
            .collect::<Vec<_>>()
            .into_iter()
            .try_for_each(|chain| self.write_tail(chain))
    }

    /// Values of a chunk.
    fn chunk_len(&self) -> usize {
        // The length was a `usize` when the layout was made.
        self.layout.chunks[1] as usize * self.width
    }

    fn write_tail(&mut self, chain: usize) -> Result<(), RecordError> {
        let length = self.chunk_len();
        let tail = &mut self.tails[chain];
        let index = [chain as u64, tail.index, 0];
        let index = &index[..self.layout.dims.len()];
        let values = tail.values.iter().copied();
        match self.kind {
            Kind::Real => self.chunks.write(index, &padded(values, length, 0.0)),
            // The kinds were checked: nothing is cut off.
            Kind::Whole => {
                let whole = values.map(|value| value as i64);
                self.chunks.write(index, &padded(whole, length, 0))
            }
            Kind::Flag => {
                let flags = values.map(|value| value != 0.0);
                self.chunks.write(index, &padded(flags, length, false))
            }
        }?;
        tail.is_ahead = false;
        Ok(())
    }
}

/// `values`, and `filling` after them, `length` in all.
fn padded<T: Clone>(values: impl Iterator<Item = T>, length: usize, filling: T) -> Vec<T> {
    let mut chunk = Vec::with_capacity(length);
    chunk.extend(values);
    chunk.resize(length, filling);
    chunk
}
