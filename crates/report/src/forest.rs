//! The answers of several methods, one under another.

use crate::{Axis, Colour, Figure, Mark, Panel};

/// What [`forest`] shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forest<'a> {
    /// What stands above.
    pub title: &'a str,
    /// One panel each.
    pub parameters: &'a [ForestParameter<'a>],
}

/// What the methods say of one parameter.
#[derive(Debug, Clone, Copy)]
pub struct ForestParameter<'a> {
    /// Its name, with its unit if it has one.
    pub name: &'a str,
    /// One row a method, from above; the methods of the first parameter name the rows.
    pub rows: &'a [ForestRow<'a>],
    /// The true value, where it is known.
    pub truth: Option<f64>,
}

/// What one method says of a parameter.
#[derive(Debug, Clone, Copy)]
pub struct ForestRow<'a> {
    /// Name of the method.
    pub method: &'a str,
    /// Its estimate or posterior mean.
    pub estimate: f64,
    /// Its 50 % interval; NaN for none.
    pub half: (f64, f64),
    /// Its 94 % interval; NaN for none.
    pub most: (f64, f64),
}

/// A panel a parameter: for each method its estimate on a thick line, the 50 % interval, and a thin one, the 94 %
/// interval. A method without intervals shows its estimate alone.
pub fn forest(forest: &Forest<'_>) -> Figure {
    let names = crate::quantity::listed(forest.parameters.iter().map(|parameter| parameter.name));
    let mut figure = Figure::new(
        forest.title,
        format!(
            "Estimates of {names} by several methods, with 50 % intervals (thick) and 94 % intervals (thin)."
        ),
    );
    let count = forest.parameters.len();
    figure.columns = count.clamp(1, 3);
    let most = forest
        .parameters
        .iter()
        .map(|parameter| parameter.rows.len())
        .max();
    let each = 110 + 34 * most.unwrap_or(0) as u32;
    figure.size.1 = figure.size.1.max(90 + each * count.div_ceil(3) as u32);
    let panels = forest.parameters.iter().enumerate();
    figure.panels = panels
        .map(|(index, parameter)| panel(parameter, index % figure.columns == 0))
        .collect();
    figure
}

fn panel(parameter: &ForestParameter<'_>, named: bool) -> Panel {
    let n_rows = parameter.rows.len();
    let place = |row: usize| (n_rows - row) as f64;
    let ticks = parameter.rows.iter().enumerate();
    let ticks = ticks.map(|(row, entry)| {
        (
            place(row),
            if named {
                entry.method.to_owned()
            } else {
                String::new()
            },
        )
    });
    let y = Axis::new("")
        .range(0.4, n_rows as f64 + 0.6)
        .ticks(ticks.collect());
    let mut panel = Panel::new("", Axis::new(parameter.name), y);
    if let Some(truth) = parameter.truth {
        panel.marks.push(Mark::Rule {
            label: "truth".to_owned(),
            colour: Colour::Truth,
            at: truth,
            vertical: true,
            dashed: true,
        });
    }
    for (row, entry) in parameter.rows.iter().enumerate() {
        for (name, (low, high), mid, heavy) in [
            ("94 % interval", entry.most, f64::NAN, false),
            (
                "50 % interval, and estimate",
                entry.half,
                entry.estimate,
                true,
            ),
        ] {
            panel.marks.push(Mark::Interval {
                name: name.to_owned(),
                colour: Colour::Series(0),
                at: place(row),
                low,
                mid,
                high,
                heavy,
            });
        }
    }
    panel
}
