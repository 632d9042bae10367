//! The tensor density behind the waist's traits: positions in, values and gradients out.

use burn::tensor::{TensorData, Transaction};
use switchback_core::{DensityError, Gradient, LogDensity, Posterior, Series, Space};

use crate::module::{DIM, SwitchModule};
use crate::{Observations, OpenDevice, SpaceMismatch};

/// The sigmoid switch's likelihood on a device, as the waist's density: no prior, no Jacobian.
pub struct TensorDensity {
    space: Space,
    observations: Observations,
    device: OpenDevice,
}

impl TensorDensity {
    /// The likelihood of `series` in the coordinates of `space`, with `steepness` a unit of time.
    ///
    /// # Errors
    /// When `space` is not that of a sigmoid switch.
    pub fn new(
        series: &Series,
        space: &Space,
        steepness: f64,
        device: &OpenDevice,
    ) -> Result<Self, SpaceMismatch> {
        Ok(Self {
            space: space.clone(),
            observations: Observations::upload(series, space, steepness, device)?,
            device: device.clone(),
        })
    }

    pub(crate) fn observations(&self) -> &Observations {
        &self.observations
    }

    pub(crate) fn device(&self) -> &OpenDevice {
        &self.device
    }
}

impl LogDensity for TensorDensity {
    fn space(&self) -> &Space {
        &self.space
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        DensityError::check_shape(DIM, positions.len(), logp.len())?;
        let value = SwitchModule::new(positions, &self.device).log_likelihood(&self.observations);
        let data = value
            .inner()
            .try_into_data()
            .map_err(|error| device_failed(&self.device, &error))?;
        let [values] = read(&self.device, vec![data])?;
        logp.copy_from_slice(&values);
        Ok(())
    }
}

impl Gradient for TensorDensity {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        DensityError::check_shape(DIM, positions.len(), logp.len())?;
        DensityError::check_shape(DIM, grad.len(), logp.len())?;
        let module = SwitchModule::new(positions, &self.device);
        let value = module.log_likelihood(&self.observations);
        // Rows do not depend on each other, so the gradient of their sum is each row's own.
        let gradients = value.backward();
        let data = Transaction::default()
            .register(value.inner())
            .register(module.gradient(&gradients))
            .try_execute()
            .map_err(|error| device_failed(&self.device, &error))?;
        let [values, slopes] = read(&self.device, data)?;
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
        self.logp(positions, log_likelihood)
    }
}

/// What was read back, in double precision.
pub(crate) fn read<const N: usize>(
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

pub(crate) fn device_failed(device: &OpenDevice, error: &dyn std::fmt::Display) -> DensityError {
    DensityError::Device {
        device: device.name().to_string(),
        message: error.to_string(),
    }
}
