//! Running sums of what an observation's log density is linear in.

use super::Likelihood;
use crate::PrefixSums;

/// Three running sums over the first `i` rows, `i = 0..=n`, in plain floats and columns, for loops over all places
/// of a switch.
///
/// The log density of an observation `y` in a regime is `a + b x + c q` for all of our families, where `a, b, c` are
/// the regime's ([`super::SwitchModel::coefficients`]): Normal with `x = y - centre` and `q = x^2`, Poisson with
/// `x = y` and `q = ln y!`. A missing observation adds nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Cumulative {
    /// Number of observations.
    pub count: Vec<f64>,
    /// Sum of `x`.
    pub sum: Vec<f64>,
    /// Sum of `q`.
    pub third: Vec<f64>,
}

impl Cumulative {
    pub(super) fn normal(data: &PrefixSums) -> Self {
        let n = data.len();
        let mut sums = Self::with_capacity(n + 1);
        for so_far in data.centred_so_far() {
            sums.push([so_far.count as f64, so_far.sum, so_far.sum_sq]);
        }
        sums
    }

    pub(super) fn poisson(values: &[f64]) -> Self {
        let mut sums = Self::with_capacity(values.len() + 1);
        let mut so_far = [0.0; 3];
        sums.push(so_far);
        for &y in values {
            if !y.is_nan() {
                so_far[0] += 1.0;
                so_far[1] += y;
                so_far[2] += ln_factorial(y);
            }
            sums.push(so_far);
        }
        sums
    }

    pub(super) fn of(likelihood: Likelihood, data: &PrefixSums) -> Self {
        match likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd => Self::normal(data),
            Likelihood::Poisson => Self::poisson(data.values()),
        }
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            count: Vec::with_capacity(capacity),
            sum: Vec::with_capacity(capacity),
            third: Vec::with_capacity(capacity),
        }
    }

    fn push(&mut self, [count, sum, third]: [f64; 3]) {
        self.count.push(count);
        self.sum.push(sum);
        self.third.push(third);
    }

    /// The sums over the first `end` rows.
    pub fn at(&self, end: usize) -> [f64; 3] {
        [self.count[end], self.sum[end], self.third[end]]
    }
}

/// `ln y!` for a whole `y >= 0`.
pub(crate) fn ln_factorial(y: f64) -> f64 {
    statrs::function::gamma::ln_gamma(y + 1.0)
}
