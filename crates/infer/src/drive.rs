//! The one driver loop: a process advances, the listeners hear of it, and either may end it.

use std::sync::Arc;

use switchback_core::{DrawRows, Event, Flow, Sink, SinkResult, Stop};

use crate::{Adapted, InferError};

/// What a process did in one stretch.
#[derive(Debug, Clone, PartialEq)]
pub enum Advance {
    /// It reached a point that is to be logged.
    Point {
        /// Steps taken, counted as the method counts them; strictly increasing.
        step: u64,
        /// Tags and values.
        scalars: Vec<(Arc<str>, f64)>,
    },
    /// It took steps of which nothing is to be logged.
    Progress {
        /// Steps of the total taken so far.
        step: u64,
    },
    /// It ended.
    Done(Stop),
}

/// What a process hands over beside its points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drained<'a> {
    /// Rows that a chain has drawn.
    Rows(DrawRows<'a>),
    /// What a chain's warm-up has settled on.
    Adapted {
        /// The chain.
        chain: usize,
        /// Step size and mass matrix.
        adapted: &'a Adapted,
    },
}

impl Drained<'_> {
    fn event<'a>(&'a self, method: &'a str) -> Event<'a> {
        match self {
            Self::Rows(rows) => Event::Draws {
                method,
                rows: *rows,
            },
            Self::Adapted { chain, adapted } => Event::Adapted {
                method,
                chain: *chain,
                step_size: adapted.step_size,
                inverse_mass: &adapted.inverse_mass,
            },
        }
    }
}

/// Something that runs in stretches: an optimiser's climb, a sampler's chains.
pub trait Process {
    /// Name of the method, also that of its folder.
    fn method(&self) -> &str;

    /// Steps in all, warm-up included.
    fn total(&self) -> u64;

    /// Steps of the warm-up, which are not counted in the points' steps.
    fn warmup(&self) -> u64 {
        0
    }

    /// Goes on for a while, so short that whoever listens can end it in between.
    ///
    /// # Errors
    /// When the density fails for good.
    fn advance(&mut self) -> Result<Advance, InferError>;

    /// Hands over what was drawn since it was last asked; nothing unless said otherwise.
    ///
    /// # Errors
    /// When `take` cannot take it.
    fn drain(&mut self, take: &mut dyn FnMut(Drained<'_>) -> SinkResult) -> SinkResult {
        let _ = take;
        Ok(Flow::Continue)
    }
}

/// Runs `process` to its end, or until a listener asks for it, and says why it ended.
///
/// # Errors
/// When the process fails or a listener cannot take an event.
pub fn drive(process: &mut dyn Process, sink: &mut dyn Sink) -> Result<Stop, InferError> {
    let method = process.method().to_owned();
    let mut flow = sink.record(&Event::Started {
        method: &method,
        total: process.total(),
        warmup: process.warmup(),
    })?;
    let stop = loop {
        if flow == Flow::Stop {
            break Stop::Interrupted;
        }
        let advance = process.advance()?;
        let drained = process.drain(&mut |drained| sink.record(&drained.event(&method)))?;
        flow = match advance {
            Advance::Done(stop) => break stop,
            Advance::Progress { step } => sink.record(&Event::Progress {
                method: &method,
                step,
            })?,
            Advance::Point { step, scalars } => {
                let scalars: Vec<_> = scalars.iter().map(|(tag, v)| (&**tag, *v)).collect();
                sink.record(&Event::Point {
                    method: &method,
                    step,
                    scalars: &scalars,
                })?
            }
        };
        if drained == Flow::Stop {
            flow = Flow::Stop;
        }
    };
    sink.record(&Event::Finished {
        method: &method,
        stop,
    })?;
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Countdown(u64);

    impl Process for Countdown {
        fn method(&self) -> &str {
            "countdown"
        }

        fn total(&self) -> u64 {
            3
        }

        fn advance(&mut self) -> Result<Advance, InferError> {
            if self.0 == 3 {
                return Ok(Advance::Done(Stop::Completed));
            }
            self.0 += 1;
            Ok(Advance::Point {
                step: self.0,
                scalars: vec![("tau".into(), 1.0)],
            })
        }
    }

    struct StopAfter {
        points: u64,
        heard: Vec<String>,
    }

    impl Sink for StopAfter {
        fn record(&mut self, event: &Event<'_>) -> SinkResult {
            let (word, flow) = match event {
                Event::Started { total, .. } => (format!("start of {total}"), Flow::Continue),
                Event::Point { step, .. } if *step == self.points => {
                    (format!("{step}"), Flow::Stop)
                }
                Event::Point { step, .. } => (format!("{step}"), Flow::Continue),
                Event::Finished { stop, .. } => (stop.to_string(), Flow::Continue),
                _ => ("?".to_owned(), Flow::Continue),
            };
            self.heard.push(word);
            Ok(flow)
        }
    }

    #[test]
    fn every_point_is_heard_and_the_end_too() {
        let mut sink = StopAfter {
            points: 99,
            heard: vec![],
        };
        let stop = drive(&mut Countdown(0), &mut sink).expect("it cannot fail");
        assert_eq!(stop, Stop::Completed);
        assert_eq!(sink.heard, ["start of 3", "1", "2", "3", "completed"]);
    }

    #[test]
    fn a_listener_that_asks_for_the_end_gets_it_and_hears_it() {
        let mut sink = StopAfter {
            points: 2,
            heard: vec![],
        };
        let stop = drive(&mut Countdown(0), &mut sink).expect("it cannot fail");
        assert_eq!(stop, Stop::Interrupted);
        assert_eq!(sink.heard, ["start of 3", "1", "2", "interrupted"]);
    }
}
