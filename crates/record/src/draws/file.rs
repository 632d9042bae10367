//! The listener that keeps a method's draws, with the thread that writes them.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use switchback_core::{DrawRows, DrawSchema, Event, Flow, Sink, SinkError, SinkResult};

use super::cmdstan::CmdStanFiles;
use super::column::{self, Kind};
use super::zarr::ZarrStore;
use super::{CmdStanInfo, DrawsInfo};
use crate::RecordError;

/// What was drawn is on the disk at most a second later: this, and the time that the writing takes.
const COMMIT_EACH: Duration = Duration::from_millis(750);

/// Bytes of draws that may wait for the thread; a sampler that is faster waits.
const QUEUE_BYTES: usize = 16 << 20;

/// Keeps the draws of one method: a [`Sink`] of [`Event::Draws`].
///
/// A thread in the background writes them: whatever was drawn a second ago can be read, also after the process was
/// killed. Memory is bounded. After a failed write the next event is an error that says what happened, and so is
/// every later one; what was on the disk before can be read still. Dropping it writes what is waiting and says
/// nothing; [`DrawsFile::finish`] also tells whether that went well.
#[derive(Debug)]
pub struct DrawsFile {
    path: PathBuf,
    shape: Shape,
    sampler: String,
    save_warmup: bool,
    /// `None` once the thread was told to end.
    sender: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<Result<(), RecordError>>>,
}

/// Rows of one chain, owned.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) chain: usize,
    pub(super) is_warmup: bool,
    pub(super) n_rows: usize,
    pub(super) values: Vec<f64>,
    pub(super) stats: Vec<f64>,
    pub(super) pointwise: Vec<f64>,
}

/// Where rows go.
pub(super) trait RowStore: Send {
    /// Takes rows, which fit the schema.
    fn append(&mut self, rows: &Rows) -> Result<(), RecordError>;
    /// Takes what a chain's warm-up settled on.
    fn adapted(&mut self, _: usize, _: f64, _: &[f64]) -> Result<(), RecordError> {
        Ok(())
    }
    /// Makes everything so far readable for others.
    fn commit(&mut self) -> Result<(), RecordError>;
    /// Ends the store.
    fn finish(&mut self) -> Result<(), RecordError>;
}

/// What the thread is asked to do.
enum Command {
    Rows(Rows),
    Adapted(usize, f64, Vec<f64>),
    /// Commit, then answer.
    Commit(SyncSender<()>),
    Finish,
}

/// The shape that rows must have.
#[derive(Debug)]
struct Shape {
    n_chains: usize,
    n_pointwise: usize,
    quantities: Vec<(String, Kind)>,
    stats: Vec<(String, Kind)>,
}

impl DrawsFile {
    /// A new Zarr store in the folder `path`, in ArviZ's layout.
    ///
    /// It is Zarr version 2 with consolidated metadata, which ArviZ 0.x and 1.x load without a warning. Groups are
    /// `posterior`, `sample_stats`, `observed_data`, `log_likelihood`, and `warmup_posterior` and
    /// `warmup_sample_stats` once there are draws of a warm-up; each is there where there is something to put in.
    /// What every chain has is in the arrays. Observations lie along the series' times: numbers where all of its
    /// labels are such, else texts, else the clock `1..=n`.
    ///
    /// # Errors
    /// When there is something at `path`, it cannot be made, or the schema cannot be stored.
    pub fn create(
        path: impl AsRef<Path>,
        schema: &DrawSchema,
        info: &DrawsInfo<'_>,
    ) -> Result<Self, RecordError> {
        let path = path.as_ref();
        let store = ZarrStore::create(path, schema, info)?;
        Self::over(Box::new(store), path, schema, info)
    }

    /// New files `<folder>/<name>_1.csv`, `_2.csv`, ..., one a chain, as CmdStan writes them.
    ///
    /// A sampler with every statistic of NUTS (`lp`, `acceptance_rate`, `step_size`, `tree_depth`, `n_steps`,
    /// `diverging`, `energy`) is written as that, with what [`Event::Adapted`] tells. Any other is written as CmdStan's
    /// `fixed_param`: with `lp__` and `accept_stat__` alone, and without its warm-up, since that has none. Other
    /// statistics and the pointwise log-likelihood have no place in these files. When it is finished all chains are
    /// cut to the length of the shortest, and the heads tell the number of draws that there are.
    ///
    /// # Errors
    /// When one of the files exists, cannot be made, or a name cannot be that of a column.
    pub fn create_cmdstan(
        folder: impl AsRef<Path>,
        name: &str,
        schema: &DrawSchema,
        info: &DrawsInfo<'_>,
        cmdstan: &CmdStanInfo<'_>,
    ) -> Result<Self, RecordError> {
        let folder = folder.as_ref();
        let files = CmdStanFiles::create((folder, name), schema, info, cmdstan)?;
        Self::over(Box::new(files), folder, schema, info)
    }

    fn over(
        store: Box<dyn RowStore>,
        path: &Path,
        schema: &DrawSchema,
        info: &DrawsInfo<'_>,
    ) -> Result<Self, RecordError> {
        let width = schema.quantities.len() + schema.stats.len() + schema.n_pointwise;
        let (sender, inbox) = sync_channel((QUEUE_BYTES / (8 * width.max(1))).clamp(1, 1024));
        let thread = thread::Builder::new()
            .name("draws".to_owned())
            .spawn(move || write_draws(store, &inbox))
            .map_err(|source| RecordError::Write {
                path: path.to_path_buf(),
                source,
            })?;
        Ok(Self {
            path: path.to_path_buf(),
            shape: Shape {
                n_chains: schema.n_chains,
                n_pointwise: schema.n_pointwise,
                quantities: column::quantities(schema),
                stats: column::stats(schema),
            },
            sampler: info.sampler.to_owned(),
            save_warmup: info.save_warmup,
            sender: Some(sender),
            thread: Some(thread),
        })
    }

    /// The Zarr store, or the folder of the CSV files.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until everything so far can be read.
    ///
    /// That is the operating system's file: what another program reads, not yet what survives a power cut.
    ///
    /// # Errors
    /// When a write failed.
    pub fn commit(&mut self) -> Result<(), RecordError> {
        let (done, answer) = sync_channel(1);
        self.send(Command::Commit(done))?;
        // A thread that ended has dropped `done`, which ends the wait as well.
        answer.recv().map_err(|_| self.failure())
    }

    /// Writes what is waiting and ends the file.
    ///
    /// # Errors
    /// When a write failed.
    pub fn finish(mut self) -> Result<(), RecordError> {
        self.send(Command::Finish)?;
        self.sender = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            _ => Err(self.failure()),
        }
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), RecordError> {
        match event {
            Event::Draws { method, rows } if *method == self.sampler => self.rows(rows),
            Event::Adapted {
                method,
                chain,
                step_size,
                inverse_mass,
            } if *method == self.sampler => {
                self.check_chain(*chain)?;
                self.send(Command::Adapted(*chain, *step_size, inverse_mass.to_vec()))
            }
            Event::Finished { method, .. } if *method == self.sampler => self.commit(),
            _ => Ok(()),
        }
    }

    fn rows(&mut self, rows: &DrawRows<'_>) -> Result<(), RecordError> {
        self.check_chain(rows.chain)?;
        let n_rows = self
            .shape
            .n_rows(rows)
            .map_err(|what| RecordError::DrawRows {
                path: self.path.clone(),
                chain: rows.chain,
                what,
            })?;
        self.check_kinds(&self.shape.quantities, rows.values, rows.chain)?;
        self.check_kinds(&self.shape.stats, rows.stats, rows.chain)?;
        if n_rows == 0 || (rows.is_warmup && !self.save_warmup) {
            return Ok(());
        }
        self.send(Command::Rows(Rows {
            chain: rows.chain,
            is_warmup: rows.is_warmup,
            n_rows,
            values: rows.values.to_vec(),
            stats: rows.stats.to_vec(),
            pointwise: rows.pointwise.to_vec(),
        }))
    }

    fn check_chain(&self, chain: usize) -> Result<(), RecordError> {
        if chain < self.shape.n_chains {
            return Ok(());
        }
        Err(RecordError::DrawRows {
            path: self.path.clone(),
            chain,
            what: format!("there are {} chains", self.shape.n_chains),
        })
    }

    /// That whole numbers and flags are such.
    fn check_kinds(
        &self,
        columns: &[(String, Kind)],
        values: &[f64],
        chain: usize,
    ) -> Result<(), RecordError> {
        for (i, (name, kind)) in columns.iter().enumerate() {
            if *kind == Kind::Real {
                continue;
            }
            let mut column = values.iter().skip(i).step_by(columns.len());
            if let Some(value) = column.find(|value| !kind.takes(**value)) {
                return Err(RecordError::DrawRows {
                    path: self.path.clone(),
                    chain,
                    what: format!("{name} is {value}, where only a {kind} can be"),
                });
            }
        }
        Ok(())
    }

    fn send(&mut self, command: Command) -> Result<(), RecordError> {
        let sent = self
            .sender
            .as_ref()
            .is_some_and(|sender| sender.send(command).is_ok());
        if sent { Ok(()) } else { Err(self.failure()) }
    }

    /// The error of a thread that has ended before it was told to.
    fn failure(&mut self) -> RecordError {
        self.sender = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => error,
            _ => RecordError::DrawsEnded {
                path: self.path.clone(),
            },
        }
    }
}

impl Drop for DrawsFile {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // `finish` is there for those who want to know.
            let _ = thread.join();
        }
    }
}

impl Sink for DrawsFile {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        match self.take(event) {
            Ok(()) => Ok(Flow::Continue),
            Err(error) => Err(SinkError {
                sink: "draws",
                source: Box::new(error),
            }),
        }
    }
}

impl Shape {
    /// The number of rows, or what is wrong with their shape.
    fn n_rows(&self, rows: &DrawRows<'_>) -> Result<usize, String> {
        let mut n_rows = None;
        for (what, width, length) in [
            ("quantities", self.quantities.len(), rows.values.len()),
            ("statistics", self.stats.len(), rows.stats.len()),
            (
                "log-likelihoods",
                self.n_pointwise * usize::from(!rows.is_warmup || !rows.pointwise.is_empty()),
                rows.pointwise.len(),
            ),
        ] {
            if width == 0 && length == 0 {
                continue;
            }
            let expected = *n_rows.get_or_insert(length.checked_div(width).unwrap_or(0));
            if expected * width != length {
                return Err(format!("{length} {what} are no rows of {width}"));
            }
        }
        Ok(n_rows.unwrap_or(0))
    }
}

/// The thread: writes until the sender is dropped or a write fails.
fn write_draws(mut store: Box<dyn RowStore>, inbox: &Receiver<Command>) -> Result<(), RecordError> {
    // When the oldest row that is not committed must be.
    let mut due: Option<Instant> = None;
    loop {
        let command = match due {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            // A queue that never runs empty must not keep the time from running out.
            Some(due) if Instant::now() >= due => Err(RecvTimeoutError::Timeout),
            Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match command {
            Ok(Command::Rows(rows)) => {
                store.append(&rows)?;
                due.get_or_insert_with(|| Instant::now() + COMMIT_EACH);
            }
            Ok(Command::Adapted(chain, step_size, inverse_mass)) => {
                store.adapted(chain, step_size, &inverse_mass)?;
            }
            Ok(Command::Commit(done)) => {
                store.commit()?;
                due = None;
                // One who no longer waits needs no answer.
                let _ = done.send(());
            }
            Ok(Command::Finish) => return store.finish(),
            Err(RecvTimeoutError::Timeout) => {
                store.commit()?;
                due = None;
            }
            Err(RecvTimeoutError::Disconnected) => return store.commit(),
        }
    }
}
