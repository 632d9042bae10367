//! The shape of draws: binned counts, smoothed densities, and the contours of two quantities.

use std::collections::HashMap;

/// Least and greatest of finite values; `None` without any.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// The quantile at `probability` of ascending finite values, between the two nearest; NaN without values.
pub(crate) fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = probability.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    // Differences may overflow, weighted means may not.
    let share = place - below as f64;
    (1.0 - share) * sorted[below] + share * sorted[above]
}

/// The finite ones of `values` in ascending order.
pub(crate) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values
        .into_iter()
        .filter(|value| value.is_finite())
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Equal bins from the least to the greatest of ascending values.
pub(crate) struct Bins {
    pub(crate) low: f64,
    pub(crate) width: f64,
    /// How much of the probability lies in each bin, a unit of the quantity.
    pub(crate) heights: Vec<f64>,
}

impl Bins {
    /// `None` without values. `count` bins, or as many as the rule of Freedman and Diaconis (1981) asks for, from 8
    /// to 80.
    pub(crate) fn new(sorted: &[f64], count: Option<usize>) -> Option<Self> {
        let (&low, &high) = (sorted.first()?, sorted.last()?);
        let (low, high) = wider(low, high);
        let count = count.unwrap_or_else(|| {
            let spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
            let width = 2.0 * spread / (sorted.len() as f64).cbrt();
            // A cast saturates: no spread asks for the most bins there are.
            (((high - low) / width).ceil() as usize).clamp(8, 80)
        });
        let count = count.clamp(1, 1000);
        let width = (high - low) / count as f64;
        let mut heights = vec![0.0; count];
        for value in sorted {
            let bin = ((value - low) / width) as usize;
            heights[bin.min(count - 1)] += 1.0 / (sorted.len() as f64 * width);
        }
        Some(Self {
            low,
            width,
            heights,
        })
    }
}

/// The range itself, or one about its only value.
pub(crate) fn wider(low: f64, high: f64) -> (f64, f64) {
    if high > low && (high - low).is_finite() {
        (low, high)
    } else if high > low {
        (low / 4.0, high / 4.0)
    } else {
        let half = if low == 0.0 { 0.5 } else { 0.05 * low.abs() };
        (low - half, high + half)
    }
}

/// Number of places at which a smoothed density is told.
const GRID: usize = 256;

/// The density of ascending values, smoothed by a Gaussian whose width is Silverman's (1986, equation 3.31), as points
/// from the least to the greatest value. What would leak beyond these two is folded back, as ArviZ does, so that a
/// scale's density does not reach below 0. Nothing where the values are all equal.
pub(crate) fn smoothed(sorted: &[f64]) -> Vec<(f64, f64)> {
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
        return Vec::new();
    };
    let step = (high - low) / (GRID - 1) as f64;
    if !(step.is_normal() && step > 0.0) {
        return Vec::new();
    }
    let mut counts = vec![0.0; GRID];
    for value in sorted {
        let place = (value - low) / step;
        let below = (place as usize).min(GRID - 2);
        let share = (place - below as f64).clamp(0.0, 1.0);
        counts[below] += 1.0 - share;
        counts[below + 1] += share;
    }
    let width = bandwidth(sorted) / step;
    let density = smooth(&counts, width, true);
    let total: f64 = density.iter().sum::<f64>() * step;
    let points = density.into_iter().enumerate();
    points
        .map(|(index, height)| (low + step * index as f64, height / total))
        .collect()
}

/// Silverman's width: `0.9 min(sd, IQR / 1.34) n^(-1/5)`.
fn bandwidth(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    let mean = sorted.iter().map(|value| value / n).sum::<f64>();
    let variance = sorted
        .iter()
        .map(|value| (value - mean).powi(2) / n)
        .sum::<f64>();
    let spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.34;
    let sd = variance.sqrt();
    let narrow = if spread > 0.0 { sd.min(spread) } else { sd };
    0.9 * narrow * n.powf(-0.2)
}

/// `counts` under a Gaussian of `width` cells; beyond the ends they are mirrored, or nothing.
fn smooth(counts: &[f64], width: f64, mirrored: bool) -> Vec<f64> {
    let width = width.clamp(0.5, counts.len() as f64 / 4.0);
    let reach = (4.0 * width).ceil() as isize;
    let weights: Vec<f64> = (-reach..=reach)
        .map(|offset| (-0.5 * (offset as f64 / width).powi(2)).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let last = counts.len() as isize - 1;
    let at = |index: isize| {
        let index = match index {
            index if index < 0 && mirrored => -index - 1,
            index if index > last && mirrored => 2 * last + 1 - index,
            index => index,
        };
        let cell = usize::try_from(index)
            .ok()
            .and_then(|index| counts.get(index));
        cell.copied().unwrap_or(0.0)
    };
    (0..=last)
        .map(|index| {
            let near = (-reach..=reach).zip(&weights);
            near.map(|(offset, weight)| weight * at(index + offset))
                .sum::<f64>()
                / total
        })
        .collect()
}

/// Number of cells along each side of the plane in which contours are found.
const SIDE: usize = 64;

/// The smallest regions of a plane that hold given shares of the points.
pub(crate) struct Plane {
    low: (f64, f64),
    step: (f64, f64),
    /// Smoothed counts, `SIDE` a row from below.
    density: Vec<f64>,
}

impl Plane {
    /// `None` where the points do not spread in both directions. `points` are finite.
    pub(crate) fn new(points: &[(f64, f64)]) -> Option<Self> {
        let x = sorted(points.iter().map(|point| point.0));
        let y = sorted(points.iter().map(|point| point.1));
        let ((low_x, step_x), width_x) = (side(&x)?, bandwidth(&x));
        let ((low_y, step_y), width_y) = (side(&y)?, bandwidth(&y));
        let mut counts = vec![0.0; SIDE * SIDE];
        for point in points {
            let column = (((point.0 - low_x) / step_x) as usize).min(SIDE - 1);
            let row = (((point.1 - low_y) / step_y) as usize).min(SIDE - 1);
            counts[row * SIDE + column] += 1.0;
        }
        let rows = counts.chunks_exact(SIDE);
        let across: Vec<f64> = rows
            .flat_map(|row| smooth(row, width_x / step_x, false))
            .collect();
        let mut density = vec![0.0; SIDE * SIDE];
        for column in 0..SIDE {
            let cells: Vec<f64> = across.iter().skip(column).step_by(SIDE).copied().collect();
            for (row, height) in smooth(&cells, width_y / step_y, false)
                .into_iter()
                .enumerate()
            {
                density[row * SIDE + column] = height;
            }
        }
        Some(Self {
            low: (low_x + step_x / 2.0, low_y + step_y / 2.0),
            step: (step_x, step_y),
            density,
        })
    }

    /// The border of the smallest region that holds `share` of the points: closed lines (open where they leave the
    /// plane), with a point that is not finite after each.
    pub(crate) fn contour(&self, share: f64) -> Vec<(f64, f64)> {
        let mut heights = self.density.clone();
        heights.sort_unstable_by(|left, right| right.total_cmp(left));
        let total: f64 = heights.iter().sum();
        let mut held = 0.0;
        let level = heights.into_iter().find(|height| {
            held += height;
            held >= share * total
        });
        let Some(level) = level else {
            return Vec::new();
        };
        let cells = (0..SIDE - 1).flat_map(|row| (0..SIDE - 1).map(move |column| (row, column)));
        let pieces: Vec<[usize; 2]> = cells
            .flat_map(|(row, column)| self.crossed(row, column, level))
            .collect();
        let mut border = Vec::new();
        for line in joined(&pieces) {
            border.extend(line.into_iter().map(|edge| self.crossing(edge, level)));
            border.push((f64::NAN, f64::NAN));
        }
        border
    }

    /// Marching squares in one cell: the edges of the grid at which `level` is crossed, two and two. An edge that goes
    /// right from a place of the grid has twice its index, one that goes up one more.
    fn crossed(&self, row: usize, column: usize, level: f64) -> Vec<[usize; 2]> {
        let place = row * SIDE + column;
        let inside = |place: usize| self.density[place] >= level;
        let sides = [
            (place, place + 1, 2 * place),
            (place + 1, place + 1 + SIDE, 2 * (place + 1) + 1),
            (place + SIDE, place + SIDE + 1, 2 * (place + SIDE)),
            (place, place + SIDE, 2 * place + 1),
        ];
        let crossed = sides
            .into_iter()
            .filter(|(from, to, _)| inside(*from) != inside(*to));
        let edges: Vec<usize> = crossed.map(|(_, _, edge)| edge).collect();
        edges
            .chunks_exact(2)
            .map(|pair| [pair[0], pair[1]])
            .collect()
    }

    /// Where `level` is crossed on an edge of the grid.
    fn crossing(&self, edge: usize, level: f64) -> (f64, f64) {
        let (from, upwards) = (edge / 2, edge % 2 == 1);
        let to = if upwards { from + SIDE } else { from + 1 };
        let (low, high) = (self.density[from], self.density[to]);
        let share = (level - low) / (high - low);
        let (right, up) = if upwards { (0.0, share) } else { (share, 0.0) };
        let x = self.low.0 + self.step.0 * ((from % SIDE) as f64 + right);
        (x, self.low.1 + self.step.1 * ((from / SIDE) as f64 + up))
    }
}

/// Pieces of two edges as lines of many: no edge has more than two pieces.
fn joined(pieces: &[[usize; 2]]) -> Vec<Vec<usize>> {
    let mut at: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, piece) in pieces.iter().enumerate() {
        for edge in piece {
            at.entry(*edge).or_default().push(index);
        }
    }
    let mut used = vec![false; pieces.len()];
    // Open lines first, from one of their ends.
    let ends =
        (0..pieces.len()).filter(|&index| pieces[index].iter().any(|edge| at[edge].len() == 1));
    let mut lines = Vec::new();
    for start in ends.chain(0..pieces.len()) {
        if used[start] {
            continue;
        }
        let [one, other] = pieces[start];
        let mut line = if at[&other].len() == 1 {
            vec![other]
        } else {
            vec![one]
        };
        let mut next = Some(start);
        while let Some(piece) = next {
            used[piece] = true;
            let last = line.last().copied();
            let end = pieces[piece].into_iter().find(|edge| Some(*edge) != last);
            line.extend(end);
            let onward = end.into_iter().flat_map(|end| &at[&end]);
            next = onward.copied().find(|&piece| !used[piece]);
        }
        lines.push(line);
    }
    lines
}

/// Where the cells along one side begin and how wide they are: the values' range and a tenth to either side.
fn side(sorted: &[f64]) -> Option<(f64, f64)> {
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    let step = 1.2 * (high - low) / SIDE as f64;
    (step.is_normal() && step > 0.0).then_some((low - 0.1 * (high - low), step))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Points of a standard normal distribution, one in each of so many slices of equal probability.
    fn normal(n: usize) -> Vec<f64> {
        let probability = |index: usize| (index as f64 + 0.5) / n as f64;
        let quantile = |p: f64| {
            // Bisection of the distribution function, itself summed by Simpson's rule.
            let (mut low, mut high) = (-6.0_f64, 6.0_f64);
            for _ in 0..50 {
                let middle = 0.5 * (low + high);
                if cumulative(middle) < p {
                    low = middle
                } else {
                    high = middle
                }
            }
            low
        };
        (0..n).map(|index| quantile(probability(index))).collect()
    }

    fn gauss(x: f64) -> f64 {
        (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
    }

    fn cumulative(x: f64) -> f64 {
        let step = x / 200.0;
        let sum: f64 = (0..100)
            .map(|pair| {
                let from = 2.0 * f64::from(pair) * step;
                gauss(from) + 4.0 * gauss(from + step) + gauss(from + 2.0 * step)
            })
            .sum();
        0.5 + sum * step / 3.0
    }

    #[test]
    fn the_smoothed_density_of_a_gaussian_is_near_it_and_has_mass_one() {
        let density = smoothed(&normal(2_000));
        let step = density[1].0 - density[0].0;
        let mass: f64 = density.iter().map(|point| point.1 * step).sum();
        assert!((mass - 1.0).abs() < 1e-12, "{mass}");
        // Silverman's width is 0.197 here, so the top is that of a normal of sd sqrt(1 + 0.197^2), 1.9 % lower.
        let worst = density.iter().map(|&(x, height)| (height - gauss(x)).abs());
        let worst = worst.fold(0.0, f64::max);
        assert!(worst < 0.009, "{worst}");
    }

    #[test]
    fn the_density_of_a_scale_is_not_thinner_at_its_border() {
        // Evenly spread on [0, 1]: without folding back the ends would be half as high as the middle.
        let even: Vec<f64> = (0..1_000).map(|index| f64::from(index) / 999.0).collect();
        let density = smoothed(&even);
        assert!((density[0].1 - 1.0).abs() < 0.02, "{}", density[0].1);
        assert!((density[GRID / 2].1 - 1.0).abs() < 0.02);
        let bare = smooth(&[1.0; GRID], 10.0, false);
        assert!((bare[0] - 0.5).abs() < 0.05, "the control: {}", bare[0]);
    }

    #[test]
    fn bins_hold_everything_and_bear_all_equal_values() {
        let bins = Bins::new(&[0.0, 0.0, 0.5, 2.0], Some(2)).unwrap();
        assert_eq!(bins.heights, [0.75, 0.25]);
        let same = Bins::new(&[3.0; 7], None).unwrap();
        let mass: f64 = same.heights.iter().map(|height| height * same.width).sum();
        assert!((mass - 1.0).abs() < 1e-12);
        assert!(Bins::new(&[], None).is_none());
        assert!(Bins::new(&[-f64::MAX, f64::MAX], None).is_some());
    }

    #[test]
    fn quantiles_lie_between_the_nearest_two() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[-f64::MAX, f64::MAX], 0.5), 0.0);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn half_of_a_round_gaussian_lies_within_its_median_distance() {
        // Independent normal coordinates: half the mass lies within sqrt(2 ln 2) = 1.177, 94 % within 2.372.
        let one = normal(300);
        let pairs = one.iter().flat_map(|&x| one.iter().map(move |&y| (x, y)));
        let plane = Plane::new(&pairs.collect::<Vec<_>>()).unwrap();
        for (share, radius) in [(0.5, 1.177), (0.94, 2.372)] {
            let border = plane.contour(share);
            assert!(border.len() > 40);
            for (x, y) in border.into_iter().filter(|point| point.0.is_finite()) {
                // A cell is 0.11 wide, the smoothing 0.09.
                assert!(
                    (x.hypot(y) - radius).abs() < 0.15,
                    "{share}: {}",
                    x.hypot(y)
                );
            }
        }
        assert!(Plane::new(&[(1.0, 2.0), (1.0, 3.0)]).is_none());
    }

    #[test]
    fn contours_are_closed_lines() {
        let two = [0.0, 10.0].map(|centre| normal(60).into_iter().map(move |z| z + centre));
        let one: Vec<f64> = normal(60);
        let points: Vec<(f64, f64)> = two
            .into_iter()
            .flatten()
            .flat_map(|x| one.iter().map(move |&y| (x, y)))
            .collect();
        let border = Plane::new(&points).unwrap().contour(0.5);
        let lines: Vec<_> = border
            .split(|point| point.0.is_nan())
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(lines.len(), 2);
        for line in lines {
            assert!(line.len() > 10);
            assert_eq!(line.first(), line.last());
        }
    }
}
