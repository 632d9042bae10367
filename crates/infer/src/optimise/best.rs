//! The best optimum known of an objective: the hills of the exact hard profile, polished.

use switchback_core::{Coordinate, DensityError, LogDensity, Support, tau_of};
use switchback_models::{Estimate, HardPeaks, Objective, Placed, is_degenerate};

use super::lbfgs::{LbfgsSettings, climb_lbfgs};
use crate::InferError;

/// Hills of the hard profile that are climbed, the highest first.
pub(super) const HILLS: usize = 256;

/// The best optimum known of an objective, not counting the corners where a sigma goes to 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// Parameters and `tau` in the order of the objective's space.
    pub values: Vec<f64>,
    /// The objective there.
    pub objective: f64,
    /// The log-likelihood there, in nats.
    pub log_likelihood: f64,
    /// The switchpoints that it stands for.
    pub switches: Vec<usize>,
}

/// What the results of optimisers are held against.
#[derive(Debug, Clone)]
pub struct Reference {
    objective: Objective,
    peaks: HardPeaks,
    best: Best,
    n_evaluations: u64,
}

impl Reference {
    /// Climbs `objective` by L-BFGS from every high peak of the hard profile and keeps the best.
    ///
    /// The hard optimum itself is a candidate too, so that there is always an answer.
    ///
    /// # Errors
    /// When no placing of the switches leaves every regime something to be fitted to.
    pub fn of(objective: &Objective) -> Result<Self, InferError> {
        let peaks = HardPeaks::of(objective.model())?;
        let objective = in_units_of_the_data(objective)?;
        let values = natural(&objective, peaks.best());
        let mut reference = Self {
            best: Best {
                objective: value_of(&objective, &values),
                log_likelihood: objective.log_likelihood_of(&values),
                switches: peaks.best().switches.clone(),
                values,
            },
            objective,
            peaks,
            n_evaluations: 0,
        };
        let hills: Vec<Vec<f64>> = reference
            .peaks
            .peaks()
            .iter()
            .take(HILLS)
            .map(|hill| natural(&reference.objective, hill))
            .collect();
        for values in hills {
            reference.polish(&values)?;
        }
        Ok(reference)
    }

    /// Climbs from `values` and keeps the top if it is the best so far.
    fn polish(&mut self, values: &[f64]) -> Result<(), DensityError> {
        // A prior may not reach where the likelihood is high.
        let Ok(start) = self.objective.space().unconstrain(values) else {
            return Ok(());
        };
        let summit = climb_lbfgs(&self.objective, &start, LbfgsSettings::default())?;
        self.n_evaluations += summit.n_evaluations;
        let values = self.objective.space().constrain(&summit.position);
        self.consider(&values);
        Ok(())
    }

    /// Takes `values` for the best known if they are better than what was, and not degenerate.
    pub fn consider(&mut self, values: &[f64]) {
        let objective = self.objective_of(values);
        if objective > self.best.objective && objective.is_finite() && !self.is_degenerate(values) {
            self.best = Best {
                values: values.to_vec(),
                objective,
                log_likelihood: self.objective.log_likelihood_of(values),
                switches: self.objective.switches_of(values),
            };
        }
    }

    /// What is climbed, in double precision and in coordinates on the scale of the data.
    pub fn objective(&self) -> &Objective {
        &self.objective
    }

    /// The hard profile.
    pub fn peaks(&self) -> &HardPeaks {
        &self.peaks
    }

    /// The best optimum known.
    pub fn best(&self) -> &Best {
        &self.best
    }

    /// Evaluations of value and gradient that the search took.
    pub fn n_evaluations(&self) -> u64 {
        self.n_evaluations
    }

    /// The objective at the natural `values`; `-inf` outside its space.
    pub fn objective_of(&self, values: &[f64]) -> f64 {
        value_of(&self.objective, values)
    }

    /// Whether the switches of `values` leave a regime of which the likelihood has no maximum, or that nothing is said of.
    pub fn is_degenerate(&self, values: &[f64]) -> bool {
        is_degenerate(self.objective.model(), &self.objective.switches_of(values))
    }
}

fn value_of(objective: &Objective, values: &[f64]) -> f64 {
    // Raw sigmas may be negative, which only a likelihood knows how to value.
    if objective.estimate() == Estimate::Likelihood {
        return objective.log_likelihood_of(values);
    }
    let mut value = [f64::NEG_INFINITY];
    match objective.space().unconstrain(values) {
        Ok(position) if objective.logp(&position, &mut value).is_ok() => value[0],
        _ => f64::NEG_INFINITY,
    }
}

/// `placed` as values of the objective's space.
pub(super) fn natural(objective: &Objective, placed: &Placed) -> Vec<f64> {
    let mut values = placed.parameters.clone();
    if objective.steepness().is_some() {
        values.extend(placed.switches.iter().map(|s| tau_of(*s)));
    }
    values
}

/// The same objective with sigmas by their logarithm and every coordinate of the size of the data.
fn in_units_of_the_data(objective: &Objective) -> Result<Objective, InferError> {
    let model = objective.model();
    let same = match objective.steepness() {
        Some(steepness) => Objective::sigmoid(
            model.clone(),
            objective.estimate(),
            switchback_models::Parameterization::Log,
        )?
        .with_steepness(steepness)?,
        None => Objective::marginal(model.clone(), objective.estimate()),
    };
    let whole = model.data().stretch(0..model.n());
    let sd = (whole.sum_sq / whole.count as f64).sqrt();
    let coordinates: Vec<Coordinate> = same
        .space()
        .parameters()
        .iter()
        .map(|parameter| match parameter.support {
            Support::Real if parameter.name.starts_with("mu") => Coordinate {
                center: whole.mean,
                scale: sd,
            },
            Support::Positive if parameter.name.starts_with("sigma") => Coordinate {
                center: sd.ln(),
                scale: 1.0,
            },
            _ => Coordinate::IDENTITY,
        })
        .collect();
    Ok(same.with_coordinates(&coordinates)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimise::testing::{model, objective, two_levels};

    #[test]
    fn the_best_is_a_stationary_point_near_the_switch() {
        let objective = objective(&model(&two_levels()));
        let reference = Reference::of(&objective).expect("it has an optimum");
        let best = reference.best();
        assert!((28..=32).contains(&best.switches[0]), "{best:?}");
        let mut gradient = [0.0; 5];
        let value = objective.likelihood_gradient(&best.values, &mut gradient);
        assert_eq!(value, best.log_likelihood);
        assert_eq!(value, best.objective);
        assert!(
            gradient.iter().all(|slope| slope.abs() < 1e-5),
            "{gradient:?}"
        );
    }

    #[test]
    fn a_result_in_the_corner_is_never_the_best() {
        let series = two_levels();
        let objective = objective(&model(&series));
        let mut reference = Reference::of(&objective).expect("it has an optimum");
        let best = reference.best().clone();
        // All the weight of regime 1 on the first observation, with a tiny sigma.
        reference.consider(&[series.values()[0], 3.0, 1e-300, 2.0, -50.0]);
        reference.consider(&[f64::NAN; 5]);
        assert_eq!(reference.best(), &best);
    }

    #[test]
    fn a_better_result_is_taken_for_the_best() {
        let objective = objective(&model(&two_levels()));
        let mut reference = Reference::of(&objective).expect("it has an optimum");
        let best = reference.best().clone();
        let mut worse = best.values.clone();
        worse[0] += 1.0;
        reference.best = Best {
            objective: reference.objective_of(&worse),
            values: worse,
            ..best.clone()
        };
        reference.consider(&best.values);
        assert_eq!(reference.best(), &best);
    }
}
