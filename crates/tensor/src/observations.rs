//! A series on a device, and the coordinates in which the switch is trained there.

use burn::tensor::{Tensor, TensorData};
use switchback_core::{Parameter, Series, Space, Support};

use crate::OpenDevice;

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
/// Values are held relative to the centre of `mu1`'s coordinate and times relative to that of `tau`'s, so that neither a large offset nor a long clock costs digits on a device of single precision.
#[derive(Debug, Clone)]
pub struct Observations {
    /// Steepness times time, in the units of tau's coordinate, for the first regime and turned over for the
    /// second, `[1, 2, n]`.
    steep_times: Tensor<3>,
    /// Plus and minus the steepness a unit of tau's coordinate, `[1, 2, 1]`.
    slopes: Tensor<3>,
    /// Values less the centre of mu1, `[1, 1, n]`.
    pub(crate) values: Tensor<3>,
    /// Units of the coordinates of mu and sigma, `[1, 4]`; `None` where all are 1.
    scales: Option<Tensor<2>>,
    /// Centres of the coordinates of mu and sigma, `[1, 4]`; `None` where all are 0.
    centers: Option<Tensor<2>>,
    /// Whether sigma is trained by its logarithm.
    log_sigma: bool,
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
        let slope = steepness * tau.scale;
        let steep_time = |index: usize| steepness * ((index + 1) as f64 - tau.center);
        let rising = series.observed().map(|(index, _)| steep_time(index));
        let falling = series.observed().map(|(index, _)| -steep_time(index));
        let values: Vec<_> = series.observed().map(|(_, y)| y - mu1.center).collect();
        let n = values.len();
        let upload = |values: Vec<f64>, shape: [usize; 3]| -> Tensor<3> {
            Tensor::from_data(TensorData::new(values, shape), device.options())
        };
        let unless = |nothing: f64, part: [f64; 4]| {
            (part != [nothing; 4]).then(|| upload(part.to_vec(), [1, 1, 4]).squeeze_dim(1))
        };
        let scales = [mu1.scale, mu2.scale, sigma1.scale, sigma2.scale];
        let centers = [0.0, mu2.center - mu1.center, sigma1.center, sigma2.center];
        Ok(Self {
            steep_times: upload(rising.chain(falling).collect(), [1, 2, n]),
            slopes: upload(vec![slope, -slope], [1, 2, 1]),
            values: upload(values, [1, 1, n]),
            scales: unless(1.0, scales),
            centers: unless(0.0, centers),
            log_sigma: space.parameters()[2].support == Support::Positive,
            constant: 0.5 * n as f64 * std::f64::consts::TAU.ln(),
            device: device.clone(),
        })
    }

    /// The weights of the two regimes at each observation, `[starts, 2, n]`, for the coordinate of tau
    /// (`[starts, 1]`): a sigmoid and its mirror image.
    ///
    /// Both are computed, each to full precision. As `1 - w` the second would cost single precision half of the
    /// digits of its regime's gradient.
    pub(crate) fn regime_weights(&self, tau: Tensor<2>) -> Tensor<3> {
        let [starts, _] = tau.dims();
        let tau = tau.reshape([starts, 1, 1]);
        self.device
            .sigmoid(tau * self.slopes.clone() - self.steep_times.clone())
    }

    /// The levels of the two regimes, `[starts, 2, 2]`: a row of mu (less its centre) and a row of sigma, for the
    /// coordinates `mu1, mu2, sigma1, sigma2` (`[starts, 4]`).
    pub(crate) fn levels(&self, position: Tensor<2>) -> Tensor<3> {
        let [starts, _] = position.dims();
        let scaled = match &self.scales {
            Some(scales) => position * scales.clone(),
            None => position,
        };
        let centered = match &self.centers {
            Some(centers) => scaled + centers.clone(),
            None => scaled,
        };
        let levels = if self.log_sigma {
            let sigma = centered.clone().narrow(1, 2, 2).exp();
            Tensor::cat(vec![centered.narrow(1, 0, 2), sigma], 1)
        } else {
            centered
        };
        levels.reshape([starts, 2, 2])
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
