//! Measures how many rows of draws a second reach the disk, from the first call to the end, and how large they are there.
//!
//! `cargo run --release -p switchback-record --example draws_per_second`

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use switchback_core::{DrawRows, DrawSchema, Event, Quantity, Sink};
use switchback_record::{CmdStanInfo, DrawsFile, DrawsInfo};

const N_CHAINS: usize = 4;
const N_DRAWS: usize = 10_000;
const N_ROUNDS: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("draws-per-second-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let outcome = measure(&folder);
    fs::remove_dir_all(&folder)?;
    outcome
}

fn measure(folder: &Path) -> Result<(), Box<dyn Error>> {
    let quantity = |name: &str| Quantity {
        name: name.into(),
        is_whole: false,
    };
    let schema = DrawSchema {
        quantities: ["mu1", "mu2", "sigma1", "sigma2", "tau"]
            .map(quantity)
            .to_vec(),
        stats: vec!["lp", "acceptance_rate"],
        n_chains: N_CHAINS,
        n_pointwise: 0,
    };
    for (sampler, acceptance) in [("every draw new", 1.0), ("a third of them new", 0.33)] {
        for format in ["zarr", "cmdstan"] {
            let info = DrawsInfo {
                sampler,
                series: None,
                num_warmup: 0,
                num_samples: (N_DRAWS * N_ROUNDS) as u64,
                save_warmup: false,
                created_at: Timestamp::now(),
            };
            let start = Instant::now();
            let path = folder.join(format);
            let mut size = 0;
            for rows in [N_DRAWS, N_DRAWS * N_ROUNDS] {
                let mut file = match format {
                    "zarr" => DrawsFile::create(&path, &schema, &info)?,
                    _ => DrawsFile::create_cmdstan(
                        &path,
                        "draws",
                        &schema,
                        &info,
                        &CmdStanInfo::default(),
                    )?,
                };
                draw(&mut file, sampler, rows, acceptance)?;
                file.finish()?;
                if rows == N_DRAWS {
                    size = bytes_below(&path)?;
                }
                fs::remove_dir_all(&path)?;
            }
            let rows = N_CHAINS * N_DRAWS * (N_ROUNDS + 1);
            let rate = rows as f64 / start.elapsed().as_secs_f64();
            writeln!(
                std::io::stdout(),
                "{format}, {sampler}: {rate:.0} rows/s; {N_CHAINS} x {N_DRAWS} draws are {size} bytes"
            )?;
        }
    }
    Ok(())
}

/// `n` draws of every chain in turn, one row an event.
fn draw(
    file: &mut DrawsFile,
    method: &str,
    n: usize,
    acceptance: f64,
) -> Result<(), Box<dyn Error>> {
    let mut state = 1_u64;
    // xorshift, 53 bits of it
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut values = [[0.0; 5]; N_CHAINS];
    for _ in 0..n {
        for (chain, values) in values.iter_mut().enumerate() {
            if uniform() < acceptance {
                *values = [(); 5].map(|()| uniform());
            }
            let stats = [values.iter().sum(), uniform()];
            let rows = DrawRows {
                chain,
                is_warmup: false,
                values,
                stats: &stats,
                pointwise: &[],
            };
            file.record(&Event::Draws { method, rows })?;
        }
    }
    Ok(())
}

fn bytes_below(path: &Path) -> std::io::Result<u64> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    fs::read_dir(path)?
        .map(|entry| bytes_below(&entry?.path()))
        .sum()
}
