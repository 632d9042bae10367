//! What a run keeps for its report beside its comparison: the series, the switches' posterior and profile, the ends.

use switchback::core::Series;
use switchback::models::{Exact, HardPeaks, SwitchModel};
use switchback::record::{Exhibits, ShownEnd, ShownSeries, ShownSwitch};

use super::answer::Answer;
use super::failure::Failure;
use super::rows;

/// Rows of a series that are kept; of a longer one the least and the greatest of each stretch.
const MOST_ROWS: usize = 4_000;
/// Places of a profile that are kept; of a longer one the highest of each stretch.
const MOST_PLACES: usize = 2_000;
/// A probability below this is not seen.
const LEAST: f64 = 1e-6;

/// What is known of a run when it ends.
pub struct Known<'a> {
    /// The series.
    pub series: &'a Series,
    /// The model.
    pub model: &'a SwitchModel,
    /// The exact answer, where there is one.
    pub exact: Option<&'a Exact>,
    /// The hills of the hard likelihood, where they were looked for.
    pub peaks: Option<&'a HardPeaks>,
    /// Where optimisers ended.
    pub ends: Vec<ShownEnd>,
}

impl Known<'_> {
    /// The exhibits of the run.
    ///
    /// # Errors
    /// Never for what the referee has answered.
    pub fn exhibits(self) -> Result<Exhibits, Failure> {
        let names = self.model.switch_names("s").into_iter().enumerate();
        let found = match self.exact {
            Some(exact) => rows::headline(self.series, exact)?,
            None => String::new(),
        };
        Ok(Exhibits {
            format: Exhibits::FORMAT,
            found: sentences(&found),
            series: shown_series(self.series),
            likelihood: self.model.likelihood().as_str().to_owned(),
            regimes: self.model.regimes().of_stretch().to_vec(),
            switches: names
                .map(|(k, name)| shown_switch(name, k, self.exact, self.peaks))
                .collect(),
            ends: self.ends,
        })
    }
}

/// The lines of `text`; one that ends in a semicolon goes on in the next.
fn sentences(text: &str) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for line in text.lines() {
        match sentences.last_mut().filter(|so_far| so_far.ends_with(';')) {
            Some(so_far) => *so_far += &format!(" {line}"),
            None => sentences.push(line.to_owned()),
        }
    }
    sentences
}

/// Where the starts of `answers` ended, optimum by optimum.
pub fn ends(answers: &[Answer]) -> Vec<ShownEnd> {
    let of_each = answers.iter().flat_map(|answer| {
        answer.optima.iter().map(|optimum| ShownEnd {
            method: answer.method.clone(),
            switches: optimum.judgement.switches.clone(),
            log_likelihood: optimum
                .judgement
                .log_likelihood
                .filter(|value| value.is_finite()),
            verdict: optimum.judgement.verdict.to_string(),
            n_starts: optimum.starts.len(),
        })
    });
    of_each.collect()
}

fn shown_series(series: &Series) -> ShownSeries {
    let values = series.values();
    let observed = values.iter().enumerate().filter(|(_, y)| !y.is_nan());
    let observed: Vec<usize> = observed.map(|(row, _)| row).collect();
    let rows = if observed.len() <= MOST_ROWS {
        observed
    } else {
        let stretch = observed.len().div_ceil(MOST_ROWS / 2);
        let by_value = |a: &&usize, b: &&usize| values[**a].total_cmp(&values[**b]);
        let mut rows = Vec::new();
        for stretch in observed.chunks(stretch) {
            rows.extend(stretch.iter().min_by(by_value));
            rows.extend(stretch.iter().max_by(by_value));
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    };
    let labels = rows.iter().filter_map(|row| series.label(*row));
    ShownSeries {
        name: series.name().to_owned(),
        time: series.times().map(|times| times.name.clone()),
        n: series.len(),
        values: rows.iter().map(|row| values[*row]).collect(),
        labels: labels.map(str::to_owned).collect(),
        rows,
    }
}

fn shown_switch(
    name: String,
    k: usize,
    exact: Option<&Exact>,
    peaks: Option<&HardPeaks>,
) -> ShownSwitch {
    let of_exact = exact.and_then(|exact| exact.switch_posterior.get(k));
    let possible = of_exact.into_iter().flatten().copied().enumerate();
    let mut possible: Vec<(usize, f64)> = possible.filter(|(_, p)| *p > LEAST).collect();
    if possible.len() > MOST_PLACES {
        possible.sort_by(|a, b| b.1.total_cmp(&a.1));
        possible.truncate(MOST_PLACES);
        possible.sort_by_key(|(place, _)| *place);
    }
    let profile = peaks.map_or(&[][..], |peaks| peaks.profile(k));
    let heights = profile.iter().copied().enumerate();
    let heights: Vec<(usize, f64)> = heights.filter(|(_, height)| height.is_finite()).collect();
    let stretch = heights.len().div_ceil(MOST_PLACES).max(1);
    let highest = heights
        .chunks(stretch)
        .filter_map(|stretch| stretch.iter().max_by(|a, b| a.1.total_cmp(&b.1)))
        .copied();
    let (profile_places, profile) = highest.unzip();
    let (places, probabilities) = possible.into_iter().unzip();
    ShownSwitch {
        name,
        places,
        probabilities,
        profile_places,
        profile,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_goes_on_after_a_semicolon() {
        let found = sentences("One.\nIt begins;\nand ends;\nso.\nTwo.\n");
        assert_eq!(found, ["One.", "It begins; and ends; so.", "Two."]);
    }

    #[test]
    fn a_long_series_keeps_the_ends_of_its_stretches() {
        let mut values = vec![1.0; 100_000];
        (values[12_345], values[67_890], values[5]) = (9.0, -9.0, f64::NAN);
        let series = Series::from_values("y", values).expect("a series");
        let shown = shown_series(&series);
        assert!(shown.rows.len() <= MOST_ROWS && shown.n == 100_000);
        assert!(shown.rows.is_sorted() && !shown.rows.contains(&5));
        for (row, value) in [(12_345, 9.0), (67_890, -9.0)] {
            let at = shown.rows.iter().position(|known| *known == row);
            assert_eq!(at.map(|at| shown.values[at]), Some(value));
        }
        assert!(shown.labels.is_empty());
    }
}
