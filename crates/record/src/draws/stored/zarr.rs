//! Draws in a Zarr store, version 2 or 3.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};
use zarrs::array::{Array, ArrayCreateError, ArrayError, ArraySubset, ElementOwned, data_type};
use zarrs::storage::StorageError;

use super::find::read_json;
use crate::RecordError;
use crate::draws::folder::Folder;

/// The groups of a store that hold draws.
#[derive(Debug)]
pub(super) struct ZarrDraws {
    path: PathBuf,
    folder: Arc<Folder>,
    posterior: Vec<Element>,
    stats: Vec<Element>,
    n_chains: usize,
    n_draws: usize,
    attributes: Map<String, Value>,
}

/// One element of an array along `chain` and `draw`.
#[derive(Debug)]
struct Element {
    name: String,
    array: Arc<Array<Folder>>,
    /// Where it is along the further dimensions.
    index: Vec<u64>,
}

impl ZarrDraws {
    /// The store in the folder `path`.
    pub(super) fn open(path: &Path) -> Result<Self, RecordError> {
        let mut draws = Self {
            path: path.to_path_buf(),
            folder: Arc::new(Folder::new(path)),
            posterior: Vec::new(),
            stats: Vec::new(),
            n_chains: 0,
            n_draws: 0,
            attributes: Map::new(),
        };
        draws.posterior = draws.elements("posterior")?;
        draws.stats = draws.elements("sample_stats")?;
        if draws.posterior.is_empty() {
            return Err(RecordError::NoDraws {
                path: path.to_path_buf(),
                what: "it has no group posterior with arrays along chain and draw".into(),
            });
        }
        draws.measure()?;
        for group in ["", "posterior"] {
            draws.attributes.extend(attributes(&path.join(group))?);
        }
        Ok(draws)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.posterior.iter().map(|of| of.name.clone()).collect()
    }

    pub(super) fn stats(&self) -> Vec<String> {
        self.stats.iter().map(|of| of.name.clone()).collect()
    }

    pub(super) fn n_chains(&self) -> usize {
        self.n_chains
    }

    pub(super) fn n_draws(&self) -> usize {
        self.n_draws
    }

    pub(super) fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// `None` where there is no such quantity.
    pub(super) fn read(&self, name: &str) -> Option<Result<Vec<Vec<f64>>, RecordError>> {
        let element = self.posterior.iter().find(|of| of.name == name)?;
        Some(self.chains(element))
    }

    /// `None` where there is no such statistic.
    pub(super) fn read_stat(&self, name: &str) -> Option<Result<Vec<Vec<f64>>, RecordError>> {
        let element = self.stats.iter().find(|of| of.name == name)?;
        Some(self.chains(element))
    }

    /// The elements of the arrays along `chain` and `draw` in `group`; none where there is no such group.
    fn elements(&self, group: &str) -> Result<Vec<Element>, RecordError> {
        let mut elements = Vec::new();
        for name in self.array_names(group)? {
            let path = self.path.join(group).join(&name);
            let dims = dims(&path)?;
            if dims.get(..2) != Some(&["chain".to_owned(), "draw".to_owned()]) {
                continue;
            }
            let array = Array::open(Arc::clone(&self.folder), &format!("/{group}/{name}"))
                .map_err(|error| cannot_open(path.clone(), error))?;
            if array.shape().len() != dims.len() {
                return Err(RecordError::DrawsBroken {
                    path,
                    what: format!("it has {} dimensions by another name", dims.len()),
                });
            }
            let array = Arc::new(array);
            for index in indices(&array.shape()[2..]) {
                elements.push(Element {
                    name: element_name(&name, &index),
                    array: Arc::clone(&array),
                    index,
                });
            }
        }
        Ok(elements)
    }

    /// Names of what is in `group`: in the order of the consolidated metadata, then by the alphabet.
    fn array_names(&self, group: &str) -> Result<Vec<String>, RecordError> {
        let folder = self.path.join(group);
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let failed = |source| RecordError::Read {
            path: folder.clone(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if path.join(".zarray").is_file() || path.join("zarr.json").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        let all = read_json(&self.path.join(".zmetadata"))?.unwrap_or_default();
        let place = |name: &String| {
            let key = format!("{group}/{name}/.zarray");
            let mut keys = all["metadata"].as_object().into_iter().flat_map(Map::keys);
            keys.position(|known| *known == key).unwrap_or(usize::MAX)
        };
        names.sort();
        names.sort_by_cached_key(place);
        Ok(names)
    }

    /// Counts chains, and the draws that all arrays have: a killed process may have grown some of them only.
    fn measure(&mut self) -> Result<(), RecordError> {
        let length = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
        let all = || self.posterior.iter().chain(&self.stats);
        let shapes = || all().map(|of| (of, of.array.shape()));
        self.n_draws = shapes()
            .map(|(_, shape)| length(shape[1]))
            .min()
            .unwrap_or(0);
        self.n_chains = shapes()
            .map(|(_, shape)| length(shape[0]))
            .next()
            .unwrap_or(0);
        let other = shapes().find(|(_, shape)| length(shape[0]) != self.n_chains);
        match other {
            None => Ok(()),
            Some((of, shape)) => Err(RecordError::DrawsBroken {
                path: self
                    .path
                    .join(of.array.path().as_str().trim_start_matches('/')),
                what: format!("it has {} chains, others have {}", shape[0], self.n_chains),
            }),
        }
    }

    fn chains(&self, element: &Element) -> Result<Vec<Vec<f64>>, RecordError> {
        if self.n_draws == 0 {
            return Ok(vec![Vec::new(); self.n_chains]);
        }
        let index = element.index.iter().map(|at| *at..*at + 1);
        let ranges = [0..self.n_chains as u64, 0..self.n_draws as u64];
        let ranges: Vec<_> = ranges.into_iter().chain(index).collect();
        let subset = ArraySubset::new_with_ranges(&ranges);
        self.check_chunks(&element.array, &subset)?;
        let values = self.values(&element.array, &subset)?;
        Ok(values.chunks(self.n_draws).map(<[f64]>::to_vec).collect())
    }

    /// That the chunks of `subset` are there, in a store that was written here. Others leave out those that hold
    /// nothing but the fill value.
    fn check_chunks(&self, array: &Array<Folder>, subset: &ArraySubset) -> Result<(), RecordError> {
        if self.attributes.get("inference_library") != Some(&Value::from("switchback")) {
            return Ok(());
        }
        let chunks = array.chunks_in_array_subset(subset).ok().flatten();
        for index in chunks.iter().flat_map(ArraySubset::indices) {
            let path = self.folder.path(array.chunk_key(&index).as_str());
            if !path.is_file() {
                return Err(RecordError::DrawsBroken {
                    path,
                    what: "the chunk is missing".into(),
                });
            }
        }
        Ok(())
    }

    fn values(&self, array: &Array<Folder>, subset: &ArraySubset) -> Result<Vec<f64>, RecordError> {
        let path = || {
            self.path
                .join(array.path().as_str().trim_start_matches('/'))
        };
        let kind = array.data_type();
        let values = if *kind == data_type::float64() {
            array.retrieve_array_subset(subset)
        } else if *kind == data_type::float32() {
            as_f64::<f32>(array, subset, f64::from)
        } else if *kind == data_type::bool() {
            as_f64::<bool>(array, subset, f64::from)
        } else if *kind == data_type::int64() {
            as_f64::<i64>(array, subset, |value| value as f64)
        } else if *kind == data_type::int32() {
            as_f64::<i32>(array, subset, f64::from)
        } else if *kind == data_type::int16() {
            as_f64::<i16>(array, subset, f64::from)
        } else if *kind == data_type::int8() {
            as_f64::<i8>(array, subset, f64::from)
        } else if *kind == data_type::uint64() {
            as_f64::<u64>(array, subset, |value| value as f64)
        } else if *kind == data_type::uint32() {
            as_f64::<u32>(array, subset, f64::from)
        } else if *kind == data_type::uint16() {
            as_f64::<u16>(array, subset, f64::from)
        } else if *kind == data_type::uint8() {
            as_f64::<u8>(array, subset, f64::from)
        } else {
            return Err(RecordError::DrawsBroken {
                path: path(),
                what: format!("its values are no numbers but {kind:?}"),
            });
        };
        values.map_err(|error| match error {
            ArrayError::StorageError(StorageError::IOError(error)) => RecordError::Read {
                path: path(),
                source: std::io::Error::new(error.kind(), error),
            },
            error => RecordError::DrawsBroken {
                path: path(),
                what: error.to_string(),
            },
        })
    }
}

fn as_f64<T: ElementOwned>(
    array: &Array<Folder>,
    subset: &ArraySubset,
    convert: impl Fn(T) -> f64,
) -> Result<Vec<f64>, ArrayError> {
    let values: Vec<T> = array.retrieve_array_subset(subset)?;
    Ok(values.into_iter().map(convert).collect())
}

fn cannot_open(path: PathBuf, error: ArrayCreateError) -> RecordError {
    match error {
        ArrayCreateError::StorageError(StorageError::IOError(error)) => RecordError::Read {
            path,
            source: std::io::Error::new(error.kind(), error),
        },
        ArrayCreateError::StorageError(error) => RecordError::DrawsBroken {
            path,
            what: error.to_string(),
        },
        error => RecordError::DrawsDecode {
            path,
            source: Box::new(error),
        },
    }
}

/// Names of the dimensions of the array in the folder `path`: xarray's, of either version of Zarr.
fn dims(path: &Path) -> Result<Vec<String>, RecordError> {
    let names = match read_json(&path.join("zarr.json"))? {
        Some(mut metadata) => metadata["dimension_names"].take(),
        None => attributes(path)?
            .remove("_ARRAY_DIMENSIONS")
            .unwrap_or_default(),
    };
    let names = names.as_array().into_iter().flatten();
    Ok(names
        .map(|name| name.as_str().unwrap_or_default().to_owned())
        .collect())
}

/// The attributes of the group or array in the folder `path`.
fn attributes(path: &Path) -> Result<Map<String, Value>, RecordError> {
    let attributes = match read_json(&path.join("zarr.json"))? {
        Some(mut metadata) => Some(metadata["attributes"].take()),
        None => read_json(&path.join(".zattrs"))?,
    };
    match attributes {
        Some(Value::Object(attributes)) => Ok(attributes),
        _ => Ok(Map::new()),
    }
}

/// Every index of an array of `shape`, the last dimension fastest.
fn indices(shape: &[u64]) -> Vec<Vec<u64>> {
    shape.iter().fold(vec![Vec::new()], |found, length| {
        let longer = |index: &Vec<u64>| {
            let index = index.clone();
            (0..*length).map(move |at| [&index[..], &[at]].concat())
        };
        found.iter().flat_map(longer).collect()
    })
}

/// The name of an array's element, as ArviZ's tables have it without coordinates: `theta[0, 2]` there, no blank here.
fn element_name(name: &str, index: &[u64]) -> String {
    if index.is_empty() {
        return name.to_owned();
    }
    let index: Vec<String> = index.iter().map(u64::to_string).collect();
    format!("{name}[{}]", index.join(","))
}
