//! What can be seen in an SVG without a browser: its words, with the room that they take.

use ab_glyph::{Font, FontRef};
use roxmltree::{Document, Node};

/// Units of our SVGs a pixel.
pub const UNITS: f64 = 10.0;

/// Words in a picture, in pixels.
#[derive(Debug, Clone)]
pub struct Seen {
    pub text: String,
    /// Pixels an em.
    pub size: f64,
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// The words of a picture. Their width is that in Noto Sans and a little more, as DejaVu Sans has it (measured: digits
/// are 0.636 em in DejaVu Sans, 0.572 in Noto Sans, 0.696 in DejaVu Sans Bold); their height from the ascent of capital
/// letters to the descent.
pub fn words(document: &Document<'_>) -> Vec<Seen> {
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    texts.map(|node| seen(&node)).collect()
}

fn seen(node: &Node<'_, '_>) -> Seen {
    let number = |name: &str| -> f64 {
        let value = node.attribute(name).expect("an attribute of every text");
        value.parse::<f64>().expect("a number") / UNITS
    };
    let (x, y, size) = (number("x"), number("y"), number("font-size"));
    let text = node.text().unwrap_or_default().to_owned();
    let bold = node.attribute("font-weight") == Some("bold");
    let wide = size * ems(&text, bold) * if bold { 1.2 } else { 1.1 };
    let before = match node.attribute("text-anchor") {
        Some("start") => 0.0,
        Some("middle") => wide / 2.0,
        Some("end") => wide,
        other => panic!("an anchor {other:?}"),
    };
    assert_eq!(node.attribute("dy"), Some("0.76em"));
    // From the baseline up and down.
    let (up, down) = (0.74 * size, 0.22 * size);
    if node
        .attribute("transform")
        .is_some_and(|way| way.starts_with("rotate(270"))
    {
        let baseline = x + 0.76 * size;
        Seen {
            text,
            size,
            left: baseline - up,
            right: baseline + down,
            top: y + before - wide,
            bottom: y + before,
        }
    } else {
        let baseline = y + 0.76 * size;
        Seen {
            text,
            size,
            left: x - before,
            right: x - before + wide,
            top: baseline - up,
            bottom: baseline + down,
        }
    }
}

fn ems(text: &str, bold: bool) -> f64 {
    let bytes = if bold {
        notosans::BOLD_TTF
    } else {
        notosans::REGULAR_TTF
    };
    let font = FontRef::try_from_slice(bytes).expect("a font");
    let em = font.units_per_em().expect("a size");
    let advances = text
        .chars()
        .map(|character| match font.glyph_id(character) {
            id if id.0 == 0 => em,
            id => font.h_advance_unscaled(id),
        });
    f64::from(advances.sum::<f32>() / em)
}

/// What is wrong with the words of a picture: those that leave it, cover each other, or are too small to read.
pub fn faults(document: &Document<'_>, size: (u32, u32), least: f64) -> Vec<String> {
    let words = words(document);
    let mut faults = Vec::new();
    for (index, one) in words.iter().enumerate() {
        let inside = one.left >= 0.0
            && one.top >= 0.0
            && one.right <= f64::from(size.0)
            && one.bottom <= f64::from(size.1);
        if !inside {
            faults.push(format!("outside: {one:?}"));
        }
        if one.size < least - 1e-9 {
            faults.push(format!("small: {one:?}"));
        }
        for other in &words[..index] {
            let apart = one.right <= other.left
                || other.right <= one.left
                || one.bottom <= other.top
                || other.bottom <= one.top;
            if !apart {
                faults.push(format!("overlap: {one:?} {other:?}"));
            }
        }
    }
    faults
}

/// What a page that holds the picture inline must not find in it, and what a screen reader must find.
pub fn strangers(document: &Document<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let known = [
        "svg", "title", "desc", "rect", "circle", "polyline", "polygon", "line", "text",
    ];
    for node in document.descendants().filter(Node::is_element) {
        if !known.contains(&node.tag_name().name()) {
            found.push(format!("<{}>", node.tag_name().name()));
        }
        for attribute in node.attributes() {
            let name = attribute.name();
            if name == "id" || name == "class" || name.starts_with("on") || name.contains("href") {
                found.push(format!("{name}={:?}", attribute.value()));
            }
        }
    }
    let root = document.root_element();
    let mut children = root.children().filter(Node::is_element);
    let named = |node: Option<Node<'_, '_>>, name: &str| {
        node.is_some_and(|node| {
            node.has_tag_name(name) && node.text().is_some_and(|text| !text.trim().is_empty())
        })
    };
    if root.attribute("role") != Some("img")
        || !named(children.next(), "title")
        || !named(children.next(), "desc")
    {
        found.push("no name or description".to_owned());
    }
    found
}
