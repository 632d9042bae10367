//! How long a chain remembers where it was.

use switchback_diagnostics as diagnostics;

use crate::quantity::{chain_name, counted, listed, most_chains};
use crate::{Axis, Colour, Figure, Mark, Panel, Quantity};

/// A panel a quantity: the autocorrelation of each chain at lags 0 to `max_lag`, over a band in which 95 % of the
/// correlations of independent draws lie (`1.96 / sqrt(n)` to either side of 0, `n` the draws of the shortest chain).
///
/// The estimate is [`switchback_diagnostics::autocorrelation`]. A chain of fewer than four draws, of equal draws, or
/// with one that is not finite has no line.
pub fn autocorrelation(quantities: &[Quantity<'_>], max_lag: usize) -> Figure {
    let names = listed(quantities.iter().map(|quantity| quantity.name));
    let mut figure = Figure::new(
        format!("Autocorrelation of {names}"),
        format!(
            "Autocorrelation of {names} by lag, {}, with the band in which 95 % of those of independent draws lie.",
            counted(most_chains(quantities), "chain")
        ),
    );
    figure.columns = quantities.len().clamp(1, 3);
    figure.size.1 = figure
        .size
        .1
        .max(130 + 300 * quantities.len().div_ceil(3) as u32);
    figure.panels = quantities
        .iter()
        .map(|quantity| panel(quantity, max_lag))
        .collect();
    figure
}

fn panel(quantity: &Quantity<'_>, max_lag: usize) -> Panel {
    let x = Axis::new("lag (draws)").range(0.0, max_lag.max(1) as f64);
    let mut panel = Panel::new(quantity.name, x, Axis::new("autocorrelation"));
    let n_draws = quantity.chains.iter().map(Vec::len).min().unwrap_or(0);
    let half = 1.96 / (n_draws.max(1) as f64).sqrt();
    let ends = [0.0, max_lag.max(1) as f64];
    panel.marks.push(Mark::Band {
        name: "95 % of independent draws".to_owned(),
        colour: Colour::Quiet,
        lower: ends.map(|lag| (lag, -half)).to_vec(),
        upper: ends.map(|lag| (lag, half)).to_vec(),
    });
    let mut least: f64 = -half;
    for (chain, draws) in quantity.chains.iter().enumerate() {
        let correlations = diagnostics::autocorrelation(draws).unwrap_or_default();
        let shown = correlations.into_iter().take(max_lag + 1).enumerate();
        let points: Vec<(f64, f64)> = shown.map(|(lag, value)| (lag as f64, value)).collect();
        least = points.iter().map(|point| point.1).fold(least, f64::min);
        panel.marks.push(Mark::Line {
            name: chain_name(chain, quantity.chains.len()),
            colour: Colour::Series(chain),
            points,
            dashed: false,
        });
    }
    panel.y.range = Some(((1.2 * least).max(-1.0), 1.05));
    panel
}
