//! How probable the data are under none, one, two, .. switches.

use switchback_core::Series;

use crate::{
    Likelihood, ModelError, RegimePriors, Regimes, SwitchModel, SwitchPrior, SwitchSettings,
};

use super::answer::{checked, weights};
use super::chain::Chain;
use super::exact::{check_reach, check_size, no_switch};
use super::lattice::Lattice;
use super::law::Normals;
use super::part::Parts;
use super::placing::Placing;
use super::poisson::Rates;
use super::shared::{OverSigma, Shared};

/// Log evidence in nats of `0, 1, .., max` free switches in `series`, each with its number of switches: the likelihood
/// and the priors of regimes are those of `settings`, and every set of switches of the same size is equally probable.
///
/// The difference of two is the logarithm of a Bayes factor. There are fewer rows where the series cannot hold so many
/// switches.
///
/// # Errors
/// When the series cannot be modelled, priors and data are out of reach or too far apart, or there are too many
/// stretches: as [`SwitchModel::new`] and [`super::Exact::of`].
pub fn evidence_by_switches(
    series: &Series,
    settings: &SwitchSettings,
    max: usize,
) -> Result<Vec<(usize, f64)>, ModelError> {
    let one_regime = without_switch(series, settings)?;
    check_reach(&one_regime)?;
    let mut rows = vec![(0, checked(&one_regime, no_switch(&one_regime).0)?)];
    let mut models = Vec::new();
    for switches in 1..=max {
        match with_switches(series, settings, switches) {
            Ok(model) => models.push(model),
            Err(ModelError::TooManySwitches { .. } | ModelError::NoSharedSpread { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    // Two switches part a series into all that any number of them does.
    let (Some(parting), Some(largest)) = (models.get(1).or(models.first()), models.last()) else {
        return Ok(rows);
    };
    check_size(largest)?;
    let tables = Tables::of(parting);
    for model in &models {
        let ln = checked(model, tables.log_evidence(model))?;
        rows.push((model.n_switches(), ln));
    }
    Ok(rows)
}

fn with_switches(
    series: &Series,
    settings: &SwitchSettings,
    switches: usize,
) -> Result<SwitchModel, ModelError> {
    let settings = SwitchSettings {
        regimes: Regimes::free(switches)?,
        switch_prior: SwitchPrior::Uniform,
        ..settings.clone()
    };
    SwitchModel::new(series, settings)
}

/// A model whose whole series is one regime's to own: with one switch, and a `sigma` of its own.
fn without_switch(series: &Series, settings: &SwitchSettings) -> Result<SwitchModel, ModelError> {
    let likelihood = match settings.likelihood {
        Likelihood::NormalSharedSd => Likelihood::Normal,
        other => other,
    };
    let settings = SwitchSettings {
        likelihood,
        ..settings.clone()
    };
    with_switches(series, &settings, 1)
}

/// What the evidence of any number of switches is summed from.
enum Tables {
    /// Log evidence of each part, and what all are relative to.
    Own(Parts<f64>, f64),
    Shared(Shared),
}

impl Tables {
    fn of(model: &SwitchModel) -> Self {
        match model.priors() {
            RegimePriors::Poisson(prior) => {
                let rates = Rates::of(model, *prior);
                Self::Own(weights(model, &rates).0, rates.ln_base())
            }
            RegimePriors::Normal(priors) if model.likelihood() == Likelihood::NormalSharedSd => {
                Self::Shared(Shared::of(model, priors))
            }
            RegimePriors::Normal(priors) => {
                Self::Own(weights(model, &Normals { model, priors }).0, 0.0)
            }
        }
    }

    fn log_evidence(&self, model: &SwitchModel) -> f64 {
        let placing = &Placing::of(model);
        match self {
            Self::Own(weights, base) => base + Chain::of(placing, weights).ln_total,
            Self::Shared(shared) => Lattice::of(&OverSigma { shared, placing }).ln_integral,
        }
    }
}
