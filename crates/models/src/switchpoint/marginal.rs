//! The switchpoint model with its switches summed out.

use switchback_core::{
    ChainRng, DensityError, Posterior, Quantity, RowDensity, RowGradient, Space, Support, each_row,
};

use super::scratch::with_scratch;
use crate::{Paths, SwitchModel};

/// The posterior of the regimes' parameters alone: `p(D | theta) p(theta)`, where `p(D | theta)` sums over all places
/// of the switches.
///
/// A position holds the regimes' parameters in the order of [`crate::Likelihood::parameter_names`], positive ones by
/// their logarithm; [`RowDensity::logp_at`] is log-likelihood plus log priors plus the logarithm of the Jacobian. The
/// switches are not lost: [`Posterior::generate`] draws them given the parameters, and
/// [`Posterior::add_expectations`] adds up their probabilities (row-major `switches x n`), whose average over the draws
/// is `p(s | D)` with less noise than counting.
///
/// Where a value is `-inf` its gradient is 0.
#[derive(Debug, Clone)]
pub struct MarginalSwitch {
    paths: Paths,
    space: Space,
    is_positive: Vec<bool>,
}

impl MarginalSwitch {
    /// The posterior of `model`.
    pub fn new(model: SwitchModel) -> Self {
        let parameters = model.regime_parameters();
        Self {
            is_positive: parameters
                .iter()
                .map(|parameter| parameter.support == Support::Positive)
                .collect(),
            space: Space::new(parameters),
            paths: Paths::new(model),
        }
    }

    /// The model.
    pub fn model(&self) -> &SwitchModel {
        self.paths.model()
    }

    /// The places of its switches.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Writes the values of `position` into `values` and returns the log Jacobian.
    fn values_at(&self, position: &[f64], values: &mut [f64]) -> f64 {
        let mut log_jacobian = 0.0;
        for ((value, u), is_positive) in values.iter_mut().zip(position).zip(&self.is_positive) {
            *value = if *is_positive { u.exp() } else { *u };
            log_jacobian += if *is_positive { *u } else { 0.0 };
        }
        log_jacobian
    }

    fn logp_with(&self, position: &[f64], values: &mut [f64]) -> f64 {
        let log_jacobian = self.values_at(position, values);
        let log_likelihood = self.paths.log_likelihood(values);
        or_outside(log_likelihood + self.model().ln_prior(values) + log_jacobian)
    }

    fn logp_grad_with(&self, position: &[f64], values: &mut [f64], grad: &mut [f64]) -> f64 {
        let log_jacobian = self.values_at(position, values);
        grad.fill(0.0);
        let log_likelihood = self.paths.log_likelihood_and_gradient(values, grad);
        let logp = or_outside(log_likelihood + self.model().ln_prior(values) + log_jacobian);
        if logp == f64::NEG_INFINITY {
            grad.fill(0.0);
            return logp;
        }
        self.model().add_prior_gradient(values, grad);
        for ((slot, value), is_positive) in grad.iter_mut().zip(values).zip(&self.is_positive) {
            if *is_positive {
                *slot = *slot * *value + 1.0;
            }
        }
        logp
    }
}

/// `value`, or `-inf` where numbers at the border of a float's range made it no number.
fn or_outside(value: f64) -> f64 {
    if value.is_nan() {
        f64::NEG_INFINITY
    } else {
        value
    }
}

impl RowDensity for MarginalSwitch {
    fn domain(&self) -> &Space {
        &self.space
    }

    fn logp_at(&self, position: &[f64]) -> f64 {
        with_scratch(self.space.dim(), |values| self.logp_with(position, values))
    }
}

impl RowGradient for MarginalSwitch {
    fn logp_grad_at(&self, position: &[f64], grad: &mut [f64]) -> f64 {
        with_scratch(self.space.dim(), |values| {
            self.logp_grad_with(position, values, grad)
        })
    }
}

impl Posterior for MarginalSwitch {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        let dim = self.space.dim();
        with_scratch(dim, |values| {
            each_row(dim, positions, log_likelihood, |position| {
                self.values_at(position, values);
                self.paths.log_likelihood(values)
            })
        })
    }

    fn generated(&self) -> Vec<Quantity> {
        let names = self.model().switch_names("s").into_iter();
        let is_whole = true;
        names.map(|name| Quantity { name, is_whole }).collect()
    }

    fn generate(&self, position: &[f64], rng: &mut ChainRng, generated: &mut [f64]) {
        let mut values = vec![0.0; self.space.dim()];
        self.values_at(position, &mut values);
        let mut switches = vec![0; generated.len()];
        self.paths.draw(&values, rng, &mut switches);
        for (slot, s) in generated.iter_mut().zip(switches) {
            *slot = s as f64;
        }
    }

    fn n_expectations(&self) -> usize {
        self.model().n_switches() * self.model().n()
    }

    fn add_expectations(&self, position: &[f64], sums: &mut [f64]) {
        let mut values = vec![0.0; self.space.dim()];
        self.values_at(position, &mut values);
        self.paths.add_probabilities(&values, sums);
    }

    fn n_pointwise(&self) -> usize {
        self.model().n()
    }

    fn pointwise(&self, position: &[f64], generated: &[f64], pointwise: &mut [f64]) {
        let mut values = vec![0.0; self.space.dim()];
        self.values_at(position, &mut values);
        self.model().pointwise(&values, generated, pointwise);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{deck, gapped, relative, series};
    use crate::{
        HardSwitch, Likelihood, Prior, RatePrior, RegimePriors, SwitchPrior, SwitchPriors,
        SwitchSettings,
    };
    use switchback_core::{Gradient, LogDensity, stream};

    fn every_form() -> Vec<SwitchModel> {
        let counts = series(&[4.0, 6.0, 3.0, 5.0, 4.0, 1.0, 0.0, 2.0, 1.0, 0.0, 1.0, 3.0]);
        let rate = RatePrior::new(Prior::gamma(2.0, 0.5).expect("valid")).expect("valid");
        let mut models = Vec::new();
        for likelihood in Likelihood::ALL {
            for regimes in ["0,1", "0,1,0", "0,1,2"] {
                let (series, priors) = match likelihood {
                    Likelihood::Poisson => (counts.clone(), RegimePriors::Poisson(rate)),
                    _ => (gapped(30, 1), RegimePriors::Normal(SwitchPriors::deck())),
                };
                let settings = SwitchSettings {
                    likelihood,
                    regimes: regimes.parse().expect("it is offered"),
                    priors,
                    switch_prior: SwitchPrior::Uniform,
                };
                models.push(SwitchModel::new(&series, settings).expect("it can be modelled"));
            }
        }
        models
    }

    fn logp(target: &dyn LogDensity, position: &[f64]) -> f64 {
        let mut logp = [0.0];
        target.logp(position, &mut logp).expect("the shapes fit");
        logp[0]
    }

    #[test]
    fn it_is_the_hard_density_summed_over_the_switches() {
        for model in every_form() {
            let marginal = MarginalSwitch::new(model.clone());
            let hard = HardSwitch::new(model.clone());
            let position: Vec<f64> = (0..marginal.space.dim())
                .map(|i| 0.3 + 0.4 * i as f64)
                .collect();
            let (n, k) = (model.n(), model.n_switches());
            let each: Vec<f64> = (0..n.pow(k as u32))
                .map(|code| {
                    let places = (0..k).map(|i| (code / n.pow(i as u32) % n) as f64);
                    let position: Vec<f64> = position.iter().copied().chain(places).collect();
                    logp(&hard, &position)
                })
                .collect();
            let max = each.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum = max + each.iter().map(|ln| (ln - max).exp()).sum::<f64>().ln();
            let found = logp(&marginal, &position);
            assert!(
                relative(found, sum) < 1e-12,
                "{}: {found} {sum}",
                model.describe()
            );
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_density() {
        for model in every_form() {
            let target = MarginalSwitch::new(model);
            let dim = target.space.dim();
            let position: Vec<f64> = (0..dim).map(|i| 0.2 + 0.3 * i as f64).collect();
            let (mut value, mut grad) = ([0.0], vec![0.0; dim]);
            target
                .logp_grad(&position, &mut value, &mut grad)
                .expect("the shapes fit");
            assert_eq!(value[0], logp(&target, &position));
            for index in 0..dim {
                let h = 1e-5;
                let (mut up, mut down) = (position.clone(), position.clone());
                up[index] += h;
                down[index] -= h;
                let by_difference = (logp(&target, &up) - logp(&target, &down)) / (2.0 * h);
                assert!(
                    relative(grad[index], by_difference) < 1e-7,
                    "{index}: {} {by_difference}",
                    grad[index]
                );
            }
        }
    }

    #[test]
    fn what_a_draw_adds_is_of_its_switches() {
        let model = SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck())
            .expect("it can be modelled");
        let target = MarginalSwitch::new(model.clone());
        let position = [-0.8, 4.6, 0.1, 0.6];
        let mut s = [0.0];
        target.generate(&position, &mut stream(1, 0), &mut s);
        assert!((44.0..=46.0).contains(&s[0]), "{s:?}");
        let mut p = vec![0.0; target.n_expectations()];
        target.add_expectations(&position, &mut p);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12 && p[45] > 0.9);
        let mut each = vec![0.0; target.n_pointwise()];
        target.pointwise(&position, &s, &mut each);
        let values = [-0.8, 4.6, 0.1_f64.exp(), 0.6_f64.exp()];
        let whole = model.log_likelihood(&values, &[s[0] as usize]);
        assert!(relative(each.iter().sum(), whole) < 1e-12);
    }

    #[test]
    fn what_lies_outside_has_no_density_and_no_slope() {
        let target = MarginalSwitch::new(
            SwitchModel::one_normal_switch(&deck(), SwitchPriors::deck()).expect("it varies"),
        );
        for wrong in [f64::NAN, 800.0, -800.0] {
            let (mut value, mut grad) = ([0.0], [1.0; 4]);
            let position = [0.0, 0.0, wrong, 0.0];
            target
                .logp_grad(&position, &mut value, &mut grad)
                .expect("the shapes fit");
            assert_eq!((value[0], grad), (f64::NEG_INFINITY, [0.0; 4]), "{wrong}");
        }
        assert!(target.logp(&[0.0; 3], &mut [0.0]).is_err());
    }
}
