//! As much of a long series as a picture can show.

use std::collections::HashSet;

use super::canvas::Pixel;
use crate::text::signed;

/// The most dots of one mark.
const MOST_DOTS: usize = 6_000;

/// The most points of one path that goes to and fro.
const MOST_POINTS: usize = 20_000;

/// What was thinned in a figure.
#[derive(Debug, Default)]
pub(super) struct Thinned {
    /// The most values of a line of which a column of pixels shows the least and the greatest.
    values: usize,
    /// Of so many points of a path so many are drawn.
    path: Option<(usize, usize)>,
    /// Of so many dots so many are drawn.
    dots: Option<(usize, usize)>,
    /// The most bars of which a column of pixels shows the highest.
    bars: usize,
}

impl Thinned {
    /// What was left out, one sentence a kind.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        let count = |count: usize| signed(&count.to_string());
        if self.values > 0 {
            sentences.push(format!(
                "Every pixel column shows the least and the greatest of {} values.",
                count(self.values)
            ));
        }
        if let Some((all, kept)) = self.path {
            sentences.push(format!(
                "Of {} points of a path {} are joined.",
                count(all),
                count(kept)
            ));
        }
        if let Some((all, kept)) = self.dots {
            sentences.push(format!(
                "Of {} points {} are drawn, one where several would lie on each other.",
                count(all),
                count(kept)
            ));
        }
        if self.bars > 0 {
            sentences.push(format!(
                "Every pixel column shows the highest of {} bars.",
                count(self.bars)
            ));
        }
        sentences
    }

    /// A line in pixels, thinned where it has more than two points a pixel column: of those in one column the least, the
    /// greatest and the ends of the line, in their order.
    pub(super) fn line(&mut self, points: &[Pixel], columns: f64) -> Vec<Pixel> {
        if (points.len() as f64) < 3.0 * columns.max(1.0) {
            return points.to_vec();
        }
        let mut kept = Vec::new();
        for column in points.chunk_by(|left, right| left.0.floor() == right.0.floor()) {
            let order =
                |left: &(usize, &Pixel), right: &(usize, &Pixel)| left.1.1.total_cmp(&right.1.1);
            let least = column.iter().enumerate().min_by(order).map(|least| least.0);
            let greatest = column
                .iter()
                .enumerate()
                .max_by(order)
                .map(|greatest| greatest.0);
            let (Some(least), Some(greatest)) = (least, greatest) else {
                continue;
            };
            kept.push(column[least.min(greatest)]);
            if least != greatest {
                kept.push(column[least.max(greatest)]);
            }
        }
        if kept.len() > MOST_POINTS {
            let every = points.len().div_ceil(MOST_POINTS);
            kept = points.iter().copied().step_by(every).collect();
            self.path = self.path.max(Some((points.len(), kept.len())));
        } else {
            self.values = self.values.max(points.len());
        }
        kept.extend(points.last().filter(|last| kept.last() != Some(last)));
        kept
    }

    /// Dots in pixels: one a cell of a grid that is as fine as their greatest number allows.
    pub(super) fn dots(&mut self, points: Vec<Pixel>) -> Vec<Pixel> {
        if points.len() <= MOST_DOTS {
            return points;
        }
        let mut cell = 1.0;
        loop {
            let mut taken: HashSet<(i64, i64)> = HashSet::new();
            let place = |point: &Pixel| {
                (
                    (point.0 / cell).floor() as i64,
                    (point.1 / cell).floor() as i64,
                )
            };
            let mut kept: Vec<Pixel> = Vec::new();
            for point in &points {
                if taken.insert(place(point)) {
                    kept.push(*point);
                }
                if kept.len() > MOST_DOTS {
                    break;
                }
            }
            // In the coarsest grid a picture of the greatest size is a single cell.
            if kept.len() <= MOST_DOTS {
                self.dots = self.dots.max(Some((points.len(), kept.len())));
                return kept;
            }
            cell *= 1.25;
        }
    }

    pub(super) fn bars(&mut self, count: usize) {
        self.bars = self.bars.max(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_survives_and_little_else_is_kept() {
        let mut points: Vec<Pixel> = (0..1_000_000)
            .map(|index| (f64::from(index) / 1_000.0, f64::from(index % 2)))
            .collect();
        points[123_456].1 = -50.0;
        let mut thinned = Thinned::default();
        let kept = thinned.line(&points, 1_000.0);
        assert!(kept.contains(&points[123_456]));
        assert!(kept.len() <= 2_001, "{}", kept.len());
        assert_eq!(kept.last(), points.last());
        assert!(kept.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        assert_eq!(
            thinned.sentences(),
            [
                "Every pixel column shows the least and the greatest of 1\u{2009}000\u{2009}000 values."
            ]
        );
    }

    #[test]
    fn short_lines_are_kept_as_they_are() {
        let points: Vec<Pixel> = (0..100).map(|index| (f64::from(index), 1.0)).collect();
        let mut thinned = Thinned::default();
        assert_eq!(thinned.line(&points, 100.0), points);
        assert_eq!(thinned.dots(points.clone()), points);
        assert!(thinned.sentences().is_empty());
    }

    #[test]
    fn dots_are_thinned_evenly() {
        let side = 400;
        let points =
            (0..side * side).map(|index| (f64::from(index % side), f64::from(index / side)));
        let mut thinned = Thinned::default();
        let kept = thinned.dots(points.collect());
        assert!((2_000..=MOST_DOTS).contains(&kept.len()), "{}", kept.len());
        let right = kept
            .iter()
            .filter(|point| point.0 >= f64::from(side / 2))
            .count();
        assert!(
            right.abs_diff(kept.len() / 2) < kept.len() / 20,
            "{right} of {}",
            kept.len()
        );
        assert_eq!(thinned.sentences().len(), 1);
    }
}
