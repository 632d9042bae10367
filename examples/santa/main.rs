//! Santa's gifts: what is known of their weights, what weighed bags add to it, and how to fill a bag.

mod bags;
mod chains;
#[path = "../common/mod.rs"]
mod common;
mod gifts;
mod large;
mod small;

use std::process::ExitCode;

use serde::Serialize;

#[derive(Debug, clap::Args, Serialize)]
pub(crate) struct Options {
    /// Draws of each of 4 chains
    #[arg(long, default_value_t = 1_000, value_parser = common::count(100..=100_000))]
    num_samples: usize,

    /// Independent draws of every gift
    #[arg(long, default_value_t = 100_000, value_parser = common::count(1_000..=1_000_000))]
    num_draws: usize,

    /// Most kinds of gift in a bag
    #[arg(long, default_value_t = 3, value_parser = common::count(1..=3))]
    num_kinds: usize,
}

fn main() -> ExitCode {
    common::run(
        "santa",
        "Santa's gifts: their priors, two systems of weighed bags, and how to fill a bag",
        |options: &Options, report| {
            gifts::run(options, report)?;
            small::run(options, report)?;
            large::run(options, report)?;
            bags::run(options, report)
        },
    )
}
