//! Where chains start: values drawn for each chain, seen as a position of the form that is sampled.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use switchback_core::{ChainRng, Posterior, SpaceError, Support, switchpoint_of, tau_of};
use switchback_models::{HardPeaks, Placed, Profile, SwitchModel};

use crate::InferError;

/// Draws that a chain is offered before it is said to have no start.
const TRIES: usize = 100;

/// Where a chain starts on the natural scale: the regimes' parameters, then whole-numbered switches.
pub type StartDraw<'a> = dyn Fn(&mut ChainRng) -> Vec<f64> + Sync + 'a;

/// Starts of chains on any form of one model.
pub struct Starts<'a> {
    model: &'a SwitchModel,
    draw: &'a StartDraw<'a>,
    fixed: Vec<(usize, f64)>,
}

/// The form of a model by the coordinates of its space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Hard,
    Sigmoid,
    Marginal,
}

impl<'a> Starts<'a> {
    /// Starts that `draw` gives: of the exact posterior, of the prior, or otherwise.
    pub fn new(model: &'a SwitchModel, draw: &'a StartDraw<'a>) -> Self {
        Self {
            model,
            draw,
            fixed: Vec::new(),
        }
    }

    /// The same starts with the parameter, or the switch, `name` at `value`: `mu1`, .., and `s1` or `tau1`, .. .
    ///
    /// # Errors
    /// When the model has nothing of that name.
    pub fn with_fixed(mut self, name: &str, value: f64) -> Result<Self, InferError> {
        let parameters = self
            .model
            .likelihood()
            .parameter_names(self.model.n_regimes());
        let n = self.model.n();
        let index_in = |names: &[String]| names.iter().position(|known| known == name);
        let switches = |letter| index_in(&self.model.switch_names(letter));
        let fixed = if let Some(index) = index_in(&parameters) {
            (index, value)
        } else if let Some(k) = switches("s") {
            (parameters.len() + k, value)
        } else if let Some(k) = switches("tau") {
            let clock = Support::Interval {
                low: 0.0,
                high: n as f64,
            };
            if !(0.0..n as f64).contains(&value) {
                return Err(InferError::Start(SpaceError::OutsideSupport {
                    name: name.to_owned(),
                    value,
                    support: clock,
                }));
            }
            (parameters.len() + k, switchpoint_of(value, n) as f64)
        } else {
            return Err(InferError::StartName {
                name: name.to_owned(),
                known: [parameters, self.model.switch_names("s")]
                    .concat()
                    .join(", "),
            });
        };
        self.fixed.push(fixed);
        Ok(self)
    }

    /// The unconstrained position on `target` where chain `chain` starts, of positive density.
    ///
    /// # Errors
    /// When a fixed value lies outside its support, or so many draws had no density.
    pub fn position(
        &self,
        target: &dyn Posterior,
        chain: usize,
        rng: &mut ChainRng,
    ) -> Result<Vec<f64>, InferError> {
        let form = Form::of(target, self.model);
        for _ in 0..TRIES {
            let mut values = (self.draw)(rng);
            for (index, value) in &self.fixed {
                if let Some(slot) = values.get_mut(*index) {
                    *slot = *value;
                }
            }
            let position = target
                .space()
                .unconstrain(&form.values(self.model, values, rng));
            let position = match position {
                Ok(position) => position,
                // Another draw may be inside; what was fixed stays outside.
                Err(_) if self.fixed.is_empty() => continue,
                Err(error) => return Err(error.into()),
            };
            let mut logp = [0.0];
            target.logp(&position, &mut logp)?;
            if logp[0].is_finite() {
                return Ok(position);
            }
        }
        Err(InferError::NoStart {
            chain,
            tries: TRIES,
        })
    }
}

impl Form {
    fn of(target: &dyn Posterior, model: &SwitchModel) -> Self {
        match target.space().parameters().get(model.n_parameters()) {
            None => Self::Marginal,
            Some(switch) if matches!(switch.support, Support::Integers { .. }) => Self::Hard,
            Some(_) => Self::Sigmoid,
        }
    }

    /// The values of this form that stand for `values` of the hard one.
    fn values(self, model: &SwitchModel, mut values: Vec<f64>, rng: &mut ChainRng) -> Vec<f64> {
        match self {
            Self::Hard => values,
            Self::Marginal => {
                values.truncate(model.n_parameters());
                values
            }
            Self::Sigmoid => {
                // Each `s` owns `[s, s + 1)`: from its middle, and in order where several share one.
                let switches = &mut values[model.n_parameters()..];
                let mut before = f64::NEG_INFINITY;
                for switch in switches {
                    let low = switch.max(before);
                    let width = (*switch + 1.0 - low).max(f64::MIN_POSITIVE);
                    *switch = if low == *switch {
                        tau_of(low as usize) + 0.2 * (rng.random::<f64>() - 0.5)
                    } else {
                        low + width * rng.random_range(0.1..0.9)
                    };
                    before = *switch;
                }
                values
            }
        }
    }
}

/// A start of one normal switch on the natural scale (`mu1, mu2, sigma1, sigma2, s`): a switch drawn evenly from those
/// that the data allow, with the regimes that fit it best, each shaken by about a third of its standard deviation.
///
/// Starts drawn so are spread far wider than the posterior wherever the data say where the switch is.
pub fn dispersed(profile: &Profile, rng: &mut ChainRng) -> Vec<f64> {
    let fits = profile.fits();
    // There is always a best one.
    let fit = fits
        .get(rng.random_range(0..fits.len().max(1)))
        .unwrap_or_else(|| profile.best());
    let mut noise = || {
        let noise: f64 = StandardNormal.sample(rng);
        noise / 3.0
    };
    vec![
        fit.mu1 + fit.sigma1 * noise(),
        fit.mu2 + fit.sigma2 * noise(),
        fit.sigma1 * noise().exp(),
        fit.sigma2 * noise().exp(),
        fit.s as f64,
    ]
}

/// A start of any model on the natural scale (parameters, then switches): one of the `peaks` of its hard profile, drawn by
/// its likelihood, with the regimes that fit best there.
pub fn on_peaks(peaks: &HardPeaks, rng: &mut ChainRng) -> Vec<f64> {
    let highest = peaks.best();
    let weight = |peak: &Placed| (peak.log_likelihood - highest.log_likelihood).exp();
    let total: f64 = peaks.peaks().iter().map(weight).sum();
    let mut left = total * rng.random::<f64>();
    let found = peaks.peaks().iter().find(|peak| {
        left -= weight(peak);
        left <= 0.0
    });
    let placed = found.unwrap_or(highest);
    let switches = placed.switches.iter().map(|s| *s as f64);
    placed.parameters.iter().copied().chain(switches).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchback_core::{Series, stream};
    use switchback_models::{HardSwitch, MarginalSwitch, SwitchPriors};

    fn model() -> SwitchModel {
        let values: Vec<_> = (0..30)
            .map(|i| Some(f64::from(i % 5) + if i < 12 { 0.0 } else { 4.0 }))
            .collect();
        let series = Series::new("y", &values).expect("a series");
        SwitchModel::one_normal_switch(&series, SwitchPriors::deck()).expect("it varies")
    }

    #[test]
    fn every_form_starts_at_the_same_values() {
        let model = model();
        let draw = |_: &mut ChainRng| vec![1.0, 5.0, 2.0, 3.0, 12.0];
        let starts = Starts::new(&model, &draw);
        let mut rng = stream(1, 0);
        let hard = HardSwitch::new(model.clone());
        let marginal = MarginalSwitch::new(model.clone());
        let mut values = |target: &dyn Posterior| {
            let position = starts
                .position(target, 0, &mut rng)
                .expect("it has density");
            target.space().constrain(&position)
        };
        assert!(
            values(&hard)
                .iter()
                .zip([1.0, 5.0, 2.0, 3.0, 12.0])
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
        assert_eq!(values(&marginal).len(), 4);
        let sigmoid = Form::Sigmoid.values(&model, vec![1.0, 5.0, 2.0, 3.0, 12.0], &mut rng);
        assert!((12.3..12.7).contains(&sigmoid[4]));
    }

    #[test]
    fn switches_that_coincide_start_in_order() {
        let mut rng = stream(2, 0);
        let model = model();
        for _ in 0..100 {
            let mut values = vec![0.0; 4];
            values.extend([7.0, 7.0, 7.0]);
            let values = Form::Sigmoid.values(&model, values, &mut rng);
            let taus = &values[4..];
            assert!(
                7.0 < taus[0] && taus[0] < taus[1] && taus[1] < taus[2] && taus[2] < 8.0,
                "{taus:?}"
            );
        }
    }

    #[test]
    fn values_can_be_fixed_by_name() {
        let model = model();
        let draw = |_: &mut ChainRng| vec![1.0, 5.0, 2.0, 3.0, 12.0];
        let hard = HardSwitch::new(model.clone());
        let starts = Starts::new(&model, &draw);
        let starts = starts
            .with_fixed("tau", 9.6)
            .and_then(|s| s.with_fixed("mu1", -2.0));
        let position = starts
            .expect("the names are known")
            .position(&hard, 0, &mut stream(1, 0))
            .expect("it has density");
        assert_eq!((position[0], position[4]), (-2.0, 9.0));
        let unknown = Starts::new(&model, &draw).with_fixed("nu", 1.0);
        assert!(matches!(unknown.err(), Some(InferError::StartName { .. })));
        let outside = Starts::new(&model, &draw)
            .with_fixed("sigma1", -1.0)
            .expect("the name is known");
        let outside = outside.position(&hard, 0, &mut stream(1, 0));
        assert!(matches!(outside, Err(InferError::Start(_))));
    }

    #[test]
    fn draws_without_density_are_no_starts() {
        let model = model();
        let draw = |_: &mut ChainRng| vec![1.0, 5.0, 2.0, 3.0, f64::from(31)];
        let hard = HardSwitch::new(model.clone());
        let none = Starts::new(&model, &draw).position(&hard, 3, &mut stream(1, 0));
        assert!(matches!(none, Err(InferError::NoStart { chain: 3, .. })));
    }

    #[test]
    fn peaks_are_started_on_as_often_as_they_are_likely() {
        let model = model();
        let peaks = HardPeaks::of(&model).expect("it has peaks");
        let best = peaks.best().clone();
        let sum = |peak: &Placed| (peak.log_likelihood - best.log_likelihood).exp();
        let share = 1.0 / peaks.peaks().iter().map(sum).sum::<f64>();
        let mut rng = stream(3, 0);
        let n = 20_000;
        let n_best = (0..n)
            .filter(|_| {
                let start = on_peaks(&peaks, &mut rng);
                assert_eq!(start.len(), 5);
                start[4] == best.switches[0] as f64
            })
            .count();
        // Five standard errors of a share.
        let error = (n_best as f64 / f64::from(n) - share).abs();
        let allowed = 5.0 * (share * (1.0 - share) / f64::from(n)).sqrt() + 1e-12;
        assert!(error <= allowed, "{n_best} of {n}, and {share}");
    }
}
