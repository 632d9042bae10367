//! What one Adam step of the sigmoid switch costs on tensors: by device, length of the series and number of starts; and
//! what a batch of starts saves.
//!
//! `cargo bench --bench step` measures every device that the machine offers; `cargo bench --bench step -- flex` one of them,
//! `cargo bench --bench step -- flex 90` one length alone. Prints CSV: the median of five stretches (of one, where a step
//! takes seconds), CPU and wall microseconds a step; then starts x steps a second side by side; then, on each processor, the
//! CPU time of 1024 starts in one batch over that of 1024 runs of one start, and a step of one start for every model. Where
//! a device has the fused operation, all of it with that and as a plain expression; `-- fused` or `-- plain` for one of them.

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use switchback_core::{Ascent, LogDensity, Optimizer, Rule, Series};
use switchback_models::{
    Estimate, Likelihood, Objective, Parameterization, RegimePriors, SwitchModel, SwitchPrior,
    SwitchPriors, SwitchSettings,
};
use switchback_tensor::{DeviceName, Expression, OpenDevice, TensorClimb};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stretches that are measured, of which the median counts.
const STRETCHES: usize = 5;
/// How long a stretch takes, more or less.
const STRETCH: Duration = Duration::from_millis(400);
/// Starts of the batch that is compared with single runs, and steps of each.
const BATCH: (usize, usize) = (1_024, 50);
/// A tensor of the batch holds starts x n numbers, and a step a dozen of them.
const MOST_NUMBERS: usize = 30_000_000;
/// From 256 on, how many times as many starts the next measurement takes, and how long a step of it may last: a software
/// adapter takes seconds.
const MORE_STARTS: f64 = 16.0;
const PATIENCE: Duration = Duration::from_secs(20);

/// A device, and how it computes the loss.
struct Engine {
    device: OpenDevice,
    expression: Expression,
}

impl Engine {
    /// The device's with every expression that it has, of those `asked` for by name.
    fn all(device: &OpenDevice, asked: &[String]) -> Vec<Self> {
        let is_asked = |expression: &Expression| asked.iter().any(|a| a == expression.as_str());
        let any = Expression::ALL.iter().any(is_asked);
        let has = |expression: &Expression| {
            *expression == Expression::Plain
                || Expression::usual(&objective(90), device) == *expression
        };
        let expressions = Expression::ALL.into_iter().filter(has);
        expressions
            .filter(|expression| !any || is_asked(expression))
            .map(|expression| Self {
                device: device.clone(),
                expression,
            })
            .collect()
    }

    /// Its two columns.
    fn name(&self) -> String {
        format!("{},{}", self.device.name(), self.expression.as_str())
    }

    fn climb(&self, objective: &Objective, starts: &[f64]) -> TensorClimb {
        let Self { device, expression } = self;
        let ascent = Ascent::new(Rule::ADAM);
        TensorClimb::with_expression(objective, device, &ascent, starts, *expression)
            .expect("it is a sigmoid")
    }
}

/// Starts x steps a second, of an engine at a length and a number of starts.
struct Rate {
    engine: String,
    n: usize,
    starts: usize,
    a_second: f64,
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let mut names: Vec<DeviceName> = asked.iter().filter_map(|name| name.parse().ok()).collect();
    if names.is_empty() {
        names = DeviceName::ALL.to_vec();
    }
    let mut lengths: Vec<usize> = asked.iter().filter_map(|n| n.parse().ok()).collect();
    if lengths.is_empty() {
        lengths = vec![90, 1_000, 10_000, 100_000];
    }
    // The graphics device last: once open, its driver takes CPU time of its own.
    names.sort_by_key(|name| *name == DeviceName::Wgpu);
    println!("device,expression,n,starts,steps,cpu_us_a_step,wall_us_a_step,start_steps_a_second");
    let (mut rates, mut batches, mut models) = (Vec::new(), Vec::new(), Vec::new());
    let devices = names.iter().filter_map(|name| open(*name));
    for engine in devices.flat_map(|device| Engine::all(&device, &asked)) {
        let is_graphics = engine.device.name() == DeviceName::Wgpu;
        for &n in &lengths {
            let mut a_step = 0.0;
            for starts in [1, 256, 4_096, 65_536] {
                if starts * n > MOST_NUMBERS || a_step * MORE_STARTS > PATIENCE.as_secs_f64() {
                    println!("# {}, {n}, {starts}: too long", engine.name());
                    break;
                }
                let rate = measure(&engine, n, starts);
                a_step = starts as f64 / rate.a_second;
                rates.push(rate);
            }
        }
        if !is_graphics {
            batches.push(batch_against_single_runs(&engine, lengths[0]));
            models.extend(every_model(&engine, lengths[0]));
        }
    }
    side_by_side(&rates);
    println!("\ndevice,expression,n,starts,steps,batch_cpu_s,single_runs_cpu_s,ratio");
    batches.iter().for_each(|row| println!("{row}"));
    println!("\ndevice,expression,model,estimate,n,cpu_us_a_step");
    models.iter().for_each(|row| println!("{row}"));
}

fn open(name: DeviceName) -> Option<OpenDevice> {
    match OpenDevice::open(name) {
        Ok(device) => {
            println!("# {name}: {}, {}", device.detail(), device.precision());
            Some(device)
        }
        Err(error) => {
            println!("# {error}");
            None
        }
    }
}

fn measure(engine: &Engine, n: usize, starts: usize) -> Rate {
    let mut climb = engine.climb(&objective(n), &spread(n, starts));
    run(&mut climb, 3);
    let began = Instant::now();
    run(&mut climb, 3);
    let one = began.elapsed().as_secs_f64() / 4.0;
    let steps = ((STRETCH.as_secs_f64() / one) as usize).clamp(3, 100_000);
    let stretches = if one > 1.0 { 1 } else { STRETCHES };
    let mut stretches: Vec<(f64, f64)> = (0..stretches)
        .map(|_| {
            let (wall, cpu) = (Instant::now(), ProcessTime::now());
            run(&mut climb, steps);
            let micros = |time: Duration| time.as_secs_f64() * 1e6 / (steps + 1) as f64;
            (micros(cpu.elapsed()), micros(wall.elapsed()))
        })
        .collect();
    stretches.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (cpu, wall) = stretches[stretches.len() / 2];
    let a_second = starts as f64 * 1e6 / wall;
    let name = engine.name();
    println!("{name},{n},{starts},{steps},{cpu:.2},{wall:.2},{a_second:.0}");
    Rate {
        engine: name,
        n,
        starts,
        a_second,
    }
}

/// Starts x steps a second, a column an engine.
fn side_by_side(rates: &[Rate]) {
    let mut engines: Vec<&str> = rates.iter().map(|rate| rate.engine.as_str()).collect();
    engines.dedup();
    print!("\nn,starts");
    for engine in &engines {
        print!(",{}", engine.replace(',', " "));
    }
    println!();
    let mut rows: Vec<(usize, usize)> = rates.iter().map(|rate| (rate.n, rate.starts)).collect();
    rows.sort_unstable();
    rows.dedup();
    for (n, starts) in rows {
        print!("{n},{starts}");
        for engine in &engines {
            let found = rates
                .iter()
                .find(|rate| (rate.engine.as_str(), rate.n, rate.starts) == (engine, n, starts));
            match found {
                Some(rate) => print!(",{:.0}", rate.a_second),
                None => print!(","),
            }
        }
        println!();
    }
}

/// What a user pays for a batch, its climb set up and read once, and for as many runs of one start each.
fn batch_against_single_runs(engine: &Engine, n: usize) -> String {
    let (starts, steps) = BATCH;
    let (objective, rows) = (objective(n), spread(n, starts));
    let began = ProcessTime::now();
    run(&mut engine.climb(&objective, &rows), steps);
    let batch = began.elapsed().as_secs_f64();
    let began = ProcessTime::now();
    for row in rows.chunks(rows.len() / starts) {
        run(&mut engine.climb(&objective, row), steps);
    }
    let single = began.elapsed().as_secs_f64();
    let (name, ratio) = (engine.name(), batch / single);
    format!("{name},{n},{starts},{steps},{batch:.3},{single:.3},{ratio:.3}")
}

/// CPU time of a step of one start, model by model: of the likelihood, and of the posterior with its Jacobian.
fn every_model(engine: &Engine, n: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let series = series(n, |i| {
        f64::from(u8::from(i >= n / 2)) * 6.0 + ((i * 7_919) % 5) as f64
    });
    for likelihood in Likelihood::ALL {
        for regimes in ["0,1", "0,1,0", "0,1,2"] {
            let settings = SwitchSettings {
                likelihood,
                regimes: regimes.parse().expect("it is offered"),
                priors: RegimePriors::scaled_to(likelihood, &series).expect("it varies"),
                switch_prior: SwitchPrior::Sequential,
            };
            let model = SwitchModel::new(&series, settings).expect("it can be modelled");
            for estimate in [
                Estimate::Likelihood,
                Estimate::Posterior {
                    with_jacobian: true,
                },
            ] {
                let objective = Objective::sigmoid(model.clone(), estimate, Parameterization::Log)
                    .expect("it is offered");
                let mut start = vec![0.5; objective.space().dim()];
                start[0] = 0.1;
                let mut climb = engine.climb(&objective, &start);
                run(&mut climb, 100);
                let (began, steps) = (ProcessTime::now(), 2_000);
                run(&mut climb, steps);
                let cpu = began.elapsed().as_secs_f64() * 1e6 / (steps + 1) as f64;
                let (name, model) = (engine.name(), model.describe());
                rows.push(format!("{name},\"{model}\",{estimate},{n},{cpu:.2}"));
            }
        }
    }
    rows
}

/// Steps, and a reading, which waits for the device.
fn run(climb: &mut TensorClimb, steps: usize) {
    climb.advance(steps).expect("the device works");
    climb.snapshot().expect("the device works");
}

fn series(n: usize, of: impl Fn(usize) -> f64) -> Series {
    let values: Vec<_> = (0..n).map(|i| Some(of(i))).collect();
    Series::new("bench", &values).expect("a series")
}

/// The talk's law at any length.
fn objective(n: usize) -> Objective {
    let noise = |i: usize| ((i * 7_919) % 1_009) as f64 / 252.0 - 2.0;
    let level = |i: usize| if i < n / 2 { -1.0 } else { 5.0 };
    let series = series(n, |i| level(i) + noise(i));
    let model = SwitchModel::one_normal_switch(&series, SwitchPriors::deck()).expect("it varies");
    Objective::sigmoid(model, Estimate::Likelihood, Parameterization::Raw)
        .expect("a likelihood has raw sigmas")
}

/// Starts spread over the series.
fn spread(n: usize, starts: usize) -> Vec<f64> {
    (0..starts)
        .flat_map(|start| {
            let tau = (start + 1) as f64 * n as f64 / (starts + 1) as f64;
            [0.0, 0.1, 2.0, 2.0, tau]
        })
        .collect()
}
