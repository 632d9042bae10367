//! Grid, axes and the words around a panel.

use super::Look;
use super::canvas::{Anchor, Canvas, Painted, Words};
use super::frame::Frame;
use crate::{Colour, ReportError};

/// The lines behind the data.
pub(super) fn grid(frame: &Frame, look: Look, canvas: &mut dyn Canvas) -> Result<(), ReportError> {
    let (area, paint) = (&frame.area, Painted::solid(look.theme.grid()));
    for (x, _) in &frame.x_ticks {
        canvas.line(&[(*x, area.top), (*x, area.bottom)], look.zoom, paint)?;
    }
    for (y, _) in &frame.y_ticks {
        canvas.line(&[(area.left, *y), (area.right, *y)], look.zoom, paint)?;
    }
    Ok(())
}

/// The axes themselves, before the data, and their words.
pub(super) fn draw(frame: &Frame, look: Look, canvas: &mut dyn Canvas) -> Result<(), ReportError> {
    let (area, zoom) = (&frame.area, look.zoom);
    let muted = Painted::solid(look.theme.muted());
    let ink = Painted::solid(look.theme.colour(Colour::Ink));
    let corners = [
        (area.left, area.top),
        (area.left, area.bottom),
        (area.right, area.bottom),
    ];
    canvas.line(&corners, 1.4 * zoom, muted)?;
    let tick_line = area.bottom + 7.0 * zoom + look.tick();
    for (x, label) in &frame.x_ticks {
        canvas.line(
            &[(*x, area.bottom), (*x, area.bottom + 5.0 * zoom)],
            1.4 * zoom,
            muted,
        )?;
        let words = Words::new(label, look.tick()).anchor(Anchor::Middle);
        canvas.text(&words.at(*x, tick_line), muted)?;
    }
    for (y, label) in &frame.y_ticks {
        let words = Words::new(label, look.tick()).anchor(Anchor::End);
        canvas.text(
            &words.at(area.left - 8.0 * zoom, y + 0.36 * look.tick()),
            muted,
        )?;
    }
    let words = Words::new(&frame.x_label, look.label()).anchor(Anchor::Middle);
    let middle = (area.left + area.right) / 2.0;
    canvas.text(&words.at(middle, tick_line + 1.35 * look.label()), ink)?;
    let words = Words::new(&frame.y_label, look.label())
        .anchor(Anchor::Middle)
        .upwards();
    let middle = (area.top + area.bottom) / 2.0;
    canvas.text(&words.at(area.left - frame.y_label_at, middle), ink)?;
    let words = Words::bold(&frame.title, look.heading());
    canvas.text(&words.at(area.left, area.top - 9.0 * zoom), ink)
}

/// What stands in a panel without data.
pub(super) fn no_data(
    frame: &Frame,
    look: Look,
    canvas: &mut dyn Canvas,
) -> Result<(), ReportError> {
    let area = &frame.area;
    let middle = (
        (area.left + area.right) / 2.0,
        (area.top + area.bottom) / 2.0,
    );
    let words = Words::new("no data", look.label()).anchor(Anchor::Middle);
    let muted = Painted::solid(look.theme.muted());
    canvas.text(&words.at(middle.0, middle.1 + 0.36 * look.label()), muted)
}
