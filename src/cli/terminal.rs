//! The only place that writes to the terminal.

use std::fmt::Display;
use std::io::{self, Write};

use switchback::text::plain;
pub use switchback::text::{table, wrapped};

/// Writes words to standard output.
///
/// # Errors
/// When standard output is gone.
pub fn print(text: &str) -> io::Result<()> {
    write(&plain(text))
}

/// Writes `text` to standard output as it is.
///
/// # Errors
/// When standard output is gone.
fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes data to standard output piece by piece, as they are.
///
/// # Errors
/// When standard output is gone.
pub fn print_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()
}

/// Writes `value` to standard output as indented JSON.
///
/// # Errors
/// When standard output is gone.
pub fn print_json(value: &impl serde::Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    text.push('\n');
    write(&text)
}

/// Says `line` on standard error; a standard error that is gone is nobody's loss.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", plain(&line.to_string()));
}

/// Says on standard error what went wrong.
pub fn complain(failure: &impl Display) {
    say(format_args!("error: {failure}"));
}
