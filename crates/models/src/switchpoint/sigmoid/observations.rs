//! What the sigmoid form of every steepness and in any coordinates reads of a series: made once a model.

use std::sync::Arc;

use super::super::window::Rows;
use super::row;
use super::single::Single;
use crate::twofold::Twofold;
use crate::{Likelihood, PrefixSums, Regimes};

/// The observations of a series, as they are summed.
#[derive(Debug)]
pub(crate) struct Observations {
    pub(super) data: Arc<PrefixSums>,
    pub(super) rows: Rows,
    /// What the rows' `x` are about.
    pub(super) origin: f64,
    /// What the values of a position do not change of the log-likelihood.
    pub(super) constant: f64,
    /// Of one switch between two Normal regimes alone.
    pub(super) single: Option<Single>,
}

impl Observations {
    /// Those of `data` under regimes of `likelihood`.
    pub fn new(likelihood: Likelihood, regimes: &Regimes, data: Arc<PrefixSums>) -> Self {
        let origin = match likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd => data.centre(),
            Likelihood::Poisson => 0.0,
        };
        let observed = data.values().iter().filter(|value| !value.is_nan());
        let is_single = likelihood != Likelihood::Poisson && regimes.of_stretch() == [0, 1];
        Self {
            single: is_single.then(|| Single::new(&data)),
            rows: Rows::new(&data, origin),
            origin,
            constant: observed
                .map(|x| Twofold::sum_of(row::ln_rest(likelihood, *x, data.centre()), 0.0))
                .fold(Twofold::default(), Twofold::plus)
                .value(),
            data,
        }
    }
}
