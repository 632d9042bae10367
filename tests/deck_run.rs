//! Protects: the run that is committed under `runs/deck` is what the program makes today, and small.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use switchback::record::Manifest;

use crate::program::Sandbox;

/// How far a number may be from the committed one, relative to its size: what rounding on another processor changes.
const NEAR: f64 = 1e-6;
/// What a clock says, and how often a quadrature asked, which rounding decides.
const NOT_COMPARED: [&str; 2] = ["seconds", "evaluations"];
fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("runs/deck")
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| {
            if path.is_dir() {
                size(&path)
            } else {
                path.metadata().expect("a file").len()
            }
        })
        .sum()
}

/// Whether a sentence tells a time, by which it may also choose a method: `14 ms`, `2.1 s`.
fn tells_time(text: &str) -> bool {
    let words: Vec<&str> = text.split([' ', ',', ':', '.', ';']).collect();
    words.windows(2).any(|two| {
        let is_number = two[0].chars().all(|c| c.is_ascii_digit()) && !two[0].is_empty();
        is_number && ["ms", "s"].contains(&two[1])
    })
}

/// Where `found` differs from `expected`, if it does.
fn difference(place: &str, expected: &Value, found: &Value) -> Option<String> {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            if !a.keys().eq(b.keys()) {
                return Some(format!("{place} has other keys"));
            }
            a.iter()
                .filter(|(key, _)| !NOT_COMPARED.contains(&key.as_str()))
                .find_map(|(key, value)| difference(&format!("{place}.{key}"), value, &b[key]))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(index, (a, b))| difference(&format!("{place}[{index}]"), a, b)),
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64()?, b.as_f64()?);
            let is_near = (a - b).abs() <= NEAR * a.abs().max(b.abs()).max(1.0);
            (!is_near).then(|| format!("{place}: {a} and {b}"))
        }
        (Value::String(a), Value::String(b)) if [a, b].iter().all(|text| tells_time(text)) => None,
        (a, b) => (a != b).then(|| format!("{place}: {a} and {b}")),
    }
}

#[test]
fn the_committed_run_is_what_the_program_makes() {
    let committed = committed();
    assert!(size(&committed) < 500_000, "{}", size(&committed));
    let manifest = Manifest::read(committed.join("manifest.json")).expect("a manifest");
    let sandbox = Sandbox::new();
    let words: Vec<&str> = manifest.command[1..].iter().map(String::as_str).collect();
    let at = words
        .iter()
        .position(|word| *word == "--run-dir")
        .expect("it has a folder");
    let mut words = words.clone();
    words[at + 1] = "deck";
    let ran = sandbox.run(&words);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for file in ["comparison.json", "exhibits.json"] {
        let read = |folder: &Path| -> Value {
            let text = fs::read(folder.join(file)).expect("a file");
            serde_json::from_slice(&text).expect("JSON")
        };
        let (old, new) = (read(&committed), read(&sandbox.path("deck")));
        let outdated =
            "runs/deck is out of date: remove it and run the command in its manifest again";
        assert_eq!(difference(file, &old, &new), None, "{outdated}");
    }
    // The pages differ in what clocks say alone: they have the same pictures, style and script.
    let pictures = |folder: &Path| {
        let text = fs::read_to_string(folder.join("report.html")).expect("a page");
        let titles = text.split("<title>").skip(1);
        let titles: Vec<String> = titles
            .filter_map(|rest| Some(rest.split_once('<')?.0.to_owned()))
            .collect();
        titles
    };
    assert_eq!(pictures(&committed), pictures(&sandbox.path("deck")));
    let look = |folder: &Path| {
        let text = fs::read_to_string(folder.join("report.html")).expect("a page");
        let style = text
            .split("<style>")
            .nth(1)
            .and_then(|rest| rest.split("</style>").next());
        let script = text.rsplit("<script>").next();
        format!("{style:?} {script:?}")
    };
    assert_eq!(look(&committed), look(&sandbox.path("deck")));
    assert!(difference("", &Value::from(1.0), &Value::from(1.0 + 1e-5)).is_some());
    let timed = ["momentum takes 14 ms from one start", "in 2.1 s."];
    assert!(timed.iter().all(|text| tells_time(text)));
    assert!(!tells_time("It begins at s = 45 (t 46)."));
}
