//! nuts-rs behind this crate's words: the density that it asks, its chains, and what it says of a draw.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nuts_rs::{
    Chain as _, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError,
    LowRankNutsSettings, NutsError, Settings, StepSizeSettings,
};
use rand::Rng;
use switchback_core::{ChainRng, DensityError, Gradient};

use super::{MassMatrix, NutsSettings};
use crate::InferError;

/// A density as nuts-rs asks for it.
struct Target<'a> {
    density: &'a dyn Gradient,
    /// Evaluations so far; counted by this target alone, and read by its chain.
    evaluations: Arc<AtomicU64>,
}

/// Why a position has no density.
#[derive(Debug, thiserror::Error)]
enum TargetError {
    #[error(transparent)]
    Density(#[from] DensityError),
    #[error("the log density or its gradient is not finite")]
    NotFinite,
}

impl LogpError for TargetError {
    fn is_recoverable(&self) -> bool {
        matches!(self, Self::NotFinite)
    }
}

impl HasDims for Target<'_> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.dim() as u64)])
    }
}

impl CpuLogpFunc for Target<'_> {
    type LogpError = TargetError;
    type FlowParameters = ();
    type ExpandedVector = ();

    fn dim(&self) -> usize {
        self.density.space().dim()
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, TargetError> {
        let counted = self.evaluations.load(Ordering::Relaxed);
        self.evaluations.store(counted + 1, Ordering::Relaxed);
        let mut logp = [0.0];
        self.density.logp_grad(position, &mut logp, gradient)?;
        let mut is_finite = logp[0].is_finite();
        for slope in gradient {
            is_finite &= slope.is_finite();
            // nuts-rs refuses to look for a step size where a slope is 0, as one may be by chance. What drives a
            // trajectory need not be the exact gradient: draws are weighted by the density itself.
            if *slope == 0.0 {
                *slope = f64::MIN_POSITIVE;
            }
        }
        if is_finite {
            Ok(logp[0])
        } else {
            Err(TargetError::NotFinite)
        }
    }

    fn expand_vector<R: Rng + ?Sized>(&mut self, _: &mut R, _: &[f64]) -> Result<(), CpuMathError> {
        Ok(())
    }
}

/// nuts-rs' chain with either mass matrix.
enum NutsRs<'a> {
    Diagonal(Box<<DiagNutsSettings as Settings>::Chain<CpuMath<Target<'a>>>>),
    LowRank(Box<<LowRankNutsSettings as Settings>::Chain<CpuMath<Target<'a>>>>),
}

/// A chain of nuts-rs that another thread may go on with.
pub(super) struct Trajectories<'a>(NutsRs<'a>);

// SAFETY: what keeps nuts-rs' chains from being `Send` are `Rc`s, of a pool of points and of the points that it
// handed out. All of them belong to the one chain: they were made by it and are held by its own fields, and none
// leaves it, for it hands out copies of positions and plain numbers. So they move to another thread together or not
// at all, and no two threads count the same `Rc`. All else in it is `Send`: the generator, numbers, the target (a
// reference to a `Sync` density and an `Arc`), and errors that are `Send + Sync` by nuts-rs' own bounds.
#[allow(unsafe_code)]
unsafe impl Send for Trajectories<'_> {}

/// What nuts-rs says of a draw.
pub(super) struct Drawn {
    pub position: Box<[f64]>,
    pub logp: f64,
    pub accept_prob: f64,
    pub diverged: bool,
    pub energy: f64,
    pub n_steps: u64,
    pub depth: u64,
    pub step_size: f64,
    /// The scale of each coordinate, where it has changed.
    pub scales: Option<Vec<f64>>,
}

/// nuts-rs' error in this crate's words.
fn refusal(error: Result<NutsError, String>) -> InferError {
    let message = match error {
        Ok(NutsError::LogpFailure(inner)) => match inner.downcast::<TargetError>() {
            Ok(inner) => match *inner {
                TargetError::Density(error) => return error.into(),
                TargetError::NotFinite => TargetError::NotFinite.to_string(),
            },
            Err(inner) => inner.to_string(),
        },
        Ok(NutsError::BadInitGrad(inner)) => inner.to_string(),
        Ok(error) => error.to_string(),
        Err(message) => message,
    };
    InferError::Nuts { message }
}

/// Turns nuts-rs' `anyhow::Error` into an [`InferError`].
macro_rules! known {
    ($result:expr) => {
        $result.map_err(|error| {
            refusal(
                error
                    .downcast::<NutsError>()
                    .map_err(|error| error.to_string()),
            )
        })
    };
}

impl<'a> Trajectories<'a> {
    /// Trajectories on `density` from the unconstrained `position` (`dim`), which count in `evaluations`.
    ///
    /// # Errors
    /// When nuts-rs refuses the start, or the density fails.
    pub(super) fn new(
        density: &'a dyn Gradient,
        evaluations: Arc<AtomicU64>,
        settings: NutsSettings,
        position: &[f64],
        mut rng: ChainRng,
    ) -> Result<Self, InferError> {
        let math = CpuMath::new(Target {
            density,
            evaluations,
        });
        // The two kinds of settings, and of chains, are of different types with the same fields and methods.
        macro_rules! started {
            ($defaults:expr) => {{
                let mut options = nuts_rs::NutsSettings {
                    num_tune: settings.num_warmup,
                    maxdepth: settings.max_depth,
                    // A slope that is not finite is a divergence here, so there is nothing to clip.
                    gradient_clipping: None,
                    ..$defaults
                };
                options.adapt_options.step_size_settings = step_size(settings.target_accept);
                options.adapt_options.mass_matrix_options.store_mass_matrix = true;
                let mut chain = known!(options.new_chain(0, math, &mut rng))?;
                known!(chain.set_position(position))?;
                Box::new(chain)
            }};
        }
        Ok(Self(match settings.mass_matrix {
            MassMatrix::Diagonal => NutsRs::Diagonal(started!(DiagNutsSettings::default())),
            MassMatrix::LowRank => NutsRs::LowRank(started!(LowRankNutsSettings::default())),
        }))
    }

    /// The next draw; nuts-rs adapts for as many as the warm-up has.
    ///
    /// # Errors
    /// When the density fails for good.
    pub(super) fn draw(&mut self) -> Result<Drawn, InferError> {
        macro_rules! drawn {
            ($chain:expr, $scales:ident) => {{
                let (position, _, stats, _) = known!($chain.expanded_draw())?;
                Drawn {
                    position,
                    logp: stats.point.logp,
                    accept_prob: stats.adapt.step_size.mean_tree_accept,
                    diverged: stats.divergence.diverging,
                    energy: stats.point.kinetic_energy - stats.point.logp,
                    n_steps: stats.adapt.step_size.n_steps,
                    depth: stats.depth,
                    step_size: stats.hamiltonian.step_size,
                    scales: stats.hamiltonian.transformation.$scales,
                }
            }};
        }
        Ok(match &mut self.0 {
            NutsRs::Diagonal(chain) => drawn!(chain, mass_matrix_inv),
            NutsRs::LowRank(chain) => drawn!(chain, mass_matrix_stds),
        })
    }
}

/// Without nuts-rs' jitter, so that all draws that are kept have one step size.
fn step_size(target_accept: f64) -> StepSizeSettings {
    StepSizeSettings {
        target_accept,
        jitter: None,
        ..StepSizeSettings::default()
    }
}
