//! `switchback simulate`: a series by a known law, as CSV.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use switchback::models::{Law, simulate};

use super::DONE;
use super::args::SimulateArguments;
use super::failure::Failure;
use super::{terminal, whole};

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
    let values = simulate(&law, arguments.seed);
    match &arguments.output {
        None => terminal::print_by(|out| write_rows(&values, out))?,
        Some(path) => write_whole(path, &values).map_err(|source| {
            Failure::usage(OutputError {
                path: path.display().to_string(),
                source,
            })
        })?,
    }
    Ok(DONE)
}

fn write_rows(values: &[f64], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "t,y")?;
    for (i, value) in values.iter().enumerate() {
        writeln!(out, "{},{value}", i + 1)?;
    }
    Ok(())
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

/// Writes `values` to `path` whole or not at all; a file that is there stays, a device or a pipe is written to.
fn write_whole(path: &Path, values: &[f64]) -> io::Result<()> {
    match path.metadata() {
        Ok(known) if known.is_file() => {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        Ok(_) => {
            let mut out = BufWriter::new(std::fs::File::create(path)?);
            write_rows(values, &mut out)?;
            return out.flush();
        }
        Err(_) => {}
    }
    let mut file = whole::beside(path)?;
    let mut out = BufWriter::new(&mut file);
    write_rows(values, &mut out)?;
    out.flush()?;
    drop(out);
    file.persist_noclobber(path)?;
    Ok(())
}
