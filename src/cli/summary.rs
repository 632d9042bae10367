//! Draws as text: ArviZ's summary, and where the switches are.

use serde_json::{Value, json};
use switchback::core::Series;
use switchback::diagnostics::{MIN_DRAWS, Summary};
use switchback::infer::{Chains, Diagnosis, SamplerStats, Target};
use switchback::models::{Exact, SwitchModel};
use switchback::record::{RecordError, StoredDraws};

use super::failure::Failure;
use super::terminal;

/// Places of a switch that are shown.
const SHOWN: usize = 8;
/// What the table shows as 0 is left out.
const LEAST: f64 = 5e-5;
/// Width of the bar of a probability of 1.
const BAR: f64 = 30.0;

/// The summary by ArviZ's column names, with the exact mean and standard deviation where they are known.
pub fn table(diagnosis: &Diagnosis, exact: Option<&Exact>) -> String {
    let mut header = vec![
        "",
        "mean",
        "sd",
        "eti89_lb",
        "eti89_ub",
        "ess_bulk",
        "ess_tail",
        "r_hat",
        "mcse_mean",
        "mcse_sd",
    ];
    let known = |summary: &Summary| exact.and_then(|exact| exact.moments_of(&summary.name));
    let has_exact = diagnosis
        .quantities
        .iter()
        .any(|summary| known(summary).is_some());
    if has_exact {
        header.extend(["exact mean", "exact sd"]);
    }
    let rows: Vec<Vec<String>> = diagnosis
        .quantities
        .iter()
        .map(|summary| {
            let mut row = vec![
                summary.name.clone(),
                number(summary.mean),
                number(summary.sd),
                number(summary.eti89_lb),
                number(summary.eti89_ub),
                count(summary.ess_bulk),
                count(summary.ess_tail),
                r_hat(summary.r_hat),
                number(summary.mcse_mean),
                number(summary.mcse_sd),
            ];
            if let Some(moments) = known(summary) {
                row.extend([number(moments.mean), number(moments.sd)]);
            } else if has_exact {
                row.extend(["-".to_owned(), "-".to_owned()]);
            }
            row
        })
        .collect();
    terminal::table(&header, &rows)
}

/// Where each switch is, by the average over the draws and exactly.
pub fn switches(
    series: &Series,
    model: &SwitchModel,
    switch_posterior: &[Vec<f64>],
    exact: Option<&Exact>,
) -> String {
    let mut text = String::new();
    let names = model.switch_names("s");
    for (k, (name, p)) in names.iter().zip(switch_posterior).enumerate() {
        let of_exact = exact.and_then(|exact| exact.switch_posterior.get(k));
        text += &format!("\nmost probable places of {name}:\n");
        text += &places(series, name, p, of_exact.map(Vec::as_slice));
    }
    text
}

/// The places of highest probability, in order of time.
pub fn places(series: &Series, name: &str, p: &[f64], exact: Option<&[f64]>) -> String {
    let shown = p.iter().copied().enumerate().filter(|(_, p)| *p >= LEAST);
    let mut by_probability: Vec<(usize, f64)> = shown.collect();
    by_probability.sort_by(|a, b| b.1.total_cmp(&a.1));
    by_probability.truncate(SHOWN);
    by_probability.sort_by_key(|(place, _)| *place);
    let time = series.times().map_or("time", |times| times.name.as_str());
    let column = format!("p({name}|D)");
    let mut header = vec![time, name, column.as_str()];
    if exact.is_some() {
        header.push("exact");
    }
    header.push("");
    let rows: Vec<Vec<String>> = by_probability
        .into_iter()
        .map(|(place, p)| {
            let bar = "#".repeat((p * BAR).round() as usize);
            let mut row = vec![
                series.label(place).unwrap_or("-").to_owned(),
                place.to_string(),
                format!("{p:.4}"),
            ];
            if let Some(exact) = exact {
                row.push(format!("{:.4}", exact.get(place).copied().unwrap_or(0.0)));
            }
            row.push(format!("{bar:<30}"));
            row
        })
        .collect();
    terminal::table(&header, &rows)
}

/// `p(s | D)` of each switch: averaged over the draws' conditional probabilities where the form knows these, else by
/// counting.
pub fn switch_posterior(target: &Target, chains: &Chains<'_>) -> Vec<Vec<f64>> {
    let averages = chains.expectations();
    let of_switches = averages.chunks(target.model().n());
    of_switches.map(<[f64]>::to_vec).collect()
}

/// The most probable place of each switch.
pub fn most_probable(switch_posterior: &[Vec<f64>]) -> Vec<usize> {
    let greatest = |p: &Vec<f64>| {
        let mut places = p.iter().enumerate();
        let first = places.next();
        places
            .fold(first, |best, place| match best {
                Some(best) if place.1 <= best.1 => Some(best),
                _ => Some(place),
            })
            .map_or(0, |(place, _)| place)
    };
    switch_posterior.iter().map(greatest).collect()
}

/// The diagnosis of the quantities `names` of chains that have ended, and whose draws are `stored`.
///
/// # Errors
/// When the draws cannot be read.
pub fn judge(
    chains: &Chains<'_>,
    names: &[String],
    stored: impl FnOnce() -> Result<StoredDraws, RecordError>,
) -> Result<Diagnosis, Failure> {
    let draws = chains.draws();
    // An interrupted warm-up leaves nothing to judge.
    if draws.n_draws() < MIN_DRAWS {
        return Ok(Diagnosis::of_too_few(draws.n_chains(), draws.n_draws()));
    }
    let stored = stored()?;
    let stats = stats_of(&stored)?;
    // What memory holds is all there is, unless it was thinned.
    Ok(if draws.stride() > 1 {
        Diagnosis::of(&stored, names, &stats)?
    } else {
        Diagnosis::of(draws, names, &stats)?
    })
}

/// The statistics of `stored` draws that are judged, where there are such.
///
/// # Errors
/// When they are there and cannot be read.
pub fn stats_of(stored: &StoredDraws) -> Result<SamplerStats, RecordError> {
    let known = stored.stats();
    let read = |name: &str| {
        let is_known = known.iter().any(|stat| stat == name);
        is_known.then(|| stored.read_stat(name)).transpose()
    };
    Ok(SamplerStats {
        diverging: read("diverging")?,
        energy: read("energy")?,
    })
}

/// The diagnosis as JSON: a map of quantity to ArviZ's columns, the findings and whether to trust the draws.
pub fn as_json(diagnosis: &Diagnosis) -> Value {
    let quantities: serde_json::Map<String, Value> = diagnosis
        .quantities
        .iter()
        .map(|summary| {
            let columns = json!({
                "mean": finite(summary.mean),
                "sd": finite(summary.sd),
                "eti89_lb": finite(summary.eti89_lb),
                "eti89_ub": finite(summary.eti89_ub),
                "ess_bulk": finite(summary.ess_bulk),
                "ess_tail": finite(summary.ess_tail),
                "r_hat": finite(summary.r_hat),
                "mcse_mean": finite(summary.mcse_mean),
                "mcse_sd": finite(summary.mcse_sd),
            });
            (summary.name.clone(), columns)
        })
        .collect();
    json!({
        "quantities": quantities,
        "n_chains": diagnosis.n_chains,
        "n_draws": diagnosis.n_draws,
        "n_diverged": diagnosis.n_diverged,
        "e_bfmi": diagnosis.e_bfmi,
        "is_trusted": diagnosis.is_trusted(),
        "advice": diagnosis.advice(),
    })
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Four significant digits.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "-".to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let places = (3.0 - size.max(1e-3).log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.places$}")
}

fn count(value: f64) -> String {
    if value.is_nan() {
        "-".to_owned()
    } else {
        format!("{value:.0}")
    }
}

fn r_hat(value: f64) -> String {
    if value.is_nan() {
        "-".to_owned()
    } else {
        format!("{value:.4}")
    }
}

/// The diagnosis of `stored` draws, every quantity of them.
///
/// # Errors
/// When there are too few draws to judge, or they cannot be read.
pub fn diagnose(stored: &StoredDraws) -> Result<Diagnosis, Failure> {
    let stats = stats_of(stored)?;
    Ok(Diagnosis::of(stored, &stored.names(), &stats)?)
}
