//! The likelihood's part of the loss as one kernel of a graphics device, for every sigmoid model of a few switches.

mod operation;
mod sums;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use switchback_models::{Likelihood, Regimes};

use crate::OpenDevice;
use operation::KernelOperation;

/// Most switches that the kernel is made for: a unit keeps a sum for every parameter, switch and stretch, and all of a cube
/// their sums in the 16 kB of shared memory that every device has.
const MOST_SWITCHES: usize = 12;

/// What a kernel is made for: everything that its loops are unrolled by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KernelShape {
    likelihood: Likelihood,
    n_regimes: usize,
    n_switches: usize,
    /// Whether the last stretch is of the first regime again.
    is_reversion: bool,
}

impl KernelShape {
    /// The shape of a model; none where the kernel is not made for so many switches.
    pub fn of(likelihood: Likelihood, regimes: &Regimes) -> Option<Self> {
        let n_switches = regimes.n_switches();
        (1..=MOST_SWITCHES).contains(&n_switches).then(|| Self {
            likelihood,
            n_regimes: regimes.n_regimes(),
            n_switches,
            is_reversion: regimes.is_reversion(),
        })
    }

    /// The regimes' parameters.
    fn n_parameters(&self) -> usize {
        self.likelihood.n_parameters(self.n_regimes)
    }

    /// The regime of a stretch.
    fn regime(&self, stretch: usize) -> usize {
        if self.is_reversion && stretch == self.n_switches {
            0
        } else {
            stretch
        }
    }

    /// Parameters, switches and openings between them.
    fn n_columns(&self) -> usize {
        self.n_parameters() + 2 * self.n_switches - 1
    }
}

/// The observations, as the kernel needs them.
#[derive(Debug, Clone)]
pub(crate) struct SwitchKernel {
    shape: KernelShape,
    /// Values, then steepness times time, `[2, n]`.
    rows: Tensor<2>,
    /// Steepness a unit of tau.
    slope: f64,
}

impl SwitchKernel {
    /// Of `values` at `steep_times`, steepness times time in units of which tau has `slope`.
    pub fn upload(
        shape: KernelShape,
        values: &[f64],
        steep_times: &[f64],
        slope: f64,
        device: &OpenDevice,
    ) -> Self {
        let n = values.len();
        let rows = [values, steep_times].concat();
        Self {
            shape,
            rows: device.upload(rows, [2, n]),
            slope,
        }
    }

    /// The misfit, `[starts, 1, 1]`, of the parameters `natural` (`[starts, parameters]`) with the switches at `taus`
    /// (`[starts, switches]`), where a `share` of the steepness holds; `openings` are how much of a stretch between two
    /// switches opens at all, `1 - exp(-steepness gap)` (`[starts, switches - 1]`), none where there is one switch.
    ///
    /// It is half the deviance of Normal regimes, and the rate less the count times its logarithm of Poisson ones, without
    /// what no position changes.
    pub fn misfit(
        &self,
        natural: Tensor<2>,
        taus: Tensor<2>,
        openings: Option<Tensor<2>>,
        share: Option<f64>,
    ) -> Tensor<3> {
        let columns = [Some(natural), Some(taus), openings];
        let columns = Tensor::cat(columns.into_iter().flatten().collect(), 1).into_dispatch();
        let rows = self.rows.clone().into_dispatch();
        let (slope, share) = (self.slope as f32, share.unwrap_or(1.0) as f32);
        let misfit = Dispatch::switch_misfit(columns, rows, slope, share, &self.shape);
        Tensor::from_dispatch(misfit)
    }
}
