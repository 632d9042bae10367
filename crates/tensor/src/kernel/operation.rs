//! The kernel as an operation of burn, with its step back.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::ops::{Backward, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Cube, TensorMetadata, backend_extension};
use burn::tensor::Shape;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use cubecl::prelude::*;

use super::{KernelShape, sums};
use crate::kept::KeptGradient;

/// Units of a cube.
const UNITS: usize = 64;
/// The greatest number of cubes in a row of them.
const MOST_CUBES: usize = 32_768;

/// Backends that have the kernel.
#[backend_extension(Autodiff, Cube)]
pub(crate) trait KernelOperation: Backend {
    /// The misfit of `levels` (`[starts, columns]`: parameters, switches, openings) to `rows` (`[2, n]`), `[starts, 1, 1]`,
    /// differentiable once, in the levels.
    fn switch_misfit(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
        shape: &KernelShape,
    ) -> FloatTensor<Self>;

    /// The same and its gradient, `[starts, columns]`; neither is differentiable.
    fn switch_misfit_and_gradient(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
        shape: &KernelShape,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl KernelOperation for Cube {
    fn switch_misfit(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
        shape: &KernelShape,
    ) -> FloatTensor<Self> {
        Self::switch_misfit_and_gradient(levels, rows, slope, share, shape).0
    }

    fn switch_misfit_and_gradient(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
        shape: &KernelShape,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (levels, rows) = (into_contiguous(levels), into_contiguous(rows));
        let starts = levels.shape()[0];
        let empty = |shape: Shape| {
            let (client, device) = (levels.client.clone(), levels.device.clone());
            empty_device_contiguous_dtype(client, device, shape, levels.dtype)
        };
        let losses = empty(Shape::new([starts, 1, 1]));
        let gradients = empty(levels.shape());
        if starts == 0 {
            return (losses, gradients);
        }
        let columns = starts.min(MOST_CUBES);
        let cubes = CubeCount::Static(columns as u32, starts.div_ceil(columns) as u32, 1);
        let client = levels.client.clone();
        sums::sums::launch(
            &client,
            cubes,
            CubeDim::new_1d(UNITS as u32),
            levels.into_buffer_arg(),
            rows.into_buffer_arg(),
            losses.clone().into_buffer_arg(),
            gradients.clone().into_buffer_arg(),
            slope,
            share,
            UNITS,
            *shape,
        );
        (losses, gradients)
    }
}

impl<B: KernelOperation, C: CheckpointStrategy> KernelOperation for Autodiff<B, C> {
    fn switch_misfit(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
        shape: &KernelShape,
    ) -> FloatTensor<Self> {
        let prepared = KeptGradient
            .prepare::<C>([levels.node()])
            .compute_bound()
            .stateful();
        let (levels, rows) = (levels.into_primitive(), rows.into_primitive());
        let (loss, gradient) = B::switch_misfit_and_gradient(levels, rows, slope, share, shape);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(gradient, loss),
            OpsKind::UnTracked(prepared) => prepared.finish(loss),
        }
    }

    fn switch_misfit_and_gradient(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
        shape: &KernelShape,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (levels, rows) = (levels.into_primitive(), rows.into_primitive());
        let (loss, gradient) = B::switch_misfit_and_gradient(levels, rows, slope, share, shape);
        (Self::from_inner(loss), Self::from_inner(gradient))
    }
}
