//! Where everything goes: title, legend, and the panels in rows and columns.

use super::Look;
use super::clip::Area;
use super::frame::Frame;
use super::legend::Legend;
use super::scale::{Span, spans};
use super::ticks::{Ticks, linear, logarithmic};
use crate::text::{Weight, clean, fitted, width};
use crate::{Axis, Figure, Panel, ReportError};

/// The least width and height of a panel's area, in pixels of a slide.
const LEAST: f64 = 36.0;

/// A figure's picture, before anything is drawn.
pub(super) struct Layout<'a> {
    /// Left border of title and legend.
    pub(super) left: f64,
    /// Lines of the title with their baselines.
    pub(super) title: Vec<(String, f64)>,
    pub(super) legend: Legend<'a>,
    /// One a panel.
    pub(super) frames: Vec<Frame>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(figure: &'a Figure, look: Look) -> Result<Self, ReportError> {
        let zoom = look.zoom;
        let (wide, high) = (f64::from(figure.size.0), f64::from(figure.size.1));
        let (left, right) = (24.0 * zoom, wide - 24.0 * zoom);
        let mut top = 20.0 * zoom;
        let mut title = Vec::new();
        for line in wrapped(&clean(&figure.title), look.title(), right - left) {
            title.push((line, top + 0.95 * look.title()));
            top += 1.25 * look.title();
        }
        top += 6.0 * zoom;
        let legend = Legend::new(figure, look, left, right, top);
        if legend.height > 0.0 {
            top += legend.height + 6.0 * zoom;
        }
        top += 6.0 * zoom;
        let bottom = high - 14.0 * zoom;
        let panels = Area {
            left: left - 6.0 * zoom,
            top,
            right,
            bottom,
        };
        let frames = Grid::new(figure, look, panels).frames()?;
        Ok(Self {
            left,
            title,
            legend,
            frames,
        })
    }
}

/// A text in at most two lines.
fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if line.is_empty() || width(&longer, size, Weight::Bold) <= room || lines.len() == 2 {
            lines.pop();
            lines.push(longer);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
        .iter()
        .map(|line| fitted(line, size, Weight::Bold, room))
        .collect()
}

/// The panels' grid.
struct Grid<'a> {
    figure: &'a Figure,
    look: Look,
    area: Area,
    columns: usize,
    /// What the axes of each panel show, and whether there is nothing.
    spans: Vec<(Span, Span, bool)>,
}

/// What stands above and below a row's areas, in pixels, and how high they are.
#[derive(Debug, Clone, Copy)]
struct Row {
    above: f64,
    below: f64,
    share: f64,
}

impl<'a> Grid<'a> {
    fn new(figure: &'a Figure, look: Look, area: Area) -> Self {
        let columns = figure.columns.clamp(1, figure.panels.len().max(1));
        Self {
            figure,
            look,
            area,
            columns,
            spans: figure.panels.iter().map(spans).collect(),
        }
    }

    fn frames(&self) -> Result<Vec<Frame>, ReportError> {
        let bands = self.bands()?;
        let panels = self.figure.panels.iter().enumerate();
        let mut drafts: Vec<Draft<'_>> = panels
            .map(|(index, panel)| {
                let (top, bottom) = bands[index / self.columns];
                let (left, right) = self.cell(index, &vec![0.0; self.columns]);
                let cell = Area {
                    left,
                    top,
                    right,
                    bottom,
                };
                Draft::new(panel, self.spans[index], self.look, cell)
            })
            .collect();
        // Areas in one column begin on one line, and those in one row are as wide as their shares say.
        let column = |column: usize| drafts.iter().skip(column).step_by(self.columns);
        let margins: Vec<f64> = (0..self.columns)
            .map(|index| column(index).map(|draft| draft.margin).fold(0.0, f64::max))
            .collect();
        for (index, draft) in drafts.iter_mut().enumerate() {
            (draft.cell.left, draft.cell.right) = self.cell(index, &margins);
            draft.margin = margins[index % self.columns];
        }
        drafts
            .into_iter()
            .map(|draft| draft.frame().ok_or_else(|| self.crowded()))
            .collect()
    }

    fn crowded(&self) -> ReportError {
        ReportError::Crowded {
            panels: self.figure.panels.len(),
            columns: self.columns,
            width: self.figure.size.0,
            height: self.figure.size.1,
        }
    }

    /// Top and bottom of the areas of each row.
    fn bands(&self) -> Result<Vec<(f64, f64)>, ReportError> {
        let look = self.look;
        let panels = self.figure.panels.chunks(self.columns);
        let rows: Vec<Row> = panels
            .zip(self.spans.chunks(self.columns))
            .map(|(panels, spans)| self.row(panels, spans))
            .collect();
        let gap = 12.0 * look.zoom;
        let words: f64 = rows.iter().map(|row| row.above + row.below).sum();
        let room = self.area.height() - words - gap * rows.len().saturating_sub(1) as f64;
        let shares: f64 = rows.iter().map(|row| row.share).sum();
        let mut top = self.area.top;
        rows.into_iter()
            .map(|row| {
                let height = room * row.share / shares;
                if height.is_nan() || height < LEAST * look.zoom {
                    return Err(self.crowded());
                }
                let from = top + row.above;
                top = from + height + row.below + gap;
                Ok((from, from + height))
            })
            .collect()
    }

    /// What the words of a row need.
    fn row(&self, panels: &[Panel], spans: &[(Span, Span, bool)]) -> Row {
        let look = self.look;
        let labelled = panels.iter().zip(spans).any(|(panel, (x, _, _))| {
            // What is taken off the ticks of an axis without a label stands in its place.
            !panel.x.label.is_empty() || (panel.x.ticks.is_none() && shortened(*x))
        });
        let titled = panels.iter().any(|panel| !panel.title.is_empty());
        let heights = panels.iter().map(|panel| positive(panel.height));
        let above = if titled {
            1.5 * look.heading()
        } else {
            0.5 * look.tick()
        };
        let label = if labelled { 1.35 * look.label() } else { 0.0 };
        Row {
            above,
            below: 7.0 * look.zoom + 1.35 * look.tick() + label,
            share: heights.fold(0.0, f64::max),
        }
    }

    /// Left and right border of a panel's cell, with the margins left of each column's areas; a row that is not full
    /// keeps the widths of the first one.
    fn cell(&self, index: usize, margins: &[f64]) -> (f64, f64) {
        let (row, column) = (index / self.columns, index % self.columns);
        let share = |column: usize| {
            let own = self.figure.panels.get(row * self.columns + column);
            let first = self.figure.panels.get(column);
            positive(own.or(first).map_or(1.0, |panel| panel.share))
        };
        let gap = 22.0 * self.look.zoom;
        let gaps = gap * (self.columns - 1) as f64;
        let room = self.area.width() - gaps - margins.iter().sum::<f64>();
        let shares: f64 = (0..self.columns).map(share).sum();
        let wide = |column: usize| margins[column] + room * share(column) / shares;
        let left = self.area.left + gap * column as f64 + (0..column).map(wide).sum::<f64>();
        (left, left + wide(column))
    }
}

/// The most ticks along a lower border.
const MOST_ACROSS: usize = 12;

/// At most so many ticks of a span.
fn spread(span: Span, most: usize) -> Ticks {
    if span.log {
        logarithmic(span.low, span.high, most)
    } else {
        linear(span.low, span.high, most)
    }
}

/// Whether something may be taken off the ticks of an axis.
fn shortened(span: Span) -> bool {
    !spread(span, MOST_ACROSS).offset.is_empty()
}

/// A share that can be drawn.
fn positive(share: f64) -> f64 {
    if share.is_finite() {
        share.clamp(1e-3, 1e3)
    } else {
        1.0
    }
}

/// A panel whose height is known, and whose left border is not yet.
struct Draft<'a> {
    panel: &'a Panel,
    look: Look,
    /// The cell's left and right, the area's top and bottom.
    cell: Area,
    x: Span,
    y: Span,
    empty: bool,
    y_ticks: Vec<(f64, String)>,
    y_label: String,
    /// Width of the tick labels left of the area.
    tick_width: f64,
    /// From the cell's left border to the area.
    margin: f64,
}

impl<'a> Draft<'a> {
    fn new(panel: &'a Panel, spans: (Span, Span, bool), look: Look, cell: Area) -> Self {
        let (x, y, empty) = spans;
        let zoom = look.zoom;
        let (y_ticks, offset) = y_ticks(&panel.y, y, &cell, look, empty);
        let widths = y_ticks
            .iter()
            .map(|(_, label)| width(label, look.tick(), Weight::Regular));
        let tick_width = widths.fold(0.0, f64::max);
        let y_label = fitted(
            &(clean(&panel.y.label) + &offset),
            look.label(),
            Weight::Regular,
            cell.height(),
        );
        let label_width = if y_label.is_empty() {
            0.0
        } else {
            1.45 * look.label()
        };
        Self {
            margin: tick_width + label_width + 12.0 * zoom,
            panel,
            look,
            cell,
            x,
            y,
            empty,
            y_ticks,
            y_label,
            tick_width,
        }
    }

    fn frame(self) -> Option<Frame> {
        let zoom = self.look.zoom;
        let mut area = Area {
            left: self.cell.left + self.margin,
            ..self.cell
        };
        let beyond = |ticks: &[(f64, String)]| {
            let ends = ticks
                .iter()
                .map(|(at, label)| at + width(label, self.look.tick(), Weight::Regular) / 2.0);
            ends.fold(0.0, f64::max) - (self.cell.right + 6.0 * zoom)
        };
        let (ticks, _) = x_ticks(&self.panel.x, self.x, &area, self.look, self.empty);
        area.right -= beyond(&ticks).max(0.0);
        if self.panel.equal_aspect {
            area = self.squared(area);
        }
        if !(area.width() >= LEAST * zoom && area.height() >= LEAST * zoom) {
            return None;
        }
        let (mut x_ticks, offset) = x_ticks(&self.panel.x, self.x, &area, self.look, self.empty);
        x_ticks.retain(|tick| beyond(std::slice::from_ref(tick)) <= 0.5);
        // Words about the area's middle, as wide as the nearer of the cell's borders allows.
        let middle = (area.left + area.right) / 2.0;
        let room = 2.0 * (self.cell.right - middle).min(middle - self.cell.left) + 12.0 * zoom;
        let x_label = clean(&self.panel.x.label) + &offset;
        // Ticks were placed for the cell's height; an area of equal aspect may be lower.
        let stretch =
            |y: f64| area.bottom - (self.cell.bottom - y) * area.height() / self.cell.height();
        let y_ticks = self
            .y_ticks
            .into_iter()
            .map(|(y, label)| (stretch(y), label));
        Some(Frame {
            y_ticks: y_ticks.collect(),
            x_label: fitted(&x_label, self.look.label(), Weight::Regular, room),
            title: fitted(
                &clean(&self.panel.title),
                self.look.heading(),
                Weight::Bold,
                self.cell.right - area.left,
            ),
            y_label: self.y_label,
            y_label_at: self.tick_width + 8.0 * zoom + 0.5 * self.look.label(),
            area,
            x: self.x,
            y: self.y,
            empty: self.empty,
            x_ticks,
        })
    }

    /// The largest area in which a unit is equally long on both axes, in the middle of this one.
    fn squared(&self, area: Area) -> Area {
        let spans = (self.x.high - self.x.low, self.y.high - self.y.low);
        let unit = (area.width() / spans.0).min(area.height() / spans.1);
        let (wide, high) = (unit * spans.0, unit * spans.1);
        // Ranges so different that the area would be a line keep all of the room.
        if wide.min(high) < LEAST * self.look.zoom {
            return area;
        }
        let left = area.left + (area.width() - wide) / 2.0;
        let top = area.top + (area.height() - high) / 2.0;
        Area {
            left,
            top,
            right: left + wide,
            bottom: top + high,
        }
    }
}

/// The ticks of an axis whose labels have a place and, by `fits`, do not cover each other, as far as it takes to find such.
fn choose(axis: &Axis, span: Span, most: usize, fits: impl Fn(&[(f64, String)]) -> bool) -> Ticks {
    if let Some(ticks) = &axis.ticks {
        let labels = ticks.iter().map(|(at, label)| (*at, clean(label)));
        let shown = labels.filter(|(at, _)| {
            span.share(*at)
                .is_some_and(|share| (-1e-9..=1.0 + 1e-9).contains(&share))
        });
        return Ticks {
            labels: shown.collect(),
            offset: String::new(),
        };
    }
    let mut ticks = Ticks::default();
    for most in (1..=most).rev() {
        ticks = spread(span, most);
        if fits(&ticks.labels) {
            break;
        }
    }
    ticks
}

/// Ticks along the lower border in pixels, and what the label must add.
fn x_ticks(
    axis: &Axis,
    span: Span,
    area: &Area,
    look: Look,
    empty: bool,
) -> (Vec<(f64, String)>, String) {
    if empty && axis.ticks.is_none() && axis.range.is_none() {
        return (Vec::new(), String::new());
    }
    let at = |value: f64| area.left + span.share(value).unwrap_or(f64::NAN) * area.width();
    let half = |label: &str| width(label, look.tick(), Weight::Regular) / 2.0;
    let air = 14.0 * look.zoom;
    let fits = |labels: &[(f64, String)]| {
        labels
            .windows(2)
            .all(|pair| at(pair[0].0) + half(&pair[0].1) + air <= at(pair[1].0) - half(&pair[1].1))
    };
    let most = ((area.width() / (70.0 * look.zoom)) as usize).clamp(2, MOST_ACROSS);
    let ticks = choose(axis, span, most, fits);
    let mut shown: Vec<(f64, String)> = Vec::new();
    for (value, label) in ticks.labels {
        // Chosen labels may be too many or too long: those that would cover the one before are left out.
        let label = fitted(&label, look.tick(), Weight::Regular, 0.5 * area.width());
        let left = at(value) - half(&label);
        let clear = shown
            .last()
            .is_none_or(|(before, text)| before + half(text) + 0.5 * air <= left);
        if clear && left >= 2.0 {
            shown.push((at(value), label));
        }
    }
    (shown, ticks.offset)
}

/// Ticks along the left border in pixels, and what the label must add.
fn y_ticks(
    axis: &Axis,
    span: Span,
    cell: &Area,
    look: Look,
    empty: bool,
) -> (Vec<(f64, String)>, String) {
    if empty && axis.ticks.is_none() && axis.range.is_none() {
        return (Vec::new(), String::new());
    }
    let at = |value: f64| cell.bottom - span.share(value).unwrap_or(f64::NAN) * cell.height();
    let most = ((cell.height() / (34.0 * look.zoom)) as usize).clamp(2, 8);
    let apart = 1.25 * look.tick();
    let fits = |labels: &[(f64, String)]| {
        labels
            .windows(2)
            .all(|pair| at(pair[0].0) - at(pair[1].0) >= apart)
    };
    let ticks = choose(axis, span, most, fits);
    let mut shown: Vec<(f64, String)> = Vec::new();
    for (value, label) in ticks.labels {
        let label = fitted(&label, look.tick(), Weight::Regular, 0.4 * cell.width());
        let y = at(value);
        let clear = shown.iter().all(|(before, _)| (before - y).abs() >= apart);
        if clear && y.is_finite() {
            shown.push((y, label));
        }
    }
    (shown, ticks.offset)
}
