//! From row to row of a series, what the switches are up to.

use std::ops::Range;

use super::LANES;

/// Rows at which the same switches are under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Segment {
    /// The rows: whole blocks, if the end of the series counts as one.
    pub rows: Range<usize>,
    /// The switches that have begun before the end of them and not ended before their start. Where there is none, the
    /// rows belong to the stretch `switches.start`; else to the stretches from there to `switches.end`.
    pub switches: Range<usize>,
}

/// The segments of a series, from its first row to its last.
///
/// A switch is under way at the times within `half_width` of its `tau`; `taus` are in order, so that the switches under way
/// are always consecutive ones. Switches closer than `near` to one another begin and end together: a stretch as short as that
/// weighs little everywhere, and what one of them alone would leave of it at an edge might be more.
#[derive(Debug, Clone)]
pub(in super::super) struct Sweep<'a> {
    taus: &'a [f64],
    half_width: f64,
    near: f64,
    n: usize,
    row: usize,
    under_way: Range<usize>,
    next_start: usize,
    next_end: usize,
}

impl<'a> Sweep<'a> {
    /// Over the `n` rows of a series.
    pub fn new(taus: &'a [f64], half_width: f64, near: f64, n: usize) -> Self {
        let mut sweep = Self {
            taus,
            half_width,
            near,
            n,
            row: 0,
            under_way: 0..0,
            next_start: 0,
            next_end: 0,
        };
        sweep.next_start = sweep.start(0);
        sweep.next_end = sweep.end(0);
        sweep
    }

    /// The first row of the block in which switch `k` begins; the end of the series where there is no such switch.
    fn start(&self, mut k: usize) -> usize {
        while k > 0 && self.are_near(k - 1) {
            k -= 1;
        }
        let tau = self.taus.get(k);
        tau.map_or(self.n, |tau| begin(*tau, self.half_width, self.n))
    }

    /// The row after the block in which switch `k` ends.
    fn end(&self, mut k: usize) -> usize {
        while self.are_near(k) {
            k += 1;
        }
        let tau = self.taus.get(k);
        tau.map_or(self.n, |tau| end(*tau, self.half_width, self.n))
    }

    /// Whether the switch after switch `k` is as good as at the same place.
    fn are_near(&self, k: usize) -> bool {
        let next = self.taus.get(k + 1);
        next.is_some_and(|next| next - self.taus[k] < self.near)
    }
}

/// The rows of the blocks in which a switch is under way, of a series of `n` rows.
#[inline(always)]
pub(in super::super) fn window(tau: f64, half_width: f64, n: usize) -> Range<usize> {
    begin(tau, half_width, n)..end(tau, half_width, n)
}

#[inline(always)]
fn begin(tau: f64, half_width: f64, n: usize) -> usize {
    // Casts cut fractions off and saturate, so that a tau far outside begins and ends at the end that it lies beyond. Row
    // `i` has time `i + 1`: it begins at the last time not after the border.
    let time = (tau - half_width) as usize;
    (time.saturating_sub(1) / LANES * LANES).min(n)
}

#[inline(always)]
fn end(tau: f64, half_width: f64, n: usize) -> usize {
    let time = (tau + half_width) as usize;
    time.min(n).next_multiple_of(LANES).min(n)
}

impl Iterator for Sweep<'_> {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        if self.row >= self.n {
            return None;
        }
        while self.next_start <= self.row && self.under_way.end < self.taus.len() {
            self.under_way.end += 1;
            self.next_start = self.start(self.under_way.end);
        }
        while self.next_end <= self.row && !self.under_way.is_empty() {
            self.under_way.start += 1;
            self.next_end = self.end(self.under_way.start);
        }
        let end = if self.under_way.is_empty() {
            self.next_start
        } else {
            self.next_start.min(self.next_end)
        };
        let rows = self.row..end.min(self.n);
        self.row = rows.end;
        Some(Segment {
            rows,
            switches: self.under_way.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(taus: &[f64], half_width: f64, n: usize) -> Vec<(Range<usize>, Range<usize>)> {
        Sweep::new(taus, half_width, 0.0, n)
            .map(|segment| (segment.rows, segment.switches))
            .collect()
    }

    #[test]
    fn windows_part_stretches_and_overlap_where_switches_are_near() {
        assert_eq!(
            segments(&[50.0], 5.0, 100),
            [(0..40, 0..0), (40..56, 0..1), (56..100, 1..1)]
        );
        assert_eq!(
            segments(&[50.0, 58.0], 5.0, 100),
            [
                (0..40, 0..0),
                (40..48, 0..1),
                (48..56, 0..2),
                (56..64, 1..2),
                (64..100, 2..2)
            ]
        );
        let same = segments(&[50.0, 50.0, 50.0], 5.0, 100);
        assert_eq!(same, [(0..40, 0..0), (40..56, 0..3), (56..100, 3..3)]);
        assert_eq!(segments(&[1.0], 900.0, 10), [(0..10, 0..1)]);
    }

    #[test]
    fn switches_that_are_near_begin_and_end_together() {
        // The first one's window ends on the border between two blocks, the other's behind it.
        let taus = [34.9, 35.1];
        let of = |near| Sweep::new(&taus, 6.0, near, 80).map(|segment| segment.switches);
        assert_eq!(of(0.0).collect::<Vec<_>>(), [0..0, 0..2, 1..2, 2..2]);
        assert_eq!(of(1.0).collect::<Vec<_>>(), [0..0, 0..2, 2..2]);
        let ends: Vec<_> = Sweep::new(&taus, 6.0, 1.0, 80)
            .map(|segment| segment.rows.end)
            .collect();
        assert_eq!(ends, [24, 48, 80]);
    }

    #[test]
    fn switches_outside_leave_their_stretches_to_one_side() {
        assert_eq!(segments(&[-90.0, 950.0], 5.0, 100), [(0..100, 1..1)]);
        let ends = [f64::NEG_INFINITY, -1e300, 1e300, f64::INFINITY];
        assert_eq!(segments(&ends, 5.0, 100), [(0..100, 2..2)]);
        assert_eq!(segments(&[115.0], 5.0, 100), [(0..100, 0..0)]);
        assert_eq!(
            segments(&[105.0], 5.0, 100),
            [(0..96, 0..0), (96..100, 0..1)]
        );
        assert_eq!(segments(&[-5.0], 5.0, 100), [(0..100, 1..1)]);
    }

    #[test]
    fn every_time_within_a_window_has_its_switch_and_every_row_its_segment() {
        for n in [2, 7, 8, 90, 101] {
            for half_width in [0.01, 0.5, 3.0, 11.2, 70.0] {
                let taus = [0.3, 6.0, 6.2, 39.9, 77.0];
                let mut row = 0;
                for Segment { rows, switches } in Sweep::new(&taus, half_width, 0.5, n) {
                    assert_eq!(rows.start, row, "no gap and nothing twice");
                    assert!(rows.start % LANES == 0 && rows.end > rows.start);
                    for time in rows.clone().map(|row| (row + 1) as f64) {
                        for (k, tau) in taus.iter().enumerate() {
                            if (time - tau).abs() <= half_width {
                                assert!(switches.contains(&k), "{time} {tau}");
                            } else if !switches.contains(&k) {
                                assert_eq!(k < switches.start, *tau < time, "{time} {tau}");
                            }
                        }
                    }
                    row = rows.end;
                }
                assert_eq!(row, n);
            }
        }
    }
}
