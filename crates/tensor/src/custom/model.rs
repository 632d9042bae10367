//! A model of one's own on a device: likelihood, priors and transforms as one expression that burn differentiates.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use burn::tensor::{Tensor, TensorData, Transaction};
use switchback_core::{DensityError, Gradient, LogDensity, Posterior, Space, Support, stream};
use switchback_models::custom::{CustomError, CustomModel, Declaration, Declared, Missing, Named};

use super::Number;
use crate::OpenDevice;

/// What a likelihood on tensors is handed: a parameter is a column `[positions, 1]`, data are a row `[1, n]`.
pub type OnTensors<'a> = Named<'a, Tensor<2>, Tensor<2>>;

type Likelihood = dyn for<'a> Fn(&OnTensors<'a>) -> Number + Send + Sync;

/// Batches at which a likelihood is tried before it is believed: one that mixes up positions and observations fits one at most.
const TRIED: [usize; 2] = [1, 3];

/// A model of one's own on a device, with its gradient.
///
/// Its log density over unconstrained positions is the log-likelihood, the log priors and the logarithm of the Jacobian of the
/// transforms, in nats; the likelihood in the device's precision, the rest in double.
pub struct TensorModel {
    declared: Declared,
    likelihood: Arc<Likelihood>,
    /// Each `[1, n]`.
    data: Vec<Tensor<2>>,
    device: OpenDevice,
    missing: Arc<OnceLock<Missing>>,
    has_jacobian: bool,
    /// The same without the Jacobian.
    over_values: Option<Box<TensorModel>>,
}

impl fmt::Debug for TensorModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TensorModel")
            .field("declared", &self.declared)
            .field("device", &self.device.name())
            .finish_non_exhaustive()
    }
}

impl TensorModel {
    /// The model of `declaration` on `device`, whose log-likelihood, in nats, is one value a position: a column `[positions, 1]`.
    ///
    /// # Errors
    /// When the declaration makes no sense or has whole numbers, the likelihood asks for what it does not hold, has another shape
    /// or panics, there is no start, or the device fails.
    pub fn new<R: Into<Number>>(
        declaration: Declaration,
        device: &OpenDevice,
        likelihood: impl for<'a> Fn(&OnTensors<'a>) -> R + Send + Sync + 'static,
    ) -> Result<Self, CustomError> {
        let declared = declaration.check()?;
        for parameter in declared.space().parameters() {
            if matches!(parameter.support, Support::Integers { .. }) {
                let parameter = parameter.name.clone();
                return Err(CustomError::WholeNumber { parameter });
            }
        }
        let data = declared.data().iter();
        let data = data.map(|values| device.upload(values.clone(), [1, values.len()]));
        let mut model = Self {
            data: data.collect(),
            declared,
            likelihood: Arc::new(move |of: &OnTensors<'_>| likelihood(of).into()),
            device: device.clone(),
            missing: Arc::new(OnceLock::new()),
            has_jacobian: true,
            over_values: None,
        };
        model.try_out()?;
        model.over_values = Some(Box::new(Self {
            declared: model.declared.clone(),
            likelihood: Arc::clone(&model.likelihood),
            data: model.data.clone(),
            device: model.device.clone(),
            missing: Arc::clone(&model.missing),
            has_jacobian: false,
            over_values: None,
        }));
        Ok(model)
    }

    /// Evaluates the likelihood at starts before anything relies on it.
    fn try_out(&self) -> Result<(), CustomError> {
        let mut rng = stream(0, 0);
        for batch in TRIED {
            let starts: Vec<f64> = (0..batch)
                .flat_map(|_| self.declared.draw_start(&mut rng))
                .collect();
            let position = self.position(&starts);
            let parameters = || self.declared.names().join(", ");
            let model = || self.declared.model().to_owned();
            let tried = catch_unwind(AssertUnwindSafe(|| self.log_likelihood_of(&position)));
            if let Some(missing) = self.missing.get() {
                let known = self.declared.known();
                return Err(CustomError::undeclared(&model(), missing, known));
            }
            let found = tried.map_err(|panic| CustomError::Panicked {
                model: model(),
                parameters: parameters(),
                batch,
                message: message(panic.as_ref()),
            })?;
            if let Number::Each(found) = found
                && found.dims() != [batch, 1]
            {
                return Err(CustomError::Shape {
                    model: model(),
                    parameters: parameters(),
                    batch,
                    found: found.dims().to_vec(),
                });
            }
        }
        self.declared.find_start(self, &mut rng).map(drop)
    }

    /// The unconstrained `positions` (row-major `batch x dim`) on the device.
    fn position(&self, positions: &[f64]) -> Tensor<2> {
        let dim = self.declared.space().dim();
        self.device
            .upload(positions.to_vec(), [positions.len() / dim, dim])
    }

    /// Each parameter on its natural scale, `[batch, 1]`, by columns of the `position`.
    fn values(&self, position: &Tensor<2>) -> Vec<Tensor<2>> {
        let parameters = self.declared.space().parameters().iter().enumerate();
        let columns = parameters.map(|(index, parameter)| {
            let u = position.clone().narrow(1, index, 1);
            match parameter.support {
                Support::Positive => u.exp(),
                Support::Interval { low, high } => self.device.sigmoid(u) * (high - low) + low,
                // Others are refused when the model is made.
                Support::Real | Support::After { .. } | Support::Integers { .. } => u,
            }
        });
        columns.collect()
    }

    /// The log-likelihood of each row of `position`, `[batch, 1]` or the same for all.
    fn log_likelihood_of(&self, position: &Tensor<2>) -> Number {
        let values = self.values(position);
        let nothing = (position.clone().narrow(1, 0, 1) * f64::NAN).detach();
        let named = Named::new(
            &self.declared,
            &values,
            &self.data,
            (nothing.clone(), nothing.narrow(0, 0, 1)),
            &self.missing,
        );
        (self.likelihood)(&named)
    }

    /// Adds priors and, where it counts, the Jacobian to the log-likelihoods and their gradient.
    ///
    /// They are of plain numbers, in double precision and a tenth of the price.
    fn add_priors(&self, positions: &[f64], logp: &mut [f64], grad: &mut [f64]) {
        let dim = self.space().dim();
        let rows = positions.chunks_exact(dim).zip(grad.chunks_exact_mut(dim));
        for ((position, grad), logp) in rows.zip(logp) {
            let prior = self.declared.add_priors(position, self.has_jacobian, grad);
            if prior == f64::NEG_INFINITY {
                // Where nothing can be, the likelihood need not be a number.
                *logp = prior;
                grad.fill(0.0);
            } else {
                *logp += prior;
            }
        }
    }

    fn failed(&self, error: &dyn fmt::Display) -> DensityError {
        DensityError::Device {
            device: self.device.name().to_string(),
            message: error.to_string(),
        }
    }

    fn read(&self, data: Vec<TensorData>) -> Vec<Vec<f64>> {
        let read = data.into_iter();
        read.map(|data| data.iter::<f64>().collect()).collect()
    }
}

/// A value of each position, `[batch, 1]`, also where it is the same for all.
fn column(number: Number, position: &Tensor<2>) -> Tensor<2> {
    match number {
        Number::Each(tensor) => tensor,
        Number::Same(number) => position.clone().narrow(1, 0, 1).zeros_like() + number,
    }
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason was given");
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

impl LogDensity for TensorModel {
    fn space(&self) -> &Space {
        self.declared.space()
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        DensityError::check_shape(self.space().dim(), positions.len(), logp.len())?;
        self.log_likelihood(positions, logp)?;
        self.add_priors(positions, logp, &mut vec![0.0; positions.len()]);
        Ok(())
    }
}

impl Gradient for TensorModel {
    fn logp_grad(
        &self,
        positions: &[f64],
        logp: &mut [f64],
        grad: &mut [f64],
    ) -> Result<(), DensityError> {
        let dim = self.space().dim();
        DensityError::check_shape(dim, positions.len(), logp.len())?;
        DensityError::check_shape(dim, grad.len(), logp.len())?;
        let position = self.position(positions).require_grad();
        let value = column(self.log_likelihood_of(&position), &position);
        // Rows do not depend on each other, so the gradient of their sum is each row's own.
        let gradients = value.backward();
        let slopes = position
            .grad(&gradients)
            .unwrap_or_else(|| position.clone().inner().zeros_like());
        let data = Transaction::default()
            .register(value.inner())
            .register(slopes)
            .try_execute()
            .map_err(|error| self.failed(&error))?;
        let read = self.read(data);
        logp.copy_from_slice(&read[0]);
        grad.copy_from_slice(&read[1]);
        self.add_priors(positions, logp, grad);
        Ok(())
    }
}

impl Posterior for TensorModel {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        DensityError::check_shape(self.space().dim(), positions.len(), log_likelihood.len())?;
        let position = self.position(positions);
        let value = column(self.log_likelihood_of(&position), &position).inner();
        let data = value.try_into_data().map_err(|error| self.failed(&error))?;
        log_likelihood.copy_from_slice(&self.read(vec![data])[0]);
        Ok(())
    }
}

impl CustomModel for TensorModel {
    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn gradient(&self) -> Option<&dyn Gradient> {
        Some(self)
    }

    fn over_values(&self) -> Option<&dyn Gradient> {
        self.over_values
            .as_deref()
            .map(|model| model as &dyn Gradient)
    }

    fn engine(&self) -> (&'static str, String) {
        ("tensor", self.device.name().to_string())
    }
}
