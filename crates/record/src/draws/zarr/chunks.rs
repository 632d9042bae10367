//! The chunks of an array, encoded and written by `zarrs`.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use zarrs::array::{Array, ArrayError, ArrayMetadata, CodecOptions, Element};
use zarrs::storage::StorageError;

use super::hierarchy::Layout;
use crate::RecordError;
use crate::draws::folder::Folder;

/// The chunks of one array.
#[derive(Debug)]
pub(super) struct Chunks {
    array: Array<Folder>,
    options: CodecOptions,
}

/// Chunks in each dimension that the encoder is told of; the true shape is that of the metadata.
const MANY: u64 = 1 << 32;

impl Chunks {
    pub(super) fn new(folder: &Arc<Folder>, layout: &Layout) -> Result<Self, RecordError> {
        let refused = |source: Box<dyn std::error::Error + Send + Sync>| RecordError::DrawsEncode {
            path: folder.path(&layout.path),
            source,
        };
        let shape: Vec<u64> = layout.chunks.iter().map(|chunk| chunk * MANY).collect();
        let mut metadata = layout.zarray(&shape);
        if layout.dtype.starts_with("<U") {
            // `zarrs` knows no null text.
            metadata["fill_value"] = json!("");
        }
        let metadata = serde_json::from_value(metadata).map_err(|error| refused(error.into()))?;
        let array = Array::new_with_metadata(
            Arc::clone(folder),
            &format!("/{}", layout.path),
            ArrayMetadata::V2(metadata),
        )
        .map_err(|error| refused(error.into()))?;
        // Without a fill value a chunk that is missing has no values; and a thread more would only wait for this one.
        let options = CodecOptions::default()
            .with_store_empty_chunks(true)
            .with_concurrent_target(1);
        Ok(Self { array, options })
    }

    /// Writes the chunk at `index`: as many values as a chunk has.
    pub(super) fn write<T: Element>(&self, index: &[u64], values: &[T]) -> Result<(), RecordError> {
        self.array
            .store_chunk_opt(index, values, &self.options)
            .map_err(|error| self.failed(index, error))
    }

    fn failed(&self, index: &[u64], error: ArrayError) -> RecordError {
        let path: PathBuf = self
            .array
            .storage()
            .path(self.array.chunk_key(index).as_str());
        match error {
            ArrayError::StorageError(StorageError::IOError(error)) => RecordError::Write {
                path,
                source: io::Error::new(error.kind(), error),
            },
            error => RecordError::DrawsEncode {
                path,
                source: error.into(),
            },
        }
    }
}
