//! What comes from outside: names that would be markup, numbers that are none, no data at all. Every constructor draws a
//! sound picture of any of it.

#![allow(clippy::unwrap_used)]

mod support;

use roxmltree::Document;
use support::{faults, strangers, words};
use switchback_report as report;
use switchback_report::{Axis, Figure, Quantity, ReportError, Theme};

const NAMES: [&str; 6] = [
    "<img src=x onerror=alert(1)>",
    "]]></text><script>alert(1)</script>\" onload='a()' & &amp; \u{0}\u{1b}[31m\r\n\t\u{202e}\u{ffff}",
    "",
    "a very long name that goes on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on",
    "名前 τ̂ 🦀 \u{feff}",
    "   ",
];

const NUMBERS: [&[f64]; 9] = [
    &[],
    &[f64::NAN],
    &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY],
    &[0.0],
    &[1.0, 1.0, 1.0, 1.0, 1.0],
    &[-f64::MAX, f64::MAX, 0.0, f64::NAN, 5e-324],
    &[1e9, 1e9 + 1e-6, 1e9 + 2e-6, 1e9 + 4e-6],
    &[-3.0, f64::NAN, 2.0, 0.0, 7.0, f64::INFINITY, 1.0],
    &[1e-300, 1e300, 1e-5, 1.0, 12.0],
];

/// Each constructor on these numbers under this name.
fn figures(name: &str, numbers: &[f64]) -> Vec<Figure> {
    let chains = [numbers.to_vec(), numbers.iter().rev().copied().collect()];
    let quantities = [
        Quantity::real(name, &chains),
        Quantity::whole(name, &chains),
        Quantity::real(name, &[]),
    ];
    let points: Vec<(f64, f64)> = numbers
        .iter()
        .copied()
        .zip(chains[1].iter().copied())
        .collect();
    let probabilities: Vec<(i64, f64)> = numbers
        .iter()
        .map(|&number| (number as i64, number))
        .chain([(i64::MIN, 0.1)])
        .collect();
    let mut times = numbers.to_vec();
    times.sort_by(f64::total_cmp);
    let labels = vec![name.to_owned(); numbers.len()];
    let steps = report::FittedSteps {
        name,
        means: numbers,
    };
    let band = report::FittedBand {
        name,
        lower: &chains[1],
        upper: numbers,
    };
    let end = |global: bool| report::ProfileEnd {
        name,
        place: numbers.first().copied().unwrap_or(f64::NAN),
        height: numbers.last().copied().unwrap_or(1.0),
        global,
    };
    let rows: Vec<report::ForestRow<'_>> = points
        .iter()
        .map(|&(low, high)| report::ForestRow {
            method: name,
            estimate: low,
            half: (low, high),
            most: (high, low),
        })
        .collect();
    let parameter = |rows| report::ForestParameter {
        name,
        rows,
        truth: numbers.first().copied(),
    };
    let climb = |starts| report::Climb {
        name,
        steps: numbers,
        starts,
    };
    let series = [
        report::Series {
            name,
            points: &points,
        },
        report::Series { name, points: &[] },
    ];
    let pair = |path: usize| report::Pair {
        x: quantities[0],
        y: quantities[1],
        path,
        points: true,
        contours: true,
    };
    vec![
        report::traces(&quantities),
        report::ranks(&quantities),
        report::autocorrelation(&quantities, 5),
        report::pair(&pair(0)),
        report::pair(&pair(3)),
        report::histogram(&report::Histogram {
            title: name,
            label: name,
            values: numbers,
            bins: None,
            curve: Some((name, &points)),
            rules: &[(name, f64::NAN), (name, 1.0)],
        }),
        report::integer_posterior(&report::IntegerPosterior {
            title: name,
            label: name,
            probabilities: &probabilities,
            mass: 0.94,
            truth: Some(i64::MAX),
        }),
        report::fit(&report::Fit {
            title: name,
            times: &times,
            labels: &labels,
            values: numbers,
            time_label: name,
            value_label: name,
            steps: &[steps, steps],
            bands: &[band],
            switches: &[(name, f64::NAN)],
            posterior: numbers,
        }),
        report::climbs(&report::Climbs {
            title: name,
            label: name,
            log: true,
            climbs: &[climb(&chains), climb(&chains[..1]), climb(&[])],
        }),
        report::profile(&report::Profile {
            title: name,
            label: name,
            value_label: name,
            places: &times,
            heights: numbers,
            ends: &[end(true), end(false), end(false)],
        }),
        report::forest(&report::Forest {
            title: name,
            parameters: &[parameter(&rows), parameter(&[])],
        }),
        report::lines(&report::Lines {
            title: name,
            x: Axis::new(name).log(),
            y: Axis::new(name)
                .range(f64::NAN, 0.0)
                .ticks(vec![(1.0, name.to_owned()), (f64::NAN, name.to_owned())]),
            series: &series,
            slope: Some(report::ExpectedSlope {
                name,
                through: (-1.0, f64::NAN),
                slope: -0.5,
            }),
        }),
        report::scatter(&report::Scatter {
            title: name,
            x: Axis::new(name).range(5.0, 5.0),
            y: Axis::new(name).range(3.0, -3.0),
            groups: &series,
            equal_aspect: numbers.len() != 5,
            circle: Some((name, (0.0, f64::NAN), -1.0)),
        }),
    ]
}

/// Parses a picture and looks for what must not be there.
fn check(figure: &Figure, about: &str) -> String {
    let svg = figure
        .svg(Theme::Light)
        .unwrap_or_else(|error| panic!("{about}: {error}"));
    let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{about}: {error}\n{svg}"));
    let found = faults(&document, figure.size, 16.0);
    assert!(found.is_empty(), "{about}: {found:#?}");
    assert!(
        strangers(&document)
            .iter()
            .all(|stranger| stranger == "no name or description"),
        "{about}: {:?}",
        strangers(&document)
    );
    let control = |character: char| character.is_control() && character != '\n';
    assert!(!svg.contains(control), "{about}: a control character");
    assert!(
        !svg.contains("NaN") && !svg.contains("inf"),
        "{about}: a number that is none"
    );
    svg
}

#[test]
fn every_constructor_draws_any_names_and_numbers() {
    for (index, name) in NAMES.into_iter().enumerate() {
        for (row, numbers) in NUMBERS.into_iter().enumerate() {
            for (kind, figure) in figures(name, numbers).into_iter().enumerate() {
                let about = format!("figure {kind}, name {index}, numbers {row}");
                check(&figure, &about);
                assert!(!figure.outline().contains('\u{1b}'), "{about}");
                // Pixels take longer, and depend on the name only by its letters.
                if index == row % NAMES.len() {
                    assert!(!figure.png(Theme::Dark).unwrap().is_empty());
                }
            }
        }
    }
}

#[test]
fn markup_is_shown_as_the_words_that_it_is() {
    let name = NAMES[0];
    for (kind, mut figure) in figures(name, &[1.0, 2.0, 4.0, 3.0]).into_iter().enumerate() {
        figure.title = name.to_owned();
        let svg = check(&figure, &format!("figure {kind}"));
        assert!(!svg.contains("<img"), "figure {kind}");
        let document = Document::parse(&svg).unwrap();
        assert!(
            words(&document).iter().any(|words| words.text == name),
            "figure {kind}"
        );
        let title = document
            .descendants()
            .find(|node| node.has_tag_name("title"))
            .unwrap();
        assert_eq!(title.text(), Some(name), "figure {kind}");
    }
    // The control: unescaped it is another document, or none.
    let figure = Figure::new(name, "b");
    let raw = figure
        .svg(Theme::Light)
        .unwrap()
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    assert!(Document::parse(&raw).is_err());
}

#[test]
fn a_panel_without_data_says_so() {
    for numbers in [NUMBERS[0], NUMBERS[2]] {
        for (kind, figure) in figures("a", numbers).into_iter().enumerate() {
            let svg = check(&figure, &format!("figure {kind}"));
            // The posterior above always has one probability, the band of independent draws is always there.
            let always = [2, 6].contains(&kind);
            assert!(always || svg.contains(">no data<"), "figure {kind}");
        }
    }
    for (kind, figure) in figures("a", &[1.0, 2.0, 4.0, 3.0]).into_iter().enumerate() {
        // Three constructors were given an empty quantity or parameter beside the others.
        let some = [0, 1, 2, 10].contains(&kind);
        assert!(
            some || !figure.svg(Theme::Light).unwrap().contains(">no data<"),
            "figure {kind}"
        );
    }
}

#[test]
fn pictures_without_room_are_errors() {
    let panel = || report::Panel::new("", Axis::new("x"), Axis::new("y"));
    let mut figure = Figure::new("a", "b").with(panel());
    for size in [(0, 0), (319, 400), (400, 199), (400, u32::MAX)] {
        figure.size = size;
        for error in [
            figure.svg(Theme::Light).err(),
            figure.png(Theme::Light).err(),
        ] {
            assert!(matches!(error, Some(ReportError::Size { .. })), "{size:?}");
        }
    }
    for columns in [0, 1, 100, usize::MAX] {
        figure.panels = (0..100).map(|_| panel()).collect();
        figure.columns = columns;
        figure.size = Figure::SLIDE;
        let error = figure.svg(Theme::Light).err();
        assert!(
            matches!(error, Some(ReportError::Crowded { .. })),
            "{columns}: {error:?}"
        );
    }
    figure.size = Figure::LEAST;
    figure.panels.truncate(1);
    assert!(figure.svg(Theme::Light).is_ok());
    figure.panels.clear();
    assert!(figure.png(Theme::Light).is_ok());
}

#[test]
fn fifty_chains_and_fifty_quantities_are_drawn() {
    let chains: Vec<Vec<f64>> = (0..50)
        .map(|chain| (0..20).map(|draw| f64::from(draw * chain % 7)).collect())
        .collect();
    let one = [Quantity::real("a", &chains)];
    let svg = check(&report::traces(&one), "fifty chains");
    assert!(
        svg.contains(" more</text>"),
        "the legend counts what it has no room for"
    );
    check(&report::ranks(&one), "ranks of fifty chains");
    let many = vec![Quantity::whole("a", &chains[..2]); 50];
    check(&report::traces(&many), "traces of fifty quantities");
    check(&report::autocorrelation(&many, 10), "fifty quantities");
    check(&report::ranks(&many), "ranks of fifty quantities");
}
