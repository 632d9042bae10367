//! Answers as tables: draws, judged wherever they come from, and Laplace's Gaussian; draws as JSON, too.

use serde_json::{Value, json};

use crate::diagnostics::{MIN_DRAWS, Summary};
use crate::infer::{Chains, Diagnosis, InferError, LaplaceSummary, SamplerStats};
use crate::record::{RecordError, StoredDraws};
use crate::text;

/// Why draws could not be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// They cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// They are too few, or something else is wrong with them.
    #[error(transparent)]
    Infer(#[from] InferError),
}

/// The exact mean and standard deviation of a quantity by its name, where they are known.
pub type KnownMoments<'a> = dyn Fn(&str) -> Option<[f64; 2]> + 'a;

/// The summary by ArviZ's column names, with the exact mean and standard deviation of each
/// quantity where they are known.
pub fn table(diagnosis: &Diagnosis, exact: Option<&KnownMoments<'_>>) -> String {
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
    let known = |summary: &Summary| exact.and_then(|exact| exact(&summary.name));
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
            if let Some([mean, sd]) = known(summary) {
                row.extend([number(mean), number(sd)]);
            } else if has_exact {
                row.extend(["-".to_owned(), "-".to_owned()]);
            }
            row
        })
        .collect();
    text::table(&header, &rows)
}

/// The diagnosis of the quantities `names` of chains that have ended, and whose draws are `stored`.
///
/// # Errors
/// When the draws cannot be read.
pub fn judge(
    chains: &Chains<'_>,
    names: &[String],
    stored: impl FnOnce() -> Result<StoredDraws, RecordError>,
) -> Result<Diagnosis, SummaryError> {
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
pub fn diagnose(stored: &StoredDraws) -> Result<Diagnosis, SummaryError> {
    let stats = stats_of(stored)?;
    Ok(Diagnosis::of(stored, &stored.names(), &stats)?)
}

/// Pareto k up to which a Gaussian's weights can be believed (Vehtari, Simpson, Gelman, Yao & Gabry 2024).
pub const GOOD_PARETO_K: f64 = 0.7;

/// The Gaussian at an optimum as a table: what stands there, its standard errors, and what its weighed draws correct.
pub fn laplace_table(laplace: &LaplaceSummary) -> String {
    let header = [
        "",
        "estimate",
        "std error",
        "eti89_lb",
        "eti89_ub",
        "corrected mean",
        "corrected sd",
    ];
    let rows: Vec<Vec<String>> = laplace
        .rows
        .iter()
        .map(|row| {
            let numbers = [
                row.value,
                row.standard_error,
                row.eti89_lb,
                row.eti89_ub,
                row.corrected_mean,
                row.corrected_sd,
            ];
            std::iter::once(row.name.clone())
                .chain(numbers.map(|value| beside(value, row.standard_error)))
                .collect()
        })
        .collect();
    text::table(&header, &rows)
}

/// `value` to the digits that a standard error leaves certain, and two more; four significant ones where that is no guide.
fn beside(value: f64, standard_error: f64) -> String {
    let places = 2.0 - standard_error.log10().floor();
    let digits = value.abs().max(standard_error).log10() + places;
    if value.is_finite() && (0.0..12.0).contains(&places) && (4.0..17.0).contains(&digits) {
        format!("{value:.*}", places as usize)
    } else {
        significant(value)
    }
}

/// Four significant digits.
pub fn significant(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let places = (3.0 - size.max(1e-4).log10().floor()).clamp(0.0, 8.0) as usize;
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_standard_error() {
        assert_eq!(beside(1_000_000_001.25, 0.13), "1000000001.250");
        assert_eq!(beside(45.920_501, 0.56), "45.921");
        assert_eq!(beside(2e-13, 7e-7), "2.000e-13");
        assert_eq!(beside(12_345.0, f64::NAN), "12345");
    }
}
