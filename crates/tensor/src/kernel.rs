//! The likelihood's part of the loss as one kernel of a graphics device: one switch between Normal regimes.
//!
//! A cube of units takes a start: each unit sums every so many observations, and their sums are added in shared memory. No
//! number of a start and an observation is ever stored.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Cube, Dispatch, TensorMetadata, backend_extension,
};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use cubecl::prelude::*;

use crate::OpenDevice;

/// Units of a cube.
const UNITS: usize = 64;
/// The greatest number of cubes in a row of them.
const MOST_CUBES: usize = 32_768;

/// The observations of one switch between Normal regimes, as the kernel needs them.
#[derive(Debug, Clone)]
pub(crate) struct NormalKernel {
    /// Values, then steepness times time, `[2, n]`.
    rows: Tensor<2>,
    /// Steepness a unit of tau.
    slope: f64,
}

impl NormalKernel {
    /// Of `values` at `steep_times`, steepness times time in units of which tau has `slope`.
    pub fn upload(values: &[f64], steep_times: &[f64], slope: f64, device: &OpenDevice) -> Self {
        let n = values.len();
        let rows = [values, steep_times].concat();
        Self {
            rows: device.upload(rows, [2, n]),
            slope,
        }
    }

    /// Half the deviance without its constant, `[starts, 1, 1]`: of `natural`, the means and then the sigmas (`[starts, 4]`), and
    /// `taus` (`[starts, 1]`), where a `share` of the steepness holds.
    pub fn misfit(&self, natural: Tensor<2>, taus: Tensor<2>, share: Option<f64>) -> Tensor<3> {
        let levels = Tensor::cat(vec![natural, taus], 1).into_dispatch();
        let rows = self.rows.clone().into_dispatch();
        let (slope, share) = (self.slope as f32, share.unwrap_or(1.0) as f32);
        Tensor::from_dispatch(Dispatch::normal_misfit(levels, rows, slope, share))
    }
}

/// Backends that have the kernel.
#[backend_extension(Autodiff, Cube)]
pub(crate) trait KernelOperation: Backend {
    /// The misfit of `levels` (`[starts, 5]`: both means, both sigmas, tau) to `rows` (`[2, n]`), `[starts, 1, 1]`,
    /// differentiable once, in the levels.
    fn normal_misfit(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
    ) -> FloatTensor<Self>;

    /// The same and its gradient, `[starts, 5]`; neither is differentiable.
    fn normal_misfit_and_gradient(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl KernelOperation for Cube {
    fn normal_misfit(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
    ) -> FloatTensor<Self> {
        Self::normal_misfit_and_gradient(levels, rows, slope, share).0
    }

    fn normal_misfit_and_gradient(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
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
        normal_kernel::launch(
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
        );
        (losses, gradients)
    }
}

/// With `a = share (slope tau - steep_time)` the regimes weigh `sigmoid(a)` and `sigmoid(-a)`, both from `exp(-|a|)`, so that
/// neither overflows nor loses digits.
#[cube(launch)]
fn normal_kernel(
    levels: &[f32],
    rows: &[f32],
    losses: &mut [f32],
    gradients: &mut [f32],
    slope: f32,
    share: f32,
    #[comptime] units: usize,
) {
    let start = CUBE_POS;
    if start >= losses.len() {
        terminate!();
    }
    let unit = UNIT_POS as usize;
    let n = rows.len() / 2;
    let mu_1 = levels[start * 5];
    let mu_2 = levels[start * 5 + 1];
    let sigma_1 = levels[start * 5 + 2];
    let sigma_2 = levels[start * 5 + 3];
    let steep_tau = levels[start * 5 + 4] * slope;
    let mut loss = 0.0f32;
    let mut by_mu_1 = 0.0f32;
    let mut by_mu_2 = 0.0f32;
    let mut by_sigma_1 = 0.0f32;
    let mut by_sigma_2 = 0.0f32;
    let mut by_tau = 0.0f32;
    let mut row = unit;
    while row < n {
        let a = share * (steep_tau - rows[n + row]);
        let falling = (-a.abs()).exp();
        let greater = 1.0f32 / (1.0f32 + falling);
        let lesser = falling * greater;
        let before = select(a >= 0.0f32, greater, lesser);
        let after = select(a >= 0.0f32, lesser, greater);
        let mu = mu_1 * before + mu_2 * after;
        let sigma = sigma_1 * before + sigma_2 * after;
        let variance = sigma * sigma;
        let residual = rows[row] - mu;
        let ratio = residual * residual / variance;
        loss += 0.5f32 * (variance.ln() + ratio);
        let by_mu = -residual / variance;
        let by_sigma = (1.0f32 - ratio) / sigma;
        by_mu_1 += by_mu * before;
        by_mu_2 += by_mu * after;
        by_sigma_1 += by_sigma * before;
        by_sigma_2 += by_sigma * after;
        by_tau += (by_mu * (mu_1 - mu_2) + by_sigma * (sigma_1 - sigma_2)) * (before * after);
        row += units;
    }
    let mut sums = Shared::<[f32]>::new_slice(6 * units);
    sums[unit] = loss;
    sums[units + unit] = by_mu_1;
    sums[2 * units + unit] = by_mu_2;
    sums[3 * units + unit] = by_sigma_1;
    sums[4 * units + unit] = by_sigma_2;
    sums[5 * units + unit] = by_tau * slope * share;
    sync_cube();
    if unit < 6 {
        let mut sum = 0.0f32;
        for other in 0..units {
            sum += sums[unit * units + other];
        }
        if unit == 0 {
            losses[start] = sum;
        } else {
            gradients[start * 5 + unit - 1] = sum;
        }
    }
}

/// The step back through the kernel, which has written its gradient.
#[derive(Debug)]
struct KernelBackward;

impl<B: Backend> Backward<B, 1> for KernelBackward {
    /// `[starts, 5]`.
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let outer = grads.consume::<B>(&ops.node);
        let [Some(levels)] = ops.parents else {
            return;
        };
        let starts = outer.shape().num_elements();
        let outer = B::float_reshape(outer, Shape::new([starts, 1]));
        grads.register::<B>(levels.id, B::float_mul(ops.state, outer));
    }
}

impl<B: KernelOperation, C: CheckpointStrategy> KernelOperation for Autodiff<B, C> {
    fn normal_misfit(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
    ) -> FloatTensor<Self> {
        let prepared = KernelBackward
            .prepare::<C>([levels.node()])
            .compute_bound()
            .stateful();
        let (levels, rows) = (levels.into_primitive(), rows.into_primitive());
        let (loss, gradient) = B::normal_misfit_and_gradient(levels, rows, slope, share);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(gradient, loss),
            OpsKind::UnTracked(prepared) => prepared.finish(loss),
        }
    }

    fn normal_misfit_and_gradient(
        levels: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        slope: f32,
        share: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (levels, rows) = (levels.into_primitive(), rows.into_primitive());
        let (loss, gradient) = B::normal_misfit_and_gradient(levels, rows, slope, share);
        (Self::from_inner(loss), Self::from_inner(gradient))
    }
}
