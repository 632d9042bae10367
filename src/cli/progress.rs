//! How far a method is, on standard error: a bar on a terminal, a plain line every few seconds elsewhere.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use switchback::core::{Event, Flow, Sink, SinkResult};

use super::terminal::say;

/// Between two lines where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// What a method's points have told of it last.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standing {
    /// Log-likelihood, in nats.
    likelihood: Option<f64>,
    /// Nats below the best known.
    gap: Option<f64>,
    /// The greatest of all quantities.
    r_hat: Option<f64>,
    /// Effective draws of the quantity that has the fewest.
    ess: Option<f64>,
}

impl Standing {
    /// Takes what a point tells; what it does not tell stays as it was.
    pub fn take<'a>(&mut self, scalars: impl Iterator<Item = (&'a str, f64)> + Clone) {
        let one = |tag: &str| scalars.clone().find(|(of, _)| *of == tag).map(|(_, v)| v);
        let of_all = |prefix: &str, pick: fn(f64, f64) -> f64| {
            let all = scalars.clone().filter(|(tag, _)| tag.starts_with(prefix));
            all.map(|(_, value)| value).reduce(pick)
        };
        self.likelihood = one("likelihood").or(self.likelihood);
        self.gap = one("gap/nats").or(self.gap);
        self.r_hat = of_all("mcmc/r_hat/", f64::max).or(self.r_hat);
        self.ess = of_all("mcmc/ess/", f64::min).or(self.ess);
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.likelihood
                .map(|value| format!("log-likelihood {value:.2}")),
            self.gap.map(|value| format!("gap {value:.2}")),
            self.r_hat.map(|value| format!("r_hat {value:.3}")),
            self.ess.map(|value| format!("ess {value:.0}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}

/// Shows how far a method is.
pub struct Progress {
    bar: ProgressBar,
    is_quiet: bool,
    is_terminal: bool,
    started: Instant,
    said: Instant,
    /// Steps of the method, warm-up included, and those of its warm-up.
    total: u64,
    warmup: u64,
    standing: Standing,
}

impl Progress {
    /// On standard error, or nowhere if `is_quiet`.
    pub fn new(is_quiet: bool) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_quiet || !is_terminal {
            ProgressBar::hidden()
        } else {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        };
        let template = "{prefix:16} [{bar:20}] {pos}/{len}  {per_sec}  {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        let now = Instant::now();
        Self {
            bar,
            is_quiet,
            is_terminal,
            started: now,
            said: now,
            total: 0,
            warmup: 0,
            standing: Standing::default(),
        }
    }

    fn start(&mut self, method: &str, total: u64, warmup: u64) {
        let now = Instant::now();
        (self.started, self.said) = (now, now);
        (self.total, self.warmup) = (total, warmup);
        self.standing = Standing::default();
        self.bar.reset();
        self.bar.set_length(total);
        self.bar.set_prefix(method.to_owned());
        self.bar.set_message("");
    }

    /// The method has taken `step` steps of all.
    fn reach(&mut self, method: &str, step: u64) {
        self.bar.set_position(step);
        let is_due = !self.is_quiet && !self.is_terminal && self.said.elapsed() >= BETWEEN_LINES;
        if self.is_terminal {
            self.bar.set_message(self.message(step));
        } else if is_due {
            self.said = Instant::now();
            say(self.line(method, step, self.started.elapsed()));
        }
    }

    fn message(&self, step: u64) -> String {
        if step <= self.warmup && self.warmup > 0 {
            "warm-up".to_owned()
        } else {
            self.standing.to_string()
        }
    }

    /// The method at `step`, after `elapsed`, in a line.
    fn line(&self, method: &str, step: u64, elapsed: Duration) -> String {
        let rate = step as f64 / elapsed.as_secs_f64();
        let left = self.total.saturating_sub(step) as f64 / rate;
        let mut line = format!("{method}: {step} of {} steps", self.total);
        let message = self.message(step);
        if !message.is_empty() {
            line += &format!(", {message}");
        }
        if rate > 0.0 {
            line += &format!("; {rate:.0} a second, {left:.0} s left");
        }
        line
    }
}

impl Sink for Progress {
    fn record(&mut self, event: &Event<'_>) -> SinkResult {
        match event {
            Event::Started {
                method,
                total,
                warmup,
            } => self.start(method, *total, *warmup),
            Event::Progress { method, step } => self.reach(method, *step),
            Event::Point {
                method,
                step,
                scalars,
            } => {
                self.standing.take(scalars.iter().copied());
                self.reach(method, self.warmup + step);
            }
            Event::Finished { method, stop } if !self.is_quiet => {
                let seconds = self.started.elapsed().as_secs_f64();
                let standing = self.standing.to_string();
                let so = if standing.is_empty() { "" } else { ": " };
                self.bar.suspend(|| {
                    say(format_args!(
                        "{method}: {stop} after {seconds:.1} s{so}{standing}"
                    ));
                });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_how_well_and_how_long() {
        let mut progress = Progress::new(true);
        progress.start("nuts", 2_000, 1_000);
        let after = Duration::from_secs(5);
        assert_eq!(
            progress.line("nuts", 500, after),
            "nuts: 500 of 2000 steps, warm-up; 100 a second, 15 s left"
        );
        let point = [
            ("mu1", 3.0),
            ("likelihood", -160.126),
            ("mcmc/r_hat/mu1", 1.002),
            ("mcmc/r_hat/tau", 1.011),
            ("mcmc/ess/mu1", 400.0),
            ("mcmc/ess/tau", 99.6),
        ];
        progress.standing.take(point.into_iter());
        // A point between two looks at r_hat.
        progress.standing.take([("likelihood", -159.0)].into_iter());
        assert_eq!(
            progress.line("nuts", 1_500, after),
            "nuts: 1500 of 2000 steps, log-likelihood -159.00, r_hat 1.011, ess 100; 300 a second, 2 s left"
        );
        progress.start("adam", 10, 0);
        assert_eq!(
            progress.line("adam", 0, after),
            "adam: 0 of 10 steps",
            "the method before is forgotten"
        );
    }
}
