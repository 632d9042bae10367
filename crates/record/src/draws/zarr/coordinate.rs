//! What observations lie along: the user's times, as the numbers that they are or else as text.

use std::sync::Arc;

use switchback_core::Series;

use super::chunks::Chunks;
use super::hierarchy::{Hierarchy, Layout};
use crate::RecordError;
use crate::draws::folder::Folder;

/// Name and values of a coordinate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Coordinate {
    pub(super) name: String,
    pub(super) values: Labels,
}

/// Values of a coordinate, one an observation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Labels {
    Whole(Vec<i64>),
    Real(Vec<f64>),
    Text(Vec<String>),
}

impl Coordinate {
    /// The times of `series`, called as their column is where nothing else has that name; without times the clock
    /// `1..=n`.
    pub(super) fn of(series: &Series) -> Self {
        let Some(times) = series.times() else {
            let clock = (1..).take(series.len()).collect();
            return Self::called("t", series, Labels::Whole(clock));
        };
        Self::called(&times.name, series, Labels::read(&times.labels))
    }

    fn called(name: &str, series: &Series, values: Labels) -> Self {
        let mut name = plain(name);
        while ["chain", "draw", &plain(series.name())].contains(&name.as_str()) {
            name.push_str("_time");
        }
        Self { name, values }
    }

    /// The same coordinate with those of its values whose index is among `indices`.
    pub(super) fn at(&self, indices: &[usize]) -> Self {
        fn pick<T: Clone>(values: &[T], indices: &[usize]) -> Vec<T> {
            indices.iter().map(|index| values[*index].clone()).collect()
        }
        let values = match &self.values {
            Labels::Whole(values) => Labels::Whole(pick(values, indices)),
            Labels::Real(values) => Labels::Real(pick(values, indices)),
            Labels::Text(values) => Labels::Text(pick(values, indices)),
        };
        let name = self.name.clone();
        Self { name, values }
    }

    /// Writes it into `group`.
    pub(super) fn write(
        &self,
        folder: &Arc<Folder>,
        hierarchy: &mut Hierarchy,
        group: &str,
    ) -> Result<(), RecordError> {
        let shape = [self.values.len() as u64];
        let layout = Layout {
            path: format!("{group}/{}", self.name),
            dims: vec![self.name.clone()],
            chunks: shape.to_vec(),
            dtype: self.values.dtype(),
        };
        hierarchy.add_array(&layout, &shape)?;
        let chunks = Chunks::new(folder, &layout)?;
        match &self.values {
            Labels::Whole(values) => chunks.write(&[0], values),
            Labels::Real(values) => chunks.write(&[0], values),
            Labels::Text(values) => {
                let values: Vec<Vec<char>> =
                    values.iter().map(|text| text.chars().collect()).collect();
                chunks.write(&[0], &values)
            }
        }
    }
}

impl Labels {
    /// What `texts` say: whole numbers, finite numbers, or themselves.
    fn read(texts: &switchback_core::Labels) -> Self {
        fn all<T: std::str::FromStr>(texts: &switchback_core::Labels) -> Option<Vec<T>> {
            texts.iter().map(|text| text.trim().parse().ok()).collect()
        }
        if let Some(values) = all(texts) {
            return Self::Whole(values);
        }
        match all::<f64>(texts) {
            Some(values) if values.iter().all(|value| value.is_finite()) => Self::Real(values),
            _ => Self::Text(texts.iter().map(String::from).collect()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Whole(values) => values.len(),
            Self::Real(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    fn dtype(&self) -> String {
        match self {
            Self::Whole(_) => "<i8".into(),
            Self::Real(_) => "<f8".into(),
            Self::Text(values) => {
                let longest = values.iter().map(|text| text.chars().count()).max();
                format!("<U{}", longest.unwrap_or(0).max(1))
            }
        }
    }
}

/// `name` as the name of an array: what a path cannot hold is replaced.
pub(super) fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c == '/' || c == '\\' || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .collect();
    // Names that begin so are not those of arrays.
    if plain.is_empty() || plain.starts_with('.') || plain.starts_with("__") {
        format!("y{plain}")
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use switchback_core::Times;

    use super::*;

    fn series(times: Option<(&str, [&str; 3])>) -> Series {
        let series = Series::new("y", &[Some(1.0), None, Some(3.0)]).expect("a series");
        match times {
            None => series,
            Some((name, labels)) => {
                let labels = labels.into_iter().collect();
                let name = name.to_owned();
                series.with_times(Times { name, labels }).expect("times")
            }
        }
    }

    #[test]
    fn labels_are_numbers_where_all_of_them_are() {
        for (labels, expected) in [
            (["1851", "1852", "-3"], Labels::Whole(vec![1851, 1852, -3])),
            (["0.5", "1", "1e3"], Labels::Real(vec![0.5, 1.0, 1e3])),
            (
                ["2026-01-01", "2", "3"],
                Labels::Text(["2026-01-01", "2", "3"].map(String::from).to_vec()),
            ),
            (
                ["1", "2", "inf"],
                Labels::Text(["1", "2", "inf"].map(String::from).to_vec()),
            ),
        ] {
            let coordinate = Coordinate::of(&series(Some(("year", labels))));
            assert_eq!(
                (coordinate.name.as_str(), &coordinate.values),
                ("year", &expected)
            );
        }
        let clock = Coordinate::of(&series(None));
        assert_eq!(clock.values, Labels::Whole(vec![1, 2, 3]));
        assert_eq!(clock.at(&[0, 2]).values, Labels::Whole(vec![1, 3]));
    }

    #[test]
    fn a_coordinate_has_a_plain_name_of_its_own() {
        for (given, expected) in [
            ("draw", "draw_time"),
            ("chain", "chain_time"),
            ("y", "y_time"),
            ("a/b\\c", "a_b_c"),
            ("", "y_time"),
            ("..", "y.."),
            ("__t", "y__t"),
        ] {
            let coordinate = Coordinate::of(&series(Some((given, ["1", "2", "3"]))));
            assert_eq!(coordinate.name, expected);
        }
    }

    #[test]
    fn texts_are_as_wide_as_the_longest_in_characters() {
        let texts = Labels::Text(vec!["é".into(), "日本語".into(), String::new()]);
        assert_eq!(texts.dtype(), "<U3");
        assert_eq!(Labels::Text(vec![String::new()]).dtype(), "<U1");
    }
}
