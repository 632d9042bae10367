//! The distribution of one quantity, beside a curve and values that it should agree with.

use crate::density::{Bins, sorted};
use crate::{Axis, Bar, Colour, Figure, Mark, Panel};

/// What [`histogram`] shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Histogram<'a> {
    /// What stands above.
    pub title: &'a str,
    /// What was measured, with its unit.
    pub label: &'a str,
    /// The values, in any order; what is not finite is left out.
    pub values: &'a [f64],
    /// Number of bins; by the rule of Freedman and Diaconis (1981) where there is none.
    pub bins: Option<usize>,
    /// A density to compare with, by its name.
    pub curve: Option<(&'a str, &'a [(f64, f64)])>,
    /// Values to mark by vertical lines, by their names.
    pub rules: &'a [(&'a str, f64)],
}

/// A histogram whose bars have area one.
pub fn histogram(histogram: &Histogram<'_>) -> Figure {
    let label = histogram.label;
    let values = sorted(histogram.values.iter().copied());
    let figure = Figure::new(
        histogram.title,
        format!(
            "Histogram of {} values of {label}{}.",
            values.len(),
            compared(histogram)
        ),
    );
    let mut panel = Panel::new("", Axis::new(label), Axis::new("density"));
    if let Some(bins) = Bins::new(&values, histogram.bins) {
        let bars = bins.heights.iter().enumerate();
        panel.marks.push(Mark::Bars {
            name: if histogram.curve.is_some() {
                "values".to_owned()
            } else {
                String::new()
            },
            colour: Colour::Series(0),
            bars: bars
                .map(|(bin, &height)| {
                    Bar::about(
                        bins.low + (bin as f64 + 0.5) * bins.width,
                        bins.width,
                        height,
                    )
                })
                .collect(),
            horizontal: false,
        });
    }
    if let Some((name, points)) = histogram.curve {
        panel.marks.push(Mark::Line {
            name: name.to_owned(),
            colour: Colour::Truth,
            points: points.to_vec(),
            dashed: false,
        });
    }
    // Not the colour of the bars, nor that of the truth.
    let colours = [
        Colour::Ink,
        Colour::Warning,
        Colour::Series(3),
        Colour::Series(4),
    ];
    for (&(name, at), colour) in histogram.rules.iter().zip(colours.into_iter().cycle()) {
        panel.marks.push(Mark::Rule {
            label: name.to_owned(),
            colour,
            at,
            vertical: true,
            dashed: true,
        });
    }
    figure.with(panel)
}

fn compared(histogram: &Histogram<'_>) -> String {
    let curve = histogram.curve.map(|curve| curve.0);
    let names: Vec<&str> = curve
        .into_iter()
        .chain(histogram.rules.iter().map(|rule| rule.0))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" with {}", crate::quantity::listed(names))
    }
}
