//! Rank plots: where the draws of each chain stand among those of all chains.

use crate::quantity::{counted, listed, most_chains};
use crate::{Axis, Bar, Colour, Figure, Mark, Panel, Quantity};

/// Number of bins, as in ArviZ.
const BINS: usize = 20;

/// How high the bars of one chain may reach, where the next chain begins one higher.
const REACH: f64 = 0.86;

/// A panel a quantity: for each chain the histogram of its draws' ranks among all draws, above a dashed line at the
/// height that all bars have if the chains have one distribution.
///
/// Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), section 4.3; laid out as ArviZ does. Equal draws share their
/// ranks evenly, so that whole quantities show no teeth. Draws that are not finite have no rank.
pub fn ranks(quantities: &[Quantity<'_>]) -> Figure {
    let n_chains = most_chains(quantities);
    let names = listed(quantities.iter().map(|quantity| quantity.name));
    let mut figure = Figure::new(
        format!("Ranks of {names}"),
        format!(
            "Rank plot of {names}: for each of {} the histogram of its draws' ranks among the draws of all chains; chains that agree have even bars.",
            counted(n_chains, "chain")
        ),
    );
    figure.columns = quantities.len().clamp(1, 3);
    figure.size.1 = figure
        .size
        .1
        .max(130 + 300 * quantities.len().div_ceil(3) as u32);
    figure.panels = quantities.iter().map(panel).collect();
    figure
}

fn panel(quantity: &Quantity<'_>) -> Panel {
    let n_chains = quantity.chains.len();
    let ticks = (0..n_chains).map(|chain| (chain as f64, format!("chain {chain}")));
    let y = Axis::new("")
        .range(-0.1, n_chains.max(1) as f64)
        .ticks(ticks.collect());
    let counts = rank_counts(quantity.chains);
    let total: f64 = counts.iter().flatten().sum();
    let x = Axis::new("rank among all draws").range(0.0, total.max(1.0));
    let mut panel = Panel::new(quantity.name, x, y);
    let greatest = counts.iter().flatten().copied().fold(0.0, f64::max);
    let width = total / BINS as f64;
    for (chain, counts) in counts.iter().enumerate() {
        let base = chain as f64;
        let size: f64 = counts.iter().sum();
        let bars = counts.iter().enumerate().filter(|_| size > 0.0);
        panel.marks.push(Mark::Bars {
            name: String::new(),
            colour: Colour::Series(chain),
            bars: bars
                .map(|(bin, count)| Bar {
                    left: bin as f64 * width,
                    right: (bin + 1) as f64 * width,
                    from: base,
                    to: base + REACH * count / greatest,
                })
                .collect(),
            horizontal: false,
        });
        let even = base + REACH * size / BINS as f64 / greatest;
        panel.marks.push(Mark::Line {
            name: "height if all chains agree".to_owned(),
            colour: Colour::Ink,
            points: vec![(0.0, even), (total, even)],
            dashed: true,
        });
    }
    panel
}

/// How many of each chain's ranks fall into each bin; a group of equal draws is spread over the ranks that it holds.
fn rank_counts(chains: &[Vec<f64>]) -> Vec<[f64; BINS]> {
    let draws = chains.iter().enumerate().flat_map(|(chain, draws)| {
        let finite = draws.iter().filter(|draw| draw.is_finite());
        finite.map(move |&draw| (draw, chain))
    });
    let mut order: Vec<(f64, usize)> = draws.collect();
    order.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    let scale = BINS as f64 / order.len().max(1) as f64;
    let mut counts = vec![[0.0; BINS]; chains.len()];
    let mut below = 0;
    for ties in order.chunk_by(|left, right| left.0 == right.0) {
        let (from, to) = (below as f64 * scale, (below + ties.len()) as f64 * scale);
        for &(_, chain) in ties {
            for (bin, count) in (0..BINS).zip(&mut counts[chain]) {
                let inside = to.min((bin + 1) as f64) - from.max(bin as f64);
                *count += inside.max(0.0) / (to - from);
            }
        }
        below += ties.len();
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_is_counted_once_and_bins_are_equally_full() {
        let chains = [
            (0..60).map(|draw| f64::from(draw % 7)).collect(),
            (0..40)
                .map(|draw| f64::from(draw) * 0.1)
                .collect::<Vec<_>>(),
        ];
        let counts = rank_counts(&chains);
        let sizes = counts.iter().map(|counts| counts.iter().sum::<f64>());
        for (found, expected) in sizes.zip([60.0, 40.0]) {
            assert!((found - expected).abs() < 1e-9, "{found}");
        }
        for (bin, (one, other)) in counts[0].iter().zip(counts[1]).enumerate() {
            let full = one + other;
            assert!((full - 5.0).abs() < 1e-9, "bin {bin}: {full}");
        }
    }

    #[test]
    fn a_chain_that_is_elsewhere_has_the_upper_ranks_alone() {
        let chains = [
            vec![0.0, 1.0, 2.0, 3.0],
            vec![10.0, 11.0, 12.0, f64::NAN, 13.0],
        ];
        let counts = rank_counts(&chains);
        assert!(counts[1][..BINS / 2].iter().all(|&count| count == 0.0));
        assert!((counts[1].iter().sum::<f64>() - 4.0).abs() < 1e-9);
    }
}
