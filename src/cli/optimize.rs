//! `switchback optimize`: the best optimum of a switchpoint model by gradient, with what became of every start.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use switchback::core::{Series, Stop};
use switchback::diagnostics::MIN_DRAWS;
use switchback::infer::{Climbed, InferError, Method, Reference};
use switchback::models::{Estimate, Parameterization, SwitchModel};
use switchback::record::{Comparison, SeriesInfo};
use switchback::tensor::switch_graph;

use super::answer::{Answer, Search};
use super::args::OptimizeArguments;
use super::climbing::Engine;
use super::describe;
use super::exhibits::{self, Known};
use super::failure::Failure;
use super::found;
use super::listen::Interrupt;
use super::model;
use super::optimizing::{ClimbChoices, INIT_FORM, Init, PlacedClimb, What};
use super::rows;
use super::run::{Ending, Run, name_of};
use super::settings::{self, Chosen};

/// Optimises and prints what was found.
pub fn run(arguments: &OptimizeArguments) -> Result<u8, Failure> {
    let created_at = Timestamp::now();
    let (kinds, init) = Init::kinds(&arguments.climb.init);
    let file = arguments.series.file.as_deref();
    let words = settings::words(file, &arguments.model.prior, &init, INIT_FORM)?;
    let init = Init::read(&kinds, &words.init)?;
    let choices = ClimbChoices::validate(&arguments.climb, init, arguments.seed)?;
    choices.check_for(&arguments.optimizer)?;
    if (1..MIN_DRAWS).contains(&arguments.laplace_draws) {
        return Err(InferError::Setting {
            setting: "laplace-draws",
            value: arguments.laplace_draws.to_string(),
            rule: "it must be at least 4, or 0 for no Gaussian",
        }
        .into());
    }
    let what = What::read(
        arguments.estimate,
        arguments.jacobian,
        arguments.form,
        &arguments.climb,
    )?;
    let engine = Engine::open(arguments.engine, arguments.device.as_deref())?;
    let Chosen { series, path } = settings::series(&arguments.series, words.file.as_deref())?;
    let model = SwitchModel::new(
        &series,
        model::chosen(&arguments.model, &words.prior, &series)?,
    )?;
    let climbs = climbs(arguments, &choices, what, &model, &series)?;
    for placed in &climbs {
        engine.check(&placed.objective)?;
    }
    let mut search = Search {
        reference: reference(what, choices.last_steepness(), &model, &series)?,
        series: &series,
        model: &model,
        engine: &engine,
        laplace_draws: arguments.laplace_draws,
    };
    let interrupt = Interrupt::listen().map_err(Failure::internal)?;
    let run_dir = arguments.run_dir.clone();
    let name = name_of("optimize", &series);
    let mut run = Run::begin(&name, created_at, run_dir, &arguments.output)?;
    let mut listeners = run.listeners(interrupt, &model)?;
    let is_sigmoid = search.reference.objective().steepness().is_some();
    for placed in climbs.iter().filter(|_| is_sigmoid) {
        let graph = switch_graph(&model, placed.plan.n_starts);
        listeners.add_graph(&placed.method, graph);
    }
    let answers = search.climb(&climbs, &mut listeners)?;
    listeners.close()?;
    let report = Report {
        arguments,
        search: &search,
        answers: &answers,
        what,
    };
    let json = run.write_found(&report.comparison(), Some(("optimize", report.details())))?;
    let exhibits = Known {
        series: &series,
        model: &model,
        exact: None,
        peaks: Some(search.reference.peaks()),
        ends: exhibits::ends(&answers),
    }
    .exhibits()?;
    let is_trusted = answers.iter().all(Answer::is_trusted) && !model.may_have_constant_regime();
    run.end(Ending {
        series: Some(SeriesInfo::of(&series, path.as_deref())),
        settings: report.settings(),
        seed: arguments.seed,
        prior: describe::priors(&model),
        methods: answers
            .iter()
            .map(|answer| search.method_info(answer))
            .collect(),
        is_interrupted: answers
            .iter()
            .any(|answer| answer.ended.stop == Stop::Interrupted),
        is_trusted,
        exhibits: Some(exhibits),
        json,
        text: report.text(),
    })
}

/// One climb an optimiser that was asked for.
fn climbs(
    arguments: &OptimizeArguments,
    choices: &ClimbChoices<'_>,
    what: What,
    model: &SwitchModel,
    series: &Series,
) -> Result<Vec<PlacedClimb>, Failure> {
    let mut climbs: Vec<PlacedClimb> = Vec::new();
    for name in &arguments.optimizer {
        let method = name.to_string();
        if climbs.iter().all(|known| known.method != method) {
            let plan = choices.plan(*name, what, model, series)?;
            climbs.push(plan.place(&method, model, series)?);
        }
    }
    Ok(climbs)
}

/// What the results are held against: the objective that is climbed, in coordinates of its own.
///
/// # Errors
/// When the steepness makes no sense, or no placing of the switches can be fitted.
pub fn reference(
    what: What,
    steepness: f64,
    model: &SwitchModel,
    series: &Series,
) -> Result<Reference, Failure> {
    let plain = Climbed {
        estimate: what.estimate,
        is_marginal: what.is_marginal,
        parameterization: Parameterization::Log,
        is_plain: true,
    };
    let mut objective = plain.objective(model, series, Method::Lbfgs)?;
    if objective.steepness().is_some() {
        objective.steepen(steepness)?;
    }
    Ok(Reference::of(&objective)?)
}

/// What is told of a run.
struct Report<'a> {
    arguments: &'a OptimizeArguments,
    search: &'a Search<'a>,
    answers: &'a [Answer],
    what: What,
}

impl Report<'_> {
    fn comparison(&self) -> Comparison {
        let rows = self.answers.iter().map(|answer| self.search.row(answer));
        Comparison {
            series: self.search.series.name().to_owned(),
            model: self.search.model.describe(),
            rows: rows.collect(),
            exact: None,
        }
    }

    fn details(&self) -> Value {
        let names = self.search.names();
        let of = |answer: &Answer| found::as_json(self.search.series, &names, answer);
        let answers = self.answers.iter();
        let mut details: Map<String, Value> = answers
            .map(|answer| (answer.method.clone(), of(answer)))
            .collect();
        details.insert("objective".into(), self.objective_as_json());
        let may_be_constant = self.search.model.may_have_constant_regime();
        details.insert("may_have_constant_regime".into(), may_be_constant.into());
        Value::Object(details)
    }

    fn objective_as_json(&self) -> Value {
        let objective = self.search.reference.objective();
        json!({
            "estimate": self.what.estimate.as_str(),
            "jacobian": matches!(self.what.estimate, Estimate::Posterior { with_jacobian: true }),
            "form": if self.what.is_marginal { "marginal" } else { "sigmoid" },
            "steepness": objective.steepness(),
        })
    }

    fn text(&self) -> String {
        let Search { series, model, .. } = self.search;
        let is_posterior = self.what.estimate != Estimate::Likelihood;
        let mut text = if is_posterior {
            rows::opening(series, model)
        } else {
            rows::opening_without_prior(series, model)
        };
        text += &format!("{}, on {}.\n\n", self.sought(), self.engine());
        let names = self.search.names();
        for answer in self.answers {
            text += &found::text(series, &names, answer, is_posterior);
            text += "\n";
        }
        for answer in self.answers {
            text += &found::advice(answer);
        }
        if model.may_have_constant_regime() {
            text += rows::MAY_BE_CONSTANT;
        }
        text
    }

    fn engine(&self) -> String {
        match self.search.engine {
            Engine::Fused => "the processor in double precision".to_owned(),
            Engine::Tensor(device) => {
                format!("tensors on {} in {}", device.name(), device.precision())
            }
        }
    }

    /// What is sought, in words.
    fn sought(&self) -> String {
        let form = match self.search.reference.objective().steepness() {
            Some(steepness) => format!("sigmoid form of steepness {steepness}"),
            None => "marginal form".to_owned(),
        };
        match self.what.estimate {
            Estimate::Likelihood => format!("The maximum of the likelihood of the {form}"),
            Estimate::Posterior {
                with_jacobian: true,
            } => format!(
                "The maximum of the posterior of the {form}, over unconstrained positions (with the Jacobian)"
            ),
            Estimate::Posterior {
                with_jacobian: false,
            } => format!(
                "The maximum of the posterior of the {form}, over the values (without the Jacobian)"
            ),
        }
    }

    fn settings(&self) -> Map<String, Value> {
        let model = self.search.model;
        let climbs: Map<String, Value> = self
            .answers
            .iter()
            .map(|answer| (answer.method.clone(), describe::climb(&answer.plan)))
            .collect();
        let settings = json!({
            "likelihood": model.likelihood().as_str(),
            "regimes": model.regimes().to_string(),
            "switch_prior": model.switch_prior().as_str(),
            "objective": self.objective_as_json(),
            "optimizers": climbs,
            "init": self.arguments.climb.init,
            "engine": self.search.engine.as_str(),
            "device": self.search.engine.device(),
            "laplace_draws": self.arguments.laplace_draws,
        });
        match settings {
            Value::Object(settings) => settings,
            _ => Map::new(),
        }
    }
}
