//! How the optimisers climbed, and on which hill they ended.

use maud::html;
use switchback_record::{Exhibits, ShownSwitch};

use super::Section;
use super::picture::Gallery;
use super::record::{Curve, RunRecord};
use crate::{Climb, Climbs, Figure, Profile, ProfileEnd, ReportError, climbs, profile};

/// The least gap that a logarithmic axis shows.
const LEAST_GAP: f64 = 1e-6;

pub(super) fn section(
    runs: &[RunRecord],
    gallery: &Gallery,
) -> Result<Option<Section>, ReportError> {
    let mut figures = Vec::new();
    let tags = [
        ("gap/nats", "nats below the best known", true),
        ("objective", "log density, nats", false),
        ("likelihood", "log-likelihood, nats", false),
    ];
    for (tag, label, is_gap) in tags {
        let mut curves = Vec::new();
        for run in runs {
            // A sampler's likelihood is a trace, not a climb.
            let climbed = run
                .curves(tag)?
                .into_iter()
                .filter(|curve| is_climb(run, curve));
            curves.extend(climbed.map(|curve| (run.called(&curve.method), curve)));
        }
        if curves.is_empty() || (tag == "likelihood" && !figures.is_empty()) {
            continue;
        }
        let figure = climbing(&curves, label, is_gap);
        let caption = format!(
            "How the optimisers climbed: {label} at each step; of several starts the best."
        );
        figures.push(gallery.picture(&figure, &caption)?);
    }
    for run in runs {
        let Some(exhibits) = &run.exhibits else {
            continue;
        };
        for (k, switch) in exhibits.switches.iter().enumerate() {
            if switch.profile.is_empty() {
                continue;
            }
            let figure = hills(run, exhibits, k, switch);
            let caption = format!(
                "The greatest log-likelihood of the hard model with {} at each place: mountain and hills, and where the optimisers ended.",
                run.called(&switch.name)
            );
            figures.push(gallery.picture(&figure, &caption)?);
        }
    }
    Ok((!figures.is_empty()).then(|| Section {
        anchor: "climbs",
        heading: "How the optimisers climbed",
        content: html! { @for figure in &figures { (figure) } },
    }))
}

/// Whether the curve is of a method that climbs.
fn is_climb(run: &RunRecord, curve: &Curve) -> bool {
    let row = run
        .comparison
        .rows
        .iter()
        .find(|row| row.method == curve.method);
    row.is_some_and(|row| row.r_hat.is_none())
}

/// Name, steps and values of a method, its starts one by one.
type Climbed<'a> = (&'a str, &'a [f64], Vec<Vec<f64>>);

fn climbing(curves: &[(String, Curve)], label: &str, is_gap: bool) -> Figure {
    let of_each: Vec<Climbed<'_>> = curves
        .iter()
        .map(|(name, curve)| {
            let values = curve.values.iter();
            let values = values.map(|value| if is_gap { value.max(LEAST_GAP) } else { *value });
            (
                name.as_str(),
                curve.steps.as_slice(),
                vec![values.collect()],
            )
        })
        .collect();
    let of_each: Vec<Climb<'_>> = of_each
        .iter()
        .map(|(name, steps, starts)| Climb {
            name,
            steps,
            starts,
        })
        .collect();
    climbs(&Climbs {
        title: if is_gap {
            "To the best known"
        } else {
            "The climb"
        },
        label,
        log: is_gap,
        climbs: &of_each,
    })
}

pub(super) fn hills(
    run: &RunRecord,
    exhibits: &Exhibits,
    k: usize,
    switch: &ShownSwitch,
) -> Figure {
    let places: Vec<f64> = switch
        .profile_places
        .iter()
        .map(|place| *place as f64)
        .collect();
    let ends: Vec<(String, f64, f64, bool)> = exhibits
        .ends
        .iter()
        .filter_map(|end| {
            let place = *end.switches.get(k)?;
            // On the line, for the relaxed model's own height is another one.
            let at = switch
                .profile_places
                .partition_point(|known| *known < place);
            let height = *switch.profile.get(at.min(switch.profile.len() - 1))?;
            let name = match end.n_starts {
                1 => run.called(&end.method),
                several => format!("{}, {several} starts", run.called(&end.method)),
            };
            Some((name, place as f64, height, end.verdict == "global"))
        })
        .collect();
    let ends: Vec<ProfileEnd<'_>> = ends
        .iter()
        .map(|(name, place, height, global)| ProfileEnd {
            name,
            place: *place,
            height: *height,
            global: *global,
        })
        .collect();
    profile(&Profile {
        title: "Mountain and hills",
        label: &switch.name,
        value_label: "log-likelihood, nats",
        places: &places,
        heights: &switch.profile,
        ends: &ends,
    })
}
