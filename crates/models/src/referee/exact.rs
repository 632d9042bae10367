//! The exact posterior of a switchpoint model.

use switchback_core::ChainRng;

use crate::{Likelihood, ModelError, Prior, RegimePriors, SwitchModel, SwitchPriors};

use super::answer::{self, Answer};
use super::credible::{self, CredibleSet};
use super::law::Normals;
use super::moments::{self, Moments};
use super::normal::Regime;
use super::part::{Part, n_parts};
use super::placing::Placing;
use super::poisson::Rates;
use super::sampler::Sampler;

/// Most stretches between two switches that are enumerated. At this number, 5792 rows of free regimes, they take 134 MB
/// and a minute of one core where each takes a quadrature, 400 MB where regimes share their `sigma`.
const MAX_STRETCHES: u64 = 1 << 24;
/// Most stretches times switches where regimes share their `sigma`, and the recursion is run at a hundred of them: some
/// minutes of one core.
const MAX_SHARED_STEPS: u64 = 1 << 27;
/// Most stretches times switches elsewhere, where it is run once: a minute of one core.
const MAX_STEPS: u64 = 1 << 31;

/// The exact posterior of a [`SwitchModel`], to about ten digits and without sampling.
///
/// The switches are summed over all of their places: of one switch each, of several by recursion over the stretches
/// between them, in time proportional to the square of the series' length. Each regime is integrated in closed form,
/// but for a `sigma`, of which the trapezoid rule takes care. Places that [`SwitchModel::admits`] refuses have
/// probability 0 and keep their prior. The answer does not depend on the number of threads.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exact {
    /// Of each switch, the posterior probability of each place in `0..=n-1`; 0 where excluded.
    pub switch_posterior: Vec<Vec<f64>>,
    /// Log evidence in nats, the switches' prior included.
    pub log_evidence: f64,
    /// Log evidence of one regime for everything.
    pub log_evidence_no_switch: f64,
    /// Of one switch, the places left out, in increasing order: the ones that [`SwitchModel::admits`] refuses. Empty
    /// for several switches, whose places are refused together: see [`Self::excluded_prior`].
    pub excluded: Vec<usize>,
    /// Prior probability of all places of the switches that are left out: what the posterior says nothing of.
    pub excluded_prior: f64,
    /// Evaluations of integrands over `sigma`, or of closed forms.
    pub n_evaluations: u64,
    moments: Vec<(String, Moments)>,
    most_probable: Vec<usize>,
    model: SwitchModel,
    placing: Placing,
    sampler: Sampler,
}

impl Exact {
    /// The exact posterior of `model`.
    ///
    /// # Errors
    /// When a prior is beyond what a float can square, priors and data are so far apart that rounding would
    /// decide, or several switches part the series into too many stretches.
    pub fn of(model: &SwitchModel) -> Result<Self, ModelError> {
        check_size(model)?;
        check_reach(model)?;
        let placing = Placing::of(model);
        let answer = match model.priors() {
            RegimePriors::Poisson(prior) => {
                answer::of_own(model, &placing, &Rates::of(model, *prior))
            }
            RegimePriors::Normal(priors) if model.likelihood() == Likelihood::NormalSharedSd => {
                answer::of_shared(model, &placing, priors)
            }
            RegimePriors::Normal(priors) => {
                answer::of_own(model, &placing, &Normals { model, priors })
            }
        }?;
        Ok(Self::new(model, placing, answer))
    }

    fn new(model: &SwitchModel, placing: Placing, answer: Answer) -> Self {
        let names = model.likelihood().parameter_names(model.n_regimes());
        let parameters = names.into_iter().zip(answer.parameters);
        let of_places = answer
            .switch_posterior
            .iter()
            .map(|p| moments::of_places(p));
        let switches = model.switch_names("s").into_iter().zip(of_places);
        let moments = parameters.chain(switches).collect();
        let excluded = match model.n_switches() {
            1 => (0..model.n()).filter(|s| !model.admits(&[*s])).collect(),
            _ => Vec::new(),
        };
        let (no_switch, evaluations) = no_switch(model);
        Self {
            moments,
            switch_posterior: answer.switch_posterior,
            log_evidence: answer.log_evidence,
            log_evidence_no_switch: no_switch,
            excluded,
            excluded_prior: answer.excluded_prior,
            n_evaluations: answer.n_evaluations + evaluations,
            most_probable: answer.most_probable,
            model: model.clone(),
            placing,
            sampler: answer.sampler,
        }
    }

    /// Name and posterior moments of every quantity of a draw, in its order: the regimes' parameters
    /// ([`Likelihood::parameter_names`]), then the switches ([`SwitchModel::switch_names`] of `s`).
    pub fn moments(&self) -> &[(String, Moments)] {
        &self.moments
    }

    /// Posterior moments of the quantity `name`, where there is one.
    pub fn moments_of(&self, name: &str) -> Option<Moments> {
        let found = self.moments.iter().find(|(known, _)| known == name);
        found.map(|(_, moments)| *moments)
    }

    /// The switches that are most probable together; of several such the ones whose last switch is the least.
    ///
    /// For one switch that is the greatest of [`Self::switch_posterior`].
    pub fn most_probable(&self) -> &[usize] {
        &self.most_probable
    }

    /// The model.
    pub fn model(&self) -> &SwitchModel {
        &self.model
    }

    /// Whether so many equal values stand together that a constant regime is likelier than chance: those switches are
    /// left out, and the posterior may then be sure of some beside them.
    pub fn may_have_constant_regime(&self) -> bool {
        self.model.may_have_constant_regime()
    }

    /// The shortest stretch of places of switch `k` (from 0) with a posterior mass of at least `mass`, as its two ends
    /// and its mass; the earliest of several.
    ///
    /// # Errors
    /// When `mass` is not in `0 < mass <= 1`, or there is no switch `k`.
    pub fn credible_interval(
        &self,
        k: usize,
        mass: f64,
    ) -> Result<(usize, usize, f64), ModelError> {
        credible::interval(self.posterior_of(k)?, mass)
    }

    /// The smallest set of places of switch `k` (from 0) with a posterior mass of at least `mass`; among equally
    /// probable ones the least come first.
    ///
    /// # Errors
    /// When `mass` is not in `0 < mass <= 1`, or there is no switch `k`.
    pub fn credible_set(&self, k: usize, mass: f64) -> Result<CredibleSet, ModelError> {
        credible::set(self.posterior_of(k)?, mass)
    }

    fn posterior_of(&self, k: usize) -> Result<&[f64], ModelError> {
        let switches = self.switch_posterior.len();
        let p = self.switch_posterior.get(k);
        p.map(Vec::as_slice)
            .ok_or(ModelError::NoSuchSwitch { k, switches })
    }

    /// A draw of the posterior, independent of all others: the regimes' parameters, then the switches, in the order of
    /// [`Self::moments`].
    ///
    /// The switches are drawn from their joint posterior, then the regimes given what they own: a rate or a `mu` from
    /// its own law, a `sigma` by an independence sampler whose error after its few steps is far below `1e-6`.
    pub fn draw(&self, rng: &mut ChainRng) -> Vec<f64> {
        self.sampler.draw(&self.model, &self.placing, rng)
    }
}

/// Log evidence of one regime for everything, and the evaluations that it took.
pub(super) fn no_switch(model: &SwitchModel) -> (f64, u64) {
    let all = Part::Within(0, model.n());
    match model.priors() {
        RegimePriors::Poisson(prior) => {
            let rates = Rates::of(model, *prior);
            (rates.ln_base() + rates.log_evidence(all), 1)
        }
        // One regime shares its sigma with none, and the series has a spread.
        RegimePriors::Normal(priors) => {
            let regime = Regime::of(&all.stretch(model), model.data().centre(), priors);
            (regime.log_evidence, regime.n_evaluations)
        }
    }
}

/// `Ok` where there are not too many stretches between switches.
pub(super) fn check_size(model: &SwitchModel) -> Result<(), ModelError> {
    if model.n_switches() == 1 {
        return Ok(());
    }
    let max_steps = match model.likelihood() {
        Likelihood::NormalSharedSd => MAX_SHARED_STEPS,
        Likelihood::Normal | Likelihood::Poisson => MAX_STEPS,
    };
    let most = MAX_STRETCHES.min(max_steps / model.n_switches() as u64);
    let is_reversion = model.regimes().is_reversion();
    if n_parts(model.n(), is_reversion) <= most {
        return Ok(());
    }
    let pairs = if is_reversion { most } else { 2 * most };
    Err(ModelError::TooManyStretches {
        series: model.series_name().to_owned(),
        switches: model.n_switches(),
        rows: model.n(),
        most_rows: (pairs.isqrt() as usize).saturating_sub(1),
    })
}

/// `Ok` where the priors' numbers can be squared.
pub(super) fn check_reach(model: &SwitchModel) -> Result<(), ModelError> {
    let out_of_reach = |parameter, prior: Prior| ModelError::PriorReach {
        parameter,
        prior: prior.to_string(),
    };
    let reach = 1e-140..=1e140;
    match model.priors() {
        RegimePriors::Normal(priors) => {
            let SwitchPriors {
                mu_mean,
                mu_sd,
                sigma_sd,
            } = *priors;
            let distance = (mu_mean - model.data().centre()).abs();
            if !reach.contains(&mu_sd) || distance >= 1e140 {
                return Err(out_of_reach("mu", priors.mu()));
            }
            if !reach.contains(&sigma_sd) {
                return Err(out_of_reach("sigma", priors.sigma()));
            }
        }
        RegimePriors::Poisson(prior) => {
            let (mean, sd) = (prior.shape / prior.rate, prior.shape.sqrt() / prior.rate);
            if !reach.contains(&sd) || mean >= 1e140 {
                return Err(out_of_reach("rate", prior.prior()));
            }
        }
    }
    Ok(())
}
