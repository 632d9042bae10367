//! `manifest.json`: what a run was made from, by what, and how it ended.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchback_core::Series;

use crate::{RecordError, json, sha256};

/// What a run was made from, by what, and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this file's own shape: [`Manifest::FORMAT`].
    pub format: u32,
    /// Name of the run.
    pub name: String,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// When the run began; RFC 3339 in UTC.
    #[serde(with = "rfc3339")]
    pub created_at: Timestamp,
    /// When it ended; RFC 3339 in UTC.
    #[serde(with = "rfc3339")]
    pub finished_at: Timestamp,
    /// How it ended.
    pub status: Status,
    /// Whether nothing said not to trust it; `None` in runs from before this was kept.
    #[serde(default)]
    pub is_trusted: Option<bool>,
    /// Version of switchback.
    pub switchback: String,
    /// The series; `None` where series were simulated.
    pub series: Option<SeriesInfo>,
    /// Every setting, by name.
    pub settings: Map<String, Value>,
    /// Seed of every random stream.
    pub seed: u64,
    /// The prior: its name, or a map of parameter to density.
    pub prior: Value,
    /// The methods, in the order in which they ran.
    pub methods: Vec<MethodInfo>,
    /// The machine.
    pub platform: Platform,
}

impl Manifest {
    /// The format that this version writes and reads.
    pub const FORMAT: u32 = 1;

    /// Reads a `manifest.json`.
    ///
    /// # Errors
    /// When it cannot be read, is not a manifest, or has another format.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Format {
            format: u64,
        }

        let path = path.as_ref();
        let Format { format } = json::read(path)?;
        if format != u64::from(Self::FORMAT) {
            return Err(RecordError::Format {
                path: path.to_path_buf(),
                found: format,
                known: Self::FORMAT,
            });
        }
        json::read(path)
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Every method ran to its end.
    Complete,
    /// It was asked to end before that.
    Interrupted,
    /// It could not go on.
    Failed,
}

/// The series of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesInfo {
    /// Its name.
    pub name: String,
    /// The file it came from.
    pub path: Option<String>,
    /// Rows, missing ones included.
    pub n: usize,
    /// Observations that are not missing.
    pub n_observed: usize,
    /// Digest of its values, see [`sha256`].
    pub sha256: String,
    /// Name of the column of times.
    pub time_column: Option<String>,
}

impl SeriesInfo {
    /// What the manifest says of `series`, which was read from `path`.
    pub fn of(series: &Series, path: Option<&Path>) -> Self {
        Self {
            name: series.name().to_owned(),
            path: path.map(|path| path.display().to_string()),
            n: series.len(),
            n_observed: series.n_observed(),
            sha256: sha256(series.values()),
            time_column: series.times().map(|times| times.name.clone()),
        }
    }
}

/// One method of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodInfo {
    /// Its name, also that of its folder.
    pub method: String,
    /// What evaluated the density.
    pub engine: String,
    /// Where that ran.
    pub device: String,
    /// Why it ended; null for a method that does not iterate.
    pub stop: Option<String>,
    /// Steps taken.
    pub steps: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// The machine of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
}

impl Platform {
    /// The machine that this was built for.
    pub fn current() -> Self {
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
        }
    }
}

/// A point in time as RFC 3339 text.
pub(crate) mod rfc3339 {
    use jiff::Timestamp;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        time: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(time)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! A manifest like that of a run.

    use super::*;

    /// A manifest with every field filled.
    pub(crate) fn manifest() -> Manifest {
        let series = Series::new("y", &[Some(1.0), None, Some(3.0)]).expect("two are observed");
        let settings = serde_json::json!({"learning_rate": 0.01, "steps": 35_000});
        Manifest {
            format: Manifest::FORMAT,
            name: "deck".into(),
            command: vec!["switchback".into(), "compare".into()],
            created_at: "2026-01-02T03:04:05Z".parse().expect("a time"),
            finished_at: "2026-01-02T03:04:06.5Z".parse().expect("a time"),
            status: Status::Complete,
            is_trusted: Some(true),
            switchback: "0.1.0".into(),
            series: Some(SeriesInfo::of(&series, Some(Path::new("data/y.csv")))),
            settings: settings.as_object().expect("a map").clone(),
            seed: u64::MAX,
            prior: "deck".into(),
            methods: vec![MethodInfo {
                method: "adam".into(),
                engine: "fused".into(),
                device: "cpu".into(),
                stop: Some("completed".into()),
                steps: 35_000,
                seconds: 0.1,
            }],
            platform: Platform::current(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use switchback_core::Times;

    use super::testing::manifest;
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn the_file_says_what_the_format_says() {
        let text = serde_json::to_value(manifest()).expect("a map");
        let keys: Vec<&str> = text
            .as_object()
            .expect("a map")
            .keys()
            .map(String::as_str)
            .collect();
        let expected = "format name command created_at finished_at status is_trusted switchback series settings \
                        seed prior methods platform";
        assert_eq!(keys, expected.split_whitespace().collect::<Vec<_>>());
        assert_eq!(text["format"], 1);
        assert_eq!(text["created_at"], "2026-01-02T03:04:05Z");
        assert_eq!(text["finished_at"], "2026-01-02T03:04:06.5Z");
        assert_eq!(text["status"], "complete");
        assert_eq!(text["series"]["path"], "data/y.csv");
        assert_eq!(text["series"]["n"], 3);
        assert_eq!(text["series"]["n_observed"], 2);
        assert!(text["series"]["time_column"].is_null());
        assert_eq!(text["methods"][0]["stop"], "completed");
    }

    #[test]
    fn a_series_with_times_names_their_column() {
        let series = Series::new("y", &[Some(1.0), Some(2.0)]).expect("two are observed");
        let times = Times {
            name: "year".into(),
            labels: vec!["1851", "1852"].into(),
        };
        let series = series.with_times(times).expect("two labels");
        let info = SeriesInfo::of(&series, None);
        assert_eq!(info.time_column.as_deref(), Some("year"));
        assert_eq!(info.path, None);
        assert_eq!(info.sha256, sha256(&[1.0, 2.0]));
    }

    #[test]
    fn what_is_no_manifest_is_an_error_with_its_path() {
        let scratch = Scratch::new();
        let path = scratch.path().join("manifest.json");
        let outcome = Manifest::read(&path);
        assert!(matches!(&outcome, Err(RecordError::Read { path: at, .. }) if *at == path));
        fs::write(&path, "{\"format\": 1,").expect("room");
        let outcome = Manifest::read(&path);
        assert!(matches!(&outcome, Err(RecordError::Decode { path: at, .. }) if *at == path));
        fs::write(&path, "{\"format\": 2, \"rows\": []}").expect("room");
        let outcome = Manifest::read(&path);
        assert!(matches!(
            outcome,
            Err(RecordError::Format {
                found: 2,
                known: 1,
                ..
            })
        ));
    }
}
