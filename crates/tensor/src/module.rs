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

/// One column of the parameters for each start, `[starts, 1]`.
type Column = Tensor<2>;

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

    /// The log-likelihood of each start, `[starts, 1]`, in nats.
    ///
    /// With `w_t = sigmoid(steepness (tau - t))`, the weight of the first regime at time `t`:
    /// `mu_t = w_t mu1 + (1 - w_t) mu2`, `sigma_t = w_t sigma1 + (1 - w_t) sigma2`, and the sum over `t` of
    /// `ln Normal(y_t | mu_t, sigma_t)`. Only the square of `sigma_t` enters, so a raw sigma may be negative.
    ///
    /// `w mu1 + (1 - w) mu2` and not `w (mu1 - mu2) + mu2`: the gradient of the latter's `mu2` is a difference of
    /// two sums over the whole series, which costs single precision half of its digits.
    pub fn log_likelihood(&self, observations: &Observations) -> Column {
        let position = observations.scale(self.position.val());
        let [mu1, mu2] = [0, 1].map(|i| position.clone().narrow(1, i, 1));
        let [sigma1, sigma2] = [2, 3].map(|i| {
            let sigma = position.clone().narrow(1, i, 1);
            if observations.log_sigma {
                sigma.exp()
            } else {
                sigma
            }
        });
        let first = observations.first_regime_weight(position.narrow(1, 4, 1));
        let second = first.clone().neg().add_scalar(1.0);
        let mu = first.clone() * mu1 + second.clone() * mu2;
        let variance = (first * sigma1 + second * sigma2).square();
        let residual = observations.values.clone() - mu;
        let deviance = variance.clone().log() + residual.square() / variance;
        deviance
            .sum_dim(1)
            .mul_scalar(-0.5)
            .sub_scalar(observations.constant)
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
