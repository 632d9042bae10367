//! The optimiser that holds the switches where they start, and what the parameters of others say of the switches.

use std::time::Instant;

use serde_json::json;
use switchback::core::{Series, Stop};
use switchback::infer::{FindMap, FindMapEnd, HeldTop, MethodKind, Verdict, drive};
use switchback::models::{Moments, Paths, SwitchModel};
use switchback::record::{MethodInfo, Named, Row};

use super::args::MethodName;
use super::compared::Outcome;
use super::comparing::PlainStart;
use super::dashboards;
use super::failure::Failure;
use super::listen::Listeners;

/// `Ok` where it can start at `start`.
///
/// # Errors
/// When a value lies outside its support.
pub fn check(model: &SwitchModel, start: &PlainStart) -> Result<(), Failure> {
    find_map(model, start).map(|_| ())
}

fn find_map(model: &SwitchModel, start: &PlainStart) -> Result<FindMap, Failure> {
    let name = MethodName::FindMap.as_str();
    Ok(FindMap::new(
        name,
        model,
        &start.parameters,
        start.switches.clone(),
    )?)
}

/// Climbs from `start`.
///
/// # Errors
/// When the density or a listener fails.
pub fn run(
    model: &SwitchModel,
    series: &Series,
    start: &PlainStart,
    listeners: &mut Listeners,
) -> Result<(Outcome, MethodInfo), Failure> {
    let mut climb = find_map(model, start)?;
    let settings = dashboards::of_held(series, model);
    listeners
        .tensorboard
        .add_settings(MethodName::FindMap.as_str(), settings);
    let started = Instant::now();
    drive(&mut climb, listeners)?;
    let seconds = started.elapsed().as_secs_f64();
    let end = climb.end()?;
    let info = MethodInfo {
        method: MethodName::FindMap.as_str().to_owned(),
        engine: "fused".to_owned(),
        device: "cpu".to_owned(),
        stop: Some(end.stop.to_string()),
        steps: end.steps,
        seconds,
    };
    let outcome = Outcome {
        row: row(model, series, &end, seconds),
        form: "hard, s held",
        kind: MethodKind::Blind,
        verdict: end.verdict.to_string(),
        is_trusted: end.verdict == Verdict::Global && end.stop != Stop::Interrupted,
        places: end.found.switches.clone(),
        seconds,
        details: json!({
            "started_at": start.switches,
            "found": as_json(model, &end.found),
            "best": as_json(model, &end.best),
            "gap_nats": end.gap_nats,
            "stop": end.stop.as_str(),
            "steps": end.steps,
            "advice": end.advice,
        }),
    };
    Ok((outcome, info))
}

fn row(model: &SwitchModel, series: &Series, end: &FindMapEnd, seconds: f64) -> Row {
    let found = &end.found;
    let names = model.likelihood().parameter_names(model.n_regimes());
    let switches = model.switch_names("s").into_iter();
    let places = found.switches.iter().map(|s| *s as f64);
    let parameters = names.into_iter().zip(found.parameters.iter().copied());
    let estimate: Named = parameters.chain(switches.zip(places)).collect();
    let s = found.switches.first().copied();
    Row {
        method: MethodName::FindMap.as_str().to_owned(),
        engine: "fused".to_owned(),
        device: "cpu".to_owned(),
        sd: estimate
            .0
            .iter()
            .map(|(name, _)| (name.clone(), None))
            .collect(),
        estimate,
        s,
        time: s.and_then(|s| series.label(s)).map(str::to_owned),
        log_likelihood: Some(found.log_likelihood).filter(|value| value.is_finite()),
        gap_nats: end.gap_nats,
        verdict: Some(end.verdict.to_string()),
        stop: Some(end.stop.to_string()),
        seconds: Some(seconds),
        evaluations: Some(end.n_evaluations),
        advice: Some(end.advice.clone()),
        ..Row::default()
    }
}

fn as_json(model: &SwitchModel, top: &HeldTop) -> serde_json::Value {
    let names = model.likelihood().parameter_names(model.n_regimes());
    let values = names.into_iter().zip(top.parameters.iter().copied());
    json!({
        "s": top.switches,
        "parameters": values.collect::<Named>(),
        "objective": Some(top.objective).filter(|value| value.is_finite()),
        "log_likelihood": Some(top.log_likelihood).filter(|value| value.is_finite()),
    })
}

/// Mean and standard deviation of each switch, given the regimes' `parameters`; none where no place is possible.
pub fn places_given(model: &SwitchModel, parameters: &[f64]) -> Vec<Moments> {
    let n = model.n();
    let mut p = vec![0.0; n * model.n_switches()];
    if parameters.iter().all(|value| value.is_finite()) {
        Paths::new(model.clone()).add_probabilities(parameters, &mut p);
    }
    let of_switch = |p: &[f64]| {
        let total: f64 = p.iter().sum();
        let mean_of = |f: &dyn Fn(f64) -> f64| -> f64 {
            let terms = p.iter().enumerate().map(|(s, p)| p * f(s as f64));
            terms.sum::<f64>() / total
        };
        let mean = mean_of(&|s| s);
        let sd = mean_of(&|s| (s - mean).powi(2)).sqrt();
        (total > 0.0).then_some(Moments { mean, sd })
    };
    p.chunks(n).filter_map(of_switch).collect()
}
