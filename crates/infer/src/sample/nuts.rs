//! The No-U-Turn Sampler (Hoffman & Gelman 2014; multinomial, as in Betancourt 2017), by nuts-rs.

#[cfg(test)]
mod tests;
mod trajectories;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use switchback_core::{ChainRng, DensityError, Gradient, Transition};

use self::trajectories::{Drawn, Trajectories};
use super::chain::{Adapted, Chain, Phase};
use super::start::{check_continuous, check_density};
use crate::InferError;

/// Longest warm-up.
const MOST_WARMUP: u64 = 1_000_000_000;
/// Deepest tree: nobody waits for draws of 2^20 steps.
const DEEPEST: u64 = 20;

/// By what NUTS measures distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MassMatrix {
    /// A scale a coordinate.
    #[default]
    Diagonal,
    /// A scale a coordinate, and the directions in which these scales miss the variance by a factor of 2 or more.
    ///
    /// It costs some 40 ns a leapfrog step. Where coordinates are correlated it pays: on a Gaussian of 4 coordinates
    /// correlated by 0.5 and 0.9 it drew 3 and 25 times as many effective draws a gradient.
    LowRank,
}

/// How NUTS adapts and how far it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NutsSettings {
    /// Steps of the warm-up, in which step size and mass matrix are adapted.
    pub num_warmup: u64,
    /// Mean acceptance probability over a trajectory that the step size is adapted to, between 0 and 1.
    pub target_accept: f64,
    /// Doublings of a trajectory at most: it has fewer than `2^max_depth` steps.
    pub max_depth: u64,
    /// By what distances are measured.
    pub mass_matrix: MassMatrix,
}

impl Default for NutsSettings {
    /// A thousand steps of warm-up and depth 10, as in Stan, and an acceptance between the 0.65 that is best for
    /// trajectories of one length (Beskos et al. 2013) and Stan's 0.8.
    ///
    /// On Gaussians of 4, 7 and 10 independent coordinates 0.75 drew 1.07, 1.8 and 1.7 times as many effective draws
    /// (bulk) a gradient as 0.8. Below that, tails pay: of logarithms of gamma variables of shapes 1, 3 and 5 one draw
    /// in 8,000 diverged at 0.75, one in 800 at 0.6.
    fn default() -> Self {
        Self {
            num_warmup: 1000,
            target_accept: 0.75,
            max_depth: 10,
            mass_matrix: MassMatrix::default(),
        }
    }
}

impl NutsSettings {
    /// The settings, if they make sense.
    ///
    /// # Errors
    /// When the acceptance is no probability between 0 and 1, or the depth or the warm-up is out of range.
    pub fn validate(self) -> Result<Self, InferError> {
        let within = |setting, is_within, value: String, rule| {
            if is_within {
                return Ok(());
            }
            Err(InferError::Setting {
                setting,
                value,
                rule,
            })
        };
        let accept = self.target_accept;
        within(
            "target-accept",
            accept > 0.0 && accept < 1.0,
            accept.to_string(),
            "it must lie between 0 and 1, as 0.8 does",
        )?;
        within(
            "max-depth",
            (1..=DEEPEST).contains(&self.max_depth),
            self.max_depth.to_string(),
            "it must be at least 1 and at most 20",
        )?;
        within(
            "num-warmup",
            self.num_warmup <= MOST_WARMUP,
            self.num_warmup.to_string(),
            "it must be at most 1,000,000,000",
        )?;
        Ok(self)
    }
}

/// A chain of NUTS.
///
/// Its statistics are those of the trajectory that a draw was taken from: `energy` is kinetic energy less log density,
/// `n_steps` its leapfrog steps; `step_size` is the one that the draw led to, which after the warm-up is the same
/// for all. A trajectory that runs to where the log density or its gradient is not finite, or the energy is off by
/// more than 1000, ends there and counts as a divergence.
pub struct NutsChain<'a> {
    trajectories: Trajectories<'a>,
    num_warmup: u64,
    warmed_up: u64,
    /// The scale that each coordinate is taken to have.
    scales: Vec<f64>,
    last: Drawn,
    evaluations: Arc<AtomicU64>,
    /// Evaluations that a transition has told of.
    told: u64,
}

impl<'a> NutsChain<'a> {
    /// The chain on `target` from the unconstrained `position` (`dim`).
    ///
    /// The same `rng` gives the same draws, bit by bit.
    ///
    /// # Errors
    /// When the settings make no sense, the space has whole numbers, the density fails or is 0 at the start, or the
    /// gradient there says nothing of the target's scale: nuts-rs takes its first scales from it.
    pub fn new(
        target: &'a dyn Gradient,
        settings: NutsSettings,
        position: &[f64],
        rng: ChainRng,
    ) -> Result<Self, InferError> {
        let settings = settings.validate()?;
        check_continuous(target.space(), "nuts")?;
        let logp = check_start(target, position)?;
        let evaluations = Arc::new(AtomicU64::new(1));
        let counter = Arc::clone(&evaluations);
        Ok(Self {
            trajectories: Trajectories::new(target, counter, settings, position, rng)?,
            num_warmup: settings.num_warmup,
            warmed_up: 0,
            scales: vec![f64::NAN; position.len()],
            last: Drawn {
                position: position.into(),
                logp,
                accept_prob: f64::NAN,
                diverged: false,
                energy: f64::NAN,
                n_steps: 0,
                depth: 0,
                step_size: f64::NAN,
                scales: None,
            },
            evaluations,
            told: 0,
        })
    }
}

/// The log density at `position`, if NUTS can start there.
fn check_start(target: &dyn Gradient, position: &[f64]) -> Result<f64, InferError> {
    DensityError::check_shape(target.space().dim(), position.len(), 1)?;
    let mut logp = [f64::NAN];
    let mut grad = vec![f64::NAN; position.len()];
    target.logp_grad(position, &mut logp, &mut grad)?;
    check_density(logp[0])?;
    for (parameter, slope) in target.space().parameters().iter().zip(grad) {
        if slope == 0.0 || !slope.is_finite() {
            return Err(InferError::StartGradient {
                parameter: parameter.name.clone(),
                slope,
            });
        }
    }
    Ok(logp[0])
}

impl Chain for NutsChain<'_> {
    fn stat_names(&self) -> &'static [&'static str] {
        &[
            "lp",
            "acceptance_rate",
            "diverging",
            "energy",
            "n_steps",
            "tree_depth",
            "step_size",
        ]
    }

    fn step(&mut self, phase: Phase) -> Result<Transition, InferError> {
        // nuts-rs counts for itself when its warm-up ends: a draw of it must never be taken for one of the target.
        let is_warm = self.warmed_up == self.num_warmup;
        if is_warm != (phase == Phase::Sampling) {
            return Err(InferError::NumWarmup {
                expected: self.num_warmup,
                taken: self.warmed_up + u64::from(is_warm),
            });
        }
        self.last = self.trajectories.draw()?;
        if let Some(scales) = self.last.scales.take() {
            self.scales = scales;
        }
        if !is_warm {
            self.warmed_up += 1;
        }
        let evaluations = self.evaluations.load(Ordering::Relaxed);
        let n_evaluations = evaluations - self.told;
        self.told = evaluations;
        Ok(Transition {
            accept_prob: self.last.accept_prob,
            n_evaluations,
            diverged: self.last.diverged,
        })
    }

    fn adapted(&self) -> Option<Adapted> {
        Some(Adapted {
            step_size: self.last.step_size,
            inverse_mass: self.scales.iter().map(|scale| scale * scale).collect(),
        })
    }

    fn position(&self, _walker: usize) -> &[f64] {
        &self.last.position
    }

    fn write_stats(&self, _walker: usize, stats: &mut Vec<f64>) {
        let last = &self.last;
        stats.extend([
            last.logp,
            last.accept_prob,
            f64::from(u8::from(last.diverged)),
            last.energy,
            last.n_steps as f64,
            last.depth as f64,
            last.step_size,
        ]);
    }
}
