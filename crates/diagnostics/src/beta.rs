//! The quantile function of the beta distribution.
//!
//! statrs has one, but its iteration does not end for parameters of about 1e7 and is off by 5e-4 at 1e6, sizes that
//! effective sample sizes do reach.

use statrs::function::gamma::ln_gamma;

/// The quantile at `probability`, strictly between 0 and 1, of the beta distribution with finite parameters
/// `a, b >= 1`; NaN for other parameters.
///
/// Newton's iteration from the mean, kept within a bracket that bisection shrinks.
pub(crate) fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    if !(1.0..f64::INFINITY).contains(&a) || !(1.0..f64::INFINITY).contains(&b) {
        return f64::NAN;
    }
    let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = a / (a + b);
    // A bracket in [0, 1] is used up after some 1100 bisections at the very worst; Newton's steps need fewer than 20.
    for _ in 0..1_100 {
        // x^a (1 - x)^b / B(a, b), which is also the density times x (1 - x).
        let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta).exp();
        let excess = cumulative(a, b, x, front) - probability;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let newton = x - excess * x * (1.0 - x) / front;
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - x).abs() <= 1e-15 * x {
            return next;
        }
        x = next;
    }
    x
}

/// The cumulative distribution function, with `front` as above: the continued fraction on the side where it is fast.
fn cumulative(a: f64, b: f64, x: f64, front: f64) -> f64 {
    if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(a, b, x) / a
    } else {
        1.0 - front * continued_fraction(b, a, 1.0 - x) / b
    }
}

/// The continued fraction of the incomplete beta function by Lentz's method (Press and others, "Numerical Recipes",
/// section 6.4), which takes some `sqrt(max(a, b))` steps.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let away_from_zero = |value: f64| {
        if value.abs() < f64::MIN_POSITIVE {
            f64::MIN_POSITIVE
        } else {
            value
        }
    };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..100_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            factor = c * d;
            fraction *= factor;
        }
        if (factor - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_scipy_from_small_to_huge_parameters() {
        // The logarithms of gamma lose seven digits at 1e6, where the largest difference is 6e-10.
        // (a, b, probability, scipy.stats.beta.ppf(probability, a, b)), scipy 1.18.1
        let table = [
            (1.0, 8.0, 0.158_655_3, 0.021_362_743_103_461_486),
            (3.3, 1.7, 0.158_655_3, 0.449_904_148_499_749_13),
            (51.0, 951.0, 0.841_344_7, 0.057_822_607_057_709_27),
            (1.0, 1_000_001.0, 0.841_344_7, 1.841_017_818_945_561_4e-6),
            (1_001.0, 999_001.0, 0.158_655_3, 0.000_969_380_579_226_882_6),
            (550_000.0, 450_000.0, 0.841_344_7, 0.550_497_493_620_478_5),
            (9e6, 1e6, 0.841_344_7, 0.900_094_868_300_507_7),
        ];
        for (a, b, probability, expected) in table {
            let found = beta_quantile(a, b, probability);
            assert!(
                (found / expected - 1.0).abs() < 1e-8,
                "beta({a}, {b}) at {probability}: {found}, scipy {expected}"
            );
        }
    }

    #[test]
    fn mirrored_parameters_mirror_the_quantile() {
        for (a, b) in [(1.0, 1.0), (1.0, 301.0), (12.5, 4.0), (2e4, 3e5)] {
            let sum = beta_quantile(a, b, 0.2) + beta_quantile(b, a, 0.8);
            assert!((sum - 1.0).abs() < 1e-12, "beta({a}, {b}): {sum}");
        }
    }

    #[test]
    fn parameters_without_a_quantile_give_nan() {
        for a in [f64::NAN, f64::INFINITY, 0.0] {
            assert!(beta_quantile(a, 2.0, 0.5).is_nan());
        }
    }
}
