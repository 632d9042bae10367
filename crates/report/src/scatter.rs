//! Groups of dots over any two axes.

use crate::quantity::listed;
use crate::{Axis, Colour, Figure, Mark, Panel, Series};

/// What [`scatter`] shows.
#[derive(Debug, Clone, Default)]
pub struct Scatter<'a> {
    /// What stands above.
    pub title: &'a str,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// One group of dots each.
    pub groups: &'a [Series<'a>],
    /// Whether a unit is equally long on both axes.
    pub equal_aspect: bool,
    /// A circle to draw over the dots: its name, centre and radius.
    pub circle: Option<(&'a str, (f64, f64), f64)>,
}

/// One dot a point, each group in its colour.
pub fn scatter(scatter: &Scatter<'_>) -> Figure {
    let groups = scatter.groups.iter();
    let names: Vec<String> = groups
        .map(|group| format!("{} {}", group.points.len(), group.name))
        .collect();
    let figure = Figure::new(
        scatter.title,
        format!(
            "Points in the plane of {} and {}: {}.",
            scatter.x.label,
            scatter.y.label,
            listed(names.iter().map(String::as_str))
        ),
    );
    let mut panel = Panel::new("", scatter.x.clone(), scatter.y.clone());
    panel.equal_aspect = scatter.equal_aspect;
    let largest = scatter.groups.iter().map(|group| group.points.len()).max();
    let radius = if largest.unwrap_or(0) > 500 { 2.0 } else { 4.0 };
    let groups = scatter.groups.iter().enumerate();
    panel
        .marks
        .extend(groups.map(|(index, group)| Mark::Points {
            name: group.name.to_owned(),
            colour: Colour::Series(index),
            points: group.points.to_vec(),
            radius,
        }));
    if let Some((name, centre, radius)) = scatter.circle {
        panel.marks.push(Mark::Circle {
            name: name.to_owned(),
            colour: Colour::Ink,
            centre,
            radius,
        });
    }
    figure.with(panel)
}
