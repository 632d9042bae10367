//! Gradient answers: where a climb starts, how it runs, where it could have ended, and what became of it.

mod abreast;
pub mod best;
pub mod climb;
pub mod find_map;
pub mod fused;
pub mod hills;
pub mod laplace;
pub mod launch;
pub mod lbfgs;
pub mod lbfgs_climb;
pub mod optima;
pub mod plan;
mod rule;
pub mod soft;
pub mod tolerances;
pub mod tops;
pub mod verdict;

#[cfg(test)]
mod testing;
