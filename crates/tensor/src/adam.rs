//! Adam in the precision of its device.
//!
//! burn's own keeps decay rates and bias corrections in single precision, which turns a path of double precision
//! into one of single precision. This is the same rule on the same state, with `f64` coefficients.

use burn::optim::{AdamState, AdaptiveMomentumState, LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};

/// Adam (Kingma & Ba 2015, algorithm 1), with the bias corrections drawn out of the tensors. The moments of its state are over
/// `1 - beta_1` and `1 - beta_2`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Adam {
    /// Decay rate of the first moment.
    pub beta_1: f64,
    /// Decay rate of the second moment.
    pub beta_2: f64,
    /// Added to the root of the corrected second moment.
    pub epsilon: f64,
}

impl Optimizer for Adam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        // Each operation costs as much as some hundred numbers: the moments are kept over `1 - beta`, which is made up for below.
        let square = gradient.clone().square();
        let moments = match state.map(|state| state.momentum) {
            None => AdaptiveMomentumState::new(1, gradient, square),
            Some(moments) => AdaptiveMomentumState::new(
                moments.time + 1,
                moments.moment_1 * self.beta_1 + gradient,
                moments.moment_2 * self.beta_2 + square,
            ),
        };
        let time = i32::try_from(moments.time).unwrap_or(i32::MAX);
        let [first, second] = [self.beta_1, self.beta_2].map(|beta| (1.0 - beta, beta.powi(time)));
        // rate m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon), multiplied through by root.
        let root = ((1.0 - second.1) / second.0).sqrt();
        let rate = learning_rate * root * first.0 / (1.0 - first.1);
        let scale = moments.moment_2.clone().sqrt() + self.epsilon * root;
        let step = moments.moment_1.clone() / scale * rate;
        (tensor - step, Some(AdamState::new(moments)))
    }

    fn to_device<const D: usize>(mut state: AdamState<D>, device: &Device) -> AdamState<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}
