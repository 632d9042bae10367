//! Optimisers, samplers, verdicts and the one driver loop.
