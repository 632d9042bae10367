//! What was found, in words; and how to do it again: settings, versions, seeds, timings, the command.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::record::RunRecord;
use super::{Section, is_interrupted};
use crate::text::number;

/// What was found: the exact answer's sentences, or the likeliest method's.
pub(super) fn found(runs: &[RunRecord]) -> Section {
    let of = |run: &RunRecord| -> Vec<String> {
        let found = run.exhibits.as_ref().map(|exhibits| exhibits.found.clone());
        found
            .filter(|found| !found.is_empty())
            .unwrap_or_else(|| likeliest(run))
    };
    Section {
        anchor: "found",
        heading: "What was found",
        content: html! {
            @for run in runs {
                @if runs.len() > 1 { h3 { (run.name) } }
                @for sentence in of(run) { p.lead { (sentence) } }
            }
        },
    }
}

/// What the likeliest row says, where there is no exact answer.
fn likeliest(run: &RunRecord) -> Vec<String> {
    let rows = run.comparison.rows.iter();
    let height = |row: &&switchback_record::Row| row.log_likelihood.unwrap_or(f64::NEG_INFINITY);
    let Some(row) = rows.max_by(|a, b| height(a).total_cmp(&height(b))) else {
        return vec!["No method came to an answer.".to_owned()];
    };
    let values = row.estimate.0.iter().filter_map(|(name, value)| {
        let value = number((*value)?);
        Some(match row.sd.get(name) {
            Some(sd) => format!("{name} = {value} ± {}", number(sd)),
            None => format!("{name} = {value}"),
        })
    });
    let values: Vec<String> = values.collect();
    let mut sentences = vec![format!("{}: {}.", row.method, values.join(", "))];
    sentences.extend(row.advice.clone().filter(|advice| !advice.is_empty()));
    sentences
}

/// Whether to trust the run, and whether it came to its end.
pub(super) fn tags(run: &RunRecord, is_among_several: bool) -> Markup {
    let trusted = run
        .manifest
        .as_ref()
        .and_then(|manifest| manifest.is_trusted);
    html! {
        p {
            @if is_among_several { strong { (run.name) } " " }
            @match trusted {
                Some(true) => span.tag.good { "Nothing says not to trust it" },
                Some(false) => span.tag.bad { "Something says not to trust it; see the methods" },
                None => {},
            }
            @if is_interrupted(run) { span.tag.bad { "Not finished: what there is was kept" } }
        }
    }
}

pub(super) fn section(runs: &[RunRecord]) -> Section {
    let settings: Vec<Map<String, Value>> = runs.iter().map(flat).collect();
    let names: BTreeSet<&String> = settings.iter().flat_map(Map::keys).collect();
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(other) => other.to_string(),
    };
    let differs = |name: &str| {
        settings
            .iter()
            .any(|of| of.get(name) != settings[0].get(name))
    };
    Section {
        anchor: "again",
        heading: "How it was made, and how to do it again",
        content: html! {
            @for run in runs {
                @if let Some(manifest) = &run.manifest {
                    @if runs.len() > 1 { h3 { (run.name) } }
                    p { "Made at " (manifest.created_at) " in "
                        (number(manifest.finished_at.duration_since(manifest.created_at).as_secs_f64()))
                        " s by switchback " (manifest.switchback) " on " (manifest.platform.os) " " (manifest.platform.arch)
                        " with seed " (manifest.seed) ":" }
                    pre tabindex="0" { code { (command(&manifest.command)) } }
                    div.scroll tabindex="0" role="region" aria-label="Timings" { table {
                        thead { tr { @for head in ["method", "engine", "device", "stop", "steps", "seconds"] { th scope="col" aria-sort="none" { button type="button" { (head) } } } } }
                        tbody { @for of in &manifest.methods { tr {
                            td { (of.method) } td { (of.engine) } td { (of.device) } td { (of.stop.as_deref().unwrap_or("-")) }
                            td data-value=(of.steps) { (of.steps) } td data-value=(of.seconds) { (number(of.seconds)) }
                        } } }
                    } }
                }
            }
            h3 { @if runs.len() > 1 { "Settings; those that differ are in bold" } @else { "Settings" } }
            div.scroll tabindex="0" role="region" aria-label="Settings" { table {
                thead { tr { th scope="col" { "setting" } @for run in runs { th scope="col" { (run.name) } } } }
                tbody { @for name in names { tr {
                    td { @if differs(name) { strong { (name) } } @else { (name) } }
                    @for of in &settings { td.wrap { (shown(of.get(name))) } }
                } } }
            } }
        },
    }
}

/// Settings and priors by dotted name.
fn flat(run: &RunRecord) -> Map<String, Value> {
    let mut flat = Map::new();
    if let Some(manifest) = &run.manifest {
        flatten("", &Value::Object(manifest.settings.clone()), &mut flat);
        flatten("prior", &manifest.prior, &mut flat);
        flat.insert("seed".to_owned(), manifest.seed.into());
        if let Some(series) = &manifest.series {
            flat.insert("series".to_owned(), series.name.clone().into());
            flat.insert("series.rows".to_owned(), series.n.into());
            flat.insert("series.file".to_owned(), series.path.clone().into());
            flat.insert("series.sha256".to_owned(), series.sha256.clone().into());
        }
    }
    flat
}

fn flatten(name: &str, value: &Value, into: &mut Map<String, Value>) {
    let Value::Object(map) = value else {
        into.insert(name.to_owned(), value.clone());
        return;
    };
    for (key, value) in map {
        let name = match name {
            "" => key.clone(),
            name => format!("{name}.{key}"),
        };
        flatten(&name, value, into);
    }
}

/// The command line as a shell takes it.
fn command(words: &[String]) -> String {
    let quoted = |word: &String| {
        let is_plain = !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_alphanumeric() || "-_./=,:+@%".contains(c));
        if is_plain {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
