//! Which column is the time and which may be the value.

use csv::StringRecord;

use super::error::InputFault;
use super::{CsvOptions, time};

/// What a time column is likely to be called.
const TIME_NAMES: [&str; 11] = [
    "t",
    "time",
    "date",
    "datetime",
    "year",
    "ds",
    "timestamp",
    "index",
    "month",
    "week",
    "day",
];

/// The columns of a file by their parts.
pub(super) struct Columns {
    names: Vec<String>,
    pub(super) time: Option<usize>,
    /// The value column is one of these.
    pub(super) candidates: Vec<usize>,
}

impl Columns {
    /// Applies the rule that stands at `read_csv`.
    pub(super) fn choose(
        names: &[String],
        options: &CsvOptions,
        first: &StringRecord,
    ) -> Result<Self, InputFault> {
        let value = match &options.value {
            Some(asked) => Some(position(names, asked)?),
            None => None,
        };
        let time = match &options.time {
            Some(asked) if asked == "none" && !names.contains(asked) => None,
            Some(asked) => Some(position(names, asked)?),
            None => likely_time(names, value, first),
        };
        if time.is_some() && time == value {
            return Err(InputFault::TimeIsValue);
        }
        let candidates = match value {
            Some(column) => vec![column],
            None => (0..names.len())
                .filter(|&column| time != Some(column))
                .collect(),
        };
        Ok(Self {
            names: names.to_vec(),
            time,
            candidates,
        })
    }

    /// What to call a column; one without a name is called after its place.
    pub(super) fn name(&self, column: usize) -> String {
        label(column, self.names.get(column).map_or("", String::as_str))
    }

    pub(super) fn all_names(&self) -> Vec<String> {
        (0..self.names.len())
            .map(|column| self.name(column))
            .collect()
    }
}

fn label(column: usize, name: &str) -> String {
    if name.is_empty() {
        format!("column {}", column + 1)
    } else {
        name.into()
    }
}

fn likely_time(names: &[String], value: Option<usize>, first: &StringRecord) -> Option<usize> {
    if names.len() < 2 {
        return None;
    }
    let mut others = (0..names.len()).filter(|&column| value != Some(column));
    let by_name = others.clone().find(|&column| {
        let name = names.get(column).map_or("", String::as_str);
        // Data frames are often written with their index as a first column without a name.
        (column == 0 && name.is_empty())
            || TIME_NAMES
                .iter()
                .any(|likely| likely.eq_ignore_ascii_case(name))
    });
    by_name.or_else(|| {
        others.find(|&column| time::is_date(first.get(column).unwrap_or_default().trim()))
    })
}

/// Where the column called `asked` is.
fn position(names: &[String], asked: &str) -> Result<usize, InputFault> {
    let found = names
        .iter()
        .position(|name| name == asked && !asked.is_empty());
    found.ok_or_else(|| InputFault::UnknownColumn {
        asked: asked.into(),
        near: near(names, asked),
        columns: names
            .iter()
            .enumerate()
            .map(|(column, name)| label(column, name))
            .collect(),
    })
}

/// The name that is close enough to `asked` to be meant by it.
fn near(names: &[String], asked: &str) -> Option<String> {
    let asked = asked.trim().to_lowercase();
    let furthest = asked.chars().count() / 3;
    names
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| (edits(&name.to_lowercase(), &asked), name))
        .filter(|(edits, _)| *edits <= furthest)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name.clone())
}

/// Number of characters to insert, delete or replace to make `right` of `left` (Levenshtein's distance).
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    // The distances of what has been read of `left` to every beginning of `right`.
    let mut distances: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.chars().enumerate() {
        let mut diagonal = row;
        let mut previous = row + 1;
        for (distance, to) in distances.iter_mut().skip(1).zip(&right) {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = *distance;
            previous = replaced.min(diagonal + 1).min(previous + 1);
            *distance = previous;
        }
        if let Some(first) = distances.first_mut() {
            *first = row + 1;
        }
    }
    distances.last().copied().unwrap_or_default()
}
