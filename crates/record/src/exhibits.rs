//! `exhibits.json`: what a report of the run shows beside its comparison and draws.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{RecordError, json};

/// What a report shows of a run of switchpoint models: the series, the posterior of its switches, and the hills.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exhibits {
    /// Version of this file's own shape: [`Exhibits::FORMAT`].
    pub format: u32,
    /// What was found, in sentences, and what to make of it; empty where there is no exact answer and nothing was compared.
    pub found: Vec<String>,
    /// The series, as much of it as a figure can show.
    pub series: ShownSeries,
    /// Distribution of an observation within a regime.
    pub likelihood: String,
    /// The regime of each stretch between switches, counted from 0.
    pub regimes: Vec<usize>,
    /// Each switch.
    pub switches: Vec<ShownSwitch>,
    /// Where optimisers ended, several starts together.
    pub ends: Vec<ShownEnd>,
}

/// A series, or the least and the greatest value of each of its stretches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ShownSeries {
    /// Name of the values.
    pub name: String,
    /// Name of the times; `None` where rows have none.
    pub time: Option<String>,
    /// Rows of the whole series.
    pub n: usize,
    /// 0-based rows that are shown.
    pub rows: Vec<usize>,
    /// Their values, none missing.
    pub values: Vec<f64>,
    /// Their times; empty where rows have none.
    pub labels: Vec<String>,
}

/// One switch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ShownSwitch {
    /// Its name: `s`, or `s1`, `s2`, ..
    pub name: String,
    /// Places of it, 0-based and ascending, whose posterior probability counts.
    pub places: Vec<usize>,
    /// These probabilities; empty where there is no exact answer.
    pub probabilities: Vec<f64>,
    /// Places of the profile, 0-based and ascending.
    pub profile_places: Vec<usize>,
    /// The greatest log-likelihood with the switch there, in nats.
    pub profile: Vec<f64>,
}

/// Where starts of an optimiser ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownEnd {
    /// Name of the method.
    pub method: String,
    /// 0-based places of the switches there.
    pub switches: Vec<usize>,
    /// The log-likelihood there, in nats; null where there is none.
    pub log_likelihood: Option<f64>,
    /// What the exact answer says of it.
    pub verdict: String,
    /// How many starts ended there.
    pub n_starts: usize,
}

impl Exhibits {
    /// The format that this version writes and reads.
    pub const FORMAT: u32 = 1;
    /// Name of the file.
    pub const FILE: &str = "exhibits.json";

    /// Reads the exhibits of the run in `folder`; `None` where it has none.
    ///
    /// # Errors
    /// When there are some and they cannot be read, or have another format.
    pub fn read(folder: &Path) -> Result<Option<Self>, RecordError> {
        let path = folder.join(Self::FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let exhibits: Self = json::read(&path)?;
        if exhibits.format != Self::FORMAT {
            return Err(RecordError::Format {
                path,
                found: exhibits.format.into(),
                known: Self::FORMAT,
            });
        }
        Ok(Some(exhibits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn exhibits_come_back_and_another_format_is_refused() {
        let scratch = Scratch::new();
        let none = Exhibits::read(scratch.path()).expect("an empty folder");
        assert_eq!(none, None);
        let exhibits = Exhibits {
            format: Exhibits::FORMAT,
            found: vec!["It switched.".into()],
            regimes: vec![0, 1],
            switches: vec![ShownSwitch {
                name: "s".into(),
                places: vec![3],
                probabilities: vec![0.1 + 0.2],
                ..ShownSwitch::default()
            }],
            ..Exhibits::default()
        };
        json::write(scratch.path(), Exhibits::FILE, &exhibits).expect("there is room");
        let read = Exhibits::read(scratch.path()).expect("exhibits");
        assert_eq!(read.as_ref(), Some(&exhibits));
        let other = Exhibits {
            format: 2,
            ..exhibits
        };
        json::write(scratch.path(), Exhibits::FILE, &other).expect("there is room");
        let refused = Exhibits::read(scratch.path());
        assert!(matches!(refused, Err(RecordError::Format { found: 2, .. })));
    }
}
