//! Two quantities in their plane: the draws, the way of the chains, and where most of them lie.

use crate::density::Plane;
use crate::quantity::{chain_name, counted};
use crate::{Axis, Colour, Figure, Mark, Panel, Quantity};

/// What [`pair`] shows.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The quantity along the horizontal axis.
    pub x: Quantity<'a>,
    /// The one along the vertical axis: as many chains of the same lengths; what has no partner is left out.
    pub y: Quantity<'a>,
    /// How many draws of each chain, from its first, are joined to a path whose start and end are marked; 0 for none.
    pub path: usize,
    /// Whether each draw beyond the path is a dot.
    pub points: bool,
    /// Whether the borders of the smallest regions that hold 50 % and 94 % of the draws beyond the path are drawn.
    pub contours: bool,
}

/// The draws of two quantities in their plane; a known answer may be added as a mark.
pub fn pair(pair: &Pair<'_>) -> Figure {
    let (x, y) = (pair.x.name, pair.y.name);
    let chains: Vec<Vec<(f64, f64)>> = pair
        .x
        .chains
        .iter()
        .zip(pair.y.chains)
        .map(joined)
        .collect();
    let shown = counted(chains.len(), "chain");
    let path = if pair.path > 0 {
        format!(
            "; the first {} of each are joined in order",
            counted(pair.path, "draw")
        )
    } else {
        String::new()
    };
    let figure = Figure::new(
        format!("{x} and {y}"),
        format!("Draws of {x} and {y} in their plane, {shown}{path}."),
    );
    let mut panel = Panel::new("", Axis::new(x), Axis::new(y));
    let rest = chains
        .iter()
        .map(|chain| chain.get(pair.path..).unwrap_or_default());
    if pair.points {
        for (chain, points) in rest.clone().enumerate() {
            panel.marks.push(Mark::Points {
                name: if pair.path > 0 {
                    "later draws".to_owned()
                } else {
                    chain_name(chain, chains.len())
                },
                colour: if pair.path > 0 {
                    Colour::Quiet
                } else {
                    Colour::Series(chain)
                },
                points: points.to_vec(),
                radius: 2.0,
            });
        }
    }
    if pair.contours {
        let rest: Vec<(f64, f64)> = rest.flatten().copied().filter(is_finite).collect();
        panel.marks.extend(contours(&rest));
    }
    for (chain, points) in chains.iter().enumerate().filter(|_| pair.path > 0) {
        let points = &points[..pair.path.min(points.len())];
        panel.marks.extend(path_of(points, chain, chains.len()));
    }
    figure.with(panel)
}

fn joined((x, y): (&Vec<f64>, &Vec<f64>)) -> Vec<(f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).collect()
}

fn is_finite(point: &(f64, f64)) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

fn contours(points: &[(f64, f64)]) -> Vec<Mark> {
    let Some(plane) = Plane::new(points) else {
        return Vec::new();
    };
    let levels = [(0.94, true), (0.5, false)];
    levels
        .map(|(share, dashed)| Mark::Line {
            name: format!("holds {:.0} % of the draws", 100.0 * share),
            colour: Colour::Ink,
            points: plane.contour(share),
            dashed,
        })
        .to_vec()
}

/// The path of a chain with its two ends.
fn path_of(points: &[(f64, f64)], chain: usize, n_chains: usize) -> Vec<Mark> {
    let name = chain_name(chain, n_chains);
    let mut marks = vec![Mark::Line {
        name: if name.is_empty() {
            "path".to_owned()
        } else {
            name
        },
        colour: Colour::Series(chain),
        points: points.to_vec(),
        dashed: false,
    }];
    let mut finite = points.iter().copied().filter(is_finite);
    let ends = [
        ("start", Colour::Warning, finite.next()),
        ("end", Colour::Ink, finite.next_back()),
    ];
    for (name, colour, end) in ends {
        marks.extend(end.map(|end| Mark::Points {
            name: name.to_owned(),
            colour,
            points: vec![end],
            radius: 6.0,
        }));
    }
    marks
}
