//! The priors of every regime's parameters, for each family of observations.

use std::fmt;

use switchback_core::Series;

use super::{Likelihood, Regimes};
use crate::switch_priors::{is, three_digits};
use crate::{ModelError, Prior, SwitchPriors};

/// A gamma prior of a Poisson rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatePrior {
    pub(crate) shape: f64,
    pub(crate) rate: f64,
    /// As it was written: exponential or gamma.
    prior: Prior,
}

impl RatePrior {
    /// The prior, which must be exponential or gamma.
    ///
    /// # Errors
    /// When it is of another family.
    pub fn new(prior: Prior) -> Result<Self, ModelError> {
        let (shape, rate) = match prior {
            Prior::Exponential { rate } => (1.0, rate),
            Prior::Gamma { shape, rate } => (shape, rate),
            other => {
                return Err(ModelError::PriorKind {
                    parameter: "rate",
                    given: other.to_string(),
                    accepted: "exponential(RATE) or rate=gamma(SHAPE, RATE)",
                });
            }
        };
        Ok(Self { shape, rate, prior })
    }

    /// Exponential with the mean of the data, to three digits.
    ///
    /// # Errors
    /// When all counts are 0.
    pub fn scaled_to(series: &Series) -> Result<Self, ModelError> {
        let mean = series.mean();
        if mean <= 0.0 {
            return Err(ModelError::NoCounts {
                series: series.name().to_owned(),
                observed: series.n_observed(),
            });
        }
        Self::new(Prior::exponential(three_digits(1.0 / mean).0)?)
    }

    /// As a density.
    pub fn prior(&self) -> Prior {
        self.prior
    }
}

/// The priors of the regimes' parameters; every regime has the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RegimePriors {
    /// Of `mu` and `sigma`.
    Normal(SwitchPriors),
    /// Of `rate`.
    Poisson(RatePrior),
}

impl RegimePriors {
    /// Weakly informative priors on the data's own scale: [`SwitchPriors::scaled_to`] or [`RatePrior::scaled_to`].
    ///
    /// # Errors
    /// When the series has no scale.
    pub fn scaled_to(likelihood: Likelihood, series: &Series) -> Result<Self, ModelError> {
        match likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                SwitchPriors::scaled_to(series).map(Self::Normal)
            }
            Likelihood::Poisson => RatePrior::scaled_to(series).map(Self::Poisson),
        }
    }

    /// The talk's own: [`SwitchPriors::deck_reversion`] with reversion, else [`SwitchPriors::deck`].
    ///
    /// # Errors
    /// For Poisson regimes, of which the talk has none.
    pub fn deck(likelihood: Likelihood, regimes: &Regimes) -> Result<Self, ModelError> {
        match likelihood {
            Likelihood::Normal | Likelihood::NormalSharedSd if regimes.is_reversion() => {
                Ok(Self::Normal(SwitchPriors::deck_reversion()))
            }
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                Ok(Self::Normal(SwitchPriors::deck()))
            }
            Likelihood::Poisson => Err(ModelError::NoDeckPrior),
        }
    }

    /// `base` with the parts that `parts` override, each `mu=..`, `sigma=..` or `rate=..` as the family has it.
    ///
    /// # Errors
    /// When a part names another parameter, names one twice, holds no prior, or one of the wrong family.
    pub fn parse<S: AsRef<str>>(base: Self, parts: &[S]) -> Result<Self, ModelError> {
        match base {
            Self::Normal(base) => SwitchPriors::parse(base, parts).map(Self::Normal),
            Self::Poisson(base) => parse_rate(base, parts).map(Self::Poisson),
        }
    }

    /// Log density of the regimes' parameters in the order of [`Likelihood::parameter_names`], without
    /// [`Self::ln_constant`].
    pub(super) fn ln_kernel(&self, values: &[f64], n_regimes: usize) -> f64 {
        let mut sum = 0.0;
        for (index, value) in values.iter().enumerate() {
            sum += self.of_parameter(index, n_regimes).ln_kernel(*value);
        }
        sum
    }

    /// The part of the log density of `n_parameters` parameters that does not depend on their values.
    pub(super) fn ln_constant(&self, n_parameters: usize, n_regimes: usize) -> f64 {
        (0..n_parameters)
            .map(|index| self.of_parameter(index, n_regimes).ln_constant())
            .sum()
    }

    /// The prior of parameter `index` in the order of [`Likelihood::parameter_names`].
    pub fn of_parameter(&self, index: usize, n_regimes: usize) -> Prior {
        match self {
            Self::Normal(priors) if index < n_regimes => priors.mu(),
            Self::Normal(priors) => priors.sigma(),
            Self::Poisson(priors) => priors.prior(),
        }
    }

    /// Name and prior of each kind of parameter, for printing and files.
    pub fn named(&self) -> Vec<(&'static str, Prior)> {
        match self {
            Self::Normal(priors) => vec![("mu", priors.mu()), ("sigma", priors.sigma())],
            Self::Poisson(priors) => vec![("rate", priors.prior())],
        }
    }

    /// Whether they are those of `likelihood`.
    pub(super) fn fit(&self, likelihood: Likelihood) -> bool {
        matches!(self, Self::Poisson(_)) == (likelihood == Likelihood::Poisson)
    }
}

impl fmt::Display for RegimePriors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, prior)) in self.named().into_iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{name}={prior}")?;
        }
        Ok(())
    }
}

fn parse_rate<S: AsRef<str>>(base: RatePrior, parts: &[S]) -> Result<RatePrior, ModelError> {
    let mut rate = None;
    for part in parts {
        let Some((_, prior)) = part
            .as_ref()
            .split_once('=')
            .filter(|(name, _)| is(name, "rate"))
        else {
            return Err(ModelError::PriorParameter {
                text: part.as_ref().trim().to_owned(),
                accepted: "rate=exponential(1) or rate=gamma(2, 1)",
            });
        };
        let prior: Prior = prior.parse().map_err(|source| ModelError::PriorPart {
            parameter: "rate",
            source: Box::new(source),
        })?;
        if rate.replace(RatePrior::new(prior)?).is_some() {
            return Err(ModelError::PriorTwice { parameter: "rate" });
        }
    }
    Ok(rate.unwrap_or(base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::series;

    #[test]
    fn each_family_takes_its_own_parts() {
        let base = RegimePriors::Normal(SwitchPriors::deck());
        let priors = RegimePriors::parse(base, &["mu=normal(1,3)"]).expect("it is valid");
        assert_eq!(priors.to_string(), "mu=normal(1, 3) sigma=half-normal(2)");
        assert!(RegimePriors::parse(base, &["rate=exponential(1)"]).is_err());
        let counts = series(&[1.0, 4.0, 0.0, 3.0]);
        let base = RegimePriors::scaled_to(Likelihood::Poisson, &counts).expect("it varies");
        assert_eq!(base.to_string(), "rate=exponential(0.5)");
        let priors = RegimePriors::parse(base, &["rate=gamma(2,1)"]).expect("it is valid");
        assert_eq!(priors.to_string(), "rate=gamma(2, 1)");
        for wrong in [
            "mu=normal(0,2)",
            "rate=normal(0,2)",
            "rate=beta(1,1)",
            "rate",
        ] {
            assert!(RegimePriors::parse(base, &[wrong]).is_err(), "{wrong}");
        }
        let twice = RegimePriors::parse(base, &["rate=exponential(1)", "rate=exponential(2)"]);
        assert_eq!(twice, Err(ModelError::PriorTwice { parameter: "rate" }));
    }

    #[test]
    fn the_talk_has_wider_priors_for_two_switches_and_none_for_counts() {
        let deck = |likelihood, regimes: &Regimes| RegimePriors::deck(likelihood, regimes);
        let one = deck(Likelihood::Normal, &Regimes::one_switch()).expect("it has them");
        assert_eq!(one.to_string(), "mu=normal(0, 2) sigma=half-normal(2)");
        let two = deck(Likelihood::Normal, &Regimes::reversion()).expect("it has them");
        assert_eq!(two.to_string(), "mu=normal(0, 4) sigma=half-normal(4)");
        let none = deck(Likelihood::Poisson, &Regimes::one_switch());
        assert_eq!(none, Err(ModelError::NoDeckPrior));
        let silent = RegimePriors::scaled_to(Likelihood::Poisson, &series(&[0.0, 0.0]));
        assert!(matches!(silent, Err(ModelError::NoCounts { .. })));
    }

    #[test]
    fn the_density_is_the_sum_over_the_parameters() {
        let priors = RegimePriors::Normal(SwitchPriors::deck());
        let (mu, sigma) = (SwitchPriors::deck().mu(), SwitchPriors::deck().sigma());
        let sum = mu.ln_pdf(1.0) + mu.ln_pdf(-2.0) + sigma.ln_pdf(0.5) + sigma.ln_pdf(3.0);
        let ln_pdf =
            |values: &[f64]| priors.ln_kernel(values, 2) + priors.ln_constant(values.len(), 2);
        assert!((ln_pdf(&[1.0, -2.0, 0.5, 3.0]) - sum).abs() < 1e-14);
        let shared = mu.ln_pdf(1.0) + mu.ln_pdf(-2.0) + sigma.ln_pdf(0.5);
        assert!((ln_pdf(&[1.0, -2.0, 0.5]) - shared).abs() < 1e-14);
    }
}
