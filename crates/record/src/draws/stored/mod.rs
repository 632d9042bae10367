//! Draws on the disk, read one quantity at a time.

mod csv;
mod find;
mod zarr;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use switchback_core::{DrawSource, DrawSourceError};

use self::csv::CsvDraws;
pub use self::find::draws_in;
use self::find::{resolve, what_is};
use self::zarr::ZarrDraws;
use crate::RecordError;

/// Draws on the disk: a Zarr store in ArviZ's layout, or CmdStan's CSV files, whoever wrote them.
///
/// What a killed process left can be read too. Only one quantity is in memory at a time.
#[derive(Debug)]
pub struct StoredDraws(Source);

#[derive(Debug)]
enum Source {
    Zarr(ZarrDraws),
    Csv(CsvDraws),
}

/// Whether a file of draws is a store or CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Zarr,
    Csv,
}

impl StoredDraws {
    /// Opens the draws at `path`: a Zarr store, a CSV file of CmdStan, a folder of its files, or a run, finished or
    /// not, whose folder `draws` has those of one sampler.
    ///
    /// Arrays must lie along `chain` and `draw`; one that lies along more is taken apart into its elements, named as
    /// in `theta[0,2]`. What is compressed by other means than gzip and zlib cannot be read.
    ///
    /// # Errors
    /// When there are no draws, or those of several samplers (see [`draws_in`]); when they cannot be read, or
    /// contradict themselves.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        let path = path.as_ref();
        Self::open_all(&resolve(path)?)
    }

    /// Opens the draws that are in `paths`: one Zarr store, or the CSV files of several chains in that order.
    ///
    /// # Errors
    /// As [`StoredDraws::open`].
    pub fn open_all(paths: &[PathBuf]) -> Result<Self, RecordError> {
        let formats = paths
            .iter()
            .map(|path| what_is(path))
            .collect::<Result<Vec<_>, _>>()?;
        match (&formats[..], paths) {
            ([Format::Zarr], [path]) => Ok(Self(Source::Zarr(ZarrDraws::open(path)?))),
            (formats, [first, ..]) => match formats.iter().position(|of| *of == Format::Zarr) {
                None => Ok(Self(Source::Csv(CsvDraws::open(paths)?))),
                Some(_) => Err(RecordError::SeveralDraws {
                    path: first.clone(),
                    found: paths
                        .iter()
                        .map(|path| path.display().to_string())
                        .collect(),
                }),
            },
            (_, []) => Err(RecordError::NoDraws {
                path: PathBuf::new(),
                what: "no path is given".into(),
            }),
        }
    }

    /// The store, or the first of the files.
    pub fn path(&self) -> &Path {
        match &self.0 {
            Source::Zarr(draws) => draws.path(),
            Source::Csv(draws) => draws.path(),
        }
    }

    /// Names of the quantities.
    pub fn names(&self) -> Vec<String> {
        match &self.0 {
            Source::Zarr(draws) => draws.names(),
            Source::Csv(draws) => draws.names(),
        }
    }

    /// Names of the sampler's statistics, as ArviZ calls them.
    pub fn stats(&self) -> Vec<String> {
        match &self.0 {
            Source::Zarr(draws) => draws.stats(),
            Source::Csv(draws) => draws.stats(),
        }
    }

    /// Number of chains.
    pub fn n_chains(&self) -> usize {
        match &self.0 {
            Source::Zarr(draws) => draws.n_chains(),
            Source::Csv(draws) => draws.n_chains(),
        }
    }

    /// Draws that every chain has of everything, warm-up not counted.
    pub fn n_draws(&self) -> usize {
        match &self.0 {
            Source::Zarr(draws) => draws.n_draws(),
            Source::Csv(draws) => draws.n_draws(),
        }
    }

    /// What is told of where they are from: ArviZ's attributes, or the head of the CSV file, in which every value is a
    /// text.
    pub fn attributes(&self) -> &Map<String, Value> {
        match &self.0 {
            Source::Zarr(draws) => draws.attributes(),
            Source::Csv(draws) => draws.attributes(),
        }
    }

    /// Name of the sampler, where it is told.
    pub fn sampler(&self) -> Option<&str> {
        let attributes = self.attributes();
        ["sampler", "engine", "algorithm"]
            .iter()
            .find_map(|key| attributes.get(*key)?.as_str())
    }

    /// The draws of quantity `name`, `n_draws` a chain.
    ///
    /// # Errors
    /// When no quantity has that name, or they cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<Vec<f64>>, RecordError> {
        match &self.0 {
            Source::Zarr(draws) => draws.read(name),
            Source::Csv(draws) => draws.read(name),
        }
        .unwrap_or_else(|| self.unknown(name, self.names()))
    }

    /// The sampler's statistic `name` (`diverging`, `energy`, `tree_depth`, ...; flags are 0 and 1), `n_draws` a chain.
    ///
    /// # Errors
    /// When there is none of that name, or it cannot be read.
    pub fn read_stat(&self, name: &str) -> Result<Vec<Vec<f64>>, RecordError> {
        match &self.0 {
            Source::Zarr(draws) => draws.read_stat(name),
            Source::Csv(draws) => draws.read_stat(name),
        }
        .unwrap_or_else(|| self.unknown(name, self.stats()))
    }

    fn unknown<T>(&self, name: &str, known: Vec<String>) -> Result<T, RecordError> {
        Err(RecordError::UnknownQuantity {
            path: self.path().to_path_buf(),
            name: name.to_owned(),
            known,
        })
    }
}

impl DrawSource for StoredDraws {
    fn names(&self) -> Vec<String> {
        self.names()
    }

    fn n_chains(&self) -> usize {
        self.n_chains()
    }

    fn n_draws(&self) -> usize {
        self.n_draws()
    }

    fn read(&self, name: &str) -> Result<Vec<Vec<f64>>, DrawSourceError> {
        self.read(name).map_err(|error| match error {
            RecordError::UnknownQuantity { name, known, .. } => {
                DrawSourceError::Unknown { name, known }
            }
            error => DrawSourceError::Read {
                name: name.to_owned(),
                source: Box::new(error),
            },
        })
    }
}
