//! Curves over any two axes.

use crate::quantity::listed;
use crate::{Axis, Colour, Figure, Mark, Panel};

/// What [`lines`] shows.
#[derive(Debug, Clone, Default)]
pub struct Lines<'a> {
    /// What stands above.
    pub title: &'a str,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// One curve each.
    pub series: &'a [Series<'a>],
    /// A dashed line to compare slopes with.
    pub slope: Option<ExpectedSlope<'a>>,
}

/// Named points in order.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// For the legend.
    pub name: &'a str,
    /// `(x, y)` in data coordinates.
    pub points: &'a [(f64, f64)],
}

/// A line of a slope that theory expects: on two logarithmic axes `y = y0 (x / x0)^slope`.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedSlope<'a> {
    /// For the legend.
    pub name: &'a str,
    /// The point `(x0, y0)` that it goes through.
    pub through: (f64, f64),
    /// Its slope.
    pub slope: f64,
}

/// One line a series, each in its colour.
pub fn lines(lines: &Lines<'_>) -> Figure {
    let names = listed(lines.series.iter().map(|series| series.name));
    let slope = lines
        .slope
        .map_or(String::new(), |slope| format!(", beside {}", slope.name));
    let figure = Figure::new(
        lines.title,
        format!(
            "{} against {}: {names}{slope}.",
            lines.y.label, lines.x.label
        ),
    );
    let mut panel = Panel::new("", lines.x.clone(), lines.y.clone());
    if let Some(slope) = lines.slope {
        panel.marks.push(Mark::Slope {
            name: slope.name.to_owned(),
            colour: Colour::Ink,
            through: slope.through,
            slope: slope.slope,
        });
    }
    let series = lines.series.iter().enumerate();
    panel.marks.extend(series.map(|(index, series)| Mark::Line {
        name: series.name.to_owned(),
        colour: Colour::Series(index),
        points: series.points.to_vec(),
        dashed: false,
    }));
    figure.with(panel)
}
