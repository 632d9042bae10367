//! What TensorBoard shows of a run beside its curves: settings with their outcome, charts, what was found.

use std::path::Path;

use switchback::core::{Ramp, Rule, Series};
use switchback::infer::{ChainsSettings, Method, Target};
use switchback::models::{Parameterization, SwitchModel};
use switchback::record::{Chart, EventFile, RecordError, SECONDS_TAG, Setting};

use super::climbing::Engine;
use super::failure::Failure;
use super::optimizing::PlacedClimb;
use switchback::report::{Figure, Theme};
use switchback::text;

/// Columns of the HPARAMS tab. The tab takes them from the first run that it finds, so they are the same in every one.
const COLUMNS: [(&str, Setting); 17] = [
    ("series", Setting::Text(String::new())),
    ("rows", Setting::Number(0.0)),
    ("likelihood_of_a_row", Setting::Text(String::new())),
    ("regimes", Setting::Text(String::new())),
    ("form", Setting::Text(String::new())),
    ("method", Setting::Text(String::new())),
    ("engine", Setting::Text(String::new())),
    ("device", Setting::Text(String::new())),
    ("learning_rate", Setting::Number(0.0)),
    ("steepness", Setting::Number(0.0)),
    ("parameterization", Setting::Text(String::new())),
    ("starts", Setting::Number(0.0)),
    ("steps", Setting::Number(0.0)),
    ("chains", Setting::Number(0.0)),
    ("warmup", Setting::Number(0.0)),
    ("samples", Setting::Number(0.0)),
    ("seed", Setting::Number(0.0)),
];
/// Tags that the tab shows beside them.
const OUTCOMES: [&str; 3] = ["likelihood", "gap/nats", SECONDS_TAG];
/// Tags of what all starts, or all chains, have in the middle, and where nine tenths of them are.
const SPREADS: [(&str, &str); 2] = [("Starts", "starts"), ("Chains", "chains")];

/// The event file of the run itself, beside those of its methods.
pub struct Dashboards(EventFile);

impl Dashboards {
    /// Lays out the charts of a run of `model` in `folder`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(folder: &Path, model: &SwitchModel) -> Result<Self, RecordError> {
        let mut file = EventFile::create(folder)?;
        file.hparams_table(&COLUMNS, &OUTCOMES)?;
        let layout = layout(model);
        let layout: Vec<(&str, Vec<Chart>)> = layout
            .iter()
            .map(|(title, charts)| (&**title, charts.clone()))
            .collect();
        file.layout(&layout)?;
        Ok(Self(file))
    }

    /// Adds `figure` as a picture.
    ///
    /// # Errors
    /// When it cannot be drawn, or events were lost.
    pub fn picture(&mut self, name: &str, figure: &Figure) -> Result<(), Failure> {
        let png = figure.png(Theme::Light)?;
        Ok(self.0.image(name, 0, &png)?)
    }

    /// Adds what was found, in the words that are printed, and closes the file.
    ///
    /// # Errors
    /// When events were lost.
    pub fn end(mut self, found: &str) -> Result<(), RecordError> {
        // The tab takes Markdown: a block of code is shown as it is.
        let lines: Vec<String> = text::plain(found)
            .lines()
            .map(|line| format!("    {line}"))
            .collect();
        self.0.text("verdict", 0, &lines.join("\n"))?;
        self.0.close()
    }
}

/// The settings of a climb.
pub fn of_climb(series: &Series, placed: &PlacedClimb, engine: &Engine) -> Vec<(String, Setting)> {
    let PlacedClimb {
        plan, objective, ..
    } = placed;
    let mut settings = of_model(series, objective.model());
    let form = if plan.climbed.is_marginal {
        "marginal"
    } else {
        "sigmoid"
    };
    let method = match (plan.method, plan.ascent.rule) {
        (Method::Lbfgs, _) => "lbfgs",
        (_, Rule::Adam { .. }) => "adam",
        (_, Rule::Momentum { .. }) => "momentum",
        (_, Rule::Sgd) => "sgd",
        (_, Rule::RmsProp { .. }) => "rmsprop",
    };
    let parameterization = match plan.climbed.parameterization {
        Parameterization::Raw => "raw",
        Parameterization::Log => "log",
    };
    settings.extend([
        text("form", form),
        text("method", method),
        text("engine", engine.as_str()),
        text("device", engine.device()),
        text("parameterization", parameterization),
        number("starts", plan.n_starts as f64),
        number("steps", plan.settings.steps as f64),
        number("seed", plan.seed as f64),
    ]);
    // What changes on the way is a curve, not a setting: its last value stands for it.
    let last = |ramp: Ramp| ramp.to;
    if plan.method != Method::Lbfgs {
        settings.push(number("learning_rate", last(plan.ascent.learning_rate)));
    }
    if !plan.climbed.is_marginal {
        settings.push(number("steepness", last(plan.ascent.steepness)));
    }
    settings
}

/// The settings of a sampler's chains.
pub fn of_chains(
    series: &Series,
    sampler: &str,
    target: &Target,
    chains: ChainsSettings,
) -> Vec<(String, Setting)> {
    let mut settings = of_model(series, target.model());
    settings.extend([
        text("form", target.form().as_str()),
        text("method", sampler),
        text("engine", "plain"),
        text("device", "cpu"),
        number("chains", chains.num_chains as f64),
        number("warmup", chains.num_warmup as f64),
        number("samples", chains.num_samples as f64),
        number("seed", chains.seed as f64),
    ]);
    settings
}

/// The settings of the optimiser that holds the switches.
pub fn of_held(series: &Series, model: &SwitchModel) -> Vec<(String, Setting)> {
    let mut settings = of_model(series, model);
    settings.extend([
        text("form", "hard"),
        text("method", "find-map"),
        text("engine", "fused"),
        text("device", "cpu"),
        number("starts", 1.0),
    ]);
    settings
}

fn of_model(series: &Series, model: &SwitchModel) -> Vec<(String, Setting)> {
    vec![
        text("series", series.name()),
        number("rows", series.len() as f64),
        text("likelihood_of_a_row", model.likelihood().as_str()),
        text("regimes", &model.regimes().to_string()),
    ]
}

fn text(name: &str, value: &str) -> (String, Setting) {
    (name.to_owned(), Setting::Text(text::plain(value)))
}

fn number(name: &str, value: f64) -> (String, Setting) {
    (name.to_owned(), Setting::Number(value))
}

/// The charts: a parameter with all methods in one, then its spread over starts and chains, then how the methods do.
fn layout(model: &SwitchModel) -> Vec<(String, Vec<Chart>)> {
    let mut names = model.likelihood().parameter_names(model.n_regimes());
    names.extend(model.switch_names("tau"));
    names.push("likelihood".to_owned());
    let lines = |title: &str, tags: Vec<String>| Chart::Lines {
        title: title.to_owned(),
        tags,
    };
    let every = names.iter().map(|name| lines(name, vec![name.clone()]));
    let mut layout = vec![("Every method".to_owned(), every.collect())];
    for (title, prefix) in SPREADS {
        let margin = |name: &String| Chart::Margin {
            title: format!("{name}: median, 5 % and 95 %"),
            value: format!("{prefix}/{name}/median"),
            lower: format!("{prefix}/{name}/q05"),
            upper: format!("{prefix}/{name}/q95"),
        };
        // What starts climb is not always the likelihood.
        let names = names
            .iter()
            .filter(|name| prefix == "chains" || *name != "likelihood");
        layout.push((title.to_owned(), names.map(margin).collect()));
    }
    let of_all = |prefix: &str| {
        names
            .iter()
            .map(|name| format!("{prefix}/{name}"))
            .collect()
    };
    layout.push((
        "How well".to_owned(),
        vec![
            lines("nats below the best known", vec!["gap/nats".to_owned()]),
            lines("r_hat", of_all("mcmc/r_hat")),
            lines("effective draws", of_all("mcmc/ess")),
            lines("norm of the gradient", vec!["diag/grad_norm".to_owned()]),
        ],
    ));
    layout
}
