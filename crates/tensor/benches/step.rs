//! What one Adam step of the sigmoid switch costs on tensors: by device, length of the series and number of starts.
//!
//! `cargo bench --bench step` measures the processors; `cargo bench --bench step -- wgpu` the graphics device.
//! Prints CSV: the median of five stretches, CPU and wall microseconds a step.

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use switchback_core::{Optimizer, Parameter, Series, Space, Support};
use switchback_tensor::{DeviceName, OpenDevice, OptimizerSettings, TensorClimb};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stretches that are measured, of which the median counts.
const STRETCHES: usize = 5;
/// How long a stretch takes, more or less.
const STRETCH: Duration = Duration::from_millis(400);

fn main() {
    let asked: Vec<DeviceName> = std::env::args()
        .filter_map(|name| name.parse().ok())
        .collect();
    let devices = if asked.is_empty() {
        vec![DeviceName::Flex, DeviceName::NdArray]
    } else {
        asked
    };
    println!("device,n,starts,steps,cpu_us_a_step,wall_us_a_step,start_steps_a_second");
    for name in devices {
        let device = match OpenDevice::open(name) {
            Ok(device) => device,
            Err(error) => {
                println!("# {error}");
                continue;
            }
        };
        println!("# {name}: {}, {}", device.detail(), device.precision());
        let starts: &[usize] = match name {
            DeviceName::Wgpu => &[1, 256, 4_096, 65_536],
            _ => &[1, 256],
        };
        for n in [90, 1_000, 10_000, 100_000] {
            for &starts in starts {
                // A tensor of the batch holds starts * n numbers, and a step a dozen of them.
                if starts * n <= 30_000_000 {
                    measure(&device, n, starts);
                }
            }
        }
    }
}

fn measure(device: &OpenDevice, n: usize, starts: usize) {
    let mut climb = climb(device, n, starts);
    climb.advance(3).expect("the device works");
    climb.snapshot().expect("the device works");
    let began = Instant::now();
    climb.advance(3).expect("the device works");
    climb.snapshot().expect("the device works");
    let one = began.elapsed().as_secs_f64() / 4.0;
    let steps = ((STRETCH.as_secs_f64() / one) as usize).clamp(3, 100_000);
    let mut stretches: Vec<(f64, f64)> = (0..STRETCHES)
        .map(|_| {
            let (wall, cpu) = (Instant::now(), ProcessTime::now());
            climb.advance(steps).expect("the device works");
            // Reading back waits for the device.
            climb.snapshot().expect("the device works");
            let micros = |time: Duration| time.as_secs_f64() * 1e6 / (steps + 1) as f64;
            (micros(cpu.elapsed()), micros(wall.elapsed()))
        })
        .collect();
    stretches.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (cpu, wall) = stretches[STRETCHES / 2];
    let name = device.name();
    let rate = starts as f64 * 1e6 / wall;
    println!("{name},{n},{starts},{steps},{cpu:.2},{wall:.2},{rate:.0}");
}

/// The talk's law at any length, climbed from starts spread over the series.
fn climb(device: &OpenDevice, n: usize, starts: usize) -> TensorClimb {
    let noise = |i: usize| ((i * 7_919) % 1_009) as f64 / 252.0 - 2.0;
    let level = |i: usize| if i < n / 2 { -1.0 } else { 5.0 };
    let values: Vec<_> = (0..n).map(|i| Some(level(i) + noise(i))).collect();
    let series = Series::new("bench", &values).expect("a series");
    let names = ["mu1", "mu2", "sigma1", "sigma2", "tau"];
    let space = Space::new(
        names
            .map(|name| Parameter::new(name, Support::Real))
            .to_vec(),
    );
    let rows: Vec<f64> = (0..starts)
        .flat_map(|start| {
            [
                0.0,
                0.1,
                2.0,
                2.0,
                (start + 1) as f64 * n as f64 / (starts + 1) as f64,
            ]
        })
        .collect();
    TensorClimb::new(&series, &space, device, &OptimizerSettings::ADAM, &rows)
        .expect("the space fits")
}
