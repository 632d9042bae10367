//! What climbing on the fused kernel costs: steps of Adam a second by length and number of starts, and the time to the optimum
//! by momentum and L-BFGS. What a value and its gradient cost is in `kernel`, of `switchback-models`.
//!
//! `cargo bench -p switchback-infer --bench climb`, or `-- adam 90` for the rows that hold these words;
//! `-- --csv climb.csv` writes the rows to a file, too. Prints CSV: the median of five stretches, in CPU time of all
//! threads or, where the unit says so, by the clock. `n` of 90 is the talk's series and start; the steps of longer series
//! begin near their switch, and those of many starts all over the series.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fmt::Display;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use rayon::ThreadPoolBuilder;
use switchback_core::{Ascent, LogDensity, Optimizer, Rule};
use switchback_infer::{FusedClimb, LbfgsSettings, TALKS_START, climb_lbfgs};
use switchback_models::{Estimate, Likelihood};

#[path = "../../models/benches/cases/mod.rs"]
mod cases;

use cases::{Case, JACOBIAN, LENGTHS, ONE_SWITCH};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stretches that are measured, of which the median counts, and how long one takes, more or less.
const STRETCHES: usize = 5;
const STRETCH: Duration = Duration::from_millis(200);
/// Steps between two looks at where a climb is, and how far from the optimum, in nats, it has arrived.
const LOG_EVERY: usize = 100;
const ARRIVED: f64 = 1e-8;

fn main() {
    let mut table = Table::asked();
    table.line("measure,model,estimate,n,starts,threads,value,unit");
    for n in LENGTHS {
        for [starts, threads] in [[1, 1], [1_024, 1], [1_024, 2]] {
            steps_rows(&Case::talks(n), &mut table, starts, threads);
        }
    }
    for starts in [1, 1_024] {
        let map = Case::new(Likelihood::Normal, ONE_SWITCH, JACOBIAN, 90);
        steps_rows(&map, &mut table, starts, 1);
        for likelihood in [Likelihood::Normal, Likelihood::Poisson] {
            let case = Case::new(likelihood, "0,1,0", Estimate::Likelihood, 90);
            steps_rows(&case, &mut table, starts, 1);
        }
    }
    let talks = Case::talks(90);
    row(&talks, &mut table, "momentum_to_optimum", [1, 1], |case| {
        (momentum_to_optimum(case), "cpu_us")
    });
    row(&talks, &mut table, "lbfgs_to_optimum", [1, 1], |case| {
        (lbfgs_to_optimum(case), "cpu_us")
    });
}

/// The rows that are asked for, on standard output and perhaps in a file.
struct Table {
    words: Vec<String>,
    file: Option<std::fs::File>,
}

impl Table {
    fn asked() -> Self {
        let mut asked = std::env::args().skip(1);
        let (mut words, mut file) = (Vec::new(), None);
        while let Some(word) = asked.next() {
            if word == "--csv" {
                file = Some(std::fs::File::create(asked.next().unwrap()).unwrap());
            } else if !word.starts_with('-') {
                words.push(word);
            }
        }
        Self { words, file }
    }

    fn line(&mut self, line: impl Display) {
        println!("{line}");
        if let Some(file) = &mut self.file {
            writeln!(file, "{line}").unwrap();
        }
    }
}

fn row(
    case: &Case,
    table: &mut Table,
    measure: &str,
    [starts, threads]: [usize; 2],
    of: impl FnOnce(&Case) -> (f64, &'static str),
) {
    let Case {
        likelihood,
        regimes,
        estimate,
        n,
    } = case;
    let regimes = regimes.replace(',', "-");
    let name = format!("{measure},{likelihood} {regimes},{estimate},{n},{starts},{threads}");
    let cells: Vec<&str> = name.split([',', ' ']).collect();
    if table
        .words
        .iter()
        .all(|word| cells.contains(&word.as_str()))
    {
        let (value, unit) = of(case);
        table.line(format_args!("{name},{value:.1},{unit}"));
    }
}

/// Steps of Adam, by both clocks.
fn steps_rows(case: &Case, table: &mut Table, starts: usize, threads: usize) {
    let units = ["start_steps_a_cpu_s", "start_steps_a_wall_s"];
    for (clock, unit) in units.into_iter().enumerate() {
        row(case, table, "adam", [starts, threads], |case| {
            (steps(case, starts, threads)[clock], unit)
        });
    }
}

/// Starts x steps of Adam a CPU second and a second of the clock.
fn steps(case: &Case, starts: usize, threads: usize) -> [f64; 2] {
    let objective = case.objective();
    let near =
        if case.n == 90 && case.estimate == Estimate::Likelihood && objective.space().dim() == 5 {
            TALKS_START.to_vec()
        } else {
            case.near(&objective)
        };
    // All over the series, if there are several.
    let first = objective.model().n_parameters();
    let positions: Vec<f64> = (0..starts)
        .flat_map(|start| {
            let mut values = objective.space().constrain(&near);
            if start > 0 {
                let last = case.n as f64;
                values[first] = (start as f64 / starts as f64) * last;
                for next in first + 1..values.len() {
                    values[next] = 0.5 * (values[next - 1] + last);
                }
            }
            objective.space().unconstrain(&values).unwrap()
        })
        .collect();
    let mut climb = FusedClimb::new(objective, &Ascent::new(Rule::ADAM), &positions).unwrap();
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let seconds = pool.unwrap().install(|| {
        median(|stretch| {
            climb.advance(stretch).unwrap();
            black_box(climb.snapshot().unwrap());
        })
    });
    seconds.map(|seconds| starts as f64 / seconds)
}

/// CPU microseconds, a look at the position every hundred steps included.
fn momentum_to_optimum(case: &Case) -> f64 {
    let objective = case.objective();
    let top = climb_lbfgs(&objective, &TALKS_START, LbfgsSettings::default()).unwrap();
    let ascent = Ascent::new(Rule::MOMENTUM);
    median(|stretch| {
        for _ in 0..stretch {
            let mut climb = FusedClimb::new(objective.clone(), &ascent, &TALKS_START).unwrap();
            while climb.snapshot().unwrap().logp[0] < top.logp - ARRIVED {
                climb.advance(LOG_EVERY).unwrap();
            }
            black_box(climb.snapshot().unwrap());
        }
    })[0]
        * 1e6
}

/// CPU microseconds.
fn lbfgs_to_optimum(case: &Case) -> f64 {
    let objective = case.objective();
    median(|stretch| {
        for _ in 0..stretch {
            let top = climb_lbfgs(&objective, &TALKS_START, LbfgsSettings::default());
            black_box(top.unwrap());
        }
    })[0]
        * 1e6
}

/// CPU and clock seconds that one of many takes, where `run` does as many as it is told.
fn median(mut run: impl FnMut(usize)) -> [f64; 2] {
    let mut many = 1;
    let seconds = loop {
        let began = Instant::now();
        run(many);
        let seconds = began.elapsed().as_secs_f64();
        if seconds > 0.02 {
            break seconds;
        }
        many *= 4;
    };
    let stretch = (many as f64 * STRETCH.as_secs_f64() / seconds)
        .ceil()
        .max(1.0) as usize;
    let mut found: Vec<[f64; 2]> = (0..STRETCHES)
        .map(|_| {
            let (wall, cpu) = (Instant::now(), ProcessTime::now());
            run(stretch);
            [cpu.elapsed(), wall.elapsed()].map(|time| time.as_secs_f64() / stretch as f64)
        })
        .collect();
    found.sort_by(|a, b| a[0].total_cmp(&b[0]));
    found[STRETCHES / 2]
}
