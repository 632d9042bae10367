//! `switchback diagnose`: whether to trust draws, from here or elsewhere.

use std::path::PathBuf;

use serde_json::json;
use switchback::infer::Diagnosis;
use switchback::record::{StoredDraws, draws_in};

use super::args::DiagnoseArguments;
use super::failure::Failure;
use super::{DO_NOT_TRUST, DONE, terminal};
use switchback::summary;

/// Prints the summary of every set of draws and what to make of it.
pub fn run(arguments: &DiagnoseArguments) -> Result<u8, Failure> {
    let mut all = Vec::new();
    for paths in sets(&arguments.paths)? {
        let stored = StoredDraws::open_all(&paths)?;
        let diagnosis = summary::diagnose(&stored)?;
        all.push((name(&paths), stored.sampler().map(str::to_owned), diagnosis));
    }
    let is_trusted = all.iter().all(|(.., diagnosis)| diagnosis.is_trusted());
    if arguments.json {
        let sets: Vec<_> = all
            .iter()
            .map(|(name, sampler, diagnosis)| {
                let mut set = summary::as_json(diagnosis);
                set["draws"] = json!(name);
                set["sampler"] = json!(sampler);
                set
            })
            .collect();
        terminal::print_json(&json!({"sets": sets, "is_trusted": is_trusted}))?;
    } else {
        let texts: Vec<String> = all
            .iter()
            .map(|(name, sampler, diagnosis)| text(name, sampler.as_deref(), diagnosis))
            .collect();
        terminal::print(&texts.join("\n"))?;
    }
    Ok(if is_trusted { DONE } else { DO_NOT_TRUST })
}

/// The sets of draws that `paths` hold: all of one that holds several, and CSV files together.
fn sets(paths: &[PathBuf]) -> Result<Vec<Vec<PathBuf>>, Failure> {
    let is_csv = |path: &PathBuf| path.extension().is_some_and(|end| end == "csv");
    let (files, folders): (Vec<PathBuf>, Vec<PathBuf>) = paths.iter().cloned().partition(is_csv);
    let mut sets = Vec::new();
    for folder in folders {
        let found = if folder.is_dir() {
            draws_in(&folder)?
        } else {
            Vec::new()
        };
        // What holds no draws is told when it is opened.
        if found.is_empty() {
            sets.push(vec![folder]);
        } else {
            sets.extend(found);
        }
    }
    if !files.is_empty() {
        sets.push(files);
    }
    Ok(sets)
}

fn name(paths: &[PathBuf]) -> String {
    match paths {
        [] => String::new(),
        [only] => only.display().to_string(),
        [first, rest @ ..] => format!("{} and {} more", first.display(), rest.len()),
    }
}

fn text(name: &str, sampler: Option<&str>, diagnosis: &Diagnosis) -> String {
    let sampler = sampler.map_or_else(String::new, |sampler| format!("{sampler}, "));
    let mut text = format!(
        "{name}: {sampler}{} chains of {} draws\n\n",
        diagnosis.n_chains, diagnosis.n_draws
    );
    text += &summary::table(diagnosis, None);
    text += "\n";
    if let Some(e_bfmi) = &diagnosis.e_bfmi {
        let values: Vec<String> = e_bfmi.iter().map(|value| format!("{value:.2}")).collect();
        text += &format!("E-BFMI of each chain: {}\n", values.join(" "));
    }
    if let Some(n) = diagnosis.n_diverged {
        text += &format!("divergences: {n}\n");
    }
    for line in diagnosis.advice() {
        text += &format!("{line}\n");
    }
    text
}
