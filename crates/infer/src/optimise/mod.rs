//! Gradient answers: where a climb starts, how it runs, where it could have ended, and what became of it.

pub mod best;
pub mod climb;
pub mod laplace;
pub mod lbfgs;
pub mod plan;
pub mod verdict;
