//! Draws in CmdStan's CSV files.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::RecordError;
use crate::draws::cmdstan::{NUTS, read_name};

/// The CSV files of one run, one a chain.
#[derive(Debug)]
pub(super) struct CsvDraws {
    chains: Vec<Chain>,
    /// Names of the columns, CmdStan's spelling undone.
    columns: Vec<Column>,
    n_draws: usize,
    attributes: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Stat(String),
    Quantity(String),
}

/// What a look through a file tells.
#[derive(Debug)]
struct Chain {
    path: PathBuf,
    columns: Vec<Column>,
    attributes: Map<String, Value>,
    /// Rows of the warm-up, which come first.
    n_warmup: usize,
    n_draws: usize,
}

/// Whether the file at `path` is one of CmdStan's: its first line that is no comment names `lp__` first.
pub(super) fn is_cmdstan(path: &Path) -> io::Result<bool> {
    let mut lines = Lines::open(path)?;
    while let Some((_, line)) = lines.next()? {
        if line.first() != Some(&b'#') {
            return Ok(line.starts_with(b"lp__,") || line == b"lp__");
        }
    }
    Ok(false)
}

impl CsvDraws {
    /// The files `paths`, of which there is at least one.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self, RecordError> {
        let chains = paths
            .iter()
            .map(|path| Chain::scan(path))
            .collect::<Result<Vec<_>, _>>()?;
        let (columns, attributes) = match &chains[..] {
            [first, ..] => (first.columns.clone(), first.attributes.clone()),
            [] => (Vec::new(), Map::new()),
        };
        if let Some(other) = chains.iter().find(|chain| chain.columns != columns) {
            return Err(RecordError::DrawsBroken {
                path: other.path.clone(),
                what: format!("it has other columns than {}", paths[0].display()),
            });
        }
        Ok(Self {
            n_draws: chains.iter().map(|chain| chain.n_draws).min().unwrap_or(0),
            chains,
            columns,
            attributes,
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.chains
            .first()
            .map_or(Path::new(""), |chain| &chain.path)
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.columns.iter().filter_map(|column| match column {
            Column::Quantity(name) => Some(name.clone()),
            Column::Stat(_) => None,
        });
        names.collect()
    }

    pub(super) fn stats(&self) -> Vec<String> {
        let names = self.columns.iter().filter_map(|column| match column {
            Column::Stat(name) => Some(name.clone()),
            Column::Quantity(_) => None,
        });
        names.collect()
    }

    pub(super) fn n_chains(&self) -> usize {
        self.chains.len()
    }

    pub(super) fn n_draws(&self) -> usize {
        self.n_draws
    }

    pub(super) fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// `None` where there is no such quantity.
    pub(super) fn read(&self, name: &str) -> Option<Result<Vec<Vec<f64>>, RecordError>> {
        self.column(&Column::Quantity(name.to_owned()))
    }

    /// `None` where there is no such statistic.
    pub(super) fn read_stat(&self, name: &str) -> Option<Result<Vec<Vec<f64>>, RecordError>> {
        self.column(&Column::Stat(name.to_owned()))
    }

    fn column(&self, column: &Column) -> Option<Result<Vec<Vec<f64>>, RecordError>> {
        let index = self.columns.iter().position(|known| known == column)?;
        let chains = self.chains.iter();
        Some(
            chains
                .map(|chain| chain.read(index, self.n_draws))
                .collect(),
        )
    }
}

impl Column {
    /// The column that CmdStan calls `name`; its sampler's end in two underscores.
    fn of(name: &str) -> Self {
        match name.strip_suffix("__") {
            None => Self::Quantity(read_name(name)),
            Some(stem) => {
                let known = NUTS.iter().find(|(theirs, _)| *theirs == name);
                Self::Stat(known.map_or(stem, |(_, arviz)| *arviz).to_owned())
            }
        }
    }
}

impl Chain {
    /// Looks through the file at `path`.
    fn scan(path: &Path) -> Result<Self, RecordError> {
        let mut chain = Self {
            path: path.to_path_buf(),
            columns: Vec::new(),
            attributes: Map::new(),
            n_warmup: 0,
            n_draws: 0,
        };
        let mut adapted_after = None;
        let mut n_rows = 0;
        let mut lines = Lines::open(path).map_err(|source| chain.failed(source))?;
        while let Some((number, line)) = lines.next().map_err(|source| chain.failed(source))? {
            if line.first() == Some(&b'#') {
                let comment = String::from_utf8_lossy(line);
                let comment = comment.trim_start_matches('#').trim();
                if comment.starts_with("Adaptation terminated") {
                    adapted_after = Some(n_rows);
                }
                if let Some((key, value)) = comment.split_once(" = ") {
                    let value = value.trim_end_matches("(Default)").trim();
                    chain.attributes.insert(key.to_owned(), value.into());
                }
            } else if chain.columns.is_empty() {
                let names = std::str::from_utf8(line)
                    .map_err(|_| chain.bad_line(number, "the names are no text".into()))?;
                chain.columns = names.trim().split(',').map(Column::of).collect();
            } else {
                let n_columns = line.iter().filter(|byte| **byte == b',').count() + 1;
                if n_columns != chain.columns.len() {
                    let what = format!("{n_columns} values in {} columns", chain.columns.len());
                    return Err(chain.bad_line(number, what));
                }
                n_rows += 1;
            }
        }
        // Killed within its warm-up, a file has no line that ends it.
        let tells = |key: &str, words: &[&str]| {
            let value = chain.attributes.get(key).and_then(Value::as_str);
            value.is_some_and(|value| words.contains(&value))
        };
        let is_all_warmup = tells("save_warmup", &["1", "true"]) && tells("algorithm", &["hmc"]);
        chain.n_warmup = adapted_after.unwrap_or(if is_all_warmup { n_rows } else { 0 });
        chain.n_draws = n_rows - chain.n_warmup;
        Ok(chain)
    }

    /// The first `n_draws` values after the warm-up in column number `index`.
    fn read(&self, index: usize, n_draws: usize) -> Result<Vec<f64>, RecordError> {
        let mut values = Vec::with_capacity(n_draws);
        let mut lines = Lines::open(&self.path).map_err(|source| self.failed(source))?;
        // The line with the names is no comment either.
        let mut n_before = self.n_warmup + 1;
        while values.len() < n_draws {
            let Some((number, line)) = lines.next().map_err(|source| self.failed(source))? else {
                return Err(RecordError::DrawsBroken {
                    path: self.path.clone(),
                    what: format!(
                        "it had {n_draws} draws a moment ago, and has {}",
                        values.len()
                    ),
                });
            };
            if line.first() == Some(&b'#') {
                continue;
            }
            if n_before > 0 {
                n_before -= 1;
                continue;
            }
            let field = line
                .split(|byte| *byte == b',')
                .nth(index)
                .unwrap_or_default();
            let text = String::from_utf8_lossy(field);
            let value = text.trim().parse();
            values.push(
                value.map_err(|_| self.bad_line(number, format!("{text:?} is not a number")))?,
            );
        }
        Ok(values)
    }

    fn failed(&self, source: io::Error) -> RecordError {
        RecordError::Read {
            path: self.path.clone(),
            source,
        }
    }

    fn bad_line(&self, line: usize, what: String) -> RecordError {
        RecordError::DrawsLine {
            path: self.path.clone(),
            line,
            what,
        }
    }
}

/// The whole lines of a file that are not empty. What a killed process wrote last may lack its end, and is left out.
struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
    /// Lines so far, empty ones among them.
    n_lines: usize,
}

impl Lines {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            reader: BufReader::new(File::open(path)?),
            line: Vec::new(),
            n_lines: 0,
        })
    }

    /// The next line without its end, and its 1-based number.
    fn next(&mut self) -> io::Result<Option<(usize, &[u8])>> {
        loop {
            self.line.clear();
            self.reader.read_until(b'\n', &mut self.line)?;
            if self.line.pop() != Some(b'\n') {
                return Ok(None);
            }
            self.n_lines += 1;
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            if !self.line.is_empty() {
                return Ok(Some((self.n_lines, &self.line)));
            }
        }
    }
}
