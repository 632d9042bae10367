//! Protects: a reader that has seen enough is no error, and an output that takes nothing is one.

use std::time::Duration;

use crate::program::{Sandbox, collect};

#[test]
fn a_closed_pipe_is_quiet() {
    let sandbox = Sandbox::new();
    let commands: [&[&str]; 6] = [
        &["exact"],
        &["exact", "--json"],
        &["simulate", "--n", "200000"],
        &["devices"],
        &["exact", "--help"],
        &[
            "experiment",
            "--steps",
            "1",
            "--num-samples",
            "50",
            "--num-warmup",
            "9",
            "--quiet",
        ],
    ];
    for words in commands {
        let mut command = sandbox.switchback(words);
        command.env("XDG_RUNTIME_DIR", sandbox.path(""));
        let mut child = command.spawn().expect("the program starts");
        drop(child.stdout.take());
        let ran = collect(child, Duration::from_secs(60));
        assert_eq!((ran.code, &*ran.stderr), (Some(0), ""), "{words:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_an_error() {
    let sandbox = Sandbox::new();
    for words in [&["exact"][..], &["exact", "--json"], &["simulate"]] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("Linux has one");
        let mut command = sandbox.switchback(words);
        let child = command.stdout(full).spawn().expect("the program starts");
        let ran = collect(child, Duration::from_secs(60)).expect_code(70);
        assert!(ran.stderr.contains("No space left"), "{words:?}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{words:?}: {ran:?}");
    }
}
