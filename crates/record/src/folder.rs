//! The folder of one run: partial while it is written, renamed when it is complete.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::{Begun, Manifest, RecordError, json};

/// Where runs go that were given no folder.
pub const RUNS: &str = "runs";
/// What the name of an unfinished run ends in.
pub(crate) const PARTIAL: &str = "partial";

/// The folder under `runs/` of a run called `name` that began at `at`: what is no plain letter of a name becomes `_`.
pub fn run_path(name: &str, at: Timestamp) -> PathBuf {
    let plain = |c: char| {
        if c.is_alphanumeric() || c == '_' || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(plain).collect();
    let at = at.strftime("%Y%m%d-%H%M%S%.3f").to_string();
    Path::new(RUNS).join(format!("{name}-{}", at.replace('.', "-")))
}

/// The folder of a run that is being written.
///
/// Everything goes to `<path>.partial`; [`RunFolder::finish`] renames it to `<path>`. What a killed run
/// leaves keeps the name `<path>.partial` and can be read.
#[derive(Debug)]
pub struct RunFolder {
    partial: PathBuf,
    target: PathBuf,
    /// Folders above it that were made for it, outermost first.
    parents: Vec<PathBuf>,
}

impl RunFolder {
    /// Makes `<path>.partial`, with the folders above it, and tries it by writing a file into it.
    ///
    /// # Errors
    /// When a run of that name exists, finished or not, or the folder cannot be made and written to.
    /// Nothing is left behind then.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        let (target, partial) = names(path.as_ref())?;
        if is_there(&target) {
            return Err(RecordError::RunExists { path: target });
        }
        if is_there(&partial) {
            return Err(RecordError::PartialExists { path: partial });
        }
        let unwritable = |source| RecordError::Unwritable {
            path: target.clone(),
            source,
        };
        let parents = make_parents(&partial).map_err(unwritable)?;
        if let Err(source) = fs::create_dir(&partial) {
            remove_empty(&parents);
            return Err(if source.kind() == io::ErrorKind::AlreadyExists {
                RecordError::PartialExists { path: partial }
            } else {
                unwritable(source)
            });
        }
        let folder = Self {
            partial,
            target: target.clone(),
            parents,
        };
        match probe(&folder.partial) {
            Ok(()) => Ok(folder),
            Err(source) => {
                // Best effort: the reason that the folder is refused is the one to tell.
                let _ = folder.discard();
                Err(unwritable(source))
            }
        }
    }

    /// Where the run is written: `<path>.partial`.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Where the run will be once it is finished: `<path>`.
    pub fn final_path(&self) -> &Path {
        &self.target
    }

    /// The folder of method `name`, made where it is missing.
    ///
    /// # Errors
    /// When `name` is not a plain name, or the folder cannot be made.
    pub fn method_dir(&self, name: &str) -> Result<PathBuf, RecordError> {
        check_entry_name(name)?;
        let path = self.partial.join(name);
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(RecordError::Write { path, source }),
        }
    }

    /// Writes `value` to the file `name` of the run, whole or not at all, and returns its path.
    ///
    /// # Errors
    /// When `name` is not a plain name, `value` has no JSON, or the file cannot be written.
    pub fn write_json<T: Serialize + ?Sized>(
        &self,
        name: &str,
        value: &T,
    ) -> Result<PathBuf, RecordError> {
        check_entry_name(name)?;
        json::write(&self.partial, name, value)?;
        Ok(self.partial.join(name))
    }

    /// Writes `text` to the file `name` of the run, whole or not at all, and returns its path.
    ///
    /// # Errors
    /// When `name` is not a plain name, or the file cannot be written.
    pub fn write_text(&self, name: &str, text: &str) -> Result<PathBuf, RecordError> {
        check_entry_name(name)?;
        json::write_bytes(&self.partial, name, text.as_bytes())?;
        Ok(self.partial.join(name))
    }

    /// Writes `manifest.json`, renames the folder to its final name and returns that.
    ///
    /// # Errors
    /// When the manifest cannot be written, or something has taken the final name in the meantime; the
    /// partial folder stays as it is then.
    pub fn finish(self, manifest: &Manifest) -> Result<PathBuf, RecordError> {
        self.write_json("manifest.json", manifest)?;
        // Best effort: a run that still says how it began is none the worse.
        let _ = fs::remove_file(self.partial.join(Begun::FILE));
        // An empty folder of that name would be replaced by the rename.
        if is_there(&self.target) {
            return Err(RecordError::RunExists { path: self.target });
        }
        fs::rename(&self.partial, &self.target).map_err(|source| RecordError::Write {
            path: self.target.clone(),
            source,
        })?;
        json::sync_folder(parent_of(&self.target));
        Ok(self.target)
    }

    /// Removes the partial folder with all that is in it, and the folders above it that were made for it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn discard(self) -> Result<(), RecordError> {
        fs::remove_dir_all(&self.partial).map_err(|source| RecordError::Write {
            path: self.partial.clone(),
            source,
        })?;
        remove_empty(&self.parents);
        Ok(())
    }
}

/// `Ok` when `name` can be a file or folder directly within a run.
pub(crate) fn check_entry_name(name: &str) -> Result<(), RecordError> {
    let plain = Path::new(name).file_name() == Some(OsStr::new(name));
    if plain && !name.contains(['/', '\\', '\0']) {
        Ok(())
    } else {
        Err(RecordError::EntryName {
            name: name.to_owned(),
        })
    }
}

/// The final and the partial path of the run `path`.
fn names(path: &Path) -> Result<(PathBuf, PathBuf), RecordError> {
    let refused = || RecordError::RunName {
        path: path.to_path_buf(),
    };
    let name = path.file_name().ok_or_else(refused)?;
    if Path::new(name).extension() == Some(OsStr::new(PARTIAL)) {
        return Err(refused());
    }
    let mut partial = name.to_os_string();
    partial.push(".");
    partial.push(PARTIAL);
    // Rebuilt from the name, which takes a trailing `/` off.
    Ok((path.with_file_name(name), path.with_file_name(partial)))
}

/// Whether `path` names anything, a dangling link included.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes the folders above `path` that are missing; on failure those already made are removed again.
fn make_parents(path: &Path) -> io::Result<Vec<PathBuf>> {
    let missing: Vec<&Path> = parent_of(path)
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    let mut made = Vec::new();
    for folder in missing.into_iter().rev() {
        match fs::create_dir(folder) {
            Ok(()) => made.push(folder.to_path_buf()),
            // Another run made it a moment ago; then it is not ours to remove.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                remove_empty(&made);
                return Err(error);
            }
        }
    }
    Ok(made)
}

/// Removes `folders` (outermost first) as far as they are empty.
fn remove_empty(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        // Best effort: one that another run has begun to use is not empty and stays.
        let _ = fs::remove_dir(folder);
    }
}

/// Writes a file into `folder` and takes it away again.
fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(".probe");
    let mut file = File::create_new(&path)?;
    file.write_all(b"probe")?;
    drop(file);
    fs::remove_file(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::testing::manifest;
    use crate::scratch::Scratch;

    /// Every path below `folder`, sorted.
    fn listing(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = vec![folder.to_path_buf()];
        while let Some(next) = open.pop() {
            for entry in fs::read_dir(&next).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path.clone());
                }
                found.push(path);
            }
        }
        found.sort();
        found
    }

    /// The error of `create`, which is to leave everything below `within` as it was.
    fn refused(within: &Path, path: &Path) -> RecordError {
        let before = listing(within);
        let error = RunFolder::create(path).expect_err("the run is refused");
        assert_eq!(listing(within), before, "nothing is left behind");
        error
    }

    #[test]
    fn a_run_has_its_name_when_its_manifest_is_complete() {
        let scratch = Scratch::new();
        let path = scratch.path().join("deep/er/run");
        let run = RunFolder::create(&path).expect("a new run");
        assert_eq!(run.path(), scratch.path().join("deep/er/run.partial"));
        assert_eq!(run.final_path(), path);
        assert_eq!(listing(run.path()), Vec::<PathBuf>::new());
        let adam = run.method_dir("adam").expect("a plain name");
        assert_eq!(run.method_dir("adam").expect("again"), adam);
        assert!(adam.is_dir() && !path.exists());
        run.write_json("comparison.json", &[1.5]).expect("room");
        let written = run.finish(&manifest()).expect("a complete run");
        assert_eq!(written, path);
        let files = ["adam", "comparison.json", "manifest.json"].map(|name| path.join(name));
        assert_eq!(listing(&path), files);
        assert!(!scratch.path().join("deep/er/run.partial").exists());
        let read = Manifest::read(path.join("manifest.json")).expect("a manifest");
        assert_eq!(read, manifest());
    }

    #[test]
    fn a_run_without_a_folder_has_a_plain_name_and_its_moment() {
        let at = "2026-01-02T03:04:05.678Z".parse().expect("a time");
        let path = run_path("sample-a b/<c>", at);
        assert_eq!(path, Path::new("runs/sample-a_b__c_-20260102-030405-678"));
    }

    #[test]
    fn names_that_are_taken_are_refused() {
        let scratch = Scratch::new();
        let path = scratch.path().join("run");
        let first = RunFolder::create(&path).expect("a new run");
        let error = refused(scratch.path(), &path);
        assert!(matches!(&error, RecordError::PartialExists { path } if path == first.path()));
        assert!(error.to_string().contains("can be read"));
        first.finish(&manifest()).expect("a complete run");
        let error = refused(scratch.path(), &path);
        assert!(matches!(&error, RecordError::RunExists { path: taken } if *taken == path));
        let error = refused(scratch.path(), &scratch.path().join("run/"));
        assert!(matches!(error, RecordError::RunExists { .. }));
    }

    #[test]
    fn an_unfinished_run_stays_and_a_discarded_one_goes() {
        let scratch = Scratch::new();
        let killed = RunFolder::create(scratch.path().join("killed")).expect("a new run");
        let left = killed.path().to_path_buf();
        killed.method_dir("adam").expect("a plain name");
        drop(killed);
        assert!(left.join("adam").is_dir());
        let before = listing(scratch.path());
        let run = RunFolder::create(scratch.path().join("new/parents/run")).expect("a new run");
        run.method_dir("adam").expect("a plain name");
        run.discard().expect("it can be removed");
        assert_eq!(listing(scratch.path()), before);
    }

    #[test]
    fn impossible_places_are_refused() {
        let scratch = Scratch::new();
        fs::write(scratch.path().join("file"), "in the way").expect("room");
        let too_long = "x".repeat(300);
        let mut places = vec![
            scratch.path().join("file/run"),
            scratch.path().join("file/deep/run"),
            scratch.path().join("new/parents").join(&too_long),
            scratch.path().join("new").join(&too_long).join("run"),
        ];
        if cfg!(target_os = "linux") {
            places.push("/proc/self/run".into());
            places.push("/proc/new/parents/run".into());
        }
        for place in places {
            let error = refused(scratch.path(), &place);
            assert!(
                matches!(&error, RecordError::Unwritable { path, .. } if *path == place),
                "{error:?}"
            );
        }
        let file = refused(scratch.path(), &scratch.path().join("file"));
        assert!(matches!(file, RecordError::RunExists { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn a_dangling_link_in_the_way_is_refused() {
        let scratch = Scratch::new();
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink(scratch.path().join("nowhere"), &link).expect("a link");
        let error = refused(scratch.path(), &link);
        assert!(matches!(error, RecordError::RunExists { .. }));
        let error = refused(scratch.path(), &link.join("run"));
        assert!(matches!(error, RecordError::Unwritable { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_without_permission_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let scratch = Scratch::new();
        let locked = scratch.path().join("locked");
        fs::create_dir(&locked).expect("room");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).expect("it is ours");
        // For root a permission is no obstacle; then the run is as possible as any.
        let root = File::create_new(locked.join("file")).is_ok();
        let outcome = RunFolder::create(locked.join("new/run"));
        assert_eq!(outcome.is_ok(), root);
        if let Err(error) = outcome {
            assert!(matches!(error, RecordError::Unwritable { .. }));
            assert_eq!(listing(&locked), Vec::<PathBuf>::new());
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let scratch = Scratch::new();
        let below = |path| scratch.path().join(path);
        for path in [
            "/".into(),
            "".into(),
            below(".."),
            below("a/.."),
            below("a.partial"),
        ] {
            let error = refused(scratch.path(), &path);
            assert!(matches!(error, RecordError::RunName { .. }), "{path:?}");
        }
        let run = RunFolder::create(scratch.path().join("run")).expect("a new run");
        for name in ["", ".", "..", "a/b", "a\\b", "/etc", "a/"] {
            let refused = run.method_dir(name);
            assert!(
                matches!(refused, Err(RecordError::EntryName { .. })),
                "{name:?}"
            );
            let refused = run.write_json(name, &1);
            assert!(
                matches!(refused, Err(RecordError::EntryName { .. })),
                "{name:?}"
            );
        }
        assert_eq!(listing(run.path()), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_name_taken_while_the_run_went_on_costs_nothing() {
        let scratch = Scratch::new();
        let path = scratch.path().join("run");
        let run = RunFolder::create(&path).expect("a new run");
        let partial = run.path().to_path_buf();
        fs::create_dir(&path).expect("room");
        let outcome = run.finish(&manifest());
        assert!(matches!(outcome, Err(RecordError::RunExists { .. })));
        assert!(partial.join("manifest.json").is_file());
        assert_eq!(listing(&path), Vec::<PathBuf>::new());
    }

    #[test]
    fn json_that_cannot_be_written_leaves_the_old_file() {
        let scratch = Scratch::new();
        let run = RunFolder::create(scratch.path().join("run")).expect("a new run");
        let path = run.write_json("table.json", &[1, 2]).expect("room");
        let old = fs::read(&path).expect("the file");
        let keys_are_no_text = std::collections::HashMap::from([((1, 2), 3)]);
        let outcome = run.write_json("table.json", &keys_are_no_text);
        assert!(matches!(outcome, Err(RecordError::Encode { .. })));
        fs::create_dir(run.path().join("folder.json")).expect("room");
        let outcome = run.write_json("folder.json", &1);
        assert!(matches!(outcome, Err(RecordError::Write { .. })));
        assert_eq!(fs::read(&path).expect("the file"), old);
        assert_eq!(listing(run.path()).len(), 2, "no temporary file stays");
    }
}
