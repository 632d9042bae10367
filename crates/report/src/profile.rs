//! The mountains of a likelihood, and on which of them the optimisers ended.

use crate::{Axis, Colour, Figure, Mark, Panel};

/// What [`profile`] shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Profile<'a> {
    /// What stands above.
    pub title: &'a str,
    /// What the switch is, with its unit.
    pub label: &'a str,
    /// What the heights are, with their unit.
    pub value_label: &'a str,
    /// The places of the switch, ascending.
    pub places: &'a [f64],
    /// The greatest log-likelihood with the switch at each place, in nats; NaN where there is none.
    pub heights: &'a [f64],
    /// Where optimisers ended.
    pub ends: &'a [ProfileEnd<'a>],
}

/// Where an optimiser, or several starts of it, ended.
#[derive(Debug, Clone, Copy)]
pub struct ProfileEnd<'a> {
    /// Name of the method, and from how many starts.
    pub name: &'a str,
    /// Place of the switch.
    pub place: f64,
    /// Its log-likelihood, in nats.
    pub height: f64,
    /// Whether this is the highest top that there is.
    pub global: bool,
}

/// The profile log-likelihood over the place of the switch, with the ends of optimisers on it: on the mountain or on a
/// hill beside it.
pub fn profile(profile: &Profile<'_>) -> Figure {
    let figure = Figure::new(profile.title, described(profile));
    let line = Mark::Line {
        name: "greatest log-likelihood with the switch there".to_owned(),
        colour: Colour::Series(0),
        points: profile
            .places
            .iter()
            .copied()
            .zip(profile.heights.iter().copied())
            .collect(),
        dashed: false,
    };
    let mut panel =
        Panel::new("", Axis::new(profile.label), Axis::new(profile.value_label)).with(line);
    for (name, colour, global) in [
        ("ended on a hill", Colour::Warning, false),
        ("ended on the mountain", Colour::Truth, true),
    ] {
        let ends = profile.ends.iter().filter(|end| end.global == global);
        let points: Vec<(f64, f64)> = ends.clone().map(|end| (end.place, end.height)).collect();
        if points.is_empty() {
            continue;
        }
        panel.marks.push(Mark::Points {
            name: name.to_owned(),
            colour,
            points,
            radius: 7.0,
        });
        panel.marks.extend(ends.map(|end| Mark::Text {
            text: end.name.to_owned(),
            colour,
            at: (end.place, end.height),
        }));
    }
    figure.with(panel)
}

fn described(profile: &Profile<'_>) -> String {
    let places = profile.places.iter().zip(profile.heights);
    let finite = places.filter(|(_, height)| height.is_finite());
    let Some((place, height)) = finite.max_by(|left, right| left.1.total_cmp(right.1)) else {
        return format!("Profile log-likelihood over {}: no data.", profile.label);
    };
    let global = profile.ends.iter().filter(|end| end.global).count();
    format!(
        "Profile log-likelihood over {}: the highest top, {} nats, is at {}; of {} ends of optimisers {global} are on it.",
        profile.label,
        crate::text::number(*height),
        crate::text::number(*place),
        profile.ends.len()
    )
}
