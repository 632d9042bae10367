//! Where draws are.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Format;
use super::csv::is_cmdstan;
use crate::RecordError;

/// The draws in the folder `path`, one entry a sampler: the path of its Zarr store, or those of its CSV files, chain by
/// chain. In a run, finished or not, they are in its folder `draws`; a store is its own.
///
/// # Errors
/// When the folder cannot be read.
pub fn draws_in(path: impl AsRef<Path>) -> Result<Vec<Vec<PathBuf>>, RecordError> {
    let path = path.as_ref();
    if is_store(path) {
        return Ok(vec![vec![path.to_path_buf()]]);
    }
    let within = path.join("draws");
    let folder = if within.is_dir() { &within } else { path };
    let failed = |source| RecordError::Read {
        path: folder.to_path_buf(),
        source,
    };
    let mut stores = Vec::new();
    let mut files: BTreeMap<String, Vec<(u64, PathBuf)>> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if is_store(&path) {
            stores.push(vec![path]);
        } else if let Some((stem, id)) = stem_and_id(&path)
            && is_cmdstan(&path).map_err(failed)?
        {
            files.entry(stem).or_default().push((id, path));
        }
    }
    stores.sort();
    stores.extend(files.into_values().map(|mut chains| {
        chains.sort();
        chains.into_iter().map(|(_, path)| path).collect()
    }));
    Ok(stores)
}

/// The one sampler's draws that `path` means.
pub(super) fn resolve(path: &Path) -> Result<Vec<PathBuf>, RecordError> {
    if !path.is_dir() || is_store(path) {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = draws_in(path)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(RecordError::NoDraws {
            path: path.to_path_buf(),
            what: "there is neither a Zarr store nor a CSV file of CmdStan in it".into(),
        }),
        _ => Err(RecordError::SeveralDraws {
            path: path.to_path_buf(),
            found: found
                .iter()
                .map(|paths| paths[0].display().to_string())
                .collect(),
        }),
    }
}

/// What is at `path`.
pub(super) fn what_is(path: &Path) -> Result<Format, RecordError> {
    let read = |source| RecordError::Read {
        path: path.to_path_buf(),
        source,
    };
    let what = if is_store(path) {
        return Ok(Format::Zarr);
    } else if fs::metadata(path).map_err(read)?.is_dir() {
        "it is no Zarr store"
    } else if is_cmdstan(path).map_err(read)? {
        return Ok(Format::Csv);
    } else {
        "it is no CSV file of CmdStan, whose columns begin with lp__"
    };
    Err(RecordError::NoDraws {
        path: path.to_path_buf(),
        what: what.into(),
    })
}

/// Whether `path` is the folder of a Zarr store.
fn is_store(path: &Path) -> bool {
    [".zgroup", ".zmetadata", "zarr.json"]
        .iter()
        .any(|name| path.join(name).is_file())
}

/// `name` and `2` of `name_2.csv`.
fn stem_and_id(path: &Path) -> Option<(String, u64)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".csv")?;
    let (stem, id) = name.rsplit_once('_')?;
    Some((stem.to_owned(), id.parse().ok()?))
}

/// What `path` holds, as JSON; `None` where there is no such file.
pub(super) fn read_json(path: &Path) -> Result<Option<serde_json::Value>, RecordError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            let path = path.to_path_buf();
            return Err(RecordError::Read { path, source });
        }
    };
    match serde_json::from_slice(&text) {
        Ok(value) => Ok(Some(value)),
        Err(source) => Err(RecordError::Decode {
            path: path.to_path_buf(),
            source,
        }),
    }
}
