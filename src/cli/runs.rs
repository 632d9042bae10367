//! `switchback runs`: what runs there are, and which of them to remove.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use switchback::record::{Comparison, Manifest, RUNS, Row, RunState, Status, StoredRun};

use super::args::RunsArguments;
use super::failure::Failure;
use super::{DONE, terminal};

/// Runs that are nowhere.
#[derive(Debug, thiserror::Error)]
#[error("{} is no folder; name the one that holds the runs, by default {RUNS}", path.display())]
struct NoFolder {
    path: PathBuf,
}

/// A request that would remove everything, or nothing.
#[derive(Debug, thiserror::Error)]
enum PruneError {
    /// No word on which runs.
    #[error(
        "--prune removes what it is told to: add --keep N, --older-than DAYS or --unfinished, or several of them"
    )]
    Nothing,
    /// More days than there are.
    #[error("--older-than {days}: that is before any run; give fewer days")]
    Days { days: u32 },
}

/// Lists the runs, or removes some.
pub fn run(arguments: &RunsArguments) -> Result<u8, Failure> {
    // Before the first run there is no such folder.
    let is_missing = !arguments.folder.exists() && arguments.folder == Path::new(RUNS);
    let runs = if is_missing {
        Vec::new()
    } else if arguments.folder.is_dir() {
        StoredRun::all_in(&arguments.folder)?
    } else {
        let path = arguments.folder.clone();
        return Err(Failure::usage(NoFolder { path }));
    };
    if arguments.prune {
        return prune(arguments, runs);
    }
    if arguments.json {
        let runs: Vec<Value> = runs.iter().map(as_json).collect();
        terminal::print_json(&runs)?;
    } else if runs.is_empty() {
        terminal::print(&format!("No runs in {}.\n", arguments.folder.display()))?;
    } else {
        terminal::print(&listing(&runs))?;
    }
    Ok(DONE)
}

/// Removes the runs that every given condition holds for, or says which they are.
fn prune(arguments: &RunsArguments, runs: Vec<StoredRun>) -> Result<u8, Failure> {
    let RunsArguments {
        keep, older_than, ..
    } = *arguments;
    if keep.is_none() && older_than.is_none() && !arguments.unfinished {
        return Err(Failure::usage(PruneError::Nothing));
    }
    let oldest_kept = match older_than {
        None => None,
        Some(days) => {
            let age = SignedDuration::from_hours(24 * i64::from(days));
            let then = Timestamp::now().checked_sub(age);
            Some(then.map_err(|_| Failure::usage(PruneError::Days { days }))?)
        }
    };
    let n = runs.len();
    let is_chosen = |(number, run): &(usize, StoredRun)| {
        let is_old =
            oldest_kept.is_none_or(|oldest| run.created_at().is_some_and(|at| at < oldest));
        let is_spare = keep.is_none_or(|keep| number + keep < n);
        let is_unfinished = matches!(run.state, RunState::Unfinished(_));
        is_old && is_spare && (!arguments.unfinished || is_unfinished) && !run.may_be_running()
    };
    let chosen: Vec<StoredRun> = runs
        .into_iter()
        .enumerate()
        .filter(is_chosen)
        .map(|(_, run)| run)
        .collect();
    let size: u64 = chosen.iter().map(|run| run.size).sum();
    let (count, size) = (chosen.len(), bytes(size));
    let mut text = String::new();
    if !chosen.is_empty() {
        text += &listing(&chosen);
        text += "\n";
    }
    if count == 0 {
        text += "Nothing to remove.\n";
    } else if arguments.yes {
        for run in chosen {
            run.remove()?;
        }
        text += &format!("Removed {}, {size}.\n", counted(count));
    } else {
        text += &format!("{}, {size}; add --yes to remove them.\n", counted(count));
    }
    terminal::print(&text)?;
    Ok(DONE)
}

fn counted(count: usize) -> String {
    match count {
        1 => "1 run".to_owned(),
        several => format!("{several} runs"),
    }
}

fn listing(runs: &[StoredRun]) -> String {
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let of = About::of(run);
            vec![
                run.path.display().to_string(),
                of.when,
                of.what,
                of.switch,
                of.verdict,
                bytes(run.size),
            ]
        })
        .collect();
    terminal::table(
        &["run", "when (UTC)", "what", "switch", "verdict", "size"],
        &rows,
    )
}

/// What a run is, in words.
struct About {
    when: String,
    what: String,
    switch: String,
    verdict: String,
}

impl About {
    fn of(run: &StoredRun) -> Self {
        let when = match run.created_at() {
            Some(at) => at.strftime("%Y-%m-%d %H:%M").to_string(),
            None => "-".to_owned(),
        };
        let (what, switch, verdict) = match &run.state {
            RunState::Finished(manifest) => {
                let found = Comparison::read(run.path.join("comparison.json")).ok();
                let switch = found.as_ref().and_then(switch);
                (what(manifest), switch, verdict(manifest))
            }
            RunState::Unfinished(begun) => {
                let command = begun.as_ref().and_then(|begun| begun.command.get(1));
                let state = if run.may_be_running() {
                    "running"
                } else {
                    "unfinished"
                };
                (
                    command.cloned().unwrap_or_else(|| "-".to_owned()),
                    None,
                    state.to_owned(),
                )
            }
            RunState::Broken(_) => ("-".to_owned(), None, "manifest unreadable".to_owned()),
        };
        Self {
            when,
            what,
            switch: switch.unwrap_or_else(|| "-".to_owned()),
            verdict,
        }
    }
}

/// The command and the series.
fn what(manifest: &Manifest) -> String {
    let series = manifest.series.as_ref().map(|series| {
        let file = series.path.as_deref().map(Path::new);
        let file = file
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy());
        file.map_or_else(
            || series.name.clone(),
            |file| format!("{} of {file}", series.name),
        )
    });
    // A program of one's own writes runs without a command.
    let command = manifest.command.get(1).map_or("", String::as_str);
    [command.to_owned(), series.unwrap_or_default()]
        .join(" ")
        .trim()
        .to_owned()
}

fn verdict(manifest: &Manifest) -> String {
    match (manifest.status, manifest.is_trusted) {
        (Status::Interrupted, _) => "interrupted",
        (_, Some(true)) => "trusted",
        (_, Some(false)) => "not trusted",
        (_, None) => "-",
    }
    .to_owned()
}

/// Where the first switch is: the exact answer, or that of the row that is likeliest.
fn switch(comparison: &Comparison) -> Option<String> {
    let has_place = |row: &&Row| row.s.is_some();
    let exact = comparison.rows.iter().find(|row| row.method == "exact");
    let likeliest = || {
        let rows = comparison.rows.iter().filter(has_place);
        let of = |row: &Row| row.log_likelihood.unwrap_or(f64::NEG_INFINITY);
        rows.max_by(|a, b| of(a).total_cmp(&of(b)))
    };
    let row = exact.filter(has_place).or_else(likeliest)?;
    let s = row.s?;
    Some(match &row.time {
        Some(time) => format!("{s} ({time})"),
        None => s.to_string(),
    })
}

fn as_json(run: &StoredRun) -> Value {
    let of = About::of(run);
    let manifest = match &run.state {
        RunState::Finished(manifest) => json!(manifest),
        _ => Value::Null,
    };
    json!({
        "run": run.path.to_string_lossy(),
        "created_at": run.created_at().map(|at| at.to_string()),
        "what": of.what,
        "switch": of.switch,
        "verdict": of.verdict,
        "bytes": run.size,
        "manifest": manifest,
    })
}

/// A number of bytes, to two or three digits.
fn bytes(n: u64) -> String {
    indicatif::HumanBytes(n).to_string()
}
