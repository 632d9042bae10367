//! The structure of a figure in lines: what a test compares, and what a person without the picture reads.

use std::fmt::Write;

use crate::density::extent;
use crate::text::{clean, number};
use crate::{Axis, Figure, Mark, Panel, Scale};

impl Figure {
    /// The figure's structure: its words, its panels with their axes, and of each mark the kind, name, colour, number of
    /// points and ranges, to four digits.
    pub fn outline(&self) -> String {
        let mut lines = String::new();
        // Writing to a String does not fail.
        let _ = writeln!(
            lines,
            "figure {:?} {} x {}",
            clean(&self.title),
            self.size.0,
            self.size.1
        );
        let _ = writeln!(lines, "  {}", clean(&self.description));
        for (index, panel) in self.panels.iter().enumerate() {
            let columns = self.columns.max(1);
            let _ = writeln!(
                lines,
                "panel at row {} column {}{}",
                index / columns,
                index % columns,
                kind(panel)
            );
            let _ = writeln!(lines, "  x {}", axis(&panel.x));
            let _ = writeln!(lines, "  y {}", axis(&panel.y));
            for mark in &panel.marks {
                let _ = writeln!(lines, "  {}", describe(mark));
            }
        }
        lines
    }
}

fn kind(panel: &Panel) -> String {
    let mut words = String::new();
    if !panel.title.is_empty() {
        words += &format!(" {:?}", clean(&panel.title));
    }
    if (panel.share, panel.height) != (1.0, 1.0) {
        words += &format!(
            ", share {} height {}",
            number(panel.share),
            number(panel.height)
        );
    }
    if panel.equal_aspect {
        words += ", equal aspect";
    }
    words
}

fn axis(axis: &Axis) -> String {
    let mut words = format!("{:?}", clean(&axis.label));
    if axis.scale == Scale::Log {
        words += " log";
    }
    if let Some((low, high)) = axis.range {
        words += &format!(" from {} to {}", number(low), number(high));
    }
    if let Some(ticks) = &axis.ticks {
        let shown = ticks.iter().take(8);
        let shown: Vec<String> = shown
            .map(|(at, label)| format!("{}={}", number(*at), clean(label)))
            .collect();
        let more = if ticks.len() > 8 { ", .." } else { "" };
        words += &format!(" ticks {}{more}", shown.join(", "));
    }
    words
}

fn describe(mark: &Mark) -> String {
    let colour = format!("{:?}", mark.colour());
    let head = |kind: &str| format!("{kind} {:?} {colour}", clean(mark.name()));
    match mark {
        Mark::Line { points, dashed, .. } => {
            let dashed = if *dashed { " dashed" } else { "" };
            format!("{}{dashed}: {}", head("line"), spans(points))
        }
        Mark::Points { points, radius, .. } => {
            format!(
                "{} radius {}: {}",
                head("points"),
                number(*radius),
                spans(points)
            )
        }
        Mark::Band { lower, upper, .. } => {
            format!(
                "{}: lower {}; upper {}",
                head("band"),
                spans(lower),
                spans(upper)
            )
        }
        Mark::Bars {
            bars, horizontal, ..
        } => {
            let way = if *horizontal { " lying" } else { "" };
            let corners: Vec<(f64, f64)> = bars
                .iter()
                .flat_map(|bar| [(bar.left, bar.from), (bar.right, bar.to)])
                .collect();
            format!(
                "{}{way}: {} bars, {}",
                head("bars"),
                bars.len(),
                ranges(&corners)
            )
        }
        Mark::Rule {
            at,
            vertical,
            dashed,
            ..
        } => {
            let way = if *vertical { "x" } else { "y" };
            let dashed = if *dashed { " dashed" } else { "" };
            format!("{}{dashed}: {way} = {}", head("rule"), number(*at))
        }
        Mark::Interval {
            at,
            low,
            mid,
            high,
            heavy,
            ..
        } => {
            let heavy = if *heavy { " heavy" } else { "" };
            let [low, mid, high] = [*low, *mid, *high].map(number);
            format!(
                "{}{heavy}: y = {}, {low} .. {mid} .. {high}",
                head("interval"),
                number(*at)
            )
        }
        Mark::Slope { through, slope, .. } => format!(
            "{}: {} through ({}, {})",
            head("slope"),
            number(*slope),
            number(through.0),
            number(through.1)
        ),
        Mark::Circle { centre, radius, .. } => format!(
            "{}: radius {} about ({}, {})",
            head("circle"),
            number(*radius),
            number(centre.0),
            number(centre.1)
        ),
        Mark::Text { text, at, .. } => {
            format!(
                "text {:?} {colour}: at ({}, {})",
                clean(text),
                number(at.0),
                number(at.1)
            )
        }
    }
}

fn spans(points: &[(f64, f64)]) -> String {
    let finite = points
        .iter()
        .filter(|point| point.0.is_finite() && point.1.is_finite())
        .count();
    let count = if finite == points.len() {
        format!("{finite} points")
    } else {
        format!("{} points, {finite} finite", points.len())
    };
    format!("{count}, {}", ranges(points))
}

fn ranges(points: &[(f64, f64)]) -> String {
    let range = |values: Option<(f64, f64)>| match values {
        Some((low, high)) => format!("{} .. {}", number(low), number(high)),
        None => "none".to_owned(),
    };
    let x = extent(points.iter().map(|point| point.0));
    let y = extent(points.iter().map(|point| point.1));
    format!("x {}, y {}", range(x), range(y))
}
