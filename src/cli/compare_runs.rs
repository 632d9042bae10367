//! `switchback compare-runs`: what several runs were told differently, and what each found.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use switchback::record::{Comparison, Manifest, RecordError, Row};

use super::args::CompareRunsArguments;
use super::failure::Failure;
use super::{DONE, report, rows, terminal};

/// Runs that cannot be compared.
#[derive(Debug, thiserror::Error)]
enum RunsError {
    /// One alone.
    #[error("one run is compared with nothing; name two or more")]
    One,
    /// No finished run.
    #[error("{} is no finished run: it holds no manifest.json; `switchback runs` lists those that there are", path.display())]
    NoRun { path: PathBuf },
    /// A run of something else.
    #[error("{} holds no comparison.json: it is the run of a command that compares nothing", path.display())]
    NoComparison { path: PathBuf },
}

/// A run that is compared.
struct Compared {
    /// As it was named.
    name: String,
    manifest: Manifest,
    comparison: Comparison,
}

/// Prints the settings that differ and the results side by side.
pub fn run(arguments: &CompareRunsArguments) -> Result<u8, Failure> {
    if arguments.runs.len() < 2 {
        return Err(Failure::usage(RunsError::One));
    }
    let runs: Vec<Compared> = arguments
        .runs
        .iter()
        .map(|path| read(path))
        .collect::<Result<_, _>>()?;
    let settings: Vec<Value> = runs.iter().map(|run| settings(&run.manifest)).collect();
    let differing = Differing::of(&settings);
    if let Some(output) = &arguments.page {
        report::write(&arguments.runs, output)?;
    }
    if arguments.json {
        terminal::print_json(&as_json(&runs, &differing))?;
    } else {
        terminal::print(&text(&runs, &settings, &differing))?;
    }
    Ok(DONE)
}

fn read(path: &Path) -> Result<Compared, Failure> {
    let no_file = |error: RecordError, other: RunsError| match error {
        RecordError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            Failure::usage(other)
        }
        error => error.into(),
    };
    let manifest = Manifest::read(path.join("manifest.json")).map_err(|error| {
        no_file(
            error,
            RunsError::NoRun {
                path: path.to_path_buf(),
            },
        )
    })?;
    let comparison = Comparison::read(path.join("comparison.json")).map_err(|error| {
        no_file(
            error,
            RunsError::NoComparison {
                path: path.to_path_buf(),
            },
        )
    })?;
    Ok(Compared {
        name: path.display().to_string(),
        manifest,
        comparison,
    })
}

/// Everything that a run was told.
fn settings(manifest: &Manifest) -> Value {
    let platform = &manifest.platform;
    let mut settings = Value::Object(manifest.settings.clone());
    settings["command"] = json!(manifest.command.get(1));
    settings["prior"] = manifest.prior.clone();
    settings["seed"] = json!(manifest.seed);
    settings["switchback"] = json!(manifest.switchback);
    settings["platform"] = json!(format!("{} {}", platform.os, platform.arch));
    if let Some(series) = &manifest.series {
        settings["series"] = json!({
            "name": series.name,
            "rows": series.n,
            "sha256": series.sha256,
        });
    }
    settings
}

/// The settings that are not the same in all runs, and how many are.
#[derive(Default)]
struct Differing {
    /// Dotted name and the value in each run, null where it has none.
    settings: Vec<(String, Vec<Value>)>,
    n_same: usize,
}

impl Differing {
    fn of(settings: &[Value]) -> Self {
        let mut differing = Self::default();
        differing.compare("", &settings.iter().collect::<Vec<_>>());
        differing
    }

    /// Compares one setting of all runs; what is a map in all of them is compared key by key, and a map that some lack is
    /// one difference.
    fn compare(&mut self, name: &str, values: &[&Value]) {
        let maps: Option<Vec<&Map<String, Value>>> =
            values.iter().map(|value| value.as_object()).collect();
        if let Some(maps) = maps {
            let keys: BTreeSet<&String> = maps.iter().flat_map(|map| map.keys()).collect();
            for key in keys {
                let name = match name {
                    "" => key.clone(),
                    name => format!("{name}.{key}"),
                };
                let of = |map: &&Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                let values: Vec<Value> = maps.iter().map(of).collect();
                self.compare(&name, &values.iter().collect::<Vec<_>>());
            }
        } else if values.windows(2).all(|two| two[0] == two[1]) {
            self.n_same += 1;
        } else {
            let values = values.iter().map(|value| (*value).clone()).collect();
            self.settings.push((name.to_owned(), values));
        }
    }
}

fn text(runs: &[Compared], settings: &[Value], differing: &Differing) -> String {
    let mut text = String::new();
    let digest = |of: &Value| of["series"]["sha256"].clone();
    if settings.iter().any(|of| digest(of) != digest(&settings[0])) {
        text += "The runs are of different series: likelihoods and evidences are not to be compared.\n\n";
    }
    let n_same = differing.n_same;
    if differing.settings.is_empty() {
        text += &format!("All {n_same} settings are the same.\n");
    } else {
        let mut header = vec![""];
        header.extend(runs.iter().map(|run| run.name.as_str()));
        let rows: Vec<Vec<String>> = differing
            .settings
            .iter()
            .map(|(name, values)| {
                let values = values.iter().map(shown);
                std::iter::once(name.clone()).chain(values).collect()
            })
            .collect();
        text += &terminal::table(&header, &rows);
        text += &format!("{n_same} settings are the same.\n");
    }
    for (method, of_method) in by_method(runs) {
        text += &format!("\n{method}\n");
        text += &rows::comparison_table(&of_method);
    }
    text
}

/// The rows of each method, those of all runs together and under the name of their run.
fn by_method(runs: &[Compared]) -> Vec<(String, Vec<Row>)> {
    let mut methods: Vec<(String, Vec<Row>)> = Vec::new();
    for run in runs {
        for row in &run.comparison.rows {
            let named = Row {
                method: run.name.clone(),
                ..row.clone()
            };
            match methods.iter_mut().find(|(method, _)| *method == row.method) {
                Some((_, rows)) => rows.push(named),
                None => methods.push((row.method.clone(), vec![named])),
            }
        }
    }
    methods
}

/// A setting in few letters.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 40;
    let whole = match value {
        Value::Null => "-".to_owned(),
        Value::Object(_) => "(given)".to_owned(),
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    if whole.chars().count() <= LONGEST {
        return whole;
    }
    let head: String = whole.chars().take(LONGEST - 1).collect();
    format!("{head}…")
}

fn as_json(runs: &[Compared], differing: &Differing) -> Value {
    let names: Vec<&String> = differing.settings.iter().map(|(name, _)| name).collect();
    let runs: Vec<Value> = runs
        .iter()
        .enumerate()
        .map(|(number, run)| {
            let of_run = differing.settings.iter();
            let of_run: Map<String, Value> = of_run
                .map(|(name, values)| (name.clone(), values[number].clone()))
                .collect();
            json!({
                "run": run.name,
                "status": run.manifest.status,
                "is_trusted": run.manifest.is_trusted,
                "differing": of_run,
                "comparison": run.comparison,
            })
        })
        .collect();
    json!({"differing": names, "runs": runs})
}
