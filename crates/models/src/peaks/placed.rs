//! The best fit of one placing.

use crate::{Likelihood, Stretch, SwitchModel};

/// One placing of all switches, with the regimes that fit it best.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The switches in increasing order: each the index of the first observation of its stretch.
    pub switches: Vec<usize>,
    /// The regimes' parameters in the order of [`Likelihood::parameter_names`]. Standard deviations have divisor `k`:
    /// the maximum of the likelihood.
    pub parameters: Vec<f64>,
    /// Log-likelihood in nats.
    pub log_likelihood: f64,
}

impl Placed {
    /// The maximum of the hard likelihood with the switches at `switches`; `None` where these are not admissible.
    ///
    /// Admissible are switches in increasing order within the series (no two at the same place) for which the
    /// likelihood has a maximum with every parameter within its support:
    /// - normal: every regime has two distinct observations, or its sigma would go to 0;
    /// - a shared sigma: every regime has an observation, and some regime two distinct ones;
    /// - Poisson: every regime has a count above 0. One of nothing but zeros fits best with a rate of 0, which is no
    ///   rate: the likelihood is bounded there, yet it has no maximum, and a search over the logarithm of the rate
    ///   never ends.
    ///
    /// A regime is made of all its stretches. With reversion the first of them may be empty (a switch at 0).
    pub fn of(model: &SwitchModel, switches: &[usize]) -> Option<Self> {
        let is_in_order = switches.windows(2).all(|pair| pair[0] < pair[1]);
        let is_within = switches.last().is_some_and(|&last| last < model.n());
        if switches.len() != model.n_switches() || !is_in_order || !is_within {
            return None;
        }
        let (parameters, log_likelihood) = match model.likelihood() {
            Likelihood::Poisson => poisson(model, switches),
            Likelihood::Normal | Likelihood::NormalSharedSd => normal(model, switches),
        }?;
        Some(Self {
            switches: switches.to_vec(),
            parameters,
            log_likelihood,
        })
    }
}

/// Whether the hard likelihood has no maximum with the switches at `switches`: see [`Placed::of`].
///
/// A fit that ends at such switches has run into a corner where a sigma, or a rate, goes to 0, or a regime has no
/// observation that could tell of it.
pub fn is_degenerate(model: &SwitchModel, switches: &[usize]) -> bool {
    Placed::of(model, switches).is_none()
}

fn normal(model: &SwitchModel, switches: &[usize]) -> Option<(Vec<f64>, f64)> {
    let data = model.data();
    let mut regimes = vec![Stretch::EMPTY; model.n_regimes()];
    for (r, range) in model.stretches(switches) {
        regimes[r] = regimes[r].joined(&data.about_own_mean(range));
    }
    let sigmas: Vec<f64> = if model.likelihood() == Likelihood::NormalSharedSd {
        let count: usize = regimes.iter().map(|regime| regime.count).sum();
        let sum_sq: f64 = regimes.iter().map(|regime| regime.sum_sq).sum();
        vec![(sum_sq / count as f64).sqrt()]
    } else {
        regimes.iter().map(Stretch::sd).collect()
    };
    let is_fitted = |sigma: &f64| *sigma > 0.0;
    if regimes.iter().any(|regime| regime.count == 0) || !sigmas.iter().all(is_fitted) {
        return None;
    }
    let log_likelihood = regimes
        .iter()
        .zip(sigmas.iter().cycle())
        .map(|(regime, sigma)| regime.log_likelihood(regime.mean, *sigma))
        .sum();
    let mus = regimes.iter().map(|regime| data.centre() + regime.mean);
    Some((mus.chain(sigmas.iter().copied()).collect(), log_likelihood))
}

fn poisson(model: &SwitchModel, switches: &[usize]) -> Option<(Vec<f64>, f64)> {
    let sums = model.cumulative();
    let mut regimes = vec![[0.0; 2]; model.n_regimes()];
    for (r, range) in model.stretches(switches) {
        regimes[r][0] += sums.count[range.end] - sums.count[range.start];
        regimes[r][1] += sums.sum[range.end] - sums.sum[range.start];
    }
    if regimes.iter().any(|[_, sum]| *sum == 0.0) {
        return None;
    }
    let rates: Vec<f64> = regimes.iter().map(|[count, sum]| sum / count).collect();
    let log_likelihood = model.log_likelihood(&rates, switches);
    Some((rates, log_likelihood))
}
