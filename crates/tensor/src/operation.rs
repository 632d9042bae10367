//! The custom operation of the processors' backends: losses of a batch of positions, with their gradients.

// burn calls its ndarray backend deprecated in favour of flex; it stays offered as a second opinion.
#![expect(deprecated)]

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::ops::{Backward, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Flex, NdArray, TensorMetadata, backend_extension,
};
use burn::tensor::{Shape, TensorData};
use switchback_core::{Gradient, LogDensity};
use switchback_models::Objective;

use crate::kept::KeptGradient;

/// Backends on which an objective is one operation.
///
/// A position is `[starts, dim]` in double precision, in the coordinates of the objective; its loss, the objective turned
/// over, is `[starts, 1, 1]`. Where the objective is `-inf` the loss is infinite and its gradient 0.
#[backend_extension(Autodiff, Flex, NdArray)]
pub(crate) trait SwitchOperation: Backend {
    /// The losses at `position`, differentiable once.
    fn switch_loss(position: FloatTensor<Self>, objective: &Objective) -> FloatTensor<Self>;

    /// The losses at `position` and their gradients, `[starts, dim]`; neither is differentiable.
    fn switch_loss_and_gradient(
        position: FloatTensor<Self>,
        objective: &Objective,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl SwitchOperation for Flex {
    fn switch_loss(position: FloatTensor<Self>, objective: &Objective) -> FloatTensor<Self> {
        let position = position.to_contiguous();
        let positions = position.as_slice().expect(IN_DOUBLE_PRECISION);
        let loss = losses(objective, &position.shape(), positions);
        FloatTensor::<Self>::from_data(loss)
    }

    fn switch_loss_and_gradient(
        position: FloatTensor<Self>,
        objective: &Objective,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let position = position.to_contiguous();
        let positions = position.as_slice().expect(IN_DOUBLE_PRECISION);
        let (loss, gradient) = losses_and_gradients(objective, &position.shape(), positions);
        let [loss, gradient] = [loss, gradient].map(FloatTensor::<Self>::from_data);
        (loss, gradient)
    }
}

impl SwitchOperation for NdArray {
    fn switch_loss(position: FloatTensor<Self>, objective: &Objective) -> FloatTensor<Self> {
        let positions = numbers(&position);
        FloatTensor::<Self>::from_data(losses(objective, &position.shape(), &positions))
    }

    fn switch_loss_and_gradient(
        position: FloatTensor<Self>,
        objective: &Objective,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let positions = numbers(&position);
        let (loss, gradient) = losses_and_gradients(objective, &position.shape(), &positions);
        let [loss, gradient] = [loss, gradient].map(FloatTensor::<Self>::from_data);
        (loss, gradient)
    }
}

/// What an [`crate::OpenDevice`] of a processor uploads, and burn refuses to mix with any other.
const IN_DOUBLE_PRECISION: &str = "a position on a processor is in double precision";

/// The elements, row-major.
fn numbers(tensor: &FloatTensor<NdArray>) -> Vec<f64> {
    match tensor {
        FloatTensor::<NdArray>::F64(storage) => storage.view().iter().copied().collect(),
        _ => panic!("{IN_DOUBLE_PRECISION}"),
    }
}

/// The number of starts at a position of the `shape`, row-major `positions`.
fn starts(objective: &Objective, shape: &Shape, positions: &[f64]) -> usize {
    let dim = objective.space().dim();
    let [starts, columns] = shape.dims();
    assert_eq!(
        columns, dim,
        "a position has as many columns as the objective"
    );
    assert_eq!(positions.len(), starts * dim);
    starts
}

fn losses(objective: &Objective, shape: &Shape, positions: &[f64]) -> TensorData {
    let starts = starts(objective, shape, positions);
    let mut losses = vec![0.0; starts];
    objective
        .logp(positions, &mut losses)
        .expect("there is a loss for every row");
    losses.iter_mut().for_each(|value| *value = -*value);
    TensorData::new(losses, [starts, 1, 1])
}

fn losses_and_gradients(
    objective: &Objective,
    shape: &Shape,
    positions: &[f64],
) -> (TensorData, TensorData) {
    let starts = starts(objective, shape, positions);
    let (mut losses, mut slopes) = (vec![0.0; starts], vec![0.0; positions.len()]);
    objective
        .logp_grad(positions, &mut losses, &mut slopes)
        .expect("there are a loss and a gradient for every row");
    for value in losses.iter_mut().chain(&mut slopes) {
        *value = -*value;
    }
    let loss = TensorData::new(losses, [starts, 1, 1]);
    (loss, TensorData::new(slopes, shape.clone()))
}

impl<B: SwitchOperation, C: CheckpointStrategy> SwitchOperation for Autodiff<B, C> {
    fn switch_loss(position: FloatTensor<Self>, objective: &Objective) -> FloatTensor<Self> {
        let prepared = KeptGradient
            .prepare::<C>([position.node()])
            .compute_bound()
            .stateful();
        let position = position.into_primitive();
        match prepared {
            OpsKind::Tracked(prepared) => {
                let (loss, gradient) = B::switch_loss_and_gradient(position, objective);
                prepared.finish(gradient, loss)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::switch_loss(position, objective)),
        }
    }

    fn switch_loss_and_gradient(
        position: FloatTensor<Self>,
        objective: &Objective,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (loss, gradient) = B::switch_loss_and_gradient(position.into_primitive(), objective);
        (Self::from_inner(loss), Self::from_inner(gradient))
    }
}
