//! What a regime says of one observation.

use std::fmt;
use std::str::FromStr;

use crate::ModelError;

/// The family of an observation's distribution within a regime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Likelihood {
    /// Normal, each regime with a mean and a standard deviation of its own.
    Normal,
    /// Normal, each regime with a mean of its own and all with the same standard deviation.
    NormalSharedSd,
    /// Poisson, each regime with a rate of its own.
    Poisson,
}

impl Likelihood {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Normal, Self::NormalSharedSd, Self::Poisson];

    /// The word used on the command line and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::NormalSharedSd => "normal-shared-sd",
            Self::Poisson => "poisson",
        }
    }

    /// Names of the parameters of `n_regimes` regimes, in the order of a position: `mu1, mu2, .., sigma1, sigma2, ..`,
    /// or `mu1, mu2, .., sigma`, or `rate1, rate2, ..`.
    pub fn parameter_names(self, n_regimes: usize) -> Vec<String> {
        let numbered = |name: &'static str| (1..=n_regimes).map(move |r| format!("{name}{r}"));
        match self {
            Self::Normal => numbered("mu").chain(numbered("sigma")).collect(),
            Self::NormalSharedSd => numbered("mu").chain(["sigma".to_owned()]).collect(),
            Self::Poisson => numbered("rate").collect(),
        }
    }

    /// Number of the regimes' parameters.
    pub fn n_parameters(self, n_regimes: usize) -> usize {
        match self {
            Self::Normal => 2 * n_regimes,
            Self::NormalSharedSd => n_regimes + 1,
            Self::Poisson => n_regimes,
        }
    }

    /// Index of the standard deviation of regime `r` of `n_regimes` among the parameters; the rate's own where there
    /// is none.
    pub(crate) fn spread_index(self, r: usize, n_regimes: usize) -> usize {
        match self {
            Self::Normal => n_regimes + r,
            Self::NormalSharedSd => n_regimes,
            Self::Poisson => r,
        }
    }
}

impl fmt::Display for Likelihood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Likelihood {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        Self::ALL
            .into_iter()
            .find(|likelihood| likelihood.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| ModelError::LikelihoodText {
                text: text.trim().to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_numbered_by_regime() {
        for likelihood in Likelihood::ALL {
            assert_eq!(likelihood.to_string().parse(), Ok(likelihood));
            let names = likelihood.parameter_names(3);
            assert_eq!(names.len(), likelihood.n_parameters(3));
        }
        assert_eq!(
            Likelihood::Normal.parameter_names(2),
            ["mu1", "mu2", "sigma1", "sigma2"]
        );
        assert_eq!(
            Likelihood::NormalSharedSd.parameter_names(2),
            ["mu1", "mu2", "sigma"]
        );
        let unknown = "binomial".parse::<Likelihood>().expect_err("it is unknown");
        assert!(unknown.to_string().contains("poisson"), "{unknown}");
    }
}
