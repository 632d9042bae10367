//! Where the switches are by the draws, as text.

use switchback::core::Series;
use switchback::infer::{Chains, Target};
use switchback::models::{Exact, SwitchModel};

use super::terminal;

/// Places of a switch that are shown.
const SHOWN: usize = 8;
/// What the table shows as 0 is left out.
const LEAST: f64 = 5e-5;
/// Width of the bar of a probability of 1.
const BAR: f64 = 30.0;

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
