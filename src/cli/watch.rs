//! `switchback watch`: follows a run that another process writes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use switchback::record::{Begun, Comparison, EventTail, Manifest};

use super::args::WatchArguments;
use super::failure::Failure;
use super::progress::Standing;
use super::{DO_NOT_TRUST, DONE, rows, terminal};

/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// Between two lines of a method where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// A run that cannot be followed.
#[derive(Debug, thiserror::Error)]
enum WatchError {
    /// Nothing there.
    #[error("{} is no run; give the folder that a run was told to write, finished or not", path.display())]
    NoRun { path: PathBuf },
    /// It ended between two looks.
    #[error("{} is gone: it was removed while it was watched", path.display())]
    Gone { path: PathBuf },
}

/// Follows the run to its end, then tells what it found.
pub fn run(arguments: &WatchArguments) -> Result<u8, Failure> {
    let (finished, partial) = names(&arguments.run);
    let no_run = || WatchError::NoRun {
        path: arguments.run.clone(),
    };
    if !finished.join("manifest.json").is_file() && !partial.is_dir() {
        return Err(Failure::usage(no_run()));
    }
    let mut methods = Methods::new();
    while partial.is_dir() {
        methods.look(&partial)?;
        let begun = Begun::read(&partial).ok();
        if begun.and_then(|begun| begun.is_running()) == Some(false) && partial.is_dir() {
            methods.close();
            let path = partial.display();
            terminal::print(&format!(
                "{path}: the process that wrote it is gone; what there is can be read.\n"
            ))?;
            return Ok(DO_NOT_TRUST);
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    if !finished.join("manifest.json").is_file() {
        return Err(Failure::usage(WatchError::Gone { path: partial }));
    }
    methods.look(&finished)?;
    methods.close();
    tell(&finished)
}

/// The folder of the run once it is finished, and until then.
fn names(run: &Path) -> (PathBuf, PathBuf) {
    if run.extension().is_some_and(|end| end == "partial") {
        return (run.with_extension(""), run.to_path_buf());
    }
    let mut partial = run.file_name().map_or_else(OsString::new, OsString::from);
    partial.push(".partial");
    (run.to_path_buf(), run.with_file_name(partial))
}

/// What a finished run found.
fn tell(run: &Path) -> Result<u8, Failure> {
    let manifest = Manifest::read(run.join("manifest.json"))?;
    let mut text = String::new();
    if let Ok(comparison) = Comparison::read(run.join("comparison.json")) {
        text += &format!("{}: {}\n\n", comparison.series, comparison.model);
        text += &rows::comparison_table(&comparison.rows);
        text += "\n";
        for row in &comparison.rows {
            if let Some(advice) = &row.advice {
                text += &format!("{}: {advice}\n", row.method);
            }
        }
        text += "\n";
    }
    let seconds = manifest.finished_at.duration_since(manifest.created_at);
    text += &format!(
        "{} after {:.1} s: {}\n",
        serde_json::to_value(manifest.status)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default(),
        seconds.as_secs_f64(),
        run.display()
    );
    terminal::print(&text)?;
    Ok(if manifest.is_trusted == Some(false) {
        DO_NOT_TRUST
    } else {
        DONE
    })
}

/// The methods of the run, as far as they have shown themselves.
struct Methods {
    by_name: BTreeMap<OsString, Method>,
    bars: MultiProgress,
    is_terminal: bool,
}

/// One method's event files.
struct Method {
    name: String,
    files: BTreeMap<OsString, EventTail>,
    bar: ProgressBar,
    step: u64,
    standing: Standing,
    seen: Instant,
    said: Option<Instant>,
}

impl Methods {
    fn new() -> Self {
        Self {
            by_name: BTreeMap::new(),
            bars: MultiProgress::new(),
            is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Reads what the methods in `folder` have written since the last look, and shows it.
    fn look(&mut self, folder: &Path) -> Result<(), Failure> {
        // Renamed under our feet: the next look is at the finished run.
        let Ok(entries) = fs::read_dir(folder) else {
            return Ok(());
        };
        for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
            let method = self
                .by_name
                .entry(entry.file_name())
                .or_insert_with(|| Method::new(&entry.file_name()));
            method.open_new(&entry.path());
            if method.read()? {
                if method.bar.is_hidden() && self.is_terminal {
                    method.bar = self.bars.add(ProgressBar::new_spinner());
                    if let Ok(style) = ProgressStyle::with_template("{prefix:16} {msg}") {
                        method.bar.set_style(style);
                    }
                    method.bar.set_prefix(method.name.clone());
                }
                method.show(self.is_terminal);
            }
        }
        Ok(())
    }

    /// Leaves the last words of every method where they stand.
    fn close(&mut self) {
        for method in self.by_name.values_mut() {
            if self.is_terminal {
                method.bar.abandon();
            } else if method.step > 0 && method.said.is_none_or(|said| said < method.seen) {
                terminal::say(method.line());
            }
        }
    }
}

impl Method {
    fn new(name: &OsString) -> Self {
        Self {
            name: name.to_string_lossy().into_owned(),
            files: BTreeMap::new(),
            bar: ProgressBar::hidden(),
            step: 0,
            standing: Standing::default(),
            seen: Instant::now(),
            said: None,
        }
    }

    /// Opens event files that were not there before.
    fn open_new(&mut self, folder: &Path) {
        // Best effort: what cannot be read now is tried again at the next look.
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let is_events = name.to_string_lossy().contains("tfevents");
            if is_events
                && !self.files.contains_key(&name)
                && let Ok(tail) = EventTail::open(entry.path())
            {
                self.files.insert(name, tail);
            }
        }
    }

    /// Whether something new came.
    fn read(&mut self) -> Result<bool, Failure> {
        let mut is_new = false;
        for tail in self.files.values_mut() {
            for point in tail.read()? {
                let scalars = point.scalars.iter();
                self.standing
                    .take(scalars.map(|(tag, value)| (tag.as_str(), *value)));
                self.step = point.step;
                self.seen = Instant::now();
                is_new = true;
            }
        }
        Ok(is_new)
    }

    fn line(&self) -> String {
        format!("{}: step {}, {}", self.name, self.step, self.standing)
    }

    fn show(&mut self, is_terminal: bool) {
        if is_terminal {
            self.bar
                .set_message(format!("step {}, {}", self.step, self.standing));
        } else if self.said.is_none_or(|said| said.elapsed() >= BETWEEN_LINES) {
            self.said = Some(Instant::now());
            terminal::say(self.line());
        }
    }
}
