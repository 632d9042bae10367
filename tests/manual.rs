//! Protects: completions and manual pages name every command there is.

use std::fs;

use crate::program::Sandbox;

const COMMANDS: [&str; 15] = [
    "experiment",
    "optimize",
    "sample",
    "compare",
    "exact",
    "diagnose",
    "sbc",
    "simulate",
    "report",
    "compare-runs",
    "runs",
    "watch",
    "devices",
    "completions",
    "man",
];

#[test]
fn every_shell_is_told_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = sandbox.run(&["completions", shell]).expect_code(0).stdout;
        for word in COMMANDS.iter().copied().chain(["run-dir"]) {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
    sandbox.run(&["completions", "tcsh"]).expect_code(2);
}

#[test]
fn every_command_has_a_page() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["man"]).expect_code(0).stdout;
    assert!(page.contains(".TH switchback 1"), "{page}");
    for command in COMMANDS {
        assert!(
            page.contains(&format!("switchback\\-{}(1)", command.replace('-', "\\-"))),
            "{command}"
        );
    }
    sandbox.run(&["man", "--dir", "pages"]).expect_code(0);
    let mut expected: Vec<String> = COMMANDS
        .iter()
        .map(|command| format!("pages/switchback-{command}.1"))
        .chain(["pages/switchback.1".to_owned()])
        .collect();
    expected.sort();
    let mut found = sandbox.listing();
    found.retain(|name| name.starts_with("pages/") && !name.contains("help"));
    assert_eq!(found, expected);
    let page = fs::read_to_string(sandbox.path("pages/switchback-sample.1")).expect("a page");
    assert!(page.contains("num\\-samples"), "{page}");
    sandbox.write("file", "in the way");
    let refused = sandbox.run(&["man", "--dir", "file"]).expect_code(2);
    assert!(
        refused.stderr.contains("file cannot be written to"),
        "{refused:?}"
    );
}
