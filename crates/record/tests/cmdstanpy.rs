//! Protects: cmdstanpy loads what is written here to the last bit, and ArviZ judges it as switchback does.

#[path = "support/chains.rs"]
mod chains;
#[path = "support/python.rs"]
mod python;
#[path = "support/scratch.rs"]
mod scratch;
#[path = "support/seen.rs"]
mod seen;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use chains::{Chains, Draw, NUTS};
use scratch::Scratch;
use seen::{check_diagnostics, check_values, column, from_bits, in_memory, info_of, same};
use serde_json::Value;
use switchback_record::{CmdStanInfo, DrawsFile, StoredDraws};

/// Chains, and the files that they were written to.
struct Written {
    chains: Chains,
    files: Vec<PathBuf>,
}

impl Written {
    /// Writes `chains`, of which the first `lengths` draws come.
    fn new(folder: &Path, chains: Chains, lengths: [usize; 3]) -> Self {
        let info = info_of(&chains, None);
        let cmdstan = CmdStanInfo {
            model: "one_switch",
            data: Some(Path::new("data/deck.json")),
            seed: u64::MAX,
            max_depth: 4,
            ..CmdStanInfo::default()
        };
        let mut chains = chains;
        for (draws, length) in chains.draws.iter_mut().zip(lengths) {
            draws.truncate(length);
        }
        let mut file = DrawsFile::create_cmdstan(folder, "run", &chains.schema, &info, &cmdstan)
            .expect("room");
        chains.tell(&mut file);
        file.finish().expect("room");
        let files = (1..=3)
            .map(|id| folder.join(format!("run_{id}.csv")))
            .collect();
        Self { chains, files }
    }

    /// What to ask `seen.py`.
    fn question(&self) -> Vec<&OsStr> {
        let files = self.files.iter().map(|path| path.as_os_str());
        std::iter::once("csv".as_ref()).chain(files).collect()
    }
}

#[test]
fn cmdstanpy_sees_every_draw() {
    let Some(python) = python::find() else {
        return;
    };
    let scratch = Scratch::new();
    let write =
        |name: &str, chains, lengths| Written::new(&scratch.path().join(name), chains, lengths);
    let nuts = write("nuts", Chains::new(40, 230, &NUTS, 0), [230; 3]);
    let other = write(
        "other",
        Chains::new(40, 120, &["acceptance_rate"], 0),
        [120; 3],
    );
    let early = write("early", Chains::new(40, 50, &NUTS, 0), [31, 50, 44]);
    let questions = [&nuts, &other, &early].map(Written::question);
    let answers = python::ask(&python, &questions).expect("they load");
    check_nuts(&answers[0], &nuts);
    check_other(&answers[1], &other);
    check_early(&answers[2], early);
}

/// That cmdstanpy's column of each quantity holds the chains' draws.
fn check_columns(seen: &Value, chains: &Chains) {
    for (i, name) in ["mu", "tau", "s", "odd"].into_iter().enumerate() {
        let expected = column(&chains.draws, |draw| draw.values[i]);
        check_values(&seen["variables"][name], "float64", &expected)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

fn check_nuts(seen: &Value, Written { chains, files }: &Written) {
    check_columns(seen, chains);
    for (row, n_warmup) in [("draws", 0), ("draws_and_warmup", 40)] {
        let rows = seen[row].as_array().expect("draws");
        assert_eq!(rows.len(), 230 + n_warmup);
    }
    // The first row of the warm-up, in CmdStan's order, which here is that of the schema.
    let first = &chains.warmup[1][0];
    for (i, expected) in first.stats.iter().chain(&first.values).enumerate() {
        assert!(
            same(from_bits(&seen["draws_and_warmup"][0][1][i]), *expected),
            "column {i}"
        );
    }
    let columns =
        "lp__ accept_stat__ stepsize__ treedepth__ n_leapfrog__ divergent__ energy__ mu tau s odd";
    let columns: Vec<&str> = columns.split(' ').collect();
    assert_eq!(seen["columns"], serde_json::json!(columns));
    for chain in 0..3 {
        let (step_size, inverse_mass) = chains::adapted(chain);
        assert!(same(from_bits(&seen["step_size"][chain]), step_size));
        for (i, mass) in inverse_mass.into_iter().enumerate() {
            assert!(same(from_bits(&seen["inverse_mass"][chain][i]), mass));
        }
        let is_divergent = |draw: &&Draw| draw.stats[5] == 1.0;
        // cmdstanpy 1.3.2 passes over the first draw when it counts.
        let n_divergent = chains.draws[chain][1..].iter().filter(is_divergent).count();
        assert_eq!(seen["divergences"][chain], n_divergent);
    }
    let said = seen["warnings"].to_string();
    assert!(
        said.contains("divergent transitions"),
        "the divergences are noticed: {said}"
    );
    for (key, expected) in [
        ("model", "one_switch"),
        ("data_file", "data/deck.json"),
        ("seed", "18446744073709551615"),
        ("max_depth", "4"),
        ("num_samples", "230"),
        ("num_warmup", "40"),
        ("save_warmup", "1"),
    ] {
        assert_eq!(seen["config"][key], expected, "{key}");
    }
    check_diagnostics(&seen["diagnostics"], &in_memory(chains));
    check_diagnostics(
        &seen["diagnostics"],
        &StoredDraws::open_all(files).expect("they open"),
    );
}

/// A sampler without the statistics of NUTS, which is written as `fixed_param`.
fn check_other(seen: &Value, Written { chains, .. }: &Written) {
    assert_eq!(seen["warnings"], serde_json::json!([]));
    assert_eq!(
        seen["columns"],
        serde_json::json!(["lp__", "accept_stat__", "mu", "tau", "s", "odd"])
    );
    check_columns(seen, chains);
    let first = &chains.draws[2][0];
    for (i, expected) in [0.0, first.stats[0]].into_iter().enumerate() {
        assert!(same(from_bits(&seen["draws"][0][2][i]), expected));
    }
    check_diagnostics(&seen["diagnostics"], &in_memory(chains));
}

/// Chains of unequal length: all are cut to the shortest.
fn check_early(seen: &Value, Written { mut chains, .. }: Written) {
    assert_eq!(seen["config"]["num_warmup"], "40");
    assert_eq!(seen["config"]["num_samples"], "31");
    chains.draws.iter_mut().for_each(|draws| draws.truncate(31));
    check_columns(seen, &chains);
}
