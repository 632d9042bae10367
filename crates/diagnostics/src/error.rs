//! What can be wrong with the shape of the input.

/// Draws of a shape, or a probability of a value, for which no diagnostic is defined.
///
/// Draws of the right shape never give an error: see the corner cases at the top of the crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DiagnosticsError {
    /// The list of chains is empty.
    #[error("no chains; give the draws of at least one chain")]
    NoChains,
    /// The chains are not equally long.
    #[error(
        "chain {chain} has {found} draws, chain 0 has {expected}; cut the chains to one length"
    )]
    UnequalLengths {
        /// Index of the first chain that differs from chain 0.
        chain: usize,
        /// Number of draws in chain 0.
        expected: usize,
        /// Number of draws in `chain`.
        found: usize,
    },
    /// The chains are too short to be split in two.
    #[error("{found} draws a chain, at least {needed} are needed; draw more")]
    TooFewDraws {
        /// Number of draws a chain.
        found: usize,
        /// The least number of draws a chain, [`MIN_DRAWS`](crate::MIN_DRAWS).
        needed: usize,
    },
    /// A probability outside `[0, 1]`, or NaN.
    #[error("{probability} is not a probability; give a number from 0 to 1")]
    InvalidProbability {
        /// The value given.
        probability: f64,
    },
}
