//! Priors and transforms of a posterior in one pass, so that a sampler's step takes no more exponentials than it must.

use crate::{Prior, SwitchModel, SwitchPrior};
use switchback_core::{Parameter, Support};

/// The prior of every parameter and switch, as a density over unconstrained positions.
///
/// The transforms are those of [`switchback_core::Space`] in coordinates of centre 0 and scale 1.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    terms: Vec<Term>,
    /// Upper ends of the switches.
    highs: Vec<f64>,
    switch_prior: SwitchPrior,
    /// What does not depend on the position.
    constant: f64,
}

/// A regime's parameter, whose log prior density has lost its constant.
#[derive(Debug, Clone, Copy)]
enum Term {
    /// `-z^2 / 2` with `z = (x - mean) / sd`; a half-normal on positive numbers has a mean of 0.
    Bell {
        is_positive: bool,
        mean: f64,
        /// `1 / sd`.
        over_sd: f64,
    },
    /// `(shape - 1) ln x - rate x`.
    Gamma { shape: f64, rate: f64 },
}

impl Measure {
    /// Of `model`: its priors, and of the switches, where `h_k` is the upper end of `tau_k` and `tau_0 = 0`, for
    /// [`SwitchPrior::Sequential`] the product of `1 / (h_k - tau_(k-1))` with `h_k = n - (K - k)`, and for
    /// [`SwitchPrior::Uniform`] `K! / n^K` with `h_k = n`.
    pub fn new(model: &SwitchModel) -> Self {
        let (n_switches, n) = (model.n_switches(), model.n() as f64);
        let switch_prior = model.switch_prior();
        let later = |k| match switch_prior {
            SwitchPrior::Sequential => (n_switches - 1 - k) as f64,
            SwitchPrior::Uniform => 0.0,
        };
        let (terms, constants): (Vec<_>, Vec<_>) = (0..model.n_parameters())
            .map(|index| model.priors().of_parameter(index, model.n_regimes()))
            .map(|prior| (Term::of(prior), constant(prior)))
            .unzip();
        let of_switches = match switch_prior {
            SwitchPrior::Sequential => 0.0,
            SwitchPrior::Uniform => (1..n_switches).map(|k| ((k + 1) as f64 / n).ln()).sum(),
        };
        Self {
            terms,
            highs: (0..n_switches).map(|k| n - later(k)).collect(),
            switch_prior,
            constant: constants.iter().sum::<f64>() + of_switches,
        }
    }

    /// The switches as parameters called `names`, the first of which has the index `first`.
    pub fn switches(&self, names: Vec<String>, first: usize) -> impl Iterator<Item = Parameter> {
        let supports = self
            .highs
            .iter()
            .enumerate()
            .map(move |(k, &high)| match k {
                0 => Support::Interval { low: 0.0, high },
                k => Support::After {
                    previous: first + k - 1,
                    high,
                },
            });
        names
            .into_iter()
            .zip(supports)
            .map(|(name, support)| Parameter::new(name, support))
    }

    /// Writes the values of the unconstrained `position` (`dim`) into `values` (`dim`) and, for each switch, the distance to
    /// the nearer end of its interval as a share of that interval into `shares` (`n_switches`); returns log prior plus log
    /// Jacobian.
    pub fn constrain(&self, position: &[f64], values: &mut [f64], shares: &mut [f64]) -> f64 {
        let mut sum = self.constant;
        for ((term, u), value) in self.terms.iter().zip(position).zip(values.iter_mut()) {
            *value = if term.is_positive() { u.exp() } else { *u };
            sum += term.ln_density(*u, *value);
        }
        let first = self.terms.len();
        let mut low = 0.0;
        let switches = position[first..].iter().zip(&mut values[first..]);
        for (k, (((u, value), high), share)) in switches.zip(&self.highs).zip(shares).enumerate() {
            let smaller = (-u.abs()).exp();
            let both = 1.0 + smaller;
            *share = smaller / both;
            let p = if *u > 0.0 { 1.0 / both } else { *share };
            *value = low + (high - low) * p;
            // The interval's length cancels the prior's 1 / length where switches come one after the other.
            sum -= u.abs() + 2.0 * both.ln();
            if k > 0 && self.switch_prior == SwitchPrior::Uniform {
                sum += (high - low).ln();
            }
            low = *value;
        }
        sum
    }

    /// Turns the derivatives `slopes` (`dim`) of a log-likelihood by the `values` of `position` into those of that plus
    /// [`Self::constrain`]'s result by the position, in place.
    pub fn pull_back(&self, position: &[f64], values: &[f64], shares: &[f64], slopes: &mut [f64]) {
        let first = self.terms.len();
        // The last first: what a switch does to the lower end of the next is passed on before its turn.
        for k in (0..self.highs.len()).rev() {
            let index = first + k;
            let (share, rest) = (shares[k], 1.0 - shares[k]);
            let low = if k == 0 { 0.0 } else { values[index - 1] };
            let length = self.highs[k] - low;
            let is_high = position[index] > 0.0;
            let slope = slopes[index];
            if k > 0 {
                slopes[index - 1] += slope * if is_high { share } else { rest };
                if self.switch_prior == SwitchPrior::Uniform {
                    slopes[index - 1] -= 1.0 / length;
                }
            }
            let balance = if is_high { share - rest } else { rest - share };
            slopes[index] = slope * length * share * rest + balance;
        }
        for ((term, value), slope) in self.terms.iter().zip(values).zip(slopes) {
            *slope += term.d_ln_density(*value);
            if term.is_positive() {
                *slope = *slope * value + term.jacobian_slope();
            }
        }
    }
}

impl Term {
    fn of(prior: Prior) -> Self {
        match prior {
            Prior::Normal { mean, sd } => Self::Bell {
                is_positive: false,
                mean,
                over_sd: 1.0 / sd,
            },
            Prior::HalfNormal { sd } => Self::Bell {
                is_positive: true,
                mean: 0.0,
                over_sd: 1.0 / sd,
            },
            Prior::Exponential { rate } => Self::Gamma { shape: 1.0, rate },
            Prior::Gamma { shape, rate } => Self::Gamma { shape, rate },
        }
    }

    fn is_positive(self) -> bool {
        match self {
            Self::Bell { is_positive, .. } => is_positive,
            Self::Gamma { .. } => true,
        }
    }

    /// Log density of `value`, the transform of `u`, times the transform's slope.
    fn ln_density(self, u: f64, value: f64) -> f64 {
        match self {
            Self::Bell {
                is_positive,
                mean,
                over_sd,
            } => {
                let z = (value - mean) * over_sd;
                -0.5 * z * z + if is_positive { u } else { 0.0 }
            }
            Self::Gamma { shape, rate } => shape * u - rate * value,
        }
    }

    /// Derivative by `value` of that part of [`Self::ln_density`] which stays finite at 0.
    fn d_ln_density(self, value: f64) -> f64 {
        match self {
            Self::Bell { mean, over_sd, .. } => (mean - value) * over_sd * over_sd,
            Self::Gamma { rate, .. } => -rate,
        }
    }

    /// Derivative by `u` of the rest, for positive values.
    fn jacobian_slope(self) -> f64 {
        match self {
            Self::Bell { .. } => 1.0,
            Self::Gamma { shape, .. } => shape,
        }
    }
}

/// What [`Term`] leaves out of the log density.
fn constant(prior: Prior) -> f64 {
    match prior {
        Prior::Normal { mean, .. } => prior.ln_pdf(mean),
        Prior::HalfNormal { .. } => prior.ln_pdf(0.0),
        Prior::Exponential { rate } | Prior::Gamma { rate, .. } => prior.ln_pdf(1.0) + rate,
    }
}
