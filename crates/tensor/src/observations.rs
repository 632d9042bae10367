//! A series on a device, and the coordinates in which the switch is trained there.

use burn::tensor::{Tensor, TensorData};
use switchback_core::{Parameter, Series, Space, Support};

use crate::OpenDevice;
use crate::module::DIM;

/// The space is not that of a sigmoid switch.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "a sigmoid switch is trained on mu1, mu2, sigma1, sigma2 and tau, sigma real or positive, not on {given:?}"
)]
pub struct SpaceMismatch {
    /// Names of the parameters handed in.
    pub given: Vec<String>,
}

/// What was observed, as tensors, with the constants of the space's coordinates folded in.
///
/// Values are held relative to the centre of `mu1`'s coordinate and times relative to that of `tau`'s, in its
/// units, so that neither a large offset nor a long clock costs digits on a device of single precision.
#[derive(Debug, Clone)]
pub struct Observations {
    /// Times in units of tau's coordinate, `[1, n]`.
    times: Tensor<2>,
    /// Values less the centre of mu1, `[1, n]`.
    pub(crate) values: Tensor<2>,
    /// The steepness a unit of tau's coordinate.
    slope: f64,
    /// Units of each coordinate, `[1, 5]`; `None` where all are 1. Tau's unit is in the times.
    scales: Option<Tensor<2>>,
    /// Centres of the coordinates, `[1, 5]`; `None` where all are 0.
    centers: Option<Tensor<2>>,
    /// Whether sigma is trained by its logarithm.
    pub(crate) log_sigma: bool,
    /// `n / 2 ln(2 pi)`, in nats.
    pub(crate) constant: f64,
    /// Where the tensors are.
    device: OpenDevice,
}

impl Observations {
    /// Uploads what was observed of `series` to `device`, for training in the coordinates of `space`, with
    /// `steepness` a unit of time.
    ///
    /// # Errors
    /// When `space` is not that of a sigmoid switch.
    pub fn upload(
        series: &Series,
        space: &Space,
        steepness: f64,
        device: &OpenDevice,
    ) -> Result<Self, SpaceMismatch> {
        let [mu1, mu2, sigma1, sigma2, tau] = switch_parameters(space)?.map(|p| p.coordinate);
        let (times, values): (Vec<_>, Vec<_>) = series
            .observed()
            .map(|(index, value)| {
                let time = (index + 1) as f64;
                ((time - tau.center) / tau.scale, value - mu1.center)
            })
            .unzip();
        let n = values.len();
        let row = |values: Vec<f64>| -> Tensor<2> {
            let shape = [1, values.len()];
            Tensor::from_data(TensorData::new(values, shape), device.options())
        };
        let unless =
            |nothing: f64, part: [f64; DIM]| (part != [nothing; DIM]).then(|| row(part.to_vec()));
        let (scale, center) = (
            [mu1.scale, mu2.scale, sigma1.scale, sigma2.scale, 1.0],
            [
                0.0,
                mu2.center - mu1.center,
                sigma1.center,
                sigma2.center,
                0.0,
            ],
        );
        Ok(Self {
            times: row(times),
            values: row(values),
            slope: steepness * tau.scale,
            scales: unless(1.0, scale),
            centers: unless(0.0, center),
            log_sigma: space.parameters()[2].support == Support::Positive,
            constant: 0.5 * n as f64 * std::f64::consts::TAU.ln(),
            device: device.clone(),
        })
    }

    /// From coordinates to `mu` (less its centre), `sigma` or its logarithm, and `tau` in its own units.
    pub(crate) fn scale(&self, position: Tensor<2>) -> Tensor<2> {
        let scaled = match &self.scales {
            Some(scales) => position * scales.clone(),
            None => position,
        };
        match &self.centers {
            Some(centers) => scaled + centers.clone(),
            None => scaled,
        }
    }

    /// The weight of the first regime at each observation, `[starts, n]`, for `tau` (`[starts, 1]`).
    pub(crate) fn first_regime_weight(&self, tau: Tensor<2>) -> Tensor<2> {
        let distance = tau - self.times.clone();
        self.device.sigmoid(if self.slope == 1.0 {
            distance
        } else {
            distance.mul_scalar(self.slope)
        })
    }
}

fn switch_parameters(space: &Space) -> Result<[&Parameter; 5], SpaceMismatch> {
    let mismatch = || SpaceMismatch {
        given: space.parameters().iter().map(|p| p.name.clone()).collect(),
    };
    let [mu1, mu2, sigma1, sigma2, tau] = space.parameters() else {
        return Err(mismatch());
    };
    let parameters = [mu1, mu2, sigma1, sigma2, tau];
    let named = parameters.map(|p| p.name.as_str()) == ["mu1", "mu2", "sigma1", "sigma2", "tau"];
    let real = [mu1, mu2, tau].iter().all(|p| p.support == Support::Real);
    let sigmas = sigma1.support == sigma2.support
        && matches!(sigma1.support, Support::Real | Support::Positive);
    (named && real && sigmas)
        .then_some(parameters)
        .ok_or_else(mismatch)
}
