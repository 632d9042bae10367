//! The structure of each figure is what it was: compared line by line with `tests/golden/NAME.txt`.
//!
//! After a change that is meant, `SWITCHBACK_RENEW_GOLDEN=1 cargo test -p switchback-report --test golden` writes the
//! files anew; `git diff` then shows what changed.

#![allow(clippy::unwrap_used)]

#[path = "../examples/gallery/figures.rs"]
mod figures;

use std::path::Path;

use switchback_report::{Axis, Colour, Figure, Mark, Panel};

#[test]
fn every_outline_is_the_golden_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let renew = std::env::var_os("SWITCHBACK_RENEW_GOLDEN").is_some();
    let figures = figures::figures();
    for (name, figure) in &figures {
        let path = folder.join(name).with_extension("txt");
        let found = figure.outline();
        if renew {
            std::fs::write(&path, &found).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            found,
            golden,
            "{} differs; see the top of this test",
            path.display()
        );
    }
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, figures.len(), "a golden file without a figure");
}

#[test]
fn an_outline_tells_of_every_change() {
    let figure = |x: f64, name: &str, dashed: bool| {
        let line = Mark::Line {
            name: name.to_owned(),
            colour: Colour::Series(0),
            points: vec![(0.0, 1.0), (x, f64::NAN)],
            dashed,
        };
        Figure::new("a", "b")
            .with(Panel::new("", Axis::new("x"), Axis::new("y")).with(line))
            .outline()
    };
    let first = figure(2.0, "c", false);
    for other in [
        figure(2.001, "c", false),
        figure(2.0, "d", false),
        figure(2.0, "c", true),
    ] {
        assert_ne!(first, other);
    }
    assert_eq!(first, figure(2.000_000_1, "c", false));
    assert!(first.contains("2 points, 1 finite"), "{first}");
}
