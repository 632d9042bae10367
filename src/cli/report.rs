//! `switchback report`: one page about a run, or about several.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use switchback::report::page::page;

use super::args::ReportArguments;
use super::failure::Failure;
use super::{DONE, terminal, whole};

/// Name of the page in a run's folder.
pub const FILE: &str = "report.html";

/// Several runs, and no word on where their page goes.
#[derive(Debug, thiserror::Error)]
#[error("a page about several runs belongs to none of them: say where it goes with --output FILE")]
struct NoOutput;

/// A page that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be written; choose a folder that exists, is writable and has room", path.display())]
struct Unwritable {
    path: PathBuf,
    source: io::Error,
}

/// Makes the page again, or one about several runs.
pub fn run(arguments: &ReportArguments) -> Result<u8, Failure> {
    let output = match (&arguments.output, &arguments.runs[..]) {
        (Some(output), _) => output.clone(),
        (None, [run]) => run.join(FILE),
        (None, _) => return Err(Failure::usage(NoOutput)),
    };
    write(&arguments.runs, &output)?;
    terminal::print(&format!("{}\n", output.display()))?;
    Ok(DONE)
}

/// Writes the page about `runs` to `output`, whole or not at all.
///
/// # Errors
/// When a folder is no run, or the page cannot be written.
pub fn write(runs: &[PathBuf], output: &Path) -> Result<(), Failure> {
    let text = page(runs)?;
    write_whole(output, &text).map_err(|source| {
        let path = output.to_path_buf();
        Failure::usage(Unwritable { path, source })
    })
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = whole::beside(path)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}
