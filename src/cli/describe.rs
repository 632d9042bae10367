//! What a run says of its settings.

use serde_json::{Map, Value, json};
use switchback::core::{Ascent, Ramp, Rule};
use switchback::infer::{Launch, Method};
use switchback::models::{Parameterization, SwitchModel};

use super::optimizing::{ClimbPlan, PlacedClimb};
use super::settings::ExperimentSettings;

/// The settings of an experiment, for its manifest, with the resolved climb of each optimiser.
pub fn settings_as_json(
    settings: &ExperimentSettings,
    climbs: &[PlacedClimb],
) -> Map<String, Value> {
    let optimizers: Map<String, Value> = climbs
        .iter()
        .map(|placed| (placed.method.clone(), climb(&placed.plan)))
        .collect();
    let settings = json!({
        "optimizers": optimizers,
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

/// How an optimiser climbs, for a manifest.
pub fn climb(plan: &ClimbPlan) -> Value {
    let Ascent {
        rule,
        learning_rate,
        clip,
        steepness,
    } = plan.ascent;
    let ramp = |ramp: Ramp| match ramp.is_constant() {
        true => json!(ramp.to),
        false => json!({
            "from": ramp.from,
            "to": ramp.to,
            "shape": format!("{:?}", ramp.shape).to_lowercase(),
            "steps": ramp.steps,
        }),
    };
    let rule = match (plan.method, rule) {
        (Method::Lbfgs, _) => Value::Null,
        (
            _,
            Rule::Adam {
                beta_1,
                beta_2,
                epsilon,
            },
        ) => {
            json!({"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon})
        }
        (_, Rule::Momentum { momentum }) => json!({"momentum": momentum}),
        (_, Rule::Sgd) => json!({}),
        (_, Rule::RmsProp { decay, epsilon }) => json!({"decay": decay, "epsilon": epsilon}),
    };
    let tolerances = plan.settings.tolerances;
    let launch = match &plan.launch {
        Launch::Given(values) => json!(values),
        Launch::Spread => json!("spread"),
        Launch::Prior => json!("prior"),
        Launch::Referee => json!("referee"),
    };
    json!({
        "rule": rule,
        "learning_rate": (plan.method != Method::Lbfgs).then(|| ramp(learning_rate)),
        "clip": clip,
        "steepness": ramp(steepness),
        "parameterization": match plan.climbed.parameterization {
            Parameterization::Raw => "raw",
            Parameterization::Log => "log",
        },
        "starts": plan.n_starts,
        "start": launch,
        "fixed": plan.fixed.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "steps": plan.settings.steps,
        "log_every": plan.settings.log_every,
        "tolerances": {
            "gradient": tolerances.gradient,
            "relative_gradient": tolerances.relative_gradient,
            "parameters": tolerances.parameters,
            "objective": tolerances.objective,
            "relative_objective": tolerances.relative_objective,
        },
    })
}

/// The priors of a model, for a manifest: parameter to density.
pub fn priors(model: &SwitchModel) -> Value {
    let named = model.priors().named().into_iter();
    named
        .map(|(name, prior)| (name.to_owned(), json!(prior.to_string())))
        .collect::<Map<String, Value>>()
        .into()
}
