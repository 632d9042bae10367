//! What a run says of itself: its name and its settings.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use switchback::core::Series;
use switchback::infer::{Method, Plan};
use switchback::models::{Parameterization, SwitchModel};
use switchback::record::RunFolder;

use super::args::ExperimentArguments;
use super::settings::{ExperimentSettings, PARAMETERS};

/// Where a run goes that was given no folder: what it does, the series and the moment in its name.
pub fn default_run(what: &str, series: &Series, at: Timestamp) -> PathBuf {
    let plain = |c: char| {
        if c.is_alphanumeric() || c == '_' || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = series.name().chars().map(plain).collect();
    run_path(&format!("{what}-{name}"), at)
}

/// The folder of a run called `name` that began at `at`.
pub fn run_path(name: &str, at: Timestamp) -> PathBuf {
    let at = at
        .strftime("%Y%m%d-%H%M%S%.3f")
        .to_string()
        .replace('.', "-");
    PathBuf::from("runs").join(format!("{name}-{at}"))
}

/// The last part of a run's folder.
pub fn run_name(folder: &RunFolder) -> String {
    let name = folder.final_path().file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The settings of an experiment, for its manifest, with the resolved `plan` of each optimiser's climb.
pub fn settings_as_json(
    settings: &ExperimentSettings,
    arguments: &ExperimentArguments,
    plan: impl Fn(Method) -> Plan,
) -> Map<String, Value> {
    let optimizers: Map<String, Value> = settings
        .optimizers
        .iter()
        .map(|choice| {
            let plan = plan(choice.method);
            let start: Map<String, Value> = PARAMETERS
                .into_iter()
                .zip(plan.start)
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect();
            let described = json!({
                "learning_rate": choice.settings.learning_rate(),
                "parameterization": match plan.parameterization {
                    Parameterization::Raw => "raw",
                    Parameterization::Log => "log",
                },
                "start": start,
            });
            (choice.method.as_str().to_owned(), described)
        })
        .collect();
    let settings = json!({
        "optimizers": optimizers,
        "momentum": arguments.momentum,
        "steps": settings.steps,
        "log_every": settings.log_every,
        "device": settings.device.as_str(),
        "num_samples": settings.chains.num_samples,
        "num_warmup": settings.chains.num_warmup,
        "num_chains": settings.chains.num_chains,
    });
    match settings {
        Value::Object(settings) => settings,
        _ => Map::new(),
    }
}

/// The priors of a model, for a manifest: parameter to density.
pub fn priors(model: &SwitchModel) -> Value {
    let named = model.priors().named().into_iter();
    named
        .map(|(name, prior)| (name.to_owned(), json!(prior.to_string())))
        .collect::<Map<String, Value>>()
        .into()
}
