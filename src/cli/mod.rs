//! The command line: arguments become settings, commands become a few calls, results become text.

mod answer;
mod args;
mod climbing;
mod compare;
mod compare_runs;
mod compared;
mod comparing;
mod contest;
mod dashboards;
mod describe;
mod devices;
mod diagnose;
mod drawing;
mod exact;
mod exhibits;
mod experiment;
mod failure;
mod found;
mod held;
mod lineup;
mod listen;
mod manual;
mod model;
mod optimize;
mod optimizing;
mod places;
mod progress;
mod report;
mod rows;
mod run;
mod runs;
mod sample;
mod sampling;
mod sbc;
mod settings;
mod simulate;
mod start;
mod terminal;
mod watch;
mod whole;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

/// Everything was done and may be believed.
const DONE: u8 = 0;
/// Everything was done or ended on request, but something says not to trust it.
const DO_NOT_TRUST: u8 = 1;

/// Runs the program and returns its exit code.
pub fn run() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Experiment(arguments) => experiment::run(&arguments),
        Command::Optimize(arguments) => optimize::run(&arguments),
        Command::Sample(arguments) => sample::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Exact(arguments) => exact::run(&arguments),
        Command::Diagnose(arguments) => diagnose::run(&arguments),
        Command::Sbc(arguments) => sbc::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::CompareRuns(arguments) => compare_runs::run(&arguments),
        Command::Runs(arguments) => runs::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Devices(arguments) => devices::run(&arguments),
        Command::Completions(arguments) => manual::completions(&arguments),
        Command::Man(arguments) => manual::man(&arguments),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        // Whoever reads our output has seen enough.
        Err(failure) if failure.is_broken_pipe() => ExitCode::from(DONE),
        Err(failure) => {
            terminal::complain(&failure);
            ExitCode::from(failure.code())
        }
    }
}
