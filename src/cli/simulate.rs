//! `switchback simulate`: a series by a known law, as CSV.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use switchback::models::{Law, simulate};

use super::DONE;
use super::args::SimulateArguments;
use super::failure::Failure;
use super::terminal;

/// The switches that were asked for cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "--switch {text:?} holds no indices; write whole numbers with commas, as in 30,60, or none"
)]
struct SwitchError {
    text: String,
}

/// The file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path} could not be written; choose another --output")]
struct OutputError {
    path: String,
    source: std::io::Error,
}

/// Draws the series and writes it.
pub fn run(arguments: &SimulateArguments) -> Result<u8, Failure> {
    let switches = switches(arguments)?;
    let law = Law::new(
        arguments.n,
        switches.clone(),
        regimes(&arguments.mean, &[-1.0, 5.0], &switches),
        regimes(&arguments.sd, &[1.0, 2.0], &switches),
    )?;
    let mut text = String::from("t,y\n");
    for (i, value) in simulate(&law, arguments.seed).iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{},{value}", i + 1);
    }
    match &arguments.output {
        None => terminal::write(&text)?,
        Some(path) => write_whole(path, &text).map_err(|source| {
            Failure::usage(OutputError {
                path: path.display().to_string(),
                source,
            })
        })?,
    }
    Ok(DONE)
}

/// The numbers asked for; else the talk's, of which a series without a switch has the first.
fn regimes(asked: &[f64], deck: &[f64], switches: &[usize]) -> Vec<f64> {
    match asked {
        [] if switches.is_empty() => deck[..1].to_vec(),
        [] => deck.to_vec(),
        asked => asked.to_vec(),
    }
}

fn switches(arguments: &SimulateArguments) -> Result<Vec<usize>, Failure> {
    match arguments.switch.as_deref().map(str::trim) {
        None => Ok(vec![arguments.n / 2]),
        Some("none") => Ok(Vec::new()),
        Some(text) => text
            .split(',')
            .map(|index| index.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| {
                Failure::usage(SwitchError {
                    text: text.to_owned(),
                })
            }),
    }
}

/// Writes `text` to `path` whole or not at all; a file that is there stays, a device or a pipe is written to.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    match path.metadata() {
        Ok(known) if known.is_file() => {
            return Err(std::io::Error::from(std::io::ErrorKind::AlreadyExists));
        }
        Ok(_) => return std::fs::write(path, text),
        Err(_) => {}
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = file.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist_noclobber(path)?;
    Ok(())
}
