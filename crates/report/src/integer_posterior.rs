//! A posterior over whole numbers: which switch, and how sure.

use crate::{Axis, Bar, Colour, Figure, Mark, Panel};

/// What [`integer_posterior`] shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct IntegerPosterior<'a> {
    /// What stands above.
    pub title: &'a str,
    /// What the whole numbers are.
    pub label: &'a str,
    /// Each whole number with its probability, in any order; what is not given, not finite or negative has none.
    pub probabilities: &'a [(i64, f64)],
    /// The share of the probability that the marked set holds: 0.94, say.
    pub mass: f64,
    /// The true number, where it is known.
    pub truth: Option<i64>,
}

/// Bars over whole numbers; those of the smallest set that holds `mass` of the probability stand out.
///
/// Shown are the numbers from the first to the last that are at least a thousandth as probable as the most probable one,
/// and the true one.
pub fn integer_posterior(posterior: &IntegerPosterior<'_>) -> Figure {
    let mut probabilities: Vec<(i64, f64)> = posterior.probabilities.to_vec();
    probabilities.retain(|(_, probability)| probability.is_finite() && *probability > 0.0);
    probabilities.sort_unstable_by_key(|(value, _)| *value);
    let credible = credible_set(&probabilities, posterior.mass);
    let greatest = probabilities
        .iter()
        .map(|(_, probability)| *probability)
        .fold(0.0, f64::max);
    let likely = probabilities
        .iter()
        .filter(|(_, probability)| *probability >= greatest / 1e3);
    let (low, high) = likely
        .clone()
        .fold((i64::MAX, i64::MIN), |(low, high), (value, _)| {
            (low.min(*value), high.max(*value))
        });
    probabilities.retain(|(value, _)| (low..=high).contains(value));
    let percent = format!("{:.0} % credible set", 100.0 * posterior.mass);
    let figure = Figure::new(posterior.title, described(posterior, &credible, &percent));
    let mut panel = Panel::new("", Axis::new(posterior.label), Axis::new("probability"));
    let inside = |value: &i64| credible.binary_search(value).is_ok();
    let (within, without): (Vec<_>, Vec<_>) =
        probabilities.iter().partition(|(value, _)| inside(value));
    for (name, colour, shown) in [
        (
            format!("{percent}: {}", runs(&credible)),
            Colour::Accent,
            within,
        ),
        ("outside".to_owned(), Colour::Quiet, without),
    ] {
        panel.marks.push(Mark::Bars {
            name,
            colour,
            bars: shown
                .iter()
                .map(|(value, height)| Bar::about(*value as f64, 0.8, *height))
                .collect(),
            horizontal: false,
        });
    }
    panel
        .marks
        .retain(|mark| !matches!(mark, Mark::Bars { bars, .. } if bars.is_empty()));
    if let Some(truth) = posterior.truth {
        panel.marks.push(Mark::Rule {
            label: format!("truth: {truth}"),
            colour: Colour::Truth,
            at: truth as f64,
            vertical: true,
            dashed: true,
        });
    }
    if greatest > 0.0 {
        // Room to either side, so that few numbers are bars and no walls.
        let lonely = (8 - (high.saturating_sub(low)).min(8)) as f64 / 2.0;
        let (least, most) = (
            low.min(posterior.truth.unwrap_or(low)),
            high.max(posterior.truth.unwrap_or(high)),
        );
        panel.x.range = Some((least as f64 - 0.6 - lonely, most as f64 + 0.6 + lonely));
    }
    figure.with(panel)
}

/// The fewest values that hold `mass` of the probability, ascending; of equally probable ones the lesser first.
fn credible_set(probabilities: &[(i64, f64)], mass: f64) -> Vec<i64> {
    let total: f64 = probabilities
        .iter()
        .map(|(_, probability)| probability)
        .sum();
    let mut order = probabilities.to_vec();
    order.sort_by(|left, right| right.1.total_cmp(&left.1));
    let mut held = 0.0;
    let mut set: Vec<i64> = Vec::new();
    for (value, probability) in order {
        // Rounding in the sum is forgiven, or a mass of 1 might ask for one more.
        if held >= (mass - 1e-12) * total {
            break;
        }
        held += probability;
        set.push(value);
    }
    set.sort_unstable();
    set
}

/// Ascending whole numbers as ranges: `3, 7 to 9`; after four ranges the others are counted.
fn runs(values: &[i64]) -> String {
    let ranges: Vec<&[i64]> = values
        .chunk_by(|left, right| left.checked_add(1) == Some(*right))
        .collect();
    let mut words: Vec<String> = ranges
        .iter()
        .take(4)
        .filter_map(|range| match (range.first()?, range.last()?) {
            (first, last) if first == last => Some(first.to_string()),
            (first, last) => Some(format!("{first} to {last}")),
        })
        .collect();
    if ranges.len() > 4 {
        words.push(format!("and {} more", ranges.len() - 4));
    }
    words.join(", ")
}

fn described(posterior: &IntegerPosterior<'_>, credible: &[i64], percent: &str) -> String {
    let label = posterior.label;
    let truth = posterior
        .truth
        .map_or(String::new(), |truth| format!("; the truth is {truth}"));
    if credible.is_empty() {
        return format!("Posterior of {label}: no data.");
    }
    format!(
        "Posterior probability of {label}; {percent}: {}{truth}.",
        runs(credible)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credible_set_is_the_smallest_one() {
        let probabilities = [(1, 0.05), (2, 0.3), (3, 0.1), (4, 0.5), (9, 0.05)];
        assert_eq!(credible_set(&probabilities, 0.5), [4]);
        assert_eq!(credible_set(&probabilities, 0.81), [2, 3, 4]);
        assert_eq!(credible_set(&probabilities, 1.0), [1, 2, 3, 4, 9]);
        assert!(credible_set(&[], 0.94).is_empty());
    }

    #[test]
    fn ranges_are_told_shortly() {
        assert_eq!(runs(&[3, 7, 8, 9]), "3, 7 to 9");
        assert_eq!(runs(&[1, 3, 5, 7, 9, 11]), "1, 3, 5, 7, and 2 more");
        assert_eq!(runs(&[i64::MIN, i64::MAX]).split(", ").count(), 2);
    }
}
