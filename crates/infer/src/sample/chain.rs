//! One chain of any sampler, as the process that runs several of them sees it.

use switchback_core::{ChainRng, Kernel, LogDensity, Transition, Warmup};

use crate::InferError;

/// Which part of its life a chain is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The sampler adapts; its draws are no draws of the target.
    Warmup,
    /// The sampler is fixed.
    Sampling,
}

/// Step size and mass matrix that a warm-up has settled on.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapted {
    /// Step size.
    pub step_size: f64,
    /// Diagonal of the inverse mass matrix (`dim`): the variance that each coordinate is taken to have.
    pub inverse_mass: Vec<f64>,
}

/// A chain with its target, its state, its random stream and its adaptation; or several walkers that move together.
///
/// Every walker's positions are recorded as a chain of its own.
pub trait Chain: Send {
    /// Names of the statistics of a draw, by ArviZ's names; the same for all chains of a sampler.
    fn stat_names(&self) -> &'static [&'static str];

    /// Walkers that move together.
    fn n_walkers(&self) -> usize {
        1
    }

    /// Takes one step, and in the warm-up learns from it. What it says of acceptance and divergence is the mean over,
    /// and any of, its walkers.
    ///
    /// # Errors
    /// When the density fails for good.
    fn step(&mut self, phase: Phase) -> Result<Transition, InferError>;

    /// The warm-up is over: nothing is learnt from here on.
    fn finish_warmup(&mut self) {}

    /// What the warm-up has settled on, once it is over; nothing for samplers without step size and mass matrix.
    fn adapted(&self) -> Option<Adapted> {
        None
    }

    /// The unconstrained position of `walker` (`dim`).
    fn position(&self, walker: usize) -> &[f64];

    /// Appends the statistics of the last step of `walker`, one a name, to `stats`.
    fn write_stats(&self, walker: usize, stats: &mut Vec<f64>);
}

/// Appends the log density of `target` at `position`, and an acceptance of 1: the statistics `lp` and `acceptance_rate`
/// of chains that refuse nothing.
pub(super) fn write_accepted(target: &dyn LogDensity, position: &[f64], stats: &mut Vec<f64>) {
    let mut logp = [f64::NAN];
    // The position has the target's dimension, so the density can be evaluated there.
    let _ = target.logp(position, &mut logp);
    stats.extend([logp[0], 1.0]);
}

/// The chain of a [`Kernel`] and its [`Warmup`].
pub struct KernelChain<'a, K: Kernel, W> {
    target: &'a dyn LogDensity,
    kernel: K,
    warmup: W,
    state: K::State,
    rng: ChainRng,
    accept_prob: f64,
}

impl<'a, K: Kernel, W: Warmup<K>> KernelChain<'a, K, W> {
    /// The chain of `kernel` on `target` from the unconstrained `position` (`dim`).
    ///
    /// # Errors
    /// When the density cannot be evaluated there.
    pub fn new(
        target: &'a dyn LogDensity,
        kernel: K,
        warmup: W,
        position: &[f64],
        rng: ChainRng,
    ) -> Result<Self, InferError> {
        Ok(Self {
            state: kernel.init(target, position)?,
            target,
            kernel,
            warmup,
            rng,
            accept_prob: f64::NAN,
        })
    }
}

impl<K: Kernel, W: Warmup<K>> Chain for KernelChain<'_, K, W> {
    fn stat_names(&self) -> &'static [&'static str] {
        &["lp", "acceptance_rate"]
    }

    fn step(&mut self, phase: Phase) -> Result<Transition, InferError> {
        let transition = self
            .kernel
            .step(self.target, &mut self.state, &mut self.rng)?;
        self.accept_prob = transition.accept_prob;
        if phase == Phase::Warmup {
            self.warmup
                .update(&mut self.kernel, &self.state, &transition);
        }
        Ok(transition)
    }

    fn finish_warmup(&mut self) {
        self.warmup.finish(&mut self.kernel);
    }

    fn position(&self, _walker: usize) -> &[f64] {
        self.kernel.position(&self.state)
    }

    fn write_stats(&self, _walker: usize, stats: &mut Vec<f64>) {
        stats.extend([self.kernel.logp(&self.state), self.accept_prob]);
    }
}
