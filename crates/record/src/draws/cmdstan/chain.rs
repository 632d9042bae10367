//! The CSV file of one chain.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::head::{Head, Slot};
use crate::RecordError;

/// Bytes that are gathered before they are written.
const CAPACITY: usize = 64 * 1024;

/// The file of one chain: head, names, rows of the warm-up, what that settled on, rows, times.
#[derive(Debug)]
pub(super) struct ChainFile {
    path: PathBuf,
    file: File,
    /// Text that is not in the file yet.
    buffer: Vec<u8>,
    num_samples: Slot,
    num_warmup: Slot,
    pub(super) n_warmup: u64,
    pub(super) n_samples: u64,
    /// Step size and inverse mass that the warm-up settled on, where it was told.
    pub(super) adapted: Option<(f64, Vec<f64>)>,
    has_adaptation: bool,
    began: Instant,
    warmup_took: Option<Duration>,
}

impl ChainFile {
    /// A new file that begins with `head` and the line with the names of the columns.
    pub(super) fn create(path: PathBuf, head: &Head, names: &str) -> Result<Self, RecordError> {
        let file = File::create_new(&path).map_err(|source| {
            let path = path.clone();
            match source.kind() {
                io::ErrorKind::AlreadyExists => RecordError::DrawsExist { path },
                _ => RecordError::Write { path, source },
            }
        })?;
        let mut this = Self {
            path,
            file,
            buffer: head.text.clone().into_bytes(),
            num_samples: head.num_samples,
            num_warmup: head.num_warmup,
            n_warmup: 0,
            n_samples: 0,
            adapted: None,
            has_adaptation: false,
            began: Instant::now(),
            warmup_took: None,
        };
        this.buffer.extend_from_slice(names.as_bytes());
        this.flush()?;
        Ok(this)
    }

    /// Whether the warm-up is over.
    pub(super) fn is_adapted(&self) -> bool {
        self.has_adaptation
    }

    /// Appends one row: numbers to the last bit, as short as that goes.
    pub(super) fn push(
        &mut self,
        is_warmup: bool,
        row: impl Iterator<Item = f64>,
    ) -> Result<(), RecordError> {
        for (i, value) in row.enumerate() {
            let comma = if i == 0 { "" } else { "," };
            // Writing to a vector does not fail.
            let _ = if value.fract() == 0.0 && value.abs() < 1e15 {
                write!(self.buffer, "{comma}{value}")
            } else {
                write!(self.buffer, "{comma}{value:?}")
            };
        }
        self.buffer.push(b'\n');
        if is_warmup {
            self.n_warmup += 1;
        } else {
            self.n_samples += 1;
        }
        if self.buffer.len() < CAPACITY {
            return Ok(());
        }
        self.flush()
    }

    /// Writes that the warm-up is over, and what it settled on.
    pub(super) fn end_warmup(&mut self, step_size: f64, inverse_mass: &[f64]) {
        let diagonal: Vec<String> = inverse_mass.iter().map(f64::to_string).collect();
        let text = format!(
            "# Adaptation terminated\n# Step size = {step_size}\n# Diagonal elements of inverse mass matrix:\n# {}\n",
            diagonal.join(", ")
        );
        self.buffer.extend_from_slice(text.as_bytes());
        self.has_adaptation = true;
    }

    /// Notes that rows after the warm-up begin.
    pub(super) fn start_sampling(&mut self) {
        self.warmup_took.get_or_insert_with(|| self.began.elapsed());
    }

    /// Writes what was gathered.
    pub(super) fn flush(&mut self) -> Result<(), RecordError> {
        let outcome = self.file.write_all(&self.buffer);
        self.buffer.clear();
        outcome.map_err(|source| self.failed(source))
    }

    /// Cuts the file to its first `n_warmup` and `n_samples` rows, where it has more.
    pub(super) fn cut(&mut self, n_warmup: u64, n_samples: u64) -> Result<(), RecordError> {
        self.flush()?;
        if (self.n_warmup, self.n_samples) == (n_warmup, n_samples) {
            return Ok(());
        }
        // What the warm-up settled on lies after its last row.
        if self.n_warmup > n_warmup {
            self.has_adaptation = false;
        }
        self.n_warmup = n_warmup;
        self.n_samples = n_samples;
        self.cut_after(n_warmup + n_samples)
            .map_err(|source| self.failed(source))
    }

    /// Writes the times and the true numbers of draws.
    pub(super) fn finish(&mut self, saves_warmup: bool) -> Result<(), RecordError> {
        let total = self.began.elapsed();
        let warmup = self.warmup_took.unwrap_or(total);
        let text = format!(
            "# \n#  Elapsed Time: {:.3} seconds (Warm-up)\n#                {:.3} seconds (Sampling)\n\
             #                {:.3} seconds (Total)\n# \n",
            warmup.as_secs_f64(),
            (total - warmup).as_secs_f64(),
            total.as_secs_f64()
        );
        self.buffer.extend_from_slice(text.as_bytes());
        self.flush()?;
        self.fill(self.num_samples, self.n_samples)?;
        if saves_warmup {
            self.fill(self.num_warmup, self.n_warmup)?;
        }
        Ok(())
    }

    fn cut_after(&mut self, n_rows: u64) -> io::Result<()> {
        let mut reader = BufReader::new(File::open(&self.path)?);
        let mut offset = 0;
        let mut line = Vec::new();
        // The line with the names is no comment either.
        let mut n_left = n_rows + 1;
        while n_left > 0 || self.has_adaptation {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let is_row = line.first() != Some(&b'#');
            if is_row && n_left == 0 {
                break;
            }
            n_left -= u64::from(is_row);
            offset += line.len() as u64;
        }
        self.file.set_len(offset)?;
        self.file.seek(SeekFrom::End(0)).map(|_| ())
    }

    /// Writes `number` where the head has room for it.
    fn fill(&mut self, slot: Slot, number: u64) -> Result<(), RecordError> {
        let width = slot.width;
        let digits = format!("{number:<width$}");
        if digits.len() > width {
            return Err(RecordError::DrawsBroken {
                path: self.path.clone(),
                what: format!("it has {number} draws, more than the head says and has room for"),
            });
        }
        let mut write = || {
            self.file.seek(SeekFrom::Start(slot.offset as u64))?;
            self.file.write_all(digits.as_bytes())?;
            self.file.seek(SeekFrom::End(0)).map(|_| ())
        };
        write().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> RecordError {
        RecordError::Write {
            path: self.path.clone(),
            source,
        }
    }
}
