//! What the renderer draws with: a few shapes in pixels, on any of plotters' backends.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, DrawingBackend, RGBAColor};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, ShapeStyle, TextStyle,
};

use crate::colour::Rgb;
use crate::text::{Weight, ink};
use crate::{Figure, ReportError};

/// A place in pixels from the upper left corner.
pub(super) type Pixel = (f64, f64);

/// A colour with how much of it covers what is behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Painted {
    pub(super) rgb: Rgb,
    pub(super) alpha: f64,
}

impl Painted {
    pub(super) fn solid(rgb: Rgb) -> Self {
        Self { rgb, alpha: 1.0 }
    }

    pub(super) fn sheer(rgb: Rgb, alpha: f64) -> Self {
        Self { rgb, alpha }
    }

    fn colour(self) -> RGBAColor {
        RGBAColor(self.rgb.0, self.rgb.1, self.rgb.2, self.alpha)
    }
}

/// Which end of words stands at their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Words on one line.
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    /// Pixels an em.
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) anchor: Anchor,
    /// The anchor's place on the baseline.
    pub(super) at: Pixel,
    /// Whether they run upwards.
    pub(super) upwards: bool,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str, size: f64) -> Self {
        Self {
            text,
            size,
            weight: Weight::Regular,
            anchor: Anchor::Start,
            at: (0.0, 0.0),
            upwards: false,
        }
    }

    pub(super) fn bold(text: &'a str, size: f64) -> Self {
        Self {
            weight: Weight::Bold,
            ..Self::new(text, size)
        }
    }

    pub(super) fn at(mut self, x: f64, baseline: f64) -> Self {
        self.at = (x, baseline);
        self
    }

    pub(super) fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    pub(super) fn upwards(mut self) -> Self {
        self.upwards = true;
        self
    }
}

/// Shapes in pixels.
pub(super) trait Canvas {
    /// A line of this width through points.
    fn line(&mut self, points: &[Pixel], width: f64, paint: Painted) -> Result<(), ReportError>;
    /// The area within points.
    fn area(&mut self, points: &[Pixel], paint: Painted) -> Result<(), ReportError>;
    /// A rectangle between two corners.
    fn rectangle(&mut self, from: Pixel, to: Pixel, paint: Painted) -> Result<(), ReportError>;
    /// A disc.
    fn dot(&mut self, centre: Pixel, radius: f64, paint: Painted) -> Result<(), ReportError>;
    /// Words.
    fn text(&mut self, words: &Words<'_>, paint: Painted) -> Result<(), ReportError>;
}

/// How a backend draws what backends draw differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    /// Shapes that a browser draws.
    Vector,
    /// Pixels that plotters fills.
    Raster,
}

/// A canvas on one of plotters' drawing areas.
pub(super) struct Plotted<'a, DB: DrawingBackend> {
    pub(super) area: DrawingArea<DB, Shift>,
    /// The area's units a pixel: plotters' places are whole numbers of these.
    pub(super) units: f64,
    pub(super) medium: Medium,
    /// For errors.
    pub(super) figure: &'a Figure,
}

/// The families that a browser looks for.
const FAMILIES: &str = "Noto Sans, Open Sans, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif";

impl<DB: DrawingBackend> Plotted<'_, DB> {
    fn place(&self, pixel: Pixel) -> (i32, i32) {
        // Casts saturate, and whoever draws clips to the picture before.
        (
            (pixel.0 * self.units).round() as i32,
            (pixel.1 * self.units).round() as i32,
        )
    }

    fn length(&self, pixels: f64) -> u32 {
        (pixels * self.units).round().max(1.0) as u32
    }

    /// A stretch of a line as a rectangle: plotters' own raster of wide lines frays where they turn sharply.
    fn stretch(
        &self,
        from: Pixel,
        to: Pixel,
        width: f64,
        colour: RGBAColor,
    ) -> Result<(), ReportError> {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length * self.units < 1.0 {
            return Ok(());
        }
        let (x, y) = (-dy / length * width / 2.0, dx / length * width / 2.0);
        let corners = [
            (from.0 + x, from.1 + y),
            (to.0 + x, to.1 + y),
            (to.0 - x, to.1 - y),
            (from.0 - x, from.1 - y),
        ];
        let corners: Vec<(i32, i32)> = corners.iter().map(|&corner| self.place(corner)).collect();
        self.drawn(self.area.draw(&Polygon::new(corners, colour.filled())))
    }

    fn drawn<E: std::error::Error>(&self, outcome: Result<(), E>) -> Result<(), ReportError> {
        outcome.map_err(|error| ReportError::Draw {
            title: self.figure.title.clone(),
            reason: error.to_string(),
        })
    }
}

impl<DB: DrawingBackend> Canvas for Plotted<'_, DB> {
    fn line(&mut self, points: &[Pixel], width: f64, paint: Painted) -> Result<(), ReportError> {
        let colour = paint.colour();
        if self.medium == Medium::Vector {
            let places: Vec<(i32, i32)> = points.iter().map(|&point| self.place(point)).collect();
            let style: ShapeStyle = colour.stroke_width(self.length(width));
            return self.drawn(self.area.draw(&PathElement::new(places, style)));
        }
        for pair in points.windows(2) {
            self.stretch(pair[0], pair[1], width, colour)?;
        }
        if width * self.units < 3.0 {
            return Ok(());
        }
        for &point in points {
            // A whole circle is a dot wider than its radius says.
            let radius = (width * self.units / 2.0 - 0.5).floor() as i32;
            self.drawn(
                self.area
                    .draw(&Circle::new(self.place(point), radius, colour.filled())),
            )?;
        }
        Ok(())
    }

    fn area(&mut self, points: &[Pixel], paint: Painted) -> Result<(), ReportError> {
        let places: Vec<(i32, i32)> = points.iter().map(|&point| self.place(point)).collect();
        if places.len() < 3 {
            return Ok(());
        }
        self.drawn(
            self.area
                .draw(&Polygon::new(places, paint.colour().filled())),
        )
    }

    fn rectangle(&mut self, from: Pixel, to: Pixel, paint: Painted) -> Result<(), ReportError> {
        let (from, to) = (self.place(from), self.place(to));
        let corners = [
            (from.0.min(to.0), from.1.min(to.1)),
            (from.0.max(to.0), from.1.max(to.1)),
        ];
        self.drawn(
            self.area
                .draw(&Rectangle::new(corners, paint.colour().filled())),
        )
    }

    fn dot(&mut self, centre: Pixel, radius: f64, paint: Painted) -> Result<(), ReportError> {
        let circle = Circle::new(
            self.place(centre),
            self.length(radius),
            paint.colour().filled(),
        );
        self.drawn(self.area.draw(&circle))
    }

    fn text(&mut self, words: &Words<'_>, paint: Painted) -> Result<(), ReportError> {
        if words.text.is_empty() {
            return Ok(());
        }
        match self.medium {
            Medium::Vector => self.written(words, paint.colour()),
            Medium::Raster => self.painted(words, paint.colour()),
        }
    }
}

impl<DB: DrawingBackend> Plotted<'_, DB> {
    /// Words that a browser sets.
    fn written(&self, words: &Words<'_>, colour: RGBAColor) -> Result<(), ReportError> {
        // In plotters' SVG a baseline is 0.76 em below the top, and an em is 1 / 1.24 of the size.
        let (size, down) = (words.size * self.units * 1.24, 0.76 * words.size);
        let style = match words.weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
        };
        let mut font = FontDesc::new(FontFamily::Name(FAMILIES), size, style);
        let mut at = words.at;
        if words.upwards {
            font = font.transform(FontTransform::Rotate270);
            at.0 -= down;
        } else {
            at.1 -= down;
        }
        let anchor = match words.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = TextStyle::from(font)
            .color(&colour)
            .pos(Pos::new(anchor, VPos::Top));
        self.drawn(
            self.area
                .draw(&Text::new(words.text, self.place(at), style)),
        )
    }

    /// Words dot by dot: plotters' own raster of letters leaves out the space before each.
    fn painted(&self, words: &Words<'_>, colour: RGBAColor) -> Result<(), ReportError> {
        let (dots, width) = ink(words.text, words.size * self.units, words.weight);
        let before = match words.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let before = before.round() as i32;
        let (left, baseline) = self.place(words.at);
        for (right, down, share) in dots {
            let place = if words.upwards {
                (left + down, baseline - (right - before))
            } else {
                (left + right - before, baseline + down)
            };
            self.drawn(self.area.draw_pixel(place, &colour.mix(share)))?;
        }
        Ok(())
    }
}
