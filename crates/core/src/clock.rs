//! The one place where a switchpoint becomes a `tau` and back.

/// The continuous switch that stands for switchpoint `s`: half-way between the last observation of the
/// old regime (time `s`) and the first of the new one (time `s + 1`).
///
/// A switchpoint `s` is the 0-based index of the first observation of the new regime; `tau` lives on the
/// model's clock `1..=n`.
pub fn tau_of(s: usize) -> f64 {
    s as f64 + 0.5
}

/// The switchpoint that `tau` stands for in a series of `n`, `round(tau - 0.5)` within `0..=n`.
///
/// A `tau` before the series puts everything in the second regime (`0`), one after it in the first (`n`);
/// a `tau` that is not a number gives `0`.
pub fn switchpoint_of(tau: f64, n: usize) -> usize {
    // A float-to-integer cast saturates and takes NaN to 0, so every input has an answer.
    ((tau - 0.5).round() as usize).min(n)
}

/// What follows `letter` in the name of a switch: nothing for the only one, else its number; `None` for other names.
///
/// `letter` is `s` or `tau`: `s2` is the second switch, `sigma2` none.
pub fn switch_number<'a>(name: &'a str, letter: &str) -> Option<&'a str> {
    name.strip_prefix(letter)
        .filter(|number| number.chars().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_known_by_their_names() {
        assert_eq!(switch_number("s", "s"), Some(""));
        assert_eq!(switch_number("tau12", "tau"), Some("12"));
        for (name, letter) in [
            ("sigma1", "s"),
            ("s1", "tau"),
            ("taux", "tau"),
            ("mu1", "s"),
        ] {
            assert_eq!(switch_number(name, letter), None, "{name}");
        }
    }

    #[test]
    fn the_round_trip_is_the_identity() {
        for s in 0..200 {
            assert_eq!(switchpoint_of(tau_of(s), 200), s);
        }
    }

    #[test]
    fn tau_picks_the_first_observation_after_it() {
        // 45.92 lies between the clock's 45 and 46, and time 46 is index 45.
        assert_eq!(switchpoint_of(45.92, 90), 45);
        assert_eq!(switchpoint_of(45.08, 90), 45);
        assert_eq!(switchpoint_of(46.08, 90), 46);
    }

    #[test]
    fn tau_outside_the_series_ends_at_its_border() {
        assert_eq!(switchpoint_of(-3.0, 90), 0);
        assert_eq!(switchpoint_of(1e300, 90), 90);
        assert_eq!(switchpoint_of(f64::NAN, 90), 0);
    }
}
