//! `switchback completions` and `switchback man`: what the definition of the command line can be turned into.

use std::fs;
use std::io::{self, Write};

use clap::CommandFactory;

use super::DONE;
use super::args::{Arguments, CompletionsArguments, ManArguments};
use super::failure::Failure;

/// Prints the completions of a shell.
pub fn completions(arguments: &CompletionsArguments) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "switchback",
        &mut script,
    );
    io::stdout().lock().write_all(&script)?;
    Ok(DONE)
}

/// Prints the man page of the program, or writes those of all commands into a folder.
pub fn man(arguments: &ManArguments) -> Result<u8, Failure> {
    let command = Arguments::command();
    match &arguments.dir {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            io::stdout().lock().write_all(&page)?;
        }
        Some(folder) => {
            let unwritable = |source| {
                let path = folder.clone();
                Failure::usage(ManError { path, source })
            };
            fs::create_dir_all(folder).map_err(unwritable)?;
            clap_mangen::generate_to(command, folder).map_err(unwritable)?;
        }
    }
    Ok(DONE)
}

/// A folder that takes no pages.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written to; choose a folder that is writable and has room", path.display())]
struct ManError {
    path: std::path::PathBuf,
    source: io::Error,
}
