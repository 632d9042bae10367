//! Protects: what a run leaves that was interrupted, killed or out of room can be read, and is named for what it is.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use switchback::record::{Comparison, Manifest, Status, StoredDraws};

use crate::events::{self, Event};
use crate::program::{PROGRAM, Ran, Sandbox, collect, finish};

/// A fit that nobody waits for, once its first points are in the file.
fn start_long(sandbox: &Sandbox) -> Child {
    let words = ["experiment", "--steps", "100000000", "--run-dir", "run"];
    let mut child = sandbox
        .switchback(&words)
        .spawn()
        .expect("the program starts");
    let end = Instant::now() + Duration::from_secs(60);
    while events::read_folder(&sandbox.path("run.partial/adam")).map_or(0, |events| events.len())
        < 5
    {
        if Instant::now() >= end {
            let _ = child.kill();
            panic!("no points within a minute");
        }
        thread::sleep(Duration::from_millis(20));
    }
    child
}

/// The program with `words`, once `path` is there.
pub fn start(sandbox: &Sandbox, words: &[&str], path: &str) -> Child {
    let mut child = sandbox
        .switchback(words)
        .spawn()
        .expect("the program starts");
    let end = Instant::now() + Duration::from_secs(60);
    while !sandbox.path(path).exists() {
        if Instant::now() >= end {
            let _ = child.kill();
            panic!("no {path} within a minute");
        }
        thread::sleep(Duration::from_millis(20));
    }
    child
}

/// Sends the signal `name` to `child`.
pub fn signal(child: &Child, name: &str) {
    // The shell's own `kill` is there where no program of that name is.
    let line = format!("kill -{name} {}", child.id());
    let status = Command::new("sh")
        .args(["-c", &line])
        .status()
        .expect("a shell");
    assert!(status.success(), "{line}");
}

fn check_interrupted(name: &str) {
    let sandbox = Sandbox::new();
    let child = start_long(&sandbox);
    signal(&child, name);
    let ran = collect(child, Duration::from_secs(10)).expect_code(1);
    assert!(ran.stdout.contains("interrupted"), "{ran:?}");
    let run = sandbox.path("run");
    assert!(!sandbox.path("run.partial").exists());
    let manifest = Manifest::read(run.join("manifest.json")).expect("a manifest");
    assert_eq!(manifest.status, Status::Interrupted);
    let methods: Vec<&str> = manifest.methods.iter().map(|of| &*of.method).collect();
    assert_eq!(methods, ["adam"], "nothing is begun after the signal");
    assert_eq!(manifest.methods[0].stop.as_deref(), Some("interrupted"));
    let comparison = Comparison::read(run.join("comparison.json")).expect("a comparison");
    let rows: Vec<&str> = comparison.rows.iter().map(|row| &*row.method).collect();
    assert_eq!(rows, ["adam", "exact"]);
    let events = read(&run.join("adam"));
    let points = events::points(&events, "tau");
    // The last point that was logged is the one that is told.
    let (step, tau) = points[points.len() - 1];
    assert_eq!(step, manifest.methods[0].steps);
    assert_eq!(
        Some(tau),
        comparison.rows[0].estimate.get("tau").map(|tau| tau as f32)
    );
}

fn read(folder: &Path) -> Vec<Event> {
    events::read_folder(folder).expect("every event is whole")
}

#[test]
fn ctrl_c_is_heard_however_far_the_next_point_is() {
    let sandbox = Sandbox::new();
    let far = "18446744073709551615";
    let words = [
        "experiment",
        "--steps",
        far,
        "--log-every",
        far,
        "--run-dir",
        "run",
    ];
    let child = start(&sandbox, &words, "run.partial/adam");
    signal(&child, "INT");
    let ran = collect(child, Duration::from_secs(10)).expect_code(1);
    assert!(ran.stdout.contains("interrupted"), "{ran:?}");
}

#[test]
fn ctrl_c_ends_a_climb_of_many_starts_with_a_verdict() {
    let sandbox = Sandbox::new();
    // No stop rule, and a step so small that nothing arrives.
    let words = "optimize --optimizer sgd,adam --starts 40 --steps 900000000 --learning-rate 1e-9 --tol-grad 0 \
                 --tol-param 0 --tol-obj 0 --tol-rel-obj 0 --init plain --run-dir run";
    let words: Vec<&str> = words.split_whitespace().collect();
    let child = start(&sandbox, &words, "run.partial/sgd");
    signal(&child, "INT");
    let ran = collect(child, Duration::from_secs(10)).expect_code(1);
    assert!(ran.stdout.contains("It was interrupted"), "{ran:?}");
    let manifest = Manifest::read(sandbox.path("run/manifest.json")).expect("a manifest");
    assert_eq!(manifest.status, Status::Interrupted);
    let methods: Vec<&str> = manifest.methods.iter().map(|of| &*of.method).collect();
    assert_eq!(methods, ["sgd"], "nothing is begun after the signal");
}

#[test]
fn ctrl_c_in_a_warm_up_leaves_a_run_without_draws() {
    let sandbox = Sandbox::new();
    let long = "900000000";
    let words = [
        "sample",
        "--sampler",
        "metropolis",
        "--num-warmup",
        long,
        "--run-dir",
        "run",
    ];
    let child = start(&sandbox, &words, "run.partial/draws/metropolis.zarr");
    signal(&child, "INT");
    let ran = collect(child, Duration::from_secs(10)).expect_code(1);
    assert!(ran.stdout.contains("too few to judge"), "{ran:?}");
    assert!(ran.stdout.contains("interrupted"), "{ran:?}");
    let manifest = Manifest::read(sandbox.path("run/manifest.json")).expect("a manifest");
    assert_eq!(manifest.status, Status::Interrupted);
    assert_eq!(manifest.methods[0].steps, 0);
}

#[test]
fn ctrl_c_keeps_what_there_is() {
    check_interrupted("INT");
}

#[test]
fn a_request_to_end_keeps_what_there_is() {
    check_interrupted("TERM");
}

#[test]
fn a_killed_run_is_partial_and_in_nobodys_way_unseen() {
    let sandbox = Sandbox::new();
    let child = start_long(&sandbox);
    signal(&child, "KILL");
    let ran = collect(child, Duration::from_secs(10));
    assert_eq!((ran.code, &*ran.stdout), (None, ""));
    assert!(!sandbox.path("run").exists());
    assert!(read(&sandbox.path("run.partial/adam")).len() >= 5);
    let before = sandbox.listing();
    let again = sandbox
        .run(&["experiment", "--run-dir", "run"])
        .expect_code(2);
    assert!(
        again
            .stderr
            .contains("run.partial was left by a run that did not finish"),
        "{again:?}"
    );
    assert!(again.stderr.contains("choose another name"), "{again:?}");
    assert_eq!(sandbox.listing(), before);
}

/// An experiment of `steps` steps that may write no file beyond `blocks` of 512 bytes.
fn cramped(sandbox: &Sandbox, blocks: u32, steps: &str) -> Ran {
    let line = format!(
        "trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" experiment --run-dir run --log-every 10 \
         --num-samples 100 --num-warmup 100 --steps {steps}"
    );
    let mut command = sandbox.command("sh");
    command.args(["-c", &line, PROGRAM]);
    finish(command, b"")
}

fn check_out_of_room(ran: &Ran, what: &str) {
    assert_eq!(ran.code, Some(70), "{ran:?}");
    assert!(ran.stdout.is_empty(), "{ran:?}");
    for word in ["error: ", what, "File too large", "room"] {
        assert!(ran.stderr.contains(word), "no {word:?} in {ran:?}");
    }
    for word in ["panicked", "RUST_BACKTRACE", "backtrace"] {
        assert!(!ran.stderr.contains(word), "{ran:?}");
    }
}

#[test]
fn a_disk_that_fills_with_events_ends_the_run_with_whole_events() {
    let sandbox = Sandbox::new();
    let ran = cramped(&sandbox, 16, "5000");
    check_out_of_room(&ran, "lost");
    let events = read(&sandbox.path("run.partial/adam"));
    let lost = ran
        .stderr
        .split("lost ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let lost: usize = lost
        .and_then(|number| number.parse().ok())
        .expect("a count");
    assert!(
        lost > 0 && events.len() > 5 && events.len() < 502,
        "{lost} {}",
        events.len()
    );
    assert_eq!(
        sandbox.listing().len(),
        5,
        "only the events of the run and of adam, and how it began: {:?}",
        sandbox.listing()
    );
}

#[test]
fn a_disk_that_fills_with_draws_ends_the_run_and_leaves_what_can_be_judged_or_refused() {
    let sandbox = Sandbox::new();
    // A chunk of draws is larger.
    check_out_of_room(&cramped(&sandbox, 12, "20"), "metropolis.zarr");
    for method in ["adam", "momentum"] {
        assert!(read(&sandbox.path("run.partial").join(method)).len() > 2);
    }
    assert!(!sandbox.path("run").exists());
    let ran = sandbox.run(&["diagnose", "run.partial"]);
    assert!(matches!(ran.code, Some(0..=2)), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{ran:?}");
}

#[test]
fn a_disk_that_is_full_at_the_end_leaves_no_torn_file() {
    let sandbox = Sandbox::new();
    let words = "simulate --n 6000 --mean 0,0.1 --sd 1,1 -o y.csv";
    let words: Vec<&str> = words.split(' ').collect();
    sandbox.run(&words).expect_code(0);
    // Draws and series fit, the probabilities of 6000 places do not.
    check_out_of_room(
        &cramped(&sandbox, 200, "20 y.csv"),
        "comparison.json could not be written",
    );
    let partial = sandbox.path("run.partial");
    for method in ["adam", "momentum", "metropolis", "metropolis-hard"] {
        assert!(read(&partial.join(method)).len() > 2);
    }
    for method in ["metropolis", "metropolis-hard"] {
        let draws = StoredDraws::open(partial.join(format!("draws/{method}.zarr")));
        assert_eq!(draws.expect("draws").n_draws(), 100, "{method}");
    }
    let files = fs::read_dir(partial).expect("a folder").count();
    assert_eq!(
        files, 9,
        "six methods, their draws, the events of the run, and how it began"
    );
}

#[test]
fn a_disk_that_is_full_from_the_start_is_known_before_any_work() {
    let sandbox = Sandbox::new();
    let ran = cramped(&sandbox, 0, "100000000").expect_code(2);
    assert!(ran.stdout.is_empty(), "{ran:?}");
    assert_eq!(sandbox.listing(), Vec::<String>::new());
}
