//! Several chains as a process: warm-up, then draws, in parallel and in step with each other.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use switchback_core::{
    ChainRng, DrawRows, DrawSchema, Draws, Flow, Posterior, Quantity, SinkResult, Stop, Support,
    stream,
};
use switchback_diagnostics::{MIN_DRAWS, ess_bulk, quantiles, r_hat};

use super::chain::{Chain, Phase};
use super::recorder::{Recorder, Rows};
use super::tags::{QUANTILES, Tags};
use crate::{Advance, Drained, InferError, Process};

/// Growth of the draws between two looks at r_hat and ESS, so that all looks together cost a few times the last.
const GROWTH_BETWEEN_LOOKS: f64 = 1.25;
/// Most steps after which chains let their listeners speak, however far the next logged point is.
const MOST_STEPS: usize = 1_000;
/// How long they may take until then.
const PATIENCE: Duration = Duration::from_millis(100);
/// Most numbers that the rows of all chains hold before they are handed over.
const MOST_IN_ROWS: usize = 4_000_000;
/// Most numbers of the draws that are kept in memory; beyond, the draws are thinned.
const MOST_IN_MEMORY: usize = 8_000_000;
/// Most chains; each has its own state and stream.
const MOST_CHAINS: usize = 10_000;
/// Most draws of all chains.
const MOST_DRAWS: usize = 10_000_000_000;
/// Longest warm-up of a chain.
const MOST_WARMUP: usize = 1_000_000_000;
/// Distance between a chain's own stream and the one that completes its draws.
const COMPLETING_STREAM: u64 = 1 << 32;

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
    /// Whether the draws of the warm-up are handed over too.
    pub save_warmup: bool,
    /// Whether the log-likelihood of every observation is part of a draw.
    pub save_pointwise: bool,
}

impl Default for ChainsSettings {
    /// Four chains of 1,000 draws after 1,000 steps of warm-up.
    fn default() -> Self {
        Self {
            num_chains: 4,
            num_warmup: 1_000,
            num_samples: 1_000,
            log_every: 10,
            seed: 1,
            first_stream: 0,
            save_warmup: true,
            save_pointwise: false,
        }
    }
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
            MIN_DRAWS..=usize::MAX,
            four_at_least,
        )?;
        let most = "all chains together can draw at most 10,000,000,000 times";
        within(
            "num-samples",
            self.num_samples,
            MIN_DRAWS..=MOST_DRAWS / self.num_chains,
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

/// Chains of one sampler on one target, on their way.
pub struct Chains<'a> {
    method: String,
    target: &'a dyn Posterior,
    settings: ChainsSettings,
    runners: Vec<Runner<'a>>,
    schema: DrawSchema,
    /// What is in memory of the draws.
    draws: Draws,
    warmed_up: usize,
    /// Whether what the warm-up settled on was handed over.
    has_told: bool,
    drawn: usize,
    /// Draws at the last look at r_hat and ESS.
    looked_at: usize,
    /// Steps that take about [`PATIENCE`].
    steps_a_stretch: usize,
    tags: Tags,
}

/// One chain, or several walkers that move together, with what they have drawn since it was last taken away.
struct Runner<'a> {
    chain: Box<dyn Chain + 'a>,
    /// One a walker.
    recorders: Vec<Recorder>,
    accept_probs: f64,
    n_evaluations: u64,
    n_diverged: u64,
}

impl<'a> Chains<'a> {
    /// Chains on `target`; `make` makes each of them from its number and random stream.
    ///
    /// # Errors
    /// When the settings make no sense, or a chain cannot be made.
    pub fn new(
        method: impl Into<String>,
        target: &'a dyn Posterior,
        settings: ChainsSettings,
        make: impl Fn(usize, ChainRng) -> Result<Box<dyn Chain + 'a>, InferError>,
    ) -> Result<Self, InferError> {
        let settings = settings.validate()?;
        let runners = (0..settings.num_chains)
            .map(|number| {
                let own = settings.first_stream + number as u64;
                let chain = make(number, stream(settings.seed, own))?;
                let completing = stream(settings.seed, own + COMPLETING_STREAM);
                Ok(Runner::new(chain, target, settings, &completing))
            })
            .collect::<Result<Vec<_>, InferError>>()?;
        let schema = schema(target, &runners, settings);
        let names: Vec<String> = schema.quantities.iter().map(|q| q.name.clone()).collect();
        let bound = MOST_IN_MEMORY / (names.len() * schema.n_chains).max(1);
        Ok(Self {
            method: method.into(),
            target,
            settings,
            runners,
            tags: Tags::of(&schema),
            draws: Draws::bounded(names, schema.n_chains, bound),
            schema,
            warmed_up: 0,
            has_told: false,
            drawn: 0,
            looked_at: 0,
            steps_a_stretch: MOST_STEPS,
        })
    }

    /// What the rows of its draws hold.
    pub fn schema(&self) -> &DrawSchema {
        &self.schema
    }

    /// The draws so far that are in memory, natural scale, with the log-likelihood as the last quantity.
    pub fn draws(&self) -> &Draws {
        &self.draws
    }

    /// Draws of each chain so far.
    pub fn n_drawn(&self) -> usize {
        self.drawn
    }

    /// Mean acceptance probability of the draws so far.
    pub fn accept_rate(&self) -> f64 {
        let accept_probs: f64 = self.runners.iter().map(|runner| runner.accept_probs).sum();
        accept_probs / (self.drawn * self.runners.len()) as f64
    }

    /// Evaluations of the density by all chains, warm-up included.
    pub fn n_evaluations(&self) -> u64 {
        self.runners.iter().map(|runner| runner.n_evaluations).sum()
    }

    /// Steps of all chains that diverged after the warm-up.
    pub fn n_diverged(&self) -> u64 {
        self.runners.iter().map(|runner| runner.n_diverged).sum()
    }

    /// What [`Posterior::add_expectations`] gives, averaged over the draws of all chains so far.
    pub fn expectations(&self) -> Vec<f64> {
        let n_rows = (self.drawn * self.schema.n_chains) as f64;
        let mut sums = vec![0.0; self.target.n_expectations()];
        for recorder in self.runners.iter().flat_map(|runner| &runner.recorders) {
            for (sum, of_chain) in sums.iter_mut().zip(recorder.expectations()) {
                *sum += of_chain / n_rows;
            }
        }
        sums
    }

    fn warm_up(&mut self) -> Result<Advance, InferError> {
        let left = self.settings.num_warmup - self.warmed_up;
        let steps = left.min(self.stretch(Phase::Warmup));
        self.advance_all(Phase::Warmup, steps)?;
        if steps == left {
            self.runners
                .iter_mut()
                .for_each(|runner| runner.chain.finish_warmup());
        }
        self.warmed_up += steps;
        Ok(Advance::Progress {
            step: self.warmed_up as u64,
        })
    }

    fn draw(&mut self) -> Result<Advance, InferError> {
        let next = (self.drawn - self.drawn % self.settings.log_every)
            .saturating_add(self.settings.log_every)
            .min(self.settings.num_samples);
        let steps = (next - self.drawn).min(self.stretch(Phase::Sampling));
        self.advance_all(Phase::Sampling, steps)?;
        self.drawn += steps;
        let width = self.schema.quantities.len();
        let recorders = self.runners.iter().flat_map(|runner| &runner.recorders);
        for (number, recorder) in recorders.enumerate() {
            for row in recorder.rows().values.chunks_exact(width) {
                self.draws.push(number, row)?;
            }
        }
        if self.drawn < next {
            return Ok(Advance::Progress {
                step: self.warmup() + self.drawn as u64,
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

    /// Steps until the listeners have their turn.
    fn stretch(&self, phase: Phase) -> usize {
        let is_recorded = phase == Phase::Sampling || self.settings.save_warmup;
        let width = self.schema.quantities.len() + self.schema.n_pointwise;
        let most = if is_recorded {
            MOST_IN_ROWS / (width * self.schema.n_chains).max(1)
        } else {
            usize::MAX
        };
        self.steps_a_stretch.min(most).max(1)
    }

    fn advance_all(&mut self, phase: Phase, steps: usize) -> Result<(), InferError> {
        let (target, started) = (self.target, Instant::now());
        let is_recorded = phase == Phase::Sampling || self.settings.save_warmup;
        self.runners.par_iter_mut().try_for_each(|runner| {
            // What was not drained is nobody's.
            runner.recorders.iter_mut().for_each(Recorder::clear);
            runner.advance(target, phase, steps, is_recorded)
        })?;
        let seconds = started.elapsed().as_secs_f64() / steps as f64;
        self.steps_a_stretch = ((PATIENCE.as_secs_f64() / seconds) as usize).clamp(1, MOST_STEPS);
        Ok(())
    }

    /// The first chain's last draw, and now and then how the chains get on.
    fn scalars(&self, looks: bool) -> Result<Vec<(Arc<str>, f64)>, InferError> {
        let mut scalars = Vec::with_capacity(3 * self.tags.quantities.len() + 2);
        if let Some(recorder) = self.runners.first().and_then(|r| r.recorders.first()) {
            for (tag, value) in self.tags.quantities.iter().zip(recorder.last()) {
                scalars.push((tag.value.clone(), tag.logged(*value)));
            }
        }
        scalars.push((self.tags.accept_rate.clone(), self.accept_rate()));
        if let Some(divergences) = &self.tags.divergences {
            scalars.push((divergences.clone(), self.n_diverged() as f64));
        }
        if looks && self.draws.n_draws() >= MIN_DRAWS {
            for (quantity, tag) in self.schema.quantities.iter().zip(&self.tags.quantities) {
                let chains = self.draws.chains(&quantity.name).unwrap_or_default();
                scalars.push((tag.r_hat.clone(), r_hat(&chains)?));
                // What was thinned has lost effective draws that the run has.
                scalars.push((tag.ess.clone(), ess_bulk(&chains)?));
                let probabilities = QUANTILES.map(|(probability, _)| probability);
                let quantiles = quantiles(&chains, &probabilities)?;
                for (quantile, name) in quantiles.into_iter().zip(&tag.quantiles) {
                    scalars.push((name.clone(), tag.logged(quantile)));
                }
            }
        }
        Ok(scalars)
    }
}

impl Process for Chains<'_> {
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
        } else if self.drawn < self.settings.num_samples {
            self.draw()
        } else {
            Ok(Advance::Done(Stop::Completed))
        }
    }

    fn drain(&mut self, take: &mut dyn FnMut(Drained<'_>) -> SinkResult) -> SinkResult {
        // Nothing is drawn before the warm-up is over, and nothing of it is left when drawing begins.
        let is_warmup = self.drawn == 0;
        let mut flow = Flow::Continue;
        let recorders = self
            .runners
            .iter_mut()
            .flat_map(|runner| &mut runner.recorders);
        for (chain, recorder) in recorders.enumerate() {
            let Rows {
                values,
                stats,
                pointwise,
            } = recorder.rows();
            if !values.is_empty()
                && take(Drained::Rows(DrawRows {
                    chain,
                    is_warmup,
                    values,
                    stats,
                    pointwise,
                }))? == Flow::Stop
            {
                flow = Flow::Stop;
            }
            recorder.clear();
        }
        if is_warmup && self.warmed_up == self.settings.num_warmup && !self.has_told {
            self.has_told = true;
            for (chain, runner) in self.runners.iter().enumerate() {
                if let Some(adapted) = runner.chain.adapted() {
                    take(Drained::Adapted {
                        chain,
                        adapted: &adapted,
                    })?;
                }
            }
        }
        Ok(flow)
    }
}

impl<'a> Runner<'a> {
    fn new(
        chain: Box<dyn Chain + 'a>,
        target: &dyn Posterior,
        settings: ChainsSettings,
        completing: &ChainRng,
    ) -> Self {
        let recorders = (0..chain.n_walkers())
            .map(|walker| {
                let mut rng = completing.clone();
                // Far enough apart that no walker reaches the next one's numbers.
                rng.set_word_pos((walker as u128) << 48);
                Recorder::new(target, settings.save_pointwise, rng)
            })
            .collect();
        Self {
            chain,
            recorders,
            accept_probs: 0.0,
            n_evaluations: 0,
            n_diverged: 0,
        }
    }

    fn advance(
        &mut self,
        target: &dyn Posterior,
        phase: Phase,
        steps: usize,
        is_recorded: bool,
    ) -> Result<(), InferError> {
        for _ in 0..steps {
            let transition = self.chain.step(phase)?;
            self.n_evaluations += transition.n_evaluations;
            if phase == Phase::Sampling {
                self.accept_probs += transition.accept_prob;
                self.n_diverged += u64::from(transition.diverged);
            }
            if is_recorded {
                for (walker, recorder) in self.recorders.iter_mut().enumerate() {
                    recorder.record(target, &*self.chain, walker, phase)?;
                }
            }
        }
        Ok(())
    }
}

fn schema(target: &dyn Posterior, runners: &[Runner<'_>], settings: ChainsSettings) -> DrawSchema {
    let parameters = target.space().parameters().iter().map(|p| Quantity {
        name: p.name.clone(),
        is_whole: matches!(p.support, Support::Integers { .. }),
    });
    let likelihood = Quantity {
        name: "likelihood".to_owned(),
        is_whole: false,
    };
    DrawSchema {
        quantities: parameters
            .chain(target.generated())
            .chain([likelihood])
            .collect(),
        stats: runners
            .first()
            .map_or_else(Vec::new, |runner| runner.chain.stat_names().to_vec()),
        n_chains: runners.iter().map(|runner| runner.recorders.len()).sum(),
        n_pointwise: if settings.save_pointwise {
            target.n_pointwise()
        } else {
            0
        },
    }
}

#[cfg(test)]
mod tests;
