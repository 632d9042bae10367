//! The program: parse, wire, print.

mod cli;
mod input;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
