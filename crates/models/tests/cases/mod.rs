//! Series of any shape, scale and mask, and regimes about them.

#![allow(dead_code)]

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use switchback_core::Series;
use switchback_models::{
    Likelihood, RegimePriors, SigmoidSwitch, SwitchModel, SwitchPrior, SwitchSettings,
};

/// What a float can hold at the ends of its range.
const ENDS: [f64; 18] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e-310,
    f64::MIN_POSITIVE,
    1e-200,
    1e-20,
    -1e-3,
    1e20,
    1e154,
    -1e154,
    1e200,
    f64::MAX,
    f64::MIN,
];
const REGIMES: [&str; 6] = [
    "0,1",
    "0,1,0",
    "0,1,2",
    "0,1,2,3",
    "0,1,2,3,4,5",
    "0,1,2,3,4,5,6,7",
];
const STEEPNESS: [f64; 2] = [0.01, 100.0];

/// A series with gaps and what models it.
#[derive(Debug, Clone)]
pub struct Case {
    pub likelihood: Likelihood,
    pub regimes: &'static str,
    /// `NaN` where missing.
    pub rows: Vec<f64>,
    pub steepness: f64,
}

impl Case {
    pub fn model(&self) -> Option<SwitchModel> {
        self.model_of(self.regimes)
    }

    /// `None` where there is too little to be modelled.
    fn model_of(&self, regimes: &str) -> Option<SwitchModel> {
        let series = Series::from_values("y", self.rows.clone()).ok()?;
        let settings = SwitchSettings {
            likelihood: self.likelihood,
            regimes: regimes.parse().ok()?,
            priors: RegimePriors::scaled_to(self.likelihood, &series).ok()?,
            switch_prior: SwitchPrior::Uniform,
        };
        SwitchModel::new(&series, settings).ok()
    }

    pub fn sigmoid(&self, regimes: &str) -> Option<SigmoidSwitch> {
        let form = SigmoidSwitch::posterior(self.model_of(regimes)?);
        form.with_steepness(self.steepness).ok()
    }

    /// Log-likelihood as the formula is written, and the sum of its terms' absolute values.
    pub fn dense(&self, values: &[f64]) -> [f64; 2] {
        let regimes: Vec<usize> = self
            .regimes
            .split(',')
            .map(|r| r.parse().unwrap())
            .collect();
        let n_regimes = 1 + regimes.iter().max().unwrap();
        let (parameters, taus) = values.split_at(values.len() - (regimes.len() - 1));
        let (mut sum, mut absolute) = (0.0, 0.0);
        for (row, y) in self.rows.iter().enumerate().filter(|(_, y)| !y.is_nan()) {
            let passed = |k: usize| match k {
                0 => 1.0,
                _ if k > taus.len() => 0.0,
                _ => sigmoid(self.steepness * ((row + 1) as f64 - taus[k - 1])),
            };
            let mixed = |offset: usize, shared: bool| -> f64 {
                let stretches = regimes.iter().enumerate();
                let of = |r: usize| parameters[offset + if shared { 0 } else { r }];
                stretches
                    .map(|(k, r)| (passed(k) - passed(k + 1)) * of(*r))
                    .sum()
            };
            let terms = if self.likelihood == Likelihood::Poisson {
                let rate = mixed(0, false);
                let ln_factorial: f64 = (1..=*y as u64).map(|i| (i as f64).ln()).sum();
                [y * rate.ln(), -rate, -ln_factorial]
            } else {
                let is_shared = self.likelihood == Likelihood::NormalSharedSd;
                let (mu, sigma) = (mixed(0, false), mixed(n_regimes, is_shared));
                let z = (y - mu) / sigma;
                [-0.5 * std::f64::consts::TAU.ln(), -sigma.ln(), -0.5 * z * z]
            };
            sum += terms.iter().sum::<f64>();
            absolute += terms.iter().map(|term| term.abs()).sum::<f64>();
        }
        [sum, absolute]
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Any shape, scale and offset, a mask from none to nearly all, and a step somewhere.
pub fn cases() -> impl Strategy<Value = Case> {
    let rows = (2..260_usize).prop_flat_map(|n| {
        let noise = prop::collection::vec((-1.7..1.7_f64, 0.0..1.0_f64), n);
        (
            noise,
            0.0..1.0_f64,
            select(vec![0.0, 0.0, 0.1, 0.7]),
            -4.0..4.0_f64,
        )
    });
    let scale = prop_oneof![4 => -2.0..2.0_f64, 1 => -130.0..130.0_f64];
    let shape = (select(Likelihood::ALL.to_vec()), select(REGIMES.to_vec()));
    let steepness = STEEPNESS[0].ln()..STEEPNESS[1].ln();
    (rows, scale, -1e3..1e3_f64, shape, steepness)
        .prop_map(
            |((noise, place, masked, step), scale, offset, (likelihood, regimes), steepness)| {
                let (n, scale) = (noise.len() as f64, 10.0_f64.powf(scale));
                let rows = noise.iter().enumerate().map(|(row, (noise, mask))| {
                    let level = if (row as f64) < place * n { 0.0 } else { step };
                    match likelihood {
                        _ if *mask < masked => f64::NAN,
                        Likelihood::Poisson => (2.0 * noise + level + 6.0).round().max(0.0),
                        _ => scale * (offset + level + noise),
                    }
                });
                Case {
                    likelihood,
                    regimes,
                    rows: rows.collect(),
                    steepness: steepness.exp(),
                }
            },
        )
        .prop_filter("it can be modelled", |case| case.model().is_some())
}

/// Numbers from 0 to 1 of which a position is made, and where it is to hold an end of the floats.
pub fn numbers() -> impl Strategy<Value = (Vec<f64>, Vec<(usize, f64)>)> {
    let ends = prop::collection::vec((0..40_usize, select(ENDS.to_vec())), 0..4);
    (prop::collection::vec(0.0..1.0_f64, 40), ends)
}

/// Ordinary values of `form`: regimes about the data, switches in order, some of them outside or in one place.
pub fn ordinary(case: &Case, model: &SwitchModel, numbers: &[f64]) -> Vec<f64> {
    let observed: Vec<f64> = case.rows.iter().copied().filter(|y| !y.is_nan()).collect();
    let low = observed.iter().copied().fold(f64::INFINITY, f64::min);
    let high = observed.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (n_regimes, n) = (model.n_regimes(), case.rows.len() as f64);
    let is_poisson = case.likelihood == Likelihood::Poisson;
    let parameters = numbers.iter().take(model.n_parameters()).enumerate();
    let mut values: Vec<f64> = parameters
        .map(|(index, u)| match index {
            _ if is_poisson => 0.2 + 10.0 * u,
            _ if index < n_regimes => low + (2.0 * u - 0.5) * (high - low),
            _ => (high - low) * (0.05_f64.ln() * u).exp(),
        })
        .collect();
    let switches = numbers.iter().rev().take(model.n_switches());
    let mut taus: Vec<f64> = switches.map(|u| (1.4 * u - 0.2) * n).collect();
    taus.sort_by(f64::total_cmp);
    values.extend(taus);
    values
}

/// The same cases in every run.
pub fn settings(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(20_261_128),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
