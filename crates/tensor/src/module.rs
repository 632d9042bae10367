//! The trainable switch: a burn module whose parameters are mu, sigma and tau of a batch of starts.

use burn::module::{Module, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

use crate::{Observations, OpenDevice};

/// Coordinates of one start: `mu1, mu2, sigma1, sigma2, tau`.
pub(crate) const DIM: usize = 5;

/// The sigmoid switch with trainable mu, sigma and tau, one row a start.
///
/// All of them are columns of one tensor: what a step costs on a short series is the number of operations, and an
/// optimiser takes a dozen of them for every tensor that it trains.
#[derive(Module, Debug)]
pub struct SwitchModule {
    /// `mu1, mu2, sigma1, sigma2, tau` in the coordinates of the space, `[starts, 5]`.
    position: Param<Tensor<2>>,
}

impl SwitchModule {
    /// The module at `positions` (row-major `starts x 5`, coordinates), on `device`.
    ///
    /// A last row that is not whole is left out.
    pub fn new(positions: &[f64], device: &OpenDevice) -> Self {
        let starts = positions.len() / DIM;
        let whole = positions[..starts * DIM].to_vec();
        let data = TensorData::new(whole, [starts, DIM]);
        Self {
            position: Param::from_tensor(Tensor::from_data(data, device.options())),
        }
    }

    /// The log-likelihood of each start, `[starts]`, in nats.
    ///
    /// With `w_t = sigmoid(steepness (tau - t))`, the weight of the first regime at time `t`:
    /// `mu_t = w_t mu1 + (1 - w_t) mu2`, `sigma_t = w_t sigma1 + (1 - w_t) sigma2`, and the sum over `t` of
    /// `ln Normal(y_t | mu_t, sigma_t)`. Only the square of `sigma_t` enters, so a raw sigma may be negative.
    pub fn log_likelihood(&self, observations: &Observations) -> Tensor<1> {
        self.half_deviance(observations)
            .neg()
            .sub_scalar(observations.constant)
            .flatten(0, 2)
    }

    /// The log-likelihood turned over and without its constant, `[starts, 1, 1]`: what an optimiser makes small.
    pub(crate) fn half_deviance(&self, observations: &Observations) -> Tensor<3> {
        let position = self.position.val();
        let weights = observations.regime_weights(position.clone().narrow(1, 4, 1));
        let levels = observations
            .levels(position.narrow(1, 0, 4))
            .matmul(weights);
        let [mu, sigma] = [0, 1].map(|row| levels.clone().narrow(1, row, 1));
        let variance = sigma.square();
        let residual = observations.values.clone() - mu;
        let deviance = variance.clone().log() + residual.square() / variance;
        deviance.sum_dim(2).mul_scalar(0.5)
    }

    /// Where the starts stand, `[starts, 5]`, outside of differentiation.
    pub(crate) fn position(&self) -> Tensor<2> {
        self.position.val().inner()
    }

    /// Their gradients, `[starts, 5]`; zero where there is none.
    pub(crate) fn gradient(&self, gradients: &Gradients) -> Tensor<2> {
        let position = self.position.val();
        position
            .grad(gradients)
            .unwrap_or_else(|| position.inner().zeros_like())
    }
}
