//! Runs the built program in a temporary folder and a cleared environment.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// No command of these tests takes a tenth of this; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder to run in, removed on drop.
pub struct Sandbox(TempDir);

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, once the exit code is `code`.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

impl Sandbox {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// The path of `name` in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes the file `name`.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("there is room");
    }

    /// Every path in it, relative, sorted.
    pub fn listing(&self) -> Vec<String> {
        listing(self.0.path())
    }

    /// `program` with this as its folder and an environment of four kinds of names only.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let kept = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            ["PATH", "HOME", "XDG_RUNTIME_DIR"].contains(&&*name) || name.starts_with("SWITCHBACK_")
        });
        command
            .env_clear()
            .envs(kept)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The program with `arguments`, not yet started.
    pub fn switchback<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = self.command(PROGRAM);
        command.args(arguments);
        command
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Ran {
        finish(self.switchback(arguments), b"")
    }
}

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_switchback");

/// The file `name` of the data that come with the project.
pub fn data(name: &str) -> String {
    format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Every path below `folder`, relative to it, sorted.
pub fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let inside = path.strip_prefix(folder).expect("it is below");
            found.push(inside.display().to_string());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Runs `command` to its end with `input` on its standard input.
pub fn finish(mut command: Command, input: &[u8]) -> Ran {
    command.stdin(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let feed = thread::spawn(move || {
        // A program that does not read its input is no failure of the test.
        let _ = stdin.write_all(&input);
    });
    let ran = collect(child, PATIENCE);
    feed.join().expect("it cannot panic");
    ran
}

/// What `child` says until it ends, which it must within `patience`.
pub fn collect(mut child: Child, patience: Duration) -> Ran {
    let stdout = child.stdout.take().map(drain);
    let stderr = child.stderr.take().map(drain);
    let status = wait(&mut child, patience);
    let said = |reader: Option<thread::JoinHandle<String>>| {
        reader.map_or_else(String::new, |thread| {
            thread.join().expect("it cannot panic")
        })
    };
    Ran {
        code: status.code(),
        stdout: said(stdout),
        stderr: said(stderr),
    }
}

fn wait(child: &mut Child, patience: Duration) -> ExitStatus {
    let end = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return status;
        }
        if Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            panic!("the program did not end within {patience:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The row of `method` in a comparison.
pub fn row<'a>(comparison: &'a Value, method: &str) -> &'a Value {
    let rows = comparison["rows"].as_array().expect("rows");
    rows.iter()
        .find(|row| row["method"] == method)
        .unwrap_or_else(|| panic!("no {method} in {comparison}"))
}

/// The number in `json`, which must be one, and finite.
pub fn number(json: &Value) -> f64 {
    let number = json.as_f64().filter(|number| number.is_finite());
    number.unwrap_or_else(|| panic!("{json} is no finite number"))
}

/// Fails unless `json` is within `tolerance` of `expected`.
#[track_caller]
pub fn close(json: &Value, expected: f64, tolerance: f64) {
    let found = number(json);
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected} to {tolerance}"
    );
}
