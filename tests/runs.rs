//! Protects: `runs` lists what is there and removes what it was told to, and nothing else; `watch` follows a run to its end.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::interrupt::{signal, start};
use crate::program::{Ran, Sandbox, collect};

/// A short run called `name`.
fn sample(sandbox: &Sandbox, name: &str) -> Ran {
    let path = format!("runs/{name}");
    sandbox.run(&[
        "sample",
        "--sampler",
        "compound",
        "--num-samples",
        "200",
        "--run-dir",
        &path,
    ])
}

/// An unfinished run called `name`, which process `process` writes.
fn unfinished(sandbox: &Sandbox, name: &str, process: u32) {
    let folder = sandbox.path("runs").join(format!("{name}.partial"));
    fs::create_dir_all(&folder).expect("there is room");
    let begun = json!({
        "command": ["switchback", "sample"],
        "created_at": "2026-01-02T03:04:05Z",
        "process": process,
    });
    fs::write(folder.join("begun.json"), begun.to_string()).expect("there is room");
}

fn listed(sandbox: &Sandbox) -> Vec<Value> {
    let list = sandbox.run(&["runs", "--json"]).expect_code(0).json();
    list.as_array().expect("a list").clone()
}

fn names(sandbox: &Sandbox) -> Vec<String> {
    listed(sandbox)
        .iter()
        .map(|run| run["run"].as_str().expect("a path").to_owned())
        .collect()
}

#[test]
fn a_list_says_what_when_and_with_which_verdict() {
    let sandbox = Sandbox::new();
    let missing = sandbox.run(&["runs", "elsewhere"]).expect_code(2);
    assert!(
        missing.stderr.contains("elsewhere is no folder"),
        "{missing:?}"
    );
    let none = sandbox.run(&["runs"]).expect_code(0);
    assert_eq!(none.stdout, "No runs in runs.\n");
    fs::create_dir(sandbox.path("runs")).expect("there is room");
    let none = sandbox.run(&["runs"]).expect_code(0);
    assert_eq!(none.stdout, "No runs in runs.\n");
    let ran = sample(&sandbox, "first").expect_code(0);
    assert!(ran.stdout.contains("run: runs/first\n"));
    unfinished(&sandbox, "killed", u32::MAX);
    let runs = listed(&sandbox);
    assert_eq!(names(&sandbox), ["runs/killed.partial", "runs/first"]);
    assert_eq!(runs[0]["verdict"], "unfinished");
    assert_eq!(runs[1]["verdict"], "trusted");
    assert_eq!(runs[1]["what"], "sample deck");
    assert_eq!(runs[1]["switch"], "45 (46)");
    assert_eq!(runs[1]["manifest"]["seed"], 1);
    let bytes: u64 = sandbox
        .listing()
        .iter()
        .map(|name| sandbox.path(name))
        .filter(|path| path.starts_with(sandbox.path("runs/first")) && path.is_file())
        .map(|path| path.metadata().expect("a file").len())
        .sum();
    assert_eq!(runs[1]["bytes"], bytes);
    let text = sandbox.run(&["runs"]).expect_code(0).stdout;
    let line = text
        .lines()
        .find(|line| line.starts_with("runs/first "))
        .expect("a line");
    assert!(
        line.contains("sample deck") && line.contains("trusted"),
        "{line}"
    );
}

#[test]
fn only_what_was_asked_for_is_removed() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sample(&sandbox, name).expect_code(0);
    }
    unfinished(&sandbox, "killed", u32::MAX);
    unfinished(&sandbox, "running", std::process::id());
    fs::create_dir(sandbox.path("runs/something else")).expect("there is room");
    let all = names(&sandbox);
    let vague = sandbox.run(&["runs", "--prune", "--yes"]).expect_code(2);
    assert!(vague.stderr.contains("--keep N"), "{vague:?}");
    sandbox.run(&["runs", "--keep", "1"]).expect_code(2);
    let asked = sandbox
        .run(&["runs", "--prune", "--keep", "2"])
        .expect_code(0);
    assert!(asked.stdout.contains("add --yes"), "{asked:?}");
    assert_eq!(names(&sandbox), all, "nothing is removed yet");
    let young = sandbox.run(&[
        "runs",
        "--prune",
        "--older-than",
        "1",
        "--keep",
        "3",
        "--yes",
    ]);
    let young = young.expect_code(0).stdout;
    assert!(
        young.contains("Removed 1 run,") && young.contains("killed"),
        "{young}"
    );
    sandbox
        .run(&["runs", "--prune", "--unfinished", "--yes"])
        .expect_code(0);
    sandbox
        .run(&["runs", "--prune", "--keep", "1", "--yes"])
        .expect_code(0);
    let mut left: Vec<String> = names(&sandbox);
    left.sort();
    let expected: &[&str] = if cfg!(target_os = "linux") {
        &["runs/c", "runs/running.partial"]
    } else {
        &["runs/c"]
    };
    assert_eq!(left, expected);
    assert!(sandbox.path("runs/something else").is_dir());
}

#[test]
fn runs_are_compared_by_what_differs() {
    let sandbox = Sandbox::new();
    let run = |name: &str, more: &[&str]| {
        let words = [
            "sample",
            "--sampler",
            "compound",
            "--num-samples",
            "200",
            "--run-dir",
            name,
        ];
        sandbox.run(&[&words[..], more].concat()).expect_code(0);
    };
    run("a", &[]);
    run("b", &["--seed", "2", "--num-warmup", "7"]);
    run("c", &[]);
    let json = sandbox
        .run(&["compare-runs", "a", "b", "--json"])
        .expect_code(0)
        .json();
    assert_eq!(json["differing"], json!(["num_warmup", "seed"]));
    assert_eq!(
        json["runs"][1]["differing"],
        json!({"num_warmup": 7, "seed": 2})
    );
    assert_eq!(
        json["runs"][1]["comparison"]["rows"][0]["method"],
        "compound"
    );
    let text = sandbox
        .run(&["compare-runs", "a", "b"])
        .expect_code(0)
        .stdout;
    assert!(
        text.contains("num_warmup") && text.contains("settings are the same"),
        "{text}"
    );
    let section = text
        .split("\ncompound\n")
        .nth(1)
        .expect("a section a method");
    let section = section.split("\n\n").next().expect("it ends");
    assert_eq!(
        section.lines().filter(|line| line.contains(" s 4")).count(),
        2,
        "{text}"
    );
    let same = sandbox
        .run(&["compare-runs", "a", "c"])
        .expect_code(0)
        .stdout;
    assert!(
        same.starts_with("All ") && same.contains("settings are the same"),
        "{same}"
    );
    let none = sandbox
        .run(&["compare-runs", "a", "nothing"])
        .expect_code(2);
    assert!(
        none.stderr.contains("nothing is no finished run"),
        "{none:?}"
    );
    let one = sandbox.run(&["compare-runs", "a"]).expect_code(2);
    assert!(one.stderr.contains("two or more"), "{one:?}");
}

#[test]
fn a_run_is_followed_to_its_end() {
    let sandbox = Sandbox::new();
    let words = ["experiment", "--steps", "100000000", "--run-dir", "run"];
    let run = start(&sandbox, &words, "run.partial/begun.json");
    let watch = sandbox
        .switchback(&["watch", "run"])
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_secs(2));
    signal(&run, "INT");
    collect(run, Duration::from_secs(10)).expect_code(1);
    let watched = collect(watch, Duration::from_secs(10)).expect_code(1);
    assert!(watched.stderr.contains("adam: step "), "{watched:?}");
    assert!(watched.stderr.contains("log-likelihood -"), "{watched:?}");
    assert!(watched.stderr.contains("gap "), "{watched:?}");
    assert!(watched.stdout.contains("interrupted after"), "{watched:?}");
    assert!(watched.stdout.contains("run\n"), "{watched:?}");
    // What is finished is told again.
    let again = sandbox.run(&["watch", "run.partial"]).expect_code(1);
    assert_eq!(again.stdout, watched.stdout);
}

#[test]
fn what_nobody_writes_is_not_waited_for() {
    let sandbox = Sandbox::new();
    let nothing = sandbox.run(&["watch", "runs/none"]).expect_code(2);
    assert!(nothing.stderr.contains("is no run"), "{nothing:?}");
    if cfg!(target_os = "linux") {
        unfinished(&sandbox, "killed", u32::MAX);
        let left = sandbox.run(&["watch", "runs/killed"]).expect_code(1);
        assert!(left.stdout.contains("is gone"), "{left:?}");
    }
}
