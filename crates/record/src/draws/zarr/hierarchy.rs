//! Groups and arrays of a store, as Zarr version 2 describes them.
//!
//! Zarr V2 specification, <https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html>; the consolidated copy of all
//! metadata in `.zmetadata` is what ArviZ and xarray ask for first. It is one file, so that all arrays grow at one
//! instant for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::RecordError;
use crate::draws::folder::Folder;

/// What an array is, but for its shape.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// `group/name`.
    pub(super) path: String,
    /// Names of its dimensions.
    pub(super) dims: Vec<String>,
    /// Length of a chunk in each dimension.
    pub(super) chunks: Vec<u64>,
    /// Type of its values, as NumPy spells it.
    pub(super) dtype: String,
}

impl Layout {
    /// What `.zarray` says of it.
    ///
    /// The fill value is null: xarray would take any other for the mark of a missing value, and turn whole numbers
    /// that equal it into NaN. Every chunk is written, so that it never shows.
    pub(super) fn zarray(&self, shape: &[u64]) -> Value {
        json!({
            "zarr_format": 2,
            "shape": shape,
            "chunks": self.chunks,
            "dtype": self.dtype,
            "compressor": {"id": "gzip", "level": 1},
            "fill_value": null,
            "order": "C",
            "filters": null,
            "dimension_separator": ".",
        })
    }
}

/// The metadata of a store, each part by the name of its file.
#[derive(Debug)]
pub(super) struct Hierarchy {
    folder: Arc<Folder>,
    entries: Map<String, Value>,
    /// Files that are behind their entry.
    changed: BTreeSet<String>,
}

impl Hierarchy {
    /// The root group, with `attributes`.
    pub(super) fn new(folder: Arc<Folder>, attributes: &Map<String, Value>) -> Self {
        let mut this = Self {
            folder,
            entries: Map::new(),
            changed: BTreeSet::new(),
        };
        this.set(".zgroup".into(), json!({"zarr_format": 2}));
        this.set(".zattrs".into(), Value::Object(attributes.clone()));
        this
    }

    /// A group, with its folder.
    pub(super) fn add_group(
        &mut self,
        name: &str,
        attributes: &Map<String, Value>,
    ) -> Result<(), RecordError> {
        self.make(name)?;
        self.set(format!("{name}/.zgroup"), json!({"zarr_format": 2}));
        self.set(format!("{name}/.zattrs"), Value::Object(attributes.clone()));
        Ok(())
    }

    /// An array in a group that is there, with its folder.
    pub(super) fn add_array(&mut self, layout: &Layout, shape: &[u64]) -> Result<(), RecordError> {
        let path = &layout.path;
        self.make(path)?;
        self.set(format!("{path}/.zarray"), layout.zarray(shape));
        self.set(
            format!("{path}/.zattrs"),
            json!({"_ARRAY_DIMENSIONS": layout.dims}),
        );
        Ok(())
    }

    /// Gives an array another shape.
    pub(super) fn set_shape(&mut self, layout: &Layout, shape: &[u64]) {
        self.set(format!("{}/.zarray", layout.path), layout.zarray(shape));
    }

    /// Writes what changed: the consolidated file first, which is what readers go by.
    pub(super) fn store(&mut self) -> Result<(), RecordError> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let all = json!({"zarr_consolidated_format": 1, "metadata": self.entries});
        self.write(".zmetadata", &all)?;
        while let Some(key) = self.changed.pop_first() {
            self.write(&key, &self.entries[&key])?;
        }
        Ok(())
    }

    fn set(&mut self, key: String, value: Value) {
        self.changed.insert(key.clone());
        self.entries.insert(key, value);
    }

    fn make(&self, key: &str) -> Result<(), RecordError> {
        self.folder.make(key).map_err(|source| RecordError::Write {
            path: self.folder.path(key),
            source,
        })
    }

    fn write(&self, key: &str, value: &Value) -> Result<(), RecordError> {
        self.folder
            .write(key, value.to_string().as_bytes())
            .map_err(|source| RecordError::Write {
                path: self.folder.path(key),
                source,
            })
    }
}
