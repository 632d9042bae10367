//! How optimisers climb: their objective, or its gap to the best, by step.

use crate::density::{quantile, sorted};
use crate::{Axis, Colour, Figure, Mark, Panel};

/// What [`climbs`] shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Climbs<'a> {
    /// What stands above.
    pub title: &'a str,
    /// What is drawn by step, with its unit.
    pub label: &'a str,
    /// Whether its axis is logarithmic: for a gap, which is positive.
    pub log: bool,
    /// One method each.
    pub climbs: &'a [Climb<'a>],
}

/// The climbs of one method, from one start or from many.
#[derive(Debug, Clone, Copy)]
pub struct Climb<'a> {
    /// Name of the method.
    pub name: &'a str,
    /// The steps at which it was looked at.
    pub steps: &'a [f64],
    /// The value at these steps, one vector a start.
    pub starts: &'a [Vec<f64>],
}

/// One curve a method; of several starts the median, over a band from their 10 % to their 90 % quantile at each step.
pub fn climbs(climbs: &Climbs<'_>) -> Figure {
    let names = crate::quantity::listed(climbs.climbs.iter().map(|climb| climb.name));
    let most = climbs
        .climbs
        .iter()
        .map(|climb| climb.starts.len())
        .max()
        .unwrap_or(0);
    let starts = if most > 1 {
        format!(
            ": the median of up to {most} starts, and a band from their 10 % to their 90 % quantile"
        )
    } else {
        String::new()
    };
    let figure = Figure::new(
        climbs.title,
        format!("{} by step, for {names}{starts}.", climbs.label),
    );
    let mut y = Axis::new(climbs.label);
    if climbs.log {
        y = y.log();
    }
    let mut panel = Panel::new("", Axis::new("step"), y);
    if most > 1 {
        // For the legend alone: the bands have their methods' colours.
        panel.marks.push(Mark::Band {
            name: "10 % to 90 % of the starts".to_owned(),
            colour: Colour::Quiet,
            lower: Vec::new(),
            upper: Vec::new(),
        });
    }
    for (index, climb) in climbs.climbs.iter().enumerate() {
        panel.marks.extend(band(climb, Colour::Series(index)));
    }
    for (index, climb) in climbs.climbs.iter().enumerate() {
        let name = if climb.starts.len() > 1 {
            format!("{}, median of {}", climb.name, climb.starts.len())
        } else {
            climb.name.to_owned()
        };
        panel.marks.push(Mark::Line {
            name,
            colour: Colour::Series(index),
            points: at_quantile(climb, 0.5),
            dashed: false,
        });
    }
    figure.with(panel)
}

fn band(climb: &Climb<'_>, colour: Colour) -> Option<Mark> {
    (climb.starts.len() > 1).then(|| Mark::Band {
        name: String::new(),
        colour,
        lower: at_quantile(climb, 0.1),
        upper: at_quantile(climb, 0.9),
    })
}

/// The quantile over starts at every step; NaN where no start has a finite value.
fn at_quantile(climb: &Climb<'_>, probability: f64) -> Vec<(f64, f64)> {
    let steps = climb.steps.iter().enumerate();
    steps
        .map(|(row, &step)| {
            let values = climb
                .starts
                .iter()
                .filter_map(|start| start.get(row).copied());
            (step, quantile(&sorted(values), probability))
        })
        .collect()
}
