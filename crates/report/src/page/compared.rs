//! What the methods found, side by side.

use maud::{Markup, html};
use switchback_record::{Named, Row};

use super::Section;
use super::data::cell;
use super::picture::Gallery;
use super::record::RunRecord;
use crate::{Forest, ForestParameter, ForestRow, ReportError, forest};

/// Standard deviations to either side that hold half, and 94 %, of a normal distribution.
const HALF: f64 = 0.6745;
const MOST: f64 = 1.881;
/// Most parameters of the forest.
const MOST_PANELS: usize = 12;

pub(super) fn section(
    runs: &[RunRecord],
    gallery: &Gallery,
) -> Result<Option<Section>, ReportError> {
    let rows: Vec<(String, &Row)> = runs
        .iter()
        .flat_map(|run| {
            run.comparison
                .rows
                .iter()
                .map(|row| (run.called(&row.method), row))
        })
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let names = names(&rows);
    let caption = "Estimates of all methods. A posterior mean has its standard deviation as an interval of 50 % (thick) and 94 % (thin); \
                   an optimum without a standard error is a point.";
    let advice = rows
        .iter()
        .filter_map(|(method, row)| Some((method, row.advice.as_ref()?)))
        .filter(|(_, advice)| !advice.is_empty());
    Ok(Some(Section {
        anchor: "methods",
        heading: "The methods side by side",
        content: html! {
            (table(&rows, &names))
            (gallery.picture(&figure(&rows, &names), caption)?)
            h3 { "What to make of each" }
            ul { @for (method, advice) in advice { li { strong { (method) ": " } (advice) } } }
        },
    }))
}

/// Names of everything that is estimated, in order.
fn names<'a>(rows: &[(String, &'a Row)]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (name, _) in rows.iter().flat_map(|(_, row)| &row.estimate.0) {
        if !names.contains(&name.as_str()) {
            names.push(name.as_str());
        }
    }
    names
}

fn table(rows: &[(String, &Row)], names: &[&str]) -> Markup {
    let worst = |named: &Option<Named>, pick: fn(f64, f64) -> f64| {
        let values = named.iter().flat_map(|named| &named.0);
        values.filter_map(|(_, value)| *value).reduce(pick)
    };
    let number = |value: Option<f64>| {
        html! { td data-value=[value] { (cell(value)) } }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Comparison" {
            table {
                caption { "Estimates with their standard deviations, the log-likelihood there, and nats below the best known." }
                thead { tr {
                    @for head in ["method", "device"] { (heading(head)) }
                    @for name in names { (heading(name)) (heading(&format!("± {name}"))) }
                    @for head in ["time", "log-likelihood", "gap", "verdict", "seconds", "evaluations", "least ess", "greatest r_hat"] {
                        (heading(head))
                    }
                } }
                tbody {
                    @for (method, row) in rows {
                        tr {
                            td { (method) }
                            td { (row.device) }
                            @for name in names {
                                (number(row.estimate.get(name)))
                                (number(row.sd.get(name)))
                            }
                            td { (row.time.as_deref().unwrap_or("-")) }
                            (number(row.log_likelihood))
                            (number(row.gap_nats))
                            td { (row.verdict.as_deref().unwrap_or("-")) }
                            (number(row.seconds))
                            (number(row.evaluations.map(|count| count as f64)))
                            (number(worst(&row.ess_bulk, f64::min)))
                            (number(worst(&row.r_hat, f64::max)))
                        }
                    }
                }
            }
        }
    }
}

fn heading(name: &str) -> Markup {
    html! { th scope="col" aria-sort="none" { button type="button" { (name) } } }
}

fn figure(rows: &[(String, &Row)], names: &[&str]) -> crate::Figure {
    let parameters: Vec<(&str, Vec<ForestRow<'_>>)> = names
        .iter()
        .take(MOST_PANELS)
        .map(|name| {
            let of_each = rows.iter().map(|(method, row)| {
                let estimate = row.estimate.get(name).unwrap_or(f64::NAN);
                let sd = row.sd.get(name).unwrap_or(f64::NAN);
                let around = |by: f64| (estimate - by * sd, estimate + by * sd);
                ForestRow {
                    method,
                    estimate,
                    half: around(HALF),
                    most: around(MOST),
                }
            });
            (*name, of_each.collect())
        })
        .collect();
    let parameters: Vec<ForestParameter<'_>> = parameters
        .iter()
        .map(|(name, rows)| ForestParameter {
            name,
            rows,
            truth: None,
        })
        .collect();
    forest(&Forest {
        title: "Estimates by method",
        parameters: &parameters,
    })
}
