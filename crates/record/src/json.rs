//! JSON files: written whole or not at all, and read back.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::RecordError;

/// Writes `value` to `folder/name`, whole or not at all.
pub(crate) fn write<T: Serialize + ?Sized>(
    folder: &Path,
    name: &str,
    value: &T,
) -> Result<(), RecordError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|source| RecordError::Encode {
        path: folder.join(name),
        source,
    })?;
    text.push(b'\n');
    write_bytes(folder, name, &text)
}

/// Writes `bytes` to `folder/name` under a temporary name, brings them to the disk and renames it.
pub(crate) fn write_bytes(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), RecordError> {
    let path = folder.join(name);
    let temporary = folder.join(format!(".{name}.tmp"));
    write_synced(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, &path))
        .map_err(|source| {
            // Best effort: a leftover under this name is overwritten by the next attempt.
            let _ = fs::remove_file(&temporary);
            RecordError::Write { path, source }
        })?;
    sync_folder(folder);
    Ok(())
}

/// Reads the JSON file `path`.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, RecordError> {
    let text = fs::read(path).map_err(|source| RecordError::Read {
        path: path.to_path_buf(),
        source,
    })?;
    serde_json::from_slice(&text).map_err(|source| RecordError::Decode {
        path: path.to_path_buf(),
        source,
    })
}

/// Brings the names in `folder` to the disk, as far as the system can do that for a folder.
pub(crate) fn sync_folder(folder: &Path) {
    // Best effort: the rename before it stands, and not every file system lets a folder be synced.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
