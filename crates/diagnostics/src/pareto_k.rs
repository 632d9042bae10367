//! Pareto-smoothed importance sampling.

/// What is added to the tail's length for the prior of `k`, and the shape that prior believes in.
const PRIOR_DRAWS: f64 = 10.0;
const PRIOR_K: f64 = 0.5;
/// The prior of the fit's `b` is about this multiple of the tail's first quartile (Zhang and Stephens 2009, section 2).
const PRIOR_QUARTILES: f64 = 3.0;
/// A tail of so many draws or fewer has no fit.
const TOO_SHORT: usize = 4;

/// Importance weights after smoothing, and what their tail says of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// The logarithms of the weights, which sum to 1, in the order of the ratios.
    pub log_weights: Vec<f64>,
    /// Estimated shape of the generalised Pareto distribution of the largest ratios: they have about `1 / k` finite
    /// moments. Above 0.7 no estimate by these weights is to be believed; infinite where there is no tail to fit.
    pub pareto_k: f64,
}

/// The Pareto-smoothed weights of draws from an approximation.
///
/// `log_ratios` holds the log density of the target less that of the approximation at each draw, in nats, either up to
/// a constant; `-inf` is a draw where the target has none, and weighs 0. The draws are taken to be independent
/// (`r_eff = 1`). The `min(n / 5, 3 sqrt n)` largest ratios are replaced by the expected order statistics of the
/// distribution fitted to them, and cut off at the largest of them.
///
/// Vehtari, Simpson, Gelman, Yao and Gabry, "Pareto smoothed importance sampling" (JMLR 25(72), 2024), with the fit of
/// Zhang and Stephens, "A new and efficient estimation method for the generalized Pareto distribution" (Technometrics
/// 51(3), 2009), as ArviZ 0.23 computes both (`arviz.psislw`).
///
/// | ratios | answer | as in |
/// |---|---|---|
/// | one of them is NaN or `+inf`, or all are `-inf` | every number is NaN | ArviZ for the weights; its k is infinite |
/// | fewer than 5 above the cut-off: constant, or n below 21 | `pareto_k` infinite, the weights as they are | ArviZ; for one draw ArviZ fails |
/// | so close to each other that the fit fails | `pareto_k` infinite, the weights as they are | ArviZ gives NaN weights |
/// | none | no weights, `pareto_k` NaN | |
///
/// An infinite `pareto_k` is a warning as every value above 0.7 is, and `pareto_k <= 0.7` is false for NaN too.
/// Among equal ratios of the tail, which ArviZ orders as its sort happens to, the later draw gets the larger weight.
pub fn psis(log_ratios: &[f64]) -> Smoothed {
    let highest = log_ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !highest.is_finite() || log_ratios.iter().any(|ratio| ratio.is_nan()) {
        return Smoothed {
            log_weights: vec![f64::NAN; log_ratios.len()],
            pareto_k: f64::NAN,
        };
    }
    let mut log_weights: Vec<f64> = log_ratios.iter().map(|ratio| ratio - highest).collect();
    let pareto_k = smooth_tail(&mut log_weights).unwrap_or(f64::INFINITY);
    normalise(&mut log_weights);
    Smoothed {
        log_weights,
        pareto_k,
    }
}

/// Replaces the tail of `log_weights`, of which the largest is 0, and returns the shape; `None` where it has no fit.
fn smooth_tail(log_weights: &mut [f64]) -> Option<f64> {
    let n = log_weights.len() as f64;
    let length = (n / 5.0).min(3.0 * n.sqrt()).ceil() as usize;
    let mut order: Vec<usize> = (0..log_weights.len()).collect();
    order.sort_by(|a, b| log_weights[*a].total_cmp(&log_weights[*b]));
    let at_cutoff = order[order.len().checked_sub(length + 1)?];
    let log_cutoff = log_weights[at_cutoff].max(f64::MIN_POSITIVE.ln());
    let tail = &order[order.partition_point(|index| log_weights[*index] <= log_cutoff)..];
    if tail.len() <= TOO_SHORT {
        return None;
    }
    let cutoff = log_cutoff.exp();
    let excesses: Vec<f64> = tail
        .iter()
        .map(|index| log_weights[*index].exp() - cutoff)
        .collect();
    let fit = GeneralisedPareto::fit(&excesses)?;
    for (rank, index) in tail.iter().enumerate() {
        let expected = fit.quantile((rank as f64 + 0.5) / tail.len() as f64);
        log_weights[*index] = (expected + cutoff).ln().min(0.0);
    }
    Some(fit.k)
}

/// Shifts logarithms of weights, of which the largest is near 0, so that the weights sum to 1.
fn normalise(log_weights: &mut [f64]) {
    let sum: f64 = log_weights.iter().map(|weight| weight.exp()).sum();
    let ln_sum = sum.ln();
    log_weights.iter_mut().for_each(|weight| *weight -= ln_sum);
}

/// The distribution of an excess `x > 0`: `P(X > x) = (1 + k x / sigma)^(-1 / k)`.
#[derive(Debug, Clone, Copy)]
struct GeneralisedPareto {
    k: f64,
    sigma: f64,
}

impl GeneralisedPareto {
    /// The fit to `excesses` in ascending order, at least 3 of them, by the posterior mean of `b = -k / sigma`; `k` is
    /// drawn to its prior after the scale is known, as in ArviZ. `None` where arithmetic finds none.
    fn fit(excesses: &[f64]) -> Option<Self> {
        let n = excesses.len() as f64;
        let b = posterior_mean_b(excesses);
        let k = mean_log1p(excesses, b);
        let fit = Self {
            k: (n * k + PRIOR_DRAWS * PRIOR_K) / (n + PRIOR_DRAWS),
            sigma: -k / b,
        };
        (fit.k.is_finite() && fit.sigma.is_finite() && fit.sigma > 0.0).then_some(fit)
    }

    fn quantile(self, probability: f64) -> f64 {
        let exponential = -(-probability).ln_1p();
        let standard = if self.k.abs() < f64::EPSILON {
            exponential
        } else {
            (self.k * exponential).exp_m1() / self.k
        };
        self.sigma * standard
    }
}

/// The profile estimate of `k` given `b`.
fn mean_log1p(excesses: &[f64], b: f64) -> f64 {
    let sum: f64 = excesses.iter().map(|excess| (-b * excess).ln_1p()).sum();
    sum / excesses.len() as f64
}

/// The mean of `b` over a grid of prior quantiles, weighed by the profile likelihood.
fn posterior_mean_b(excesses: &[f64]) -> f64 {
    let n = excesses.len();
    let quartile = excesses[(n as f64 / 4.0 + 0.5) as usize - 1];
    let largest = excesses[n - 1];
    let n_grid = 30 + (n as f64).sqrt() as usize;
    let grid: Vec<f64> = (0..n_grid)
        .map(|index| {
            let quantile = 1.0 - (n_grid as f64 / (index as f64 + 0.5)).sqrt();
            quantile / (PRIOR_QUARTILES * quartile) + 1.0 / largest
        })
        .collect();
    let profile: Vec<f64> = grid
        .iter()
        .map(|b| {
            let k = mean_log1p(excesses, *b);
            n as f64 * ((-(b / k)).ln() - k - 1.0)
        })
        .collect();
    let (mut sum, mut total) = (0.0, 0.0);
    for (b, here) in grid.iter().zip(&profile) {
        let others: f64 = profile.iter().map(|other| (other - here).exp()).sum();
        let weight = 1.0 / others;
        if weight >= 10.0 * f64::EPSILON {
            sum += weight * b;
            total += weight;
        }
    }
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logarithms of the `n` mid quantiles of a Pareto distribution of shape `k`, in a shuffled order.
    fn pareto(n: usize, k: f64) -> Vec<f64> {
        // 7919 is prime, so that every rank comes once.
        let rank = |index: usize| (index * 7919) % n;
        let survival = |index| 1.0 - (rank(index) as f64 + 0.5) / n as f64;
        (0..n).map(|index| -k * survival(index).ln()).collect()
    }

    #[test]
    fn the_shape_of_pareto_ratios_is_found() {
        // Above any cut-off a Pareto distribution is a generalised one of its own shape. Its mid quantiles miss the
        // last half draw of the tail; with 300 draws there, and 10 that believe in 0.5, the largest error seen is 0.03.
        for k in [0.1, 0.4, 0.7, 0.9, 1.4] {
            let found = psis(&pareto(10_000, k)).pareto_k;
            let expected = (300.0 * k + 5.0) / 310.0;
            assert!((found - expected).abs() < 0.05, "{k}: {found}");
        }
    }

    #[test]
    fn a_bounded_ratio_has_a_negative_shape() {
        // A uniform ratio is a generalised Pareto distribution of shape -1.
        let uniform: Vec<f64> = (1..10_000).map(|index| f64::from(index).ln()).collect();
        let found = psis(&uniform).pareto_k;
        assert!((-1.0..-0.8).contains(&found), "{found}");
    }

    #[test]
    fn the_smoothed_weights_sum_to_one_and_keep_their_order() {
        let ratios = pareto(1000, 0.6);
        let smoothed = psis(&ratios);
        let sum: f64 = smoothed.log_weights.iter().map(|weight| weight.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-13, "{sum}");
        let mut order: Vec<usize> = (0..1000).collect();
        order.sort_by(|a, b| ratios[*a].total_cmp(&ratios[*b]));
        let ascending = order
            .windows(2)
            .all(|pair| smoothed.log_weights[pair[0]] <= smoothed.log_weights[pair[1]]);
        assert!(ascending);
    }

    #[test]
    fn a_constant_added_to_the_ratios_changes_nothing() {
        let ratios = pareto(500, 0.6);
        let moved: Vec<f64> = ratios.iter().map(|ratio| ratio - 4096.0).collect();
        let (here, there) = (psis(&ratios), psis(&moved));
        // The shift rounds the ratios to 1e-12.
        assert!((here.pareto_k - there.pareto_k).abs() < 1e-10);
        for (a, b) in here.log_weights.iter().zip(&there.log_weights) {
            assert!((a - b).abs() < 1e-10, "{a} {b}");
        }
    }

    #[test]
    fn ratios_without_a_number_have_no_weights() {
        for fault in [f64::NAN, f64::INFINITY] {
            let mut ratios = pareto(100, 0.3);
            ratios[17] = fault;
            let smoothed = psis(&ratios);
            assert!(smoothed.pareto_k.is_nan());
            assert!(smoothed.log_weights.iter().all(|weight| weight.is_nan()));
        }
        let nowhere = psis(&[f64::NEG_INFINITY; 30]);
        assert!(nowhere.pareto_k.is_nan() && nowhere.log_weights[0].is_nan());
        let none = psis(&[]);
        assert!(none.pareto_k.is_nan() && none.log_weights.is_empty());
    }

    #[test]
    fn ratios_without_a_tail_keep_their_weights() {
        for n in [1, 2, 5, 100] {
            let smoothed = psis(&vec![-3.0; n]);
            assert_eq!(smoothed.pareto_k, f64::INFINITY, "{n}");
            let even = -(n as f64).ln();
            assert!(
                smoothed
                    .log_weights
                    .iter()
                    .all(|w| (w - even).abs() < 1e-14)
            );
        }
        // Twenty draws have a tail of four.
        let ratios = pareto(20, 0.3);
        let smoothed = psis(&ratios);
        assert_eq!(smoothed.pareto_k, f64::INFINITY);
        let steps = ratios.iter().zip(&smoothed.log_weights);
        let shift = ratios[0] - smoothed.log_weights[0];
        for (ratio, weight) in steps {
            assert!((ratio - weight - shift).abs() < 1e-13);
        }
    }

    #[test]
    fn ratios_that_differ_by_rounding_alone_keep_their_weights() {
        let ratios: Vec<f64> = (0..400)
            .map(|i| f64::EPSILON / 8.0 * f64::from(i % 7))
            .collect();
        let smoothed = psis(&ratios);
        assert_eq!(smoothed.pareto_k, f64::INFINITY);
        let even = -400_f64.ln();
        assert!(
            smoothed
                .log_weights
                .iter()
                .all(|w| (w - even).abs() < 1e-12)
        );
    }
}
