//! The priors of the regimes' parameters, and the Jacobian of their coordinates.

use burn::tensor::Tensor;
use switchback_core::{Parameter, Support};
use switchback_models::Prior;

use crate::OpenDevice;
use crate::levels::Values;

/// The log priors of some parameters, in one formula for every kind: `-((x - mean) / sd)^2 / 2 - rate x + power ln x` with
/// numbers that are 0 where a kind has none. The Jacobian of a logarithm is one power more.
#[derive(Debug, Clone)]
pub(crate) struct Priors {
    /// `mean` less the origin of means, `[1, parameters]`.
    means: Tensor<2>,
    /// `-1 / (2 sd^2)`, `[1, parameters]`.
    squares: Tensor<2>,
    /// `-rate`, `[1, parameters]`; `None` where all are 0.
    rates: Option<Tensor<2>>,
    /// `power`, `[1, parameters]`; `None` where all are 0.
    powers: Option<Tensor<2>>,
    /// The part that no position changes, in nats.
    constant: f64,
}

/// The numbers of one parameter.
#[derive(Default)]
struct Terms {
    mean: f64,
    square: f64,
    rate: f64,
    power: f64,
}

impl Priors {
    /// The `priors` of `parameters`, one each; means are about `origin`.
    pub fn upload(
        parameters: &[Parameter],
        priors: &[Prior],
        origin: f64,
        with_jacobian: bool,
        device: &OpenDevice,
    ) -> Self {
        let terms: Vec<Terms> = parameters
            .iter()
            .zip(priors)
            .map(|(parameter, prior)| terms(parameter, *prior, origin, with_jacobian))
            .collect();
        let columns = terms.len();
        let part = |of: fn(&Terms) -> f64| terms.iter().map(of).collect::<Vec<f64>>();
        let upload = |part: Vec<f64>| device.upload(part, [1, columns]);
        let unless_zero = |part: Vec<f64>| {
            let counts = part.iter().any(|number| *number != 0.0);
            counts.then(|| upload(part))
        };
        Self {
            means: upload(part(|terms| terms.mean)),
            squares: upload(part(|terms| terms.square)),
            rates: unless_zero(part(|terms| terms.rate)),
            powers: unless_zero(part(|terms| terms.power)),
            constant: priors.iter().map(Prior::ln_constant).sum(),
        }
    }

    /// The part that no position changes, in nats.
    pub fn constant(&self) -> f64 {
        self.constant
    }

    /// Log prior, and Jacobian if it counts, but for the constant, `[starts, 1]`.
    pub fn of(&self, values: Values) -> Tensor<2> {
        let Values {
            natural,
            transformed,
        } = values;
        let mut sum = (natural.clone() - self.means.clone()).square() * self.squares.clone();
        if let Some(rates) = &self.rates {
            sum = sum + natural * rates.clone();
        }
        if let Some(powers) = &self.powers {
            sum = sum + transformed * powers.clone();
        }
        sum.sum_dim(1)
    }
}

fn terms(parameter: &Parameter, prior: Prior, origin: f64, with_jacobian: bool) -> Terms {
    let is_positive = parameter.support == Support::Positive;
    let of_jacobian = if with_jacobian && is_positive {
        1.0
    } else {
        0.0
    };
    let origin = if is_positive { 0.0 } else { origin };
    let mut terms = match prior {
        Prior::Normal { mean, sd, .. } => Terms {
            mean: mean - origin,
            square: -0.5 / sd / sd,
            ..Terms::default()
        },
        Prior::HalfNormal { sd, .. } => Terms {
            square: -0.5 / sd / sd,
            ..Terms::default()
        },
        Prior::Exponential { rate, .. } => Terms {
            rate: -rate,
            ..Terms::default()
        },
        Prior::Gamma { shape, rate, .. } => Terms {
            rate: -rate,
            power: shape - 1.0,
            ..Terms::default()
        },
    };
    terms.power += of_jacobian;
    terms
}
