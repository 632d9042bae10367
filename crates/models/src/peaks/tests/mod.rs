//! The peaks against all placings, each fitted by two passes over its observations.

mod enumeration;
mod long;
mod one_switch;

use std::collections::BTreeMap;

use switchback_core::Series;

use super::*;
use crate::testing::{deck, relative, series, uniform};
use crate::{Prior, RatePrior, RegimePriors, Regimes, SwitchPrior, SwitchPriors, SwitchSettings};

fn regimes(text: &str) -> Regimes {
    text.parse().expect("it is offered")
}

fn model(series: &Series, likelihood: Likelihood, regimes: &Regimes) -> SwitchModel {
    let priors = match likelihood {
        Likelihood::Poisson => RegimePriors::Poisson(
            RatePrior::new(Prior::gamma(2.0, 1.0).expect("valid")).expect("valid"),
        ),
        _ => RegimePriors::Normal(SwitchPriors::deck()),
    };
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.clone(),
        priors,
        switch_prior: SwitchPrior::Sequential,
    };
    SwitchModel::new(series, settings).expect("it can be modelled")
}

/// The maximised log-likelihood of every admissible placing.
fn all_placings(
    series: &Series,
    likelihood: Likelihood,
    regimes: &Regimes,
) -> BTreeMap<Vec<usize>, f64> {
    let mut placings = vec![Vec::new()];
    for _ in 0..regimes.n_switches() {
        placings = placings
            .into_iter()
            .flat_map(|so_far: Vec<usize>| {
                let first = so_far.last().map_or(0, |last| last + 1);
                (first..series.len()).map(move |s| [so_far.as_slice(), &[s]].concat())
            })
            .collect();
    }
    placings
        .into_iter()
        .filter_map(|switches| {
            let value = two_passes(series, likelihood, regimes, &switches)?;
            Some((switches, value))
        })
        .collect()
}

/// The log-likelihood at the regimes' own means and spreads, observation by observation.
fn two_passes(
    series: &Series,
    likelihood: Likelihood,
    regimes: &Regimes,
    switches: &[usize],
) -> Option<f64> {
    let mut owned = vec![Vec::new(); regimes.n_regimes()];
    for (index, value) in series.observed() {
        let stretch = switches.iter().filter(|s| **s <= index).count();
        owned[regimes.of_stretch()[stretch]].push(value);
    }
    let means: Vec<f64> = owned
        .iter()
        .map(|part| part.iter().sum::<f64>() / part.len() as f64)
        .collect();
    let squares = |r: usize| owned[r].iter().map(|y| (y - means[r]).powi(2)).sum::<f64>();
    let pooled = (0..owned.len()).map(squares).sum::<f64>() / series.n_observed() as f64;
    let mut sum = 0.0;
    for (r, part) in owned.iter().enumerate() {
        let first = part.first()?;
        let varies = part.iter().any(|y| y != first);
        let (mean, own) = (means[r], squares(r) / part.len() as f64);
        if (likelihood == Likelihood::Normal && !varies)
            || (likelihood == Likelihood::Poisson && mean == 0.0)
        {
            return None;
        }
        for y in part {
            let of_normal = |variance: f64| {
                -0.5 * (2.0 * std::f64::consts::PI * variance).ln()
                    - (y - mean).powi(2) / (2.0 * variance)
            };
            sum += match likelihood {
                Likelihood::Normal => of_normal(own),
                Likelihood::NormalSharedSd => of_normal(pooled),
                Likelihood::Poisson => {
                    let ln_factorial: f64 = (1..=*y as u32).map(|i| f64::from(i).ln()).sum();
                    y * mean.ln() - mean - ln_factorial
                }
            };
        }
    }
    Some(sum)
}

/// The nearest places on either side of switch `k` that have other observations before them.
fn neighbours(series: &Series, switches: &[usize], k: usize) -> Vec<Vec<usize>> {
    let before = |s: usize| series.observed().filter(|(index, _)| *index < s).count();
    let here = switches[k];
    let down = (0..here).rev().find(|s| before(*s) != before(here));
    let up = (here..series.len()).find(|s| before(*s) != before(here));
    [down, up]
        .into_iter()
        .flatten()
        .map(|s| {
            let mut moved = switches.to_vec();
            moved[k] = s;
            moved
        })
        .collect()
}

/// Whether no move of one switch to a neighbouring place gains more than rounding.
fn is_local_maximum(series: &Series, all: &BTreeMap<Vec<usize>, f64>, switches: &[usize]) -> bool {
    let here = all[switches];
    (0..switches.len())
        .flat_map(|k| neighbours(series, switches, k))
        .all(|moved| all.get(&moved).is_none_or(|there| *there <= here + 1e-9))
}
