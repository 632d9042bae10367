//! Protects: ArviZ and cmdstanpy load what is written here, to the last bit, and judge it as switchback does; what xarray
//! writes is read here; a process that is killed leaves all but its last moments.

#[path = "support/chains.rs"]
mod chains;
#[path = "support/python.rs"]
mod python;
#[path = "support/scratch.rs"]
mod scratch;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use chains::{Chains, Draw, METHOD, NUTS};
use jiff::Timestamp;
use scratch::Scratch;
use serde_json::Value;
use switchback_core::{DrawSource, Draws, Series, Times};
use switchback_diagnostics::{ess_bulk, ess_tail_at, r_hat};
use switchback_record::{CmdStanInfo, DrawsFile, DrawsInfo, RecordError, StoredDraws};

/// Quantities of the chains that are finite everywhere.
const FINITE: [&str; 3] = ["mu", "tau", "s"];

/// The largest relative difference between ArviZ's diagnostics and ours that passes; the largest seen is 3e-14.
const TOLERANCE: f64 = 1e-8;

fn info<'a>(chains: &Chains, series: Option<&'a Series>) -> DrawsInfo<'a> {
    DrawsInfo {
        sampler: METHOD,
        series,
        num_warmup: chains.warmup[0].len() as u64,
        num_samples: chains.draws[0].len() as u64,
        save_warmup: true,
        created_at: "2026-01-02T03:04:05.5Z"
            .parse::<Timestamp>()
            .expect("a time"),
    }
}

/// A series of five, one of which is missing, with `labels` for its times.
fn series(labels: [&str; 5]) -> Series {
    let values = [Some(0.5), Some(-1.25), None, Some(1e-3), Some(7.0)];
    let times = Times {
        name: "year".into(),
        labels: labels.map(String::from).to_vec(),
    };
    let series = Series::new("y", &values).expect("a series");
    series.with_times(times).expect("a label each")
}

/// The number whose bits are `json`, which is how `seen.py` gives them.
fn from_bits(json: &Value) -> f64 {
    f64::from_bits(json.as_i64().expect("the bits of a number").cast_unsigned())
}

fn same(seen: f64, expected: f64) -> bool {
    seen.to_bits() == expected.to_bits()
}

/// That `seen` (chain by chain, draw by draw) is `expected`: bits for reals, numbers or flags otherwise.
fn check_values(seen: &Value, dtype: &str, expected: &[Vec<f64>]) -> Result<(), String> {
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

/// That the variable `name` of a group is along chain and draw, has `dtype`, and is `expected`.
fn check_variable(group: &Value, name: &str, dtype: &str, expected: &[Vec<f64>]) {
    let variable = &group["variables"][name];
    assert_eq!(
        variable["dims"],
        serde_json::json!(["chain", "draw"]),
        "{name}"
    );
    assert_eq!(variable["dtype"], dtype, "{name}");
    let check = |expected: &[Vec<f64>]| check_values(&variable["values"], dtype, expected);
    check(expected).unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Some(last) = expected.first().and_then(|chain| chain.last()) {
        // A check that one wrong value passes would prove nothing.
        let mut wrong = expected.to_vec();
        let end = wrong[0].len() - 1;
        wrong[0][end] = if *last == 0.0 { 1.0 } else { 0.0 };
        assert!(
            check(&wrong).is_err(),
            "{name}: a wrong value is not noticed"
        );
    }
}

/// One column of a group, chain by chain.
fn column(chains: &[Vec<Draw>], of: impl Fn(&Draw) -> f64) -> Vec<Vec<f64>> {
    chains
        .iter()
        .map(|chain| chain.iter().map(&of).collect())
        .collect()
}

fn check_draws(groups: &Value, prefix: &str, chains: &Chains, of: &[Vec<Draw>]) {
    let posterior = &groups[format!("{prefix}posterior")];
    for (i, name, dtype) in [
        (0, "mu", "float64"),
        (1, "tau", "float64"),
        (2, "s", "int64"),
        (3, "odd", "float64"),
    ] {
        check_variable(posterior, name, dtype, &column(of, |draw| draw.values[i]));
    }
    let stats = &groups[format!("{prefix}sample_stats")];
    for (i, name) in chains.schema.stats.iter().enumerate() {
        let dtype = match *name {
            "diverging" => "bool",
            "n_steps" | "tree_depth" => "int64",
            _ => "float64",
        };
        check_variable(stats, name, dtype, &column(of, |draw| draw.stats[i]));
    }
}

/// That ArviZ's diagnostics in `seen` are ours of `source`.
fn check_diagnostics(seen: &Value, source: &dyn DrawSource) {
    for name in FINITE {
        let chains = source.read(name).expect("it is there");
        let chains: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
        let ours = [
            ("r_hat", r_hat(&chains)),
            ("ess_bulk", ess_bulk(&chains)),
            ("ess_tail", ess_tail_at(&chains, [0.05, 0.95])),
        ];
        for (what, ours) in ours {
            let ours = ours.expect("chains of one length");
            let theirs = seen[name][what].as_f64().expect("a number");
            let difference = (ours / theirs - 1.0).abs();
            assert!(
                difference <= TOLERANCE,
                "{what} of {name}: {ours}, ArviZ {theirs}"
            );
        }
    }
}

/// The chains as draws in memory.
fn in_memory(chains: &Chains) -> Draws {
    let names = chains.schema.quantities.iter().map(|of| of.name.clone());
    let mut draws = Draws::new(names.collect(), chains.draws.len());
    for (chain, of) in chains.draws.iter().enumerate() {
        for draw in of {
            draws.push(chain, &draw.values).expect("it fits");
        }
    }
    draws
}

#[test]
fn arviz_sees_every_draw() {
    let Some(python) = python::find() else {
        return;
    };
    let scratch = Scratch::new();
    // More than a chunk, which is as long as the draws that are announced.
    let chains = Chains::new(40, 230, &NUTS, 5);
    let cases = [
        (["1851", "1852", "1853", "1854", "1860"], "int64", None),
        (
            ["1851-Q1", "1851-Q2", "é", "d", "e"],
            "<U7",
            Some("1851-Q1"),
        ),
    ];
    let paths = ["numbers", "texts"].map(|name| scratch.path().join(name));
    for (path, (labels, ..)) in paths.iter().zip(cases) {
        let series = series(labels);
        let mut info = info(&chains, Some(&series));
        info.num_samples = 100;
        let mut file = DrawsFile::create(path, &chains.schema, &info).expect("room");
        chains.tell(&mut file);
        file.finish().expect("room");
    }
    let questions = paths
        .each_ref()
        .map(|path| vec!["zarr".as_ref(), path.as_os_str()]);
    let answers = python::ask(&python, &questions).expect("they load");
    for ((seen, path), (_, dtype, along)) in answers.iter().zip(&paths).zip(cases) {
        assert_eq!(seen["warnings"], serde_json::json!([]));
        let groups = &seen["groups"];
        let names: Vec<&String> = groups.as_object().expect("groups").keys().collect();
        assert_eq!(
            names.into_iter().collect::<BTreeSet<_>>(),
            [
                "log_likelihood",
                "observed_data",
                "posterior",
                "sample_stats",
                "warmup_posterior",
                "warmup_sample_stats"
            ]
            .map(String::from)
            .iter()
            .collect()
        );
        check_draws(groups, "", &chains, &chains.draws);
        check_draws(groups, "warmup_", &chains, &chains.warmup);
        check_coordinates(groups, dtype, along);
        check_log_likelihood(&groups["log_likelihood"], &chains);
        check_attributes(&groups["posterior"]["attributes"]);
        check_diagnostics(&seen["diagnostics"], &in_memory(&chains));
        check_diagnostics(
            &seen["diagnostics"],
            &StoredDraws::open(path).expect("it opens"),
        );
    }
}

fn check_coordinates(groups: &Value, dtype: &str, first: Option<&str>) {
    let posterior = &groups["posterior"]["variables"];
    assert_eq!(posterior["chain"]["values"], serde_json::json!([0, 1, 2]));
    assert_eq!(posterior["chain"]["dtype"], "int64");
    let draw: Vec<u64> = (0..230).collect();
    assert_eq!(posterior["draw"]["values"], serde_json::json!(draw));
    let observed = &groups["observed_data"]["variables"];
    for group in [observed, &groups["log_likelihood"]["variables"]] {
        let year = &group["year"];
        assert_eq!(
            (&year["dtype"], &year["dims"]),
            (&dtype.into(), &serde_json::json!(["year"]))
        );
        let label = &year["values"][0];
        assert_eq!(label, &first.map_or(Value::from(1851), Value::from));
    }
    assert_eq!(observed["y"]["dims"], serde_json::json!(["year"]));
    let expected = [0.5, -1.25, f64::NAN, 1e-3, 7.0];
    for (i, expected) in expected.into_iter().enumerate() {
        assert!(same(from_bits(&observed["y"]["values"][i]), expected));
    }
}

fn check_log_likelihood(group: &Value, chains: &Chains) {
    let variable = &group["variables"]["y"];
    assert_eq!(
        variable["dims"],
        serde_json::json!(["chain", "draw", "year"])
    );
    for (chain, draws) in chains.draws.iter().enumerate() {
        for (draw, expected) in draws.iter().enumerate() {
            for (i, expected) in expected.pointwise.iter().enumerate() {
                let seen = from_bits(&variable["values"][chain][draw][i]);
                assert!(
                    same(seen, *expected),
                    "chain {chain}, draw {draw}, observation {i}"
                );
            }
        }
    }
}

fn check_attributes(attributes: &Value) {
    for (key, expected) in [
        ("inference_library", "switchback"),
        ("inference_library_version", env!("CARGO_PKG_VERSION")),
        ("created_at", "2026-01-02T03:04:05.5Z"),
        ("sampler", METHOD),
        ("tuning_steps", "40"),
    ] {
        assert_eq!(attributes[key], expected, "{key}");
    }
}

/// The files that `create_cmdstan` makes for three chains.
fn csv_files(folder: &Path) -> Vec<PathBuf> {
    (1..=3)
        .map(|id| folder.join(format!("run_{id}.csv")))
        .collect()
}

/// What cmdstanpy sees in each set of files.
fn seen_by_cmdstanpy(python: &Path, sets: &[Vec<PathBuf>]) -> Vec<Value> {
    let questions: Vec<Vec<&OsStr>> = sets
        .iter()
        .map(|files| {
            std::iter::once("csv".as_ref())
                .chain(files.iter().map(|path| path.as_os_str()))
                .collect()
        })
        .collect();
    python::ask(python, &questions).expect("they load")
}

/// That cmdstanpy's column of each quantity holds the chains' draws.
fn check_columns(seen: &Value, chains: &Chains) {
    for (i, name) in ["mu", "tau", "s", "odd"].into_iter().enumerate() {
        let expected = column(&chains.draws, |draw| draw.values[i]);
        check_values(&seen["variables"][name], "float64", &expected)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn cmdstanpy_sees_every_draw_of_nuts() {
    let Some(python) = python::find() else {
        return;
    };
    let scratch = Scratch::new();
    let chains = Chains::new(40, 230, &NUTS, 0);
    let cmdstan = CmdStanInfo {
        model: "one_switch",
        data: Some(Path::new("data/deck.json")),
        seed: u64::MAX,
        max_depth: 4,
        ..CmdStanInfo::default()
    };
    let info = info(&chains, None);
    let mut file =
        DrawsFile::create_cmdstan(scratch.path(), "run", &chains.schema, &info, &cmdstan)
            .expect("room");
    chains.tell(&mut file);
    file.finish().expect("room");
    let files = csv_files(scratch.path());
    let seen = &seen_by_cmdstanpy(&python, &[files.clone()])[0];
    check_columns(seen, &chains);
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
    check_diagnostics(&seen["diagnostics"], &in_memory(&chains));
    check_diagnostics(
        &seen["diagnostics"],
        &StoredDraws::open_all(&files).expect("they open"),
    );
}

#[test]
fn cmdstanpy_sees_every_draw_of_another_sampler() {
    let Some(python) = python::find() else {
        return;
    };
    let scratch = Scratch::new();
    let chains = Chains::new(40, 120, &["acceptance_rate"], 0);
    let info = info(&chains, None);
    let cmdstan = CmdStanInfo::default();
    let mut file =
        DrawsFile::create_cmdstan(scratch.path(), "run", &chains.schema, &info, &cmdstan)
            .expect("room");
    chains.tell(&mut file);
    file.finish().expect("room");
    let seen = &seen_by_cmdstanpy(&python, &[csv_files(scratch.path())])[0];
    assert_eq!(seen["warnings"], serde_json::json!([]));
    assert_eq!(
        seen["columns"],
        serde_json::json!(["lp__", "accept_stat__", "mu", "tau", "s", "odd"])
    );
    check_columns(seen, &chains);
    let first = &chains.draws[2][0];
    for (i, expected) in [0.0, first.stats[0]].into_iter().enumerate() {
        assert!(same(from_bits(&seen["draws"][0][2][i]), expected));
    }
    check_diagnostics(&seen["diagnostics"], &in_memory(&chains));
}

#[test]
fn cmdstanpy_sees_the_draws_of_a_run_that_ended_early() {
    let Some(python) = python::find() else {
        return;
    };
    let scratch = Scratch::new();
    let mut chains = Chains::new(40, 50, &NUTS, 0);
    let info = info(&chains, None);
    for (draws, length) in chains.draws.iter_mut().zip([31, 50, 44]) {
        draws.truncate(length);
    }
    let cmdstan = CmdStanInfo::default();
    let mut file =
        DrawsFile::create_cmdstan(scratch.path(), "run", &chains.schema, &info, &cmdstan)
            .expect("room");
    chains.tell(&mut file);
    file.finish().expect("room");
    let seen = &seen_by_cmdstanpy(&python, &[csv_files(scratch.path())])[0];
    assert_eq!(seen["config"]["num_warmup"], "40");
    assert_eq!(seen["config"]["num_samples"], "31");
    chains.draws.iter_mut().for_each(|draws| draws.truncate(31));
    check_columns(seen, &chains);
}

#[test]
fn stores_that_xarray_wrote_are_read_or_refused_by_name() {
    let Some(python) = python::find() else {
        return;
    };
    let scratch = Scratch::new();
    let readable = ["v2 plain", "v2 gzip", "v2 zlib", "v3 plain", "v3 gzip"];
    let foreign = [("v2 default", "blosc"), ("v3 default", "zstd")];
    let formats: Vec<&str> = readable
        .into_iter()
        .chain(foreign.map(|(format, _)| format))
        .collect();
    let path_of = |format: &str| scratch.path().join(format);
    let paths: Vec<PathBuf> = formats.iter().map(|format| path_of(format)).collect();
    let questions: Vec<Vec<&OsStr>> = formats
        .iter()
        .zip(&paths)
        .map(|(format, path)| vec!["write".as_ref(), format.as_ref(), path.as_os_str()])
        .collect();
    let written = python::ask(&python, &questions).expect("xarray writes");
    for (format, written) in readable.iter().zip(&written) {
        let draws = StoredDraws::open(path_of(format))
            .unwrap_or_else(|error| panic!("{format}: {error:?}"));
        assert_eq!((draws.n_chains(), draws.n_draws()), (3, 50), "{format}");
        assert_eq!(draws.sampler(), Some("elsewhere"), "{format}");
        let expected: BTreeMap<String, Value> =
            serde_json::from_value(written["posterior"].clone()).expect("a map");
        let mut names = draws.names();
        names.sort();
        assert_eq!(
            names,
            expected.keys().cloned().collect::<Vec<_>>(),
            "{format}"
        );
        for (name, expected) in &expected {
            let read = draws.read(name).expect("it is there");
            check_values(expected, "float64", &read)
                .unwrap_or_else(|error| panic!("{format}, {name}: {error}"));
        }
        let energy = draws.read_stat("energy").expect("it is there");
        check_values(&written["energy"], "float64", &energy).expect("the same");
        // Left out of the store, since all of it is the fill value.
        assert_eq!(
            draws.read_stat("diverging").expect("it is there"),
            vec![vec![0.0; 50]; 3]
        );
    }
    for (format, codec) in foreign {
        let path = path_of(format);
        let error = StoredDraws::open(&path).expect_err("it needs a codec that is not here");
        let RecordError::DrawsDecode { path: at, source } = &error else {
            panic!("{format}: {error:?}");
        };
        assert!(at.starts_with(path.join("posterior")), "{format}");
        assert!(source.to_string().contains(codec), "{format}: {source}");
        assert!(
            error.to_string().contains("gzip"),
            "the way out is told: {error}"
        );
    }
}
