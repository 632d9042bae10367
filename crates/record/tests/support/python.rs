//! A Python that has ArviZ, Zarr and cmdstanpy, and what they see in files of draws.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The interpreter: `SWITCHBACK_PYTHON`, else the one beside `SWITCHBACK_TENSORBOARD`, else the one beside a
/// `tensorboard` on the path.
///
/// Where there is none with these packages that is said on the standard error and the test is to return; with
/// `SWITCHBACK_REQUIRE_CLIENTS=1`, or where one is named, it is a failure.
pub fn find() -> Option<PathBuf> {
    let named = std::env::var_os("SWITCHBACK_PYTHON").map(PathBuf::from);
    let candidate = named.clone().or_else(beside_tensorboard);
    let outcome = match &candidate {
        Some(python) => probe(python),
        None => Err("no python is named in SWITCHBACK_PYTHON, nor beside a tensorboard".into()),
    };
    let Err(why) = outcome else {
        return candidate;
    };
    let required = std::env::var_os("SWITCHBACK_REQUIRE_CLIENTS") == Some(OsString::from("1"));
    assert!(
        named.is_none() && !required,
        "{why}: pip install arviz zarr cmdstanpy, and name that python in SWITCHBACK_PYTHON"
    );
    let notice = format!("NOT CHECKED: {why} (pip install arviz zarr cmdstanpy)");
    // A closed standard error is no reason to fail.
    let _ = writeln!(std::io::stderr(), "\n*** {notice} ***\n");
    None
}

/// What `seen.py` answers to `questions`.
pub fn ask(python: &Path, questions: &[Vec<&OsStr>]) -> Result<Vec<Value>, String> {
    let questions: Vec<Vec<String>> = questions
        .iter()
        .map(|words| {
            words
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect()
        })
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/seen.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{} cannot be started: {error}", python.display()))?;
    // Few enough for the pipe; closed after it.
    let asked = serde_json::to_vec(&questions).map_err(|error| error.to_string())?;
    let stdin = child.stdin.take();
    let outcome = stdin.map(|mut stdin| stdin.write_all(&asked));
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !matches!(outcome, Some(Ok(()))) {
        return Err(format!("{}\n{said}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{error}\n{said}"))
}

/// Whether `python` has the packages; without importing them, which takes seconds.
fn probe(python: &Path) -> Result<(), String> {
    let script = "import importlib.util as of, sys; \
                  sys.exit([name for name in ('arviz', 'zarr', 'cmdstanpy') if not of.find_spec(name)] or 0)";
    let output = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", python.display()))?;
    let missing = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{} lacks {}", python.display(), missing.trim())),
    }
}

fn beside_tensorboard() -> Option<PathBuf> {
    let suffix = std::env::consts::EXE_SUFFIX;
    let named = std::env::var_os("SWITCHBACK_TENSORBOARD").map(PathBuf::from);
    let tensorboard = named.or_else(|| {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders)
            .map(|folder| folder.join(format!("tensorboard{suffix}")))
            .find(|path| path.is_file())
    })?;
    let python = tensorboard.with_file_name(format!("python{suffix}"));
    python.is_file().then_some(python)
}
