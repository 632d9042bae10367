//! Protects: a process that is killed leaves all but its last moments, and a disk that fills up is an error that costs
//! nothing of what was there.

#[path = "support/chains.rs"]
mod chains;
#[path = "support/python.rs"]
mod python;
#[path = "support/scratch.rs"]
mod scratch;

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chains::{Chains, METHOD, NUTS, create, info, tell_rows};
use scratch::Scratch;
use switchback_core::{DrawRows, Event, Sink};
use switchback_record::{RecordError, StoredDraws};

/// Tells a child of these tests what to draw into.
const INTO: &str = "SWITCHBACK_TEST_DRAWS_INTO";

/// A process of its own that runs the test `name` alone, with `INTO` for its path.
fn child(name: &str, into: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command
        .args(["--exact", name, "--nocapture"])
        .env(INTO, into)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn now() -> f64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock");
    since.as_secs_f64()
}

/// Not a test: what the child of the next one does until it is killed. `mu` is the time of the draw.
#[test]
fn draw_until_killed() {
    let Some(into) = std::env::var_os(INTO) else {
        return;
    };
    let chains = Chains::new(0, 1, &NUTS, 0);
    let mut file = create(Path::new(&into), &chains.schema, &info(20, 5_000)).expect("room");
    let mut draw = chains.draws[0][0].clone();
    loop {
        draw.values[0] = now();
        for chain in 0..3 {
            tell_rows(&mut file, chain, false, std::slice::from_ref(&draw));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(unix)]
#[test]
fn a_killed_process_leaves_all_but_the_last_moments() {
    let scratch = Scratch::new();
    let python = python::find();
    for name in ["run.zarr", "csv"] {
        let path = scratch.path().join(name);
        let mut process = child("draw_until_killed", &path)
            .spawn()
            .expect("this test again");
        let begin = Instant::now();
        while StoredDraws::open(&path).map_or(0, |read| read.n_draws()) < 300 {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "{name}: nothing is drawn"
            );
            thread::sleep(Duration::from_millis(37));
        }
        // Late between two of its writings.
        thread::sleep(Duration::from_millis(600));
        let killed_at = now();
        // This is SIGKILL.
        process.kill().expect("it runs");
        process.wait().expect("it ended");
        let read = StoredDraws::open(&path).expect("it opens");
        let times = read.read("mu").expect("it is there");
        assert_eq!((times.len(), times[0].len()), (3, read.n_draws()));
        assert!(
            times
                .iter()
                .all(|chain| chain.is_sorted() && *chain == times[0])
        );
        // 0.8 s at most were seen to be lost; a machine that has much to do may take longer over its writing.
        let lost = killed_at - times[0][read.n_draws() - 1];
        assert!(lost < 5.0, "{name}: the last {lost:.3} s are lost");
        assert!(killed_at - times[0][0] < begin.elapsed().as_secs_f64() + 1.0);
        if name == "run.zarr"
            && let Some(python) = &python
        {
            let question = vec!["zarr".as_ref(), path.as_os_str()];
            let seen = &python::ask(python, &[question]).expect("ArviZ loads it")[0];
            assert_eq!(seen["warnings"], serde_json::json!([]));
            let sizes = &seen["groups"]["posterior"]["sizes"];
            let n_draws = sizes["draw"].as_u64().expect("a size") as usize;
            assert!(n_draws >= read.n_draws());
            assert_eq!(seen["groups"]["sample_stats"]["sizes"], *sizes);
        }
    }
}

/// Not a test: what the child of the next one does, whose files cannot grow without end.
#[test]
fn draw_until_full() {
    let Some(into) = std::env::var_os(INTO) else {
        return;
    };
    let path = Path::new(&into);
    let chains = Chains::new(0, 1, &NUTS, 0);
    let mut file = create(path, &chains.schema, &info(20, 1_000_000)).expect("room");
    let check = |error: RecordError| {
        assert!(matches!(&error, RecordError::Write { path: at, .. } if at.starts_with(path)));
        std::process::exit(77);
    };
    for _ in 0..10_000 {
        for (chain, draws) in chains.draws.iter().enumerate() {
            let rows = DrawRows {
                chain,
                is_warmup: false,
                values: &draws[0].values,
                stats: &draws[0].stats,
                pointwise: &[],
            };
            let method = METHOD;
            if let Err(error) = file.record(&Event::Draws { method, rows }) {
                check(*error.source.downcast().expect("of this crate"));
            }
        }
        file.commit().unwrap_or_else(check);
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_keeps_what_was_there() {
    let scratch = Scratch::new();
    let path = scratch.path().join("csv");
    let exe = std::env::current_exe().expect("this test");
    // A limit of 64 blocks on a file stands for a disk that fills up: its writes fail half-way too.
    let status = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact draw_until_full",
        ])
        .arg(exe)
        .env(INTO, &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("a shell");
    assert_eq!(
        status.code(),
        Some(77),
        "the error is a typed one, with the path"
    );
    let read = StoredDraws::open(&path).expect("what is there can be read");
    assert!(read.n_draws() > 100, "{} draws", read.n_draws());
    let mu = read.read("mu").expect("it is there");
    let expected = Chains::new(0, 1, &NUTS, 0).draws[1][0].values[0];
    assert!(mu[1].iter().all(|value| *value == expected));
}
