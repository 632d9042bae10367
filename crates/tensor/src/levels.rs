//! From coordinates to the parameters of the regimes.

use burn::tensor::Tensor;
use switchback_core::{Coordinate, Parameter, Support};

use crate::OpenDevice;

/// An affine step of some columns, left out where it does nothing.
#[derive(Debug, Clone)]
pub(crate) struct Affine {
    /// `[1, columns]`; `None` where all are 1.
    scales: Option<Tensor<2>>,
    /// `[1, columns]`; `None` where all are 0.
    centers: Option<Tensor<2>>,
}

impl Affine {
    /// The step of `coordinates`, one a column.
    pub fn upload(coordinates: &[Coordinate], device: &OpenDevice) -> Self {
        let unless = |nothing: f64, part: Vec<f64>| {
            let columns = part.len();
            part.iter()
                .any(|number| *number != nothing)
                .then(|| device.upload(part, [1, columns]))
        };
        Self {
            scales: unless(1.0, coordinates.iter().map(|c| c.scale).collect()),
            centers: unless(0.0, coordinates.iter().map(|c| c.center).collect()),
        }
    }

    /// `center + scale * column` of each column, `[starts, columns]`.
    pub fn of(&self, columns: Tensor<2>) -> Tensor<2> {
        let scaled = match &self.scales {
            Some(scales) => columns * scales.clone(),
            None => columns,
        };
        match &self.centers {
            Some(centers) => scaled + centers.clone(),
            None => scaled,
        }
    }
}

/// How the coordinates of the regimes' parameters become their values.
///
/// Means are held relative to the centre of the first one's coordinate, so that a large offset of the data costs no digits
/// on a device of single precision.
#[derive(Debug, Clone)]
pub(crate) struct Levels {
    affine: Affine,
    n_parameters: usize,
    /// Parameters before the positive ones, which are the last.
    n_real: usize,
    /// What means are held relative to.
    origin: f64,
}

/// The regimes' parameters of some starts.
pub(crate) struct Values {
    /// As they are, means relative to the origin, `[starts, parameters]`.
    pub natural: Tensor<2>,
    /// The same with the logarithms of the positive ones, `[starts, parameters]`.
    pub transformed: Tensor<2>,
}

impl Levels {
    /// The levels of `parameters`, real ones before positive ones, in their coordinates.
    pub fn upload(parameters: &[Parameter], device: &OpenDevice) -> Self {
        let is_real = |parameter: &&Parameter| parameter.support == Support::Real;
        let origin = match parameters.first() {
            Some(first) if is_real(&first) && first.name.starts_with("mu") => {
                first.coordinate.center
            }
            _ => 0.0,
        };
        let relative = |parameter: &Parameter| {
            let Coordinate { center, scale } = parameter.coordinate;
            let is_mean = parameter.name.starts_with("mu");
            let center = if is_mean { center - origin } else { center };
            Coordinate { center, scale }
        };
        let coordinates: Vec<Coordinate> = parameters.iter().map(relative).collect();
        Self {
            affine: Affine::upload(&coordinates, device),
            n_parameters: parameters.len(),
            n_real: parameters.iter().take_while(is_real).count(),
            origin,
        }
    }

    /// What means are held relative to.
    pub fn origin(&self) -> f64 {
        self.origin
    }

    /// The values at the coordinates in the first columns of `position` (`[starts, dim]`).
    pub fn of(&self, position: Tensor<2>) -> Values {
        let transformed = self.affine.of(position.narrow(1, 0, self.n_parameters));
        let n_positive = self.n_parameters - self.n_real;
        let natural = if n_positive == 0 {
            transformed.clone()
        } else if self.n_real == 0 {
            transformed.clone().exp()
        } else {
            let positive = transformed.clone().narrow(1, self.n_real, n_positive);
            Tensor::cat(
                vec![
                    transformed.clone().narrow(1, 0, self.n_real),
                    positive.exp(),
                ],
                1,
            )
        };
        Values {
            natural,
            transformed,
        }
    }
}
