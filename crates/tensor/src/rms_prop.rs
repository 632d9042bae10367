//! RMSprop in the precision of its device.
//!
//! burn's own keeps its coefficients in single precision; this is the same rule on the same state, with `f64` ones.

use burn::optim::{LearningRate, Optimizer, SquareAvgState};
use burn::tensor::{Device, Tensor};

/// RMSprop (Tieleman & Hinton 2012, lecture 6e), not centred and without momentum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RmsProp {
    /// Decay rate of the mean square, which is 0 before the first step.
    pub decay: f64,
    /// Added to its root.
    pub epsilon: f64,
}

impl Optimizer for RmsProp {
    type State<const D: usize> = SquareAvgState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<SquareAvgState<D>>,
    ) -> (Tensor<D>, Option<SquareAvgState<D>>) {
        let square = gradient.clone().square() * (1.0 - self.decay);
        let mean_square = match state {
            None => square,
            Some(state) => state.square_avg * self.decay + square,
        };
        let scale = mean_square.clone().sqrt() + self.epsilon;
        let step = gradient / scale * learning_rate;
        (tensor - step, Some(SquareAvgState::new(mean_square)))
    }

    fn to_device<const D: usize>(state: SquareAvgState<D>, device: &Device) -> SquareAvgState<D> {
        state.to_device(device)
    }
}
