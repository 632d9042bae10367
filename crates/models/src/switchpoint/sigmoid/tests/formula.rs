//! Models of every family and order of regimes, and the sum over all observations, written as the formula is.

use super::*;
use crate::{Law, Prior, RatePrior, RegimePriors, SwitchPrior, SwitchSettings, simulate};

pub(super) const REGIMES: [&str; 3] = ["0,1", "0,1,0", "0,1,2,3"];

/// A series of `n` whose level goes up and down, every fifth value or so missing; counts for Poisson regimes.
pub(super) fn bumpy(likelihood: Likelihood, n: usize) -> Series {
    let switches = vec![n / 4, n / 2, 3 * n / 4];
    let law = Law::new(
        n,
        switches,
        vec![3.0, 9.0, 2.0, 6.0],
        vec![1.0, 2.0, 0.5, 1.5],
    )
    .expect("the law is valid");
    let values: Vec<Option<f64>> = simulate(&law, 77)
        .into_iter()
        .enumerate()
        .map(|(index, x)| {
            let x = match likelihood {
                Likelihood::Poisson => x.round().abs(),
                Likelihood::Normal | Likelihood::NormalSharedSd => x,
            };
            (index * index % 11 != 3).then_some(x)
        })
        .collect();
    Series::new("bumpy", &values).expect("it is a series")
}

pub(super) fn model(
    series: &Series,
    likelihood: Likelihood,
    regimes: &str,
    switch_prior: SwitchPrior,
) -> SwitchModel {
    let priors = match likelihood {
        Likelihood::Poisson => RegimePriors::Poisson(
            RatePrior::new(Prior::gamma(2.5, 0.7).expect("valid")).expect("valid"),
        ),
        Likelihood::Normal | Likelihood::NormalSharedSd => {
            RegimePriors::Normal(SwitchPriors::deck())
        }
    };
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.parse().expect("it is offered"),
        priors,
        switch_prior,
    };
    SwitchModel::new(series, settings).expect("it can be modelled")
}

/// Each family and order of regimes on a series of `n`.
pub(super) fn every_model(n: usize, switch_prior: SwitchPrior) -> Vec<(Series, SwitchModel)> {
    let mut models = Vec::new();
    for likelihood in Likelihood::ALL {
        for regimes in REGIMES {
            let series = bumpy(likelihood, n);
            let model = model(&series, likelihood, regimes, switch_prior);
            models.push((series, model));
        }
    }
    models
}

/// Regimes' parameters, of which `odd` are unlike each other.
pub(super) fn parameters(model: &SwitchModel, odd: bool) -> Vec<f64> {
    let mu = if odd {
        [40.0, 3.0, -2.0, 5.5]
    } else {
        [3.2, 8.7, 2.4, 6.1]
    };
    let sigma = if odd {
        [0.02, 3.0, 50.0, 0.6]
    } else {
        [1.1, 2.2, 0.7, 1.4]
    };
    let rate = if odd { [0.01, 60.0, 3.0, 8.0] } else { mu };
    let n_regimes = model.n_regimes();
    match model.likelihood() {
        Likelihood::Normal => [&mu[..n_regimes], &sigma[..n_regimes]].concat(),
        Likelihood::NormalSharedSd => [&mu[..n_regimes], &sigma[..1]].concat(),
        Likelihood::Poisson => rate[..n_regimes].to_vec(),
    }
}

/// Places of up to three switches in a series of `n`: apart, close, the same, near the ends, outside.
pub(super) fn places(n: usize) -> [[f64; 3]; 8] {
    let n = n as f64;
    [
        [0.25 * n, 0.5 * n + 0.31, 0.8 * n],
        [0.4 * n, 0.4 * n + 0.7, 0.4 * n + 1.1],
        [0.6 * n, 0.6 * n + 0.01, 0.6 * n + 12.3],
        [0.5 * n, 0.5 * n, 0.5 * n],
        [0.2, 1.0, 1.5],
        [n - 2.4, n - 0.1, n + 0.3],
        [-500.0, 0.35 * n, n + 900.0],
        [0.1 * n, 0.1 * n + 30.0, 0.1 * n + 60.0],
    ]
}

/// What the formula gives: the log density of each row, its sum, and the sum's derivatives by the values, each with the sum
/// of the absolute values of its terms.
pub(super) struct Formula {
    pub rows: Vec<f64>,
    pub value: f64,
    pub gradient: Vec<f64>,
    pub size: Vec<f64>,
}

/// The formula with a clock that is `late`, which must be 0 but for controls.
pub(super) fn formula(
    series: &Series,
    model: &SwitchModel,
    steepness: f64,
    values: &[f64],
    late: f64,
) -> Formula {
    let (parameters, taus) = values.split_at(model.n_parameters());
    let (n_regimes, likelihood) = (model.n_regimes(), model.likelihood());
    // The weights sum to 1, so that means may be about anything: about 0 an offset of the data would cost the digits that
    // are compared.
    let about = match likelihood {
        Likelihood::Poisson => 0.0,
        Likelihood::Normal | Likelihood::NormalSharedSd => series.mean(),
    };
    let first = |j: usize| parameters[model.regimes().of_stretch()[j]] - about;
    let second_index =
        |j: usize| likelihood.spread_index(model.regimes().of_stretch()[j], n_regimes);
    let mut out = Formula {
        rows: vec![f64::NAN; series.len()],
        value: 0.0,
        gradient: vec![0.0; values.len()],
        size: vec![0.0; values.len()],
    };
    let mut sums = vec![Twofold::default(); values.len() + 1];
    for (index, x) in series.observed() {
        let t = (index + 1) as f64 + late;
        let g: Vec<f64> = taus
            .iter()
            .map(|tau| 1.0 / (1.0 + (steepness * (tau - t)).exp()))
            .collect();
        let rest: Vec<f64> = taus
            .iter()
            .map(|tau| 1.0 / (1.0 + (steepness * (t - tau)).exp()))
            .collect();
        // `g_j - g_(j+1)` where it is large, and `(1 - g_(j+1)) - (1 - g_j)` where that keeps more digits.
        let weight = |j: usize| match j {
            0 => rest[0],
            j if j == taus.len() => g[j - 1],
            j if g[j] > 0.5 => rest[j] - rest[j - 1],
            j => g[j - 1] - g[j],
        };
        let stretches = 0..=taus.len();
        let level: f64 = stretches.clone().map(|j| weight(j) * first(j)).sum();
        let spread: f64 = stretches
            .clone()
            .map(|j| weight(j) * parameters[second_index(j)])
            .sum();
        let (ln, by_first, by_second) = match likelihood {
            Likelihood::Poisson => {
                let ln_factorial: f64 = (1..=x as u32).map(|i| f64::from(i).ln()).sum();
                (x * level.ln() - level - ln_factorial, x / level - 1.0, 0.0)
            }
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                let x = x - about;
                let z = (x - level) / spread;
                (
                    ln_normal(x, level, spread),
                    z / spread,
                    (z * z - 1.0) / spread,
                )
            }
        };
        out.rows[index] = ln;
        let mut add = |slot: usize, term: f64, size: f64| {
            sums[slot] = sums[slot].plus(Twofold::sum_of(term, 0.0));
            if slot < values.len() {
                out.size[slot] += size.abs();
            }
        };
        add(values.len(), ln, 0.0);
        for j in stretches {
            let by = weight(j) * by_first;
            add(model.regimes().of_stretch()[j], by, by);
            if likelihood != Likelihood::Poisson {
                let by = weight(j) * by_second;
                add(second_index(j), by, by);
            }
        }
        for (k, g) in g.iter().enumerate() {
            let speed = -steepness * g * rest[k];
            let parts = [
                (first(k + 1) - first(k)) * by_first,
                (parameters[second_index(k + 1)] - parameters[second_index(k)]) * by_second,
            ];
            let size = speed * (parts[0].abs() + parts[1].abs());
            add(parameters.len() + k, speed * (parts[0] + parts[1]), size);
        }
    }
    out.value = sums[values.len()].value();
    for (slot, sum) in out.gradient.iter_mut().zip(&sums) {
        *slot = sum.value();
    }
    out
}
