//! Arithmetic on the lanes of a block.

use super::Block;

/// Sum over the lanes, by halves.
#[inline(always)]
pub(super) fn total(lanes: &Block) -> f64 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Adds `factor * lanes` to `sums`.
#[inline(always)]
pub(super) fn add_scaled(sums: &mut Block, lanes: &Block, factor: f64) {
    for (sum, lane) in sums.iter_mut().zip(lanes) {
        *sum += factor * lane;
    }
}

/// Adds `a * b` to `sums`.
#[inline(always)]
pub(super) fn add_product(sums: &mut Block, a: &Block, b: &Block) {
    for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
        *sum += a * b;
    }
}

/// Logarithm of the absolute value of the product of the lanes.
pub(super) fn ln_product(lanes: &Block) -> f64 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    let product = (((a * e) * (c * g)) * ((b * f) * (d * h))).abs();
    if product.is_normal() {
        product.ln()
    } else {
        lanes.iter().map(|lane| lane.abs().ln()).sum()
    }
}

/// `ln x` and `ln x - d` of a positive normal number `x = 1 + d`, where `d` may have digits that `x` has no place for; without
/// a branch or a call, so that a loop over lanes vectorises.
///
/// `x = 2^k m` with `m` in `[1/sqrt 2, sqrt 2)`, and `ln m = 2 artanh f` with `f = (m - 1) / (m + 1)`, of which ten terms of
/// the series in `f^2 <= 0.0295` leave less than `1e-17`. Where `k` is 0, `m - 1` is `d`, and `2 f - d = -f d` keeps the small
/// difference of the two to its last digit.
#[inline(always)]
pub(in super::super) fn ln_and_rest(x: f64, d: f64) -> [f64; 2] {
    const HALF_SQRT: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    const ONE: u64 = 1.0_f64.to_bits();
    const EXPONENT: u64 = 0xfff0_0000_0000_0000;
    // 2^52: numbers up to there, put into its fraction, read as themselves above it.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    // `k` in the place of the exponent, with a float's own bias.
    let scale = x.to_bits().wrapping_add(ONE).wrapping_sub(HALF_SQRT) & EXPONENT;
    let m = f64::from_bits(x.to_bits().wrapping_sub(scale).wrapping_add(ONE));
    let k = f64::from_bits((scale >> 52) | WHOLE.to_bits()) - (WHOLE + 1023.0);
    let is_near = k == 0.0;
    let step = if is_near { d } else { m - 1.0 };
    let f = step / (2.0 + step);
    let f2 = f * f;
    let mut series = 1.0 / 19.0;
    for odd in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0] {
        series = series * f2 + 1.0 / odd;
    }
    let tail = 2.0 * f * (f2 * series);
    let ln = k * std::f64::consts::LN_2 + (2.0 * f + tail);
    [ln, if is_near { tail - f * d } else { ln - d }]
}

/// `exp x`, of numbers beyond 700 either way that of 700; without a branch or a call, so that a loop over lanes vectorises.
///
/// `x = k ln 2 + r` with a whole `k` and `|r| <= ln 2 / 2`, of whose series the terms up to `r^13` leave out less than `1e-17`.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    // Numbers below 2^51 that are added to it leave it rounded, in the lowest bits of its fraction.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    // ln 2 in two parts, the first of them so short that its product with `k` is exact.
    const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    const ONE: u64 = 1.0_f64.to_bits();
    let x = x.clamp(-700.0, 700.0);
    let shifted = x * std::f64::consts::LOG2_E + WHOLE;
    let k = shifted - WHOLE;
    let r = (x - k * LN_2[0]) - k * LN_2[1];
    // r^i / (i + 2)!, by pairs: what waits for what is short.
    let (r2, pair) = (r * r, |low: f64, high: f64| 1.0 / low + r * (1.0 / high));
    let r4 = r2 * r2;
    let low = pair(2.0, 6.0) + r2 * pair(24.0, 120.0);
    let middle = pair(720.0, 5_040.0) + r2 * pair(40_320.0, 362_880.0);
    let high = pair(3_628_800.0, 39_916_800.0) + r2 * pair(479_001_600.0, 6_227_020_800.0);
    let series = low + r4 * (middle + r4 * high);
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(ONE));
    (1.0 + (r + r2 * series)) * scale
}

#[cfg(test)]
mod tests {
    use super::super::LANES;
    use super::*;
    use crate::testing::uniform;

    fn ln(x: f64) -> f64 {
        ln_and_rest(x, x - 1.0)[0]
    }

    #[test]
    fn the_logarithm_is_that_of_the_library() {
        let mut draw = uniform(1);
        let mut worst = 0.0_f64;
        for _ in 0..20_000 {
            let x = draw(-690.0, 690.0).exp();
            worst = worst.max((ln(x) / x.ln() - 1.0).abs());
            let near = draw(0.5, 2.0);
            worst = worst.max((ln(near) - near.ln()).abs());
            // A difference far below what `1 + d` has digits for.
            let d = draw(-30.0, -4.5).exp();
            let [ln, rest] = ln_and_rest(1.0 + d, d);
            worst = worst.max((ln / d.ln_1p() - 1.0).abs());
            // ln(1 + d) - d = -d^2 / 2 + d^3 / 3 - ..
            let series = (2..30).rev().map(f64::from);
            let series = series.fold(0.0, |sum, power| 1.0 / power - d * sum);
            worst = worst.max((rest / (-d * d * series) - 1.0).abs());
        }
        // Measured: 2.9e-16.
        assert!(worst < 5e-16, "{worst:e}");
        for x in [
            1.0,
            2.0,
            f64::MIN_POSITIVE,
            f64::MAX,
            std::f64::consts::FRAC_1_SQRT_2,
        ] {
            assert!((ln(x) - x.ln()).abs() <= 2e-16 * x.ln().abs(), "{x:e}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn the_exponential_is_that_of_the_library() {
        let mut draw = uniform(2);
        let mut worst = 0.0_f64;
        for width in [1e-9, 0.4, 5.0, 700.0] {
            for _ in 0..10_000 {
                let x = draw(-width, width);
                worst = worst.max((exp(x) / x.exp() - 1.0).abs());
            }
        }
        // Measured: 3.3e-16.
        assert!(worst < 5e-16, "{worst:e}");
        assert_eq!(exp(0.0), 1.0);
        assert_eq!([exp(1e300), exp(-1e300)], [exp(700.0), exp(-700.0)]);
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn products_and_sums_are_of_all_lanes() {
        let lanes: Block = std::array::from_fn(|lane| (lane + 1) as f64);
        assert_eq!(total(&lanes), 36.0);
        assert!((ln_product(&lanes) - 40_320.0_f64.ln()).abs() < 1e-15);
        let small = [1e-50; LANES];
        assert!((ln_product(&small) / (8.0 * 1e-50_f64.ln()) - 1.0).abs() < 1e-15);
    }
}
