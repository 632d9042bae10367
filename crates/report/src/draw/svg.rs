//! A figure as SVG.

use std::fmt::Write;

use plotters::prelude::{IntoDrawingArea, SVGBackend};

use super::canvas::{Canvas, Medium, Painted, Plotted};
use super::{Look, check_size, draw};
use crate::text::clean;
use crate::{Figure, ReportError, Theme};

/// Units of the picture's own coordinates a pixel: places are whole numbers of them.
const UNITS: u32 = 10;

impl Figure {
    /// The figure as an SVG document without an XML declaration, so that a page may hold it inline, as often as it likes:
    /// no `id`, style sheet, script or link. Its name for a screen reader is the title; its description is
    /// [`Figure::description`] and what was thinned out of long series.
    ///
    /// # Errors
    ///
    /// [`ReportError::Size`] and [`ReportError::Crowded`] where there is no room.
    pub fn svg(&self, theme: Theme) -> Result<String, ReportError> {
        check_size(self)?;
        let mut drawn = String::new();
        let size = (self.size.0 * UNITS, self.size.1 * UNITS);
        let area = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
        let notes = {
            let mut canvas = Plotted {
                area,
                units: f64::from(UNITS),
                medium: Medium::Vector,
                figure: self,
            };
            let corner = (f64::from(self.size.0), f64::from(self.size.1));
            canvas.rectangle((0.0, 0.0), corner, Painted::solid(theme.ground()))?;
            let notes = draw(self, Look::new(theme, self.size), &mut canvas)?;
            canvas.area.present().map_err(|error| ReportError::Draw {
                title: self.title.clone(),
                reason: error.to_string(),
            })?;
            notes
        };
        Ok(self.dressed(&drawn, &notes))
    }

    /// What plotters drew, with a head of ours: whom the picture speaks to, and lines with round corners.
    fn dressed(&self, drawn: &str, notes: &[String]) -> String {
        let (width, height) = self.size;
        let mut description = clean(&self.description);
        for note in notes {
            description.push(' ');
            description += note;
        }
        let mut document = String::with_capacity(drawn.len() + 1024);
        // Writing to a String does not fail.
        let _ = write!(
            document,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {} {}\" stroke-linejoin=\"round\" stroke-linecap=\"round\" \
             style=\"max-width:100%;height:auto\">\n<title>{}</title>\n<desc>{}</desc>\n",
            width * UNITS,
            height * UNITS,
            escaped(&clean(&self.title)),
            escaped(&description),
        );
        let mut within_text = false;
        // The first line is plotters' own head. Words stand on a line of their own there, which would add spaces.
        for line in drawn.lines().skip(1) {
            document.push_str(line);
            within_text = line.starts_with("<text") || (within_text && line != "</text>");
            if !within_text {
                document.push('\n');
            }
        }
        document
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
