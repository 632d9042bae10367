//! The part of the sigmoid's log-likelihood that is summed observation by observation.

use crate::prior::LN_SQRT_2_PI;

/// Observations of a block: one exponential and one logarithm serve them all.
const LANES: usize = 8;
/// A block's product of sigmas is trusted within `1 / RANGE..RANGE`, far from where floats end.
const RANGE: f64 = 1e280;
/// Exponents up to which `exp` is advanced by factors.
const SAFE_EXPONENT: f64 = 300.0;

/// Two regimes and the transition between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transition {
    /// Means, about the centre of the data.
    pub mu: [f64; 2],
    /// Standard deviations; only their squares enter.
    pub sigma: [f64; 2],
    /// The switch on the clock `1..=n`.
    pub tau: f64,
    /// Steepness of the sigmoid.
    pub steepness: f64,
}

/// A log-likelihood and its derivatives with respect to `mu1, mu2, sigma1, sigma2, tau`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub value: f64,
    pub gradient: [f64; 5],
}

/// Sums over the lanes of all blocks.
#[derive(Default)]
struct Lanes {
    square: [f64; LANES],
    mu1: [f64; LANES],
    mu2: [f64; LANES],
    sigma1: [f64; LANES],
    sigma2: [f64; LANES],
    tau: [f64; LANES],
}

impl Transition {
    /// How far from `tau`, in units of time, the smaller of the two weights no longer matters to
    /// observations at most `extent` from the centre.
    ///
    /// `e^-37` is below a float's precision. The logarithm makes up for regimes so unlike each other, or so
    /// far from the data, that even so small a share `q` of one shows in the other: with contrast `c` no more
    /// than `q c^2` in the value and `q c^3` in the derivatives, in their units.
    pub(super) fn half_width(&self, extent: f64) -> f64 {
        let [mu1, mu2] = self.mu.map(f64::abs);
        let [sigma1, sigma2] = self.sigma.map(f64::abs);
        let contrast = (extent + mu1 + mu2 + sigma1.max(sigma2)) / sigma1.min(sigma2);
        // Beyond e^700 a float ends; `min` also takes the 0 / 0 of two sigmas of 0 there.
        (37.0 + 3.0 * contrast.ln_1p()).min(700.0) / self.steepness
    }

    /// Sum over `values` (`NaN` where missing) at the times `first_time, first_time + 1, ..`, all of them
    /// within [`Self::half_width`] of `tau`. The gradient is left 0 unless `GRADIENT`.
    ///
    /// With `e = exp(steepness (t - tau))` the weights are `w = 1 / (1 + e)` and `1 - w = e w`, both without
    /// cancellation; within a block `e` advances by constant factors, and the logarithms of the sigmas are
    /// one logarithm of their product.
    pub(super) fn sum<const GRADIENT: bool>(
        &self,
        values: &[f64],
        centre: f64,
        first_time: f64,
    ) -> Sum {
        let mut lanes = Lanes::default();
        let mut value = 0.0;
        let mut factors = [1.0; LANES];
        let factor = self.steepness.exp();
        for lane in 1..LANES {
            factors[lane] = factors[lane - 1] * factor;
        }
        let advances = self.steepness * (LANES as f64) < SAFE_EXPONENT;
        for (block, chunk) in values.chunks(LANES).enumerate() {
            let from_tau = first_time + (block * LANES) as f64 - self.tau;
            let mut x = [f64::NAN; LANES];
            x[..chunk.len()].copy_from_slice(chunk);
            let e: [f64; LANES] = if advances {
                let anchor = (self.steepness * from_tau).exp();
                factors.map(|factor| anchor * factor)
            } else {
                std::array::from_fn(|lane| (self.steepness * (from_tau + lane as f64)).exp())
            };
            value -= self.block::<GRADIENT>(&x, &e, centre, &mut lanes);
        }
        let total = |lanes: &[f64; LANES]| lanes.iter().sum::<f64>();
        Sum {
            value: value - 0.5 * total(&lanes.square),
            gradient: [
                total(&lanes.mu1),
                total(&lanes.mu2),
                total(&lanes.sigma1),
                total(&lanes.sigma2),
                self.steepness * total(&lanes.tau),
            ],
        }
    }

    /// Adds one block to `lanes` and returns its `sum ln(|sigma_t| sqrt(2 pi))`.
    #[inline(always)]
    fn block<const GRADIENT: bool>(
        &self,
        x: &[f64; LANES],
        e: &[f64; LANES],
        centre: f64,
        lanes: &mut Lanes,
    ) -> f64 {
        let [mu1, mu2] = self.mu;
        let [sigma1, sigma2] = self.sigma;
        let (mu_step, sigma_step) = (mu1 - mu2, sigma1 - sigma2);
        let observed: [bool; LANES] = x.map(|x| !x.is_nan());
        // A lane without an observation computes on harmless numbers, and what it finds is dropped.
        let (mut w, mut rest) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            let e = if observed[lane] { e[lane] } else { 0.0 };
            w[lane] = 1.0 / (1.0 + e);
            rest[lane] = e * w[lane];
        }
        let (mut scales, mut inverse, mut z) = ([1.0; LANES], [0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            let sigma = w[lane] * sigma1 + rest[lane] * sigma2;
            let mu = w[lane] * mu1 + rest[lane] * mu2;
            scales[lane] = if observed[lane] { sigma } else { 1.0 };
            let over = 1.0 / scales[lane];
            inverse[lane] = if observed[lane] { over } else { 0.0 };
            let residual = (x[lane] - centre) - mu;
            z[lane] = if observed[lane] { residual * over } else { 0.0 };
        }
        for (square, z) in lanes.square.iter_mut().zip(z) {
            *square += z * z;
        }
        if GRADIENT {
            for lane in 0..LANES {
                let by_mu = z[lane] * inverse[lane];
                let by_sigma = (z[lane] * z[lane] - 1.0) * inverse[lane];
                lanes.mu1[lane] += w[lane] * by_mu;
                lanes.mu2[lane] += rest[lane] * by_mu;
                lanes.sigma1[lane] += w[lane] * by_sigma;
                lanes.sigma2[lane] += rest[lane] * by_sigma;
                lanes.tau[lane] += w[lane] * rest[lane] * (mu_step * by_mu + sigma_step * by_sigma);
            }
        }
        let product = scales.iter().product::<f64>().abs();
        let logs = if (1.0 / RANGE..RANGE).contains(&product) {
            product.ln()
        } else {
            scales.iter().map(|scale| scale.abs().ln()).sum()
        };
        let n_observed = observed.iter().filter(|observed| **observed).count();
        logs + LN_SQRT_2_PI * n_observed as f64
    }
}
