//! Figures as files.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Figure, ReportError, Theme};

impl Figure {
    /// Writes `NAME.svg` and `NAME.png` (light) and `NAME-dark.svg` into a folder that exists, and gives their paths.
    ///
    /// Each file is written whole or not at all, over what was there before.
    ///
    /// # Errors
    ///
    /// [`ReportError::Name`] for a name with separators, [`ReportError::Write`] for a folder that cannot be written to,
    /// and as [`Figure::svg`].
    pub fn save(&self, folder: &Path, name: &str) -> Result<Vec<PathBuf>, ReportError> {
        let plain = |character: char| character.is_alphanumeric() || "-_. ".contains(character);
        if name.is_empty() || name.starts_with(['.', ' ']) || !name.chars().all(plain) {
            return Err(ReportError::Name {
                name: name.to_owned(),
            });
        }
        // All are drawn before the first is written.
        let files = [
            (format!("{name}.svg"), self.svg(Theme::Light)?.into_bytes()),
            (format!("{name}.png"), self.png(Theme::Light)?),
            (
                format!("{name}-dark.svg"),
                self.svg(Theme::Dark)?.into_bytes(),
            ),
        ];
        files
            .into_iter()
            .map(|(name, bytes)| {
                let path = folder.join(name);
                match write(folder, &path, &bytes) {
                    Ok(()) => Ok(path),
                    Err(source) => Err(ReportError::Write { path, source }),
                }
            })
            .collect()
    }
}

fn write(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".figure-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other file: the system takes off what the user's mask forbids.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Axis, Panel};

    #[test]
    fn three_files_and_nothing_else_are_left() {
        let folder = tempfile::tempdir().unwrap();
        let figure = Figure::new("a", "b").with(Panel::new("", Axis::new("x"), Axis::new("y")));
        let paths = figure.save(folder.path(), "trace_1").unwrap();
        let mut found: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, ["trace_1-dark.svg", "trace_1.png", "trace_1.svg"]);
        let svg = std::fs::read_to_string(&paths[0]).unwrap();
        assert_eq!(svg, figure.svg(Theme::Light).unwrap());
        assert_eq!(figure.save(folder.path(), "trace_1").unwrap(), paths);
    }

    #[test]
    fn names_and_folders_that_do_not_do_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let figure = Figure::new("a", "b").with(Panel::new("", Axis::new("x"), Axis::new("y")));
        for name in ["", "..", "../a", "a/b", ".hidden", "a\0b", "a\nb"] {
            let error = figure.save(folder.path(), name).unwrap_err();
            assert!(
                matches!(error, ReportError::Name { .. }),
                "{name:?}: {error}"
            );
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let error = figure.save(&folder.path().join("none"), "a").unwrap_err();
        assert!(matches!(error, ReportError::Write { .. }), "{error}");
    }
}
