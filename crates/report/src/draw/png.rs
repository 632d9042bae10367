//! A figure as PNG.

use plotters::prelude::{BitMapBackend, IntoDrawingArea};

use super::canvas::{Canvas, Medium, Painted, Plotted};
use super::{Look, check_size, draw};
use crate::{Figure, ReportError, Theme};

impl Figure {
    /// The figure as the bytes of a PNG file of [`Figure::size`] pixels.
    ///
    /// # Errors
    ///
    /// As [`Figure::svg`].
    pub fn png(&self, theme: Theme) -> Result<Vec<u8>, ReportError> {
        check_size(self)?;
        let (width, height) = self.size;
        let finer = finer(width, height);
        let mut pixels = vec![0; 3 * (width * finer) as usize * (height * finer) as usize];
        {
            let backend = BitMapBackend::with_buffer(&mut pixels, (width * finer, height * finer));
            let mut canvas = Plotted {
                area: backend.into_drawing_area(),
                units: f64::from(finer),
                medium: Medium::Raster,
                figure: self,
            };
            let corner = (f64::from(width), f64::from(height));
            canvas.rectangle((0.0, 0.0), corner, Painted::solid(theme.ground()))?;
            draw(self, Look::new(theme, self.size), &mut canvas)?;
            canvas
                .area
                .present()
                .map_err(|error| self.undrawn(&error))?;
        }
        let pixels = averaged(&pixels, (width * finer) as usize, finer as usize);
        self.encoded(&pixels).map_err(|error| self.undrawn(&error))
    }

    fn encoded(&self, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.size.0, self.size.1);
        encoder.set_color(png::ColorType::RGB);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.write_header()?.write_image_data(pixels)?;
        Ok(file)
    }

    fn undrawn(&self, error: &dyn std::error::Error) -> ReportError {
        ReportError::Draw {
            title: self.title.clone(),
            reason: error.to_string(),
        }
    }
}

/// How many dots a pixel has along each side before they are averaged: plotters draws edges at whole dots.
fn finer(width: u32, height: u32) -> u32 {
    match u64::from(width) * u64::from(height) {
        0..=2_500_000 => 3,
        2_500_001..=12_000_000 => 2,
        _ => 1,
    }
}

/// The mean of the dots of each pixel; `row` dots a row.
fn averaged(dots: &[u8], row: usize, finer: usize) -> Vec<u8> {
    let shift = (finer * finer / 2) as u32;
    let area = (finer * finer) as u32;
    let mut pixels = Vec::with_capacity(dots.len() / (finer * finer));
    let mut sums = vec![0_u32; 3 * row / finer];
    for rows in dots.chunks_exact(3 * row * finer) {
        sums.fill(shift);
        for dots in rows.chunks_exact(3 * row) {
            for (sum, dots) in sums.chunks_exact_mut(3).zip(dots.chunks_exact(3 * finer)) {
                for dot in dots.chunks_exact(3) {
                    sum[0] += u32::from(dot[0]);
                    sum[1] += u32::from(dot[1]);
                    sum[2] += u32::from(dot[2]);
                }
            }
        }
        // A mean of bytes is a byte.
        pixels.extend(sums.iter().map(|sum| (sum / area) as u8));
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_means_of_their_dots() {
        // Two rows of four dots, two by two of them a pixel.
        let grey = |values: [u8; 8]| {
            values
                .iter()
                .flat_map(|&value| [value; 3])
                .collect::<Vec<u8>>()
        };
        let dots = grey([0, 0, 255, 255, 0, 4, 255, 255]);
        assert_eq!(averaged(&dots, 4, 2), [1, 1, 1, 255, 255, 255]);
        assert_eq!(averaged(&dots, 4, 1), dots);
    }
}
