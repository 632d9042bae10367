//! Who listens to a run: progress on standard error, TensorBoard, and Ctrl-C.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use switchback::core::{Event, Flow, Sink, SinkResult};
use switchback::record::{DrawsFile, TensorBoardSink};

use super::terminal::say;

/// Exit code of a process that a second Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

/// Shows how far a method is: a bar on a terminal, a line a method elsewhere.
pub struct Progress {
    bar: ProgressBar,
    is_quiet: bool,
    started: Instant,
    /// Steps of the method's warm-up.
    warmup: u64,
}

impl Progress {
    /// On standard error, or nowhere if `is_quiet`.
    pub fn new(is_quiet: bool) -> Self {
        let bar = if is_quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        };
        let template = "{prefix:16} [{bar:30}] {pos}/{len}  {per_sec}  {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self {
            bar,
            is_quiet,
            started: Instant::now(),
            warmup: 0,
        }
    }
}

impl Sink for Progress {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        match event {
            Event::Started {
                method,
                total,
                warmup,
            } => {
                self.started = Instant::now();
                self.warmup = *warmup;
                self.bar.reset();
                self.bar.set_length(*total);
                self.bar.set_prefix((*method).to_owned());
                self.bar.set_message("");
            }
            Event::Progress { step, .. } => {
                self.bar.set_position(*step);
                if *step <= self.warmup {
                    self.bar.set_message("warm-up");
                }
            }
            Event::Point { step, scalars, .. } => {
                self.bar.set_position(self.warmup + step);
                let likelihood = scalars.iter().find(|(tag, _)| *tag == "likelihood");
                if let Some((_, value)) = likelihood {
                    self.bar.set_message(format!("log-likelihood {value:.2}"));
                }
            }
            Event::Finished { method, stop } if !self.is_quiet => {
                let seconds = self.started.elapsed().as_secs_f64();
                self.bar
                    .suspend(|| say(format_args!("{method}: {stop} after {seconds:.1} s")));
            }
            _ => {}
        }
        Ok(Flow::Continue)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

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
