//! Histograms of a sampler's draws over time: the draws of a window at a time, all chains together.

use switchback_core::{DrawRows, DrawSchema};

use crate::{EventFile, RecordError};

/// Windows of a run, about as many as TensorBoard keeps.
const N_WINDOWS: u64 = 50;
/// Bins of a histogram.
const N_BINS: usize = 30;

/// The draws of the window that is open, column by column.
#[derive(Debug)]
pub(super) struct Windows {
    tags: Vec<String>,
    columns: Vec<Vec<f64>>,
    /// Steps of a window.
    length: u64,
    /// Where the open one began.
    opened: u64,
}

impl Windows {
    /// No draws yet of the quantities of `schema`.
    pub(super) fn of(schema: &DrawSchema) -> Self {
        Self {
            tags: schema
                .quantities
                .iter()
                .map(|quantity| format!("draws/{}", quantity.name))
                .collect(),
            columns: vec![Vec::new(); schema.quantities.len()],
            length: 1,
            opened: 0,
        }
    }

    /// The method will draw `steps` times in each chain.
    pub(super) fn expect(&mut self, steps: u64) {
        self.length = steps.div_ceil(N_WINDOWS).max(1);
    }

    /// Takes rows of one chain; those of the warm-up are no draws.
    pub(super) fn take(&mut self, rows: &DrawRows<'_>) {
        if rows.is_warmup || self.columns.is_empty() {
            return;
        }
        for row in rows.values.chunks_exact(self.columns.len()) {
            for (column, value) in self.columns.iter_mut().zip(row) {
                column.push(*value);
            }
        }
    }

    /// Whether the window that is open is full at `step`.
    pub(super) fn is_full(&self, step: u64) -> bool {
        step.saturating_sub(self.opened) >= self.length
    }

    /// Writes the open window, which ends at `step`, and opens the next.
    pub(super) fn close(&mut self, file: &mut EventFile, step: i64) -> Result<(), RecordError> {
        self.opened = step as u64;
        for (tag, column) in self.tags.iter().zip(&mut self.columns) {
            column.retain(|value| value.is_finite());
            if let Some((low, bins)) = binned(column) {
                file.histogram(tag, step, low, &bins)?;
            }
            column.clear();
        }
        Ok(())
    }
}

/// The least of the `values`, then each bin's upper edge and count; `None` where there are none.
fn binned(values: &[f64]) -> Option<(f64, Vec<(f64, usize)>)> {
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    if low == high {
        // A bin without width is not drawn.
        let half = low.abs().max(1.0) * 1e-6;
        return Some((low - half, vec![(low + half, values.len())]));
    }
    // Halved first: the difference of two floats need not be one.
    let width = (high / N_BINS as f64) - (low / N_BINS as f64);
    let edge = |bin: usize| {
        let share = bin as f64 / N_BINS as f64;
        low * (1.0 - share) + high * share
    };
    let mut counts = [0; N_BINS];
    for value in values {
        let bin = ((value / width) - (low / width)) as usize;
        counts[bin.min(N_BINS - 1)] += 1;
    }
    let bins = counts.into_iter().enumerate();
    Some((low, bins.map(|(bin, n)| (edge(bin + 1), n)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_its_bin() {
        let values: Vec<f64> = (0..300).map(|i| f64::from(i) / 10.0).collect();
        let (low, bins) = binned(&values).expect("there are values");
        assert_eq!((low, bins.len()), (0.0, N_BINS));
        let mut below = low;
        for (edge, count) in bins {
            let expected = |value: &&f64| **value >= below && **value < edge;
            let last = usize::from((edge - 29.9).abs() < 1e-9);
            assert_eq!(
                count,
                values.iter().filter(expected).count() + last,
                "to {edge}"
            );
            below = edge;
        }
    }

    #[test]
    fn extremes_and_nothing_have_an_answer() {
        assert_eq!(binned(&[]), None);
        for values in [[-1e308, 1e308], [7.0, 7.0], [0.0, 5e-324], [1e300, 1.1e300]] {
            let (low, bins) = binned(&values).expect("there are values");
            assert!(low <= values[0]);
            assert_eq!(bins.iter().map(|(_, n)| n).sum::<usize>(), 2, "{values:?}");
            assert!(bins.iter().all(|(edge, _)| edge.is_finite()), "{values:?}");
        }
    }
}
