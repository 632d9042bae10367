//! Why a method ended. An outcome, not an error.

use std::fmt;

/// Why a method ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// All the steps that were asked for were taken.
    Completed,
    /// The parameters changed by less than their tolerance.
    Parameters,
    /// The objective changed by less than its absolute tolerance.
    Objective,
    /// The objective changed by less than its tolerance relative to its size.
    RelativeObjective,
    /// The gradient's norm is below its tolerance.
    Gradient,
    /// What a step can still gain is below its tolerance relative to the objective.
    RelativeGradient,
    /// A line search found no higher point: as good as arithmetic gets, or a density that is not smooth.
    LineSearch,
    /// A listener asked for the end.
    Interrupted,
    /// Value or gradient is no longer finite.
    NonFinite,
}

impl Stop {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Completed,
        Self::Parameters,
        Self::Objective,
        Self::RelativeObjective,
        Self::Gradient,
        Self::RelativeGradient,
        Self::LineSearch,
        Self::Interrupted,
        Self::NonFinite,
    ];

    /// The word used in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Parameters => "parameters",
            Self::Objective => "objective",
            Self::RelativeObjective => "relative_objective",
            Self::Gradient => "gradient",
            Self::RelativeGradient => "relative_gradient",
            Self::LineSearch => "line_search",
            Self::Interrupted => "interrupted",
            Self::NonFinite => "non_finite",
        }
    }

    /// CmdStan's number for the end of an optimiser (`stan/optimization/bfgs.hpp`, `TerminationCondition`); none where it
    /// has none.
    pub fn cmdstan_code(self) -> Option<i32> {
        match self {
            Self::Parameters => Some(10),
            Self::Objective => Some(20),
            Self::RelativeObjective => Some(21),
            Self::Gradient => Some(30),
            Self::RelativeGradient => Some(31),
            Self::Completed => Some(40),
            Self::LineSearch => Some(-1),
            Self::Interrupted | Self::NonFinite => None,
        }
    }

    /// Whether a stop rule held before the last step.
    pub fn is_converged(self) -> bool {
        matches!(self.cmdstan_code(), Some(10..=31))
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_codes_tell_the_ends_apart() {
        for (i, stop) in Stop::ALL.into_iter().enumerate() {
            for other in &Stop::ALL[i + 1..] {
                assert_ne!(stop.as_str(), other.as_str());
                let code = stop.cmdstan_code();
                assert!(code.is_none() || code != other.cmdstan_code());
            }
        }
        assert!(Stop::RelativeGradient.is_converged() && !Stop::Completed.is_converged());
        assert!(!Stop::LineSearch.is_converged() && !Stop::NonFinite.is_converged());
    }
}
