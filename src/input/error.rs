//! What can be wrong with an input, where, and the way out.

use std::fmt;
use std::io;

use switchback_core::SeriesError;

use super::rows::line_at;

/// Where in the input something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user wrote it.
    pub file: String,
    /// The line of the file, from 1, as an editor shows it.
    pub row: Option<usize>,
    /// The column's name.
    pub column: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ":{row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column:?}")?;
        }
        Ok(())
    }
}

/// Why an input is no series: what, where, and the way out, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{fault}\n  at {place}\n  hint: {}", .fault.hint())]
pub struct InputError {
    place: Place,
    fault: Box<InputFault>,
}

#[cfg(test)]
impl InputError {
    /// What is wrong.
    pub fn fault(&self) -> &InputFault {
        &self.fault
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The way out.
    pub fn hint(&self) -> String {
        self.fault.hint()
    }
}

impl InputError {
    /// At the row of `text` that starts at byte `start`.
    pub(super) fn row(self, text: &str, start: usize) -> Self {
        self.row_of_bytes(text.as_bytes(), start)
    }

    /// At the row of `bytes` that byte `at` is in.
    pub(super) fn row_of_bytes(mut self, bytes: &[u8], at: usize) -> Self {
        self.place.row = Some(line_at(bytes, at));
        self
    }

    /// At the column called `name`.
    pub(super) fn column(mut self, name: String) -> Self {
        self.place.column = Some(name);
        self
    }
}

/// What errors call the input.
pub(super) struct Source(String);

impl Source {
    pub(super) fn new(name: impl fmt::Display) -> Self {
        Self(name.to_string())
    }

    /// `fault` in this input, with no row and no column.
    pub(super) fn fault(&self, fault: InputFault) -> InputError {
        InputError {
            place: Place {
                file: self.0.clone(),
                row: None,
                column: None,
            },
            fault: Box::new(fault),
        }
    }
}

/// The kinds of times; one file has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeKind {
    /// A number.
    Number,
    /// A date, or a date-time without an offset from UTC.
    Local,
    /// A date-time with an offset from UTC.
    Instant,
}

impl fmt::Display for TimeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Local => "a date or time without an offset",
            Self::Instant => "a time with an offset",
        })
    }
}

/// What is wrong with an input.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputFault {
    /// Nothing is at that path.
    #[error("there is no such file")]
    NotFound,
    /// A folder is at that path.
    #[error("this is a folder, not a file")]
    IsFolder,
    /// The file may not be read.
    #[error("permission to read the file is denied")]
    Denied,
    /// Reading failed for another reason.
    #[error("the file cannot be read: {0}")]
    Unreadable(io::Error),
    /// The bytes are not UTF-8.
    #[error("the file is not UTF-8 text")]
    NotUtf8,
    /// There is nothing in the file.
    #[error("the file is empty")]
    Empty,
    /// The first row holds data.
    #[error("the first row is all numbers: there is no header")]
    NoHeader,
    /// There is no row under the header.
    #[error("there is a header and no row under it")]
    HeaderOnly,
    /// Two columns have one name.
    #[error("two columns are called {name:?}")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// The column asked for is not there.
    #[error("there is no column {asked:?}")]
    UnknownColumn {
        /// What was asked for.
        asked: String,
        /// The column that may have been meant.
        near: Option<String>,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// One column was asked for as both time and value.
    #[error("one column cannot be both time and value")]
    TimeIsValue,
    /// No column holds numbers.
    #[error("no column holds numbers; the columns are {}", list(columns))]
    NoValueColumn {
        /// The columns there are.
        columns: Vec<String>,
    },
    /// More than one column holds numbers.
    #[error("several columns hold numbers: {}", list(columns))]
    SeveralValueColumns {
        /// These.
        columns: Vec<String>,
    },
    /// A row has more or fewer cells than the header.
    #[error("this row has {}, the header has {columns}", count(*cells, "cell"))]
    Ragged {
        /// Cells of the row.
        cells: usize,
        /// Cells of the header.
        columns: usize,
    },
    /// A value is text.
    #[error("{} is not a number", shown(text))]
    NotANumber {
        /// The text.
        text: String,
    },
    /// A value is infinite.
    #[error("{} is not a finite number", shown(text))]
    Infinite {
        /// The text.
        text: String,
    },
    /// A value is beyond what a double holds.
    #[error("{} is too large a number", shown(text))]
    TooLarge {
        /// The text.
        text: String,
    },
    /// There is one row.
    #[error("there is only one row of data")]
    SingleRow,
    /// No value is there.
    #[error("every value is missing ({})", count(*rows, "row"))]
    AllMissing {
        /// Rows of data.
        rows: usize,
    },
    /// One value is there.
    #[error("only one value of {rows} is not missing")]
    OneObserved {
        /// Rows of data.
        rows: usize,
    },
    /// All values are the same.
    #[error("every observation is {}: there is nothing to switch", plain(*value))]
    Constant {
        /// The value.
        value: f64,
    },
    /// A time is missing.
    #[error("the time is missing")]
    MissingTime,
    /// A time is none of the kinds that can be read.
    #[error("{} is not a time", shown(text))]
    NotATime {
        /// The text.
        text: String,
    },
    /// A time is of another kind than the one before.
    #[error("{} is {kind}, but row {before_row} has {before}", shown(text))]
    OtherKindOfTime {
        /// The text.
        text: String,
        /// Its kind.
        kind: TimeKind,
        /// The kind of the time before.
        before: TimeKind,
        /// The row of the time before.
        before_row: usize,
    },
    /// A time is the same as the one before.
    #[error(
        "time {} is the same as {} in row {before_row}",
        shown(text),
        shown(before)
    )]
    DuplicateTime {
        /// The text.
        text: String,
        /// The time before.
        before: String,
        /// The row of the time before.
        before_row: usize,
    },
    /// A time is before the one in the row before.
    #[error("time {} is before {} in row {before_row}", shown(text), shown(before))]
    DecreasingTime {
        /// The text.
        text: String,
        /// The time before.
        before: String,
        /// The row of the time before.
        before_row: usize,
    },
    /// The values are no series for a reason that reading them did not show.
    #[error(transparent)]
    Series(SeriesError),
}

impl InputFault {
    /// The fault that a failed read is.
    pub(super) fn from_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::IsADirectory => Self::IsFolder,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Unreadable(error),
        }
    }

    /// The way out, in one line.
    pub fn hint(&self) -> String {
        match self {
            Self::NotFound => "check the path; `-` reads standard input".into(),
            Self::IsFolder => "name the CSV file in it".into(),
            Self::Denied => "ask for the right to read it, or copy it".into(),
            Self::Unreadable(_) => "copy the file to a place that can be read".into(),
            Self::NotUtf8 => "save it as CSV in UTF-8; a workbook or an archive is not read".into(),
            Self::Empty | Self::HeaderOnly => {
                "write a row of column names and at least two rows of data".into()
            }
            Self::NoHeader => "write a row of column names first, such as `t,x`".into(),
            Self::DuplicateColumn { .. } => "give every column a name of its own".into(),
            Self::UnknownColumn { near, columns, .. } => match near {
                Some(near) => format!("did you mean {near:?}? There are {}", list(columns)),
                None => format!("there are {}", list(columns)),
            },
            Self::TimeIsValue => {
                "name two columns, or `--time none` if the rows have no time".into()
            }
            Self::NoValueColumn { .. } => "name the value column with `--value`".into(),
            Self::SeveralValueColumns { .. } => "name one of them with `--value`".into(),
            Self::Ragged { .. } => {
                "look for a separator too many or too few, or a quotation mark left open".into()
            }
            Self::NotANumber { text } => hint_at_text(text).into(),
            Self::Infinite { .. } | Self::TooLarge { .. } => {
                "correct the value, or leave the cell empty if it is missing".into()
            }
            Self::SingleRow | Self::OneObserved { .. } => "a series needs at least two".into(),
            Self::AllMissing { .. } => "name another column with `--value`".into(),
            Self::Constant { .. } => "name another column with `--value`, or more rows".into(),
            Self::MissingTime => {
                "fill it in, remove the row, or say `--time none` if rows are in order".into()
            }
            Self::NotATime { .. } => {
                "write 2024-01-31, 2024-01, 2024-01-31T12:00:00Z or a number; or name another column with \
                 `--time`, or `--time none`"
                    .into()
            }
            Self::OtherKindOfTime { .. } => "write all times in one way".into(),
            Self::DuplicateTime { .. } => {
                "keep one row a time; or name another column with `--time`, or `--time none`".into()
            }
            Self::DecreasingTime { .. } => {
                "sort the rows, oldest first; or name another column with `--time`, or `--time none`"
                    .into()
            }
            Self::Series(_) => "give at least two finite values".into(),
        }
    }
}

/// The way out where `text` stands for a value.
fn hint_at_text(text: &str) -> &'static str {
    let mut words = text.split_whitespace();
    if words.clone().count() > 1 && words.all(|word| word.parse::<f64>().is_ok()) {
        "separate cells by commas, semicolons or tabs"
    } else if text.contains(',') && text.replace(',', ".").parse::<f64>().is_ok() {
        "write decimals with a point, and thousands without a separator"
    } else {
        "correct it, leave the cell empty if it is missing, or name another column with `--value`"
    }
}

/// Names in quotation marks, the first twelve of them.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let quoted: Vec<String> = names.iter().take(SHOWN).map(|name| shown(name)).collect();
    let more = names.len().saturating_sub(SHOWN);
    match more {
        0 => quoted.join(", "),
        _ => format!("{} and {more} more", quoted.join(", ")),
    }
}

/// Text in quotation marks on one line, the first forty characters of it.
fn shown(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}", format!("{}...", text.get(..end).unwrap_or(text))),
        None => format!("{text:?}"),
    }
}

/// `1 row`, `2 rows`.
fn count(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// A number as one would write it.
fn plain(value: f64) -> String {
    if value == 0.0 || (1e-5..1e15).contains(&value.abs()) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}
