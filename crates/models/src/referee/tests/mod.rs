//! The referee against enumerations and quadratures that share no formula with it but the densities'.

mod counts;
mod draws;
mod enumeration;
mod evidence;
mod one_regime;
mod one_switch;
mod refused;
mod robust;

use switchback_core::Series;

use crate::testing::{deck, relative, series};
use crate::*;

/// One switch between two normal regimes.
fn exact(series: &Series, priors: SwitchPriors) -> Exact {
    let model = SwitchModel::one_normal_switch(series, priors).expect("the series varies");
    Exact::of(&model).expect("it has a posterior")
}

fn close(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!(relative(a, b) < tolerance, "{what}: {a} and {b}");
}

fn all_moments(exact: &Exact) -> Vec<Moments> {
    exact
        .moments()
        .iter()
        .map(|(_, moments)| *moments)
        .collect()
}

fn of(exact: &Exact, name: &str) -> Moments {
    exact.moments_of(name).expect("it has that quantity")
}

/// Counts whose rate changes twice.
fn counts(n: usize) -> Series {
    let level = |i: usize| {
        if 3 * i < n {
            4
        } else if 3 * i < 2 * n {
            1
        } else {
            3
        }
    };
    let values: Vec<f64> = (0..n)
        .map(|i| (level(i) + (i * 7 + i * i) % 3) as f64)
        .collect();
    series(&values)
}

/// A model of `series` under priors of its own scale.
fn model(
    series: &Series,
    likelihood: Likelihood,
    regimes: &str,
    switch_prior: SwitchPrior,
) -> SwitchModel {
    let priors = RegimePriors::scaled_to(likelihood, series).expect("it has a scale");
    let settings = SwitchSettings {
        likelihood,
        regimes: regimes.parse().expect("it is offered"),
        priors,
        switch_prior,
    };
    SwitchModel::new(series, settings).expect("it can be modelled")
}
