//! The name of an event file: one that TensorBoard takes for such, and that no other file has.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Last field of a file's name: no two files of a process share one, however fast they are made.
static NEXT_FILE: AtomicU64 = AtomicU64::new(0);

/// A new, empty file in `folder`, under a name that TensorBoard takes for an event file.
pub(crate) fn new_file(folder: &Path) -> io::Result<(PathBuf, File)> {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    let host = host_name();
    let process = std::process::id();
    loop {
        let counter = NEXT_FILE.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(
            "events.out.tfevents.{seconds:010}.{host}.{process}.{counter}"
        ));
        match File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            // Another machine or container with our name and process number was here: take the next.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// The machine's name with what could break a file name replaced; `localhost` where the system tells none.
fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain: String = name
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(64)
        .collect();
    if plain.is_empty() {
        "localhost".to_owned()
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::thread;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn files_of_one_second_and_one_folder_have_names_of_their_own() {
        let scratch = Scratch::new();
        let names = Mutex::new(HashSet::new());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let (path, _) = new_file(scratch.path()).expect("a new file");
                        let name = path.file_name().expect("a name").to_owned();
                        names.lock().expect("nobody panicked").insert(name);
                    }
                });
            }
        });
        let names = names.into_inner().expect("nobody panicked");
        assert_eq!(names.len(), 100);
        for name in names {
            let name = name.to_str().expect("plain characters");
            let fields: Vec<&str> = name.split('.').collect();
            assert_eq!(fields[..3], ["events", "out", "tfevents"]);
            assert_eq!(fields.len(), 7, "{name}");
            assert_eq!(fields[5], std::process::id().to_string());
        }
    }
}
