//! What the marks mean: one line of samples and names above the panels, or a few.

use super::Look;
use super::canvas::{Canvas, Painted, Pixel, Words};
use crate::text::{Weight, clean, fitted, width};
use crate::{Colour, Figure, Mark, ReportError};

/// The most lines of entries; what does not fit is counted.
const MOST_LINES: usize = 3;

/// A sample of a mark with its name.
#[derive(Debug, Clone)]
struct Entry<'a> {
    mark: Option<&'a Mark>,
    name: String,
    /// Left end of the sample, on the line's middle.
    at: Pixel,
}

/// All entries, in their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Legend<'a> {
    entries: Vec<Entry<'a>>,
    /// Height of all lines.
    pub(super) height: f64,
}

impl<'a> Legend<'a> {
    /// The names of a figure's marks, each name and colour once, in lines from `left` to `right` below `top`.
    pub(super) fn new(figure: &'a Figure, look: Look, left: f64, right: f64, top: f64) -> Self {
        let mut marks: Vec<(String, &Mark)> = Vec::new();
        for mark in figure.panels.iter().flat_map(|panel| &panel.marks) {
            let name = clean(mark.name());
            let known = |(other, mark_of): &(String, &Mark)| {
                *other == name && mark_of.colour() == mark.colour()
            };
            if !name.is_empty() && !marks.iter().any(known) {
                marks.push((name, mark));
            }
        }
        let line = 1.5 * look.label();
        let (sample, gap) = (sample_width(look), 26.0 * look.zoom);
        let mut legend = Self::default();
        let (mut x, mut y) = (left, top + 0.5 * line);
        let count = marks.len();
        for (index, (name, mark)) in marks.into_iter().enumerate() {
            let name = fitted(&name, look.label(), Weight::Regular, (right - left) * 0.6);
            let wide = sample + width(&name, look.label(), Weight::Regular);
            let more = format!("and {} more", count - index);
            let last_line = y + line > top + MOST_LINES as f64 * line;
            // On the last line room is kept for saying how many are missing.
            let kept = if last_line && index + 1 < count {
                gap + width(&more, look.label(), Weight::Regular)
            } else {
                0.0
            };
            if x > left && x + wide + kept > right {
                if last_line {
                    legend.entries.push(Entry {
                        mark: None,
                        name: more,
                        at: (x, y),
                    });
                    break;
                }
                (x, y) = (left, y + line);
            }
            legend.entries.push(Entry {
                mark: Some(mark),
                name,
                at: (x, y),
            });
            x += wide + gap;
        }
        if !legend.entries.is_empty() {
            legend.height = y + 0.5 * line - top;
        }
        legend
    }
}

fn sample_width(look: Look) -> f64 {
    38.0 * look.zoom
}

pub(super) fn draw(
    legend: &Legend<'_>,
    look: Look,
    canvas: &mut dyn Canvas,
) -> Result<(), ReportError> {
    let ink = Painted::solid(look.theme.colour(Colour::Ink));
    for entry in &legend.entries {
        let mut x = entry.at.0;
        if let Some(mark) = entry.mark {
            sample(mark, entry.at, look, canvas)?;
            x += sample_width(look);
        }
        let words = Words::new(&entry.name, look.label());
        canvas.text(&words.at(x, entry.at.1 + 0.36 * look.label()), ink)?;
    }
    Ok(())
}

/// A small piece of the mark, 28 pixels wide.
fn sample(
    mark: &Mark,
    (x, y): Pixel,
    look: Look,
    canvas: &mut dyn Canvas,
) -> Result<(), ReportError> {
    let zoom = look.zoom;
    let rgb = look.theme.colour(mark.colour());
    let paint = Painted::solid(rgb);
    let end = x + 28.0 * zoom;
    let middle = x + 14.0 * zoom;
    match mark {
        Mark::Line { dashed: true, .. } | Mark::Slope { .. } => {
            for part in [(x, x + 8.0 * zoom), (x + 14.0 * zoom, x + 22.0 * zoom)] {
                canvas.line(
                    &[(part.0 + 3.0 * zoom, y), (part.1 + 3.0 * zoom, y)],
                    2.4 * zoom,
                    paint,
                )?;
            }
            Ok(())
        }
        Mark::Line { .. } => canvas.line(&[(x, y), (end, y)], 3.0 * zoom, paint),
        Mark::Interval { heavy: false, .. } => canvas.line(&[(x, y), (end, y)], 2.0 * zoom, paint),
        Mark::Interval { .. } => {
            canvas.line(&[(x, y), (end, y)], 6.0 * zoom, paint)?;
            canvas.dot((middle, y), 6.0 * zoom, Painted::solid(look.theme.ground()))?;
            canvas.dot((middle, y), 4.6 * zoom, paint)
        }
        Mark::Points { radius, .. } => {
            canvas.dot((middle, y), radius.clamp(4.0, 7.0) * zoom, paint)
        }
        Mark::Circle { .. } => {
            canvas.dot((middle, y), 8.0 * zoom, paint)?;
            canvas.dot((middle, y), 6.0 * zoom, Painted::solid(look.theme.ground()))
        }
        Mark::Rule {
            vertical, dashed, ..
        } => {
            let parts: &[(f64, f64)] = if *dashed {
                &[(-10.0, -3.5), (3.5, 10.0)]
            } else {
                &[(-10.0, 10.0)]
            };
            for (from, to) in parts {
                let ends = if *vertical {
                    [(middle, y + from * zoom), (middle, y + to * zoom)]
                } else {
                    [(middle + from * zoom, y), (middle + to * zoom, y)]
                };
                canvas.line(&ends, 2.4 * zoom, paint)?;
            }
            Ok(())
        }
        Mark::Band { .. } => {
            let paint = Painted::sheer(rgb, super::marks::BAND_ALPHA + 0.1);
            canvas.rectangle((x, y - 8.0 * zoom), (end, y + 8.0 * zoom), paint)
        }
        Mark::Bars { .. } => canvas.rectangle(
            (x + 4.0 * zoom, y - 8.0 * zoom),
            (end - 4.0 * zoom, y + 8.0 * zoom),
            paint,
        ),
        Mark::Text { .. } => Ok(()),
    }
}
