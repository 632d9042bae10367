//! Protects: effective sample sizes against the closed form for a first-order autoregression.

#![allow(clippy::unwrap_used)]

use statrs::distribution::{ContinuousCDF, Normal};
use switchback_diagnostics::{autocorrelation_time, ess_bulk, ess_mean, mcse_mean};

const N_CHAINS: usize = 4;
const N_DRAWS: usize = 20_000;

/// Standard normal numbers from SplitMix64 (Steele, Lea and Flood, 2014).
struct Noise {
    state: u64,
    normal: Normal,
}

impl Noise {
    fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0xd134_2543_de82_ef95),
            normal: Normal::standard(),
        }
    }

    fn next(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let uniform = ((bits >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
        self.normal.inverse_cdf(uniform)
    }
}

/// Stationary chains `x[t] = phi x[t - 1] + noise` of variance 1.
fn ar1(seed: u64, phi: f64) -> Vec<Vec<f64>> {
    let mut noise = Noise::new(seed);
    let scale = (1.0 - phi * phi).sqrt();
    (0..N_CHAINS)
        .map(|_| {
            let mut draw = noise.next();
            (0..N_DRAWS)
                .map(|_| {
                    draw = phi * draw + scale * noise.next();
                    draw
                })
                .collect()
        })
        .collect()
}

fn slices(chains: &[Vec<f64>]) -> Vec<&[f64]> {
    chains.iter().map(Vec::as_slice).collect()
}

/// The draws that are worth one: `(1 + phi) / (1 - phi)`.
fn exact_time(phi: f64) -> f64 {
    (1.0 + phi) / (1.0 - phi)
}

/// The largest relative deviation of what is measured from what an autocorrelation time of `time` gives.
fn deviation(seed: u64, phi: f64, time: f64) -> f64 {
    let draws = ar1(seed, phi);
    let chains = slices(&draws);
    let size = (N_CHAINS * N_DRAWS) as f64;
    let pairs = [
        (autocorrelation_time(&chains), time),
        (ess_mean(&chains), size / time),
        (ess_bulk(&chains), size / time),
        (mcse_mean(&chains), (time / size).sqrt()),
    ];
    pairs
        .into_iter()
        .map(|(found, exact)| (found.unwrap() / exact - 1.0).abs())
        .fold(0.0, f64::max)
}

/// The coefficient, and the deviation allowed. Over seeds 0..200 none goes beyond it; the largest seen are 0.139, 0.062,
/// 0.109 and 0.200, the medians 0.019, 0.007, 0.013 and 0.031.
const ALLOWED: [(f64, f64); 4] = [(-0.6, 0.16), (0.0, 0.08), (0.5, 0.13), (0.9, 0.22)];

#[test]
fn sample_sizes_agree_with_the_closed_form() {
    for (phi, allowed) in ALLOWED {
        for seed in 0..5 {
            let found = deviation(seed, phi, exact_time(phi));
            assert!(found <= allowed, "phi {phi}, seed {seed}: {found}");
        }
    }
}

#[test]
fn the_closed_form_of_another_coefficient_is_refused() {
    for (phi, allowed) in ALLOWED {
        for other in [phi - 0.15, phi + 0.08] {
            let found = deviation(0, phi, exact_time(other));
            assert!(found > allowed, "phi {phi} taken for {other}: {found}");
        }
    }
}
