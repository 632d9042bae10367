//! Output files that are there whole or not at all.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file beside `path`, to be written and then to take its name.
///
/// # Errors
/// When the folder is not there or cannot be written to.
pub fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any other program's, less what the user's mask takes away.
        file.permissions(std::fs::Permissions::from_mode(0o666));
    }
    file.tempfile_in(folder.unwrap_or(Path::new(".")))
}
