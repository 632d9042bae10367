//! The folder of a Zarr store, in which a file is there whole or as it was before.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zarrs::storage::byte_range::{ByteRangeIterator, InvalidByteRangeError};
use zarrs::storage::{
    Bytes, MaybeBytesIterator, OffsetBytesIterator, ReadableStorageTraits, StorageError, StoreKey,
    StorePrefix, WritableStorageTraits,
};

/// A folder whose files are written under a temporary name and renamed.
///
/// `zarrs`'s own store writes in place: a process that is killed meanwhile would leave a torn chunk behind. And it
/// takes no path that is not Unicode.
#[derive(Debug)]
pub(in crate::draws) struct Folder(PathBuf);

impl Folder {
    pub(in crate::draws) fn new(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// The path of the file `key`.
    pub(in crate::draws) fn path(&self, key: &str) -> PathBuf {
        self.0.join(key)
    }

    /// Makes the folder `key`. Files are written to folders that were made so only: one that somebody removed does not
    /// come back as half a store.
    pub(in crate::draws) fn make(&self, key: &str) -> io::Result<()> {
        fs::create_dir(self.path(key))
    }

    /// Writes the file `key`.
    pub(in crate::draws) fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(key);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.tmp"));
        fs::write(&temporary, bytes)
            .and_then(|()| fs::rename(&temporary, &path))
            .inspect_err(|_| {
                // Best effort: no reader takes it for a part of the store.
                let _ = fs::remove_file(&temporary);
            })
    }
}

impl WritableStorageTraits for Folder {
    fn set(&self, key: &StoreKey, value: Bytes) -> Result<(), StorageError> {
        Ok(self.write(key.as_str(), &value)?)
    }

    fn set_partial_many(
        &self,
        _: &StoreKey,
        _: OffsetBytesIterator<'_>,
    ) -> Result<(), StorageError> {
        Err(StorageError::Unsupported("chunks are written whole".into()))
    }

    fn erase(&self, _: &StoreKey) -> Result<(), StorageError> {
        Err(StorageError::ReadOnly)
    }

    fn erase_prefix(&self, _: &StorePrefix) -> Result<(), StorageError> {
        Err(StorageError::ReadOnly)
    }

    fn supports_set_partial(&self) -> bool {
        false
    }
}

impl ReadableStorageTraits for Folder {
    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let bytes = match fs::read(self.path(key.as_str())) {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let size = bytes.len() as u64;
        let parts = ranges.map(move |range| {
            if range.start(size) <= range.end(size) && range.end(size) <= size {
                Ok(bytes.slice(range.to_range_usize(size)))
            } else {
                Err(InvalidByteRangeError::new(range, size).into())
            }
        });
        Ok(Some(Box::new(parts)))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        match fs::metadata(self.path(key.as_str())) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn supports_get_partial(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string())
            .collect::<Result<_, _>>()
            .expect("plain names");
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_stays() {
        let scratch = Scratch::new();
        let folder = Folder::new(scratch.path());
        folder.make("mu").expect("room");
        for value in ["first", "second, longer", "3rd"] {
            folder.write("mu/0.0", value.as_bytes()).expect("room");
            let read = fs::read_to_string(folder.path("mu/0.0")).expect("the file");
            assert_eq!(read, value);
        }
        assert_eq!(names(&folder.path("mu")), ["0.0"]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_a_removed_folder_does_not_come_back() {
        let scratch = Scratch::new();
        let folder = Folder::new(scratch.path());
        folder.make("mu").expect("room");
        folder.write("mu/0.0", b"old").expect("room");
        // Something in the way of the temporary file stands for a full disk.
        folder.make("mu/.0.0.tmp").expect("room");
        assert!(folder.write("mu/0.0", b"new").is_err());
        assert_eq!(fs::read(folder.path("mu/0.0")).expect("the file"), b"old");
        fs::remove_dir_all(folder.path("mu")).expect("it is there");
        let error = folder.write("mu/0.0", b"new").expect_err("no folder");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(names(scratch.path()), [""; 0]);
    }
}
