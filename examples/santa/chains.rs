//! Runs chains on a system of weighed bags and checks what they say of every weight.

use serde::Serialize;
use switchback::core::{ChainRng, Draws, Event, Flow, LogDensity, Sink, SinkResult};
use switchback::diagnostics::ess_mean;
use switchback::infer::{
    Chain, Chains, ChainsSettings, InferError, MassMatrix, NutsChain, NutsSettings, drive,
};
use switchback::models::deck::LinearGaussian;

use super::common::Checked;

/// Steps of the warm-up.
const WARMUP: usize = 1_000;
/// Chains of each sampler.
pub const CHAINS: usize = 4;

/// What a sampler says of one weight.
#[derive(Debug, Clone, Serialize)]
pub struct WeightRow {
    pub name: String,
    pub mean: Checked,
    pub sd: Checked,
    pub ess: f64,
}

/// What a sampler says of all weights.
#[derive(Debug, Clone, Serialize)]
pub struct Sampled {
    pub sampler: &'static str,
    pub weights: Vec<WeightRow>,
    /// Least effective draws of a weight.
    pub least_ess: f64,
    pub evaluations: u64,
    #[serde(skip)]
    pub draws: Draws,
}

/// Hears everything and says nothing.
struct Silent;

impl Sink for Silent {
    fn record(&mut self, _: &Event<'_>) -> SinkResult {
        Ok(Flow::Continue)
    }
}

/// Draws of the chains that `make` makes on `target` from draws of its prior.
#[expect(
    clippy::needless_lifetimes,
    reason = "without a name the chains of `make` could not borrow the target"
)]
pub fn sample<'a>(
    sampler: &'static str,
    target: &'a LinearGaussian,
    settings: ChainsSettings,
    make: impl Fn(Vec<f64>, ChainRng) -> Result<Box<dyn Chain + 'a>, InferError>,
) -> anyhow::Result<Sampled> {
    let mut chains = Chains::new(sampler, target, settings, |_, mut rng| {
        make(target.draw_prior(&mut rng), rng)
    })?;
    drive(&mut chains, &mut Silent)?;
    let draws = chains.draws().clone();
    let sds = target.sds();
    let parameters = target.space().parameters().iter();
    let weights = parameters
        .zip(target.mean().iter().zip(&sds))
        .map(|(parameter, (mean, sd))| {
            let chains = draws.chains(&parameter.name).unwrap_or_default();
            Ok(WeightRow {
                name: parameter.name.clone(),
                mean: Checked::mean(&chains, *mean)?,
                sd: Checked::sd(&chains, *sd)?,
                ess: ess_mean(&chains)?,
            })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Sampled {
        sampler,
        least_ess: weights.iter().map(|w| w.ess).fold(f64::INFINITY, f64::min),
        weights,
        evaluations: chains.n_evaluations(),
        draws,
    })
}

/// NUTS that learns the directions in which the weights are known.
pub fn nuts(target: &LinearGaussian, settings: ChainsSettings) -> anyhow::Result<Sampled> {
    let of_chain = NutsSettings {
        num_warmup: settings.num_warmup as u64,
        mass_matrix: MassMatrix::LowRank,
        ..NutsSettings::default()
    };
    sample("nuts", target, settings, |start, rng| {
        Ok(Box::new(NutsChain::new(target, of_chain, &start, rng)?))
    })
}

/// Settings of [`CHAINS`] chains; every sampler of a run has streams of its own.
pub fn settings(num_samples: usize, seed: u64, sampler: u64) -> ChainsSettings {
    ChainsSettings {
        num_chains: CHAINS,
        num_warmup: WARMUP,
        num_samples,
        log_every: num_samples,
        seed,
        first_stream: 1_000 * sampler,
        save_warmup: false,
        save_pointwise: false,
    }
}
