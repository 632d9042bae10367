//! The step back through an operation that has kept its gradient.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::Shape;

/// An operation of rows to one value each, `[starts, columns]` to `[starts, 1, 1]`, whose state is its gradient.
#[derive(Debug)]
pub(crate) struct KeptGradient;

impl<B: Backend> Backward<B, 1> for KeptGradient {
    /// `[starts, columns]`.
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let outer = grads.consume::<B>(&ops.node);
        let [Some(rows)] = ops.parents else {
            return;
        };
        let starts = outer.shape().num_elements();
        let outer = B::float_reshape(outer, Shape::new([starts, 1]));
        grads.register::<B>(rows.id, B::float_mul(ops.state, outer));
    }
}
