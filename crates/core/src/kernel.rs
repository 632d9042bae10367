//! One Markov transition, its state, and its adaptation, each apart from the others.

use crate::{ChainRng, DensityError, LogDensity};

/// What one transition did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition {
    /// Mean acceptance probability of its proposals.
    pub accept_prob: f64,
    /// Evaluations of the density that it took.
    pub n_evaluations: u64,
    /// Whether the density failed in a way from which the chain goes on.
    pub diverged: bool,
}

/// A Markov kernel: settings that never change, and a state that is what the next step needs.
pub trait Kernel: Clone + Send + Sync {
    /// What the next step needs.
    type State: Send;

    /// The state at `position` (`dim`, unconstrained).
    ///
    /// # Errors
    /// When the density cannot be evaluated there.
    fn init(&self, target: &dyn LogDensity, position: &[f64]) -> Result<Self::State, DensityError>;

    /// Moves `state` by one transition that leaves `target` invariant.
    ///
    /// # Errors
    /// When the density fails for good.
    fn step(
        &self,
        target: &dyn LogDensity,
        state: &mut Self::State,
        rng: &mut ChainRng,
    ) -> Result<Transition, DensityError>;

    /// The unconstrained position of `state` (`dim`).
    fn position<'a>(&self, state: &'a Self::State) -> &'a [f64];

    /// The log density at `state`.
    fn logp(&self, state: &Self::State) -> f64;
}

/// The adaptation of a kernel: hears every transition of the warm-up and returns the kernel for the next one.
pub trait Warmup<K: Kernel>: Send {
    /// Learns from the transition that led to `state` and retunes `kernel`.
    fn update(&mut self, kernel: &mut K, state: &K::State, transition: &Transition);

    /// The warm-up is over: freezes `kernel`.
    fn finish(&mut self, kernel: &mut K);
}
