//! The marks of a panel, from back to front; words last.

use super::Look;
use super::canvas::{Canvas, Painted, Pixel, Words};
use super::clip;
use super::frame::Frame;
use super::place::{Obstacles, place};
use super::thin::Thinned;
use crate::colour::Rgb;
use crate::text::{Weight, clean, fitted};
use crate::{Bar, Colour, Mark, Panel, ReportError};

/// How much a band covers what is behind it.
pub(super) const BAND_ALPHA: f64 = 0.24;

/// Draws the marks of one panel.
struct Pen<'a> {
    frame: &'a Frame,
    look: Look,
    canvas: &'a mut dyn Canvas,
    thinned: &'a mut Thinned,
    obstacles: Obstacles,
    /// Whether lines go over bars, and need a border to be seen there unless they are ink.
    over_bars: bool,
}

pub(super) fn draw(
    panel: &Panel,
    frame: &Frame,
    look: Look,
    canvas: &mut dyn Canvas,
    thinned: &mut Thinned,
) -> Result<(), ReportError> {
    let obstacles = Obstacles::default();
    let mut pen = Pen {
        frame,
        look,
        canvas,
        thinned,
        obstacles,
        over_bars: panel
            .marks
            .iter()
            .any(|mark| matches!(mark, Mark::Bars { .. })),
    };
    for mark in &panel.marks {
        pen.mark(mark)?;
    }
    pen.words(&panel.marks)
}

impl Pen<'_> {
    fn mark(&mut self, mark: &Mark) -> Result<(), ReportError> {
        let rgb = self.look.theme.colour(mark.colour());
        match mark {
            Mark::Line { points, dashed, .. } => self.line(points, *dashed, rgb),
            Mark::Points { points, radius, .. } => self.dots(points, *radius, rgb),
            Mark::Band { lower, upper, .. } => self.band(lower, upper, rgb),
            Mark::Bars {
                bars, horizontal, ..
            } => self.bars(bars, *horizontal, rgb),
            Mark::Rule {
                at,
                vertical,
                dashed,
                ..
            } => {
                let ends = if *vertical {
                    self.frame
                        .across(*at)
                        .map(|x| [(x, self.frame.area.bottom), (x, self.frame.area.top)])
                } else {
                    self.frame
                        .up(*at)
                        .map(|y| [(self.frame.area.left, y), (self.frame.area.right, y)])
                };
                ends.map_or(Ok(()), |ends| {
                    self.stroke(&ends, 2.2, *dashed, Painted::solid(rgb))
                })
            }
            Mark::Interval {
                at,
                low,
                mid,
                high,
                heavy,
                ..
            } => self.interval(*at, [*low, *mid, *high], *heavy, rgb),
            Mark::Slope { through, slope, .. } => self.slope(*through, *slope, rgb),
            Mark::Circle { centre, radius, .. } => {
                let points = (0..=240).map(|step| {
                    let (sin, cos) = (f64::from(step) * std::f64::consts::TAU / 240.0).sin_cos();
                    (centre.0 + radius * cos, centre.1 + radius * sin)
                });
                self.line(&points.collect::<Vec<_>>(), false, rgb)
            }
            Mark::Text { .. } => Ok(()),
        }
    }

    /// The stretches of points that have a place.
    fn stretches(&self, points: &[(f64, f64)]) -> Vec<Vec<Pixel>> {
        let pixels: Vec<Option<Pixel>> = points
            .iter()
            .map(|&point| self.frame.pixel(point))
            .collect();
        let stretches = pixels
            .split(Option::is_none)
            .filter(|stretch| !stretch.is_empty());
        stretches
            .map(|stretch| stretch.iter().copied().flatten().collect())
            .collect()
    }

    fn line(&mut self, points: &[(f64, f64)], dashed: bool, rgb: Rgb) -> Result<(), ReportError> {
        let columns = self.frame.area.width();
        for stretch in self.stretches(points) {
            // Crowded lines are thin, and let a little of each other through.
            let crowded = travel(&stretch) > 6.0 * columns || stretch.len() as f64 > 0.8 * columns;
            let (width, alpha) = if crowded { (1.1, 0.8) } else { (2.6, 1.0) };
            if let [alone] = stretch.as_slice() {
                self.spot(*alone, 1.8, Painted::solid(rgb))?;
                continue;
            }
            let stretch = self.thinned.line(&stretch, columns);
            self.stroke(&stretch, width, dashed, Painted::sheer(rgb, alpha))?;
        }
        Ok(())
    }

    /// What of a line lies in the panel.
    fn stroke(
        &mut self,
        points: &[Pixel],
        width: f64,
        dashed: bool,
        paint: Painted,
    ) -> Result<(), ReportError> {
        let zoom = self.look.zoom;
        for piece in clip::line(&self.frame.area, points) {
            self.obstacles.points.extend(along(&piece, 5.0 * zoom));
            if self.over_bars && paint.rgb != self.look.theme.colour(Colour::Ink) {
                let ground = Painted::sheer(self.look.theme.ground(), 0.85);
                self.canvas.line(&piece, (width + 2.6) * zoom, ground)?;
            }
            if dashed {
                for dash in dashes(&piece, 8.0 * zoom, 7.0 * zoom) {
                    self.canvas.line(&dash, width * zoom, paint)?;
                }
            } else {
                self.canvas.line(&piece, width * zoom, paint)?;
            }
        }
        Ok(())
    }

    /// A dot, if its centre lies in the panel.
    fn spot(&mut self, centre: Pixel, radius: f64, paint: Painted) -> Result<(), ReportError> {
        if self.frame.area.grown(0.5).holds(centre) {
            self.canvas.dot(centre, radius * self.look.zoom, paint)?;
        }
        Ok(())
    }

    fn dots(&mut self, points: &[(f64, f64)], radius: f64, rgb: Rgb) -> Result<(), ReportError> {
        let area = self.frame.area.grown(0.5);
        let pixels = points.iter().filter_map(|&point| self.frame.pixel(point));
        let pixels: Vec<Pixel> = pixels.filter(|&pixel| area.holds(pixel)).collect();
        let alpha = if pixels.len() > 300 { 0.6 } else { 0.95 };
        let pixels = self.thinned.dots(pixels);
        let large = radius >= 6.0;
        for &pixel in &pixels {
            if large {
                self.spot(
                    pixel,
                    radius + 1.3,
                    Painted::solid(self.look.theme.ground()),
                )?;
            }
            self.spot(
                pixel,
                radius,
                Painted::sheer(rgb, if large { 1.0 } else { alpha }),
            )?;
        }
        self.obstacles.points.extend(pixels);
        Ok(())
    }

    fn band(
        &mut self,
        lower: &[(f64, f64)],
        upper: &[(f64, f64)],
        rgb: Rgb,
    ) -> Result<(), ReportError> {
        let edges = lower.iter().zip(upper);
        let pixels: Vec<Option<(Pixel, Pixel)>> = edges
            .map(|(&lower, &upper)| Some((self.frame.pixel(lower)?, self.frame.pixel(upper)?)))
            .collect();
        let columns = self.frame.area.width();
        for stretch in pixels
            .split(Option::is_none)
            .filter(|stretch| stretch.len() > 1)
        {
            let (lower, upper): (Vec<Pixel>, Vec<Pixel>) =
                stretch.iter().copied().flatten().unzip();
            let mut around = self.thinned.line(&lower, columns);
            let above = self.thinned.line(&upper, columns);
            around.extend(above.into_iter().rev());
            let inside = clip::polygon(&self.frame.area, &around);
            self.canvas.area(&inside, Painted::sheer(rgb, BAND_ALPHA))?;
        }
        Ok(())
    }

    fn bars(&mut self, bars: &[Bar], horizontal: bool, rgb: Rgb) -> Result<(), ReportError> {
        let corner = |along: f64, value: f64| {
            self.frame.pixel(if horizontal {
                (value, along)
            } else {
                (along, value)
            })
        };
        let corners = bars
            .iter()
            .filter_map(|bar| Some((corner(bar.left, bar.from)?, corner(bar.right, bar.to)?)));
        let mut corners: Vec<(Pixel, Pixel)> = corners.collect();
        let room = if horizontal {
            self.frame.area.height()
        } else {
            self.frame.area.width()
        };
        if corners.len() as f64 > room {
            self.thinned.bars(corners.len());
            corners = highest(&corners, horizontal);
        }
        let area = self.frame.area;
        for (from, to) in corners {
            let outside =
                |from: f64, to: f64, low: f64, high: f64| from.max(to) < low || from.min(to) > high;
            if outside(from.0, to.0, area.left, area.right)
                || outside(from.1, to.1, area.top, area.bottom)
            {
                continue;
            }
            let (from, to) = (area.clamp(from), area.clamp(to));
            let (from, to) = aired(from, to, horizontal, self.look.zoom);
            self.canvas.rectangle(from, to, Painted::solid(rgb))?;
        }
        Ok(())
    }

    fn interval(
        &mut self,
        at: f64,
        [low, mid, high]: [f64; 3],
        heavy: bool,
        rgb: Rgb,
    ) -> Result<(), ReportError> {
        let paint = Painted::solid(rgb);
        if let (Some(low), Some(high)) = (self.frame.pixel((low, at)), self.frame.pixel((high, at)))
        {
            self.stroke(&[low, high], if heavy { 7.0 } else { 2.6 }, false, paint)?;
        }
        if let Some(mid) = self.frame.pixel((mid, at)) {
            self.spot(mid, 6.8, Painted::solid(self.look.theme.ground()))?;
            self.spot(mid, 5.2, paint)?;
        }
        Ok(())
    }

    fn slope(&mut self, through: (f64, f64), slope: f64, rgb: Rgb) -> Result<(), ReportError> {
        let (x, y) = (self.frame.x, self.frame.y);
        let points = (0..=200).filter_map(|step| {
            let at = x.value(f64::from(step) / 200.0);
            let value = if x.log && y.log {
                through.1 * (at / through.0).powf(slope)
            } else {
                through.1 + slope * (at - through.0)
            };
            self.frame.pixel((at, value))
        });
        let points: Vec<Pixel> = points.collect();
        self.stroke(&points, 2.2, true, Painted::solid(rgb))
    }

    /// The words, each where it covers least.
    fn words(&mut self, marks: &[Mark]) -> Result<(), ReportError> {
        let zoom = self.look.zoom;
        let words = marks.iter().filter_map(|mark| match mark {
            Mark::Text { text, colour, at } => Some((clean(text), *colour, self.frame.pixel(*at)?)),
            _ => None,
        });
        let words: Vec<_> = words
            .filter(|(_, _, point)| self.frame.area.holds(*point))
            .collect();
        for (_, _, point) in &words {
            let around = clip::Area {
                left: point.0,
                top: point.1,
                right: point.0,
                bottom: point.1,
            };
            self.obstacles.taken.push(around.grown(8.0 * zoom));
        }
        for (text, colour, point) in words {
            let text = fitted(
                &text,
                self.look.tick(),
                Weight::Regular,
                0.8 * self.frame.area.width(),
            );
            let placed = place(&text, point, &self.frame.area, self.look, &self.obstacles);
            let ground = Painted::sheer(self.look.theme.ground(), 0.75);
            let area = placed.area.grown(2.0 * zoom);
            let corners = [(area.left, area.top), (area.right, area.bottom)]
                .map(|corner| self.frame.area.clamp(corner));
            self.canvas.rectangle(corners[0], corners[1], ground)?;
            let paint = Painted::solid(self.look.theme.colour(colour));
            if placed.led {
                let end = placed.area.clamp(point);
                self.canvas.line(&[point, end], 1.2 * zoom, paint)?;
            }
            self.canvas.text(
                &Words::new(&text, self.look.tick()).at(placed.at.0, placed.at.1),
                paint,
            )?;
            self.obstacles.taken.push(placed.area);
        }
        Ok(())
    }
}

/// How far a line goes, in pixels.
fn travel(points: &[Pixel]) -> f64 {
    let lengths = points
        .windows(2)
        .map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1));
    lengths.sum()
}

/// Points along a line, some pixels apart: what words should not cover. Of a long line its corners.
fn along(points: &[Pixel], every: f64) -> Vec<Pixel> {
    if points.len() > 5_000 {
        return points.to_vec();
    }
    let between = points.windows(2).flat_map(|pair| {
        let length = (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
        let count = (length / every).ceil().clamp(1.0, 1_000.0) as usize;
        (0..count).map(move |step| {
            let share = step as f64 / count as f64;
            (
                pair[0].0 + share * (pair[1].0 - pair[0].0),
                pair[0].1 + share * (pair[1].1 - pair[0].1),
            )
        })
    });
    between.collect()
}

/// Pieces of a line `on` pixels long and `off` pixels apart.
fn dashes(points: &[Pixel], on: f64, off: f64) -> Vec<Vec<Pixel>> {
    let mut dashes: Vec<Vec<Pixel>> = Vec::new();
    let (mut drawing, mut left) = (true, on);
    if let Some(&first) = points.first() {
        dashes.push(vec![first]);
    }
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut length = (to.0 - from.0).hypot(to.1 - from.1);
        while length > left {
            let share = left / length;
            from = (
                from.0 + share * (to.0 - from.0),
                from.1 + share * (to.1 - from.1),
            );
            length -= left;
            if drawing {
                dashes
                    .last_mut()
                    .into_iter()
                    .for_each(|dash| dash.push(from));
            } else {
                dashes.push(vec![from]);
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length;
        if drawing {
            dashes.last_mut().into_iter().for_each(|dash| dash.push(to));
        }
    }
    dashes.retain(|dash| dash.len() > 1);
    dashes
}

/// Of the bars in each pixel along the axis the one that reaches farthest from where it starts.
fn highest(corners: &[(Pixel, Pixel)], horizontal: bool) -> Vec<(Pixel, Pixel)> {
    let along = |bar: &(Pixel, Pixel)| if horizontal { bar.0.1 } else { bar.0.0 };
    let reach = |bar: &(Pixel, Pixel)| {
        if horizontal {
            (bar.1.0 - bar.0.0).abs()
        } else {
            (bar.1.1 - bar.0.1).abs()
        }
    };
    let mut order = corners.to_vec();
    order.sort_by(|left, right| along(left).total_cmp(&along(right)));
    let columns = order.chunk_by(|left, right| along(left).floor() == along(right).floor());
    columns
        .filter_map(|column| {
            column
                .iter()
                .max_by(|left, right| reach(left).total_cmp(&reach(right)))
        })
        .copied()
        .collect()
}

/// A bar with a little air beside it, and never thinner than a pixel.
fn aired(from: Pixel, to: Pixel, horizontal: bool, zoom: f64) -> (Pixel, Pixel) {
    let squeeze = |from: f64, to: f64| {
        let (low, high) = (from.min(to), from.max(to));
        let air = if high - low > 6.0 * zoom {
            0.5 * zoom
        } else {
            0.0
        };
        let middle = 0.5 * (low + high);
        (
            (low + air).min(middle - 0.5 * zoom),
            (high - air).max(middle + 0.5 * zoom),
        )
    };
    if horizontal {
        let (low, high) = squeeze(from.1, to.1);
        ((from.0, low), (to.0, high))
    } else {
        let (low, high) = squeeze(from.0, to.0);
        ((low, from.1), (high, to.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_turn_corners_and_end_with_the_line() {
        let found = dashes(&[(0.0, 0.0), (5.0, 0.0), (5.0, 20.0)], 8.0, 7.0);
        assert_eq!(
            found,
            [
                vec![(0.0, 0.0), (5.0, 0.0), (5.0, 3.0)],
                vec![(5.0, 10.0), (5.0, 18.0)]
            ]
        );
        assert!(dashes(&[], 8.0, 7.0).is_empty());
    }

    #[test]
    fn the_highest_bar_of_a_pixel_is_kept() {
        let bar = |x: f64, height: f64| ((x, 0.0), (x + 0.1, -height));
        let kept = highest(
            &[bar(0.1, 2.0), bar(0.5, 7.0), bar(1.2, 1.0), bar(0.9, 3.0)],
            false,
        );
        assert_eq!(kept, [bar(0.5, 7.0), bar(1.2, 1.0)]);
    }
}
