//! The tensor density behind the waist's traits: positions in, values and gradients out.

use burn::tensor::{Tensor, TensorData, Transaction};
use switchback_core::{DensityError, Gradient, LogDensity, Posterior, Space};
use switchback_models::Objective;

use crate::module::SwitchModule;
use crate::objective::Formula;
use crate::{Expression, NotOnTensors, OpenDevice, TensorObjective};

/// An objective on a device, as the waist's density.
///
/// In the range of the device's numbers it is the [`Objective`] in every value and slope; beyond it, where that one is
/// `-inf`, this may be `NaN`.
pub struct TensorDensity {
    space: Space,
    objective: TensorObjective,
    device: OpenDevice,
}

impl TensorDensity {
    /// `objective` on `device`, in its coordinates and with its steepness, as the usual [`Expression`].
    ///
    /// # Errors
    /// For the marginal form, on a device without a fused operation.
    pub fn new(objective: &Objective, device: &OpenDevice) -> Result<Self, NotOnTensors> {
        Self::with_expression(objective, device, Expression::usual(objective, device))
    }

    /// [`Self::new`] as `expression`.
    ///
    /// # Errors
    /// For a fused operation that the device does not have, and the marginal form as a plain expression.
    pub fn with_expression(
        objective: &Objective,
        device: &OpenDevice,
        expression: Expression,
    ) -> Result<Self, NotOnTensors> {
        let uploaded = TensorObjective::upload_as(objective, device, expression)?;
        Ok(Self::of(objective, uploaded, device))
    }

    /// [`Self::with_expression`] with another `steepness`, a unit of time.
    pub(crate) fn as_steep(
        objective: &Objective,
        steepness: f64,
        device: &OpenDevice,
        expression: Expression,
    ) -> Result<Self, NotOnTensors> {
        let uploaded = TensorObjective::upload_as_steep(objective, steepness, device, expression)?;
        Ok(Self::of(objective, uploaded, device))
    }

    fn of(objective: &Objective, uploaded: TensorObjective, device: &OpenDevice) -> Self {
        Self {
            space: objective.space().clone(),
            objective: uploaded,
            device: device.clone(),
        }
    }

    pub(crate) fn objective(&self) -> &TensorObjective {
        &self.objective
    }

    fn module(&self, positions: &[f64]) -> SwitchModule {
        SwitchModule::new(positions, self.space.dim(), &self.device)
    }

    /// Reads a `loss` back as values of what has the `constant`.
    fn read_loss(
        &self,
        loss: Tensor<3>,
        constant: f64,
        values: &mut [f64],
    ) -> Result<(), DensityError> {
        let data = loss
            .inner()
            .try_into_data()
            .map_err(|error| device_failed(&self.device, &error))?;
        let [losses] = read(&self.device, vec![data])?;
        for (value, loss) in values.iter_mut().zip(losses) {
            *value = constant - loss;
        }
        Ok(())
    }

    /// Values and gradients of the objective where `module` stands, and its positions.
    pub(crate) fn read_all(&self, module: &SwitchModule) -> Result<[Vec<f64>; 3], DensityError> {
        let (loss, gradient) = module.loss_and_gradient(&self.objective, None);
        let data = Transaction::default()
            .register(loss)
            .register(gradient)
            .register(module.position())
            .try_execute()
            .map_err(|error| device_failed(&self.device, &error))?;
        let [mut values, mut slopes, positions] = read(&self.device, data)?;
        let constant = self.objective.constant();
        values.iter_mut().for_each(|loss| *loss = constant - *loss);
        slopes.iter_mut().for_each(|slope| *slope = -*slope);
        Ok([values, slopes, positions])
    }
}

impl LogDensity for TensorDensity {
    fn space(&self) -> &Space {
        &self.space
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        DensityError::check_shape(self.space.dim(), positions.len(), logp.len())?;
        let loss = self.module(positions).loss(&self.objective, None);
        self.read_loss(loss, self.objective.constant(), logp)
    }
}

impl Gradient for TensorDensity {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        let dim = self.space.dim();
        DensityError::check_shape(dim, positions.len(), logp.len())?;
        DensityError::check_shape(dim, grad.len(), logp.len())?;
        let [values, slopes, _] = self.read_all(&self.module(positions))?;
        logp.copy_from_slice(&values);
        grad.copy_from_slice(&slopes);
        Ok(())
    }
}

impl Posterior for TensorDensity {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        DensityError::check_shape(self.space.dim(), positions.len(), log_likelihood.len())?;
        match self.objective.formula() {
            Formula::Fused(fused) => fused.objective().log_likelihood(positions, log_likelihood),
            Formula::Plain(plain) => {
                let loss = self.module(positions).likelihood_loss(plain);
                self.read_loss(loss, plain.likelihood_constant(), log_likelihood)
            }
        }
    }
}

/// What was read back, in double precision.
fn read<const N: usize>(
    device: &OpenDevice,
    data: Vec<TensorData>,
) -> Result<[Vec<f64>; N], DensityError> {
    let values: Vec<Vec<f64>> = data
        .into_iter()
        .map(|data| data.iter::<f64>().collect())
        .collect();
    let count = values.len();
    values
        .try_into()
        .map_err(|_| device_failed(device, &format!("{count} tensors came back for {N}")))
}

fn device_failed(device: &OpenDevice, error: &dyn std::fmt::Display) -> DensityError {
    DensityError::Device {
        device: device.name().to_string(),
        message: error.to_string(),
    }
}
