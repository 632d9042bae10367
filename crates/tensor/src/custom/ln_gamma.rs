//! The logarithm of the gamma function, of which tensors have none.

use burn::tensor::Tensor;

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

/// `ln gamma(x)` of a positive `x`, and by its derivative digamma: Stirling's series at `z = x + 8`, less the logarithm of
/// `x (x + 1) .. (x + 7)`. From `z = 8` on what the series leaves out is below 1e-15.
pub(super) fn ln_gamma(x: Tensor<2>) -> Tensor<2> {
    // Two products, for one could overflow in single precision.
    let product = |from: usize, to: usize| {
        (from..to)
            .map(|k| x.clone().add_scalar(k as f64))
            .reduce(|product, factor| product * factor)
    };
    let raised = x.clone().add_scalar(RAISED as f64);
    let inverse = raised.clone().recip();
    let square = inverse.clone().square();
    let mut series = square.clone().zeros_like();
    for coefficient in SERIES.iter().rev() {
        series = series * square.clone() + *coefficient;
    }
    let ln_raised = raised.clone().log();
    let mut value = (raised.clone() - 0.5) * ln_raised - raised + series * inverse + LN_SQRT_2_PI;
    for (from, to) in [(0, RAISED / 2), (RAISED / 2, RAISED)] {
        if let Some(product) = product(from, to) {
            value = value - product.log();
        }
    }
    value
}
