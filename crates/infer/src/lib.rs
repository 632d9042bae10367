//! Fits and samples: optimisers with their verdicts, Markov chains with their warm-up, and the one driver loop.

mod calibrate;
mod drive;
mod error;
mod optimise;
mod sample;
mod simulator;

pub use calibrate::{Calibrated, Calibration, CalibrationSettings, Ranks, Simulated, calibrate};
pub use drive::{Advance, Drained, Process, drive};
pub use error::InferError;
pub use optimise::best::{Best, Reference};
pub use optimise::climb::{Climb, ClimbSettings, End};
pub use optimise::fused::FusedClimb;
pub use optimise::laplace::{Laplace, LaplaceDraws, LaplaceError, LaplaceRow, LaplaceSummary};
pub use optimise::launch::Launch;
pub use optimise::lbfgs::{LbfgsSettings, Summit, climb_lbfgs};
pub use optimise::lbfgs_climb::{LbfgsClimb, steepness_stages};
pub use optimise::optima::{Optimum, optima};
pub use optimise::plan::{Climbed, Method, TALKS_START, noise_scale, plain_start};
pub use optimise::soft::SoftAgainstHard;
pub use optimise::tolerances::Tolerances;
pub use optimise::verdict::{GLOBAL_TOLERANCE, Judgement, Verdict, judge};
pub use sample::chain::{Adapted, Chain, KernelChain, Phase};
pub use sample::chains::{Chains, ChainsSettings};
pub use sample::compound::CompoundChain;
pub use sample::diagnosis::{Diagnosis, Finding, SamplerStats};
pub use sample::ensemble::Ensemble;
pub use sample::far::Far;
pub use sample::independent::IndependentChain;
pub use sample::initial::{StartDraw, Starts, dispersed};
pub use sample::metropolis::{Metropolis, MetropolisSettings, MetropolisState, Proposal};
pub use sample::nuts::{MassMatrix, NutsChain, NutsSettings};
pub use sample::sampler::{Context, Form, Sampler, Target};
pub use sample::tuning::{NoTuning, ScaleTuning};
pub use simulator::Simulator;
