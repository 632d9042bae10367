//! The rows of a CSV text with the place where each starts.

use csv::StringRecord;

use super::error::InputFault;

/// One row that is not a blank line.
pub(super) struct Row<'a> {
    pub(super) cells: &'a StringRecord,
    /// Byte at which it starts.
    pub(super) start: usize,
    /// Number of blank lines just before it.
    pub(super) blank_before: usize,
    /// Byte at which the first of them starts.
    pub(super) blank_start: usize,
}

impl Row<'_> {
    /// Whether no cell is filled.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// The trimmed text of cell `column`; empty where there is no such cell.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }
}

/// Reads the rows of a text.
pub(super) struct Rows<'a> {
    text: &'a str,
    reader: csv::Reader<&'a [u8]>,
    record: StringRecord,
}

impl<'a> Rows<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter(text))
            .from_reader(text.as_bytes());
        Self {
            text,
            reader,
            record: StringRecord::new(),
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The next row, or `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, InputFault> {
        let read = self.reader.read_record(&mut self.record);
        if !read.map_err(|error| InputFault::from_io(error.into()))? {
            return Ok(None);
        }
        // The reader's own position is where the last row ended: before the line feed of a CR LF and before any
        // blank lines, which it passes over.
        let ended = self.record.position().map_or(0, csv::Position::byte) as usize;
        let bytes = self.text.as_bytes();
        let blank_start = match bytes.get(ended.saturating_sub(1)..=ended) {
            Some(b"\r\n") => ended + 1,
            _ => ended,
        };
        let (mut start, mut blank_before) = (blank_start, 0);
        while let Some(width) = terminator(bytes.get(start..).unwrap_or_default()) {
            start += width;
            blank_before += 1;
        }
        Ok(Some(Row {
            cells: &self.record,
            start,
            blank_before,
            blank_start,
        }))
    }
}

/// Width of the line terminator that `bytes` begin with.
fn terminator(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r' | b'\n', ..] => Some(1),
        _ => None,
    }
}

/// Number of the line, from 1, that byte `start` is on, as an editor shows it.
pub(super) fn line_at(bytes: &[u8], start: usize) -> usize {
    let before = bytes.get(..start).unwrap_or(bytes);
    let ends = before.iter().enumerate().filter(|&(index, byte)| {
        *byte == b'\n' || (*byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'))
    });
    1 + ends.count()
}

/// A number that the rows of `text` do not exceed: its ends of lines and one.
pub(super) fn at_most(text: &str) -> usize {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    1 + text.as_bytes().iter().filter(|byte| is_end(byte)).count()
}

/// The separator that the first row has most of: comma, semicolon or tab; the comma where it has none.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if !quoted => {
                for (delimiter, count) in &mut counts {
                    *count += usize::from(byte == *delimiter);
                }
            }
            _ => {}
        }
    }
    let mut best = (b',', 0);
    for candidate in counts {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best.0
}
