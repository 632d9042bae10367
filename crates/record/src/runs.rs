//! The runs of a folder: what they are, how they ended, how much room they take.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::folder::PARTIAL;
use crate::{Begun, Manifest, RecordError};

/// A run that lies in a folder.
#[derive(Debug)]
pub struct StoredRun {
    /// Its own folder.
    pub path: PathBuf,
    /// How far it came.
    pub state: RunState,
    /// Bytes of all its files.
    pub size: u64,
}

/// How far a run came.
#[derive(Debug)]
pub enum RunState {
    /// It was finished, and this is its manifest.
    Finished(Box<Manifest>),
    /// It was begun; what it said then, where that can be read.
    Unfinished(Option<Begun>),
    /// It was finished, and its manifest cannot be read.
    Broken(RecordError),
}

impl StoredRun {
    /// The run in the folder `path`; none where there is no run in it.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn open(path: &Path) -> Result<Option<Self>, RecordError> {
        let manifest = path.join("manifest.json");
        let state = if path.extension() == Some(OsStr::new(PARTIAL)) {
            RunState::Unfinished(Begun::read(path).ok())
        } else if manifest.is_file() {
            match Manifest::read(&manifest) {
                Ok(manifest) => RunState::Finished(Box::new(manifest)),
                Err(error) => RunState::Broken(error),
            }
        } else {
            return Ok(None);
        };
        let size = size(path).map_err(|source| RecordError::Read {
            path: path.to_path_buf(),
            source,
        })?;
        Ok(Some(Self {
            path: path.to_path_buf(),
            state,
            size,
        }))
    }

    /// Every run directly in `folder`, the oldest first, those that do not say when they began before all others.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn all_in(folder: &Path) -> Result<Vec<Self>, RecordError> {
        let failed = |source| RecordError::Read {
            path: folder.to_path_buf(),
            source,
        };
        let mut runs = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            // A link to a folder is somebody's own arrangement: nothing behind it is listed, or removed.
            if path.is_dir() && !path.is_symlink() {
                runs.extend(Self::open(&path)?);
            }
        }
        runs.sort_by(|a, b| (a.created_at(), &a.path).cmp(&(b.created_at(), &b.path)));
        Ok(runs)
    }

    /// When it began, where it says so.
    pub fn created_at(&self) -> Option<Timestamp> {
        match &self.state {
            RunState::Finished(manifest) => Some(manifest.created_at),
            RunState::Unfinished(begun) => begun.as_ref().map(|begun| begun.created_at),
            RunState::Broken(_) => None,
        }
    }

    /// Whether a process may still be writing it.
    pub fn may_be_running(&self) -> bool {
        match &self.state {
            RunState::Unfinished(Some(begun)) => begun.is_running() != Some(false),
            // What says nothing of itself is from before a run could say anything, or was killed at once.
            _ => false,
        }
    }

    /// Removes it with all that is in it.
    ///
    /// # Errors
    /// When something of it cannot be removed.
    pub fn remove(self) -> Result<(), RecordError> {
        fs::remove_dir_all(&self.path).map_err(|source| RecordError::Write {
            path: self.path,
            source,
        })
    }
}

/// Bytes of all files below `folder`; links are not followed.
fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = match entry.metadata() {
            // A run that goes on renames its files.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            meta => meta?,
        };
        bytes += if meta.is_dir() {
            size(&entry.path())?
        } else {
            meta.len()
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunFolder;
    use crate::manifest::testing::manifest;
    use crate::scratch::Scratch;

    #[test]
    fn runs_are_told_by_what_is_in_them() {
        let scratch = Scratch::new();
        let at = |name: &str| scratch.path().join(name);
        let finished = RunFolder::create(at("finished")).expect("a new run");
        finished
            .write_json("five.json", &[1, 2])
            .expect("there is room");
        finished.finish(&manifest()).expect("a complete run");
        let begun = Begun::now(Timestamp::now(), vec!["switchback".into()]);
        let running = RunFolder::create(at("running")).expect("a new run");
        running
            .write_json(Begun::FILE, &begun)
            .expect("there is room");
        let dead = Begun {
            process: u32::MAX,
            ..begun.clone()
        };
        let killed = RunFolder::create(at("killed")).expect("a new run");
        killed
            .write_json(Begun::FILE, &dead)
            .expect("there is room");
        fs::create_dir(at("broken")).expect("there is room");
        fs::write(at("broken/manifest.json"), "{").expect("there is room");
        fs::create_dir(at("something else")).expect("there is room");
        fs::write(at("a file"), "").expect("there is room");

        let runs = StoredRun::all_in(scratch.path()).expect("a folder");
        let names: Vec<_> = runs.iter().map(|run| run.path.file_name()).collect();
        let expected = ["broken", "finished", "killed.partial", "running.partial"];
        assert_eq!(names, expected.map(|name| Some(OsStr::new(name))));
        assert!(matches!(&runs[0].state, RunState::Broken(_)));
        assert!(matches!(&runs[1].state, RunState::Finished(of) if **of == manifest()));
        assert!(matches!(&runs[3].state, RunState::Unfinished(Some(of)) if *of == begun));
        if cfg!(target_os = "linux") {
            let running = runs.iter().map(StoredRun::may_be_running);
            assert_eq!(running.collect::<Vec<_>>(), [false, false, false, true]);
        }
        let files = ["five.json", "manifest.json"].map(|name| at("finished").join(name));
        let bytes = files.map(|path| path.metadata().expect("a file").len());
        assert_eq!(runs[1].size, bytes.iter().sum::<u64>());

        for run in runs {
            run.remove().expect("it is ours");
        }
        assert!(
            StoredRun::all_in(scratch.path())
                .expect("a folder")
                .is_empty()
        );
        assert!(at("something else").is_dir() && at("a file").is_file());
    }

    #[test]
    fn a_finished_run_no_longer_says_that_it_began() {
        let scratch = Scratch::new();
        let run = RunFolder::create(scratch.path().join("run")).expect("a new run");
        let begun = Begun::now(Timestamp::now(), Vec::new());
        run.write_json(Begun::FILE, &begun).expect("there is room");
        assert_eq!(Begun::read(run.path()).expect("it says so"), begun);
        let path = run.finish(&manifest()).expect("a complete run");
        assert!(!path.join(Begun::FILE).exists());
        let open = StoredRun::open(&path).expect("a folder");
        assert!(open.is_some_and(|run| run.created_at() == Some(manifest().created_at)));
    }
}
