//! Chains for tests: correlated draws with every kind of column, the same on every machine, and where to put them.

// Each test takes what it needs.
#![allow(dead_code)]

use std::path::Path;

use jiff::Timestamp;
use switchback_core::{DrawRows, DrawSchema, Event, Quantity, Sink};
use switchback_record::{CmdStanInfo, DrawsFile, DrawsInfo, RecordError};

/// The statistics of NUTS, by ArviZ's names.
pub const NUTS: [&str; 7] = [
    "lp",
    "acceptance_rate",
    "step_size",
    "tree_depth",
    "n_steps",
    "diverging",
    "energy",
];

/// The name of the method whose draws they are.
pub const METHOD: &str = "nuts";

/// One draw.
#[derive(Debug, Clone)]
pub struct Draw {
    /// `mu`, `tau`, `s`, `odd`.
    pub values: Vec<f64>,
    /// One a statistic of the schema.
    pub stats: Vec<f64>,
    /// One an observation.
    pub pointwise: Vec<f64>,
}

/// Draws of several chains.
#[derive(Debug, Clone)]
pub struct Chains {
    /// What they hold.
    pub schema: DrawSchema,
    /// Draws of each chain's warm-up.
    pub warmup: Vec<Vec<Draw>>,
    /// Draws of each chain.
    pub draws: Vec<Vec<Draw>>,
}

impl Chains {
    /// `n_warmup` and `n_draws` draws of each of three chains, with `stats` and `n_pointwise` log-likelihoods.
    pub fn new(
        n_warmup: usize,
        n_draws: usize,
        stats: &[&'static str],
        n_pointwise: usize,
    ) -> Self {
        let quantity = |name: &str| Quantity {
            name: name.into(),
            is_whole: name == "s",
        };
        let mut chains: Vec<Vec<Draw>> = (0..3)
            .map(|chain| walk(chain, n_warmup + n_draws, stats, n_pointwise))
            .collect();
        let draws = chains
            .iter_mut()
            .map(|chain| chain.split_off(n_warmup))
            .collect();
        Self {
            schema: DrawSchema {
                quantities: ["mu", "tau", "s", "odd"].map(quantity).to_vec(),
                stats: stats.to_vec(),
                n_chains: 3,
                n_pointwise,
            },
            warmup: chains,
            draws,
        }
    }

    /// Tells `sink` of all of them, in turns of uneven length.
    pub fn tell(&self, sink: &mut dyn Sink) {
        self.tell_part(sink, true, &self.warmup);
        for chain in 0..self.draws.len() {
            let (step_size, inverse_mass) = adapted(chain);
            let event = Event::Adapted {
                method: METHOD,
                chain,
                step_size,
                inverse_mass: &inverse_mass,
            };
            sink.record(&event).expect("it is kept");
        }
        self.tell_part(sink, false, &self.draws);
    }

    fn tell_part(&self, sink: &mut dyn Sink, is_warmup: bool, chains: &[Vec<Draw>]) {
        let longest = chains.iter().map(Vec::len).max().unwrap_or(0);
        let mut begin = 0;
        let mut length = 1;
        while begin < longest {
            for (chain, draws) in chains.iter().enumerate() {
                let part = &draws[begin.min(draws.len())..(begin + length).min(draws.len())];
                tell_rows(sink, chain, is_warmup, part);
            }
            begin += length;
            length = length % 7 + 2;
        }
    }
}

/// Where the draws are from: without a series, with their warm-up.
pub fn info(num_warmup: u64, num_samples: u64) -> DrawsInfo<'static> {
    DrawsInfo {
        sampler: METHOD,
        series: None,
        num_warmup,
        num_samples,
        save_warmup: true,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

/// New draws at `path`: CSV files where that ends in `csv`, else a Zarr store.
pub fn create(
    path: &Path,
    schema: &DrawSchema,
    info: &DrawsInfo<'_>,
) -> Result<DrawsFile, RecordError> {
    if path.ends_with("csv") {
        DrawsFile::create_cmdstan(path, "run", schema, info, &CmdStanInfo::default())
    } else {
        DrawsFile::create(path, schema, info)
    }
}

/// Tells `sink` of `draws` in one event.
pub fn tell_rows(sink: &mut dyn Sink, chain: usize, is_warmup: bool, draws: &[Draw]) {
    let gather =
        |of: fn(&Draw) -> &Vec<f64>| draws.iter().flat_map(of).copied().collect::<Vec<_>>();
    let rows = DrawRows {
        chain,
        is_warmup,
        values: &gather(|draw| &draw.values),
        stats: &gather(|draw| &draw.stats),
        pointwise: &gather(|draw| &draw.pointwise),
    };
    let method = METHOD;
    sink.record(&Event::Draws { method, rows })
        .expect("it is kept");
}

/// Step size and inverse mass of `chain` after its warm-up.
pub fn adapted(chain: usize) -> (f64, [f64; 2]) {
    (0.1 + chain as f64 / 3.0, [1.5, 0.25 / (chain + 1) as f64])
}

/// A correlated walk: `mu` near 0 and `tau` skewed, `s` whole, `odd` with all that a number can be.
fn walk(chain: usize, n: usize, stats: &[&'static str], n_pointwise: usize) -> Vec<Draw> {
    let mut state = 1 + chain as u64;
    let mut normal = move || {
        // The sum of twelve uniforms by splitmix64.
        (0..12).fold(-6.0, |sum, _| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            sum + ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        })
    };
    let odd = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        5e-324,
        1e300,
        0.1 + 0.2,
    ];
    let mut mu = normal();
    let mut draws = Vec::with_capacity(n);
    for i in 0..n {
        mu = 0.6 * mu + 0.8 * normal();
        let tau = (0.7 * normal() + 0.1 * mu).exp() + 0.05 * chain as f64;
        let stat = |name: &&'static str, x: f64| match *name {
            "diverging" => f64::from(u8::from(x > 1.5)),
            "n_steps" => (1_u64 << (i % 5)) as f64 - 1.0,
            "tree_depth" => (i % 5) as f64,
            "step_size" => adapted(chain).0,
            _ => x,
        };
        draws.push(Draw {
            values: vec![mu, tau, (3.0 * mu).round() + 45.0, odd[i % odd.len()]],
            stats: stats.iter().map(|name| stat(name, normal())).collect(),
            pointwise: (0..n_pointwise).map(|_| normal()).collect(),
        });
    }
    draws
}
