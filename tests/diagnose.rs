//! Protects: `diagnose` says of anybody's draws whether to trust them, even of those that a killed run left.

use std::fs;
#[cfg(unix)]
use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

#[cfg(unix)]
use crate::interrupt::signal;
#[cfg(unix)]
use crate::program::collect;
use crate::program::{Ran, Sandbox, close, number};

const COLUMNS: [&str; 9] = [
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

/// `sample` into the run `run`, and its code.
fn sample(sandbox: &Sandbox, more: &str) -> Option<i32> {
    let words = ["sample", "--quiet", "--run-dir", "run"];
    let more: Vec<&str> = more.split_whitespace().collect();
    sandbox.run(&[&words[..], &more].concat()).code
}

/// The only set of draws in what `diagnose --json` of `paths` prints.
fn only(sandbox: &Sandbox, paths: &[&str], code: i32) -> Value {
    let words = [&["diagnose", "--json"], paths].concat();
    let json = sandbox.run(&words).expect_code(code).json();
    assert_eq!(json["is_trusted"], code == 0, "{json}");
    let sets = json["sets"].as_array().expect("sets");
    assert_eq!(sets.len(), 1, "{json}");
    sets[0].clone()
}

#[test]
fn draws_to_trust() {
    let sandbox = Sandbox::new();
    assert_eq!(sample(&sandbox, ""), Some(0));
    let ran = sandbox.run(&["diagnose", "run"]).expect_code(0);
    assert_eq!(ran.stderr, "");
    let header = ran.stdout.lines().find(|line| line.contains("r_hat"));
    let header: Vec<&str> = header.expect("a table").split_whitespace().collect();
    assert_eq!(header, COLUMNS);
    assert!(ran.stdout.contains("The chains agree"), "{ran:?}");
    let summary = fs::read_to_string(sandbox.path("run/summary.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    for paths in ["run", "run/draws", "run/draws/nuts.zarr"] {
        let set = only(&sandbox, &[paths], 0);
        assert_eq!(set["sampler"], "nuts", "{paths}");
        assert_eq!(set["n_diverged"], summary["n_diverged"], "{paths}");
        for (name, of) in summary["quantities"].as_object().expect("a map") {
            for column in COLUMNS {
                let value = number(&of[column]);
                let found = &set["quantities"][name][column];
                close(found, value, 1e-12 * value.abs());
            }
        }
    }
}

fn check_told(ran: &Ran, quantity: &str) {
    assert_eq!(ran.stderr, "", "{ran:?}");
    let advice = ran.stdout.rsplit("\n\n").next().expect("a last part");
    let words: Vec<&str> = advice.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    assert!(words.contains(&quantity), "no {quantity}: {ran:?}");
    assert!(!advice.contains("The chains agree"), "{ran:?}");
}

#[test]
fn chains_on_several_hills() {
    let sandbox = Sandbox::new();
    assert_eq!(sample(&sandbox, "--switches 2"), Some(1));
    let ran = sandbox.run(&["diagnose", "run"]).expect_code(1);
    check_told(&ran, "s2");
    assert!(ran.stdout.contains("r_hat up to"), "{ran:?}");
    let r_hat = &only(&sandbox, &["run"], 1)["quantities"]["s2"]["r_hat"];
    assert!(number(r_hat) > 1.1, "{r_hat}");
}

#[test]
fn chains_that_have_not_arrived() {
    let sandbox = Sandbox::new();
    let words = "--sampler metropolis --num-samples 20 --num-warmup 0 --init prior";
    assert_eq!(sample(&sandbox, words), Some(1));
    let ran = sandbox.run(&["diagnose", "run"]).expect_code(1);
    check_told(&ran, "mu2");
    assert!(
        ran.stdout.contains("effective draws that are needed"),
        "{ran:?}"
    );
}

#[test]
fn files_of_cmdstan_in_any_way_they_are_named() {
    let sandbox = Sandbox::new();
    let words = "--sampler compound --format cmdstan --num-samples 500";
    assert_eq!(sample(&sandbox, words), Some(0));
    let files: Vec<String> = (1..=4)
        .map(|chain| format!("run/draws/compound_{chain}.csv"))
        .collect();
    let files: Vec<&str> = files.iter().map(|file| &**file).collect();
    let all = only(&sandbox, &files, 0);
    assert_eq!(
        (&all["n_chains"], &all["n_draws"]),
        (&4.into(), &500.into())
    );
    close(&all["quantities"]["s"]["mean"], 45.0, 0.1);
    for paths in [&["run"], &["run/draws"]] {
        assert_eq!(only(&sandbox, paths, 0)["quantities"], all["quantities"]);
    }
    let two = only(&sandbox, &files[..2], 0);
    assert_eq!(two["n_chains"], 2);
}

#[test]
fn what_holds_no_draws_is_refused() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder")).expect("there is room");
    fs::create_dir(sandbox.path("empty.zarr")).expect("there is room");
    sandbox.write("notes.txt", "nothing\n");
    sandbox.write("table.csv", "t,x\n1,2\n2,3\n");
    sandbox.write("garbage.csv", b"\xff\x00\xfe\n\n\x01");
    sandbox.write("empty.csv", "");
    let words = ["experiment", "--quiet", "--run-dir", "run", "--steps", "10"];
    let short = ["--num-samples", "10", "--num-warmup", "10"];
    sandbox.run(&[&words[..], &short].concat()).expect_code(1);
    let before = sandbox.listing();
    for path in [
        "none",
        "folder",
        "empty.zarr",
        "notes.txt",
        "table.csv",
        "garbage.csv",
        "empty.csv",
        "run/adam",
        "run/manifest.json",
    ] {
        let ran = sandbox.run(&["diagnose", path]).expect_code(2);
        assert_eq!(ran.stdout, "", "{path}");
        assert!(ran.stderr.starts_with("error: "), "{path}: {ran:?}");
        assert_eq!(ran.stderr.matches("error: ").count(), 1, "{path}: {ran:?}");
        for word in [path, "; "] {
            assert!(ran.stderr.contains(word), "{path}: no {word:?} in {ran:?}");
        }
        assert!(!ran.stderr.contains("panicked"), "{path}: {ran:?}");
    }
    sandbox.run(&["diagnose"]).expect_code(2);
    assert_eq!(sandbox.listing(), before);
}

#[test]
fn both_samplers_of_an_experiment() {
    let sandbox = Sandbox::new();
    let words = "experiment --quiet --run-dir run --steps 10 --num-samples 500 --num-warmup 500";
    let words: Vec<&str> = words.split(' ').collect();
    let code = sandbox.run(&words).code;
    assert!(matches!(code, Some(0 | 1)), "{code:?}");
    let ran = sandbox.run(&["diagnose", "--json", "run"]);
    let json = ran.json();
    let sets = json["sets"].as_array().expect("sets");
    let sampler = |set: &Value| set["sampler"].as_str().map(str::to_owned);
    let mut samplers: Vec<String> = sets.iter().filter_map(sampler).collect();
    samplers.sort();
    assert_eq!(samplers, ["metropolis", "metropolis-hard"]);
}

/// The draws of each array of draws that the Zarr store at `path` says it has; the least.
#[cfg(unix)]
fn n_draws(store: &Path) -> u64 {
    let least = |group: &str| {
        let arrays = fs::read_dir(store.join(group)).ok()?;
        let files = arrays.filter_map(|array| Some(array.ok()?.path().join(".zarray")));
        let texts = files.filter_map(|file| fs::read_to_string(file).ok());
        let shapes = texts.filter_map(|text| serde_json::from_str::<Value>(&text).ok());
        let lengths = shapes.filter_map(|of| of["shape"].as_array()?.get(1)?.as_u64());
        lengths.min()
    };
    let groups = ["posterior", "sample_stats"].map(least);
    groups
        .map(|n| n.unwrap_or(0))
        .into_iter()
        .min()
        .unwrap_or(0)
}

/// The bytes of the smallest of four CSV files.
#[cfg(unix)]
fn n_bytes(folder: &Path) -> u64 {
    let size =
        |chain| fs::metadata(folder.join(format!("nuts_{chain}.csv"))).map_or(0, |of| of.len());
    (1..=4).map(size).min().unwrap_or(0)
}

#[cfg(unix)]
#[test]
fn a_killed_run_leaves_draws_that_can_be_judged() {
    for format in ["zarr", "cmdstan"] {
        let sandbox = Sandbox::new();
        let words = ["sample", "--num-samples", "100000000", "--run-dir", "run"];
        let mut child = sandbox
            .switchback(&[&words[..], &["--format", format]].concat())
            .spawn()
            .expect("the program starts");
        let end = Instant::now() + Duration::from_secs(60);
        let draws = sandbox.path("run.partial/draws");
        let is_enough = || match format {
            "zarr" => n_draws(&draws.join("nuts.zarr")) >= 1_000,
            // The warm-up is 0.2 MB of them.
            _ => n_bytes(&draws) >= 1_000_000,
        };
        while !is_enough() {
            if Instant::now() >= end {
                let _ = child.kill();
                panic!("no draws within a minute");
            }
            thread::sleep(Duration::from_millis(10));
        }
        signal(&child, "KILL");
        assert_eq!(collect(child, Duration::from_secs(10)).code, None);
        let set = only(&sandbox, &["run.partial"], 0);
        assert_eq!(set["n_chains"], 4, "{format}");
        assert!(number(&set["n_draws"]) >= 1_000.0, "{format}: {set}");
        // The exact mean; a thousand draws a chain are off by 0.002.
        close(&set["quantities"]["s"]["mean"], 44.992_454_7, 0.02);
        assert!(!sandbox.path("run").exists());
    }
}
