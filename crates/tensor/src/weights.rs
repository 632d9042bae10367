//! The weights of the regimes at every observation.

use burn::tensor::Tensor;
use switchback_core::Coordinate;
use switchback_models::Regimes;

use crate::OpenDevice;
use crate::switches::Placed;

/// Times on the clock, as the sigmoids need them.
///
/// With `a_k = steepness (t - tau_k)` the first stretch weighs `sigmoid(-a_1)`, the last one `sigmoid(a_K)`, and one between
/// two switches `sigmoid(a_k) sigmoid(-a_(k+1)) (1 - exp(-steepness (tau_(k+1) - tau_k)))`: their difference `sigmoid(a_k) -
/// sigmoid(a_(k+1))` as a product, which costs no digits in single precision. Both sides of every sigmoid are computed, for
/// as `1 - g` the second would lose half of the digits of its regime's gradient.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    /// Steepness times time: of every switch as it is for what comes before it, then of every one turned over for what
    /// comes after, `[1, 2 switches, n]`.
    steep_times: Tensor<3>,
    /// Plus and minus the steepness a unit of tau, likewise, `[1, 2 switches, 1]`.
    slopes: Tensor<3>,
    /// A unit of time.
    steepness: f64,
    n_switches: usize,
    is_reversion: bool,
    device: OpenDevice,
}

impl Weights {
    /// The weights at `times` of the stretches of `regimes`, for `tau` in the units of `unit`.
    pub fn upload(
        times: &[f64],
        regimes: &Regimes,
        steepness: f64,
        unit: Coordinate,
        device: &OpenDevice,
    ) -> Self {
        let (n_switches, n) = (regimes.n_switches(), times.len());
        let signs = [1.0, -1.0].map(|sign| std::iter::repeat_n(sign, n_switches));
        let signs: Vec<f64> = signs.into_iter().flatten().collect();
        let slopes: Vec<f64> = signs
            .iter()
            .map(|sign| sign * (steepness * unit.scale))
            .collect();
        let steep_times: Vec<f64> = signs
            .iter()
            .flat_map(|sign| {
                times
                    .iter()
                    .map(move |time| sign * (steepness * (time - unit.center)))
            })
            .collect();
        Self {
            steep_times: device.upload(steep_times, [1, 2 * n_switches, n]),
            slopes: device.upload(slopes, [1, 2 * n_switches, 1]),
            steepness,
            n_switches,
            is_reversion: regimes.is_reversion(),
            device: device.clone(),
        }
    }

    /// The weights of the regimes, `[starts, regimes, n]`; `share` of the steepness holds, all of it unless given.
    pub fn of(&self, placed: Placed, share: Option<f64>) -> Tensor<3> {
        let Placed { taus, gaps, .. } = placed;
        let [starts, _] = taus.dims();
        let taus = match self.n_switches {
            1 => taus.reshape([starts, 1, 1]),
            several => Tensor::cat(vec![taus.clone(), taus], 1).reshape([starts, 2 * several, 1]),
        };
        let mut arguments = taus * self.slopes.clone() - self.steep_times.clone();
        if let Some(share) = share {
            arguments = arguments.mul_scalar(share);
        }
        let sides = self.device.sigmoid(arguments);
        match gaps {
            // One switch: what comes before it and what comes after it are the two regimes.
            None => sides,
            Some(gaps) => self.of_several(sides, self.openings(gaps, share)),
        }
    }

    /// How much of a stretch between two switches opens at all: `1 - exp(-steepness gap)` of each of the `gaps`
    /// (`[starts, switches - 1]`, in units of time).
    pub fn openings(&self, gaps: Tensor<2>, share: Option<f64>) -> Tensor<2> {
        complement(gaps.mul_scalar(self.steepness * share.unwrap_or(1.0)))
    }

    fn of_several(&self, sides: Tensor<3>, openings: Tensor<2>) -> Tensor<3> {
        let [starts, inner] = openings.dims();
        let k = self.n_switches;
        let first = sides.clone().narrow(1, 0, 1);
        let not_yet = sides.clone().narrow(1, 1, inner);
        let begun = sides.clone().narrow(1, k, inner);
        let last = sides.narrow(1, 2 * k - 1, 1);
        let between = begun * not_yet * openings.reshape([starts, inner, 1]);
        if self.is_reversion {
            Tensor::cat(vec![first + last, between], 1)
        } else {
            Tensor::cat(vec![first, between, last], 1)
        }
    }
}

/// Below this the difference `1 - exp(-x)` is taken by a series.
const SMALL: f64 = 0.5;

/// `1 - exp(-x)` of positive `x` to full relative precision, on devices that have no function for it.
///
/// The derivative is that of the formula as it stands. The value of a small `x` is `2 tanh(x / 2) / (1 + tanh(x / 2))`,
/// with the hyperbolic tangent as Lambert's continued fraction, of which seven levels are exact to double precision here.
fn complement(x: Tensor<2>) -> Tensor<2> {
    let falling = x.clone().neg().exp();
    let level = falling.clone().inner();
    let x = x.inner();
    let half = x.clone().mul_scalar(0.5);
    let square = half.clone().square();
    let deepest = square.clone().div_scalar(13.0);
    let below = [11.0, 9.0, 7.0, 5.0, 3.0]
        .into_iter()
        .fold(deepest, |below, odd| square.clone() / below.add_scalar(odd));
    let tanh = half / below.add_scalar(1.0);
    let by_series = tanh.clone().mul_scalar(2.0) / tanh.add_scalar(1.0);
    let plain = level.clone().neg().add_scalar(1.0);
    let value = plain.mask_where(x.lower_scalar(SMALL), by_series);
    // The difference is 0 and carries the derivative.
    Tensor::from_inner(value) + (Tensor::from_inner(level) - falling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceName;

    #[test]
    fn small_gaps_keep_their_digits() {
        for name in [DeviceName::Flex, DeviceName::NdArray] {
            let device = OpenDevice::open(name).expect("every machine has a processor");
            let numbers = vec![1e-300, 1e-17, 1e-9, 0.01, 0.3, 0.499, 0.501, 3.0, 800.0];
            let x = device
                .upload(numbers.clone(), [1, numbers.len()])
                .require_grad();
            let value = complement(x.clone());
            let gradients = value.backward();
            let slopes = x.grad(&gradients).expect("it takes part").into_data();
            let values = value.into_data();
            let found = values.iter::<f64>().zip(slopes.iter::<f64>());
            for (x, (value, slope)) in numbers.into_iter().zip(found) {
                assert!((value / -(-x).exp_m1() - 1.0).abs() < 1e-15, "{x}: {value}");
                assert!((slope - (-x).exp()).abs() < 1e-15, "{x}: {slope}");
            }
        }
    }
}
