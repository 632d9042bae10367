//! The Gaussian at an optimum that an optimiser has found.

use switchback_core::{ChainRng, LogDensity};

use super::{Laplace, LaplaceError, LaplaceSummary};
use crate::optimise::best::Reference;
use crate::{LbfgsSettings, climb_lbfgs};

impl Reference {
    /// Laplace's approximation at the top of the hill that the natural `values` are on, its `n_draws` draws weighed
    /// against the likelihood, or against the posterior density over unconstrained positions.
    ///
    /// An optimiser ends near the top, with a step size of its own; the last of the way is climbed here.
    ///
    /// # Errors
    /// When the values lie outside the space, or there is no Gaussian at the top.
    pub fn laplace(
        &self,
        values: &[f64],
        n_draws: usize,
        rng: &mut ChainRng,
    ) -> Result<LaplaceSummary, LaplaceError> {
        let objective = self.objective();
        // Raw sigmas of either sign are the same.
        let positive: Vec<f64> = objective
            .space()
            .parameters()
            .iter()
            .zip(values)
            .map(|(parameter, value)| {
                let is_sigma = parameter.name.starts_with("sigma");
                if is_sigma { value.abs() } else { *value }
            })
            .collect();
        let Ok(near) = objective.space().unconstrain(&positive) else {
            return Err(LaplaceError::Position {
                logp: f64::NEG_INFINITY,
            });
        };
        let top = climb_lbfgs(objective, &near, LbfgsSettings::default())?;
        Laplace::at(objective, &top.position)?.summary(&objective.as_density(), n_draws, rng)
    }
}

#[cfg(test)]
mod tests {
    use crate::Reference;
    use crate::optimise::testing::{model, objective, two_levels};
    use switchback_core::stream;
    use switchback_models::{Estimate, Objective, Parameterization};

    #[test]
    fn it_is_the_same_from_near_the_top_as_from_the_top() {
        let reference = Reference::of(&objective(&model(&two_levels()))).expect("an optimum");
        let best = &reference.best().values;
        let summary = |values: &[f64]| {
            let summary = reference.laplace(values, 500, &mut stream(1, 0));
            summary.expect("there is a Gaussian").rows
        };
        let (there, mut near) = (summary(best), best.clone());
        near[4] += 0.01;
        near[2] = -near[2];
        for (a, b) in summary(&near).iter().zip(&there) {
            assert!((a.value - b.value).abs() < 1e-6, "{a:?} {b:?}");
            assert!((a.standard_error / b.standard_error - 1.0).abs() < 1e-5);
        }
        assert!(
            reference
                .laplace(&[f64::NAN; 5], 500, &mut stream(1, 0))
                .is_err()
        );
    }

    #[test]
    fn a_map_without_jacobian_is_weighed_against_the_posterior_itself() {
        let summary = |with_jacobian| {
            let estimate = Estimate::Posterior { with_jacobian };
            let objective =
                Objective::sigmoid(model(&two_levels()), estimate, Parameterization::Log);
            let reference = Reference::of(&objective.expect("offered")).expect("an optimum");
            let best = reference.best().values.clone();
            reference
                .laplace(&best, 20_000, &mut stream(1, 0))
                .expect("there is a Gaussian")
        };
        let (plain, full) = (summary(false), summary(true));
        for (plain, full) in plain.rows.iter().zip(&full.rows) {
            // The tops differ; what the weights make of both is the posterior.
            let off = (plain.corrected_mean - full.corrected_mean).abs();
            assert!(off < 0.15 * full.corrected_sd, "{plain:?} {full:?}");
        }
        let apart = |index: usize| (plain.rows[index].value - full.rows[index].value).abs();
        assert!(apart(2) > 0.01, "{plain:?} {full:?}");
    }
}
