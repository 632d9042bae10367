//! The draws of each sampler: traces, ranks, a pair, and the summary that judges them.

use maud::{Markup, html};
use switchback_diagnostics::{MIN_DRAWS, Summary, summary};

use super::Section;
use super::data::cell;
use super::picture::Gallery;
use super::record::RunRecord;
use crate::{Pair, Quantity, ReportError, pair, ranks, traces};

/// Most draws of a chain that are pictured: every second, fourth, .. of more.
const MOST_DRAWS: usize = 500;
/// Most chains and quantities that are pictured.
const MOST_CHAINS: usize = 8;
const MOST_QUANTITIES: usize = 6;

pub(super) fn section(
    runs: &[RunRecord],
    gallery: &Gallery,
) -> Result<Option<Section>, ReportError> {
    let mut parts = Vec::new();
    for run in runs {
        for (method, draws) in run.draws()? {
            if draws.n_draws() < MIN_DRAWS {
                continue;
            }
            parts.push(of_sampler(&run.called(&method), &draws, gallery)?);
        }
    }
    Ok((!parts.is_empty()).then(|| Section {
        anchor: "draws",
        heading: "The draws",
        content: html! { @for part in &parts { (part) } },
    }))
}

fn of_sampler(
    method: &str,
    draws: &switchback_record::StoredDraws,
    gallery: &Gallery,
) -> Result<Markup, ReportError> {
    let names: Vec<String> = draws
        .names()
        .into_iter()
        .filter(|name| name != "likelihood")
        .take(MOST_QUANTITIES)
        .collect();
    let mut summaries = Vec::new();
    let mut columns: Vec<Column<'_>> = Vec::new();
    let stride = draws.n_draws().div_ceil(MOST_DRAWS).max(1);
    for name in &names {
        let chains = draws.read(name)?;
        let slices: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
        // Draws that cannot be judged are pictured all the same.
        summaries.extend(summary(name, &slices).ok());
        let is_whole = chains.iter().flatten().all(|draw| draw.fract() == 0.0);
        let mut chains = chains;
        chains.truncate(MOST_CHAINS);
        let thinned = chains
            .iter()
            .map(|chain| chain.iter().copied().step_by(stride).collect());
        columns.push((name, thinned.collect(), chains, is_whole));
    }
    let every: Vec<Quantity<'_>> = columns
        .iter()
        .map(|(name, _, chains, whole)| quantity(name, chains, *whole))
        .collect();
    let quantities: Vec<Quantity<'_>> = columns
        .iter()
        .map(|(name, thinned, _, whole)| quantity(name, thinned, *whole))
        .collect();
    let mut note = format!("{} chains of {} draws.", draws.n_chains(), draws.n_draws());
    if stride > 1 {
        note +=
            &format!(" Traces and planes show one draw of {stride}; ranks and numbers are of all.");
    }
    let mut of_traces = traces(&quantities);
    if stride > 1 {
        let along = of_traces.panels.iter_mut().map(|panel| &mut panel.x.label);
        for label in along.filter(|label| *label == "draw") {
            *label = format!("draw, counted by {stride}");
        }
    }
    let of_pair = match &quantities[..] {
        [x, y, ..] => {
            let of_two = Pair {
                x: *x,
                y: *y,
                path: 0,
                points: true,
                contours: !x.whole && !y.whole,
            };
            Some(gallery.picture(
                &pair(&of_two),
                &format!("{method}: {} and {} in their plane.", x.name, y.name),
            )?)
        }
        _ => None,
    };
    Ok(html! {
        h3 { (method) }
        p { (note) }
        (table(method, &summaries))
        (gallery.picture(&of_traces, &format!("{method}: the distribution of each chain, and its draws in order."))?)
        (gallery.picture(&ranks(&every), &format!("{method}: chains that agree have even ranks."))?)
        @if let Some(of_pair) = of_pair { (of_pair) }
    })
}

/// Name, the draws that are pictured one by one, all draws, and whether they are whole numbers.
type Column<'a> = (&'a String, Vec<Vec<f64>>, Vec<Vec<f64>>, bool);

fn quantity<'a>(name: &'a str, chains: &'a [Vec<f64>], whole: bool) -> Quantity<'a> {
    Quantity {
        name,
        chains,
        whole,
    }
}

fn table(method: &str, summaries: &[Summary]) -> Markup {
    let number = |value: f64| {
        let value = Some(value).filter(|value| value.is_finite());
        html! { td data-value=[value] { (cell(value)) } }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Summary of " (method) } {
            table {
                thead { tr {
                    @for head in ["quantity", "mean", "sd", "5.5 %", "94.5 %", "ess, bulk", "ess, tail", "r_hat", "mcse of the mean"] {
                        th scope="col" aria-sort="none" { button type="button" { (head) } }
                    }
                } }
                tbody { @for found in summaries {
                    tr {
                        td { (found.name) }
                        (number(found.mean)) (number(found.sd)) (number(found.eti89_lb)) (number(found.eti89_ub))
                        (number(found.ess_bulk)) (number(found.ess_tail)) (number(found.r_hat)) (number(found.mcse_mean))
                    }
                } }
            }
        }
    }
}
