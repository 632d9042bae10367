//! The loss as one operation of the device's backend.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use switchback_models::Objective;

use crate::operation::SwitchOperation;
use crate::{DeviceName, NotOnTensors, OpenDevice};

/// An objective whose value and gradient are one operation, in plain floats of double precision: any that there is, the
/// marginal form too.
#[derive(Debug, Clone)]
pub(crate) struct FusedLoss {
    objective: Objective,
    /// The same while a share of its steepness holds; kept, for it costs more to make than to use.
    annealed: Arc<Mutex<Objective>>,
}

impl FusedLoss {
    /// The loss of `objective` with another `steepness`, a unit of time, where there is a sigmoid.
    ///
    /// # Errors
    /// For a device without the operation, and a steepness that is not a positive number.
    pub fn new(
        objective: &Objective,
        steepness: f64,
        device: &OpenDevice,
    ) -> Result<Self, NotOnTensors> {
        if device.name() == DeviceName::Wgpu {
            let device = device.name();
            return Err(match objective.steepness() {
                Some(_) => NotOnTensors::Fused { device },
                None => NotOnTensors::Marginal,
            });
        }
        let mut objective = objective.clone();
        if objective.steepness().is_some() {
            objective
                .steepen(steepness)
                .map_err(|_| NotOnTensors::Steepness { steepness })?;
        }
        Ok(Self {
            annealed: Arc::new(Mutex::new(objective.clone())),
            objective,
        })
    }

    pub fn objective(&self) -> &Objective {
        &self.objective
    }

    /// The loss at `position` (`[starts, dim]`), `[starts, 1, 1]`.
    pub fn loss(&self, position: Tensor<2>, share: Option<f64>) -> Tensor<3> {
        self.with_share(share, |objective| {
            let loss = Dispatch::switch_loss(position.into_dispatch(), objective);
            Tensor::from_dispatch(loss)
        })
    }

    /// [`Self::loss`] and its gradient (`[starts, dim]`) at `position`, which takes no part in differentiation.
    pub fn loss_and_gradient(
        &self,
        position: Tensor<2>,
        share: Option<f64>,
    ) -> (Tensor<3>, Tensor<2>) {
        self.with_share(share, |objective| {
            let position = position.into_dispatch();
            let (loss, gradient) = Dispatch::switch_loss_and_gradient(position, objective);
            (Tensor::from_dispatch(loss), Tensor::from_dispatch(gradient))
        })
    }

    fn with_share<R>(&self, share: Option<f64>, with: impl FnOnce(&Objective) -> R) -> R {
        let (Some(share), Some(steepness)) = (share, self.objective.steepness()) else {
            return with(&self.objective);
        };
        // Whoever panicked with the lock left an objective of some steepness, which is set anew.
        let mut annealed = self.annealed.lock().unwrap_or_else(PoisonError::into_inner);
        annealed
            .steepen(share * steepness)
            .expect("a share of a steepness is positive");
        with(&annealed)
    }
}
