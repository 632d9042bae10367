//! Arguments of the commands that look at runs.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use switchback::record::RUNS;

/// `runs`.
#[derive(Debug, Args)]
pub struct RunsArguments {
    /// Folder that holds the runs
    #[arg(default_value = RUNS)]
    pub folder: PathBuf,

    /// Print the list as JSON
    #[arg(long, conflicts_with = "prune")]
    pub json: bool,

    /// Say which runs can go, or remove them with --yes; never one that is being written
    #[arg(long)]
    pub prune: bool,

    /// With --prune: not the newest N
    #[arg(long, value_name = "N", requires = "prune")]
    pub keep: Option<usize>,

    /// With --prune: only those that began more than so many days ago
    #[arg(long, value_name = "DAYS", requires = "prune")]
    pub older_than: Option<u32>,

    /// With --prune: only those that never finished
    #[arg(long, requires = "prune")]
    pub unfinished: bool,

    /// With --prune: remove them
    #[arg(long, requires = "prune")]
    pub yes: bool,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// Folders of runs; several are shown on one page
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,

    /// File of the page [default: report.html in the folder of a single run]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `compare-runs`.
#[derive(Debug, Args)]
pub struct CompareRunsArguments {
    /// Folders of finished runs, two or more
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,

    /// Also write one page about them all, as `report` does
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
}

/// `watch`.
#[derive(Debug, Args)]
pub struct WatchArguments {
    /// Folder of the run, with or without its `.partial`
    pub run: PathBuf,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// Folder for a page of every command; without one, the program's page goes to standard output
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
}
