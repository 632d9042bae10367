//! A series with what was fitted to it, and where it switched.

use crate::{Axis, Bar, Colour, Figure, Mark, Panel};

/// What [`fit`] shows: one entry a row of the series in every slice.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fit<'a> {
    /// What stands above.
    pub title: &'a str,
    /// Times of the observations, ascending.
    pub times: &'a [f64],
    /// What the axis calls these times, where they are no numbers; empty for none.
    pub labels: &'a [String],
    /// The observations; NaN where one is missing.
    pub values: &'a [f64],
    /// What the times are, with their unit.
    pub time_label: &'a str,
    /// What the values are, with their unit.
    pub value_label: &'a str,
    /// Fitted means, drawn as steps.
    pub steps: &'a [FittedSteps<'a>],
    /// Intervals of the mean at each time.
    pub bands: &'a [FittedBand<'a>],
    /// Times that are marked by vertical lines, by their names.
    pub switches: &'a [(&'a str, f64)],
    /// The probability that a new regime begins at each time; empty for no second panel.
    pub posterior: &'a [f64],
}

/// The mean that a method fitted to each observation.
#[derive(Debug, Clone, Copy)]
pub struct FittedSteps<'a> {
    /// Name of the method.
    pub name: &'a str,
    /// The mean at each time.
    pub means: &'a [f64],
}

/// An interval of the mean of each observation.
#[derive(Debug, Clone, Copy)]
pub struct FittedBand<'a> {
    /// What the interval is.
    pub name: &'a str,
    /// Its lower end at each time.
    pub lower: &'a [f64],
    /// Its upper end at each time.
    pub upper: &'a [f64],
}

/// The series with fitted means as steps, intervals of the mean as bands and, underneath on the same times, the
/// posterior of the switch.
pub fn fit(fit: &Fit<'_>) -> Figure {
    let mut figure = Figure::new(fit.title, described(fit));
    let range = time_range(fit.times);
    let mut x = Axis::new(fit.time_label);
    x.range = range;
    x.ticks = time_ticks(fit);
    let mut above = Panel::new("", x.clone(), Axis::new(fit.value_label));
    for (index, band) in fit.bands.iter().enumerate() {
        let [lower, upper] = [band.lower, band.upper].map(|edge| corners(fit.times, edge));
        above.marks.push(Mark::Band {
            name: band.name.to_owned(),
            colour: Colour::Series(index),
            lower,
            upper,
        });
    }
    above.marks.push(Mark::Points {
        name: "observations".to_owned(),
        colour: Colour::Quiet,
        points: fit
            .times
            .iter()
            .copied()
            .zip(fit.values.iter().copied())
            .collect(),
        radius: 3.5,
    });
    for (index, steps) in fit.steps.iter().enumerate() {
        above.marks.push(Mark::Line {
            name: steps.name.to_owned(),
            colour: Colour::Series(index),
            points: stepped(fit.times, steps.means),
            dashed: index > 0,
        });
    }
    above
        .marks
        .extend(fit.switches.iter().map(|&(name, at)| Mark::Rule {
            label: name.to_owned(),
            colour: Colour::Truth,
            at,
            vertical: true,
            dashed: true,
        }));
    above.height = 2.4;
    if fit.posterior.is_empty() {
        return figure.with(above);
    }
    above.x.label = String::new();
    figure.panels = vec![above, posterior(fit, x)];
    figure
}

fn posterior(fit: &Fit<'_>, x: Axis) -> Panel {
    let places = edges(fit.times)
        .into_iter()
        .zip(fit.times.iter().zip(fit.posterior));
    let bars = places.map(|((left, right), (time, height))| Bar {
        // As wide as the nearer of its neighbours allows, about the time itself.
        left: time - 0.84 * (time - left).min(right - time),
        right: time + 0.84 * (time - left).min(right - time),
        from: 0.0,
        to: *height,
    });
    let mark = Mark::Bars {
        name: String::new(),
        colour: Colour::Accent,
        bars: bars.collect(),
        horizontal: false,
    };
    Panel::new("Where a new regime begins", x, Axis::new("probability")).with(mark)
}

/// Where the span of each time begins and ends: half-way to its neighbours.
fn edges(times: &[f64]) -> Vec<(f64, f64)> {
    let half = |from: usize, to: usize| match (times.get(from), times.get(to)) {
        (Some(from), Some(to)) => Some((to - from) / 2.0),
        _ => None,
    };
    (0..times.len())
        .map(|index| {
            let before = index
                .checked_sub(1)
                .and_then(|previous| half(previous, index));
            let after = half(index, index + 1);
            let (left, right) = (
                before.or(after).unwrap_or(0.5),
                after.or(before).unwrap_or(0.5),
            );
            (times[index] - left, times[index] + right)
        })
        .collect()
}

/// A value a time as the two ends of its step, which holds over the span of its time.
fn corners(times: &[f64], values: &[f64]) -> Vec<(f64, f64)> {
    let spans = edges(times).into_iter().zip(values);
    spans
        .flat_map(|((left, right), &value)| [(left, value), (right, value)])
        .collect()
}

/// The same without the ends between equal steps.
fn stepped(times: &[f64], values: &[f64]) -> Vec<(f64, f64)> {
    let corners = corners(times, values);
    let inner = |index: usize| {
        let same = |other: usize| {
            corners
                .get(other)
                .is_some_and(|other| other.1 == corners[index].1)
        };
        index > 0 && same(index - 1) && same(index + 1)
    };
    let kept = (0..corners.len()).filter(|&index| !inner(index));
    kept.map(|index| corners[index]).collect()
}

fn time_range(times: &[f64]) -> Option<(f64, f64)> {
    let (low, high) = crate::density::extent(times.iter().copied())?;
    let (low, high) = crate::density::wider(low, high);
    let margin = 0.015 * (high - low);
    Some((low - margin, high + margin))
}

/// Up to seven of the labels, at even distances; none where they only repeat the times.
fn time_ticks(fit: &Fit<'_>) -> Option<Vec<(f64, String)>> {
    let n = fit.times.len().min(fit.labels.len());
    let mut pairs = fit.times.iter().zip(fit.labels);
    if pairs.all(|(time, label)| label.parse() == Ok(*time)) {
        return None;
    }
    let step = n.div_ceil(7).max(1);
    let ticks = fit.times.iter().copied().zip(fit.labels.iter().cloned());
    (n > 0).then(|| ticks.step_by(step).collect())
}

fn described(fit: &Fit<'_>) -> String {
    let observed = fit.values.iter().filter(|value| value.is_finite()).count();
    let missing = fit.times.len().saturating_sub(observed);
    let mut words = format!("{observed} observations of {}", fit.value_label);
    if missing > 0 {
        words += &format!(" ({missing} missing)");
    }
    if !fit.steps.is_empty() {
        let names = crate::quantity::listed(fit.steps.iter().map(|steps| steps.name));
        words += &format!(", with the means fitted by {names}");
    }
    let most = fit
        .posterior
        .iter()
        .zip(0..)
        .filter(|(probability, _)| probability.is_finite());
    if let Some((probability, row)) = most.max_by(|left, right| left.0.total_cmp(right.0)) {
        let row: usize = row;
        let time = match (fit.labels.get(row), fit.times.get(row)) {
            (Some(label), _) => label.clone(),
            (None, Some(time)) => crate::text::number(*time),
            (None, None) => return words + ".",
        };
        words += &format!(
            "; a new regime most probably begins at {time} (probability {})",
            crate::text::number(*probability)
        );
    }
    words + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_change_half_way_between_times() {
        let points = stepped(&[1.0, 2.0, 4.0], &[5.0, 5.0, 7.0]);
        assert_eq!(points, [(0.5, 5.0), (3.0, 5.0), (3.0, 7.0), (5.0, 7.0)]);
        assert_eq!(stepped(&[1.0], &[2.0]), [(0.5, 2.0), (1.5, 2.0)]);
        assert_eq!(stepped(&[], &[2.0]), []);
    }
}
