//! What climbing on the fused kernel costs: a value with its gradient of every model, steps of Adam a second by length and
//! number of starts, and the time to the optimum by momentum and L-BFGS.
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
use switchback_core::{Ascent, Gradient, LogDensity, Optimizer, Rule, Series};
use switchback_infer::{FusedClimb, LbfgsSettings, TALKS_START, climb_lbfgs};
use switchback_models::{
    Estimate, Law, Likelihood, Objective, Parameterization, RegimePriors, SwitchModel, SwitchPrior,
    SwitchSettings, simulate,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stretches that are measured, of which the median counts, and how long one takes, more or less.
const STRETCHES: usize = 5;
const STRETCH: Duration = Duration::from_millis(200);
/// Steps between two looks at where a climb is, and how far from the optimum, in nats, it has arrived.
const LOG_EVERY: usize = 100;
const ARRIVED: f64 = 1e-8;
const ONE_SWITCH: &str = "0,1";
const MODELS: [(&str, usize); 8] = [
    (ONE_SWITCH, 90),
    (ONE_SWITCH, 1_000),
    (ONE_SWITCH, 10_000),
    (ONE_SWITCH, 100_000),
    (ONE_SWITCH, 1_000_000),
    ("0,1,0", 90),
    ("0,1,0", 300),
    ("0,1,2,3,4,5", 300),
];
const JACOBIAN: Estimate = Estimate::Posterior {
    with_jacobian: true,
};
const LENGTHS: [usize; 5] = [90, 1_000, 10_000, 100_000, 1_000_000];

fn main() {
    let mut table = Table::asked();
    table.line("measure,model,estimate,n,starts,threads,value,unit");
    for (regimes, n) in MODELS {
        for likelihood in Likelihood::ALL {
            for estimate in [Estimate::Likelihood, JACOBIAN] {
                let case = Case::new(likelihood, regimes, estimate, n);
                case.row(&mut table, "value_and_gradient", [1, 1], |case| {
                    (case.value_and_gradient(), "cpu_ns")
                });
            }
        }
    }
    for n in LENGTHS {
        for [starts, threads] in [[1, 1], [1_024, 1], [1_024, 2]] {
            Case::talks(n).steps_rows(&mut table, starts, threads);
        }
    }
    for starts in [1, 1_024] {
        Case::new(Likelihood::Normal, ONE_SWITCH, JACOBIAN, 90).steps_rows(&mut table, starts, 1);
        for likelihood in [Likelihood::Normal, Likelihood::Poisson] {
            let case = Case::new(likelihood, "0,1,0", Estimate::Likelihood, 90);
            case.steps_rows(&mut table, starts, 1);
        }
    }
    let talks = Case::talks(90);
    talks.row(&mut table, "momentum_to_optimum", [1, 1], |case| {
        (case.momentum_to_optimum(), "cpu_us")
    });
    talks.row(&mut table, "lbfgs_to_optimum", [1, 1], |case| {
        (case.lbfgs_to_optimum(), "cpu_us")
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

/// A model of a series of some length.
struct Case {
    likelihood: Likelihood,
    regimes: &'static str,
    estimate: Estimate,
    n: usize,
}

impl Case {
    fn new(likelihood: Likelihood, regimes: &'static str, estimate: Estimate, n: usize) -> Self {
        Self {
            likelihood,
            regimes,
            estimate,
            n,
        }
    }

    /// The talk's model: its series of 90, or a longer one.
    fn talks(n: usize) -> Self {
        Self::new(Likelihood::Normal, ONE_SWITCH, Estimate::Likelihood, n)
    }

    fn row(
        &self,
        table: &mut Table,
        measure: &str,
        [starts, threads]: [usize; 2],
        of: impl FnOnce(&Self) -> (f64, &'static str),
    ) {
        let Self {
            likelihood,
            regimes,
            estimate,
            n,
        } = self;
        let regimes = regimes.replace(',', "-");
        let case = format!("{measure},{likelihood} {regimes},{estimate},{n},{starts},{threads}");
        let cells: Vec<&str> = case.split([',', ' ']).collect();
        if table
            .words
            .iter()
            .all(|word| cells.contains(&word.as_str()))
        {
            let (value, unit) = of(self);
            table.line(format_args!("{case},{value:.1},{unit}"));
        }
    }

    /// Steps of Adam, by both clocks.
    fn steps_rows(&self, table: &mut Table, starts: usize, threads: usize) {
        let units = ["start_steps_a_cpu_s", "start_steps_a_wall_s"];
        for (clock, unit) in units.into_iter().enumerate() {
            self.row(table, "adam", [starts, threads], |case| {
                (case.steps(starts, threads)[clock], unit)
            });
        }
    }

    fn objective(&self) -> Objective {
        let series = self.series();
        let settings = SwitchSettings {
            likelihood: self.likelihood,
            regimes: self.regimes.parse().unwrap(),
            priors: RegimePriors::scaled_to(self.likelihood, &series).unwrap(),
            switch_prior: SwitchPrior::Sequential,
        };
        let model = SwitchModel::new(&series, settings).unwrap();
        let parameterization = match self.estimate {
            Estimate::Likelihood => Parameterization::Raw,
            Estimate::Posterior { .. } => Parameterization::Log,
        };
        Objective::sigmoid(model, self.estimate, parameterization).unwrap()
    }

    /// The talk's series, or a series whose level goes from 2 to 9 and back, with switches at equal distances.
    fn series(&self) -> Series {
        if self.n == 90 && self.regimes == ONE_SWITCH && self.likelihood != Likelihood::Poisson {
            return deck();
        }
        let n_switches = self.regimes.split(',').count() - 1;
        let at = (1..=n_switches).map(|k| k * self.n / (n_switches + 1));
        let means = (0..=n_switches).map(|stretch| if stretch % 2 == 0 { 2.0 } else { 9.0 });
        let law = Law::new(
            self.n,
            at.collect(),
            means.collect(),
            vec![1.5; n_switches + 1],
        );
        let values = simulate(&law.unwrap(), 1).into_iter();
        let values: Vec<_> = match self.likelihood {
            Likelihood::Poisson => values.map(|x| Some(x.round().abs())).collect(),
            _ => values.map(Some).collect(),
        };
        Series::new("y", &values).unwrap()
    }

    /// Near the law of the series, its `tau` three rows from the switches.
    fn near(&self, objective: &Objective) -> Vec<f64> {
        let n_switches = objective.model().n_switches();
        let mut k = 0;
        let parameters = objective.space().parameters();
        let values: Vec<f64> = parameters
            .iter()
            .map(|parameter| match parameter.name.as_str() {
                name if name.starts_with("tau") => {
                    k += 1;
                    (k * self.n / (n_switches + 1)) as f64 + 3.3
                }
                name if name.starts_with("sigma") => 1.7,
                name if name.ends_with(['1', '3', '5']) => 2.2,
                _ => 8.7,
            })
            .collect();
        objective.space().unconstrain(&values).unwrap()
    }

    /// CPU nanoseconds.
    fn value_and_gradient(&self) -> f64 {
        let objective = self.objective();
        let start = self.near(&objective);
        let (mut logp, mut grad) = ([0.0], vec![0.0; start.len()]);
        let mut position = start.clone();
        median(|stretch| {
            for i in 0..stretch {
                let by = (i % 16) as f64 * 1e-3;
                for (u, start) in position.iter_mut().zip(&start) {
                    *u = start + by;
                }
                objective
                    .logp_grad(black_box(&position), &mut logp, &mut grad)
                    .unwrap();
                black_box((&logp, &grad));
            }
        })[0]
            * 1e9
    }

    /// Starts x steps of Adam a CPU second and a second of the clock.
    fn steps(&self, starts: usize, threads: usize) -> [f64; 2] {
        let objective = self.objective();
        let near = if self.n == 90
            && self.estimate == Estimate::Likelihood
            && objective.space().dim() == 5
        {
            TALKS_START.to_vec()
        } else {
            self.near(&objective)
        };
        // All over the series, if there are several.
        let first = objective.model().n_parameters();
        let positions: Vec<f64> = (0..starts)
            .flat_map(|start| {
                let mut values = objective.space().constrain(&near);
                if start > 0 {
                    let last = self.n as f64;
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
    fn momentum_to_optimum(&self) -> f64 {
        let objective = self.objective();
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
    fn lbfgs_to_optimum(&self) -> f64 {
        let objective = self.objective();
        median(|stretch| {
            for _ in 0..stretch {
                let top = climb_lbfgs(&objective, &TALKS_START, LbfgsSettings::default());
                black_box(top.unwrap());
            }
        })[0]
            * 1e6
    }
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

/// The talk's series.
fn deck() -> Series {
    let rows = include_str!("../../../data/deck.csv").lines().skip(1);
    let values: Vec<_> = rows
        .map(|row| row.split(',').nth(1).and_then(|value| value.parse().ok()))
        .collect();
    Series::new("deck", &values).unwrap()
}
