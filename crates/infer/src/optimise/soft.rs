//! What relaxing a switch costs: the soft optimum against the hard likelihood.

use switchback_models::Placed;

use super::best::Reference;

/// Log-likelihoods in nats of a relaxed optimum and of the hard switches next to it.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftAgainstHard {
    /// The relaxed likelihood at the optimum.
    pub soft: f64,
    /// The switchpoints that it stands for.
    pub switches: Vec<usize>,
    /// The hard likelihood there, with the optimum's own regimes; `-inf` where that is impossible.
    pub hard: f64,
    /// The hard likelihood there with the regimes that fit it best; none where none do.
    pub refitted: Option<f64>,
    /// The best placing of hard switches.
    pub best: Placed,
    /// Whether all placings were tried for it.
    pub is_exhaustive: bool,
}

impl SoftAgainstHard {
    /// Of the natural `values` of the sigmoid form that `reference` knows.
    pub fn of(values: &[f64], reference: &Reference) -> Self {
        let objective = reference.objective();
        let model = objective.model();
        let switches = objective.switches_of(values);
        let parameters = &values[..model.n_parameters().min(values.len())];
        let peaks = reference.peaks();
        Self {
            soft: objective.log_likelihood_of(values),
            hard: model.log_likelihood(parameters, &switches),
            refitted: Placed::of(model, &switches).map(|placed| placed.log_likelihood),
            best: peaks.best().clone(),
            is_exhaustive: peaks.is_exhaustive(),
            switches,
        }
    }

    /// Nats of hard likelihood that are lost where the relaxed optimum has its switches; none where no regimes fit there.
    pub fn cost(&self) -> Option<f64> {
        self.refitted
            .map(|refitted| self.best.log_likelihood - refitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::testing::{model, objective, two_levels};

    #[test]
    fn the_hard_optimum_costs_nothing_and_any_other_place_something() {
        let objective = objective(&model(&two_levels()));
        let reference = Reference::of(&objective).expect("it has an optimum");
        let best = reference.peaks().best();
        let mut values = best.parameters.clone();
        values.push(best.switches[0] as f64 + 0.5);
        let there = SoftAgainstHard::of(&values, &reference);
        assert_eq!(there.cost(), Some(0.0));
        assert!((there.hard - best.log_likelihood).abs() < 1e-9);
        assert!(there.soft < there.hard);
        values[4] += 3.0;
        let off = SoftAgainstHard::of(&values, &reference);
        assert!(off.cost().is_some_and(|cost| cost > 1.0));
        assert!(off.hard < off.refitted.expect("there are regimes"));
    }
}
