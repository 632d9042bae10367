//! The logarithm of the gamma function, of which tensors have none.

use burn::tensor::{DType, Tensor, TensorData};
use switchback_models::custom::{Arithmetic, digamma};

/// By how much an argument is raised before the series is taken.
const RAISED: usize = 8;
/// Coefficients of Stirling's series in odd powers of `1 / z` (Abramowitz & Stegun 1964, 6.1.40).
const SERIES: [f64; 7] = [
    1.0 / 12.0,
    -1.0 / 360.0,
    1.0 / 1260.0,
    -1.0 / 1680.0,
    1.0 / 1188.0,
    -691.0 / 360_360.0,
    1.0 / 156.0,
];
/// `ln sqrt(2 pi)`.
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;

/// `ln gamma(x)` of a positive `x`, and by its derivative digamma.
pub(super) fn ln_gamma(x: Tensor<2>) -> Tensor<2> {
    // Double precision is the processor's, where a function of numbers is cheaper than forty operations on tensors.
    if x.dtype() == DType::F64 {
        by_numbers(x)
    } else {
        by_series(x)
    }
}

/// `value + slope (x - at)`, which at `x` is the value and has the slope.
fn by_numbers(x: Tensor<2>) -> Tensor<2> {
    let at = x.clone().detach();
    let (shape, device) = (x.dims(), x.device());
    let numbers: Vec<f64> = at.to_data().iter::<f64>().collect();
    let upload = |of: fn(f64) -> f64| {
        let numbers: Vec<f64> = numbers.iter().map(|x| of(*x)).collect();
        Tensor::<2>::from_data(TensorData::new(numbers, shape), (&device, DType::F64))
    };
    upload(<f64 as Arithmetic>::ln_gamma) + (x - at) * upload(digamma)
}

/// Stirling's series at `z = x + 8`, less the logarithm of `x (x + 1) .. (x + 7)`. From `z = 8` on what the series leaves out
/// is below 1e-15.
fn by_series(x: Tensor<2>) -> Tensor<2> {
    let raised = x.clone().add_scalar(RAISED as f64);
    let inverse = raised.clone().recip();
    let square = inverse.clone().square();
    let mut series = square.clone().zeros_like();
    for coefficient in SERIES.iter().rev() {
        series = series * square.clone() + *coefficient;
    }
    let ln_raised = raised.clone().log();
    let mut value = (raised.clone() - 0.5) * ln_raised - raised + series * inverse + LN_SQRT_2_PI;
    // Two products, for one could overflow in single precision.
    for factors in [0..RAISED / 2, RAISED / 2..RAISED] {
        let factors = factors.map(|k| x.clone().add_scalar(k as f64));
        if let Some(product) = factors.reduce(|product, factor| product * factor) {
            value = value - product.log();
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceName, OpenDevice};

    /// Argument, logarithm and derivative by mpmath 1.3: `loggamma` and `digamma`.
    const TRUTH: [(f64, f64, f64); 8] = [
        (1e-08, 18.42068073818021, -100000000.57721566),
        (0.001, 6.907178885383853, -1000.5755719318103),
        (0.3, 1.0957979948180756, -3.502524222200133),
        (1.0, 0.0, -0.5772156649015329),
        (1.5, -0.12078223763524522, 0.03648997397857652),
        (2.0, 0.0, 0.42278433509846713),
        (33.25, 82.42923834590904, 3.4889418035209387),
        (10000000.0, 151180949.3694739, 16.11809560095832),
    ];

    #[test]
    fn both_ways_are_right_from_small_to_large() {
        for name in [DeviceName::Flex, DeviceName::NdArray] {
            let device = OpenDevice::open(name).expect("every machine has a processor");
            for way in [by_numbers, by_series] {
                let xs = TRUTH.map(|(x, ..)| x).to_vec();
                let x = device.upload(xs, [1, TRUTH.len()]).require_grad();
                let value = way(x.clone());
                let slopes = x.grad(&value.backward()).expect("it takes part");
                let [values, slopes] = [value.inner(), slopes].map(Tensor::into_data);
                let found = values.iter::<f64>().zip(slopes.iter::<f64>());
                for ((x, truth, derivative), (value, slope)) in TRUTH.into_iter().zip(found) {
                    // Measured: 2.7e-15, and 2.3e-15 of the derivative.
                    let error = (value - truth).abs() / truth.abs().max(1.0);
                    assert!(error < 1e-14, "{name} {x}: {error:e}");
                    let error = (slope - derivative).abs() / derivative.abs().max(1.0);
                    assert!(error < 1e-14, "{name} {x}: {error:e} of the derivative");
                }
            }
        }
    }
}
