//! The model that was asked for.

use switchback::core::Series;
use switchback::models::{
    Likelihood, ModelError, Prior, RatePrior, RegimePriors, Regimes, SwitchPrior, SwitchSettings,
};

use super::args::{ModelArguments, SwitchPriorName};
use super::failure::Failure;
use super::settings::is_deck;

/// Both ways to say how many switches there are.
#[derive(Debug, thiserror::Error)]
#[error("--switches {switches} is no number of switches; it must be at least 1")]
struct SwitchesError {
    switches: usize,
}

/// A simulation has no data to take the scale of its priors from.
#[derive(Debug, thiserror::Error)]
#[error(
    "--prior data has no data here; write densities, as in mu=normal(0,2) sigma=half-normal(2), or deck"
)]
struct NoDataError;

/// Family and regimes of the model.
struct Shape {
    likelihood: Likelihood,
    regimes: Regimes,
    switch_prior: SwitchPrior,
}

/// The choices that `arguments` and the priors among their `words` ask for on `series`; without a prior, the talk's own
/// on its series and one on the scale of the data on any other.
///
/// # Errors
/// When a choice is unknown or a prior does not fit its parameter.
pub fn chosen(
    arguments: &ModelArguments,
    words: &[String],
    series: &Series,
) -> Result<SwitchSettings, Failure> {
    shape(arguments)?.on(words, series)
}

/// One switch between normal regimes, with the priors that `words` ask for, as [`chosen`] does.
///
/// # Errors
/// When a prior does not fit its parameter.
pub fn one_normal_switch(words: &[String], series: &Series) -> Result<SwitchSettings, Failure> {
    let shape = Shape {
        likelihood: Likelihood::Normal,
        regimes: Regimes::one_switch(),
        switch_prior: SwitchPrior::Sequential,
    };
    shape.on(words, series)
}

/// The choices where there is no series: the talk's priors, or a rate of mean 1, unless `arguments` say otherwise.
///
/// # Errors
/// When a choice is unknown or a prior does not fit its parameter.
pub fn chosen_without_data(
    arguments: &ModelArguments,
    words: &[String],
) -> Result<SwitchSettings, Failure> {
    let shape = shape(arguments)?;
    let base = match shape.likelihood {
        Likelihood::Poisson => unit_rate()?,
        _ => RegimePriors::deck(shape.likelihood, &shape.regimes)?,
    };
    let parts = match words {
        [name, ..] if name == "data" => return Err(Failure::usage(NoDataError)),
        [name, ..] if name == "deck" && shape.likelihood == Likelihood::Poisson => {
            return Err(ModelError::NoDeckPrior.into());
        }
        [name, parts @ ..] if name == "deck" => parts,
        parts => parts,
    };
    shape.settings(base, parts)
}

fn unit_rate() -> Result<RegimePriors, ModelError> {
    RatePrior::new(Prior::exponential(1.0)?).map(RegimePriors::Poisson)
}

fn shape(arguments: &ModelArguments) -> Result<Shape, Failure> {
    let regimes = match (&arguments.regimes, arguments.switches) {
        (Some(regimes), _) => regimes.parse()?,
        (None, None) => Regimes::one_switch(),
        (None, Some(switches)) => {
            Regimes::free(switches).map_err(|_| Failure::usage(SwitchesError { switches }))?
        }
    };
    let switch_prior = match arguments.switch_prior {
        Some(SwitchPriorName::Sequential) => SwitchPrior::Sequential,
        Some(SwitchPriorName::Uniform) => SwitchPrior::Uniform,
        None if regimes.is_reversion() || regimes.n_switches() == 1 => SwitchPrior::Sequential,
        None => SwitchPrior::Uniform,
    };
    Ok(Shape {
        likelihood: arguments.likelihood.parse()?,
        regimes,
        switch_prior,
    })
}

impl Shape {
    /// This shape with the priors that `words` ask for on `series`.
    fn on(self, words: &[String], series: &Series) -> Result<SwitchSettings, Failure> {
        let on_data = || RegimePriors::scaled_to(self.likelihood, series);
        let deck = || RegimePriors::deck(self.likelihood, &self.regimes);
        let is_counts = self.likelihood == Likelihood::Poisson;
        let (base, parts) = match words {
            [name, parts @ ..] if name == "deck" => (deck()?, parts),
            [name, parts @ ..] if name == "data" => (on_data()?, parts),
            // What every part replaces need not be had of the data.
            parts @ [_, ..] if is_counts => (unit_rate()?, parts),
            parts if is_deck(series) && !is_counts => (deck()?, parts),
            parts => (on_data()?, parts),
        };
        self.settings(base, parts)
    }

    fn settings(self, base: RegimePriors, parts: &[String]) -> Result<SwitchSettings, Failure> {
        Ok(SwitchSettings {
            likelihood: self.likelihood,
            regimes: self.regimes,
            priors: RegimePriors::parse(base, parts)?,
            switch_prior: self.switch_prior,
        })
    }
}
