//! The trace plot: the distribution of each chain beside its way.

use crate::density::{smoothed, sorted};
use crate::quantity::{chain_name, counted, listed, most_chains};
use crate::{Axis, Bar, Colour, Figure, Mark, Panel, Quantity};

/// The most whole numbers that are shown by bars, one group of chains each.
const MOST_BARS: f64 = 60.0;

/// PyMC's trace plot: a row a quantity, on the left the distribution of each chain, on the right its draws in order.
///
/// Distributions are smoothed ones (Silverman's width, folded back at the least and greatest draw); those of whole
/// quantities are bars, the chains side by side. Chains that agree lie on each other; a chain that stands still or
/// moves elsewhere is seen on both sides.
pub fn traces(quantities: &[Quantity<'_>]) -> Figure {
    let n_chains = most_chains(quantities);
    let names = listed(quantities.iter().map(|quantity| quantity.name));
    let mut figure = Figure::new(
        format!("Draws of {names}"),
        format!(
            "Trace plot of {names}, {}: the distribution of each chain on the left, its draws in order on the right.",
            counted(n_chains, "chain")
        ),
    );
    figure.columns = 2;
    figure.size.1 = figure.size.1.max(150 + 190 * quantities.len() as u32);
    for (row, quantity) in quantities.iter().enumerate() {
        figure.panels.push(distribution(quantity));
        let last = row + 1 == quantities.len();
        figure.panels.push(trace(quantity, last));
    }
    figure
}

fn distribution(quantity: &Quantity<'_>) -> Panel {
    let height = if quantity.whole { "share" } else { "density" };
    let mut panel = Panel::new("", Axis::new(quantity.name), Axis::new(height));
    let n_chains = quantity.chains.len();
    let chains = quantity.chains.iter();
    let sorted_chains: Vec<Vec<f64>> = chains.map(|draws| sorted(draws.iter().copied())).collect();
    let span = sorted_chains.iter().flatten().copied();
    let (low, high) = crate::density::extent(span).unwrap_or((0.0, 0.0));
    for (chain, draws) in sorted_chains.iter().enumerate() {
        let name = chain_name(chain, n_chains);
        let colour = Colour::Series(chain);
        panel
            .marks
            .push(if quantity.whole && high - low <= MOST_BARS {
                let width = 0.84 / n_chains as f64;
                let shift = (chain as f64 + 0.5) * width - 0.42;
                Mark::Bars {
                    name,
                    colour,
                    bars: shares(draws)
                        .map(|(value, share)| Bar::about(value + shift, width, share))
                        .collect(),
                    horizontal: false,
                }
            } else {
                Mark::Line {
                    name,
                    colour,
                    points: if quantity.whole {
                        shares(draws).collect()
                    } else {
                        smoothed(draws)
                    },
                    dashed: false,
                }
            });
    }
    panel
}

/// Each value among ascending draws with its share of them.
fn shares(sorted: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    let groups = sorted.chunk_by(|left, right| left == right);
    groups.map(|group| (group[0], group.len() as f64 / sorted.len() as f64))
}

fn trace(quantity: &Quantity<'_>, last: bool) -> Panel {
    let label = if last { "draw" } else { "" };
    let mut panel = Panel::new("", Axis::new(label), Axis::new(quantity.name));
    panel.share = 1.7;
    for (chain, draws) in quantity.chains.iter().enumerate() {
        panel.marks.push(Mark::Line {
            name: chain_name(chain, quantity.chains.len()),
            colour: Colour::Series(chain),
            points: (1..).map(f64::from).zip(draws.iter().copied()).collect(),
            dashed: false,
        });
    }
    panel
}
