//! Arguments of a climb become its settings.

use switchback::core::{Ascent, AscentError, Ramp, Rule, Series, Shape, stream, switch_number};
use switchback::infer::{
    ClimbSettings, Climbed, InferError, Launch, Method, TALKS_START, Tolerances, plain_start,
};
use switchback::models::{
    Estimate, Likelihood, ModelError, Objective, Parameterization, Regimes, SwitchModel,
};

use super::args::{
    AnnealSchedule, ClimbArguments, EstimateName, OnOff, OptimizerName, ParameterizationName,
    RateSchedule, SmoothForm, ToleranceArguments,
};
use super::failure::Failure;
use super::settings::is_deck;

/// A setting of a climb that makes no sense.
#[derive(Debug, thiserror::Error)]
enum ClimbError {
    /// No two steepnesses.
    #[error("--anneal {word:?} is no pair of steepnesses; write FROM:TO, as in 0.1:1")]
    Anneal {
        /// The word.
        word: String,
    },
    /// An option of rules that follow the gradient, where none is to run.
    #[error(
        "{option} is for adam, momentum, sgd and rmsprop: lbfgs finds the length of its steps by itself; leave it out"
    )]
    NotOfLbfgs {
        /// The option.
        option: &'static str,
    },
    /// A steepness that goes down.
    #[error(
        "--anneal {from}:{to} goes down: it begins low, where there are no hills, and ends high, as in 0.1:1"
    )]
    AnnealDown {
        /// The first.
        from: f64,
        /// The last.
        to: f64,
    },
    /// A switch that starts outside of the series.
    #[error("--init {name}={value} is not in the series; its clock goes from 1 to {n}")]
    Outside {
        /// The switch.
        name: String,
        /// Where it was to start.
        value: f64,
        /// Length of the series.
        n: usize,
    },
    /// A start that cannot be read.
    #[error(
        "--init {word:?} is no start; write spread, plain, prior, referee, or NAME=VALUE as in tau=40"
    )]
    Word {
        /// The word.
        word: String,
    },
    /// A Jacobian of what has none.
    #[error("--jacobian on is for --estimate map: a likelihood is the same in every coordinate")]
    Jacobian,
    /// A raw sigma where it cannot be.
    #[error(
        "--parameterization raw is for --form sigmoid: the marginal form holds sigma by its logarithm"
    )]
    RawMarginal,
}

/// What `--init` takes.
pub const INIT_FORM: &str = "spread, plain, prior, referee, or a value as in tau=40";

/// A climb by one optimiser.
#[derive(Debug, Clone)]
pub struct ClimbPlan {
    /// The optimiser.
    pub method: Method,
    /// How a rule walks; of lbfgs the steepness alone counts.
    pub ascent: Ascent,
    /// What is climbed.
    pub climbed: Climbed,
    /// Where the starts are.
    pub launch: Launch,
    /// Values of all starts.
    pub fixed: Vec<(String, f64)>,
    /// Number of starts.
    pub n_starts: usize,
    /// How long it goes on.
    pub settings: ClimbSettings,
    /// Of the starts' random numbers.
    pub seed: u64,
}

/// A plan that is known to fit: its objective is to be had, and its starts are in it.
#[derive(Debug, Clone)]
pub struct PlacedClimb {
    /// Name of the method, also that of its folder.
    pub method: String,
    /// The plan.
    pub plan: ClimbPlan,
    /// What is climbed, in its coordinates and at the last steepness.
    pub objective: Objective,
    /// Unconstrained positions of the starts (row-major `starts x dim`).
    pub starts: Vec<f64>,
}

/// Most starts: what a device takes as one tensor, and memory as their last positions.
const MAX_STARTS: usize = 1 << 24;

impl ClimbPlan {
    /// Places the starts of a climb called `method`.
    ///
    /// # Errors
    /// When the objective is not to be had, or a start does not fit it.
    pub fn place(
        self,
        method: &str,
        model: &SwitchModel,
        series: &Series,
    ) -> Result<PlacedClimb, Failure> {
        let mut objective = self.climbed.objective(model, series, self.method)?;
        if objective.steepness().is_some() {
            objective.steepen(self.ascent.steepness.to)?;
        }
        let mut rng = stream(self.seed, 0);
        Ok(PlacedClimb {
            starts: self
                .launch
                .positions(&objective, self.n_starts, &self.fixed, &mut rng)?,
            method: method.to_owned(),
            objective,
            plan: self,
        })
    }
}

/// Where starts are, by the words of `--init`.
#[derive(Debug, Clone, PartialEq)]
pub struct Init {
    /// The word for all of them; none where it was not said.
    kind: Option<InitKind>,
    /// Values that replace theirs.
    fixed: Vec<(String, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InitKind {
    Spread,
    Plain,
    Prior,
    Referee,
}

impl InitKind {
    fn read(word: &str) -> Option<Self> {
        Some(match word {
            "spread" => Self::Spread,
            "plain" => Self::Plain,
            "prior" => Self::Prior,
            "referee" => Self::Referee,
            _ => return None,
        })
    }
}

impl Init {
    /// Splits off the words that say where starts are; the others may be values, or a file.
    pub fn kinds(words: &[String]) -> (Vec<String>, Vec<String>) {
        let words = words.iter().flat_map(|word| word.split_whitespace());
        words
            .map(str::to_owned)
            .partition(|word| InitKind::read(word).is_some())
    }

    /// Reads the words of both kinds.
    ///
    /// # Errors
    /// When a word is no value.
    pub fn read(kinds: &[String], values: &[String]) -> Result<Self, Failure> {
        let fixed = values.iter().map(|word| {
            let unreadable = || Failure::usage(ClimbError::Word { word: word.clone() });
            let (name, value) = word.split_once('=').ok_or_else(unreadable)?;
            let value: f64 = value.trim().parse().map_err(|_| unreadable())?;
            if !value.is_finite() {
                return Err(unreadable());
            }
            Ok((name.trim().to_owned(), value))
        });
        Ok(Self {
            kind: kinds.last().and_then(|word| InitKind::read(word)),
            fixed: fixed.collect::<Result<_, _>>()?,
        })
    }
}

/// Validated choices that do not depend on the series.
#[derive(Debug, Clone)]
pub struct ClimbChoices<'a> {
    arguments: &'a ClimbArguments,
    init: Init,
    steepness: Option<(f64, f64)>,
    seed: u64,
}

impl<'a> ClimbChoices<'a> {
    /// The choices that `arguments` and the words of `--init` make.
    ///
    /// # Errors
    /// When a setting makes no sense.
    pub fn validate(arguments: &'a ClimbArguments, init: Init, seed: u64) -> Result<Self, Failure> {
        let steepness = arguments.steepness;
        if !(steepness > 0.0 && steepness.is_finite()) {
            return Err(ModelError::Steepness { steepness }.into());
        }
        let choices = Self {
            steepness: arguments.anneal.as_deref().map(steepnesses).transpose()?,
            arguments,
            init,
            seed,
        };
        for name in [
            OptimizerName::Lbfgs,
            OptimizerName::Adam,
            OptimizerName::Momentum,
            OptimizerName::Rmsprop,
        ] {
            choices.ascent(choices.method(name)).validate()?;
            choices.settings(choices.method(name))?;
        }
        if !(1..=MAX_STARTS).contains(&arguments.starts) {
            return Err(InferError::Setting {
                setting: "starts",
                value: arguments.starts.to_string(),
                rule: "it must be at least 1 and at most 16777216",
            }
            .into());
        }
        Ok(choices)
    }

    /// `Ok` unless the options of rules were given to optimisers that are none.
    ///
    /// # Errors
    /// When only L-BFGS is among `names`, and an option was given that it does not have.
    pub fn check_for(&self, names: &[OptimizerName]) -> Result<(), Failure> {
        if names.iter().any(|name| *name != OptimizerName::Lbfgs) {
            return Ok(());
        }
        let ClimbArguments {
            learning_rate,
            learning_rate_schedule,
            final_learning_rate,
            clip,
            anneal_steps,
            ..
        } = self.arguments;
        let given = [
            ("--learning-rate", learning_rate.is_some()),
            (
                "--learning-rate-schedule",
                *learning_rate_schedule != RateSchedule::Constant,
            ),
            ("--final-learning-rate", final_learning_rate.is_some()),
            ("--clip", clip.is_some()),
            ("--anneal-steps", anneal_steps.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(Failure::usage(ClimbError::NotOfLbfgs { option })),
            None => Ok(()),
        }
    }

    fn method(&self, name: OptimizerName) -> Method {
        let ClimbArguments {
            beta_1,
            beta_2,
            epsilon,
            momentum,
            decay,
            ..
        } = *self.arguments;
        Method::Rule(match name {
            OptimizerName::Lbfgs => return Method::Lbfgs,
            OptimizerName::Adam => Rule::Adam {
                beta_1,
                beta_2,
                epsilon,
            },
            OptimizerName::Momentum => Rule::Momentum { momentum },
            OptimizerName::Sgd => Rule::Sgd,
            OptimizerName::Rmsprop => Rule::RmsProp { decay, epsilon },
        })
    }

    fn steps(&self, method: Method) -> u64 {
        let usual = if method == Method::Lbfgs {
            2_000
        } else {
            35_000
        };
        self.arguments.steps.unwrap_or(usual)
    }

    fn ascent(&self, method: Method) -> Ascent {
        let steps = self.steps(method);
        let rule = match method {
            Method::Lbfgs => Rule::Sgd,
            Method::Rule(rule) => rule,
        };
        let rate = self.arguments.learning_rate.unwrap_or(rule.usual_rate());
        let last = self.arguments.final_learning_rate.unwrap_or(0.01 * rate);
        let ramp = |shape| Ramp {
            from: rate,
            to: last,
            shape,
            steps,
        };
        Ascent {
            rule,
            learning_rate: match self.arguments.learning_rate_schedule {
                RateSchedule::Constant => Ramp::constant(rate),
                RateSchedule::Linear => ramp(Shape::Linear),
                RateSchedule::Cosine => ramp(Shape::Cosine),
                RateSchedule::Exponential => ramp(Shape::Geometric),
            },
            clip: self.arguments.clip,
            steepness: match self.steepness {
                None => Ramp::constant(self.arguments.steepness),
                Some((from, to)) => Ramp {
                    from,
                    to,
                    shape: match self.arguments.schedule {
                        AnnealSchedule::Geometric => Shape::Geometric,
                        AnnealSchedule::Linear => Shape::Linear,
                        AnnealSchedule::Cosine => Shape::Cosine,
                    },
                    steps: self.arguments.anneal_steps.unwrap_or(steps / 2),
                },
            },
        }
    }

    fn settings(&self, method: Method) -> Result<ClimbSettings, Failure> {
        let usual = if method == Method::Lbfgs { 1 } else { 100 };
        let log_every = self.arguments.log_every.unwrap_or(usual);
        let steps = self.steps(method);
        for (setting, value) in [("steps", steps), ("log-every", log_every)] {
            if value == 0 {
                return Err(at_least_one(setting, value).into());
            }
        }
        let ascent = self.ascent(method);
        Ok(ClimbSettings {
            tolerances: tolerances(&self.arguments.tolerances, method).validate()?,
            learning_rate: (method != Method::Lbfgs).then_some(ascent.learning_rate),
            // That of lbfgs changes from stage to stage.
            steepness: Some(ascent.steepness)
                .filter(|ramp| method != Method::Lbfgs && !ramp.is_constant()),
            ..ClimbSettings::new(steps, log_every)
        })
    }

    /// Steepness that is climbed in the end.
    pub fn last_steepness(&self) -> f64 {
        self.ascent(Method::Lbfgs).steepness.to
    }

    /// The climb of `what` by the optimiser `name`.
    ///
    /// # Errors
    /// When a setting makes no sense.
    pub fn plan(
        &self,
        name: OptimizerName,
        what: What,
        model: &SwitchModel,
        series: &Series,
    ) -> Result<ClimbPlan, Failure> {
        let method = self.method(name);
        let n_starts = self.arguments.starts;
        for (name, value) in &self.init.fixed {
            let is_tau = switch_number(name, "tau").is_some();
            if is_tau && !(0.0..=model.n() as f64 + 1.0).contains(value) {
                return Err(Failure::usage(ClimbError::Outside {
                    name: name.clone(),
                    value: *value,
                    n: model.n(),
                }));
            }
        }
        let kind = self.init.kind.unwrap_or(if n_starts == 1 {
            InitKind::Plain
        } else {
            InitKind::Spread
        });
        // The talk's own climb: its objective, its start, its coordinates.
        let is_talks = kind == InitKind::Plain
            && n_starts == 1
            && method != Method::Lbfgs
            && what.estimate == Estimate::Likelihood
            && !what.is_marginal
            && has_talks_shape(model)
            && is_deck(series);
        let parameterization = match self.arguments.parameterization {
            Some(ParameterizationName::Raw) if what.is_marginal => {
                return Err(Failure::usage(ClimbError::RawMarginal));
            }
            Some(ParameterizationName::Raw) => Parameterization::Raw,
            None if is_talks => Parameterization::Raw,
            _ => Parameterization::Log,
        };
        Ok(ClimbPlan {
            method,
            ascent: self.ascent(method).validate()?,
            climbed: Climbed {
                estimate: what.estimate,
                is_marginal: what.is_marginal,
                parameterization,
                is_plain: is_talks,
            },
            launch: match kind {
                InitKind::Spread => Launch::Spread,
                InitKind::Prior => Launch::Prior,
                InitKind::Referee => Launch::Referee,
                InitKind::Plain if has_talks_shape(model) && is_deck(series) => {
                    Launch::Given(TALKS_START.to_vec())
                }
                InitKind::Plain => Launch::Given(plain_start(model, series)),
            },
            fixed: self.init.fixed.clone(),
            n_starts,
            settings: self.settings(method)?,
            seed: self.seed,
        })
    }
}

/// What is sought, of which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct What {
    /// Which estimate.
    pub estimate: Estimate,
    /// Whether the switches are summed out.
    pub is_marginal: bool,
}

impl What {
    /// What the arguments ask for.
    ///
    /// # Errors
    /// When a Jacobian is asked for that there is not, or a steepness where there is no sigmoid.
    pub fn read(
        estimate: EstimateName,
        jacobian: OnOff,
        form: SmoothForm,
        climb: &ClimbArguments,
    ) -> Result<Self, Failure> {
        let with_jacobian = jacobian == OnOff::On;
        let estimate = match estimate {
            EstimateName::Mle if with_jacobian => {
                return Err(Failure::usage(ClimbError::Jacobian));
            }
            EstimateName::Mle => Estimate::Likelihood,
            EstimateName::Map => Estimate::Posterior { with_jacobian },
        };
        let is_marginal = form == SmoothForm::Marginal;
        if is_marginal && (climb.anneal.is_some() || climb.steepness != 1.0) {
            return Err(ModelError::NoSteepness.into());
        }
        Ok(Self {
            estimate,
            is_marginal,
        })
    }
}

fn has_talks_shape(model: &SwitchModel) -> bool {
    model.likelihood() == Likelihood::Normal && *model.regimes() == Regimes::one_switch()
}

fn at_least_one(setting: &'static str, value: u64) -> InferError {
    InferError::Setting {
        setting,
        value: value.to_string(),
        rule: "it must be at least 1",
    }
}

fn steepnesses(word: &str) -> Result<(f64, f64), Failure> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let both = word.split_once(':');
    let both = both.and_then(|(from, to)| Some((number(from)?, number(to)?)));
    let (from, to) = both.ok_or_else(|| {
        Failure::usage(ClimbError::Anneal {
            word: word.to_owned(),
        })
    })?;
    if from > to {
        return Err(Failure::usage(ClimbError::AnnealDown { from, to }));
    }
    Ok((from, to))
}

fn tolerances(arguments: &ToleranceArguments, method: Method) -> Tolerances {
    let (objective, relative_objective) = match method {
        Method::Lbfgs => (0.0, 0.0),
        Method::Rule(_) => (1e-12, 1e4),
    };
    Tolerances {
        gradient: arguments.tol_grad,
        relative_gradient: arguments.tol_rel_grad.unwrap_or(0.0),
        parameters: arguments.tol_param,
        objective: arguments.tol_obj.unwrap_or(objective),
        relative_objective: arguments.tol_rel_obj.unwrap_or(relative_objective),
    }
}

impl From<AscentError> for Failure {
    fn from(error: AscentError) -> Self {
        Self::usage(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_starts_are_stands_among_their_values() {
        let words: Vec<String> = ["spread tau=3", "series.csv"].map(str::to_owned).into();
        let (kinds, rest) = Init::kinds(&words);
        assert_eq!((kinds.len(), rest.len()), (1, 2));
        let init = Init::read(&kinds, &rest[..1]).expect("a value");
        assert_eq!(init.kind, Some(InitKind::Spread));
        assert_eq!(init.fixed, [("tau".to_owned(), 3.0)]);
        for wrong in ["tau", "tau=x", "tau=inf"] {
            assert!(Init::read(&[], &[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn two_steepnesses_are_read_by_their_colon() {
        assert_eq!(steepnesses("0.1:1").ok(), Some((0.1, 1.0)));
        for wrong in ["0.1", "a:1", "0.1:", ":", "1:0.1"] {
            assert!(steepnesses(wrong).is_err(), "{wrong}");
        }
    }
}
