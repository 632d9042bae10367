//! What a column of draws holds: numbers, whole numbers or flags.

use std::fmt;

use switchback_core::DrawSchema;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any number.
    Real,
    /// A whole number that `f64` holds exactly.
    Whole,
    /// 0 or 1.
    Flag,
}

/// Beyond it `f64` does not tell neighbouring whole numbers apart.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

impl Kind {
    /// The kind of a sampler's statistic, by ArviZ's name.
    pub(super) fn of_stat(name: &str) -> Self {
        match name {
            "diverging" | "reached_max_treedepth" => Self::Flag,
            "n_steps" | "tree_depth" => Self::Whole,
            _ => Self::Real,
        }
    }

    /// Whether `value` is of this kind.
    pub(super) fn takes(self, value: f64) -> bool {
        match self {
            Self::Real => true,
            Self::Whole => value.fract() == 0.0 && value.abs() <= LARGEST_WHOLE,
            Self::Flag => value == 0.0 || value == 1.0,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Real => "number",
            Self::Whole => "whole number",
            Self::Flag => "0 or 1",
        })
    }
}

/// Name and kind of each quantity.
pub(super) fn quantities(schema: &DrawSchema) -> Vec<(String, Kind)> {
    let kind = |is_whole| if is_whole { Kind::Whole } else { Kind::Real };
    schema
        .quantities
        .iter()
        .map(|quantity| (quantity.name.clone(), kind(quantity.is_whole)))
        .collect()
}

/// Name and kind of each statistic of the sampler.
pub(super) fn stats(schema: &DrawSchema) -> Vec<(String, Kind)> {
    schema
        .stats
        .iter()
        .map(|name| ((*name).to_owned(), Kind::of_stat(name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_flags_take_nothing_else() {
        for value in [0.0, -0.0, 1.0, -3.0, LARGEST_WHOLE, -LARGEST_WHOLE] {
            assert!(Kind::Whole.takes(value), "{value}");
        }
        for value in [0.5, f64::NAN, f64::INFINITY, 2.0 * LARGEST_WHOLE] {
            assert!(Kind::Real.takes(value));
            assert!(!Kind::Whole.takes(value), "{value}");
            assert!(!Kind::Flag.takes(value), "{value}");
        }
        assert!(Kind::Flag.takes(0.0) && Kind::Flag.takes(1.0) && !Kind::Flag.takes(2.0));
        let kinds = ["diverging", "n_steps", "tree_depth", "energy"].map(Kind::of_stat);
        assert_eq!(kinds, [Kind::Flag, Kind::Whole, Kind::Whole, Kind::Real]);
    }
}
