//! The switchpoint model with its whole-numbered switches held where they are.

use switchback_core::{Coordinate, RowDensity, RowGradient, Space, Support};

use super::scratch::{outside_or, with_scratch};
use crate::{Likelihood, SwitchModel};

/// The hard form's posterior as a function of the regimes' parameters alone, the switches held at one placing: what a
/// gradient method sees of whole-numbered switches, which have no gradient.
///
/// A position holds the regimes' parameters in the order of [`Likelihood::parameter_names`], positive ones by their
/// logarithm, in units of the data. [`RowDensity::logp_at`] is log-likelihood plus the log priors of parameters and switches
/// over their values, without a Jacobian: what PyMC's `find_MAP` makes large, whatever the coordinates.
///
/// Where the switches are out of order or range, or [`SwitchModel::admits`] refuses them, all values are `-inf`, and
/// gradients 0.
#[derive(Debug, Clone)]
pub struct HeldSwitch {
    model: SwitchModel,
    switches: Vec<usize>,
    ln_p_switches: f64,
    space: Space,
}

impl HeldSwitch {
    /// The posterior of `model` with the switches at `switches`.
    pub fn new(model: SwitchModel, switches: Vec<usize>) -> Self {
        let ln_p_switches = if switches.len() == model.n_switches() {
            model.switch_prior().ln_p(&switches, model.n())
        } else {
            f64::NEG_INFINITY
        };
        Self {
            space: space(&model),
            model,
            switches,
            ln_p_switches,
        }
    }

    /// The model.
    pub fn model(&self) -> &SwitchModel {
        &self.model
    }

    /// Where the switches are held.
    pub fn switches(&self) -> &[usize] {
        &self.switches
    }

    /// Log-likelihood in nats of the regimes' `parameters` on their natural scale.
    pub fn log_likelihood_of(&self, parameters: &[f64]) -> f64 {
        if self.ln_p_switches == f64::NEG_INFINITY {
            return f64::NEG_INFINITY;
        }
        self.model.log_likelihood(parameters, &self.switches)
    }

    fn ln_prior(&self, parameters: &[f64]) -> f64 {
        self.model.ln_prior(parameters) + self.ln_p_switches
    }
}

/// The regimes' parameters in coordinates in which the whole series has mean 0 and spread 1.
fn space(model: &SwitchModel) -> Space {
    let whole = model.data().stretch(0..model.n());
    let sd = (whole.sum_sq / whole.count as f64).sqrt();
    let coordinate = |support| match (support, model.likelihood()) {
        (Support::Positive, Likelihood::Poisson) => Coordinate {
            center: whole.mean.ln(),
            scale: 1.0,
        },
        (Support::Positive, _) => Coordinate {
            center: sd.ln(),
            scale: 1.0,
        },
        _ => Coordinate {
            center: whole.mean,
            scale: sd,
        },
    };
    let is_usable = |c: &Coordinate| c.center.is_finite() && c.scale.is_finite() && c.scale > 0.0;
    let parameters = model.regime_parameters().into_iter().map(|parameter| {
        let in_units = coordinate(parameter.support);
        if is_usable(&in_units) {
            parameter.with_coordinate(in_units)
        } else {
            parameter
        }
    });
    Space::new(parameters.collect())
}

impl RowDensity for HeldSwitch {
    fn domain(&self) -> &Space {
        &self.space
    }

    fn logp_at(&self, position: &[f64]) -> f64 {
        with_scratch(self.space.dim(), |values| {
            self.space.constrain_into(position, values);
            outside_or(self.log_likelihood_of(values), || self.ln_prior(values))
        })
    }
}

impl RowGradient for HeldSwitch {
    fn logp_grad_at(&self, position: &[f64], grad: &mut [f64]) -> f64 {
        with_scratch(self.space.dim(), |values| {
            self.space.constrain_into(position, values);
            let logp = outside_or(self.log_likelihood_of(values), || self.ln_prior(values));
            grad.fill(0.0);
            if !logp.is_finite() {
                return logp;
            }
            let cumulative = self.model.cumulative();
            for (r, range) in self.model.stretches(&self.switches) {
                let (end, start) = (cumulative.at(range.end), cumulative.at(range.start));
                let sums = std::array::from_fn(|i| end[i] - start[i]);
                self.model.add_gradient(values, r, sums, grad);
            }
            self.model.add_prior_gradient(values, grad);
            self.space.pull_back_alone(position, values, grad);
            logp
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{gapped, relative, series, uniform};
    use crate::{
        HardSwitch, Prior, RatePrior, RegimePriors, SwitchPrior, SwitchPriors, SwitchSettings,
    };
    use switchback_core::{Gradient, LogDensity};

    fn every_model() -> Vec<SwitchModel> {
        let counts = series(&[4.0, 6.0, 3.0, 5.0, 4.0, 1.0, 0.0, 2.0, 1.0, 0.0, 1.0, 3.0]);
        let rate = RatePrior::new(Prior::gamma(2.0, 0.5).expect("valid")).expect("valid");
        let mut models = Vec::new();
        for likelihood in Likelihood::ALL {
            for regimes in ["0,1", "0,1,0", "0,1,2"] {
                for switch_prior in [SwitchPrior::Sequential, SwitchPrior::Uniform] {
                    let (series, priors) = match likelihood {
                        Likelihood::Poisson => (counts.clone(), RegimePriors::Poisson(rate)),
                        _ => (gapped(30, 1), RegimePriors::Normal(SwitchPriors::deck())),
                    };
                    let settings = SwitchSettings {
                        likelihood,
                        regimes: regimes.parse().expect("it is offered"),
                        priors,
                        switch_prior,
                    };
                    models.push(SwitchModel::new(&series, settings).expect("it can be modelled"));
                }
            }
        }
        models
    }

    fn placings(model: &SwitchModel) -> Vec<Vec<usize>> {
        match model.n_switches() {
            1 => vec![vec![4], vec![7]],
            _ => vec![vec![3, 8], vec![4, 9]],
        }
    }

    fn at(target: &HeldSwitch, position: &[f64]) -> (f64, Vec<f64>) {
        let (mut value, mut grad) = ([0.0], vec![0.0; position.len()]);
        target
            .logp_grad(position, &mut value, &mut grad)
            .expect("the shapes fit");
        let mut alone = [0.0];
        target.logp(position, &mut alone).expect("the shapes fit");
        assert_eq!(value[0].to_bits(), alone[0].to_bits());
        (value[0], grad)
    }

    /// What [`HardSwitch`] has at the same values without its Jacobian, its switches moved by `shift`.
    fn of_hard(held: &HeldSwitch, values: &[f64], shift: usize) -> f64 {
        let hard = HardSwitch::new(held.model().clone());
        let switches = held.switches().iter().map(|s| (s + shift) as f64);
        let values: Vec<f64> = values.iter().copied().chain(switches).collect();
        let position = hard.space().unconstrain(&values).expect("inside");
        let mut value = [0.0];
        hard.logp(&position, &mut value).expect("the shapes fit");
        let positive = hard.space().parameters().iter().zip(&position);
        let jacobian: f64 = positive
            .map(|(parameter, u)| parameter.log_jacobian(*u))
            .sum();
        value[0] - jacobian
    }

    #[test]
    fn it_is_the_hard_form_over_values_and_a_switch_that_is_off_by_one_is_noticed() {
        let mut n_noticed = 0;
        for model in every_model() {
            for switches in placings(&model) {
                let held = HeldSwitch::new(model.clone(), switches);
                let mut draw = uniform(5);
                for _ in 0..20 {
                    let position: Vec<f64> =
                        (0..held.space().dim()).map(|_| draw(-1.0, 1.0)).collect();
                    let values = held.space().constrain(&position);
                    let (value, _) = at(&held, &position);
                    let error = relative(value, of_hard(&held, &values, 0));
                    assert!(error < 1e-12, "{}: {error:e}", model.describe());
                    n_noticed += usize::from(relative(value, of_hard(&held, &values, 1)) > 1e-6);
                }
            }
        }
        assert!(n_noticed > 600, "{n_noticed} of 720 noticed");
    }

    #[test]
    fn the_gradient_is_that_of_central_differences() {
        for model in every_model() {
            for switches in placings(&model) {
                let held = HeldSwitch::new(model.clone(), switches);
                let mut draw = uniform(9);
                for _ in 0..5 {
                    let position: Vec<f64> =
                        (0..held.space().dim()).map(|_| draw(-0.8, 0.8)).collect();
                    let (_, grad) = at(&held, &position);
                    let size = grad.iter().fold(1.0_f64, |size, g| size.max(g.abs()));
                    for (index, slope) in grad.iter().enumerate() {
                        let value_at = |moved: f64| {
                            let mut position = position.clone();
                            position[index] += moved;
                            at(&held, &position).0
                        };
                        let of = |h: f64| (value_at(h) - value_at(-h)) / (2.0 * h);
                        let difference = (4.0 * of(5e-4) - of(1e-3)) / 3.0;
                        let error = (slope - difference).abs() / size;
                        assert!(error < 1e-7, "{} {index}: {error:e}", model.describe());
                    }
                }
            }
        }
    }

    #[test]
    fn switches_that_cannot_be_are_outside() {
        let model = SwitchModel::one_normal_switch(
            &series(&[1.0, 1.0, 1.0, 4.0, 5.0]),
            SwitchPriors::deck(),
        );
        let model = model.expect("it varies");
        for switches in [vec![2], vec![3], vec![5], vec![], vec![1, 4]] {
            let held = HeldSwitch::new(model.clone(), switches);
            assert_eq!(at(&held, &[0.0; 4]), (f64::NEG_INFINITY, vec![0.0; 4]));
        }
        let held = HeldSwitch::new(model, vec![4]);
        assert!(at(&held, &[0.0; 4]).0.is_finite());
        assert!(at(&held, &[f64::NAN, 0.0, 0.0, 0.0]).0.is_nan());
    }
}
