//! Series and objectives of the optimisers' own tests.

use switchback_core::Series;
use switchback_models::{Estimate, Objective, Parameterization, SwitchModel, SwitchPriors};

pub(super) fn series(values: &[f64]) -> Series {
    let values: Vec<_> = values.iter().copied().map(Some).collect();
    Series::new("y", &values).expect("a series")
}

pub(super) fn two_levels() -> Series {
    let wiggle = |i: usize| ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0;
    let values: Vec<f64> = (0..80)
        .map(|i| wiggle(i) + if i < 30 { 0.0 } else { 4.0 })
        .collect();
    series(&values)
}

/// One switch between normal regimes.
pub(super) fn model(series: &Series) -> SwitchModel {
    SwitchModel::one_normal_switch(series, SwitchPriors::deck()).expect("it can be modelled")
}

/// Its likelihood on raw sigmas: the talk's objective.
pub(super) fn objective(model: &SwitchModel) -> Objective {
    Objective::sigmoid(model.clone(), Estimate::Likelihood, Parameterization::Raw)
        .expect("a likelihood has raw sigmas")
}
