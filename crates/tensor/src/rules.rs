//! How a gradient becomes a step: the waist's rules as burn's optimisers, and the clipping before them.

use burn::optim::momentum::MomentumConfig;
use burn::optim::{ModuleOptimizer, SgdConfig};
use burn::tensor::Tensor;
use switchback_core::Rule;

use crate::adam::Adam;
use crate::rms_prop::RmsProp;

/// The optimiser of `rule`; it makes a loss small.
pub(crate) fn optimizer(rule: Rule) -> ModuleOptimizer {
    match rule {
        Rule::Adam {
            beta_1,
            beta_2,
            epsilon,
        } => Adam {
            beta_1,
            beta_2,
            epsilon,
        }
        .into(),
        Rule::RmsProp { decay, epsilon } => RmsProp { decay, epsilon }.into(),
        Rule::Momentum { momentum } => {
            let momentum = MomentumConfig::new()
                .with_momentum(momentum)
                .with_dampening(0.0)
                .with_nesterov(false);
            SgdConfig::new().with_momentum(Some(momentum)).init()
        }
        Rule::Sgd => SgdConfig::new().init(),
    }
}

/// A gradient that is smaller than this in every coordinate is not measured.
const TINY: f64 = 1e-30;

/// Each row of `gradient` (`[starts, dim]`), shortened to a Euclidean norm of `most` where it is longer.
///
/// A row is measured by itself, in units of its greatest slope so that no square overflows: one start's gradient does not
/// change another's.
pub(crate) fn clipped(gradient: Tensor<2>, most: f64) -> Tensor<2> {
    let greatest = gradient.clone().abs().max_dim(1).clamp_min(TINY);
    let shape = gradient.clone() / greatest.clone();
    let length = shape.square().sum_dim(1).sqrt();
    let share = (greatest.recip().mul_scalar(most) / length).clamp_max(1.0);
    gradient * share
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceName, OpenDevice};

    #[test]
    fn rows_are_shortened_one_by_one() {
        for name in [DeviceName::Flex, DeviceName::NdArray] {
            let device = OpenDevice::open(name).expect("every machine has a processor");
            let nan = f64::NAN;
            let rows = vec![
                3.0, 4.0, 0.3, 0.4, 3e200, -4e200, 0.0, 0.0, nan, 1e9, 6.0, 8.0,
            ];
            let found = clipped(device.upload(rows, [6, 2]), 1.0).into_data();
            let found: Vec<f64> = found.iter().collect();
            let expected = [0.6, 0.8, 0.3, 0.4, 0.6, -0.8, 0.0, 0.0, nan, nan, 0.6, 0.8];
            // Of a row that holds a NaN the rest is not said.
            assert!(found[8].is_nan(), "{name}");
            for (index, (found, expected)) in found.into_iter().zip(expected).enumerate() {
                assert!(
                    expected.is_nan() || (found - expected).abs() < 1e-15,
                    "{name}, {index}: {found}"
                );
            }
        }
    }
}
