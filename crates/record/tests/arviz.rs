//! Protects: ArviZ loads what is written here without a warning and to the last bit, and judges it as switchback
//! does; what xarray writes is read here.

#[path = "support/chains.rs"]
mod chains;
#[path = "support/python.rs"]
mod python;
#[path = "support/scratch.rs"]
mod scratch;
#[path = "support/seen.rs"]
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::PathBuf;

use chains::{Chains, Draw, METHOD, NUTS};
use scratch::Scratch;
use seen::{check_diagnostics, check_values, column, from_bits, in_memory, info_of, same};
use serde_json::Value;
use switchback_core::{Series, Times};
use switchback_record::{DrawsFile, RecordError, StoredDraws};

/// A series of five, one of which is missing, with `labels` for its times.
fn series(labels: [&str; 5]) -> Series {
    let values = [Some(0.5), Some(-1.25), None, Some(1e-3), Some(7.0)];
    let times = Times {
        name: "year".into(),
        labels: labels.into_iter().collect(),
    };
    let series = Series::new("y", &values).expect("a series");
    series.with_times(times).expect("a label each")
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
        let mut info = info_of(&chains, Some(&series));
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
