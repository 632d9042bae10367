//! The value column: found where none is asked for, and read.

use super::error::InputFault;
use super::rows::Row;

/// Whether a cell says that there is no observation.
pub(super) fn is_missing(cell: &str) -> bool {
    cell.is_empty()
        || ["NA", "NaN", "null"]
            .iter()
            .any(|word| cell.eq_ignore_ascii_case(word))
}

/// The number that a cell holds, infinite where it says so or is too large.
pub(super) fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value: &f64| !value.is_nan())
}

/// The observations read so far.
pub(super) struct Values {
    /// `NaN` where missing.
    values: Vec<f64>,
    /// Columns that hold numbers; a file may have only one.
    columns: Vec<usize>,
    /// Columns that have had no cell yet that is not missing.
    undecided: Vec<usize>,
}

impl Values {
    /// Reads the only one of `candidates`, or the only one that holds numbers, from at most `rows` rows.
    pub(super) fn new(candidates: Vec<usize>, rows: usize) -> Self {
        let decided = candidates.len() == 1;
        let (columns, undecided) = if decided {
            (candidates, Vec::new())
        } else {
            (Vec::new(), candidates)
        };
        Self {
            // Growing would copy, and hold what was copied beside the copy.
            values: Vec::with_capacity(rows),
            columns,
            undecided,
        }
    }

    /// The columns that hold numbers, as far as has been read.
    pub(super) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Takes `n` missing observations.
    pub(super) fn skip(&mut self, n: usize) {
        self.values.resize(self.values.len() + n, f64::NAN);
    }

    /// Takes the observation in `row`; an error comes with its column.
    pub(super) fn push(&mut self, row: &Row) -> Result<(), (usize, InputFault)> {
        if !self.undecided.is_empty() {
            self.decide(row);
        }
        let value = match self.columns.first() {
            Some(&column) => value_of(row.cell(column)).map_err(|fault| (column, fault))?,
            None => None,
        };
        self.values.push(value.unwrap_or(f64::NAN));
        Ok(())
    }

    /// Sorts the undecided columns that `row` decides.
    fn decide(&mut self, row: &Row) {
        let columns = &mut self.columns;
        self.undecided.retain(|&column| {
            let cell = row.cell(column);
            if is_missing(cell) {
                return true;
            }
            if number(cell).is_some() {
                columns.push(column);
            }
            false
        });
        columns.sort_unstable();
    }

    /// The observations, `NaN` where missing, if a switch can be looked for in them.
    pub(super) fn finish(mut self) -> Result<Vec<f64>, InputFault> {
        let rows = self.values.len();
        let mut observed = self.values.iter().filter(|value| !value.is_nan());
        let Some(&first) = observed.next() else {
            return Err(InputFault::AllMissing { rows });
        };
        if rows == 1 {
            return Err(InputFault::SingleRow);
        }
        let Some(&second) = observed.next() else {
            return Err(InputFault::OneObserved { rows });
        };
        if second == first && observed.all(|&value| value == first) {
            return Err(InputFault::Constant { value: first });
        }
        self.values.shrink_to_fit();
        Ok(self.values)
    }
}

/// The finite number in a cell, `None` where it is missing.
fn value_of(cell: &str) -> Result<Option<f64>, InputFault> {
    // Numbers first: nearly every cell is one, and no word for "missing" is.
    match number(cell) {
        Some(value) if value.is_finite() => Ok(Some(value)),
        Some(_) if cell.bytes().any(|byte| byte.is_ascii_digit()) => {
            Err(InputFault::TooLarge { text: cell.into() })
        }
        Some(_) => Err(InputFault::Infinite { text: cell.into() }),
        None if is_missing(cell) => Ok(None),
        None => Err(InputFault::NotANumber { text: cell.into() }),
    }
}
