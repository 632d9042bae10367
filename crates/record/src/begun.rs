//! `begun.json`: what an unfinished run is, while there is no manifest.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::manifest::rfc3339;
use crate::{RecordError, json};

/// What is known of a run when it begins. [`RunFolder::finish`](crate::RunFolder::finish) takes it away again: the
/// manifest says all of it and more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The command line, word by word.
    pub command: Vec<String>,
    /// When the run began; RFC 3339 in UTC.
    #[serde(with = "rfc3339")]
    pub created_at: Timestamp,
    /// Number of the process that writes it.
    pub process: u32,
}

impl Begun {
    /// Name of its file.
    pub const FILE: &str = "begun.json";

    /// A run of this process that began at `created_at`.
    pub fn now(created_at: Timestamp, command: Vec<String>) -> Self {
        Self {
            command,
            created_at,
            process: std::process::id(),
        }
    }

    /// What the unfinished run in `folder` says of itself.
    ///
    /// # Errors
    /// When it says nothing, or nothing that can be read.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, RecordError> {
        json::read(&folder.as_ref().join(Self::FILE))
    }

    /// Whether the process still runs; `None` where the system does not tell.
    pub fn is_running(&self) -> Option<bool> {
        let processes = Path::new("/proc");
        processes
            .join("self")
            .exists()
            .then(|| processes.join(self.process.to_string()).exists())
    }
}
