//! One page about a run, or about several: HTML that needs nothing but itself.
//!
//! It is made from run folders alone. Text from outside is escaped by maud everywhere; the page forbids the browser to load
//! anything (its policy allows its own style and script only).

mod compared;
mod data;
mod draws;
mod hills;
mod picture;
mod record;
mod settings;

use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, PreEscaped, html};
use switchback_record::Status;

use crate::{Figure, ReportError};
use picture::Gallery;
use record::RunRecord;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// Nothing from elsewhere is loaded or asked for.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// A section of the page: its anchor, heading and content; none where there is nothing to show.
struct Section {
    anchor: &'static str,
    heading: &'static str,
    content: Markup,
}

/// The page about the runs in the folders `runs`, finished or not, as they are now.
///
/// # Errors
/// When a folder holds no run with a comparison, a file of it cannot be read, or a figure cannot be drawn.
pub fn page(runs: &[PathBuf]) -> Result<String, ReportError> {
    let runs: Vec<RunRecord> = runs
        .iter()
        .map(|path| RunRecord::read(path, runs.len() > 1))
        .collect::<Result<_, _>>()?;
    let gallery = Gallery::default();
    let sections: Vec<Section> = [
        Some(settings::found(&runs)),
        data::section(&runs, &gallery)?,
        compared::section(&runs, &gallery)?,
        hills::section(&runs, &gallery)?,
        draws::section(&runs, &gallery)?,
        Some(settings::section(&runs)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let title = title(&runs);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) (PreEscaped(gallery.style())) }
            }
            body {
                header {
                    p.quiet { "switchback " (runs[0].manifest.as_ref().map_or(env!("CARGO_PKG_VERSION"), |m| &m.switchback)) }
                    h1 { (title) }
                    @for run in &runs { (settings::tags(run, runs.len() > 1)) }
                    nav aria-label="Sections" {
                        ul {
                            @for section in &sections {
                                li { a href={ "#" (section.anchor) } { (section.heading) } }
                            }
                        }
                    }
                }
                main {
                    @for section in &sections {
                        section id=(section.anchor) aria-labelledby={ (section.anchor) "-heading" } {
                            h2 id={ (section.anchor) "-heading" } { (section.heading) }
                            (section.content)
                        }
                    }
                }
                footer {
                    p.hint {
                        "Point at a figure, or step through it with the arrow keys, to read its values; drag over a part of it to enlarge it, "
                        "press Escape or click twice to see all of it again. Tables sort by their headings."
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Ok(page.into_string())
}

/// The pictures of the series with its fits and of every profile, by name: what a run shows elsewhere, too.
///
/// # Errors
/// When the folder `run` holds no run with a comparison, or a file of it cannot be read.
pub fn figures(run: &Path) -> Result<Vec<(String, Figure)>, ReportError> {
    let run = RunRecord::read(run, false)?;
    let Some(exhibits) = &run.exhibits else {
        return Ok(Vec::new());
    };
    let mut figures = vec![("fit".to_owned(), data::figure(&run, exhibits))];
    for (k, switch) in exhibits.switches.iter().enumerate() {
        if !switch.profile.is_empty() {
            let figure = hills::hills(&run, exhibits, k, switch);
            figures.push((format!("profile/{}", switch.name), figure));
        }
    }
    Ok(figures)
}

/// What the page is about.
fn title(runs: &[RunRecord]) -> String {
    match runs {
        [run] => format!("{}: {}", run.series(), run.comparison.model),
        several => format!("{} runs side by side", several.len()),
    }
}

/// Whether a run ended as it should.
fn is_interrupted(run: &RunRecord) -> bool {
    run.manifest
        .as_ref()
        .is_none_or(|manifest| manifest.status != Status::Complete)
}
