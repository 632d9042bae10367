//! The best optimum known of an objective: the hills of the exact hard profile, polished.

use switchback_core::{Coordinate, DensityError, LogDensity, Support, tau_of};
use switchback_models::{Estimate, HardPeaks, Likelihood, Objective, Placed};

use super::lbfgs::{LbfgsSettings, climb_lbfgs};
use crate::InferError;

/// Hills of the hard profile that are climbed, the highest first.
pub(super) const HILLS: usize = 256;

/// Share of the best fit's standard deviation, or rate, at the same switches below which one has collapsed: where the
/// likelihood rises until it is 0.
const COLLAPSED: f64 = 1e-3;

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
    /// Whether the best is an optimum, and not the hard one that stands in where every climb ended in a corner.
    is_optimum: bool,
    n_evaluations: u64,
}

impl Reference {
    /// Climbs `objective` by L-BFGS from every high peak of the hard profile and keeps the best.
    ///
    /// Where every climb ends in a corner the hard optimum itself stands in, so that there is always an answer.
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
            is_optimum: false,
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
        let is_better = !self.is_optimum || objective > self.best.objective;
        if is_better && objective.is_finite() && !self.is_degenerate(values) {
            self.is_optimum = true;
            self.best = Best {
                values: values.to_vec(),
                objective,
                log_likelihood: self.objective.log_likelihood_of(values),
                switches: self.objective.switches_of(values),
            };
        }
    }

    /// Whether an optimum is known that is no corner.
    pub fn is_optimum(&self) -> bool {
        self.is_optimum
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

    /// Whether `values` are in a corner: their switches leave a regime of which the likelihood has no maximum, or that
    /// nothing is said of, or a standard deviation or a rate has collapsed towards 0.
    ///
    /// A relaxed switch shares the observations next to it between two regimes, so that a standard deviation may go to 0
    /// where the observations that a hard switch would leave to its regime are not all the same.
    pub fn is_degenerate(&self, values: &[f64]) -> bool {
        let model = self.objective.model();
        let Some(fit) = Placed::of(model, &self.objective.switches_of(values)) else {
            return true;
        };
        let first = match model.likelihood() {
            Likelihood::Poisson => 0,
            Likelihood::Normal | Likelihood::NormalSharedSd => model.n_regimes(),
        };
        let mut fitted = fit.parameters.iter().zip(values).skip(first);
        fitted.any(|(fit, value)| value.abs() < COLLAPSED * fit)
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
    use crate::optimise::testing::{model, objective, series, two_levels};

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
    fn a_collapsed_sigma_is_a_corner_wherever_its_switch_is() {
        // A regime of equal values, and a switch that leaves it one other: the relaxed sigma goes to 0.
        let values: Vec<f64> = (0..50)
            .map(|i| {
                if i < 25 {
                    0.0
                } else {
                    ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0
                }
            })
            .collect();
        let mut reference = Reference::of(&objective(&model(&series(&values)))).expect("it varies");
        let best = reference.best().clone();
        let collapsed = [0.0, 0.1, 1e-20, 0.7, 27.3];
        assert!(reference.objective_of(&collapsed) > best.objective);
        assert!(reference.is_degenerate(&collapsed));
        reference.consider(&collapsed);
        assert_eq!(reference.best(), &best);
        assert!(best.values[2] > 1e-3 && best.values[3] > 1e-3, "{best:?}");
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
