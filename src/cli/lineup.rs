//! What a comparison runs on one series, known before the first step.

use std::time::Instant;

use serde_json::{Map, Value, json};
use switchback::core::{ChainRng, Series};
use switchback::infer::{Chains, Context, Hill, Reference, SwitchSeen, Target, on_peaks};
use switchback::models::{Exact, HardPeaks, SwitchModel};

use super::args::{CompareArguments, MethodName};
use super::compared::Known;
use super::comparing::{self, Chosen, PlainStart, SamplerPlan, what};
use super::contest::LAPLACE_DRAWS;
use super::failure::Failure;
use super::optimizing::PlacedClimb;
use super::rows::Cost;
use super::sample::Draw;
use super::{describe, held, optimize};

/// Nats below the best within which other hills are looked for.
const HILLS_WITHIN: f64 = 3.0;
/// Mass of a switch's interval.
const INTERVAL: f64 = 0.95;

/// A method that cannot be run on this series was named.
#[derive(Debug, thiserror::Error)]
#[error("{method} cannot be run on this series: {why}; leave it out of --methods")]
struct UnfitError {
    method: &'static str,
    why: String,
}
/// The exact answer, or why there is none.
pub struct Referee {
    /// The answer.
    pub exact: Option<Exact>,
    /// Why there is none.
    pub why_not: String,
    /// What it cost.
    pub cost: Cost,
}

impl Referee {
    /// Asks the referee of `model`.
    pub fn ask(model: &SwitchModel) -> Self {
        let started = Instant::now();
        let (exact, why_not) = match Exact::of(model) {
            Ok(exact) => (Some(exact), String::new()),
            Err(error) => (None, error.to_string()),
        };
        Self {
            cost: Cost {
                seconds: started.elapsed().as_secs_f64(),
                evaluations: exact.as_ref().map_or(0, |exact| exact.n_evaluations),
            },
            exact,
            why_not,
        }
    }
}

/// Where chains start: at draws of the exact posterior; where there is none, on the peaks of the hard profile by their
/// likelihood, each with the regimes that fit best there; failing that, at draws of the prior.
pub fn starts_of_chains<'a>(
    model: &'a SwitchModel,
    exact: Option<&'a Exact>,
    peaks: Option<&'a HardPeaks>,
) -> Draw<'a> {
    match (exact, peaks) {
        (Some(exact), _) => Box::new(|rng: &mut ChainRng| exact.draw(rng)),
        (None, Some(peaks)) => Box::new(|rng: &mut ChainRng| on_peaks(peaks, rng)),
        (None, None) => Box::new(|rng: &mut ChainRng| model.settings().draw_prior(model.n(), rng)),
    }
}

/// Everything that is to be run, known before the first step.
pub struct Lineup<'a> {
    /// The model.
    pub model: &'a SwitchModel,
    /// The series.
    pub series: &'a Series,
    /// The referee.
    pub referee: &'a Referee,
    /// What was asked for.
    pub chosen: &'a Chosen,
    /// Optimisers by name.
    pub climbs: Vec<PlacedClimb>,
    /// Samplers by name, and what they sample.
    pub samplers: Vec<(&'static str, SamplerPlan, Target)>,
    /// Of the sigmoid form; none where no placing can be fitted.
    pub reference: Option<Reference>,
    /// Other hills of it.
    pub hills: Vec<Hill>,
    /// Whether find-map is run.
    pub has_find_map: bool,
    /// Methods that are not run, each with its reason.
    pub left_out: Vec<(&'static str, String)>,
}

impl<'a> Lineup<'a> {
    /// What the arguments ask for, as far as it can be run.
    ///
    /// # Errors
    /// When a start or setting makes no sense, or a method was named that cannot be run.
    pub fn of(
        arguments: &CompareArguments,
        chosen: &'a Chosen,
        start: &PlainStart,
        model: &'a SwitchModel,
        series: &'a Series,
        referee: &'a Referee,
    ) -> Result<Self, Failure> {
        let reference = optimize::reference(what(false), 1.0, model, series);
        let (reference, no_optimum) = match reference {
            Ok(reference) => (Some(reference), String::new()),
            Err(error) => (None, error.to_string()),
        };
        let mut lineup = Self {
            hills: match &reference {
                Some(reference) => reference.hills(HILLS_WITHIN)?,
                None => Vec::new(),
            },
            model,
            series,
            referee,
            chosen,
            climbs: Vec::new(),
            samplers: Vec::new(),
            has_find_map: false,
            left_out: Vec::new(),
            reference,
        };
        if referee.exact.is_none() && !chosen.named.contains(&MethodName::Exact) {
            let exact = MethodName::Exact.as_str();
            lineup.left_out.push((exact, referee.why_not.clone()));
        }
        for method in &chosen.methods {
            let name = method.as_str();
            if let Some(plan) = comparing::sampler(*method, arguments)? {
                let target = Target::new(model.clone(), plan.form, 1.0)?;
                lineup.samplers.push((name, plan, target));
            } else if *method == MethodName::Exact {
                if referee.exact.is_none() && chosen.named.contains(method) {
                    lineup.leave_out(*method, &referee.why_not)?;
                }
            } else if lineup.reference.is_none() {
                lineup.leave_out(*method, &no_optimum)?;
            } else if let Some(plan) =
                comparing::climb(*method, start, model, series, arguments.seed)?
            {
                lineup.climbs.push(plan.place(name, model, series)?);
            } else {
                held::check(model, start)?;
                lineup.has_find_map = true;
            }
        }
        Ok(lineup)
    }

    /// What was not named is left out with its reason; what was named is refused.
    fn leave_out(&mut self, method: MethodName, why: &str) -> Result<(), Failure> {
        let (name, why) = (method.as_str(), why.to_owned());
        if self.chosen.named.contains(&method) {
            return Err(Failure::usage(UnfitError { method: name, why }));
        }
        self.left_out.push((name, why));
        Ok(())
    }

    /// The chains of every sampler.
    ///
    /// # Errors
    /// When a chain finds no start.
    pub fn chains<'c>(&'c self, context: Context<'c>) -> Result<Vec<Chains<'c>>, Failure> {
        self.samplers
            .iter()
            .map(|(name, plan, target)| {
                let chains = plan.sampler.chains(name, target, context, plan.chains);
                chains.map_err(Failure::from)
            })
            .collect()
    }

    /// What is known beside the methods.
    ///
    /// # Errors
    /// Never for a mass between 0 and 1.
    pub fn known(&self) -> Result<Known, Failure> {
        let exact = self.referee.exact.as_ref();
        let mut switches = Vec::new();
        if let Some(exact) = exact {
            for (k, name) in self.model.switch_names("s").into_iter().enumerate() {
                let place = exact.most_probable().get(k).copied().unwrap_or(0);
                let p = exact.switch_posterior.get(k).and_then(|p| p.get(place));
                let (low, high, _) = exact.credible_interval(k, INTERVAL)?;
                switches.push(SwitchSeen {
                    name,
                    place,
                    probability: p.copied().unwrap_or(0.0),
                    interval: (low, high),
                });
            }
        }
        let best = self.reference.as_ref().map(|r| r.best().switches.clone());
        let places = exact.map(|exact| exact.most_probable().to_vec()).or(best);
        Ok(Known {
            ln_bayes: exact.map(|exact| exact.log_evidence - exact.log_evidence_no_switch),
            switches,
            hills: self.hills.clone(),
            smallest_regime: smallest_regime(self.model, &places.unwrap_or_default()),
            may_be_constant: exact.is_some_and(Exact::may_have_constant_regime),
            exact_seconds: exact.map(|_| self.referee.cost.seconds),
            moments: exact.map(|exact| exact.moments().to_vec()),
        })
    }

    /// Where chains start, in a word.
    fn chains_start(&self) -> &'static str {
        match (&self.referee.exact, &self.reference) {
            (Some(_), _) => "referee",
            (None, Some(_)) => "peaks",
            (None, None) => "prior",
        }
    }

    /// How everything is run, for the manifest.
    pub fn settings(&self, start: &PlainStart) -> Map<String, Value> {
        let climbs: Map<String, Value> = self
            .climbs
            .iter()
            .map(|placed| (placed.method.clone(), describe::climb(&placed.plan)))
            .collect();
        let samplers: Map<String, Value> = self
            .samplers
            .iter()
            .map(|(name, plan, _)| {
                let of = json!({
                    "form": plan.form.as_str(),
                    "num_chains": plan.chains.num_chains,
                    "num_warmup": plan.chains.num_warmup,
                    "num_samples": plan.chains.num_samples,
                });
                ((*name).to_owned(), of)
            })
            .collect();
        let find_map = self
            .has_find_map
            .then(|| json!({"switches": start.switches, "parameters": start.parameters}));
        let settings = json!({
            "likelihood": self.model.likelihood().as_str(),
            "regimes": self.model.regimes().to_string(),
            "switch_prior": self.model.switch_prior().as_str(),
            "methods": self.chosen.methods.iter().map(|m| m.as_str()).collect::<Vec<_>>(),
            "optimizers": climbs,
            "samplers": samplers,
            "find_map": find_map,
            "chains_start": self.chains_start(),
            "laplace_draws": LAPLACE_DRAWS,
        });
        match settings {
            Value::Object(settings) => settings,
            _ => Map::new(),
        }
    }
}

/// The regime, from 1, of fewest observations with the switches at `places`, and how many it has.
fn smallest_regime(model: &SwitchModel, places: &[usize]) -> (usize, usize) {
    let mut counts = vec![0; model.n_regimes()];
    if places.len() == model.n_switches() {
        for (regime, range) in model.stretches(places) {
            counts[regime] += model.data().stretch(range).count;
        }
    }
    let smallest = counts.into_iter().enumerate().min_by_key(|(_, n)| *n);
    smallest.map_or((1, 0), |(regime, n)| (regime + 1, n))
}
