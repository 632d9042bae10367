//! Protects: Pareto k and smoothed weights agree with ArviZ's on the stored ratios (`data/generate_psis.py` tells how
//! they were made).

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use switchback_diagnostics::psis;

/// The largest difference that passes, relative to a value beyond 1 and absolute below. The largest seen is 1.5e-14.
const TOLERANCE: f64 = 1e-10;
/// Cases whose ratios have no weights: ArviZ calls their k infinite, which here is left to tails without a fit.
const UNDEFINED: [&str; 2] = ["all_outside", "not_a_number"];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn read(name: &str) -> Outcome<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    Ok(fs::read_to_string(path.join(format!("psis_{name}.csv")))?)
}

/// The log ratios of a case and ArviZ's log weights.
fn read_case(case: &str) -> Outcome<(Vec<f64>, Vec<f64>)> {
    let (mut ratios, mut weights) = (Vec::new(), Vec::new());
    for line in read(case)?.lines() {
        let (ratio, weight) = line.split_once(',').ok_or("not two columns")?;
        ratios.push(ratio.parse()?);
        weights.push(weight.parse()?);
    }
    Ok((ratios, weights))
}

/// How far `found` is from `expected`; nothing between two NaN or two equal infinities.
fn difference(found: f64, expected: f64) -> f64 {
    if found == expected || (found.is_nan() && expected.is_nan()) {
        0.0
    } else {
        (found - expected).abs() / expected.abs().max(1.0)
    }
}

#[test]
fn every_shape_and_weight_agrees_with_arviz() -> Outcome<()> {
    let (mut failures, mut n_cases, mut largest) = (Vec::new(), 0, 0.0_f64);
    // A line of versions, a line of column names, then the numbers.
    for line in read("expected")?.lines().skip(2) {
        let (case, k) = line.split_once(',').ok_or("not two columns")?;
        let (ratios, weights) = read_case(case)?;
        let found = psis(&ratios);
        let expected = if UNDEFINED.contains(&case) {
            f64::NAN
        } else {
            k.parse()?
        };
        let mut far = vec![difference(found.pareto_k, expected)];
        far.extend(
            found
                .log_weights
                .iter()
                .zip(&weights)
                .map(|(found, expected)| difference(*found, *expected)),
        );
        // A NaN on one side only must not pass, and no comparison with NaN is true.
        if found.log_weights.len() != weights.len() || !far.iter().all(|far| *far <= TOLERANCE) {
            failures.push(format!("{line} but found {}, {far:?}", found.pareto_k));
        }
        largest = far.into_iter().fold(largest, f64::max);
        n_cases += 1;
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(n_cases, 19, "the largest difference is {largest:e}");
    Ok(())
}

#[test]
fn the_comparison_can_fail() -> Outcome<()> {
    let (mut ratios, weights) = read_case("heavy_tail")?;
    // One ratio of the tail moved by a millionth.
    let highest = (0..ratios.len()).max_by(|a, b| ratios[*a].total_cmp(&ratios[*b]));
    ratios[highest.ok_or("no ratios")?] += 1e-6;
    let found = psis(&ratios).log_weights;
    assert!(
        found
            .iter()
            .zip(&weights)
            .any(|(found, expected)| difference(*found, *expected) > TOLERANCE)
    );
    assert!(difference(f64::INFINITY, 0.7) > TOLERANCE);
    assert!(difference(f64::NAN, 0.7).is_nan());
    Ok(())
}
