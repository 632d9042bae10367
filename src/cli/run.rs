//! A run: the folder that it is written to, who listens to it, and how it ends.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value};
use switchback::core::Series;
use switchback::models::SwitchModel;
use switchback::record::{
    Begun, Comparison, Exhibits, Manifest, MethodInfo, Platform, RunFolder, SeriesInfo, Status,
    TensorBoardSink, run_path,
};
use switchback::report::page::{figures, page};

use super::args::OutputArguments;
use super::dashboards::Dashboards;
use super::failure::Failure;
use super::listen::{Interrupt, Listeners};
use super::progress::Progress;
use super::{DO_NOT_TRUST, DONE, report, terminal};

/// A run that is being written.
pub struct Run<'a> {
    folder: RunFolder,
    created_at: Timestamp,
    output: &'a OutputArguments,
    dashboards: Option<Dashboards>,
}

/// What is told of a run at its end.
pub struct Ending {
    /// The series; none where series were simulated.
    pub series: Option<SeriesInfo>,
    /// Every setting, by name.
    pub settings: Map<String, Value>,
    /// Seed of every random stream.
    pub seed: u64,
    /// The prior: its name, or a map of parameter to density.
    pub prior: Value,
    /// The methods, in the order in which they ran.
    pub methods: Vec<MethodInfo>,
    /// Whether a listener asked for the end.
    pub is_interrupted: bool,
    /// Whether nothing says not to trust what was found.
    pub is_trusted: bool,
    /// What a report of the run shows beside its comparison; without it there is no report.
    pub exhibits: Option<Exhibits>,
    /// What was found, for who wants JSON.
    pub json: Value,
    /// What was found, in words.
    pub text: String,
}

impl<'a> Run<'a> {
    /// Makes the folder: the one that was asked for, or one under `runs/` with the moment in its name.
    ///
    /// # Errors
    /// When there is such a run, or the folder cannot be written to; nothing is left behind then.
    pub fn begin(
        name: &str,
        created_at: Timestamp,
        run_dir: Option<PathBuf>,
        output: &'a OutputArguments,
    ) -> Result<Self, Failure> {
        let path = run_dir.unwrap_or_else(|| run_path(name, created_at));
        let folder = RunFolder::create(path)?;
        folder.write_json(Begun::FILE, &Begun::now(created_at, command_line()))?;
        Ok(Self {
            folder,
            created_at,
            output,
            dashboards: None,
        })
    }

    /// Its folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// When it began.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Who listens to methods on `model`: the progress, TensorBoard, and Ctrl-C.
    ///
    /// # Errors
    /// When TensorBoard's files cannot be written.
    pub fn listeners(
        &mut self,
        interrupt: Interrupt,
        model: &SwitchModel,
    ) -> Result<Listeners, Failure> {
        self.dashboards = Some(Dashboards::begin(self.folder.path(), model)?);
        Ok(Listeners {
            progress: Progress::new(self.is_quiet()),
            tensorboard: TensorBoardSink::new(self.folder.path()),
            draws: Vec::new(),
            interrupt,
        })
    }

    /// Whether nobody wants to see how it goes.
    pub fn is_quiet(&self) -> bool {
        self.output.quiet || self.output.json
    }

    /// Writes `comparison.json`, and `details` to `<key>.json`; returns both as the one map that is printed as JSON.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_found(
        &self,
        comparison: &Comparison,
        details: Option<(&str, Value)>,
    ) -> Result<Value, Failure> {
        self.folder.write_json("comparison.json", comparison)?;
        let mut json = serde_json::to_value(comparison).map_err(Failure::internal)?;
        if let Some((key, details)) = details {
            self.folder.write_json(&format!("{key}.json"), &details)?;
            json[key] = details;
        }
        Ok(json)
    }

    /// Writes the manifest, gives the folder its final name, prints what was found and where it is, and returns the exit
    /// code.
    ///
    /// # Errors
    /// When the folder cannot be finished, or standard output is gone.
    pub fn end(self, ending: Ending) -> Result<u8, Failure> {
        let is_trusted = ending.is_trusted && !ending.is_interrupted;
        let name = self.folder.final_path().file_name().unwrap_or_default();
        let manifest = Manifest {
            format: Manifest::FORMAT,
            name: name.to_string_lossy().into_owned(),
            command: command_line(),
            created_at: self.created_at,
            finished_at: Timestamp::now(),
            status: if ending.is_interrupted {
                Status::Interrupted
            } else {
                Status::Complete
            },
            is_trusted: Some(is_trusted),
            switchback: env!("CARGO_PKG_VERSION").to_owned(),
            series: ending.series,
            settings: ending.settings,
            seed: ending.seed,
            prior: ending.prior,
            methods: ending.methods,
            platform: Platform::current(),
        };
        let mut text = ending.text;
        if ending.is_interrupted {
            text += "\nThe run was interrupted; what there is was kept.\n";
        }
        let has_report = ending.exhibits.is_some();
        if let Some(exhibits) = &ending.exhibits {
            self.folder.write_json(Exhibits::FILE, exhibits)?;
            // The page tells of the manifest as well.
            self.folder.write_json("manifest.json", &manifest)?;
            let page = page(&[self.folder.path().to_path_buf()])?;
            self.folder.write_text(report::FILE, &page)?;
        }
        if let Some(mut dashboards) = self.dashboards {
            if has_report {
                for (name, figure) in figures(self.folder.path())? {
                    dashboards.picture(&name, &figure)?;
                }
            }
            dashboards.end(&text)?;
        }
        let run = self.folder.finish(&manifest)?;
        if self.output.json {
            terminal::print_json(&ending.json)?;
        } else {
            text += &format!("\nrun: {}\n", run.display());
            if has_report {
                text += &format!("report: {}\n", run.join(report::FILE).display());
            }
            text += &format!("tensorboard --logdir {}\n", run.display());
            terminal::print(&text)?;
        }
        Ok(if is_trusted { DONE } else { DO_NOT_TRUST })
    }
}

/// The words of this process's command line; a path need not be UTF-8.
fn command_line() -> Vec<String> {
    std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

/// What a run of `command` on `series` is called before its moment.
pub fn name_of(command: &str, series: &Series) -> String {
    format!("{command}-{}", series.name())
}
