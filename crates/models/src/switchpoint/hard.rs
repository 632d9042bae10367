//! The switchpoint model with a whole-numbered switch.

use std::sync::Arc;

use switchback_core::{DensityError, LogDensity, Parameter, Posterior, Series, Space, Support};

use super::scratch::each_row;
use crate::{PrefixSums, SwitchPriors};

/// Coordinates of a position: `mu1, mu2, sigma1, sigma2, s`.
const DIM: usize = 5;

/// Two normal regimes, `(mu1, sigma1)` before index `s` and `(mu2, sigma2)` from it on.
///
/// `s` is uniform on `0..=n-1`, and `s = 0` puts everything in the second regime. A position holds
/// `mu1, mu2, ln sigma1, ln sigma2, s`, and [`LogDensity::logp`] is log-likelihood plus log priors plus the
/// logarithm of the Jacobian of the two `sigma`. One evaluation takes constant time, whatever the length.
///
/// Where `s` is no whole number of `0..=n-1`, or [`PrefixSums::admits`] refuses it, all values are `-inf`.
/// The uniform prior gives every `s` its `1/n` nevertheless: leaving a switch out takes nothing from, and
/// adds nothing to, the others.
#[derive(Debug, Clone)]
pub struct HardSwitch {
    data: Arc<PrefixSums>,
    priors: SwitchPriors,
    space: Space,
}

impl HardSwitch {
    /// The posterior of `series` under `priors`.
    pub fn new(series: &Series, priors: SwitchPriors) -> Self {
        let last = i64::try_from(series.len() - 1).unwrap_or(i64::MAX);
        let space = Space::new(vec![
            Parameter::new("mu1", Support::Real),
            Parameter::new("mu2", Support::Real),
            Parameter::new("sigma1", Support::Positive),
            Parameter::new("sigma2", Support::Positive),
            Parameter::new("s", Support::Integers { low: 0, high: last }),
        ]);
        Self {
            data: Arc::new(PrefixSums::new(series)),
            priors,
            space,
        }
    }

    /// Log-likelihood in nats at the natural values `mu1, mu2, sigma1, sigma2` and switch `s`; `-inf` where
    /// `s` is not admitted.
    pub fn log_likelihood_of(&self, values: [f64; 4], s: usize) -> f64 {
        let [mu1, mu2, sigma1, sigma2] = values;
        let n = self.data.len();
        if s >= n || !self.data.admits(s) {
            return f64::NEG_INFINITY;
        }
        self.data.normal_log_likelihood(mu1, sigma1, 0..s)
            + self.data.normal_log_likelihood(mu2, sigma2, s..n)
    }

    /// The priors.
    pub fn priors(&self) -> &SwitchPriors {
        &self.priors
    }

    /// The running sums of the series.
    pub fn data(&self) -> &PrefixSums {
        &self.data
    }

    /// Natural values and switch of one position; no switch where it is not a whole number of `0..=n-1`.
    fn values_at(&self, position: &[f64]) -> ([f64; 4], Option<usize>) {
        let s = position[4];
        let is_switch = s.fract() == 0.0 && s >= 0.0 && s < self.data.len() as f64;
        (
            [
                position[0],
                position[1],
                position[2].exp(),
                position[3].exp(),
            ],
            is_switch.then_some(s as usize),
        )
    }

    fn logp_at(&self, position: &[f64]) -> f64 {
        let (values, Some(s)) = self.values_at(position) else {
            return f64::NEG_INFINITY;
        };
        let log_likelihood = self.log_likelihood_of(values, s);
        let log_jacobian = position[2] + position[3];
        let log_prior = self.priors.ln_pdf(values) - (self.data.len() as f64).ln();
        or_outside(position, log_likelihood + log_prior + log_jacobian)
    }

    fn log_likelihood_at(&self, position: &[f64]) -> f64 {
        let (values, Some(s)) = self.values_at(position) else {
            return f64::NEG_INFINITY;
        };
        or_outside(position, self.log_likelihood_of(values, s))
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

impl LogDensity for HardSwitch {
    fn space(&self) -> &Space {
        &self.space
    }

    fn logp(&self, positions: &[f64], logp: &mut [f64]) -> Result<(), DensityError> {
        each_row(DIM, positions, logp, |position| self.logp_at(position))
    }
}

impl Posterior for HardSwitch {
    fn log_likelihood(
        &self,
        positions: &[f64],
        log_likelihood: &mut [f64],
    ) -> Result<(), DensityError> {
        each_row(DIM, positions, log_likelihood, |position| {
            self.log_likelihood_at(position)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{deck, gapped, ln_normal, relative, reversed, series, uniform};

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
        let model = HardSwitch::new(series, priors);
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
        let model = HardSwitch::new(&deck(), SwitchPriors::deck());
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
        let model = HardSwitch::new(&series, SwitchPriors::deck());
        let position = [-0.8, 4.6, 0.3, 0.6, 45.0];
        let values = [-0.8, 4.6, f64::exp(0.3), f64::exp(0.6)];
        let dense = dense(&series, values, 45, 0);
        assert!(relative(log_likelihood(&model, &position), dense) < 1e-13);
        assert_eq!(
            log_likelihood(&model, &position),
            model.log_likelihood_of(values, 45)
        );
        assert!((logp(&model, &position) - dense).abs() > 1.0);
    }

    #[test]
    fn a_reversed_series_swaps_the_regimes() {
        let series = gapped(101, 8);
        let priors = SwitchPriors::deck();
        let (there, back) = (
            HardSwitch::new(&series, priors),
            HardSwitch::new(&reversed(&series), priors),
        );
        for s in 1..=100_u32 {
            let a = logp(&there, &[0.3, -1.0, 0.4, -0.2, f64::from(s)]);
            let b = logp(&back, &[-1.0, 0.3, -0.2, 0.4, f64::from(101 - s)]);
            assert!(relative(a, b) < 1e-13, "{s}: {a} {b}");
        }
    }

    #[test]
    fn what_lies_outside_is_minus_infinity() {
        let model = HardSwitch::new(&series(&[1.0, 1.0, 1.0, 4.0, 5.0]), SwitchPriors::deck());
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
