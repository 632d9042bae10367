//! Where the values of a figure lie in its picture, for whoever points at them.

use super::Look;
use super::layout::Layout;
use crate::text::{number, signed, trimmed};
use crate::{Figure, Mark, ReportError, Theme};

/// Most spots of one mark, and about most of a figure: a pointer is no finer.
const MOST: usize = 300;
const MOST_IN_ALL: usize = 1_000;

/// A value and its place in the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// Pixels from the left of the picture.
    pub x: f64,
    /// Pixels from its top.
    pub y: f64,
    /// What is there, in words.
    pub text: String,
}

impl Figure {
    /// The values of the marks and where they lie in the picture; of a long mark every so many.
    ///
    /// # Errors
    /// [`ReportError::Crowded`] where there is no room for the panels.
    pub fn spots(&self) -> Result<Vec<Spot>, ReportError> {
        let layout = Layout::new(self, Look::new(Theme::Light, self.size))?;
        let marks: usize = self.panels.iter().map(|panel| panel.marks.len()).sum();
        let most = MOST.min(MOST_IN_ALL / marks.max(1)).max(1);
        let mut spots = Vec::new();
        for (panel, frame) in self.panels.iter().zip(&layout.frames) {
            let [x, y] = [&panel.x.label, &panel.y.label];
            for mark in &panel.marks {
                let values = values(mark);
                let step = values.len().div_ceil(most).max(1);
                for value in values.into_iter().step_by(step) {
                    let Some(pixel) = frame.pixel(value.at) else {
                        continue;
                    };
                    let area = &frame.area;
                    let is_inside = (area.left..=area.right).contains(&pixel.0)
                        && (area.top..=area.bottom).contains(&pixel.1);
                    if is_inside {
                        spots.push(Spot {
                            x: pixel.0,
                            y: pixel.1,
                            text: value.told(mark.name(), x, y),
                        });
                    }
                }
            }
        }
        Ok(spots)
    }
}

/// A number in six digits: more than a label shows, for whoever points at it wants to know.
fn precise(value: f64) -> String {
    if !(1e-3..1e6).contains(&value.abs()) {
        return number(value);
    }
    let places = (5 - value.abs().log10().floor() as i32).max(0) as usize;
    signed(trimmed(&format!("{value:.places$}")))
}

/// A value of a mark.
struct Value {
    at: (f64, f64),
    /// Ends of an interval along the horizontal axis, where it is one.
    ends: Option<(f64, f64)>,
    /// Whether only the horizontal axis says something.
    is_row: bool,
}

impl Value {
    fn told(&self, name: &str, x: &str, y: &str) -> String {
        let named = |label: &str, value: f64| {
            if label.is_empty() {
                precise(value)
            } else {
                format!("{label} {}", precise(value))
            }
        };
        let mut parts = Vec::new();
        if !name.is_empty() && !self.is_row {
            parts.push(name.to_owned());
        }
        parts.push(named(x, self.at.0));
        if !self.is_row {
            parts.push(named(y, self.at.1));
        }
        if let Some((low, high)) = self
            .ends
            .filter(|(low, high)| low.is_finite() && high.is_finite())
        {
            parts.push(format!("{name} {} to {}", precise(low), precise(high)));
        }
        parts.join(", ")
    }
}

fn values(mark: &Mark) -> Vec<Value> {
    let point = |at: &(f64, f64)| Value {
        at: *at,
        ends: None,
        is_row: false,
    };
    match mark {
        Mark::Line { points, .. } | Mark::Points { points, .. } => {
            points.iter().map(point).collect()
        }
        Mark::Bars {
            bars, horizontal, ..
        } => bars
            .iter()
            .map(|bar| {
                let (middle, end) = (0.5 * (bar.left + bar.right), bar.to);
                point(&if *horizontal {
                    (end, middle)
                } else {
                    (middle, end)
                })
            })
            .collect(),
        Mark::Interval {
            at, low, mid, high, ..
        } if mid.is_finite() => vec![Value {
            at: (*mid, *at),
            ends: Some((*low, *high)),
            is_row: true,
        }],
        _ => Vec::new(),
    }
}
