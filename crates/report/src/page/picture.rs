//! A figure on the page: in the colours of light or dark, with its values for whoever points at it.

use std::cell::RefCell;
use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};
use serde_json::{Value, json};

use crate::{Figure, ReportError, Theme};

/// The pictures of a page, and the colours that they have in light and in dark.
#[derive(Default)]
pub(super) struct Gallery {
    colours: RefCell<Vec<(String, String)>>,
}

impl Gallery {
    /// `figure` with the caption `caption`.
    pub fn picture(&self, figure: &Figure, caption: &str) -> Result<Markup, ReportError> {
        let spots: Vec<Value> = figure
            .spots()?
            .into_iter()
            .map(|spot| json!([tenths(spot.x), tenths(spot.y), spot.text]))
            .collect();
        // `<` cannot end the script that holds it when it is written as JSON may write it.
        let spots = Value::from(spots).to_string().replace('<', "\\u003c");
        let [light, dark] = [figure.svg(Theme::Light)?, figure.svg(Theme::Dark)?];
        let (width, height) = figure.size;
        Ok(html! {
            figure {
                div.figure tabindex="0" role="group" aria-label={ (figure.title) ": values by the arrow keys" }
                    data-size={ (width) " " (height) } {
                    (PreEscaped(self.in_both(&light, &dark)))
                    script type="application/json" { (PreEscaped(spots)) }
                }
                figcaption { (caption) span.unseen aria-live="polite" {} }
            }
        })
    }

    /// The `light` drawing with its colours named, so that they can be those of the `dark` one, which differs in nothing else.
    /// What the page's style sheet says of every drawing is left out.
    fn in_both(&self, light: &str, dark: &str) -> String {
        let (mut drawn, mut rest, mut other) = (String::with_capacity(light.len()), light, dark);
        while let (Some(at), Some(there)) = (colour(rest), colour(other)) {
            let [own, its] = [&rest[at..at + 7], &other[there..there + 7]];
            drawn.push_str(&rest[..at]);
            if own == its {
                drawn.push_str(own);
            } else {
                // Writing to a string cannot fail.
                let _ = write!(drawn, "var(--c{})", self.number_of(own, its));
            }
            (rest, other) = (&rest[at + 7..], &other[there + 7..]);
        }
        drawn.push_str(rest);
        let drawn = drawn.replace(" opacity=\"1\"", "");
        match family(&drawn) {
            Some(family) => drawn.replace(&family.to_owned(), ""),
            None => drawn,
        }
    }

    /// The number of a pair of colours.
    fn number_of(&self, light: &str, dark: &str) -> usize {
        let mut colours = self.colours.borrow_mut();
        let known = colours
            .iter()
            .position(|(own, its)| own == light && its == dark);
        known.unwrap_or_else(|| {
            colours.push((light.to_owned(), dark.to_owned()));
            colours.len() - 1
        })
    }

    /// The style sheet of the colours.
    pub fn style(&self) -> String {
        let colours = self.colours.borrow();
        let [light, dark] = [0, 1].map(|theme| {
            let mut style = String::from(":root{");
            for (number, (own, its)) in colours.iter().enumerate() {
                let value = [own, its][theme];
                let _ = write!(style, "--c{number}:{value};");
            }
            style + "}"
        });
        format!("{light}@media screen and (prefers-color-scheme:dark){{{dark}}}")
    }
}

/// The attribute that names the fonts of a drawing.
fn family(drawing: &str) -> Option<&str> {
    let from = drawing.find(" font-family=\"")?;
    let rest = &drawing[from..];
    let length = rest.match_indices('"').nth(1)?.0 + 1;
    Some(&rest[..length])
}

/// Where the next colour of a drawing stands, as the value of an attribute.
fn colour(drawing: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = drawing[from..].find("\"#") {
        let at = from + found + 1;
        let digits = drawing.as_bytes().get(at + 1..at + 8)?;
        if digits[..6].iter().all(u8::is_ascii_hexdigit) && digits[6] == b'"' {
            return Some(at);
        }
        from = at;
    }
    None
}

fn tenths(pixels: f64) -> f64 {
    (10.0 * pixels).round() / 10.0
}
