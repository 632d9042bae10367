//! Several chains of one kernel as a process: warm-up, then draws, in parallel and in step with each other.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rayon::prelude::*;
use switchback_core::{ChainRng, Draws, Kernel, Posterior, Stop, Warmup, stream, tau_of};
use switchback_diagnostics::{ess_bulk, r_hat};

use crate::{Advance, InferError, Process};

/// Growth of the draws between two looks at r_hat and ESS, so that all looks together cost a few times the last.
const GROWTH_BETWEEN_LOOKS: f64 = 1.25;
/// Steps after which chains let their listeners speak, however far the next logged point is.
const STEPS_BETWEEN_LOOKS: usize = 1_000;
/// Most chains; each has its own state and stream.
const MOST_CHAINS: usize = 10_000;
/// Most draws of all chains, which are held in memory: 48 bytes each.
const MOST_DRAWS: usize = 100_000_000;
/// Longest warm-up of a chain.
const MOST_WARMUP: usize = 1_000_000_000;

/// How many chains, how long, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainsSettings {
    /// Chains; each has a random stream of its own.
    pub num_chains: usize,
    /// Steps of each chain before the first draw that is kept.
    pub num_warmup: usize,
    /// Draws that each chain keeps.
    pub num_samples: usize,
    /// Draws between two logged points.
    pub log_every: usize,
    /// Seed of all streams.
    pub seed: u64,
    /// Number of the first chain's stream, so that two samplers of one run share none.
    pub first_stream: u64,
}

impl ChainsSettings {
    /// The settings, if they make sense.
    ///
    /// # Errors
    /// When there is nothing to draw, or too little to judge.
    pub fn validate(self) -> Result<Self, InferError> {
        let within = |setting, value: usize, range: RangeInclusive<usize>, rule| {
            if range.contains(&value) {
                return Ok(());
            }
            let value = value.to_string();
            Err(InferError::Setting {
                setting,
                value,
                rule,
            })
        };
        let one_at_least = "it must be at least 1";
        within("log-every", self.log_every, 1..=usize::MAX, one_at_least)?;
        within("num-chains", self.num_chains, 1..=usize::MAX, one_at_least)?;
        within(
            "num-chains",
            self.num_chains,
            1..=MOST_CHAINS,
            "it must be at most 10,000",
        )?;
        let four_at_least = "r_hat and ESS need at least 4 draws a chain";
        within(
            "num-samples",
            self.num_samples,
            4..=usize::MAX,
            four_at_least,
        )?;
        let most = "all chains together can keep at most 100,000,000 draws";
        within(
            "num-samples",
            self.num_samples,
            4..=MOST_DRAWS / self.num_chains,
            most,
        )?;
        within(
            "num-warmup",
            self.num_warmup,
            0..=MOST_WARMUP,
            "it must be at most 1,000,000,000",
        )?;
        Ok(self)
    }
}

/// One chain and what it has drawn since it was last read.
struct OneChain<K: Kernel, W> {
    kernel: K,
    warmup: W,
    state: K::State,
    rng: ChainRng,
    last: Vec<f64>,
    last_likelihood: f64,
    /// Rows of values and log-likelihood.
    block: Vec<f64>,
    accept_probs: f64,
    n_evaluations: u64,
}

/// Chains of kernel `K`, tuned by `W`, on their way.
pub struct Chains<'a, K: Kernel, W> {
    method: String,
    target: &'a dyn Posterior,
    settings: ChainsSettings,
    chains: Vec<OneChain<K, W>>,
    draws: Draws,
    warmed_up: usize,
    /// Draws at the last look at r_hat and ESS.
    looked_at: usize,
    tags: Tags,
}

/// Tags of the logged values, made once.
struct Tags {
    values: Vec<Arc<str>>,
    accept_rate: Arc<str>,
    r_hat: Arc<str>,
    ess: Arc<str>,
}

impl<'a, K: Kernel, W: Warmup<K>> Chains<'a, K, W> {
    /// Chains of `kernel` on `target`; `start` gives each chain its unconstrained position from its own stream,
    /// `warmup` its adaptation.
    ///
    /// # Errors
    /// When the settings make no sense, a start has no density, or the density fails.
    pub fn new(
        method: impl Into<String>,
        target: &'a dyn Posterior,
        settings: ChainsSettings,
        kernel: &K,
        warmup: impl Fn() -> W,
        start: impl Fn(usize, &mut ChainRng) -> Result<Vec<f64>, InferError>,
    ) -> Result<Self, InferError> {
        let settings = settings.validate()?;
        let chains = (0..settings.num_chains)
            .map(|chain| {
                let mut rng = stream(settings.seed, settings.first_stream + chain as u64);
                let position = find_start(target, chain, &mut rng, &start)?;
                Ok(OneChain {
                    state: kernel.init(target, &position)?,
                    kernel: kernel.clone(),
                    warmup: warmup(),
                    rng,
                    last: Vec::new(),
                    last_likelihood: f64::NAN,
                    block: Vec::new(),
                    accept_probs: 0.0,
                    n_evaluations: 0,
                })
            })
            .collect::<Result<Vec<_>, InferError>>()?;
        let parameters = target.space().parameters().iter().map(|p| p.name.clone());
        let names: Vec<String> = parameters.chain(["likelihood".to_owned()]).collect();
        Ok(Self {
            method: method.into(),
            target,
            settings,
            chains,
            tags: Tags::of(&names),
            draws: Draws::new(names, settings.num_chains),
            warmed_up: 0,
            looked_at: 0,
        })
    }

    /// The draws so far, natural scale, with the log-likelihood as the last quantity.
    pub fn draws(&self) -> &Draws {
        &self.draws
    }

    /// Mean acceptance probability of the draws so far.
    pub fn accept_rate(&self) -> f64 {
        let accept_probs: f64 = self.chains.iter().map(|chain| chain.accept_probs).sum();
        accept_probs / (self.draws.n_draws() * self.chains.len()) as f64
    }

    /// Evaluations of the density by all chains, warm-up included.
    pub fn n_evaluations(&self) -> u64 {
        self.chains.iter().map(|chain| chain.n_evaluations).sum()
    }

    fn warm_up(&mut self) -> Result<Advance, InferError> {
        let left = self.settings.num_warmup - self.warmed_up;
        let steps = left.min(STEPS_BETWEEN_LOOKS);
        let target = self.target;
        self.chains
            .par_iter_mut()
            .try_for_each(|chain| chain.warm_up(target, steps, steps == left))?;
        self.warmed_up += steps;
        Ok(Advance::Progress {
            step: self.warmed_up as u64,
        })
    }

    fn draw(&mut self) -> Result<Advance, InferError> {
        let n_draws = self.draws.n_draws();
        let next = (n_draws - n_draws % self.settings.log_every)
            .saturating_add(self.settings.log_every)
            .min(self.settings.num_samples);
        let steps = (next - n_draws).min(STEPS_BETWEEN_LOOKS);
        let target = self.target;
        self.chains
            .par_iter_mut()
            .try_for_each(|chain| chain.draw(target, steps))?;
        let width = self.draws.names().len();
        for (number, chain) in self.chains.iter_mut().enumerate() {
            for row in chain.block.chunks_exact(width) {
                self.draws.push(number, row)?;
            }
            chain.block.clear();
        }
        if n_draws + steps < next {
            return Ok(Advance::Progress {
                step: self.warmup() + (n_draws + steps) as u64,
            });
        }
        let looks = next == self.settings.num_samples
            || next as f64 >= GROWTH_BETWEEN_LOOKS * self.looked_at as f64;
        if looks {
            self.looked_at = next;
        }
        Ok(Advance::Point {
            step: next as u64,
            scalars: self.scalars(looks)?,
        })
    }

    /// The first chain's last draw, and now and then how the chains get on.
    fn scalars(&self, looks: bool) -> Result<Vec<(Arc<str>, f64)>, InferError> {
        let mut scalars = Vec::with_capacity(self.tags.values.len() + 3);
        if let Some(chain) = self.chains.first() {
            let likelihood = [chain.last_likelihood];
            for ((name, tag), value) in self
                .draws
                .names()
                .iter()
                .zip(&self.tags.values)
                .zip(chain.last.iter().chain(&likelihood))
            {
                scalars.push((tag.clone(), logged_value(name, *value)));
            }
        }
        scalars.push((self.tags.accept_rate.clone(), self.accept_rate()));
        if looks {
            let switch = self.target.space().parameters().last();
            let draws = switch.and_then(|switch| self.draws.chains(&switch.name));
            if let Some(chains) = draws
                && self.draws.n_draws() >= 4
            {
                scalars.push((self.tags.r_hat.clone(), r_hat(&chains)?));
                scalars.push((self.tags.ess.clone(), ess_bulk(&chains)?));
            }
        }
        Ok(scalars)
    }
}

impl<K: Kernel, W: Warmup<K>> Process for Chains<'_, K, W> {
    fn method(&self) -> &str {
        &self.method
    }

    fn total(&self) -> u64 {
        (self.settings.num_warmup + self.settings.num_samples) as u64
    }

    fn warmup(&self) -> u64 {
        self.settings.num_warmup as u64
    }

    fn advance(&mut self) -> Result<Advance, InferError> {
        if self.warmed_up < self.settings.num_warmup {
            self.warm_up()
        } else if self.draws.n_draws() < self.settings.num_samples {
            self.draw()
        } else {
            Ok(Advance::Done(Stop::Completed))
        }
    }
}

impl<K: Kernel, W: Warmup<K>> OneChain<K, W> {
    fn warm_up(
        &mut self,
        target: &dyn Posterior,
        steps: usize,
        is_last: bool,
    ) -> Result<(), InferError> {
        for _ in 0..steps {
            let transition = self.kernel.step(target, &mut self.state, &mut self.rng)?;
            self.n_evaluations += transition.n_evaluations;
            self.warmup
                .update(&mut self.kernel, &self.state, &transition);
        }
        if is_last {
            self.warmup.finish(&mut self.kernel);
        }
        Ok(())
    }

    fn draw(&mut self, target: &dyn Posterior, steps: usize) -> Result<(), InferError> {
        for _ in 0..steps {
            let transition = self.kernel.step(target, &mut self.state, &mut self.rng)?;
            self.n_evaluations += transition.n_evaluations;
            self.accept_probs += transition.accept_prob;
            let position = self.kernel.position(&self.state);
            let values = target.space().constrain(position);
            // The likelihood of a place that was not left is known.
            if values != self.last {
                let mut likelihood = [0.0];
                target.log_likelihood(position, &mut likelihood)?;
                self.last_likelihood = likelihood[0];
                self.last = values;
            }
            self.block.extend_from_slice(&self.last);
            self.block.push(self.last_likelihood);
        }
        Ok(())
    }
}

impl Tags {
    fn of(names: &[String]) -> Self {
        let values = names
            .iter()
            .map(|name| if name == "s" { "tau" } else { name })
            .map(Arc::from)
            .collect();
        Self {
            values,
            accept_rate: "mcmc/accept_rate".into(),
            r_hat: "mcmc/r_hat/tau".into(),
            ess: "mcmc/ess/tau".into(),
        }
    }
}

/// A switchpoint is logged as the `tau` that stands for it, so that all methods' curves overlay.
fn logged_value(name: &str, value: f64) -> f64 {
    if name == "s" {
        tau_of(value as usize)
    } else {
        value
    }
}

/// A start of positive density: `start` is asked again while it offers none.
fn find_start(
    target: &dyn Posterior,
    chain: usize,
    rng: &mut ChainRng,
    start: impl Fn(usize, &mut ChainRng) -> Result<Vec<f64>, InferError>,
) -> Result<Vec<f64>, InferError> {
    const TRIES: usize = 100;
    for _ in 0..TRIES {
        let position = start(chain, rng)?;
        let mut logp = [0.0];
        target.logp(&position, &mut logp)?;
        if logp[0].is_finite() {
            return Ok(position);
        }
    }
    Err(InferError::NoStart {
        chain,
        tries: TRIES,
    })
}
