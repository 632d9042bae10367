//! Why a method ended. An outcome, not an error.

use std::fmt;

/// Why a method ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// All the steps that were asked for were taken.
    Completed,
    /// A stop rule held before the last step.
    Converged,
    /// A listener asked for the end.
    Interrupted,
    /// Value or gradient of every start is no longer finite.
    NonFinite,
}

impl Stop {
    /// The word used in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Converged => "converged",
            Self::Interrupted => "interrupted",
            Self::NonFinite => "non_finite",
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
