//! What an optimiser found, as text and as JSON.

use serde_json::{Map, Value, json};
use switchback::core::{Series, Stop};
use switchback::infer::{LaplaceError, LaplaceSummary, Optimum, SoftAgainstHard, Verdict};

use super::answer::Answer;
use super::rows::significant;
use super::terminal;
use switchback::summary;

/// Optima that are shown; the JSON has all.
const SHOWN: usize = 10;

/// The whole answer: how many starts reached the best optimum, the optima, the Gaussian there, and soft against hard.
pub fn text(series: &Series, names: &[String], answer: &Answer, map: bool) -> String {
    let mut text = opening(answer);
    text += "\n";
    text += &optima_table(series, names, answer);
    text += "\n";
    match &answer.laplace {
        Some(Ok(laplace)) => text += &laplace_text(laplace, map),
        Some(Err(error)) => text += &format!("{}\n", no_gaussian(error)),
        None => text += &values_table(names, answer),
    }
    if let Some(soft) = &answer.soft {
        text += "\n";
        text += &soft_text(series, switches(names, answer.best()), soft);
    }
    text
}

fn opening(answer: &Answer) -> String {
    let (n, at_best) = (answer.plan.n_starts, answer.n_at_best());
    let starts = match n {
        1 => "1 start".to_owned(),
        several => format!("{several} starts"),
    };
    let reached = match (n, at_best) {
        (1, 1) => "it reached the best optimum".to_owned(),
        (1, _) => "it did not reach the best optimum".to_owned(),
        (_, 0) => "none reached the best optimum".to_owned(),
        (n, all) if n == all => "all reached the best optimum".to_owned(),
        (_, some) => format!("{some} reached the best optimum"),
    };
    format!(
        "{}: {starts}, {} after {} steps, {:.2} s, {} evaluations; {reached}.\n",
        answer.method,
        answer.ended.stop,
        answer.ended.steps,
        answer.ended.cost.seconds,
        answer.ended.cost.evaluations,
    )
}

/// The switches of an optimum: its `tau`, or `s` for the most probable places.
fn switches(names: &[String], optimum: &Optimum) -> String {
    let values = names.iter().zip(&optimum.end.values);
    let taus: Vec<String> = values
        .filter(|(name, _)| name.starts_with("tau"))
        .map(|(_, tau)| format!("{tau:.2}"))
        .collect();
    if taus.is_empty() {
        places(&optimum.judgement.switches)
    } else {
        format!("tau {}", taus.join(" "))
    }
}

/// `s 45`, or `s 30 60`.
fn places(switches: &[usize]) -> String {
    let places: Vec<String> = switches.iter().map(usize::to_string).collect();
    format!("s {}", places.join(" "))
}

fn times(series: &Series, places: &[usize]) -> String {
    let labels: Vec<&str> = places
        .iter()
        .map(|s| series.label(*s).unwrap_or("-"))
        .collect();
    labels.join(" ")
}

fn optima_table(series: &Series, names: &[String], answer: &Answer) -> String {
    let header = [
        "starts", "switch", "time", "log-lik", "gap", "verdict", "stop", "step",
    ];
    let or_dash = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    let rows: Vec<Vec<String>> = answer
        .optima
        .iter()
        .take(SHOWN)
        .map(|optimum| {
            let Optimum {
                starts,
                end,
                judgement,
            } = optimum;
            vec![
                starts.len().to_string(),
                switches(names, optimum),
                times(series, &judgement.switches),
                or_dash(judgement.log_likelihood),
                or_dash(judgement.gap_nats),
                judgement.verdict.to_string(),
                end.stop.to_string(),
                end.step.to_string(),
            ]
        })
        .collect();
    let mut text = terminal::table(&header, &rows);
    let more = answer.optima.len().saturating_sub(SHOWN);
    if more > 0 {
        text += &format!("and {more} more, in optimize.json\n");
    }
    text
}

fn values_table(names: &[String], answer: &Answer) -> String {
    let values = &answer.best().end.values;
    let rows: Vec<Vec<String>> = names
        .iter()
        .zip(values)
        .map(|(name, value)| vec![name.clone(), significant(*value)])
        .collect();
    terminal::table(&["", "estimate"], &rows)
}

fn laplace_text(laplace: &LaplaceSummary, is_posterior: bool) -> String {
    let target = if is_posterior {
        "the posterior"
    } else {
        "the likelihood"
    };
    let advice = if laplace.pareto_k <= summary::GOOD_PARETO_K {
        format!("the Gaussian is near enough to {target} for its draws to be reweighted")
    } else {
        format!("the Gaussian does not fit {target}: take `switchback sample` for how sure to be")
    };
    format!(
        "{}\nLaplace: Pareto k {:.2} over {} draws; {advice}.\n",
        summary::laplace_table(laplace),
        laplace.pareto_k,
        laplace.n_draws,
    )
}

/// Why there is no Gaussian.
fn no_gaussian(error: &LaplaceError) -> String {
    format!("There is no Gaussian at this optimum, and so no standard errors: {error}.")
}

/// A row a likelihood, from the relaxed one to the best hard one.
fn soft_text(series: &Series, taus: String, soft: &SoftAgainstHard) -> String {
    let number = |value: f64| match value.is_finite() {
        true if value.abs() < 1e7 => format!("{value:.3}"),
        true => format!("{value:.3e}"),
        false => "-".to_owned(),
    };
    let row = |what: &str, place: String, switches: &[usize], value: f64| {
        vec![
            what.to_owned(),
            place,
            times(series, switches),
            number(value),
        ]
    };
    let (here, best) = (&soft.switches, &soft.best);
    let refitted = soft.refitted.unwrap_or(f64::NEG_INFINITY);
    let of_best = if soft.is_exhaustive {
        "best hard"
    } else {
        "best hard tried"
    };
    let rows = [
        row("soft", taus, here, soft.soft),
        row("hard there", places(here), here, soft.hard),
        row("refitted there", places(here), here, refitted),
        row(
            of_best,
            places(&best.switches),
            &best.switches,
            best.log_likelihood,
        ),
    ];
    let cost = match soft.cost() {
        Some(cost) => format!(
            "Relaxing the switch costs {:.3} nats of hard likelihood.",
            cost.max(0.0)
        ),
        None => "No regimes fit a hard switch there.".to_owned(),
    };
    let table = terminal::table(&["soft against hard", "switch", "time", "log-lik"], &rows);
    format!("{table}\n{cost}\n")
}

/// The answer as JSON.
pub fn as_json(series: &Series, names: &[String], answer: &Answer) -> Value {
    let optima: Vec<Value> = answer
        .optima
        .iter()
        .map(|optimum| optimum_as_json(series, names, optimum))
        .collect();
    json!({
        "starts": answer.plan.n_starts,
        "starts_at_best": answer.n_at_best(),
        "stop": answer.ended.stop.as_str(),
        "cmdstan_code": answer.ended.stop.cmdstan_code(),
        "steps": answer.ended.steps,
        "verdict": answer.best().judgement.verdict.as_str(),
        "advice": answer.best().judgement.advice,
        "optima": optima,
        "laplace": match &answer.laplace {
            Some(Ok(laplace)) => laplace_as_json(laplace),
            Some(Err(error)) => json!({"error": error.to_string()}),
            None => Value::Null,
        },
        "soft_against_hard": answer.soft.as_ref().map(|soft| soft_as_json(series, soft)),
    })
}

fn optimum_as_json(series: &Series, names: &[String], optimum: &Optimum) -> Value {
    let Optimum {
        starts,
        end,
        judgement,
    } = optimum;
    let named = |values: &[f64]| -> Map<String, Value> {
        let values = names.iter().cloned().zip(values);
        values.map(|(name, value)| (name, json!(value))).collect()
    };
    json!({
        "starts": starts,
        "verdict": judgement.verdict.as_str(),
        "estimate": named(&end.values),
        "start": named(&end.began),
        "s": judgement.switches,
        "time": times_as_json(series, &judgement.switches),
        "objective": judgement.objective,
        "log_likelihood": judgement.log_likelihood,
        "gap_nats": judgement.gap_nats,
        "grad_norm": Some(end.grad_norm).filter(|norm| norm.is_finite()),
        "stop": end.stop.as_str(),
        "cmdstan_code": end.stop.cmdstan_code(),
        "step": end.step,
        "advice": judgement.advice,
    })
}

fn times_as_json(series: &Series, switches: &[usize]) -> Vec<Value> {
    let label = |s: &usize| series.label(*s).map_or(Value::Null, Value::from);
    switches.iter().map(label).collect()
}

fn laplace_as_json(laplace: &LaplaceSummary) -> Value {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    let rows: Map<String, Value> = laplace
        .rows
        .iter()
        .map(|row| {
            let of_row = json!({
                "value": finite(row.value),
                "standard_error": finite(row.standard_error),
                "eti89_lb": finite(row.eti89_lb),
                "eti89_ub": finite(row.eti89_ub),
                "corrected_mean": finite(row.corrected_mean),
                "corrected_sd": finite(row.corrected_sd),
            });
            (row.name.clone(), of_row)
        })
        .collect();
    json!({
        "parameters": rows,
        "pareto_k": finite(laplace.pareto_k),
        "draws": laplace.n_draws,
        "gap_nats": finite(laplace.gap_nats),
    })
}

fn soft_as_json(series: &Series, soft: &SoftAgainstHard) -> Value {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    json!({
        "soft": finite(soft.soft),
        "s": soft.switches,
        "hard": finite(soft.hard),
        "hard_refitted": soft.refitted,
        "best_hard": soft.best.log_likelihood,
        "best_s": soft.best.switches,
        "best_time": times_as_json(series, &soft.best.switches),
        "is_exhaustive": soft.is_exhaustive,
        "cost_nats": soft.cost(),
    })
}

/// The line under the tables: what to make of the best.
pub fn advice(answer: &Answer) -> String {
    let judgement = &answer.best().judgement;
    let stopped = if answer.ended.stop == Stop::Interrupted && judgement.verdict == Verdict::Global
    {
        " It was interrupted there."
    } else {
        ""
    };
    format!(
        "{}: {}{stopped}{}\n",
        answer.method,
        judgement.advice,
        corner(answer)
    )
}

/// What is to be made of starts that ended in a corner higher than the best optimum.
fn corner(answer: &Answer) -> String {
    let best = answer.best();
    let higher = answer.optima.iter().find(|optimum| {
        optimum.judgement.verdict == Verdict::Degenerate
            && optimum.end.objective > best.end.objective
    });
    match higher {
        Some(corner) if best.judgement.verdict != Verdict::Degenerate => format!(
            " ({} of {} starts ran into a corner where a regime has no spread, and the likelihood is higher: that is no fit.)",
            corner.starts.len(),
            answer.plan.n_starts
        ),
        _ => String::new(),
    }
}
