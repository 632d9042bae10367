//! `switchback exact`: the referee alone.

use std::time::Instant;

use serde_json::json;
use switchback::core::Series;
use switchback::models::{Exact, SwitchModel, SwitchSettings, evidence_by_switches};
use switchback::record::Comparison;

use super::args::ExactArguments;
use super::failure::Failure;
use super::rows::{self, Cost};
use super::{DO_NOT_TRUST, DONE, model, places, settings, terminal};

/// Most stretches between switches, half the square of the length, for which the evidence of more switches is worked
/// out without being asked for.
const CHEAP_STRETCHES: usize = 500_000;

/// A comparison that leaves out what is modelled.
#[derive(Debug, thiserror::Error)]
#[error("--max-switches {max} is fewer than the {modelled} modelled; ask for {modelled} or more")]
struct MaxSwitchesError {
    max: usize,
    modelled: usize,
}

/// Prints the exact posterior.
pub fn run(arguments: &ExactArguments) -> Result<u8, Failure> {
    let file = arguments.series.file.as_deref();
    let words = settings::words(file, &arguments.model.prior, &[], "")?;
    let series = settings::series(&arguments.series, words.file.as_deref())?.series;
    let chosen = model::chosen(&arguments.model, &words.prior, &series)?;
    let model = SwitchModel::new(&series, chosen.clone())?;
    let started = Instant::now();
    let exact = Exact::of(&model)?;
    let cost = Cost {
        seconds: started.elapsed().as_secs_f64(),
        evaluations: exact.n_evaluations,
    };
    let evidence = evidence(arguments, &series, chosen, &exact)?;
    let code = if exact.may_have_constant_regime() {
        DO_NOT_TRUST
    } else {
        DONE
    };
    if arguments.json {
        let mut beside = rows::exact_beside(&series, &exact)?;
        let by_switches: Vec<_> = evidence
            .iter()
            .map(|(switches, ln)| json!({"switches": switches, "log_evidence": ln}))
            .collect();
        beside
            .more
            .insert("evidence_by_switches".into(), json!(by_switches));
        terminal::print_json(&Comparison {
            series: series.name().to_owned(),
            model: model.describe(),
            rows: vec![rows::exact(&series, &exact, None, cost)],
            exact: Some(beside),
        })?;
        return Ok(code);
    }
    let mut text = rows::opening(&series, &model);
    text += &rows::headline(&series, &exact)?;
    for (name, p) in model.switch_names("s").iter().zip(&exact.switch_posterior) {
        text += &format!("\nmost probable places of {name}:\n");
        text += &places::places(&series, name, p, None);
    }
    text += &evidence_table(&evidence);
    terminal::print(&text)?;
    Ok(code)
}

/// Log evidence of 0, 1, .. free switches.
fn evidence(
    arguments: &ExactArguments,
    series: &Series,
    chosen: SwitchSettings,
    exact: &Exact,
) -> Result<Vec<(usize, f64)>, Failure> {
    let modelled = chosen.regimes.n_switches();
    let is_cheap = series.len() * series.len() / 2 <= CHEAP_STRETCHES;
    let max = match arguments.max_switches {
        Some(max) if max < modelled => {
            return Err(Failure::usage(MaxSwitchesError { max, modelled }));
        }
        Some(max) => max,
        None if is_cheap => modelled.max(3).min(series.n_observed() / 4),
        None if chosen.regimes.is_reversion() => return Ok(Vec::new()),
        None => modelled,
    };
    if max <= 1 {
        // Of one switch both priors say the same.
        return Ok(vec![
            (0, exact.log_evidence_no_switch),
            (1, exact.log_evidence),
        ]);
    }
    Ok(evidence_by_switches(series, &chosen, max)?)
}

/// The evidence of each number of switches, as Bayes factors against the best and as probabilities if all numbers were
/// as probable before.
fn evidence_table(evidence: &[(usize, f64)]) -> String {
    let best = evidence
        .iter()
        .map(|(_, ln)| *ln)
        .fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = evidence.iter().map(|(_, ln)| (ln - best).exp()).sum();
    if evidence.len() < 2 {
        return String::new();
    }
    let rows: Vec<Vec<String>> = evidence
        .iter()
        .map(|(switches, ln)| {
            vec![
                switches.to_string(),
                format!("{ln:.4}"),
                format!("{:.2}", ln - best),
                format!("{:.4}", (ln - best).exp() / total),
            ]
        })
        .collect();
    let header = [
        "free switches",
        "log evidence",
        "ln Bayes factor to the best",
        "p if all alike",
    ];
    format!("\n{}", terminal::table(&header, &rows))
}
