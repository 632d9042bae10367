//! The trainable switch: a burn module whose parameters are the coordinates of a batch of starts.

use burn::module::{Module, Param, ParamId};
use burn::tensor::Tensor;

use crate::plain::PlainLoss;
use crate::{OpenDevice, TensorObjective};

/// The sigmoid switch with trainable regimes and switches, one row a start.
///
/// All coordinates are columns of one tensor: what a step costs on a short series is the number of operations, and an
/// optimiser takes a dozen of them for every tensor that it trains.
#[derive(Module, Debug)]
pub struct SwitchModule {
    /// Unconstrained coordinates in the order of the space, `[starts, dim]`.
    position: Param<Tensor<2>>,
}

impl SwitchModule {
    /// The module at `positions` (row-major `starts x dim`, coordinates), on `device`.
    ///
    /// A last row that is not whole is left out.
    pub fn new(positions: &[f64], dim: usize, device: &OpenDevice) -> Self {
        let starts = positions.len().checked_div(dim).unwrap_or(0);
        let whole = positions[..starts * dim].to_vec();
        Self {
            position: Param::from_tensor(device.upload(whole, [starts, dim])),
        }
    }

    /// The loss of each start, `[starts, 1, 1]`: see [`TensorObjective::loss`].
    pub fn loss(&self, objective: &TensorObjective, share: Option<f64>) -> Tensor<3> {
        objective.loss(self.position.val(), share)
    }

    /// [`Self::loss`] and its gradient, `[starts, dim]`, outside of differentiation.
    pub(crate) fn loss_and_gradient(
        &self,
        objective: &TensorObjective,
        share: Option<f64>,
    ) -> (Tensor<3>, Tensor<2>) {
        objective.loss_and_gradient(self.position.val(), share)
    }

    /// The likelihood's part of a plain loss.
    pub(crate) fn likelihood_loss(&self, plain: &PlainLoss) -> Tensor<3> {
        plain.likelihood_loss(self.position.val())
    }

    /// Where the starts stand, `[starts, dim]`, outside of differentiation.
    pub(crate) fn position(&self) -> Tensor<2> {
        self.position.val().inner()
    }

    /// By what an optimiser knows the one tensor that it trains.
    pub(crate) fn id(&self) -> ParamId {
        self.position.id
    }
}
