//! What is modelled: a series, the family of its observations, the order of its regimes and the priors.

mod cumulative;
mod generate;
mod likelihood;
mod regime_priors;
mod regimes;
mod switch_prior;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use switchback_core::{Parameter, Series, Support};

pub use cumulative::Cumulative;
pub(crate) use cumulative::ln_factorial;
pub use likelihood::Likelihood;
pub use regime_priors::{RatePrior, RegimePriors};
pub use regimes::Regimes;
pub use switch_prior::SwitchPrior;

use crate::prior::LN_SQRT_2_PI;
use crate::switchpoint::Observations;
use crate::{ModelError, PrefixSums, SwitchPriors};

/// The choices that make a model of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchSettings {
    /// Family of the observations.
    pub likelihood: Likelihood,
    /// Order of the regimes.
    pub regimes: Regimes,
    /// Priors of the regimes' parameters.
    pub priors: RegimePriors,
    /// Prior of the switches.
    pub switch_prior: SwitchPrior,
}

/// A switchpoint model of one series: everything that its hard, sigmoid and marginal forms, and the referee, share.
///
/// Switch `k` is the 0-based index of the first observation of stretch `k + 1`. The regimes' parameters stand in the
/// order of [`Likelihood::parameter_names`]; the `values` of a draw are those, then the switches.
#[derive(Debug, Clone)]
pub struct SwitchModel {
    data: Arc<PrefixSums>,
    /// Three numbers a row, which not everything asks for.
    cumulative: Arc<OnceLock<Cumulative>>,
    /// Likewise, and the same for all that is climbed.
    observations: Arc<OnceLock<Arc<Observations>>>,
    series: Arc<str>,
    settings: SwitchSettings,
    ln_prior_constant: f64,
}

impl SwitchModel {
    /// The model of `series` by `settings`.
    ///
    /// # Errors
    /// When the series is too short for the switches, does not vary, or is not what the family takes, or the priors
    /// are of another family.
    pub fn new(series: &Series, settings: SwitchSettings) -> Result<Self, ModelError> {
        let likelihood = settings.likelihood;
        if !settings.priors.fit(likelihood) {
            return Err(ModelError::PriorsOfAnother {
                likelihood: likelihood.as_str(),
                priors: settings.priors.to_string(),
            });
        }
        let (switches, observed) = (settings.regimes.n_switches(), series.n_observed());
        if observed <= switches {
            return Err(ModelError::TooManySwitches {
                series: series.name().to_owned(),
                switches,
                needed: switches + 1,
                observed,
            });
        }
        let data = PrefixSums::new(series);
        match likelihood {
            Likelihood::Poisson => check_counts(series)?,
            Likelihood::Normal => data.check(series)?,
            Likelihood::NormalSharedSd => {
                data.check(series)?;
                check_shared_spread(series, switches)?;
            }
        }
        Ok(Self {
            cumulative: Arc::default(),
            observations: Arc::default(),
            data: Arc::new(data),
            series: series.name().into(),
            ln_prior_constant: {
                let n_regimes = settings.regimes.n_regimes();
                let n_parameters = likelihood.n_parameters(n_regimes);
                settings.priors.ln_constant(n_parameters, n_regimes)
            },
            settings,
        })
    }

    /// One switch between two normal regimes.
    ///
    /// # Errors
    /// When all observations are the same, or their spread is beyond a float.
    pub fn one_normal_switch(series: &Series, priors: SwitchPriors) -> Result<Self, ModelError> {
        Self::new(
            series,
            SwitchSettings {
                likelihood: Likelihood::Normal,
                regimes: Regimes::one_switch(),
                priors: RegimePriors::Normal(priors),
                switch_prior: SwitchPrior::Sequential,
            },
        )
    }

    /// The choices.
    pub fn settings(&self) -> &SwitchSettings {
        &self.settings
    }

    /// Family of the observations.
    pub fn likelihood(&self) -> Likelihood {
        self.settings.likelihood
    }

    /// Order of the regimes.
    pub fn regimes(&self) -> &Regimes {
        &self.settings.regimes
    }

    /// Priors of the regimes' parameters.
    pub fn priors(&self) -> &RegimePriors {
        &self.settings.priors
    }

    /// Prior of the switches.
    pub fn switch_prior(&self) -> SwitchPrior {
        self.settings.switch_prior
    }

    /// Name of the series.
    pub fn series_name(&self) -> &str {
        &self.series
    }

    /// Running sums of the series about its mean.
    pub fn data(&self) -> &PrefixSums {
        &self.data
    }

    /// The observations as the sigmoid form reads them, made when first asked for.
    pub(crate) fn observations(&self) -> Arc<Observations> {
        let made = || {
            let data = Arc::clone(&self.data);
            Arc::new(Observations::new(self.likelihood(), self.regimes(), data))
        };
        Arc::clone(self.observations.get_or_init(made))
    }

    /// Running sums that the family's log density is linear in, made when first asked for.
    pub fn cumulative(&self) -> &Cumulative {
        let made = || Cumulative::of(self.likelihood(), &self.data);
        self.cumulative.get_or_init(made)
    }

    /// Number of rows, missing ones included.
    pub fn n(&self) -> usize {
        self.data.len()
    }

    /// Number of switches.
    pub fn n_switches(&self) -> usize {
        self.regimes().n_switches()
    }

    /// Number of regimes.
    pub fn n_regimes(&self) -> usize {
        self.regimes().n_regimes()
    }

    /// Number of the regimes' parameters.
    pub fn n_parameters(&self) -> usize {
        self.likelihood().n_parameters(self.n_regimes())
    }

    /// The model in a few words, as `one switch, normal regimes`.
    pub fn describe(&self) -> String {
        let regimes = match self.likelihood() {
            Likelihood::Normal => "normal regimes",
            Likelihood::NormalSharedSd => "normal regimes of one sd",
            Likelihood::Poisson => "poisson regimes",
        };
        match (self.n_switches(), self.regimes().is_reversion()) {
            (1, _) => format!("one switch, {regimes}"),
            (_, true) => format!("two switches with reversion, {regimes}"),
            (switches, false) => format!("{switches} switches, {regimes}"),
        }
    }

    /// The regimes' parameters with their supports: real, positive or positive.
    pub fn regime_parameters(&self) -> Vec<Parameter> {
        let n_regimes = self.n_regimes();
        let names = self.likelihood().parameter_names(n_regimes);
        let support = |index| match self.likelihood() {
            Likelihood::Normal | Likelihood::NormalSharedSd if index < n_regimes => Support::Real,
            _ => Support::Positive,
        };
        names
            .into_iter()
            .enumerate()
            .map(|(index, name)| Parameter::new(name, support(index)))
            .collect()
    }

    /// `s`, or `s1, s2, ..` where there are several; with `tau` in place of `s` likewise.
    pub fn switch_names(&self, letter: &str) -> Vec<String> {
        match self.n_switches() {
            1 => vec![letter.to_owned()],
            several => (1..=several).map(|k| format!("{letter}{k}")).collect(),
        }
    }

    /// The rows of each stretch that `switches` (in order, each at most `n`) make.
    pub fn stretches(&self, switches: &[usize]) -> impl Iterator<Item = (usize, Range<usize>)> {
        let starts = std::iter::once(0).chain(switches.iter().copied());
        let ends = switches.iter().copied().chain([self.n()]);
        let of_stretch = self.regimes().of_stretch().iter().copied();
        of_stretch.zip(starts.zip(ends).map(|(start, end)| start..end))
    }

    /// Whether `switches` leave a proper posterior: see [`PrefixSums::admits`], here for every regime.
    ///
    /// A regime is made of all stretches that belong to it. Poisson regimes and a shared sigma, whose series has been
    /// checked, admit everything.
    pub fn admits(&self, switches: &[usize]) -> bool {
        if self.likelihood() != Likelihood::Normal {
            return true;
        }
        if let (true, &[first, second]) = (self.regimes().is_reversion(), switches) {
            return self.data.is_proper(first..second)
                && self.data.is_proper_outside(first..second);
        }
        self.stretches(switches)
            .all(|(_, range)| self.data.is_proper(range))
    }

    /// Whether so many equal values stand together that a constant regime is likelier than chance: a Normal regime cannot be
    /// that, and its likelihood grows beyond bounds there.
    pub fn may_have_constant_regime(&self) -> bool {
        const LIKELIER_THAN_CHANCE: usize = 5;
        match (self.n_switches(), self.likelihood()) {
            (_, Likelihood::NormalSharedSd | Likelihood::Poisson) => false,
            (1, Likelihood::Normal) => {
                let excluded = (0..self.n()).filter(|s| !self.admits(&[*s]));
                excluded.take(LIKELIER_THAN_CHANCE).count() == LIKELIER_THAN_CHANCE
            }
            // One switch has so many excluded where one more observation is the same.
            (_, Likelihood::Normal) => self.longest_constant() > LIKELIER_THAN_CHANCE,
        }
    }

    /// The greatest number of equal observations that stand together, and with reversion of the two ends together: a
    /// regime that owns just those would be constant.
    pub(crate) fn longest_constant(&self) -> usize {
        let values = self.data.values().iter().filter(|y| !y.is_nan());
        let mut runs: Vec<(f64, usize)> = Vec::new();
        for &y in values {
            match runs.last_mut() {
                Some((value, count)) if *value == y => *count += 1,
                _ => runs.push((y, 1)),
            }
        }
        let longest = runs.iter().map(|(_, count)| *count).max().unwrap_or(0);
        match runs[..] {
            [(first, before), .., (last, after)]
                if self.regimes().is_reversion() && first == last =>
            {
                longest.max(before + after)
            }
            _ => longest,
        }
    }

    /// Log-likelihood in nats of the regimes' `parameters` and `switches`, and `-inf` where these are not in order, out
    /// of range or not admitted.
    pub fn log_likelihood(&self, parameters: &[f64], switches: &[usize]) -> f64 {
        if self.switch_prior().ln_p(switches, self.n()) == f64::NEG_INFINITY
            || !self.admits(switches)
        {
            return f64::NEG_INFINITY;
        }
        let n_regimes = self.n_regimes();
        self.stretches(switches)
            .map(|(r, range)| {
                let spread = parameters[self.likelihood().spread_index(r, n_regimes)];
                match self.likelihood() {
                    Likelihood::Normal | Likelihood::NormalSharedSd => self
                        .data
                        .normal_log_likelihood(parameters[r], spread, range),
                    Likelihood::Poisson => self.poisson_log_likelihood(spread, range),
                }
            })
            .sum()
    }

    fn poisson_log_likelihood(&self, rate: f64, range: Range<usize>) -> f64 {
        let (end, start) = (
            self.cumulative().at(range.end),
            self.cumulative().at(range.start),
        );
        let [count, sum, ln_factorials] = std::array::from_fn(|i| end[i] - start[i]);
        // A rate of 0 makes any positive count impossible and none certain: no 0 times infinity.
        let of_sum = if sum == 0.0 { 0.0 } else { sum * rate.ln() };
        of_sum - count * rate - ln_factorials
    }

    /// Log-likelihood of the observation in row `index`, which is in regime `r`; `NaN` where it is missing.
    pub fn log_likelihood_of_row(&self, parameters: &[f64], r: usize, index: usize) -> f64 {
        let y = self.data.values()[index];
        let spread = parameters[self.likelihood().spread_index(r, self.n_regimes())];
        match self.likelihood() {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                let z = (y - parameters[r]) / spread;
                -LN_SQRT_2_PI - spread.ln() - 0.5 * z * z
            }
            Likelihood::Poisson => y * spread.ln() - spread - ln_factorial(y),
        }
    }

    /// Writes the log-likelihood of each row, given the regimes' `parameters` and the whole-numbered `switches`, into
    /// `pointwise` (`n`); `NaN` where an observation is missing.
    pub fn pointwise(&self, parameters: &[f64], switches: &[f64], pointwise: &mut [f64]) {
        let mut stretch = 0;
        for (index, slot) in pointwise.iter_mut().enumerate() {
            while switches.get(stretch).is_some_and(|s| *s <= index as f64) {
                stretch += 1;
            }
            let r = self.regimes().of_stretch()[stretch];
            *slot = self.log_likelihood_of_row(parameters, r, index);
        }
    }

    /// Log prior density of the regimes' `parameters` on their natural scale.
    pub fn ln_prior(&self, parameters: &[f64]) -> f64 {
        self.ln_prior_constant + self.priors().ln_kernel(parameters, self.n_regimes())
    }

    /// Adds the derivative of [`Self::ln_prior`] to `grad`.
    pub(crate) fn add_prior_gradient(&self, parameters: &[f64], grad: &mut [f64]) {
        for (index, (value, slot)) in parameters.iter().zip(grad).enumerate() {
            let prior = self.priors().of_parameter(index, self.n_regimes());
            *slot += prior.d_ln_pdf(*value);
        }
    }

    /// `a, b, c` of regime `r`, so that the log density of an observation is `a + b x + c q` with the `x` and `q` of
    /// [`Cumulative`].
    pub fn coefficients(&self, parameters: &[f64], r: usize) -> [f64; 3] {
        let spread = parameters[self.likelihood().spread_index(r, self.n_regimes())];
        match self.likelihood() {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                let mu = parameters[r] - self.data.centre();
                let precision = 1.0 / (spread * spread);
                [
                    -LN_SQRT_2_PI - spread.ln() - 0.5 * mu * mu * precision,
                    mu * precision,
                    -0.5 * precision,
                ]
            }
            Likelihood::Poisson => [-spread, spread.ln(), -1.0],
        }
    }

    /// Adds the derivative, with respect to the regimes' `parameters`, of the log-likelihood of observations in regime
    /// `r` whose running sums come to `sums` (count, `x`, `q`), to `grad`.
    pub(crate) fn add_gradient(
        &self,
        parameters: &[f64],
        r: usize,
        [count, sum, third]: [f64; 3],
        grad: &mut [f64],
    ) {
        let index = self.likelihood().spread_index(r, self.n_regimes());
        let spread = parameters[index];
        match self.likelihood() {
            Likelihood::Normal | Likelihood::NormalSharedSd => {
                let mu = parameters[r] - self.data.centre();
                let over = 1.0 / spread;
                let precision = over * over;
                grad[r] += (sum - count * mu) * precision;
                let squares = third - 2.0 * mu * sum + count * mu * mu;
                grad[index] += (squares * precision - count) * over;
            }
            Likelihood::Poisson => grad[index] += sum / spread - count,
        }
    }
}

fn check_counts(series: &Series) -> Result<(), ModelError> {
    for (index, value) in series.observed() {
        if value < 0.0 || value.fract() != 0.0 {
            return Err(ModelError::NotACount {
                series: series.name().to_owned(),
                index,
                value,
            });
        }
    }
    Ok(())
}

/// `Ok` where `switches` cannot part `series` into stretches that are all constant.
fn check_shared_spread(series: &Series, switches: usize) -> Result<(), ModelError> {
    let values = || series.observed().map(|(_, value)| value);
    let pairs = values().zip(values().skip(1));
    let changes = pairs.filter(|(one, next)| one != next).count();
    if changes > switches {
        return Ok(());
    }
    Err(ModelError::NoSharedSpread {
        series: series.name().to_owned(),
        changes,
        switches,
    })
}

#[cfg(test)]
mod tests;
