//! One TensorBoard event file, written by a thread of its own.

mod dashboards;
mod tail;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use protobuf::Message;
use switchback_core::GraphNode;
use tensorboard_proto::event::Event;
use tensorboard_proto::summary::{Summary, Summary_Value, SummaryMetadata};
use tensorboard_proto::tensor::TensorProto;
use tensorboard_proto::tensor_shape::TensorShapeProto;
use tensorboard_proto::types::DataType;
use tensorboard_rs::summary::histogram_raw;

use crate::RecordError;
use crate::event_name::new_file;
use crate::graph::graph_def;
use crate::records::{RecordLog, Storage};

pub use dashboards::{Chart, Setting};
pub use tail::{EventTail, LoggedPoint};

/// Events that may wait for the thread; a caller that is faster waits.
const QUEUE: usize = 4096;

/// An event is in the file at most this long after it was recorded.
const FLUSH_EACH: Duration = Duration::from_secs(1);

/// Writes one TensorBoard event file.
///
/// Events are stamped with the time of the call and written by a thread in the background, at the latest
/// after a second. When the disk fills up, the file keeps every whole event written until then, the next
/// call is an error with the number of events lost, and so is every later one. Dropping it writes what is
/// waiting and says nothing; [`EventFile::close`] also tells whether that went well.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    /// `None` once the thread was told to end.
    sender: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    /// Events handed over, the version at the head of the file among them.
    n_submitted: u64,
}

/// What the thread is asked to do.
enum Command {
    /// Write one encoded event.
    Write(Vec<u8>),
    /// Bring everything so far into the file, then answer.
    Flush(SyncSender<()>),
}

/// What the thread tells.
#[derive(Debug)]
struct Shared {
    /// Whole events in the file; final once `failure` is set or the thread has ended.
    n_written: AtomicU64,
    /// What ended the writing.
    failure: OnceLock<Arc<io::Error>>,
}

impl EventFile {
    /// Makes `folder` where it is missing, and a new event file in it.
    ///
    /// # Errors
    /// When the folder or the file cannot be made, or the disk is full already.
    pub fn create(folder: &Path) -> Result<Self, RecordError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| RecordError::Write { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let (path, file) = new_file(folder).map_err(failed(folder))?;
        Self::over(Box::new(file), path.clone()).map_err(|source| {
            // Best effort: an event file without its head is of no use to anyone.
            let _ = fs::remove_file(&path);
            failed(&path)(source)
        })
    }

    /// An event file over an empty storage that is called `path`.
    fn over(storage: Box<dyn Storage>, path: PathBuf) -> io::Result<Self> {
        let mut head = event_now();
        head.set_file_version("brain.Event:2".to_owned());
        let mut log = RecordLog::new(storage);
        log.append(&head.write_to_bytes()?)?;
        log.flush()?;
        let shared = Arc::new(Shared {
            n_written: AtomicU64::new(log.n_written()),
            failure: OnceLock::new(),
        });
        let (sender, inbox) = sync_channel(QUEUE);
        let told = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("event-file".to_owned())
            .spawn(move || write_events(log, &inbox, &told))?;
        Ok(Self {
            path,
            sender: Some(sender),
            thread: Some(thread),
            shared,
            n_submitted: 1,
        })
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Records `values` (tag, value) at `step` as one event.
    ///
    /// Values are rounded to `f32`, the only scalar that every TensorBoard reads; what is beyond its range
    /// becomes infinite.
    ///
    /// # Errors
    /// When events were lost, see [`RecordError::EventsLost`].
    pub fn scalars(&mut self, step: i64, values: &[(&str, f64)]) -> Result<(), RecordError> {
        let values = values.iter().map(|(tag, value)| {
            let mut entry = Summary_Value::new();
            entry.set_tag((*tag).to_owned());
            entry.set_simple_value(*value as f32);
            entry
        });
        self.submit_summary(step, values.collect())
    }

    /// Records the graph that the Graphs tab draws; a graph without nodes is not recorded.
    ///
    /// # Errors
    /// When two nodes share a name, a node reads one that is not there, or events were lost.
    pub fn graph(&mut self, nodes: &[GraphNode]) -> Result<(), RecordError> {
        if nodes.is_empty() {
            return Ok(());
        }
        let graph = graph_def(nodes)?;
        let mut event = event_now();
        event.set_graph_def(self.encode(&graph)?);
        self.submit(&event)
    }

    /// Records counts of values between edges under `tag` at `step`, for the Histograms tab: `bins` hold each bin's upper
    /// edge and count, the first begins at `low`.
    ///
    /// # Errors
    /// When events were lost.
    pub fn histogram(
        &mut self,
        tag: &str,
        step: i64,
        low: f64,
        bins: &[(f64, usize)],
    ) -> Result<(), RecordError> {
        let high = bins.last().map_or(low, |(edge, _)| *edge);
        let counts = bins.iter().map(|(_, count)| *count as f64);
        // A bin without width below the first one tells where that begins.
        let edges: Vec<f64> = std::iter::once(low)
            .chain(bins.iter().map(|(edge, _)| *edge))
            .collect();
        let n = counts.clone().sum();
        let counts: Vec<f64> = std::iter::once(0.0).chain(counts).collect();
        let mut summary = histogram_raw(tag, low, high, n, 0.0, 0.0, &edges, &counts);
        self.submit_summary(step, summary.take_value().into_vec())
    }

    /// Records `markdown` under `tag` at `step`, for the Text tab.
    ///
    /// # Errors
    /// When events were lost.
    pub fn text(&mut self, tag: &str, step: i64, markdown: &str) -> Result<(), RecordError> {
        let markdown = string_tensor(markdown.as_bytes().to_vec());
        self.submit_summary(step, vec![plugin_value(tag, "text", vec![], markdown)])
    }

    /// Waits until every event so far is in the file.
    ///
    /// That is the operating system's file: what another program reads, not yet what survives a power cut.
    ///
    /// # Errors
    /// When events were lost.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        let (done, answer) = sync_channel(1);
        let sent = self
            .sender
            .as_ref()
            .is_some_and(|sender| sender.send(Command::Flush(done)).is_ok());
        // A thread that ended has dropped `done`, which ends the wait as well.
        if sent && answer.recv().is_ok() {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    /// Writes what is waiting and ends the file.
    ///
    /// # Errors
    /// When events were lost; the count is of all of them, and exact.
    pub fn close(mut self) -> Result<(), RecordError> {
        self.end();
        if self.shared.n_written.load(Ordering::Acquire) == self.n_submitted {
            Ok(())
        } else {
            Err(self.lost())
        }
    }

    fn submit_summary(&mut self, step: i64, values: Vec<Summary_Value>) -> Result<(), RecordError> {
        let mut summary = Summary::new();
        summary.set_value(values.into());
        let mut event = event_now();
        event.set_step(step);
        event.set_summary(summary);
        self.submit(&event)
    }

    fn submit(&mut self, event: &Event) -> Result<(), RecordError> {
        let bytes = self.encode(event)?;
        self.n_submitted += 1;
        let sent = self
            .sender
            .as_ref()
            .is_some_and(|sender| sender.send(Command::Write(bytes)).is_ok());
        if sent { Ok(()) } else { Err(self.lost()) }
    }

    fn encode(&self, message: &impl Message) -> Result<Vec<u8>, RecordError> {
        message
            .write_to_bytes()
            .map_err(|source| RecordError::Event {
                path: self.path.clone(),
                source,
            })
    }

    /// The error of a file whose thread has ended, or is about to, before it was told to.
    fn lost(&mut self) -> RecordError {
        // What the thread tells is final once it has ended.
        self.end();
        let n_written = self.shared.n_written.load(Ordering::Acquire);
        let failure = self.shared.failure.get().cloned();
        RecordError::EventsLost {
            path: self.path.clone(),
            lost: self.n_submitted.saturating_sub(n_written),
            source: failure
                .unwrap_or_else(|| Arc::new(io::Error::other("the writing thread ended"))),
        }
    }

    /// Lets the thread write what is waiting, and waits for its end.
    fn end(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic there shows as events that are missing from the count.
            let _ = thread.join();
        }
    }
}

impl Drop for EventFile {
    fn drop(&mut self) {
        self.end();
    }
}

/// A value under `tag` for the `plugin` of that name, with what its metadata says.
fn plugin_value(tag: &str, plugin: &str, content: Vec<u8>, tensor: TensorProto) -> Summary_Value {
    let mut metadata = SummaryMetadata::new();
    let data = metadata.mut_plugin_data();
    data.set_plugin_name(plugin.to_owned());
    data.set_content(content);
    let mut entry = Summary_Value::new();
    entry.set_tag(tag.to_owned());
    entry.set_metadata(metadata);
    entry.set_tensor(tensor);
    entry
}

/// One string.
fn string_tensor(bytes: Vec<u8>) -> TensorProto {
    let mut tensor = TensorProto::new();
    tensor.set_dtype(DataType::DT_STRING);
    tensor.set_tensor_shape(TensorShapeProto::new());
    tensor.mut_string_val().push(bytes);
    tensor
}

/// The thread: writes until the sender is dropped or a write fails.
fn write_events(mut log: RecordLog, inbox: &Receiver<Command>, shared: &Shared) {
    let outcome = write_until_end(&mut log, inbox, shared);
    shared.n_written.store(log.n_written(), Ordering::Release);
    if let Err(error) = outcome {
        // Nobody else sets it. The inbox is dropped after this, so that a caller whose send fails finds it.
        let _ = shared.failure.set(Arc::new(error));
    }
}

fn write_until_end(
    log: &mut RecordLog,
    inbox: &Receiver<Command>,
    shared: &Shared,
) -> io::Result<()> {
    // When the oldest event in the log's buffer must be in the file.
    let mut due: Option<Instant> = None;
    loop {
        let command = match due {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match command {
            Ok(Command::Write(bytes)) => {
                log.append(&bytes)?;
                due.get_or_insert_with(|| Instant::now() + FLUSH_EACH);
            }
            Ok(Command::Flush(done)) => {
                log.flush()?;
                due = None;
                shared.n_written.store(log.n_written(), Ordering::Release);
                // One who no longer waits needs no answer.
                let _ = done.send(());
            }
            Err(RecvTimeoutError::Timeout) => {
                log.flush()?;
                due = None;
            }
            Err(RecvTimeoutError::Disconnected) => return log.flush(),
        }
    }
}

/// An event of this moment, in seconds since 1970.
fn event_now() -> Event {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    let mut event = Event::new();
    event.set_wall_time(since_1970.map_or(0.0, |time| time.as_secs_f64()));
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::testing::{Filling, read_records};
    use crate::scratch::Scratch;

    fn decode(bytes: &[u8]) -> Vec<Event> {
        read_records(bytes)
            .expect("every record is whole")
            .iter()
            .map(|record| Event::parse_from_bytes(record).expect("an event"))
            .collect()
    }

    fn events_in(path: &Path) -> Vec<Event> {
        decode(&fs::read(path).expect("the file is there"))
    }

    #[test]
    fn a_hundred_thousand_events_come_back() {
        let scratch = Scratch::new();
        let mut file = EventFile::create(scratch.path()).expect("a new file");
        let path = file.path().to_path_buf();
        let value_at = |step: i64| (step as f64).sin() * 1e3;
        for step in 0..100_000 {
            file.scalars(
                step,
                &[("mu1", value_at(step)), ("diag/grad_norm", f64::NAN)],
            )
            .expect("there is room");
        }
        file.close().expect("nothing is lost");

        let events = events_in(&path);
        assert_eq!(events.len(), 100_001);
        assert_eq!(events[0].get_file_version(), "brain.Event:2");
        let mut last_time = events[0].get_wall_time();
        assert!(last_time > 1.7e9);
        for (step, event) in (0..).zip(&events[1..]) {
            let values = event.get_summary().get_value();
            assert_eq!((event.get_step(), values.len()), (step, 2));
            assert_eq!(values[0].get_tag(), "mu1");
            assert_eq!(values[0].get_simple_value(), value_at(step) as f32);
            assert_eq!(values[1].get_tag(), "diag/grad_norm");
            assert!(values[1].get_simple_value().is_nan());
            assert!(
                event.get_wall_time() >= last_time - 1.0,
                "a clock, give or take"
            );
            last_time = event.get_wall_time();
        }
    }

    #[test]
    fn every_event_is_in_the_file_or_counted_as_lost() {
        for room in (0..4_000).step_by(13).chain([100_000, 200_000, 400_000]) {
            let storage = Filling::with_room(room);
            let Ok(mut file) = EventFile::over(Box::new(storage.clone()), "full".into()) else {
                assert!(room < 40, "the head alone fits in {room}");
                assert_eq!(storage.bytes(), b"");
                continue;
            };
            let n_events = 10_000;
            let refused = (0..n_events)
                .filter(|step| file.scalars(*step, &[("tau", 1.0)]).is_err())
                .count();
            let outcome = file.close();
            let Err(RecordError::EventsLost { lost, source, .. }) = outcome else {
                panic!("{room} bytes cannot hold {n_events} events: {outcome:?}");
            };
            assert_eq!(source.kind(), io::ErrorKind::StorageFull);
            assert!(refused as u64 <= lost);
            let n_kept = decode(&storage.bytes()).len() as u64 - 1;
            assert_eq!(n_kept + lost, n_events as u64, "room {room}");
        }
    }

    #[test]
    fn the_call_after_a_failure_is_an_error_with_the_count_so_far() {
        let storage = Filling::with_room(100);
        let mut file = EventFile::over(Box::new(storage.clone()), "full".into()).expect("the head");
        for step in 0..3 {
            file.scalars(step, &[("tau", 1.0)]).expect("only queued");
        }
        let n_kept = |storage: &Filling| decode(&storage.bytes()).len() as u64 - 1;
        let Err(RecordError::EventsLost { lost, path, .. }) = file.flush() else {
            panic!("the flush finds the storage full");
        };
        assert_eq!(path, Path::new("full"));
        assert_eq!(lost + n_kept(&storage), 3);
        let Err(RecordError::EventsLost { lost: next, .. }) = file.scalars(3, &[("tau", 1.0)])
        else {
            panic!("a file that failed stays so");
        };
        assert_eq!(next, lost + 1);
    }

    #[test]
    fn a_flushed_event_is_in_the_file_and_a_dropped_file_is_drained() {
        let scratch = Scratch::new();
        let mut file = EventFile::create(scratch.path()).expect("a new file");
        let path = file.path().to_path_buf();
        assert_eq!(events_in(&path).len(), 1, "the head is there at once");
        file.text("notes", 0, "*before*").expect("there is room");
        file.flush().expect("there is room");
        assert_eq!(events_in(&path).len(), 2);
        file.scalars(1, &[]).expect("there is room");
        drop(file);
        assert_eq!(events_in(&path).len(), 3);
    }

    #[test]
    fn an_event_arrives_by_itself() {
        let scratch = Scratch::new();
        let mut file = EventFile::create(scratch.path()).expect("a new file");
        file.scalars(1, &[("tau", 45.5)]).expect("there is room");
        let patience = Instant::now() + Duration::from_secs(30);
        while events_in(file.path()).len() < 2 {
            assert!(Instant::now() < patience, "no event within 30 seconds");
            thread::sleep(Duration::from_millis(50));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error() {
        let scratch = Scratch::new();
        let file = scratch.path().join("file");
        fs::write(&file, "in the way").expect("there is room");
        let outcome = EventFile::create(&file.join("adam"));
        assert!(matches!(outcome, Err(RecordError::Write { .. })));
    }

    #[test]
    fn a_graph_that_cannot_be_drawn_is_refused_and_an_empty_one_is_nothing() {
        let scratch = Scratch::new();
        let mut file = EventFile::create(scratch.path()).expect("a new file");
        let path = file.path().to_path_buf();
        file.graph(&[]).expect("nothing to do");
        let alone = GraphNode {
            name: "sum".into(),
            op: "Sum",
            inputs: vec!["tau".into()],
            shape: vec![],
        };
        assert!(matches!(
            file.graph(&[alone]),
            Err(RecordError::GraphInput { .. })
        ));
        file.close().expect("nothing is lost");
        assert_eq!(events_in(&path).len(), 1);
    }
}
