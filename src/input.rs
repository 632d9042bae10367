//! Reads one series from a CSV file, and says what is wrong with a file that holds none.

mod columns;
mod error;
mod rows;
#[cfg(test)]
mod tests;
mod time;
mod values;

use std::io::Read;
use std::path::Path;

use switchback_core::{Series, Times};

use columns::Columns;
pub use error::InputError;
use error::{InputFault, Source};
use rows::{Row, Rows};
use time::Clock;
use values::{Values, is_missing};

const DECK: &str = include_str!("../data/deck.csv");

/// Which columns to read; what is `None` is found by the rule of [`read_csv`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// Name of the time column, or `none` for rows that are in order and have no time.
    pub time: Option<String>,
    /// Name of the value column.
    pub value: Option<String>,
}

/// Reads the series in the CSV file at `path`; `-` and `/dev/stdin` are standard input.
///
/// The first row names the columns; cells are separated by commas, semicolons or tabs, whichever the first row
/// has most of. The series is named after the file.
///
/// The *time column* is the one asked for. Where none is asked for and there are several columns, it is the
/// leftmost one, other than the asked-for value column, that is called `t`, `time`, `date`, `datetime`, `year`,
/// `ds`, `timestamp`, `index`, `month`, `week` or `day` (in any case) or is a first column without a name; failing
/// that, the leftmost one whose first cell is a date; failing that, there is none, and rows are in order. Times are
/// numbers, dates (`2024-01-31`, `2024-01`) or date-times with or without an offset, one kind a file, and strictly
/// increase. Labels are the text of the file.
///
/// The *value column* is the one asked for; else the only other column; else the only other column that holds
/// numbers, which is to say whose first cell that is not missing is one.
///
/// A value that is empty, `NA`, `NaN` or `null` (in any case) is missing and is masked. A row without any cell
/// filled is a missing one, too, and at the end of the file it is ignored.
///
/// # Errors
/// When the file cannot be read or is not a series of at least two different finite values; see [`InputFault`].
pub fn read_csv(path: &Path, options: &CsvOptions) -> Result<Series, InputError> {
    if path == Path::new("-") || path == Path::new("/dev/stdin") {
        let source = Source::new("standard input");
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| source.fault(InputFault::from_io(error)))?;
        return parse(&bytes, &source, "stdin", options);
    }
    let source = Source::new(path.display());
    let bytes = std::fs::read(path).map_err(|error| source.fault(InputFault::from_io(error)))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    parse(&bytes, &source, &name, options)
}

/// The series that comes with the program: 45 draws of Normal(-1, 1), then 45 of Normal(5, 2).
///
/// # Errors
/// When it has not the columns asked for; by default never, as a test shows.
pub fn bundled(options: &CsvOptions) -> Result<Series, InputError> {
    let source = Source::new("deck.csv");
    parse(DECK.as_bytes(), &source, "deck", options)
}

/// The series in `bytes`, which `source` names in errors.
fn parse(
    bytes: &[u8],
    source: &Source,
    name: &str,
    options: &CsvOptions,
) -> Result<Series, InputError> {
    let text = decode(bytes, source)?;
    let mut rows = Rows::new(text);
    let names = header(&mut rows, source)?;
    let mut body: Option<Body> = None;
    // Rows without a filled cell count only when a filled one follows.
    let mut empty = EmptyRows::default();
    while let Some(row) = rows.next().map_err(|error| source.fault(error))? {
        empty.add(row.blank_before, row.blank_start);
        if row.is_empty() {
            empty.add(1, row.start);
            continue;
        }
        if row.cells.len() != names.len() {
            return Err(source
                .fault(InputFault::Ragged {
                    cells: row.cells.len(),
                    columns: names.len(),
                })
                .row(text, row.start));
        }
        let body = match &mut body {
            Some(body) => body,
            None => body.insert(Body::new(&names, options, &row, text, source)?),
        };
        body.skip(std::mem::take(&mut empty), text, source)?;
        body.push(&row, text, source)?;
    }
    body.ok_or_else(|| source.fault(InputFault::HeaderOnly))?
        .finish(name, source)
}

/// The text of `bytes`, without a byte order mark.
fn decode<'a>(bytes: &'a [u8], source: &Source) -> Result<&'a str, InputError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        source
            .fault(InputFault::NotUtf8)
            .row_of_bytes(bytes, error.valid_up_to())
    })?;
    if text.trim().is_empty() {
        return Err(source.fault(InputFault::Empty));
    }
    Ok(text)
}

/// The names in the first row.
fn header(rows: &mut Rows, source: &Source) -> Result<Vec<String>, InputError> {
    let text = rows.text();
    let Some(row) = rows.next().map_err(|error| source.fault(error))? else {
        return Err(source.fault(InputFault::Empty));
    };
    let names: Vec<String> = row.cells.iter().map(|cell| cell.trim().into()).collect();
    let is_datum = |name: &String| values::number(name).is_some() || time::is_date(name);
    let mut filled = names.iter().filter(|name| !is_missing(name)).peekable();
    if filled.peek().is_some() && filled.all(is_datum) {
        return Err(source.fault(InputFault::NoHeader).row(text, row.start));
    }
    for (index, name) in names.iter().enumerate() {
        if !name.is_empty() && names.iter().take(index).any(|other| other == name) {
            return Err(source
                .fault(InputFault::DuplicateColumn { name: name.clone() })
                .row(text, row.start));
        }
    }
    Ok(names)
}

/// Rows without a filled cell, one after another.
#[derive(Default)]
struct EmptyRows {
    count: usize,
    /// Where the first one starts.
    start: usize,
}

impl EmptyRows {
    fn add(&mut self, count: usize, start: usize) {
        if self.count == 0 {
            self.start = start;
        }
        self.count += count;
    }
}

/// What has been read of the rows under the header.
struct Body {
    columns: Columns,
    clock: Option<Clock>,
    values: Values,
}

impl Body {
    fn new(
        names: &[String],
        options: &CsvOptions,
        first: &Row,
        text: &str,
        source: &Source,
    ) -> Result<Self, InputError> {
        let columns =
            Columns::choose(names, options, first.cells).map_err(|fault| source.fault(fault))?;
        Ok(Self {
            clock: columns.time.map(|_| Clock::default()),
            values: Values::new(columns.candidates.clone(), rows::at_most(text)),
            columns,
        })
    }

    /// Takes rows without a filled cell, which are missing observations.
    fn skip(&mut self, empty: EmptyRows, text: &str, source: &Source) -> Result<(), InputError> {
        if empty.count > 0
            && let Some(column) = self.columns.time
        {
            return Err(source
                .fault(InputFault::MissingTime)
                .row(text, empty.start)
                .column(self.columns.name(column)));
        }
        self.values.skip(empty.count);
        Ok(())
    }

    fn push(&mut self, row: &Row, text: &str, source: &Source) -> Result<(), InputError> {
        let at = |fault, column: usize| {
            source
                .fault(fault)
                .row(text, row.start)
                .column(self.columns.name(column))
        };
        if let (Some(column), Some(clock)) = (self.columns.time, &mut self.clock) {
            clock
                .push(row.cell(column), row.start, text)
                .map_err(|fault| at(fault, column))?;
        }
        self.values
            .push(row)
            .map_err(|(column, fault)| at(fault, column))?;
        if self.values.columns().len() > 1 {
            let columns = self.values.columns().iter();
            return Err(source.fault(InputFault::SeveralValueColumns {
                columns: columns.map(|&column| self.columns.name(column)).collect(),
            }));
        }
        Ok(())
    }

    fn finish(self, name: &str, source: &Source) -> Result<Series, InputError> {
        let Some(&column) = self.values.columns().first() else {
            return Err(source.fault(InputFault::NoValueColumn {
                columns: self.columns.all_names(),
            }));
        };
        let values = self
            .values
            .finish()
            .map_err(|fault| source.fault(fault).column(self.columns.name(column)))?;
        let broken = |error| source.fault(InputFault::Series(error));
        let series = Series::from_values(name, values).map_err(broken)?;
        let (Some(column), Some(clock)) = (self.columns.time, self.clock) else {
            return Ok(series);
        };
        let times = Times {
            name: self.columns.name(column),
            labels: clock.into_labels(),
        };
        series.with_times(times).map_err(broken)
    }
}
