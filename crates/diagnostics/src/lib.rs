//! Convergence diagnostics: pure functions on draws.
