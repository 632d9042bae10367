//! `switchback exact`: the referee alone.

use std::time::Instant;

use switchback::models::{Exact, HardSwitch, Profile};
use switchback::record::Comparison;

use super::args::ExactArguments;
use super::failure::Failure;
use super::rows::{self, Cost};
use super::{DO_NOT_TRUST, DONE};
use super::{priors, settings, terminal};

/// What the referee's model is called in files.
pub const HARD_MODEL: &str = "one switch, normal regimes";

/// Prints the exact posterior.
pub fn run(arguments: &ExactArguments) -> Result<u8, Failure> {
    let words = settings::words(&arguments.series, &arguments.prior, &[])?;
    let series = settings::series(&arguments.series, words.file.as_deref())?.series;
    let priors = priors::chosen(&words.prior, &series)?;
    let started = Instant::now();
    let profile = Profile::of(&series)?;
    let exact = Exact::of(&series, priors)?;
    let cost = Cost {
        seconds: started.elapsed().as_secs_f64(),
        evaluations: exact.n_evaluations,
    };
    let code = if exact.may_have_constant_regime() {
        DO_NOT_TRUST
    } else {
        DONE
    };
    if arguments.json {
        let hard = HardSwitch::new(&series, priors);
        terminal::print_json(&Comparison {
            series: series.name().to_owned(),
            model: HARD_MODEL.to_owned(),
            rows: vec![rows::exact(&series, &hard, &profile, &exact, cost)],
            exact: Some(rows::exact_beside(&series, &exact)?),
        })?;
        return Ok(code);
    }
    let mut text = rows::opening(&series, &priors);
    text += &rows::headline(&series, &exact)?;
    text += "\nmost probable switchpoints:\n";
    text += &posterior_table(&series, &exact);
    terminal::print(&text)?;
    Ok(code)
}

/// The switchpoints of highest probability, in order of time, with their profile.
fn posterior_table(series: &switchback::core::Series, exact: &Exact) -> String {
    const SHOWN: usize = 10;
    const BAR: f64 = 40.0;
    /// What the table shows as 0 is left out.
    const LEAST: f64 = 5e-8;
    let mut by_probability: Vec<(usize, f64)> =
        exact.switch_posterior.iter().copied().enumerate().collect();
    by_probability.sort_by(|a, b| b.1.total_cmp(&a.1));
    by_probability.retain(|(_, probability)| *probability >= LEAST);
    by_probability.truncate(SHOWN);
    by_probability.sort_by_key(|(s, _)| *s);
    let time = series.times().map_or("time", |times| times.name.as_str());
    let rows: Vec<Vec<String>> = by_probability
        .iter()
        .map(|(s, probability)| {
            vec![
                series.label(*s).unwrap_or("-").to_owned(),
                s.to_string(),
                format!("{probability:.7}"),
                format!("{:<40}", "#".repeat((probability * BAR).round() as usize)),
            ]
        })
        .collect();
    terminal::table(&[time, "s", "p(s|D)", ""], &rows)
}
