//! The switchpoint model with whole-numbered switches.

use switchback_core::{DensityError, Parameter, Posterior, RowDensity, Space, Support, each_row};

use crate::SwitchModel;

/// Regimes with whole-numbered switches between them.
///
/// A position holds the regimes' parameters in the order of [`crate::Likelihood::parameter_names`], positive ones by
/// their logarithm, then the switches; [`RowDensity::logp_at`] is log-likelihood plus log priors plus the logarithm of
/// the Jacobian. One evaluation takes constant time, whatever the length.
///
/// Where a switch is no whole number, the switches are not in order, or [`SwitchModel::admits`] refuses them, all
/// values are `-inf`. The prior gives every place its share nevertheless: leaving one out takes nothing from, and adds
/// nothing to, the others.
#[derive(Debug, Clone)]
pub struct HardSwitch {
    model: SwitchModel,
    space: Space,
    /// Number of the regimes' parameters.
    n_parameters: usize,
}

/// The values of one position.
struct Values {
    parameters: Vec<f64>,
    /// `None` where one is no whole number of the series.
    switches: Option<Vec<usize>>,
}

impl HardSwitch {
    /// The posterior of `model`.
    pub fn new(model: SwitchModel) -> Self {
        let last = i64::try_from(model.n() - 1).unwrap_or(i64::MAX);
        let places = Support::Integers { low: 0, high: last };
        let mut parameters = model.regime_parameters();
        let n_parameters = parameters.len();
        let names = model.switch_names("s");
        parameters.extend(names.into_iter().map(|name| Parameter::new(name, places)));
        Self {
            model,
            space: Space::new(parameters),
            n_parameters,
        }
    }

    /// The model.
    pub fn model(&self) -> &SwitchModel {
        &self.model
    }

    fn values_at(&self, position: &[f64]) -> Values {
        let (parameters, switches) = position.split_at(self.n_parameters);
        let last = (self.model.n() - 1) as f64;
        Values {
            parameters: parameters
                .iter()
                .zip(self.space.parameters())
                .map(|(u, parameter)| parameter.constrain(*u))
                .collect(),
            switches: switches
                .iter()
                .map(|s| (s.fract() == 0.0 && *s >= 0.0 && *s <= last).then_some(*s as usize))
                .collect(),
        }
    }

    /// Log-likelihood at `position`, and what [`Self::logp_at`] adds to it.
    fn parts_at(&self, position: &[f64]) -> Option<(f64, f64)> {
        let Values {
            parameters,
            switches,
        } = self.values_at(position);
        let switches = switches?;
        let log_likelihood = self.model.log_likelihood(&parameters, &switches);
        let log_jacobian: f64 = self
            .space
            .parameters()
            .iter()
            .zip(position)
            .map(|(parameter, u)| parameter.log_jacobian(*u))
            .sum();
        let log_prior = self.model.ln_prior(&parameters)
            + self.model.switch_prior().ln_p(&switches, self.model.n());
        Some((log_likelihood, log_prior + log_jacobian))
    }

    fn log_likelihood_at(&self, position: &[f64]) -> f64 {
        self.parts_at(position)
            .map_or(f64::NEG_INFINITY, |(log_likelihood, _)| {
                or_outside(position, log_likelihood)
            })
    }
}

/// `value`, or `-inf` where numbers at the border of a float's range made it no number: only a position that
/// is itself `NaN` has a density of `NaN`.
fn or_outside(position: &[f64], value: f64) -> f64 {
    if value.is_nan() && !position.iter().any(|u| u.is_nan()) {
        f64::NEG_INFINITY
    } else {
        value
    }
}

impl RowDensity for HardSwitch {
    fn domain(&self) -> &Space {
        &self.space
    }

    fn logp_at(&self, position: &[f64]) -> f64 {
        self.parts_at(position)
            .map_or(f64::NEG_INFINITY, |(log_likelihood, rest)| {
                or_outside(position, log_likelihood + rest)
            })
    }
}

impl Posterior for HardSwitch {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        each_row(self.space.dim(), positions, log_likelihood, |position| {
            self.log_likelihood_at(position)
        })
    }

    fn n_expectations(&self) -> usize {
        self.model.n_switches() * self.model.n()
    }

    /// Counts the switches (row-major `switches x n`).
    fn add_expectations(&self, position: &[f64], sums: &mut [f64]) {
        let counts = sums.chunks_mut(self.model.n());
        for (s, counts) in position[self.n_parameters..].iter().zip(counts) {
            if let Some(count) = counts.get_mut(*s as usize) {
                *count += 1.0;
            }
        }
    }

    fn n_pointwise(&self) -> usize {
        self.model.n()
    }

    fn pointwise(&self, position: &[f64], _generated: &[f64], pointwise: &mut [f64]) {
        let parameters = self.values_at(position).parameters;
        let switches = &position[self.n_parameters..];
        self.model.pointwise(&parameters, switches, pointwise);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SwitchPriors;
    use crate::testing::{deck, gapped, ln_normal, relative, reversed, series, uniform};
    use switchback_core::LogDensity;
    use switchback_core::Series;

    /// One normal switch of `series` under the deck's priors.
    fn model(series: &Series) -> HardSwitch {
        HardSwitch::new(
            SwitchModel::one_normal_switch(series, SwitchPriors::deck()).expect("it varies"),
        )
    }

    fn logp(model: &HardSwitch, position: &[f64]) -> f64 {
        let mut value = [0.0];
        model.logp(position, &mut value).expect("the shapes fit");
        value[0]
    }

    fn log_likelihood(model: &HardSwitch, position: &[f64]) -> f64 {
        let mut value = [0.0];
        model
            .log_likelihood(position, &mut value)
            .expect("the shapes fit");
        value[0]
    }

    /// Sum of densities, observation by observation; `shift` moves the switch, for a control that must fail.
    fn dense(series: &Series, values: [f64; 4], s: usize, shift: usize) -> f64 {
        let [mu1, mu2, sigma1, sigma2] = values;
        series
            .observed()
            .map(|(index, x)| {
                if index < s + shift {
                    ln_normal(x, mu1, sigma1)
                } else {
                    ln_normal(x, mu2, sigma2)
                }
            })
            .sum()
    }

    fn dense_logp(series: &Series, priors: &SwitchPriors, position: &[f64], shift: usize) -> f64 {
        let [mu1, mu2, u1, u2, s] = position.try_into().expect("five coordinates");
        let (sigma1, sigma2) = (u1.exp(), u2.exp());
        let (mu, sigma) = (priors.mu(), priors.sigma());
        dense(series, [mu1, mu2, sigma1, sigma2], s as usize, shift)
            + mu.ln_pdf(mu1)
            + mu.ln_pdf(mu2)
            + sigma.ln_pdf(sigma1)
            + sigma.ln_pdf(sigma2)
            + (sigma1 * sigma2).ln()
            - (series.len() as f64).ln()
    }

    /// Largest relative difference from the dense sum over random positions.
    fn worst(series: &Series, shift: usize) -> f64 {
        let priors = SwitchPriors::deck();
        let model = model(series);
        let mut draw = uniform(11);
        (0..500)
            .map(|_| {
                let s = draw(0.0, series.len() as f64).floor();
                let position = [
                    draw(-3.0, 3.0),
                    draw(0.0, 8.0),
                    draw(-1.0, 2.0),
                    draw(-1.0, 2.0),
                    s,
                ];
                relative(
                    logp(&model, &position),
                    dense_logp(series, &priors, &position, shift),
                )
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_density_is_the_dense_sum() {
        for series in [deck(), gapped(150, 3)] {
            let error = worst(&series, 0);
            assert!(error < 1e-13, "{}: {error:e}", series.name());
            let off_by_one = worst(&series, 1);
            assert!(
                off_by_one > 1e-3,
                "a switch that is off by one passes: {off_by_one:e}"
            );
        }
    }

    #[test]
    fn a_batch_is_its_rows() {
        let model = model(&deck());
        let rows = [[-0.8, 4.6, -0.1, 0.6, 45.0], [0.0, 0.0, 0.0, 0.0, 0.0]];
        let mut batch = [0.0; 2];
        model
            .logp(&rows.concat(), &mut batch)
            .expect("the shapes fit");
        assert_eq!(batch, rows.map(|row| logp(&model, &row)));
        assert!(model.logp(&rows[0], &mut batch).is_err());
        assert!(model.log_likelihood(&rows[0][..4], &mut [0.0]).is_err());
    }

    #[test]
    fn the_likelihood_has_no_prior_and_no_jacobian() {
        let series = deck();
        let model = model(&series);
        let position = [-0.8, 4.6, 0.3, 0.6, 45.0];
        let values = [-0.8, 4.6, f64::exp(0.3), f64::exp(0.6)];
        let dense = dense(&series, values, 45, 0);
        assert!(relative(log_likelihood(&model, &position), dense) < 1e-13);
        assert_eq!(
            log_likelihood(&model, &position),
            model.model().log_likelihood(&values, &[45])
        );
        assert!((logp(&model, &position) - dense).abs() > 1.0);
    }

    #[test]
    fn a_reversed_series_swaps_the_regimes() {
        let series = gapped(101, 8);
        let (there, back) = (model(&series), model(&reversed(&series)));
        for s in 1..=100_u32 {
            let a = logp(&there, &[0.3, -1.0, 0.4, -0.2, f64::from(s)]);
            let b = logp(&back, &[-1.0, 0.3, -0.2, 0.4, f64::from(101 - s)]);
            assert!(relative(a, b) < 1e-13, "{s}: {a} {b}");
        }
    }

    #[test]
    fn what_lies_outside_is_minus_infinity() {
        let model = model(&series(&[1.0, 1.0, 1.0, 4.0, 5.0]));
        let at = |s: f64| logp(&model, &[0.0, 0.0, 0.0, 0.0, s]);
        assert!(at(0.0).is_finite() && at(1.0).is_finite() && at(4.0).is_finite());
        for s in [-1.0, 5.0, 0.5, f64::INFINITY, f64::NAN] {
            assert_eq!(at(s), f64::NEG_INFINITY, "s = {s}");
        }
        // Two and three equal observations: sigma1 -> 0 has no bound there.
        for s in [2.0, 3.0] {
            assert_eq!(at(s), f64::NEG_INFINITY, "s = {s}");
            let position = [1.0, 4.5, -2.0, 0.0, s];
            assert_eq!(log_likelihood(&model, &position), f64::NEG_INFINITY);
        }
        for u in [-800.0, 800.0, 1e300, -1e300] {
            assert_eq!(
                logp(&model, &[0.0, 0.0, u, 0.0, 4.0]),
                f64::NEG_INFINITY,
                "ln sigma1 = {u}"
            );
        }
        assert_eq!(
            logp(&model, &[1e300, 0.0, 0.0, 0.0, 4.0]),
            f64::NEG_INFINITY
        );
        assert!(logp(&model, &[f64::NAN, 0.0, 0.0, 0.0, 4.0]).is_nan());
    }
}
