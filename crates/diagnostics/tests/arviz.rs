//! Protects: every number agrees with ArviZ's on the stored draws (`data/generate.py` tells how they were made).

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use switchback_diagnostics::{
    autocorrelation, e_bfmi, ess_bulk, ess_mean, ess_quantile, ess_sd, ess_tail_at, mcse_mean,
    mcse_quantile, mcse_sd, quantile, r_hat, summary,
};

/// The largest relative difference that passes. The largest seen is 4e-10 for draws around 1e6, whose plain sums round,
/// and 2e-12 elsewhere.
const TOLERANCE: f64 = 1e-8;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn read(name: &str) -> Outcome<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    Ok(fs::read_to_string(path.join(name))?)
}

/// The chains of a case: the columns of its file.
fn read_chains(case: &str) -> Outcome<Vec<Vec<f64>>> {
    let mut chains: Vec<Vec<f64>> = Vec::new();
    for line in read(&format!("{case}.csv"))?.lines() {
        for (chain, draw) in line.split(',').enumerate() {
            if chain == chains.len() {
                chains.push(Vec::new());
            }
            chains[chain].push(draw.parse()?);
        }
    }
    Ok(chains)
}

fn measure(measure: &str, argument: &str, chains: &[&[f64]]) -> Outcome<f64> {
    if let Some(column) = measure.strip_prefix("summary.") {
        return summary_column(column, chains);
    }
    Ok(match measure {
        "ess_bulk" => ess_bulk(chains)?,
        "ess_mean" => ess_mean(chains)?,
        "ess_sd" => ess_sd(chains)?,
        "ess_quantile" => ess_quantile(chains, argument.parse()?)?,
        "ess_tail_at" => {
            let low: f64 = argument.parse()?;
            ess_tail_at(chains, [low, 1.0 - low])?
        }
        "r_hat" => r_hat(chains)?,
        "mcse_mean" => mcse_mean(chains)?,
        "mcse_sd" => mcse_sd(chains)?,
        "mcse_quantile" => mcse_quantile(chains, argument.parse()?)?,
        "quantile" => quantile(chains, argument.parse()?)?,
        "autocorrelation" => autocorrelation(chains[0])?[argument.parse::<usize>()?],
        "e_bfmi" => e_bfmi(chains)?[argument.parse::<usize>()?],
        _ => return Err(format!("no measure {measure}").into()),
    })
}

fn summary_column(column: &str, chains: &[&[f64]]) -> Outcome<f64> {
    let row = summary("x", chains)?;
    Ok(match column {
        "mean" => row.mean,
        "sd" => row.sd,
        "eti89_lb" => row.eti89_lb,
        "eti89_ub" => row.eti89_ub,
        "ess_bulk" => row.ess_bulk,
        "ess_tail" => row.ess_tail,
        "r_hat" => row.r_hat,
        "mcse_mean" => row.mcse_mean,
        "mcse_sd" => row.mcse_sd,
        _ => return Err(format!("no column {column}").into()),
    })
}

/// How far `found` is from `expected`, relative to it; nothing between two NaN.
fn difference(found: f64, expected: f64) -> f64 {
    if found == expected || (found.is_nan() && expected.is_nan()) {
        0.0
    } else {
        ((found - expected) / expected).abs()
    }
}

#[test]
fn every_number_agrees_with_arviz() -> Outcome<()> {
    let mut cases: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut n_compared = 0;
    // A line of versions, a line of column names, then the numbers.
    for line in read("expected.csv")?.lines().skip(2) {
        let [case, name, argument, expected] = line.split(',').collect::<Vec<_>>()[..] else {
            return Err(format!("not four columns: {line}").into());
        };
        if !cases.contains_key(case) {
            cases.insert(case.to_owned(), read_chains(case)?);
        }
        let chains: Vec<&[f64]> = cases[case].iter().map(Vec::as_slice).collect();
        let found = measure(name, argument, &chains)?;
        // A NaN on one side only must not pass, and no comparison with NaN is true.
        let agrees = difference(found, expected.parse()?) <= TOLERANCE;
        if !agrees {
            failures.push(format!("{line} but found {found}"));
        }
        n_compared += 1;
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!((cases.len(), n_compared > 900), (20, true), "{n_compared}");
    Ok(())
}

#[test]
fn the_comparison_can_fail() {
    assert!(difference(1.0 + 1e-7, 1.0) > TOLERANCE);
    assert!(difference(1e-12, 0.0) > TOLERANCE);
    assert!(difference(f64::NAN, 1.0).is_nan());
    assert!(difference(1.0, f64::NAN).is_nan());
}
