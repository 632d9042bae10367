//! What a user would do: the built program in a folder of its own, its files and its real clients.

mod bad_input;
mod bad_models;
mod compare;
mod custom_model;
mod deck_run;
mod devices;
mod diagnose;
mod events;
mod exact;
mod examples;
mod experiment;
mod help;
mod hostile;
#[cfg(unix)]
mod interrupt;
mod manual;
mod nuts_on_tensors;
mod optimize;
mod pipes;
mod program;
#[path = "../crates/record/tests/support/python.rs"]
#[expect(dead_code, reason = "its own questions are asked beside it")]
mod python;
mod real_data;
#[cfg(unix)]
mod runs;
mod sample;
mod sbc;
mod simulate;
mod talk_on_switches;
mod tensorboard;
#[path = "../crates/record/tests/support/tensorboard.rs"]
mod tensorboard_client;

use std::fs;
use std::path::Path;

/// With `autotests` off, a file that nobody declares would be a test that never runs.
#[test]
fn every_file_beside_this_one_is_declared() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let runner = include_str!("runner.rs");
    let mut n_files = 0;
    for entry in fs::read_dir(folder).expect("the folder of this file") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.extension().is_some_and(|end| end == "rs") && stem != "runner" {
            n_files += 1;
            let line = format!("mod {stem};");
            assert!(
                runner.lines().any(|found| found == line),
                "{line} is missing"
            );
            let text = fs::read_to_string(&path).expect("a source file");
            assert!(
                text.starts_with("//! "),
                "{stem}.rs does not say what it protects"
            );
        }
    }
    assert!(n_files >= 10, "this looks at {n_files} files only");
}
