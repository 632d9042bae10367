//! A group of draws: arrays of several quantities that grow together.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::chunks::Chunks;
use super::coordinate::Coordinate;
use super::growing::Growing;
use super::hierarchy::{Hierarchy, Layout};
use crate::RecordError;
use crate::draws::column::Kind;
use crate::draws::folder::Folder;

/// Numbers of draws that one chunk of the coordinate `draw` holds.
const DRAW_CHUNK: u64 = 16_384;

/// Values that the partial chunks of a group hold at most, as long as a chunk is of more than one draw: 32 MiB.
const MOST_HELD: usize = 4 << 20;

/// Draws of a chunk, where the values are few enough.
const MOST_DRAWS: usize = 4096;

/// What makes a group.
pub(super) struct GroupPlan<'a> {
    pub(super) name: &'a str,
    pub(super) n_chains: usize,
    /// Name and kind of each array.
    pub(super) columns: &'a [(String, Kind)],
    /// What each draw lies along further, where it has several values.
    pub(super) along: Option<&'a Coordinate>,
    /// Draws that a chain is to have.
    pub(super) n_draws: u64,
}

/// Arrays along `chain` and `draw`, with these coordinates.
#[derive(Debug)]
pub(super) struct Group {
    columns: Vec<Growing>,
    /// Values of a draw in one column.
    width: usize,
    draw: Layout,
    draw_chunks: Chunks,
    /// Chunks of `draw` that are written.
    n_draw_chunks: u64,
    /// Draws of each chain.
    n_drawn: Vec<u64>,
    /// Draws that the metadata tell of.
    n_shown: u64,
}

impl Group {
    /// A new group without draws.
    pub(super) fn create(
        folder: &Arc<Folder>,
        hierarchy: &mut Hierarchy,
        plan: &GroupPlan<'_>,
        attributes: &Map<String, Value>,
    ) -> Result<Self, RecordError> {
        let name = plan.name;
        hierarchy.add_group(name, attributes)?;
        let chain = Coordinate::chains(plan.n_chains);
        chain.write(folder, hierarchy, name)?;
        if let Some(along) = plan.along {
            along.write(folder, hierarchy, name)?;
        }
        let draw = Layout {
            path: format!("{name}/draw"),
            dims: vec!["draw".into()],
            chunks: vec![DRAW_CHUNK],
            dtype: "<i8".into(),
        };
        hierarchy.add_array(&draw, &[0])?;
        let mut columns = Vec::with_capacity(plan.columns.len());
        for (column, kind) in plan.columns {
            let layout = plan.layout(column, *kind);
            let column = Growing::new(folder, layout, *kind, (plan.n_chains, plan.width()))?;
            hierarchy.add_array(&column.layout, &column.shape(0))?;
            columns.push(column);
        }
        Ok(Self {
            columns,
            width: plan.width(),
            draw_chunks: Chunks::new(folder, &draw)?,
            draw,
            n_draw_chunks: 0,
            n_drawn: vec![0; plan.n_chains],
            n_shown: 0,
        })
    }

    /// Appends draws of `chain`: row-major, each the values of every column.
    pub(super) fn append(&mut self, chain: usize, rows: &[f64]) -> Result<(), RecordError> {
        // Not 0 where there are columns: a draw of no values has no rows either.
        for row in rows.chunks_exact((self.columns.len() * self.width).max(1)) {
            for (column, draw) in self.columns.iter_mut().zip(row.chunks_exact(self.width)) {
                column.push(chain, draw)?;
            }
            self.n_drawn[chain] += 1;
        }
        Ok(())
    }

    /// Writes what was drawn since the last time, and tells the hierarchy of the draws that every chain has.
    pub(super) fn flush(&mut self, hierarchy: &mut Hierarchy) -> Result<(), RecordError> {
        self.columns.iter_mut().try_for_each(Growing::flush)?;
        let n_draws = self.n_drawn.iter().copied().min().unwrap_or(0);
        if n_draws == self.n_shown {
            return Ok(());
        }
        while self.n_draw_chunks * DRAW_CHUNK < n_draws {
            // Whole chunks: what lies beyond the array's end is not seen.
            let first = (self.n_draw_chunks * DRAW_CHUNK) as i64;
            let numbers: Vec<i64> = (first..).take(DRAW_CHUNK as usize).collect();
            self.draw_chunks.write(&[self.n_draw_chunks], &numbers)?;
            self.n_draw_chunks += 1;
        }
        hierarchy.set_shape(&self.draw, &[n_draws]);
        for column in &self.columns {
            hierarchy.set_shape(&column.layout, &column.shape(n_draws));
        }
        self.n_shown = n_draws;
        Ok(())
    }
}

impl GroupPlan<'_> {
    /// Values of a draw in one column.
    fn width(&self) -> usize {
        self.along.map_or(1, |along| along.values.len())
    }

    fn layout(&self, column: &str, kind: Kind) -> Layout {
        let held = self.columns.len() * self.width() * self.n_chains;
        let wanted = usize::try_from(self.n_draws).unwrap_or(usize::MAX);
        let most = (MOST_HELD / held.max(1)).clamp(1, MOST_DRAWS);
        let mut dims = vec!["chain".to_owned(), "draw".to_owned()];
        let mut chunks = vec![1, wanted.clamp(1, most) as u64];
        if let Some(along) = self.along {
            dims.push(along.name.clone());
            chunks.push(along.values.len() as u64);
        }
        let dtype = match kind {
            Kind::Real => "<f8",
            Kind::Whole => "<i8",
            Kind::Flag => "|b1",
        };
        Layout {
            path: format!("{}/{column}", self.name),
            dims,
            chunks,
            dtype: dtype.into(),
        }
    }
}
