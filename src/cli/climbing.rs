//! Runs a climb: the plan's optimiser on the engine that was asked for.

use std::time::Instant;

use switchback::core::{Gradient, Optimizer, Stop};
use switchback::infer::{
    Climb, End, FusedClimb, InferError, LbfgsClimb, Method, Reference, drive, steepness_stages,
};
use switchback::models::Objective;
use switchback::tensor::{DeviceName, NotOnTensors, OpenDevice, TensorClimb, TensorDensity};

use super::args::EngineName;
use super::failure::Failure;
use super::listen::Listeners;
use super::optimizing::PlacedClimb;
use super::rows::Cost;

/// What evaluates the objective.
#[derive(Debug, Clone)]
pub enum Engine {
    /// The gradient by hand, in double precision on the processor.
    Fused,
    /// Tensors on a device.
    Tensor(OpenDevice),
}

/// A device where there are no tensors to be on it.
#[derive(Debug, thiserror::Error)]
#[error(
    "--device {device} is of tensors; leave it out with --engine fused, or take --engine tensor"
)]
struct DeviceOfFused {
    device: String,
}

impl Engine {
    /// The engine that was asked for: tensors where a device is named, else the fused one.
    ///
    /// # Errors
    /// When there is no such device, or it is not of that engine.
    pub fn open(engine: Option<EngineName>, device: Option<&str>) -> Result<Self, Failure> {
        match (engine, device) {
            (None | Some(EngineName::Fused), None) => Ok(Self::Fused),
            (Some(EngineName::Fused), Some(device)) => Err(Failure::usage(DeviceOfFused {
                device: device.to_owned(),
            })),
            (_, device) => {
                let name = device.map_or(Ok(DeviceName::Flex), str::parse)?;
                Ok(Self::Tensor(OpenDevice::open(name)?))
            }
        }
    }

    /// `Ok` where it can evaluate `objective`.
    ///
    /// # Errors
    /// When the objective is not on tensors.
    pub fn check(&self, objective: &Objective) -> Result<(), NotOnTensors> {
        match self {
            Self::Fused => Ok(()),
            Self::Tensor(device) => TensorDensity::new(objective, device).map(drop),
        }
    }

    /// The word used in files.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Fused => "fused",
            Self::Tensor(_) => "tensor",
        }
    }

    /// Where it runs, in a word.
    pub fn device(&self) -> &'static str {
        match self {
            Self::Fused => "cpu",
            Self::Tensor(device) => device.name().as_str(),
        }
    }

    /// Where it runs, with what stands behind the word.
    pub fn describe(&self) -> String {
        match self {
            Self::Fused => "cpu".to_owned(),
            Self::Tensor(device) => format!("{}: {}", device.name(), device.detail()),
        }
    }
}

/// A climb that has ended.
pub struct Ended {
    /// Where each start ended.
    pub ends: Vec<End>,
    /// Why the best of them did, or that it was interrupted.
    pub stop: Stop,
    /// Greatest number of steps that a start took.
    pub steps: u64,
    /// What it cost.
    pub cost: Cost,
}

/// A climb that is to be run.
#[derive(Clone, Copy)]
pub struct Climbing<'a> {
    /// What climbs, from where.
    pub placed: &'a PlacedClimb,
    /// What evaluates the objective.
    pub engine: &'a Engine,
    /// What it is held against.
    pub reference: &'a Reference,
}

impl Climbing<'_> {
    /// Climbs to the end, or until a listener asks for it.
    ///
    /// # Errors
    /// When the engine cannot climb it, or a listener fails.
    pub fn run(&self, listeners: &mut Listeners) -> Result<Ended, Failure> {
        let PlacedClimb { method, plan, .. } = self.placed;
        let started = Instant::now();
        let mut optimizer = optimizer(self.placed, self.engine)?;
        let mut climb = Climb::new(
            method.as_str(),
            &mut *optimizer,
            plan.n_starts,
            self.reference,
            plan.settings,
        )?;
        let stop = drive(&mut climb, listeners)?;
        let ends = climb.into_ends();
        Ok(Ended {
            stop,
            steps: ends.iter().map(|end| end.step).max().unwrap_or(0),
            cost: Cost {
                seconds: started.elapsed().as_secs_f64(),
                evaluations: optimizer.n_evaluations(),
            },
            ends,
        })
    }
}

fn optimizer(placed: &PlacedClimb, engine: &Engine) -> Result<Box<dyn Optimizer>, Failure> {
    let PlacedClimb {
        plan,
        objective,
        starts,
        ..
    } = placed;
    Ok(match (plan.method, engine) {
        (Method::Lbfgs, engine) => {
            let is_batch = matches!(engine, Engine::Tensor(_));
            let climb = LbfgsClimb::new(stages(placed, engine)?, starts, is_batch);
            Box::new(climb.map_err(InferError::from)?)
        }
        (Method::Rule(_), Engine::Fused) => {
            Box::new(FusedClimb::new(objective.clone(), &plan.ascent, starts)?)
        }
        (Method::Rule(_), Engine::Tensor(device)) => {
            Box::new(TensorClimb::new(objective, device, &plan.ascent, starts)?)
        }
    })
}

/// The objective at each steepness that L-BFGS goes through.
fn stages(placed: &PlacedClimb, engine: &Engine) -> Result<Vec<Box<dyn Gradient>>, Failure> {
    let on_engine = |objective: Objective| -> Result<Box<dyn Gradient>, Failure> {
        Ok(match engine {
            Engine::Fused => Box::new(objective),
            Engine::Tensor(device) => Box::new(TensorDensity::new(&objective, device)?),
        })
    };
    let objective = &placed.objective;
    if objective.steepness().is_none() {
        return Ok(vec![on_engine(objective.clone())?]);
    }
    steepness_stages(&placed.plan.ascent.steepness)
        .into_iter()
        .map(|steepness| on_engine(objective.clone().with_steepness(steepness)?))
        .collect()
}
