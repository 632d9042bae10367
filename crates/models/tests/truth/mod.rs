//! The log-likelihood of relaxed switches and its derivatives as their formulas are, observation by observation over the
//! whole series, in numbers of 31 digits.

#![allow(dead_code, missing_docs, reason = "each user takes what it needs")]

pub mod dense;
pub mod double;
pub mod series;
