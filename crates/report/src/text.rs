//! Words and numbers: cleaned, shortened and measured.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};

/// A thin space: between digits of large numbers.
pub(crate) const THIN: char = '\u{2009}';

/// A number in at most four digits and as few as it needs: `0.25`, `12 300`, `1.2e-7`.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e6).contains(&magnitude) {
        let places = (3 - magnitude.log10().floor() as i32).max(0) as usize;
        signed(trimmed(&format!("{value:.places$}")))
    } else {
        let rounded = format!("{value:.3e}");
        let (digits, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
        signed(&format!("{}e{exponent}", trimmed(digits)))
    }
}

/// Decimals without zeros at their end.
pub(crate) fn trimmed(decimals: &str) -> &str {
    if decimals.contains('.') {
        decimals.trim_end_matches('0').trim_end_matches('.')
    } else {
        decimals
    }
}

/// The same number with a true minus sign, and with thin spaces between its thousands from five digits on.
pub(crate) fn signed(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", number),
    };
    let whole = digits.find(['.', 'e']).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(whole);
    if whole == "0" && rest.trim_start_matches(['.', '0']).is_empty() {
        return "0".to_owned();
    }
    let mut words = sign.to_owned();
    for (index, digit) in whole.char_indices() {
        if whole.len() > 4 && index > 0 && (whole.len() - index) % 3 == 0 {
            words.push(THIN);
        }
        words.push(digit);
    }
    words + &rest.replace('-', "\u{2212}")
}

/// The longest text that is shown of what comes from outside, in characters.
const LONGEST: usize = 300;

/// Text that any picture can hold: control characters, bidirectional overrides and what XML forbids become spaces, and
/// no more than 300 characters are kept.
pub(crate) fn clean(text: &str) -> String {
    let allowed = |character: char| match character {
        character if character.is_control() => ' ',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => ' ',
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => ' ',
        character => character,
    };
    let mut shown: String = text.chars().take(LONGEST).map(allowed).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown.trim().to_owned()
}

/// How heavy letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// The compiled-in font, by its weight.
fn font(weight: Weight) -> Option<&'static FontRef<'static>> {
    static REGULAR: LazyLock<Option<FontRef<'static>>> =
        LazyLock::new(|| FontRef::try_from_slice(notosans::REGULAR_TTF).ok());
    static BOLD: LazyLock<Option<FontRef<'static>>> =
        LazyLock::new(|| FontRef::try_from_slice(notosans::BOLD_TTF).ok());
    match weight {
        Weight::Regular => REGULAR.as_ref(),
        Weight::Bold => BOLD.as_ref(),
    }
}

/// How much wider than in Noto Sans a text may be in what a browser has instead: DejaVu Sans is.
const FALLBACK: [f64; 2] = [1.12, 1.2];

/// The width, in pixels, that a text of `size` pixels an em may need in any browser.
pub(crate) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let wider = match weight {
        Weight::Regular => FALLBACK[0],
        Weight::Bold => FALLBACK[1],
    };
    wider * size * ems(text, weight)
}

/// The width of a text in the compiled-in font, in ems; a character that it lacks counts as one em.
fn ems(text: &str, weight: Weight) -> f64 {
    let Some(font) = font(weight) else {
        return text.chars().count() as f64;
    };
    let em = font.units_per_em().unwrap_or(1000.0);
    let scaled = font.as_scaled(PxScale::from(font.height_unscaled()));
    let widths = text.chars().map(|character| {
        let glyph = font.glyph_id(character);
        if glyph.0 == 0 {
            em
        } else {
            scaled.h_advance(glyph)
        }
    });
    f64::from(widths.sum::<f32>() / em)
}

/// The dots that a text of `size` dots an em inks, with how much of each it covers, from the left end of the baseline
/// to the right and down; and its width in dots.
pub(crate) fn ink(text: &str, size: f64, weight: Weight) -> (Vec<(i32, i32, f64)>, f64) {
    let mut dots = Vec::new();
    let Some(font) = font(weight) else {
        return (dots, 0.0);
    };
    let em = font.units_per_em().unwrap_or(1000.0);
    let scale = PxScale::from(size as f32 * font.height_unscaled() / em);
    let scaled = font.as_scaled(scale);
    let (mut right, mut before) = (0.0, None);
    for character in text.chars() {
        let id = font.glyph_id(character);
        right += before.map_or(0.0, |before| scaled.kern(before, id));
        let glyph = id.with_scale_and_position(scale, point(right, 0.0));
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, share| {
                let place = (corner.x as i32 + x as i32, corner.y as i32 + y as i32);
                dots.push((place.0, place.1, f64::from(share.clamp(0.0, 1.0))));
            });
        }
        right += scaled.h_advance(id);
        before = Some(id);
    }
    dots.retain(|dot| dot.2 > 0.0);
    (dots, f64::from(right))
}

/// As much of a text as fits into `room` pixels, with an ellipsis where something is missing.
pub(crate) fn fitted(text: &str, size: f64, weight: Weight, room: f64) -> String {
    if width(text, size, weight) <= room {
        return text.to_owned();
    }
    let ellipsis = width("…", size, weight);
    let mut kept = String::new();
    let mut taken = ellipsis;
    for character in text.chars() {
        taken += width(character.encode_utf8(&mut [0; 4]), size, weight);
        if taken > room {
            break;
        }
        kept.push(character);
    }
    if ellipsis > room {
        return String::new();
    }
    kept.trim_end().to_owned() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let table = [
            (0.0, "0"),
            (-0.0, "0"),
            (45.918_233, "45.92"),
            (-159.638, "−159.6"),
            (1_000.0, "1000"),
            (123_456.7, "123\u{2009}457"),
            (0.001_234_567, "0.001235"),
            (1.25e-7, "1.25e−7"),
            (-2.0e12, "−2e12"),
            (999_999.9, "1\u{2009}000\u{2009}000"),
        ];
        for (value, expected) in table {
            assert_eq!(number(value), expected, "{value}");
        }
    }

    #[test]
    fn what_a_picture_cannot_hold_becomes_a_space() {
        assert_eq!(clean("a\u{1b}[31mb\r\nc\u{202e}d\u{0}"), "a [31mb  c d");
        assert_eq!(clean(&"x".repeat(1_000)).chars().count(), LONGEST + 1);
        assert_eq!(clean("<b> τ & σ"), "<b> τ & σ");
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        for room in [0.0, 5.0, 30.0, 60.0, 90.0, 1_000.0] {
            let shown = fitted("log-likelihood in nats", 16.0, Weight::Regular, room);
            assert!(
                width(&shown, 16.0, Weight::Regular) <= room,
                "{room}: {shown}"
            );
            assert_eq!(
                shown.ends_with('…'),
                (30.0..=90.0).contains(&room),
                "{room}: {shown}"
            );
        }
    }

    #[test]
    fn ink_is_where_letters_are() {
        // A capital H of Noto Sans is 0.714 em high and stands on the baseline; its stems begin 0.096 em from the left.
        let (dots, width) = ink("H", 1_000.0, Weight::Regular);
        let least = |values: &mut dyn Iterator<Item = i32>| values.fold(i32::MAX, i32::min);
        let top = least(&mut dots.iter().map(|dot| dot.1));
        let left = least(&mut dots.iter().map(|dot| dot.0));
        assert!(
            (top + 714).abs() <= 1 && (left - 98).abs() <= 2,
            "{top} {left}"
        );
        assert!(dots.iter().all(|dot| dot.1 < 0 && f64::from(dot.0) < width));
        assert!((width - 1_000.0 * ems("H", Weight::Regular)).abs() < 0.1);
        assert_eq!(ink("", 16.0, Weight::Bold), (Vec::new(), 0.0));
    }

    #[test]
    fn the_font_has_the_signs_of_this_field() {
        for weight in [Weight::Regular, Weight::Bold] {
            assert!(font(weight).is_some());
            for sign in "μµστλπθ−×·…±≤≥≈∞√½⁰¹²³⁴⁵⁶⁷⁸⁹\u{2009}".chars()
            {
                let found = font(weight).is_some_and(|font| font.glyph_id(sign).0 != 0);
                assert!(found, "{sign:?} {weight:?}");
            }
            // Noto Sans advances 1171 of 2048 units a digit, in either weight.
            let found = ems("0123456789", weight);
            assert!(
                (found - 11_710.0 / 2_048.0).abs() < 1e-3,
                "{found} {weight:?}"
            );
        }
    }
}
