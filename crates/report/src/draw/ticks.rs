//! Where ticks stand and what they say.

use crate::text::{number, signed, trimmed};

/// The ticks of an axis: values with short labels, and what the axis's own label must add to make them whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ticks {
    pub(super) labels: Vec<(f64, String)>,
    /// What was taken off all labels: ` − 1 000 000`.
    pub(super) offset: String,
}

/// About `most` ticks, no more, at multiples of 1, 2 or 5 times a power of ten from `low` to `high`.
pub(super) fn linear(low: f64, high: f64, most: usize) -> Ticks {
    let Some(step) = step(high - low, most) else {
        return Ticks::default();
    };
    let offset = offset(low, high, step);
    // Rounding must not lose a tick at the very end.
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    let count = (last - first).clamp(0.0, most as f64) as usize;
    let values = (0..=count).map(|index| (first + index as f64) * step);
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let magnitude = (low - offset).abs().max((high - offset).abs());
    let labels = values
        .iter()
        .map(|value| (*value, label(value - offset, step, magnitude)));
    Ticks {
        labels: labels.collect(),
        offset: offset_words(offset, step),
    }
}

/// The least step of 1, 2 or 5 times a power of ten of which at most `most` fit into `span`.
fn step(span: f64, most: usize) -> Option<f64> {
    if !(span > 0.0 && span.is_finite()) || most == 0 {
        return None;
    }
    let raw = span / most as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let found = steps.into_iter().find(|step| *step >= raw * (1.0 - 1e-9));
    found.filter(|step| step.is_normal())
}

/// What is taken off labels that would need more than five digits to differ, or more than three and an exponent.
fn offset(low: f64, high: f64, step: f64) -> f64 {
    let magnitude = low.abs().max(high.abs());
    let most = if step < 0.9e-4 { 1e3 } else { 1e5 };
    if magnitude / step < most * (1.0 - 1e-9) || low * high <= 0.0 {
        return 0.0;
    }
    let power = 10_f64.powf((high - low).log10().ceil());
    (low / power).floor() * power
}

fn offset_words(offset: f64, step: f64) -> String {
    if offset == 0.0 {
        return String::new();
    }
    let magnitude = offset.abs();
    let words = if (1e-6..1e15).contains(&magnitude) {
        let places = (-step.log10().floor()).clamp(0.0, 15.0) as usize;
        signed(trimmed(&format!("{magnitude:.places$}")))
    } else {
        format!("{magnitude:e}")
    };
    let sign = if offset > 0.0 { '\u{2212}' } else { '+' };
    format!(" {sign} {words}")
}

/// A label for one of the values `step` apart, of which the greatest is about `magnitude`.
fn label(value: f64, step: f64, magnitude: f64) -> String {
    let (unit, suffix) = match magnitude {
        magnitude if magnitude >= 1e9 || step < 0.9e-4 => return scientific(value, step),
        magnitude if magnitude >= 1e6 && step >= 0.9e4 => (1e6, "M"),
        magnitude if magnitude >= 1e5 && step >= 0.9e2 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let places = (-(step / unit * (1.0 + 1e-9)).log10().floor()).clamp(0.0, 12.0) as usize;
    let words = signed(&format!("{:.places$}", value / unit));
    if words == "0" { words } else { words + suffix }
}

/// `2e−5`, with the digits that `step` needs.
fn scientific(value: f64, step: f64) -> String {
    if value.abs() < step / 2.0 {
        return "0".to_owned();
    }
    let exponent = (value.abs() * (1.0 + 1e-9)).log10().floor();
    let digits = (exponent - (step * (1.0 + 1e-9)).log10().floor()).clamp(0.0, 6.0) as usize;
    let words = format!("{value:.digits$e}");
    let (digits, exponent) = words.split_once('e').unwrap_or((&words, "0"));
    signed(&format!("{}e{exponent}", trimmed(digits)))
}

/// About `most` ticks, no more, at powers of ten from `10^low` to `10^high`; between these at 2 and 5 times powers where
/// there is room, and evenly where not even two powers lie there.
pub(super) fn logarithmic(low: f64, high: f64, most: usize) -> Ticks {
    let (first, last) = ((low - 1e-9).ceil(), (high + 1e-9).floor());
    let count = last - first + 1.0;
    if !(2.0..1e4).contains(&count) {
        return linear(10_f64.powf(low), 10_f64.powf(high), most.min(6));
    }
    let factors: &[f64] = if 3.0 * count <= most as f64 + 1.0 {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let stride = (count / most.max(1) as f64).ceil().max(1.0);
    let first = (first / stride).ceil() * stride;
    let powers = (0..).map(|index| first + f64::from(index) * stride);
    let powers = powers.take_while(|power| *power <= last);
    // Those just below the first power too.
    let below = (factors.len() > 1).then_some(first - 1.0);
    let values = below.into_iter().chain(powers).flat_map(|power| {
        let powered = 10_f64.powf(power);
        factors.iter().map(move |factor| factor * powered)
    });
    let inside = values.filter(|value| {
        let place = value.log10();
        place >= low - 1e-9 && place <= high + 1e-9
    });
    Ticks {
        labels: inside.map(|value| (value, power_label(value))).collect(),
        offset: String::new(),
    }
}

fn power_label(value: f64) -> String {
    match value {
        value if value >= 0.9e9 => scientific(value, value),
        value if value >= 0.9e6 => format!("{:.0}M", value / 1e6),
        value if value >= 0.9e4 => format!("{:.0}k", value / 1e3),
        value if value >= 0.9e-4 => number(value),
        value => scientific(value, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::THIN;

    fn length(label: &str) -> usize {
        label.chars().filter(|character| *character != THIN).count()
    }

    fn words(ticks: &Ticks) -> Vec<&str> {
        ticks
            .labels
            .iter()
            .map(|(_, label)| label.as_str())
            .collect()
    }

    #[test]
    fn labels_are_short_at_every_magnitude() {
        let table: [(f64, f64, &[&str]); 9] = [
            (0.0, 1.0, &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            (-3.0, 7.0, &["−2", "0", "2", "4", "6"]),
            (
                0.0,
                35_000.0,
                &["0", "10\u{2009}000", "20\u{2009}000", "30\u{2009}000"],
            ),
            (0.0, 1e6, &["0", "0.2M", "0.4M", "0.6M", "0.8M", "1.0M"]),
            (0.0, 4.5e5, &["0", "100k", "200k", "300k", "400k"]),
            (0.0, 3e-5, &["0", "1e−5", "2e−5", "3e−5"]),
            (-1e300, 1e300, &["−1e300", "−5e299", "0", "5e299", "1e300"]),
            (1e9, 1.2e9, &["1e9", "1.05e9", "1.1e9", "1.15e9", "1.2e9"]),
            (0.19, 0.26, &["0.20", "0.22", "0.24", "0.26"]),
        ];
        for (low, high, expected) in table {
            assert_eq!(words(&linear(low, high, 5)), expected, "{low} {high}");
        }
    }

    #[test]
    fn what_all_labels_share_is_taken_off_them() {
        let ticks = linear(1_234_567.001, 1_234_567.009, 5);
        assert_eq!(words(&ticks), ["0.002", "0.004", "0.006", "0.008"]);
        assert_eq!(ticks.offset, " − 1\u{2009}234\u{2009}567");
        assert!(linear(-1.0, 1e9, 5).offset.is_empty());
    }

    #[test]
    fn no_range_gives_too_many_or_long_labels() {
        let magnitudes = [1e-300, 1e-12, 1e-5, 0.37, 1.0, 93.0, 1e4, 7.7e5, 1e9, 1e290];
        for low in magnitudes.into_iter().flat_map(|low| [-low, 0.0, low]) {
            for span in magnitudes {
                for most in [1, 3, 8] {
                    let ticks = linear(low, low + span, most);
                    assert!(
                        ticks.labels.len() <= most + 1,
                        "{low} {span} {most}: {ticks:?}"
                    );
                    for (value, label) in &ticks.labels {
                        assert!(
                            length(label) <= 9,
                            "{low} {span} {most}: {label} for {value}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn powers_of_ten_are_thinned_and_filled() {
        assert_eq!(words(&logarithmic(0.0, 3.0, 5)), ["1", "10", "100", "1000"]);
        assert_eq!(
            words(&logarithmic(-4.0, 6.0, 6)),
            ["1e−4", "0.01", "1", "100", "10k", "1M"]
        );
        assert_eq!(words(&logarithmic(-0.2, 1.1, 9)), ["1", "2", "5", "10"]);
        assert_eq!(words(&logarithmic(0.1, 0.6, 5)), ["2", "3"]);
        assert!(logarithmic(-300.0, 300.0, 7).labels.len() <= 8);
    }
}
