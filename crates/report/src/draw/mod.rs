//! The one renderer: lays a figure out and draws it on a canvas.

mod axes;
mod canvas;
mod clip;
mod frame;
mod layout;
mod legend;
mod marks;
mod place;
mod png;
mod scale;
mod spots;
mod svg;
mod thin;
mod ticks;

use crate::{Colour, Figure, ReportError, Theme};

pub use spots::Spot;

use canvas::{Canvas, Painted, Words};
use layout::Layout;
use thin::Thinned;

/// What the drawing of one figure needs to know everywhere.
#[derive(Clone, Copy)]
struct Look {
    theme: Theme,
    /// Pixels a pixel of a slide.
    zoom: f64,
}

impl Look {
    fn new(theme: Theme, size: (u32, u32)) -> Self {
        let share = f64::from(size.0) / f64::from(Figure::SLIDE.0);
        // Small pictures keep larger letters than they should have by their width.
        let zoom = if share < 1.0 {
            share.sqrt().max(0.7)
        } else {
            share
        };
        Self { theme, zoom }
    }

    /// The size of letters: of the figure's title, of a panel's, of labels and the legend, of ticks.
    fn title(&self) -> f64 {
        27.0 * self.zoom
    }

    fn heading(&self) -> f64 {
        19.0 * self.zoom
    }

    fn label(&self) -> f64 {
        18.0 * self.zoom
    }

    fn tick(&self) -> f64 {
        16.0 * self.zoom
    }
}

/// Draws a figure and tells what was left out of it, in sentences.
fn draw(figure: &Figure, look: Look, canvas: &mut dyn Canvas) -> Result<Vec<String>, ReportError> {
    let layout = Layout::new(figure, look)?;
    let ink = Painted::solid(look.theme.colour(Colour::Ink));
    for (line, baseline) in &layout.title {
        let words = Words::bold(line, look.title()).at(layout.left, *baseline);
        canvas.text(&words, ink)?;
    }
    legend::draw(&layout.legend, look, canvas)?;
    let mut thinned = Thinned::default();
    for (panel, frame) in figure.panels.iter().zip(&layout.frames) {
        axes::grid(frame, look, canvas)?;
        if frame.empty {
            axes::no_data(frame, look, canvas)?;
        } else {
            marks::draw(panel, frame, look, canvas, &mut thinned)?;
        }
        axes::draw(frame, look, canvas)?;
    }
    Ok(thinned.sentences())
}

/// Whether a picture of this size can be drawn.
fn check_size(figure: &Figure) -> Result<(), ReportError> {
    let (width, height) = figure.size;
    let wide = (Figure::LEAST.0..=Figure::GREATEST).contains(&width);
    let high = (Figure::LEAST.1..=Figure::GREATEST).contains(&height);
    if wide && high {
        Ok(())
    } else {
        Err(ReportError::Size { width, height })
    }
}
