//! Arguments of a comparison become the methods that are run.

use switchback::core::{Ascent, Rule, Series, switch_number, switchpoint_of, tau_of};
use switchback::infer::{
    ChainsSettings, ClimbSettings, Climbed, Form, InferError, Launch, Method, MetropolisSettings,
    NutsSettings, Sampler, TALKS_START, middle, plain_start,
};
use switchback::models::{Estimate, Likelihood, Parameterization, Regimes, SwitchModel};

use super::args::{CompareArguments, MethodName};
use super::failure::Failure;
use super::optimizing::{ClimbPlan, What};
use super::settings::is_deck;

/// What `--init` takes.
pub const INIT_FORM: &str = "a value of the plain start as in tau=40 or s=30";
/// Starts of lbfgs.
const STARTS: usize = 32;

/// A start that cannot be read.
#[derive(Debug, thiserror::Error)]
enum StartError {
    /// No name and value.
    #[error("--init {word:?} is no start; write NAME=VALUE, as in tau=40, s=30 or mu1=0")]
    Word {
        /// The word.
        word: String,
    },
    /// A switch that is no whole number of the series.
    #[error("--init {word:?}: a switch is a whole number from 0 to {last}")]
    Place {
        /// The word.
        word: String,
        /// The last place.
        last: usize,
    },
    /// Nothing uses it.
    #[error(
        "--init is for the one start of adam, momentum and find-map; none of them is among the methods"
    )]
    Unused,
}

/// What the optimisers climb: the posterior over unconstrained positions, of which Laplace's Gaussian is one.
pub const fn what(is_marginal: bool) -> What {
    What {
        estimate: Estimate::Posterior {
            with_jacobian: true,
        },
        is_marginal,
    }
}

/// The methods that were asked for, each once, in the order in which they are run.
pub struct Chosen {
    /// The methods.
    pub methods: Vec<MethodName>,
    /// Those of them that must not be left out, for they were named.
    pub named: Vec<MethodName>,
}

impl Chosen {
    /// Those that the arguments name, or all but find-map.
    pub fn read(arguments: &CompareArguments) -> Self {
        let named = [&arguments.methods[..], &arguments.with].concat();
        let is_default = arguments.methods.is_empty();
        let is_chosen = |method: &MethodName| {
            named.contains(method) || (is_default && *method != MethodName::FindMap)
        };
        Self {
            methods: MethodName::ALL.into_iter().filter(is_chosen).collect(),
            named,
        }
    }

    /// Whether `method` is among them.
    pub fn has(&self, method: MethodName) -> bool {
        self.methods.contains(&method)
    }
}

/// The one plain start of adam, momentum and find-map.
#[derive(Debug, Clone)]
pub struct PlainStart {
    /// The regimes' parameters on their natural scale, what was asked for in place of theirs.
    pub parameters: Vec<f64>,
    /// Where find-map holds the switches.
    pub switches: Vec<usize>,
    /// The whole start of the relaxed form, before what was asked for.
    values: Vec<f64>,
    /// What was asked for, the switches as `tau`.
    fixed: Vec<(String, f64)>,
}

impl PlainStart {
    /// The start of `model` with what `words` ask for.
    ///
    /// # Errors
    /// When a word is no start of this model, or none of the methods has such a start.
    pub fn read(
        words: &[String],
        chosen: &Chosen,
        model: &SwitchModel,
        series: &Series,
    ) -> Result<Self, Failure> {
        let of_one_start = [MethodName::Adam, MethodName::Momentum, MethodName::FindMap];
        if !words.is_empty() && !of_one_start.iter().any(|method| chosen.has(*method)) {
            return Err(Failure::usage(StartError::Unused));
        }
        let is_talks = model.likelihood() == Likelihood::Normal
            && *model.regimes() == Regimes::one_switch()
            && is_deck(series);
        let values = if is_talks {
            TALKS_START.to_vec()
        } else {
            plain_start(model, series)
        };
        let mut start = Self {
            parameters: values[..model.n_parameters()].to_vec(),
            switches: middle(model),
            values,
            fixed: Vec::new(),
        };
        for word in words {
            start.fix(word, model)?;
        }
        Ok(start)
    }

    fn fix(&mut self, word: &str, model: &SwitchModel) -> Result<(), Failure> {
        let unreadable = || {
            Failure::usage(StartError::Word {
                word: word.to_owned(),
            })
        };
        let (name, value) = word.split_once('=').ok_or_else(unreadable)?;
        let (name, value) = (name.trim(), value.trim().parse::<f64>());
        let value = value.ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(unreadable)?;
        let names = model.likelihood().parameter_names(model.n_regimes());
        if let Some(index) = names.iter().position(|known| known == name) {
            self.parameters[index] = value;
            self.fixed.push((name.to_owned(), value));
            return Ok(());
        }
        let last = model.n() - 1;
        for letter in ["s", "tau"] {
            let names = model.switch_names(letter);
            let Some(k) = names.iter().position(|known| known == name) else {
                continue;
            };
            let is_whole = letter == "s";
            if is_whole && !(value.fract() == 0.0 && (0.0..=last as f64).contains(&value)) {
                let word = word.to_owned();
                return Err(Failure::usage(StartError::Place { word, last }));
            }
            let s = if is_whole {
                value as usize
            } else {
                switchpoint_of(value, model.n()).min(last)
            };
            self.switches[k] = s;
            let number = switch_number(name, letter).unwrap_or_default();
            let tau = if is_whole { tau_of(s) } else { value };
            self.fixed.push((format!("tau{number}"), tau));
            return Ok(());
        }
        Err(InferError::StartName {
            name: name.to_owned(),
            known: [names, model.switch_names("tau"), model.switch_names("s")]
                .concat()
                .join(", "),
        }
        .into())
    }
}

/// How `method` climbs; none where it is no optimiser of a form with a gradient.
///
/// # Errors
/// When the start does not fit the model.
pub fn climb(
    method: MethodName,
    start: &PlainStart,
    model: &SwitchModel,
    series: &Series,
    seed: u64,
) -> Result<Option<ClimbPlan>, Failure> {
    let (optimizer, is_marginal) = match method {
        MethodName::Adam => (Method::Rule(Rule::ADAM), false),
        MethodName::Momentum => (Method::Rule(Rule::MOMENTUM), false),
        MethodName::Lbfgs => (Method::Lbfgs, false),
        MethodName::LbfgsMarginal => (Method::Lbfgs, true),
        _ => return Ok(None),
    };
    let is_plain = optimizer != Method::Lbfgs;
    let rule = match optimizer {
        Method::Rule(rule) => rule,
        Method::Lbfgs => Rule::Sgd,
    };
    let ascent = Ascent::new(rule);
    let (steps, log_every) = if is_plain { (35_000, 100) } else { (2_000, 1) };
    let plan = ClimbPlan {
        method: optimizer,
        ascent,
        climbed: Climbed {
            estimate: what(is_marginal).estimate,
            is_marginal,
            parameterization: Parameterization::Log,
            is_plain: false,
        },
        launch: if is_plain {
            Launch::Given(start.values.clone())
        } else {
            Launch::Spread
        },
        fixed: if is_plain {
            start.fixed.clone()
        } else {
            Vec::new()
        },
        n_starts: if is_plain { 1 } else { STARTS },
        settings: ClimbSettings {
            learning_rate: is_plain.then_some(ascent.learning_rate),
            ..ClimbSettings::new(steps, log_every)
        },
        seed,
    };
    if is_plain {
        // A start outside is told before anything is written.
        let objective = plan.climbed.objective(model, series, plan.method)?;
        let mut rng = switchback::core::stream(seed, 0);
        plan.launch
            .positions(&objective, 1, &plan.fixed, &mut rng)?;
    }
    Ok(Some(plan))
}

/// A sampler that is to be run.
#[derive(Debug, Clone, Copy)]
pub struct SamplerPlan {
    /// The sampler.
    pub sampler: Sampler,
    /// The form that it samples.
    pub form: Form,
    /// How many chains, how long, and from which stream.
    pub chains: ChainsSettings,
}

/// How `method` samples; none where it is no sampler.
///
/// # Errors
/// When a setting makes no sense.
pub fn sampler(
    method: MethodName,
    arguments: &CompareArguments,
) -> Result<Option<SamplerPlan>, Failure> {
    let nuts = Sampler::Nuts(NutsSettings::default());
    let tuned = Sampler::Metropolis(MetropolisSettings::Tuned);
    let (sampler, form, num_warmup, num_samples) = match method {
        MethodName::Metropolis => (tuned, Form::Hard, 2_000, 10_000),
        MethodName::Compound => (Sampler::Compound, Form::Hard, 100, 1_000),
        MethodName::Nuts => (nuts, Form::Marginal, 1_000, 1_000),
        MethodName::NutsSigmoid => (nuts, Form::Sigmoid, 1_000, 1_000),
        _ => return Ok(None),
    };
    let number = MethodName::ALL.iter().position(|known| *known == method);
    let chains = ChainsSettings {
        num_chains: arguments.num_chains,
        num_warmup: arguments.num_warmup.unwrap_or(num_warmup),
        num_samples: arguments.num_samples.unwrap_or(num_samples),
        log_every: 100,
        seed: arguments.seed,
        // No two samplers share a stream, whichever others are run.
        first_stream: (number.unwrap_or(0) as u64) << 16,
        save_warmup: true,
        save_pointwise: false,
    }
    .validate()?;
    Ok(Some(SamplerPlan {
        sampler,
        form,
        chains,
    }))
}
