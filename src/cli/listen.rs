//! Who listens to a run: progress on standard error, TensorBoard, and Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use switchback::core::{Event, Flow, GraphNode, Sink, SinkResult};
use switchback::record::{DrawsFile, RecordError, TensorBoardSink};

use super::progress::Progress;

/// Exit code of a process that a second Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

/// Asks for the end once Ctrl-C was pressed.
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C, SIGTERM and SIGHUP from now on; the second one ends the process at once.
    ///
    /// # Errors
    /// When the system allows no handler.
    pub fn listen() -> Result<Self, ctrlc::Error> {
        let asked = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&asked);
        ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(INTERRUPTED);
            }
        })?;
        Ok(Self(asked))
    }
}

impl Sink for Interrupt {
    fn record(&mut self, _event: &Event<'_>) -> SinkResult {
        Ok(if self.0.load(Ordering::SeqCst) {
            Flow::Stop
        } else {
            Flow::Continue
        })
    }
}

/// Everyone who hears of the run.
pub struct Listeners {
    /// On standard error.
    pub progress: Progress,
    /// Event files in the run's folder.
    pub tensorboard: TensorBoardSink,
    /// Files of draws, one a sampler at a time.
    pub draws: Vec<DrawsFile>,
    /// Ctrl-C.
    pub interrupt: Interrupt,
}

impl Listeners {
    /// TensorBoard shows the graph of `nodes` for `method`.
    pub fn add_graph(&mut self, method: &str, nodes: Vec<GraphNode>) {
        self.tensorboard.add_graph(method, nodes);
    }

    /// Nobody listens any more: the progress is gone from the terminal, all files are whole.
    ///
    /// # Errors
    /// When events or draws were lost.
    pub fn close(self) -> Result<(), RecordError> {
        drop(self.progress);
        let draws = self.draws.into_iter().map(DrawsFile::finish);
        let events = self.tensorboard.close();
        draws.fold(events, Result::and)
    }
}

/// Each hears every event, and one that asks for the end ends the run.
impl Sink for Listeners {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        let draws = self.draws.iter_mut().map(|file| file as &mut dyn Sink);
        let sinks: [&mut dyn Sink; 3] = [
            &mut self.tensorboard,
            &mut self.progress,
            &mut self.interrupt,
        ];
        let mut flow = Flow::Continue;
        for sink in draws.chain(sinks) {
            if sink.record(event)? == Flow::Stop {
                flow = Flow::Stop;
            }
        }
        Ok(flow)
    }
}
