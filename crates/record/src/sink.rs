//! The listener that writes each method's points where TensorBoard finds them.

mod windows;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use switchback_core::{DrawSchema, Event, Flow, GraphNode, Sink, SinkError, SinkResult, Stop};

use self::windows::Windows;
use crate::folder::check_entry_name;
use crate::{EventFile, RecordError, Setting};

/// The tag under which a method that has [settings](TensorBoardSink::add_settings) logs how long it took, in seconds by the
/// clock.
pub const SECONDS_TAG: &str = "time/seconds";

/// Writes the points of every method to `<folder>/<method>/`, one event file each.
///
/// A method starts once, and its steps increase; anything else is an error, because TensorBoard would draw
/// a curve that never was.
#[derive(Debug)]
pub struct TensorBoardSink {
    folder: PathBuf,
    graphs: Vec<(String, Vec<GraphNode>)>,
    settings: HashMap<String, Vec<(String, Setting)>>,
    windows: HashMap<String, Windows>,
    methods: HashMap<String, Curve>,
}

/// The event file of one method.
#[derive(Debug)]
struct Curve {
    /// `None` once the method has finished.
    file: Option<EventFile>,
    last_step: Option<u64>,
    started: Instant,
}

impl TensorBoardSink {
    /// A sink that writes below `folder`, usually that of a run.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            graphs: Vec::new(),
            settings: HashMap::new(),
            windows: HashMap::new(),
            methods: HashMap::new(),
        }
    }

    /// Writes the graph of `nodes` when `method` starts.
    pub fn add_graph(&mut self, method: impl Into<String>, nodes: Vec<GraphNode>) {
        self.graphs.push((method.into(), nodes));
    }

    /// `method` will be a row of the HPARAMS tab with these `settings`.
    pub fn add_settings(&mut self, method: impl Into<String>, settings: Vec<(String, Setting)>) {
        self.settings.insert(method.into(), settings);
    }

    /// From now on draws of `method`, whose rows are as `schema` says, are logged as histograms over time.
    pub fn expect_draws(&mut self, method: impl Into<String>, schema: &DrawSchema) {
        self.windows.insert(method.into(), Windows::of(schema));
    }

    /// Closes the event file of every method that has not finished.
    ///
    /// # Errors
    /// When events of one of them were lost.
    pub fn close(self) -> Result<(), RecordError> {
        // Every file is closed, whatever becomes of the others.
        self.methods
            .into_values()
            .filter_map(|curve| curve.file)
            .map(EventFile::close)
            .fold(Ok(()), Result::and)
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), RecordError> {
        match event {
            Event::Started {
                method,
                total,
                warmup,
            } => {
                if let Some(windows) = self.windows.get_mut(*method) {
                    windows.expect(total.saturating_sub(*warmup));
                }
                self.start(method)
            }
            Event::Draws { method, rows } => {
                if let Some(windows) = self.windows.get_mut(*method) {
                    windows.take(rows);
                }
                Ok(())
            }
            Event::Point {
                method,
                step,
                scalars,
            } => self.point(method, *step, scalars),
            Event::Finished { method, stop } => self.finish(method, *stop),
            // Steps without values have no place on a curve.
            _ => Ok(()),
        }
    }

    fn start(&mut self, method: &str) -> Result<(), RecordError> {
        check_entry_name(method)?;
        if self.methods.contains_key(method) {
            return Err(RecordError::StartedTwice {
                path: self.folder.clone(),
                method: method.to_owned(),
            });
        }
        let mut file = EventFile::create(&self.folder.join(method))?;
        for (_, nodes) in self.graphs.iter().filter(|(of, _)| of == method) {
            file.graph(nodes)?;
        }
        if let Some(settings) = self.settings.get(method) {
            let settings: Vec<(&str, Setting)> = settings
                .iter()
                .map(|(name, setting)| (name.as_str(), setting.clone()))
                .collect();
            file.hparams_start(&settings, Timestamp::now())?;
        }
        let curve = Curve {
            file: Some(file),
            last_step: None,
            started: Instant::now(),
        };
        self.methods.insert(method.to_owned(), curve);
        Ok(())
    }

    fn point(
        &mut self,
        method: &str,
        step: u64,
        scalars: &[(&str, f64)],
    ) -> Result<(), RecordError> {
        let Some(Curve {
            file: Some(file),
            last_step,
            ..
        }) = self.methods.get_mut(method)
        else {
            return Err(self.not_started(method));
        };
        if let Some(last) = last_step.filter(|last| step <= *last) {
            let path = file.path().to_path_buf();
            return Err(RecordError::StepOrder { path, step, last });
        }
        let Ok(signed) = i64::try_from(step) else {
            let path = file.path().to_path_buf();
            return Err(RecordError::StepSize { path, step });
        };
        *last_step = Some(step);
        file.scalars(signed, scalars)?;
        match self.windows.get_mut(method) {
            Some(windows) if windows.is_full(step) => windows.close(file, signed),
            _ => Ok(()),
        }
    }

    fn finish(&mut self, method: &str, stop: Stop) -> Result<(), RecordError> {
        let Some(curve) = self.methods.get_mut(method) else {
            return Err(self.not_started(method));
        };
        let Some(mut file) = curve.file.take() else {
            return Err(self.not_started(method));
        };
        // A point has fitted into an `i64`; a method without one ends where it began.
        let step = curve.last_step.unwrap_or(0) as i64;
        if let Some(mut windows) = self.windows.remove(method) {
            windows.close(&mut file, step)?;
        }
        if self.settings.contains_key(method) {
            let seconds = curve.started.elapsed().as_secs_f64();
            file.scalars(step, &[(SECONDS_TAG, seconds)])?;
            file.hparams_end(stop != Stop::Interrupted, Timestamp::now())?;
        }
        file.close()
    }

    fn not_started(&self, method: &str) -> RecordError {
        RecordError::NotStarted {
            path: self.folder.clone(),
            method: method.to_owned(),
        }
    }
}

impl Sink for TensorBoardSink {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        match self.take(event) {
            Ok(()) => Ok(Flow::Continue),
            Err(error) => Err(SinkError {
                sink: "TensorBoard",
                source: Box::new(error),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use switchback_core::Stop;

    use super::*;
    use crate::records::testing::read_records;
    use crate::scratch::Scratch;

    fn started(method: &str) -> Event<'_> {
        Event::Started {
            method,
            total: 10,
            warmup: 0,
        }
    }

    fn point(method: &str, step: u64) -> Event<'_> {
        Event::Point {
            method,
            step,
            scalars: &[("tau", 45.5), ("likelihood", -160.0)],
        }
    }

    fn finished(method: &str) -> Event<'_> {
        let stop = Stop::Completed;
        Event::Finished { method, stop }
    }

    /// The error with which the sink refuses `event`.
    fn refused(sink: &mut TensorBoardSink, event: &Event<'_>) -> RecordError {
        let error = sink.record(event).expect_err("the event is refused");
        assert_eq!(error.sink, "TensorBoard");
        *error.source.downcast().expect("an error of this crate")
    }

    /// Events of `method`, the head of its one file not counted.
    fn n_events(scratch: &Scratch, method: &str) -> usize {
        let files: Vec<_> = fs::read_dir(scratch.path().join(method))
            .expect("the method's folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        let [file] = &files[..] else {
            panic!("one writer makes one file: {files:?}");
        };
        let bytes = fs::read(file).expect("the file is there");
        read_records(&bytes).expect("every record is whole").len() - 1
    }

    #[test]
    fn methods_side_by_side_have_a_file_each() {
        let scratch = Scratch::new();
        let node = GraphNode {
            name: "tau".into(),
            op: "Parameter",
            inputs: vec![],
            shape: vec![],
        };
        let mut sink = TensorBoardSink::new(scratch.path());
        sink.add_graph("adam", vec![node]);
        let story = [
            started("adam"),
            started("nuts"),
            point("adam", 0),
            point("nuts", 5),
            Event::Progress {
                method: "nuts",
                step: 6,
            },
            point("adam", 100),
            finished("adam"),
        ];
        for event in &story {
            assert_eq!(sink.record(event).expect("in order"), Flow::Continue);
        }
        assert_eq!(n_events(&scratch, "adam"), 3, "the graph and two points");
        sink.close().expect("nothing is lost");
        assert_eq!(n_events(&scratch, "nuts"), 1);
    }

    #[test]
    fn steps_that_do_not_increase_are_refused() {
        let scratch = Scratch::new();
        let mut sink = TensorBoardSink::new(scratch.path());
        sink.record(&started("adam")).expect("a new method");
        sink.record(&point("adam", 7)).expect("the first step");
        for step in [7, 6, 0] {
            let error = refused(&mut sink, &point("adam", step));
            assert!(matches!(error, RecordError::StepOrder { last: 7, .. }));
        }
        let error = refused(&mut sink, &point("adam", u64::MAX));
        assert!(matches!(error, RecordError::StepSize { .. }));
        sink.record(&point("adam", 8)).expect("the next step");
        sink.record(&finished("adam")).expect("nothing is lost");
        assert_eq!(n_events(&scratch, "adam"), 2);
    }

    #[test]
    fn a_method_starts_once_and_before_its_points() {
        let scratch = Scratch::new();
        let mut sink = TensorBoardSink::new(scratch.path());
        for event in [point("adam", 0), finished("adam")] {
            let error = refused(&mut sink, &event);
            assert!(matches!(error, RecordError::NotStarted { .. }));
        }
        sink.record(&started("adam")).expect("a new method");
        let error = refused(&mut sink, &started("adam"));
        assert!(matches!(error, RecordError::StartedTwice { .. }));
        sink.record(&finished("adam")).expect("nothing is lost");
        let error = refused(&mut sink, &started("adam"));
        assert!(matches!(error, RecordError::StartedTwice { .. }));
        let error = refused(&mut sink, &point("adam", 1));
        assert!(matches!(error, RecordError::NotStarted { .. }));
        let error = refused(&mut sink, &started("../adam"));
        assert!(matches!(error, RecordError::EntryName { .. }));
    }
}
