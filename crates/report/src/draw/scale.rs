//! From values to shares of an axis.

use crate::density::wider;
use crate::{Axis, Mark, Panel, Scale};

/// The greatest magnitude that is drawn: differences of two such values are finite.
const GREATEST: f64 = 1e300;

/// The stretch of values that an axis shows; logarithms of them, if it is logarithmic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) log: bool,
}

impl Span {
    /// Where on the axis a value lies: 0 at its beginning, 1 at its end, beyond these outside; `None` where it has no
    /// place at all.
    pub(super) fn share(&self, value: f64) -> Option<f64> {
        let value = coordinate(value, self.log)?;
        Some((value - self.low) / (self.high - self.low))
    }

    /// The value at a share of the axis.
    pub(super) fn value(&self, share: f64) -> f64 {
        let value = self.low + share * (self.high - self.low);
        if self.log { 10_f64.powf(value) } else { value }
    }

    /// The range that is asked for, if it is one.
    fn asked(axis: &Axis) -> Option<Self> {
        let log = axis.scale == Scale::Log;
        let (low, high) = axis.range?;
        let (low, high) = (coordinate(low, log)?, coordinate(high, log)?);
        let (low, high) = (low.min(high), low.max(high));
        (high - low > 1e-12 * low.abs().max(high.abs())).then_some(Self { low, high, log })
    }
}

/// A value's place before scaling: its logarithm on a logarithmic axis.
fn coordinate(value: f64, log: bool) -> Option<f64> {
    if !value.is_finite() {
        None
    } else if !log {
        Some(value.clamp(-GREATEST, GREATEST))
    } else if value > 0.0 {
        Some(value.log10())
    } else {
        None
    }
}

/// Least and greatest so far.
#[derive(Debug, Clone, Copy)]
struct Extent(f64, f64);

impl Extent {
    const NONE: Self = Self(f64::INFINITY, f64::NEG_INFINITY);

    fn take(&mut self, value: f64) {
        self.0 = self.0.min(value);
        self.1 = self.1.max(value);
    }

    fn take_all(&mut self, other: Self) {
        self.0 = self.0.min(other.0);
        self.1 = self.1.max(other.1);
    }
}

/// What the axes of a panel show, and whether there is anything between them.
pub(super) fn spans(panel: &Panel) -> (Span, Span, bool) {
    let logs = (panel.x.scale == Scale::Log, panel.y.scale == Scale::Log);
    let (mut x, mut y) = (Extent::NONE, Extent::NONE);
    for mark in &panel.marks {
        visit(mark, |point| {
            if let (Some(along), Some(up)) =
                (coordinate(point.0, logs.0), coordinate(point.1, logs.1))
            {
                x.take(along);
                y.take(up);
            }
        });
    }
    let empty = x.1 < x.0;
    for mark in &panel.marks {
        if let Mark::Rule { at, vertical, .. } = mark {
            let (extent, log) = if *vertical {
                (&mut x, logs.0)
            } else {
                (&mut y, logs.1)
            };
            extent.take_all(coordinate(*at, log).map_or(Extent::NONE, |at| Extent(at, at)));
        }
    }
    let dotted = panel
        .marks
        .iter()
        .any(|mark| !matches!(mark, Mark::Line { .. } | Mark::Rule { .. }));
    let x_span = Span::asked(&panel.x)
        .unwrap_or_else(|| around(x, logs.0, if dotted { 0.03 } else { 0.015 }, Floor::None));
    let y_span = Span::asked(&panel.y).unwrap_or_else(|| around(y, logs.1, 0.07, floor(panel)));
    (x_span, y_span, empty)
}

/// Whether an axis begins at 0 if it nearly does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Floor {
    None,
    Near,
    Bars,
}

fn floor(panel: &Panel) -> Floor {
    let bars = |mark: &Mark| {
        matches!(
            mark,
            Mark::Bars {
                horizontal: false,
                ..
            }
        )
    };
    let dots = |mark: &Mark| matches!(mark, Mark::Points { .. } | Mark::Interval { .. });
    if panel.marks.iter().any(bars) {
        Floor::Bars
    } else if panel.marks.iter().any(dots) {
        Floor::None
    } else {
        Floor::Near
    }
}

/// What the marks need, and some air around it.
fn around(extent: Extent, log: bool, air: f64, floor: Floor) -> Span {
    let (low, high) = if extent.1 < extent.0 {
        (0.0, 1.0)
    } else {
        wider(extent.0, extent.1)
    };
    let air = air * (high - low);
    let near = !log && low >= 0.0 && low <= 0.15 * (high - low) && extent.0 < extent.1;
    let low = match floor {
        Floor::Bars if !log && extent.0 == 0.0 => 0.0,
        Floor::Near if near => 0.0,
        _ => low - air,
    };
    Span {
        low,
        high: high + air,
        log,
    }
}

/// Tells each point that a mark needs to be seen.
fn visit(mark: &Mark, mut see: impl FnMut((f64, f64))) {
    match mark {
        Mark::Line { points, .. } | Mark::Points { points, .. } => {
            points.iter().copied().for_each(see)
        }
        Mark::Band { lower, upper, .. } => lower.iter().chain(upper).copied().for_each(see),
        Mark::Bars {
            bars, horizontal, ..
        } => {
            for bar in bars {
                for corner in [(bar.left, bar.from), (bar.right, bar.to)] {
                    see(if *horizontal {
                        (corner.1, corner.0)
                    } else {
                        corner
                    });
                }
            }
        }
        Mark::Interval {
            at, low, mid, high, ..
        } => {
            for value in [low, mid, high] {
                see((*value, *at));
            }
        }
        Mark::Circle { centre, radius, .. } => {
            see((centre.0 - radius, centre.1 - radius));
            see((centre.0 + radius, centre.1 + radius));
        }
        Mark::Text { at, .. } => see(*at),
        Mark::Rule { .. } | Mark::Slope { .. } => {}
    }
}
