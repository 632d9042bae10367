//! How what `seen.py` saw is compared with what was drawn.

use serde_json::Value;
use switchback_core::{DrawSource, Draws, Series};
use switchback_diagnostics::{ess_bulk, ess_tail_at, r_hat};
use switchback_record::DrawsInfo;

use crate::chains::{Chains, Draw, info};

/// Quantities of the chains that are finite everywhere.
pub const FINITE: [&str; 3] = ["mu", "tau", "s"];

/// The largest relative difference between ArviZ's diagnostics and ours that passes; the largest seen is 2e-15.
pub const TOLERANCE: f64 = 1e-8;

/// Where `chains` are from.
pub fn info_of<'a>(chains: &Chains, series: Option<&'a Series>) -> DrawsInfo<'a> {
    DrawsInfo {
        series,
        created_at: "2026-01-02T03:04:05.5Z".parse().expect("a time"),
        ..info(chains.warmup[0].len() as u64, chains.draws[0].len() as u64)
    }
}

/// The number whose bits are `json`, which is how `seen.py` gives them.
pub fn from_bits(json: &Value) -> f64 {
    f64::from_bits(json.as_i64().expect("the bits of a number").cast_unsigned())
}

/// Whether both are the same number, to the last bit.
pub fn same(seen: f64, expected: f64) -> bool {
    seen.to_bits() == expected.to_bits()
}

/// That `seen` (chain by chain, draw by draw) is `expected`: bits for reals, numbers or flags otherwise.
pub fn check_values(seen: &Value, dtype: &str, expected: &[Vec<f64>]) -> Result<(), String> {
    let chains = seen.as_array().ok_or("no chains")?;
    if chains.len() != expected.len() {
        return Err(format!("{} chains", chains.len()));
    }
    for (chain, (seen, expected)) in chains.iter().zip(expected).enumerate() {
        let seen = seen.as_array().ok_or("no draws")?;
        if seen.len() != expected.len() {
            return Err(format!("{} draws in chain {chain}", seen.len()));
        }
        for (draw, (seen, expected)) in seen.iter().zip(expected).enumerate() {
            let is_same = match dtype {
                "float64" => same(from_bits(seen), *expected),
                "int64" => seen.as_i64() == Some(*expected as i64),
                "bool" => seen.as_bool() == Some(*expected != 0.0),
                _ => return Err(format!("the type is {dtype}")),
            };
            if !is_same {
                return Err(format!(
                    "chain {chain}, draw {draw}: {seen} is not {expected}"
                ));
            }
        }
    }
    Ok(())
}

/// One column of a group, chain by chain.
pub fn column(chains: &[Vec<Draw>], of: impl Fn(&Draw) -> f64) -> Vec<Vec<f64>> {
    chains
        .iter()
        .map(|chain| chain.iter().map(&of).collect())
        .collect()
}

/// That ArviZ's diagnostics in `seen` are ours of `source`.
pub fn check_diagnostics(seen: &Value, source: &dyn DrawSource) {
    for name in FINITE {
        let mut chains = source.read(name).expect("it is there");
        for (what, ours) in diagnostics(&chains) {
            let theirs = seen[name][what].as_f64().expect("a number");
            let difference = (ours / theirs - 1.0).abs();
            assert!(
                difference <= TOLERANCE,
                "{what} of {name}: {ours}, ArviZ {theirs}"
            );
        }
        // A check that one other draw passes would prove nothing.
        chains[0][7] += 10.0;
        let (_, moved) = diagnostics(&chains)[0];
        let theirs = seen[name]["r_hat"].as_f64().expect("a number");
        assert!(
            (moved / theirs - 1.0).abs() > TOLERANCE,
            "another draw is not noticed"
        );
    }
}

/// What `seen.py` asks ArviZ for, by switchback.
fn diagnostics(chains: &[Vec<f64>]) -> [(&'static str, f64); 3] {
    let chains: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
    [
        ("r_hat", r_hat(&chains)),
        ("ess_bulk", ess_bulk(&chains)),
        ("ess_tail", ess_tail_at(&chains, [0.05, 0.95])),
    ]
    .map(|(what, number)| (what, number.expect("chains of one length")))
}

/// The chains as draws in memory.
pub fn in_memory(chains: &Chains) -> Draws {
    let names = chains.schema.quantities.iter().map(|of| of.name.clone());
    let mut draws = Draws::new(names.collect(), chains.draws.len());
    for (chain, of) in chains.draws.iter().enumerate() {
        for draw in of {
            draws.push(chain, &draw.values).expect("it fits");
        }
    }
    draws
}
