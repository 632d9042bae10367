//! What methods said of one series, as tables, as a few sentences, and as JSON.

use serde_json::{Map, Value, json};
use switchback::core::{Series, switch_number};
use switchback::infer::{
    Compared, MethodKind, MethodSeen, Off, Reason, Remark, Standard, SwitchSeen, errors, remarks,
};
use switchback::models::{Moments, SwitchModel};
use switchback::record::Row;

use super::rows::with_sd;
use super::terminal;

/// Parameters beside each other in one table.
const COLUMNS: usize = 8;
/// Columns of prose.
const WIDTH: usize = 120;
/// Switches up to which each has its standard deviation beside it in the table of methods.
const WITH_SDS: usize = 3;

/// One method and what came of it.
pub struct Outcome {
    /// Its row of the comparison.
    pub row: Row,
    /// The form that it is of.
    pub form: &'static str,
    /// What kind it is.
    pub kind: MethodKind,
    /// Its verdict in a word.
    pub verdict: String,
    /// Whether it is to be believed.
    pub is_trusted: bool,
    /// Where it has the switches.
    pub places: Vec<usize>,
    /// Seconds, with those of its Gaussian.
    pub seconds: f64,
    /// Everything else about it.
    pub details: Value,
}

impl Outcome {
    /// Estimates with their standard deviations.
    pub fn estimates(&self) -> Vec<(String, f64, Option<f64>)> {
        let values = self.row.estimate.0.iter();
        values
            .filter_map(|(name, value)| Some((name.clone(), (*value)?, self.row.sd.get(name))))
            .collect()
    }

    /// Whether it climbs.
    pub fn is_optimizer(&self) -> bool {
        matches!(self.kind, MethodKind::Gradient { .. } | MethodKind::Blind)
    }
}

/// What the comparison knows beside its methods.
pub struct Known {
    /// Log Bayes factor against no switch; none without a referee.
    pub ln_bayes: Option<f64>,
    /// The exact posterior of each switch; empty without a referee.
    pub switches: Vec<SwitchSeen>,
    /// Other hills of the relaxed posterior.
    pub hills: Vec<switchback::infer::Hill>,
    /// The regime of fewest observations, from 1, and how many.
    pub smallest_regime: (usize, usize),
    /// Whether a whole regime may be constant.
    pub may_be_constant: bool,
    /// Seconds of the referee.
    pub exact_seconds: Option<f64>,
    /// Exact moments; none without a referee.
    pub moments: Option<Vec<(String, Moments)>>,
}

/// A finished comparison.
pub struct Verdicts<'a> {
    series: &'a Series,
    model: &'a SwitchModel,
    outcomes: &'a [Outcome],
    left_out: &'a [(&'static str, String)],
    compared: Compared,
    remarks: Vec<Remark>,
}

impl<'a> Verdicts<'a> {
    /// Holds `outcomes` against what is known; `left_out` are methods that were not run, each with its reason.
    pub fn new(
        series: &'a Series,
        model: &'a SwitchModel,
        outcomes: &'a [Outcome],
        left_out: &'a [(&'static str, String)],
        known: Known,
    ) -> Self {
        let (standard, truth) = standard(outcomes, known.moments);
        let seen = outcomes.iter().map(|outcome| MethodSeen {
            name: outcome.row.method.clone(),
            kind: outcome.kind.clone(),
            is_trusted: outcome.is_trusted,
            seconds: outcome.seconds,
            errors: errors(&outcome.estimates(), &truth),
        });
        let compared = Compared {
            ln_bayes: known.ln_bayes,
            n_switches: model.n_switches(),
            switches: known.switches,
            hills: known.hills,
            smallest_regime: known.smallest_regime,
            standard,
            may_be_constant: known.may_be_constant,
            exact_seconds: known.exact_seconds,
            methods: seen.collect(),
        };
        Self {
            series,
            model,
            outcomes,
            left_out,
            remarks: remarks(&compared),
            compared,
        }
    }

    /// When to pick which, in sentences.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        self.remarks.iter().map(Remark::to_string)
    }

    /// Both tables, the advice and the remarks.
    pub fn text(&self) -> String {
        let mut text = self.methods_table();
        text += "\n";
        text += &self.parameters_tables();
        text += &self.errors_tables();
        text += &self.advice();
        text += "When to pick which, for this series:\n";
        for remark in &self.remarks {
            text += &terminal::wrapped(&format!("- {remark}"), WIDTH, "  ");
        }
        text
    }

    /// A line on every method that is not to be believed, or was left out.
    fn advice(&self) -> String {
        let mut text = String::new();
        for outcome in self.outcomes.iter().filter(|outcome| !outcome.is_trusted) {
            let advice = outcome.row.advice.as_deref().unwrap_or_default();
            let line = format!("{}: {advice}", outcome.row.method);
            text += &terminal::wrapped(&line, WIDTH, "  ");
        }
        if !text.is_empty() {
            text += "(What compare has no option for, switchback optimize and switchback sample have.)\n";
        }
        for (method, why) in self.left_out {
            let line = format!("{method} is left out: {why}.");
            text += &terminal::wrapped(&line, WIDTH, "  ");
        }
        if !text.is_empty() {
            text += "\n";
        }
        text
    }

    fn methods_table(&self) -> String {
        let has_times = self.series.times().is_some();
        let mut header = vec!["method", "form", "switch"];
        header.extend(has_times.then_some("time"));
        header.extend([
            "verdict",
            "seconds",
            "evals",
            "ess",
            "s/100 ess",
            "mean off",
            "sd off",
        ]);
        let rows: Vec<Vec<String>> = self
            .outcomes
            .iter()
            .zip(&self.compared.methods)
            .map(|(outcome, seen)| {
                let mut row = vec![
                    outcome.row.method.clone(),
                    outcome.form.to_owned(),
                    self.switches(outcome),
                ];
                row.extend(has_times.then(|| self.times(&outcome.places)));
                row.extend(costs(outcome, seen));
                row
            })
            .collect();
        terminal::table(&header, &rows)
    }

    /// The switches of an outcome; several are told apart by their order.
    fn switches(&self, outcome: &Outcome) -> String {
        let n_switches = self.model.n_switches();
        let found: Vec<String> = ["tau", "s"]
            .into_iter()
            .flat_map(|letter| self.model.switch_names(letter))
            .filter_map(|name| {
                let value = outcome.row.estimate.get(&name)?;
                let sd = outcome.row.sd.get(&name).filter(|_| n_switches <= WITH_SDS);
                let shown = match sd {
                    Some(sd) => with_sd(value, Some(sd)),
                    None if value.fract() == 0.0 => format!("{value:.0}"),
                    None => format!("{value:.1}"),
                };
                Some(if n_switches == 1 {
                    format!("{name} {shown}")
                } else {
                    shown
                })
            })
            .collect();
        found.join(" ")
    }

    fn times(&self, places: &[usize]) -> String {
        let label = |s: &usize| self.series.label(*s).unwrap_or("-");
        let labels: Vec<&str> = places.iter().map(label).collect();
        labels.join(" ")
    }

    /// The regimes' parameters by every method.
    fn parameters_tables(&self) -> String {
        let names = self
            .model
            .likelihood()
            .parameter_names(self.model.n_regimes());
        let cell = |outcome: &Outcome, name: &String| {
            let value = outcome.row.estimate.get(name);
            or_dash(value.map(|value| with_sd(value, outcome.row.sd.get(name))))
        };
        let outcomes: Vec<&Outcome> = self.outcomes.iter().collect();
        tables("", &names, &outcomes, cell)
    }

    /// How far the optimisers' Gaussians are off, parameter by parameter.
    fn errors_tables(&self) -> String {
        let against = match &self.compared.standard {
            Standard::Exact => "the exact posterior".to_owned(),
            Standard::Sampler(name) => format!("the draws of {name}"),
            Standard::Nothing => return String::new(),
        };
        let optimizers: Vec<&Outcome> = self.outcomes.iter().filter(|o| o.is_optimizer()).collect();
        if optimizers.is_empty() {
            return String::new();
        }
        let parameters = self
            .model
            .likelihood()
            .parameter_names(self.model.n_regimes());
        let names = [parameters, self.model.switch_names("s")].concat();
        let cell = |outcome: &Outcome, name: &String| {
            let errors = self.errors_of(&outcome.row.method);
            or_dash(errors.iter().find(|off| off.name == *name).map(error))
        };
        format!(
            "Optimum against {against}: mean off by so many sds (sd as a share of the right one)\n{}",
            tables("", &names, &optimizers, cell)
        )
    }

    fn errors_of(&self, method: &str) -> &[Off] {
        let seen = self.compared.methods.iter();
        seen.filter(|seen| seen.name == method)
            .map(|seen| &seen.errors[..])
            .next()
            .unwrap_or_default()
    }

    /// Everything that the text says, as data.
    pub fn as_json(&self) -> Value {
        let methods: Map<String, Value> = self
            .outcomes
            .iter()
            .zip(&self.compared.methods)
            .map(|(outcome, seen)| (seen.name.clone(), method_as_json(outcome, seen)))
            .collect();
        let left_out: Map<String, Value> = self
            .left_out
            .iter()
            .map(|(method, why)| ((*method).to_owned(), json!(why)))
            .collect();
        let Compared {
            ln_bayes,
            switches,
            hills,
            smallest_regime: (regime, n),
            standard,
            may_be_constant,
            exact_seconds,
            ..
        } = &self.compared;
        let hills: Vec<Value> = hills
            .iter()
            .map(|hill| json!({"s": hill.switches, "gap_nats": hill.gap_nats}))
            .collect();
        json!({
            "log_bayes_factor": ln_bayes,
            "switches": switches.iter().map(switch_as_json).collect::<Vec<_>>(),
            "hills": hills,
            "smallest_regime": {"regime": regime, "observations": n},
            "standard": match standard {
                Standard::Exact => json!("exact"),
                Standard::Sampler(name) => json!(name),
                Standard::Nothing => Value::Null,
            },
            "may_be_constant": may_be_constant,
            "exact_seconds": exact_seconds,
            "methods": methods,
            "left_out": left_out,
            "remarks": self.remarks.iter().map(remark_as_json).collect::<Vec<_>>(),
        })
    }
}

/// What errors are against: the exact moments, or those of the trusted sampler with most effective draws.
fn standard(
    outcomes: &[Outcome],
    moments: Option<Vec<(String, Moments)>>,
) -> (Standard, Vec<(String, Moments)>) {
    if let Some(moments) = moments {
        return (Standard::Exact, moments);
    }
    let has_places = |outcome: &&Outcome| {
        let mut names = outcome.row.estimate.0.iter().map(|(name, _)| name);
        names.any(|name| switch_number(name, "s").is_some())
    };
    let ess = |outcome: &Outcome| match outcome.kind {
        MethodKind::Sampler { ess } if outcome.is_trusted => Some(ess),
        _ => None,
    };
    let best = outcomes
        .iter()
        .filter(has_places)
        .filter_map(|outcome| Some((ess(outcome)?, outcome)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, best)) = best else {
        return (Standard::Nothing, Vec::new());
    };
    let moments = best.estimates().into_iter();
    let moments = moments.filter_map(|(name, mean, sd)| Some((name, Moments { mean, sd: sd? })));
    (
        Standard::Sampler(best.row.method.clone()),
        moments.collect(),
    )
}

/// Verdict, time and accuracy of a method.
fn costs(outcome: &Outcome, seen: &MethodSeen) -> [String; 7] {
    let ess = match outcome.kind {
        MethodKind::Sampler { ess } => Some(format!("{ess:.0}")),
        _ => None,
    };
    let is_exact = outcome.kind == MethodKind::Exact;
    let off = |off: Option<f64>| off.filter(|_| !is_exact);
    [
        outcome.verdict.clone(),
        seconds(outcome.seconds),
        or_dash(outcome.row.evaluations.map(|count| count.to_string())),
        or_dash(ess),
        or_dash(seen.seconds_a_hundred().map(seconds)),
        or_dash(off(seen.mean_off()).map(|off| format!("{} sd", short(off)))),
        or_dash(off(seen.sd_off()).map(|off| format!("{} %", percent(off)))),
    ]
}

/// `cell` of every outcome and name, a few names beside each other, with an empty line after each table.
fn tables(
    corner: &str,
    names: &[String],
    outcomes: &[&Outcome],
    cell: impl Fn(&Outcome, &String) -> String,
) -> String {
    let mut text = String::new();
    for names in names.chunks(COLUMNS) {
        let columns = names.iter().map(String::as_str);
        let header: Vec<&str> = std::iter::once(corner).chain(columns).collect();
        let rows: Vec<Vec<String>> = outcomes
            .iter()
            .map(|outcome| {
                let cells = names.iter().map(|name| cell(outcome, name));
                std::iter::once(outcome.row.method.clone())
                    .chain(cells)
                    .collect()
            })
            .collect();
        text += &terminal::table(&header, &rows);
        text += "\n";
    }
    text
}

/// `+0.05 (0.98)`.
fn error(off: &Off) -> String {
    let sign = if off.mean_off >= 0.0 { "+" } else { "-" };
    let mean = format!("{sign}{}", short(off.mean_off.abs()));
    match off.sd_ratio {
        Some(ratio) => format!("{mean} ({})", short(ratio)),
        None => mean,
    }
}

/// Two decimals, or none where the number is large.
fn short(value: f64) -> String {
    match value {
        v if v < 99.95 => format!("{v:.2}"),
        v if v < 1e6 => format!("{v:.0}"),
        v => format!("{v:.0e}"),
    }
}

fn percent(share: f64) -> String {
    match 100.0 * share {
        p if p < 9.95 => format!("{p:.1}"),
        p if p < 1e6 => format!("{p:.0}"),
        p => format!("{p:.0e}"),
    }
}

/// Seconds to two digits at least, and to a tenth of a millisecond at most.
fn seconds(seconds: f64) -> String {
    let places = match seconds {
        s if s < 0.01 => 4,
        s if s < 0.1 => 3,
        s if s < 10.0 => 2,
        _ => 1,
    };
    format!("{seconds:.places$}")
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

fn method_as_json(outcome: &Outcome, seen: &MethodSeen) -> Value {
    let errors: Map<String, Value> = seen
        .errors
        .iter()
        .map(|off| {
            let of = json!({
                "mean_off_sd": finite(Some(off.mean_off)),
                "sd_ratio": finite(off.sd_ratio),
            });
            (off.name.clone(), of)
        })
        .collect();
    let ess = match outcome.kind {
        MethodKind::Sampler { ess } => finite(Some(ess)),
        _ => None,
    };
    json!({
        "form": outcome.form,
        "verdict": outcome.verdict,
        "is_trusted": outcome.is_trusted,
        "s": outcome.places,
        "seconds": outcome.seconds,
        "ess_worst": ess,
        "seconds_per_100_effective_draws": finite(seen.seconds_a_hundred()),
        "worst_mean_off_sd": finite(seen.mean_off()),
        "worst_sd_off": finite(seen.sd_off()),
        "errors": errors,
        "details": outcome.details,
    })
}

fn switch_as_json(switch: &SwitchSeen) -> Value {
    let (low, high) = switch.interval;
    json!({
        "name": switch.name,
        "most_probable": switch.place,
        "probability": switch.probability,
        "interval_95": [low, high],
    })
}

fn remark_as_json(remark: &Remark) -> Value {
    let mut of_remark = json!({"kind": remark.kind(), "text": remark.to_string()});
    let more = match remark {
        Remark::GradientEnough { method, .. }
        | Remark::Fastest { method, .. }
        | Remark::Cheapest { method, .. } => json!({"method": method}),
        Remark::PlainStuck {
            methods,
            gap_nats,
            instead,
        } => json!({
            "methods": methods,
            "gap_nats": gap_nats,
            "instead": instead.as_ref().map(|(method, ..)| method),
        }),
        Remark::TakePosterior {
            reasons, sampler, ..
        } => json!({
            "reasons": reasons.iter().map(reason_as_json).collect::<Vec<_>>(),
            "sampler": sampler.as_ref().map(|(method, _)| method),
        }),
        _ => json!({}),
    };
    if let (Value::Object(of_remark), Value::Object(more)) = (&mut of_remark, more) {
        of_remark.extend(more);
    }
    of_remark
}

fn reason_as_json(reason: &Reason) -> Value {
    json!({"kind": reason.kind(), "text": reason.to_string()})
}
