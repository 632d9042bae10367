//! Where words beside points go, so that they cover as little as can be.

use super::Look;
use super::canvas::Pixel;
use super::clip::Area;
use crate::text::{Weight, width};

/// Words in their place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    /// What they take up.
    pub(super) area: Area,
    /// Left end of their baseline.
    pub(super) at: Pixel,
    /// Whether they are so far from their point that a line must lead to it.
    pub(super) led: bool,
}

/// What words should not cover.
#[derive(Debug, Default)]
pub(super) struct Obstacles {
    /// Words that have their place, and dots with a label of their own.
    pub(super) taken: Vec<Area>,
    /// Points on lines and other dots.
    pub(super) points: Vec<Pixel>,
}

/// The best of a few dozen places about `point`: within the panel, off other words, then off the data, then near.
pub(super) fn place(
    text: &str,
    point: Pixel,
    panel: &Area,
    look: Look,
    obstacles: &Obstacles,
) -> Placed {
    let (wide, high) = (
        width(text, look.tick(), Weight::Regular),
        1.15 * look.tick(),
    );
    let directions = [
        (1.0, 0.0),
        (-1.0, 0.0),
        (0.0, -1.0),
        (0.0, 1.0),
        (0.8, -0.8),
        (-0.8, -0.8),
        (0.8, 0.8),
        (-0.8, 0.8),
    ];
    let distances = [13.0, 26.0, 45.0, 70.0, 100.0, 140.0, 190.0];
    let places = distances.into_iter().flat_map(|distance| {
        directions
            .into_iter()
            .map(move |direction| (distance * look.zoom, direction))
    });
    let candidates = places.map(|(distance, (right, down))| {
        let (x, y) = (point.0 + right * distance, point.1 + down * distance);
        let left = if right == 0.0 {
            x - wide / 2.0
        } else if right < 0.0 {
            x - wide
        } else {
            x
        };
        let top = if down == 0.0 {
            y - high / 2.0
        } else if down < 0.0 {
            y - high
        } else {
            y
        };
        let left = left.clamp(panel.left, (panel.right - wide).max(panel.left));
        let top = top.clamp(panel.top, (panel.bottom - high).max(panel.top));
        let area = Area {
            left,
            top,
            right: left + wide,
            bottom: top + high,
        };
        let words: f64 = obstacles
            .taken
            .iter()
            .map(|other| area.grown(2.0).overlap(other))
            .sum();
        let near = area.grown(5.0 * look.zoom);
        let covered = obstacles
            .points
            .iter()
            .filter(|&&point| near.holds(point))
            .count();
        let own = area.grown(6.0 * look.zoom).holds(point);
        let cost = 1e3 * words
            + 40.0 * (covered as f64).sqrt()
            + 1.2 * distance / look.zoom
            + f64::from(u8::from(own)) * 1e4;
        (cost, area, distance)
    });
    let best = candidates.min_by(|left, right| left.0.total_cmp(&right.0));
    let (_, area, distance) = best.unwrap_or((0.0, *panel, 0.0));
    Placed {
        at: (area.left, area.bottom - 0.28 * look.tick()),
        led: distance > 20.0 * look.zoom,
        area,
    }
}
