//! The pictures themselves: words within them and apart from each other, SVG that any page can hold, PNG that shows
//! something.

#![allow(clippy::unwrap_used)]

#[path = "../examples/gallery/figures.rs"]
mod figures;
mod support;

use std::collections::HashSet;

use roxmltree::Document;
use support::{faults, strangers, words};
use switchback_report::{Axis, Colour, Figure, Mark, Panel, Theme};

#[test]
fn words_of_every_figure_are_inside_and_apart_and_large() {
    for (name, figure) in figures::figures() {
        for theme in [Theme::Light, Theme::Dark] {
            let svg = figure.svg(theme).unwrap();
            let document = Document::parse(&svg).unwrap();
            let found = faults(&document, figure.size, 16.0);
            assert!(found.is_empty(), "{name}: {found:#?}");
            let seen = words(&document);
            let title = seen.iter().find(|words| words.text == figure.title);
            assert!(
                title.is_some() && seen.len() > 8,
                "{name}: the words are seen"
            );
            assert_eq!(strangers(&document), [""; 0], "{name}");
        }
    }
}

#[test]
fn words_stay_inside_and_apart_in_pictures_of_other_sizes() {
    for (name, mut figure) in figures::figures() {
        for size in [(1920, 1080), (900, 700), (640, 900)] {
            // Rows of panels need the height that they were given.
            figure.size = (size.0, size.1.max(figure.size.1));
            let svg = figure
                .svg(Theme::Light)
                .unwrap_or_else(|error| panic!("{name} {size:?}: {error}"));
            let found = faults(&Document::parse(&svg).unwrap(), figure.size, 11.0);
            assert!(found.is_empty(), "{name} {size:?}: {found:#?}");
        }
    }
}

#[test]
fn the_checks_of_words_see_what_is_wrong() {
    let figure =
        Figure::new("title", "description").with(Panel::new("", Axis::new("x"), Axis::new("y")));
    let svg = figure.svg(Theme::Light).unwrap();
    let checked = |svg: &str| {
        let document = Document::parse(svg).unwrap();
        (faults(&document, figure.size, 16.0), strangers(&document))
    };
    assert_eq!(checked(&svg), (Vec::new(), Vec::new()));
    let text = |x: u32, size: u32, words: &str| {
        let element = format!(
            "<text x=\"{x}\" y=\"200\" dy=\"0.76em\" text-anchor=\"start\" font-size=\"{size}\">{words}</text></svg>"
        );
        checked(&svg.replace("</svg>", &element)).0
    };
    assert!(text(12_700, 180, "beyond")[0].starts_with("outside"));
    assert!(text(300, 180, "over the title")[0].starts_with("overlap"));
    assert!(text(6_000, 120, "tiny")[0].starts_with("small"));
    assert!(text(6_000, 180, "fine").is_empty());
    for stranger in [
        "<rect id=\"a\"/>",
        "<image/>",
        "<rect onclick=\"a()\"/>",
        "<rect href=\"a\"/>",
    ] {
        let found = checked(&svg.replace("</svg>", &format!("{stranger}</svg>"))).1;
        assert_eq!(found.len(), 1, "{stranger}");
    }
    assert_eq!(checked(&svg.replace("role=\"img\"", "")).1.len(), 1);
}

/// Width, height, and the pixels of a PNG file.
fn decoded(file: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let (info, mut reader) = png::Decoder::new(file).read_info().unwrap();
    assert_eq!(
        (info.color_type, info.bit_depth),
        (png::ColorType::RGB, png::BitDepth::Eight)
    );
    let mut pixels = vec![0; info.buffer_size()];
    reader.next_frame(&mut pixels).unwrap();
    let pixels = pixels
        .chunks_exact(3)
        .map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    (info.width, info.height, pixels.collect())
}

/// How large a share of the pixels is not that of the ground.
fn inked(pixels: &[[u8; 3]], theme: Theme) -> f64 {
    let ground = theme.ground();
    let inked = pixels
        .iter()
        .filter(|pixel| **pixel != [ground.0, ground.1, ground.2])
        .count();
    inked as f64 / pixels.len() as f64
}

#[test]
fn every_png_has_its_size_and_shows_something_in_either_theme() {
    for (name, figure) in figures::figures() {
        let files = [Theme::Light, Theme::Dark].map(|theme| figure.png(theme).unwrap());
        assert_ne!(files[0], files[1], "{name}");
        for (file, theme) in files.iter().zip([Theme::Light, Theme::Dark]) {
            let (width, height, pixels) = decoded(file);
            assert_eq!((width, height), figure.size, "{name}");
            let share = inked(&pixels, theme);
            assert!((0.02..0.7).contains(&share), "{name} {theme:?}: {share}");
            let colours: HashSet<[u8; 3]> = pixels.into_iter().collect();
            assert!(
                colours.len() > 30,
                "{name} {theme:?}: {} colours",
                colours.len()
            );
        }
    }
    // The control: a figure without panels and words is blank.
    let blank = decoded(&Figure::new("", "").png(Theme::Light).unwrap()).2;
    assert!(inked(&blank, Theme::Light) == 0.0);
}

#[test]
fn letters_in_a_png_stand_where_those_of_the_svg_do() {
    let figure = Figure::new("HHHH", "Four letters.");
    let document = figure.svg(Theme::Light).unwrap();
    let document = Document::parse(&document).unwrap();
    let seen = &words(&document)[0];
    let (width, _, pixels) = decoded(&figure.png(Theme::Light).unwrap());
    let dark = pixels.iter().zip(0..).filter(|(pixel, _)| pixel[0] < 128);
    let places: Vec<(u32, u32)> = dark
        .map(|(_, index)| (index % width, index / width))
        .collect();
    let (left, right) = (
        places.iter().map(|p| p.0).min().unwrap(),
        places.iter().map(|p| p.0).max().unwrap(),
    );
    let (top, bottom) = (
        places.iter().map(|p| p.1).min().unwrap(),
        places.iter().map(|p| p.1).max().unwrap(),
    );
    // Capital letters are 0.714 em high, of the 0.74 that count as their height; 0.22 em hang below the baseline.
    assert!(
        (f64::from(top) - seen.top - 0.026 * seen.size).abs() < 1.5,
        "{top} {seen:?}"
    );
    assert!(
        (f64::from(bottom) + 1.0 - (seen.bottom - 0.22 * seen.size)).abs() < 1.5,
        "{bottom} {seen:?}"
    );
    assert!(f64::from(left) >= seen.left && f64::from(left) < seen.left + 0.2 * seen.size);
    // A fifth is kept for wider letters than these.
    let expected = seen.left + (seen.right - seen.left) / 1.2;
    assert!(
        (f64::from(right) - expected).abs() < 0.2 * seen.size,
        "{right} {expected}"
    );
}

#[test]
fn a_million_points_are_drawn_as_what_can_be_seen_of_them() {
    let points: Vec<(f64, f64)> = (0..1_000_000)
        .map(f64::from)
        .map(|index| {
            (
                index,
                (index * 0.7).sin() + if index == 777_777.0 { 5.0 } else { 0.0 },
            )
        })
        .collect();
    let panel = Panel::new("", Axis::new("x"), Axis::new("y"));
    let line = Mark::Line {
        name: String::new(),
        colour: Colour::Series(0),
        points: points.clone(),
        dashed: false,
    };
    let svg = Figure::new("a", "Many.")
        .with(panel.clone().with(line))
        .svg(Theme::Light)
        .unwrap();
    assert!(svg.len() < 100_000, "{}", svg.len());
    let note =
        "Every pixel column shows the least and the greatest of 1\u{2009}000\u{2009}000 values.";
    assert!(svg.contains(note));
    let dots = Mark::Points {
        name: String::new(),
        colour: Colour::Series(0),
        points,
        radius: 2.0,
    };
    let svg = Figure::new("a", "Many.")
        .with(panel.with(dots))
        .svg(Theme::Light)
        .unwrap();
    assert!(svg.len() < 1_000_000, "{}", svg.len());
    assert!(svg.contains("Of 1\u{2009}000\u{2009}000 points"));
}
