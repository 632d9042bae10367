//! One panel with its place in the picture.

use super::canvas::Pixel;
use super::clip::Area;
use super::scale::Span;

/// A panel laid out: where its data are drawn, and every word around them.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) area: Area,
    pub(super) x: Span,
    pub(super) y: Span,
    /// Whether there is nothing to draw.
    pub(super) empty: bool,
    /// Above the area; may be empty.
    pub(super) title: String,
    /// Below the ticks; may be empty.
    pub(super) x_label: String,
    /// Left of the ticks, running upwards; may be empty.
    pub(super) y_label: String,
    /// Pixels along the lower border, with labels.
    pub(super) x_ticks: Vec<(f64, String)>,
    /// Pixels along the left border, with labels.
    pub(super) y_ticks: Vec<(f64, String)>,
    /// How far left of the area the vertical axis's label has its baseline.
    pub(super) y_label_at: f64,
}

impl Frame {
    /// Where a point lies, perhaps outside the area; `None` where it has no place at all.
    pub(super) fn pixel(&self, (x, y): (f64, f64)) -> Option<Pixel> {
        Some((self.across(x)?, self.up(y)?))
    }

    pub(super) fn across(&self, x: f64) -> Option<f64> {
        Some(self.area.left + self.x.share(x)? * self.area.width())
    }

    pub(super) fn up(&self, y: f64) -> Option<f64> {
        Some(self.area.bottom - self.y.share(y)? * self.area.height())
    }
}
