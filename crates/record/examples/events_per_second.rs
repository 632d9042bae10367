//! Measures how many events a second reach an event file, from the first call to its end.
//!
//! `cargo run --release -p switchback-record --example events_per_second`

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use switchback_record::EventFile;

const N_EVENTS: i64 = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("events-per-second-{}", std::process::id()));
    let outcome = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn measure(folder: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let six = ["mu1", "mu2", "sigma1", "sigma2", "tau", "likelihood"].map(|tag| (tag, 0.5));
    for values in [&six[..1], &six] {
        let mut file = EventFile::create(folder)?;
        let start = Instant::now();
        for step in 0..N_EVENTS {
            file.scalars(step, values)?;
        }
        file.close()?;
        let rate = N_EVENTS as f64 / start.elapsed().as_secs_f64();
        let n = values.len();
        writeln!(std::io::stdout(), "{n} values an event: {rate:.0} events/s")?;
    }
    Ok(())
}
