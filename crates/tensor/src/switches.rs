//! From coordinates to the places of the switches.

use burn::tensor::Tensor;
use switchback_core::{Coordinate, Parameter, Support};
use switchback_models::{Estimate, SwitchPrior};

use crate::levels::Affine;
use crate::{NotOnTensors, OpenDevice};

/// How the coordinates of the `tau` become places on the clock.
#[derive(Debug, Clone)]
pub(crate) enum Switches {
    /// The only `tau` is any number; its coordinate is left as it is.
    Free(Coordinate),
    /// Every `tau` lies between the one before it and its own upper end.
    Ordered(Box<Ordered>),
}

/// Switches in order: each takes a share of the room that the one before it leaves.
#[derive(Debug, Clone)]
pub(crate) struct Ordered {
    affine: Affine,
    /// Where the first may begin.
    low: f64,
    /// What the upper end of each is above that of the one before it, of the first above where it may begin.
    rises: Vec<f64>,
    /// How often the logarithm of a switch's room counts.
    of_room: f64,
    /// Whether the Jacobian of the logits counts.
    with_jacobian: bool,
    device: OpenDevice,
}

/// The switches of some starts.
pub(crate) struct Placed {
    /// In the units that [`Switches::unit`] says, `[starts, switches]`.
    pub taus: Tensor<2>,
    /// From each to the next, in units of time, `[starts, switches - 1]`; `None` where there is one.
    pub gaps: Option<Tensor<2>>,
    /// What prior and Jacobian say of them but for their constant, `[starts, 1]`; `None` where that is nothing.
    pub ln_measure: Option<Tensor<2>>,
}

impl Switches {
    /// The switches of the space's last `parameters`.
    ///
    /// # Errors
    /// When they are neither one number without bounds nor some in order.
    pub fn upload(
        parameters: &[Parameter],
        estimate: Estimate,
        prior: SwitchPrior,
        device: &OpenDevice,
    ) -> Result<Self, NotOnTensors> {
        if let [tau] = parameters
            && tau.support == Support::Real
        {
            return Ok(Self::Free(tau.coordinate));
        }
        let (mut start, mut rises, mut before) = (0.0, Vec::new(), None);
        for parameter in parameters {
            let high = match (parameter.support, before) {
                (Support::Interval { low, high }, None) => {
                    start = low;
                    rises.push(high - low);
                    high
                }
                (Support::After { high, .. }, Some(before)) => {
                    rises.push(high - before);
                    high
                }
                (support, _) => {
                    return Err(NotOnTensors::Switch {
                        name: parameter.name.clone(),
                        support,
                    });
                }
            };
            before = Some(high);
        }
        let coordinates: Vec<Coordinate> = parameters.iter().map(|p| p.coordinate).collect();
        let with_jacobian = matches!(
            estimate,
            Estimate::Posterior {
                with_jacobian: true
            }
        );
        let by_prior = match (estimate, prior) {
            // Each is uniform on the room that is left to it.
            (Estimate::Posterior { .. }, SwitchPrior::Sequential) => -1.0,
            _ => 0.0,
        };
        Ok(Self::Ordered(Box::new(Ordered {
            affine: Affine::upload(&coordinates, device),
            low: start,
            rises,
            of_room: by_prior + if with_jacobian { 1.0 } else { 0.0 },
            with_jacobian,
            device: device.clone(),
        })))
    }

    /// What a unit of [`Placed::taus`] is in time, and where its 0 is.
    pub fn unit(&self) -> Coordinate {
        match self {
            Self::Free(coordinate) => *coordinate,
            Self::Ordered(_) => Coordinate::IDENTITY,
        }
    }

    /// The part of prior and Jacobian that no position changes, in nats, for a series of `n` rows.
    pub fn constant(&self, estimate: Estimate, prior: SwitchPrior, n: usize) -> f64 {
        let Self::Ordered(ordered) = self else {
            return 0.0;
        };
        let Ordered { rises, of_room, .. } = ordered.as_ref();
        let of_prior = match (estimate, prior) {
            (Estimate::Posterior { .. }, SwitchPrior::Uniform) => (1..=rises.len())
                .map(|order| (order as f64 / n as f64).ln())
                .sum(),
            _ => 0.0,
        };
        of_prior + rises.first().map_or(0.0, |room| of_room * room.ln())
    }

    /// The places at `coordinates`, `[starts, switches]`.
    pub fn of(&self, coordinates: Tensor<2>) -> Placed {
        match self {
            Self::Free(_) => Placed {
                taus: coordinates,
                gaps: None,
                ln_measure: None,
            },
            Self::Ordered(ordered) => ordered.of(coordinates),
        }
    }
}

impl Ordered {
    /// With room `r_k` and logit `v_k` switch `k` takes `r_k sigmoid(v_k)` and leaves `r_k sigmoid(-v_k)`, to which the
    /// rise of the upper end is added for the next: gaps and rooms are sums and products of positive numbers.
    fn of(&self, coordinates: Tensor<2>) -> Placed {
        let logits = self.affine.of(coordinates);
        let n_switches = self.rises.len();
        let both = Tensor::cat(vec![logits.clone(), logits.clone().neg()], 1);
        let both = self.device.sigmoid(both);
        let (mut taus, mut rooms): (Vec<Tensor<2>>, Vec<Tensor<2>>) = (Vec::new(), Vec::new());
        let (mut gaps, mut left): (Vec<Tensor<2>>, Option<Tensor<2>>) = (Vec::new(), None);
        for (k, rise) in self.rises.iter().enumerate() {
            let [taken, rest] = [k, n_switches + k].map(|column| both.clone().narrow(1, column, 1));
            let (gap, rest) = match left {
                None => (taken.mul_scalar(*rise), rest.mul_scalar(*rise)),
                Some(left) => {
                    let room = left.add_scalar(*rise);
                    rooms.push(room.clone());
                    (taken * room.clone(), rest * room)
                }
            };
            taus.push(match taus.last() {
                None if self.low == 0.0 => gap.clone(),
                None => gap.clone().add_scalar(self.low),
                Some(before) => before.clone() + gap.clone(),
            });
            if k > 0 {
                gaps.push(gap);
            }
            left = Some(rest);
        }
        Placed {
            taus: joined(taus).unwrap_or_else(|| logits.clone()),
            gaps: joined(gaps),
            ln_measure: self.ln_measure(logits, joined(rooms)),
        }
    }

    fn ln_measure(&self, logits: Tensor<2>, rooms: Option<Tensor<2>>) -> Option<Tensor<2>> {
        let of_rooms = rooms
            .filter(|_| self.of_room != 0.0)
            .map(|rooms| rooms.log().sum_dim(1).mul_scalar(self.of_room));
        let of_logits = self.with_jacobian.then(|| {
            // ln sigmoid(v) + ln sigmoid(-v)
            let size = logits.abs();
            let tail = size.clone().neg().exp().log1p().mul_scalar(2.0);
            (size + tail).sum_dim(1).neg()
        });
        match (of_rooms, of_logits) {
            (Some(rooms), Some(logits)) => Some(rooms + logits),
            (rooms, logits) => rooms.or(logits),
        }
    }
}

/// The columns side by side; `None` where there are none.
fn joined(mut columns: Vec<Tensor<2>>) -> Option<Tensor<2>> {
    if columns.len() > 1 {
        return Some(Tensor::cat(columns, 1));
    }
    columns.pop()
}
