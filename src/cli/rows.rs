//! Results become rows of the comparison, and rows become a table.

use serde_json::{Map, Value, json};
use switchback::core::{Series, Stop};
use switchback::diagnostics::Summary;
use switchback::infer::{Diagnosis, Far, Form, Optimum, Target};
use switchback::models::{Exact, ModelError, Moments, SwitchModel, SwitchPrior};
use switchback::record::{self, Named, Row};

pub use switchback::summary::significant;

use super::climbing::Engine;
use super::terminal;

/// Mass of the credible set that is reported.
const CREDIBLE: f64 = 0.95;

/// What a method cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Wall seconds.
    pub seconds: f64,
    /// Evaluations of the density, or of it and its gradient.
    pub evaluations: u64,
}

/// What an optimiser found, and on what.
pub struct Found<'a> {
    /// Name of the method.
    pub method: &'a str,
    /// What evaluated the objective.
    pub engine: &'a Engine,
    /// Names of its parameters.
    pub names: &'a [String],
    /// The best that its starts ended at.
    pub optimum: &'a Optimum,
    /// Standard errors there, where they are known.
    pub standard_errors: Option<&'a [f64]>,
    /// Why the method ended.
    pub stop: Stop,
    /// What it cost.
    pub cost: Cost,
}

/// The row of an optimiser.
pub fn optimizer(series: &Series, found: &Found<'_>) -> Row {
    let Optimum { end, judgement, .. } = found.optimum;
    let names = || found.names.iter().map(String::as_str);
    let s = judgement.switches.first().copied();
    let sds: Vec<Option<f64>> = match found.standard_errors {
        Some(errors) => errors.iter().copied().map(Some).collect(),
        None => vec![None; found.names.len()],
    };
    Row {
        method: found.method.to_owned(),
        engine: found.engine.as_str().to_owned(),
        device: found.engine.device().to_owned(),
        estimate: names().zip(end.values.iter().copied()).collect(),
        sd: names().zip(sds).collect(),
        s,
        time: s.and_then(|s| series.label(s)).map(str::to_owned),
        log_likelihood: judgement.log_likelihood,
        gap_nats: judgement.gap_nats,
        verdict: Some(judgement.verdict.to_string()),
        stop: Some(found.stop.to_string()),
        seconds: Some(found.cost.seconds),
        evaluations: Some(found.cost.evaluations),
        advice: Some(judgement.advice.clone()),
        ..Row::default()
    }
}

/// A form of a model that a sampler drew from.
pub struct Sampled<'a> {
    /// The form.
    pub target: &'a Target,
    /// The greatest log-likelihood known of it, in nats.
    pub best: Option<f64>,
}

/// What a sampler's chains left behind.
pub struct Drawn<'a> {
    /// What the draws say, and whether to believe it.
    pub diagnosis: &'a Diagnosis,
    /// The quantity whose mean is far from the exact one.
    pub far: Option<&'a Far>,
    /// The most probable place of each switch by the draws.
    pub switch: Vec<usize>,
    /// Why the chains ended.
    pub stop: Stop,
    /// What they cost.
    pub cost: Cost,
}

/// The row of a sampler: posterior means and standard deviations, with the log-likelihood at the means.
pub fn sampler(series: &Series, method: &str, sampled: &Sampled<'_>, drawn: &Drawn<'_>) -> Row {
    let Drawn {
        diagnosis,
        far,
        switch,
        stop,
        cost,
    } = drawn;
    let column = |value: fn(&Summary) -> f64| -> Named {
        let quantities = diagnosis.quantities.iter();
        quantities
            .map(|summary| (summary.name.as_str(), value(summary)))
            .collect()
    };
    let means: Vec<f64> = diagnosis
        .quantities
        .iter()
        .map(|found| found.mean)
        .collect();
    let log_likelihood = log_likelihood_at(sampled.target, &means);
    let gap = |best: f64| log_likelihood.map(|value| best - value);
    let s = switch.first().copied();
    Row {
        method: method.to_owned(),
        engine: "plain".to_owned(),
        device: "cpu".to_owned(),
        estimate: column(|found| found.mean),
        sd: column(|found| found.sd),
        s,
        time: s.and_then(|s| series.label(s)).map(str::to_owned),
        log_likelihood,
        // Beyond the best known is only the corner where a sigma goes to 0.
        gap_nats: sampled.best.and_then(gap).filter(|gap| *gap >= 0.0),
        stop: Some(stop.to_string()),
        seconds: Some(cost.seconds),
        evaluations: Some(cost.evaluations),
        ess_bulk: Some(column(|found| found.ess_bulk)),
        r_hat: Some(column(|found| found.r_hat)),
        advice: Some(match far {
            Some(far) => far.to_string(),
            None => diagnosis.advice().join(" "),
        }),
        ..Row::default()
    }
}

/// Log-likelihood at the `means` of a draw's parameters and switches, whole numbers rounded; `None` where that is
/// impossible.
fn log_likelihood_at(target: &Target, means: &[f64]) -> Option<f64> {
    let model = target.model();
    if means.len() != model.n_parameters() + model.n_switches() {
        return None;
    }
    let (parameters, switches) = means.split_at(model.n_parameters());
    let value = if target.form() == Form::Sigmoid {
        let posterior = target.posterior();
        let position = posterior.space().unconstrain(means).ok()?;
        let mut value = [f64::NAN];
        posterior.log_likelihood(&position, &mut value).ok()?;
        value[0]
    } else {
        let rounded: Vec<usize> = switches
            .iter()
            .map(|s| s.round().max(0.0) as usize)
            .collect();
        target.model().log_likelihood(parameters, &rounded)
    };
    value.is_finite().then_some(value)
}

/// The referee's row: exact posterior means and standard deviations; `best` is the greatest log-likelihood known.
pub fn exact(series: &Series, exact: &Exact, best: Option<f64>, cost: Cost) -> Row {
    let moments = exact.moments();
    let model = exact.model();
    let means: Vec<f64> = moments.iter().map(|(_, of)| of.mean).collect();
    let (parameters, switches) = means.split_at(model.n_parameters());
    let rounded: Vec<usize> = switches.iter().map(|s| s.round() as usize).collect();
    let log_likelihood = Some(model.log_likelihood(parameters, &rounded)).filter(|v| v.is_finite());
    let gap = |best: f64| log_likelihood.map(|value| best - value);
    let s = exact.most_probable().first().copied();
    Row {
        method: "exact".to_owned(),
        engine: "quadrature".to_owned(),
        device: "cpu".to_owned(),
        estimate: moments
            .iter()
            .map(|(name, of)| (name.as_str(), of.mean))
            .collect(),
        sd: moments
            .iter()
            .map(|(name, of)| (name.as_str(), of.sd))
            .collect(),
        s,
        time: s.and_then(|s| series.label(s)).map(str::to_owned),
        log_likelihood,
        gap_nats: best.and_then(gap).filter(|gap| *gap >= 0.0),
        stop: Some("completed".to_owned()),
        seconds: Some(cost.seconds),
        evaluations: Some(cost.evaluations),
        ..Row::default()
    }
}

/// The exact answer as it stands beside the rows.
///
/// # Errors
/// Never for a mass between 0 and 1.
pub fn exact_beside(series: &Series, exact: &Exact) -> Result<record::Exact, ModelError> {
    let label = |s: usize| series.label(s).map_or(Value::Null, Value::from);
    let place = |s: usize| json!({"s": s, "time": label(s)});
    let of_switch = |k: usize| -> Result<Map<String, Value>, ModelError> {
        let credible = exact.credible_set(k, CREDIBLE)?;
        let (low, high, mass) = exact.credible_interval(k, CREDIBLE)?;
        let mut of_switch = Map::new();
        of_switch.insert(
            "credible_interval".into(),
            json!({"mass": mass, "low": place(low), "high": place(high)}),
        );
        let most = exact.most_probable().get(k).copied().unwrap_or(0);
        of_switch.insert("most_probable".into(), place(most));
        of_switch.insert(
            "credible_set".into(),
            json!({"mass": credible.mass, "members": credible.members}),
        );
        Ok(of_switch)
    };
    let possible = |k: usize| {
        let p = exact.switch_posterior.get(k).map_or(&[][..], Vec::as_slice);
        Named::by_index(p.iter().copied().enumerate().filter(|(_, p)| *p > 0.0))
    };
    let names = exact.model().switch_names("s");
    let mut more = of_switch(0)?;
    if names.len() > 1 {
        let mut switches = Map::new();
        for (k, name) in names.iter().enumerate() {
            let mut of_switch = of_switch(k)?;
            of_switch.insert("switch_posterior".into(), json!(possible(k)));
            switches.insert(name.clone(), Value::Object(of_switch));
        }
        more = Map::new();
        more.insert("switches".into(), Value::Object(switches));
    }
    more.insert("excluded".into(), json!(exact.excluded));
    Ok(record::Exact {
        log_evidence: Some(exact.log_evidence),
        log_evidence_no_switch: Some(exact.log_evidence_no_switch),
        switch_posterior: possible(0),
        more,
    })
}

/// What is said where a regime may be constant.
pub const MAY_BE_CONSTANT: &str = "A whole regime may be constant here, which Normal regimes cannot say: do not trust this answer.\n";

/// What the referee found, in words.
///
/// # Errors
/// Never for a mass between 0 and 1.
pub fn headline(series: &Series, exact: &Exact) -> Result<String, ModelError> {
    let model = exact.model();
    let n_switches = model.n_switches();
    let bayes = exact.log_evidence - exact.log_evidence_no_switch;
    let what = match n_switches {
        1 => "one switch".to_owned(),
        several => format!("{several} switches"),
    };
    let evidence = if bayes >= 0.0 {
        format!("The data are e^{bayes:.2} times as probable under {what} as under none")
    } else {
        let bayes = -bayes;
        format!("The data are e^{bayes:.2} times as probable under no switch as under {what}")
    };
    let of = match n_switches {
        1 => "of one".to_owned(),
        several => format!("of {several}"),
    };
    let mut text = format!(
        "{evidence} (log evidence {of} {:.4}, of none {:.4}).\n",
        exact.log_evidence, exact.log_evidence_no_switch,
    );
    for k in 0..n_switches {
        text += &where_it_begins(series, exact, k, bayes >= 0.0)?;
    }
    text += &levels(exact);
    text += " (exact posterior mean ± sd).\n";
    if !exact.excluded.is_empty() {
        text += &format!(
            "Left out, because a regime would hold equal values only and its sigma could be 0: s = {}.\n",
            stretches(&exact.excluded)
        );
    }
    if exact.may_have_constant_regime() {
        text += MAY_BE_CONSTANT;
    }
    Ok(text)
}

/// Where the regime after switch `k` begins.
fn where_it_begins(
    series: &Series,
    exact: &Exact,
    k: usize,
    is_likely: bool,
) -> Result<String, ModelError> {
    let model = exact.model();
    let s = exact.most_probable().get(k).copied().unwrap_or(0);
    let of_switch = exact.switch_posterior.get(k).map_or(&[][..], Vec::as_slice);
    let probability = of_switch.get(s).copied().unwrap_or(0.0);
    let (low, high, mass) = exact.credible_interval(k, CREDIBLE)?;
    let place = |s: usize| match (series.times(), series.label(s)) {
        (Some(times), Some(label)) => format!("{s} ({} {label})", times.name),
        _ => s.to_string(),
    };
    let opening = match (model.n_switches(), is_likely) {
        (1, true) => "The new regime begins".to_owned(),
        (1, false) => "If there is one, the new regime begins".to_owned(),
        _ => {
            let regime = model.regimes().of_stretch().get(k + 1).map_or(0, |r| r + 1);
            let again = if regime <= k + 1 { "again " } else { "" };
            format!("Regime {regime} begins {again}")
                .trim_end()
                .to_owned()
        }
    };
    let name = model.switch_names("s").get(k).cloned().unwrap_or_default();
    let spread = if low == high {
        String::new()
    } else {
        let mass = 100.0 * mass;
        format!("; {mass:.1} % lies within {}..{}", place(low), place(high))
    };
    Ok(format!(
        "{opening} at {name} = {} with probability {probability:.4}{spread};\n",
        place(s)
    ))
}

/// `mu 1±0.1 -> 2±0.2, sigma ..` for every kind of parameter.
fn levels(exact: &Exact) -> String {
    let n_regimes = exact.model().n_regimes();
    let parameters = &exact.moments()[..exact.model().n_parameters()];
    let with_sd = |moments: &Moments| with_sd(moments.mean, Some(moments.sd));
    let kinds: Vec<String> = parameters
        .chunks(n_regimes)
        .map(|kind| {
            let name = kind.first().map_or("", |(name, _)| name.as_str());
            let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let values: Vec<String> = kind.iter().map(|(_, moments)| with_sd(moments)).collect();
            format!("{name} {}", values.join(" -> "))
        })
        .collect();
    kinds.join(", ")
}

/// `1, 2, 3, 7` as `1..3, 7`.
fn stretches(indices: &[usize]) -> String {
    let parts: Vec<String> = indices
        .chunk_by(|a, b| a + 1 == *b)
        .map(|stretch| match stretch {
            [low, .., high] => format!("{low}..{high}"),
            rest => rest.iter().map(usize::to_string).collect(),
        })
        .collect();
    parts.join(", ")
}

/// What a series is and how it is modelled, in a line: its length, what is missing, the model and the priors.
pub fn opening(series: &Series, model: &SwitchModel) -> String {
    let switches = match (model.n_switches(), model.switch_prior()) {
        (1, _) => "s uniform".to_owned(),
        (_, SwitchPrior::Uniform) => "any set of places alike".to_owned(),
        (_, SwitchPrior::Sequential) => {
            "each switch uniform on what the one before leaves".to_owned()
        }
    };
    let of = opened(series, model);
    format!("{of}; prior {}, {switches}\n\n", model.priors())
}

/// [`opening`] where priors do not matter.
pub fn opening_without_prior(series: &Series, model: &SwitchModel) -> String {
    format!("{}\n\n", opened(series, model))
}

fn opened(series: &Series, model: &SwitchModel) -> String {
    let (name, n) = (series.name(), series.len());
    let missing = match n - series.n_observed() {
        0 => String::new(),
        missing => format!(", {missing} missing"),
    };
    format!("{name}: n = {n}{missing}; {}", model.describe())
}

/// The comparison as a table; its columns are the parameters that the rows have.
pub fn comparison_table(rows: &[Row]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.estimate.0) {
        if !names.contains(&&**name) && !["s", "tau"].contains(&&**name) {
            names.push(name);
        }
    }
    let is_one_switch = rows.iter().any(|row| {
        ["s", "tau"]
            .iter()
            .any(|name| row.estimate.get(name).is_some())
    });
    let mut header = vec!["method", "device"];
    header.extend(is_one_switch.then_some("switch"));
    header.push("time");
    header.extend(&names);
    header.extend([
        "log-lik",
        "gap",
        "verdict",
        "seconds",
        "evaluations",
        "ess",
        "r_hat",
    ]);
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| table_row(row, &names, is_one_switch))
        .collect();
    terminal::table(&header, &rows)
}

fn table_row(row: &Row, names: &[&str], is_one_switch: bool) -> Vec<String> {
    let value = |name: &str| {
        row.estimate
            .get(name)
            .map_or_else(|| "-".to_owned(), |mean| with_sd(mean, row.sd.get(name)))
    };
    let switch = is_one_switch.then(|| {
        let name = if row.estimate.get("s").is_some() {
            "s"
        } else {
            "tau"
        };
        format!("{name} {}", value(name))
    });
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let worst = |named: &Option<Named>, pick: fn(f64, f64) -> f64| {
        let named = named.as_ref()?;
        named.0.iter().filter_map(|(_, value)| *value).reduce(pick)
    };
    let mut cells = vec![row.method.clone(), row.device.clone()];
    cells.extend(switch);
    cells.push(or_dash(row.time.clone()));
    cells.extend(names.iter().map(|name| value(name)));
    cells.extend([
        or_dash(row.log_likelihood.map(|value| format!("{value:.3}"))),
        or_dash(row.gap_nats.map(|gap| format!("{gap:.3}"))),
        or_dash(row.verdict.clone()),
        or_dash(row.seconds.map(|seconds| format!("{seconds:.2}"))),
        or_dash(row.evaluations.map(|count| count.to_string())),
        or_dash(worst(&row.ess_bulk, f64::min).map(|ess| format!("{ess:.0}"))),
        or_dash(worst(&row.r_hat, f64::max).map(|r_hat| format!("{r_hat:.4}"))),
    ]);
    cells
}

/// `mean` alone to four significant digits, or with `sd` to the digits that it leaves certain.
pub fn with_sd(mean: f64, sd: Option<f64>) -> String {
    match sd {
        Some(sd)
            if mean.is_finite() && (f64::MIN_POSITIVE..1e-4).contains(&sd) && mean.abs() < 1e-2 =>
        {
            format!("{mean:.3e}±{sd:.1e}")
        }
        // A spread too small to show beside its mean is none.
        Some(sd) if sd >= 1e-4 && sd.is_finite() && mean.is_finite() => {
            let places = (1.0 - sd.log10().floor()).max(0.0) as usize;
            format!("{mean:.places$}±{sd:.places$}")
        }
        _ => significant(mean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_the_digits_that_mean_something() {
        assert_eq!(significant(45.9231), "45.92");
        assert_eq!(significant(-0.77683), "-0.7768");
        assert_eq!(significant(0.0), "0.0000000");
        assert_eq!(significant(123_456.7), "123457");
        assert_eq!(significant(1.5e9), "1.500e9");
        assert_eq!(significant(f64::NAN), "NaN");
        assert_eq!(with_sd(-0.7768292, Some(0.1746705)), "-0.78±0.17");
        assert_eq!(with_sd(12_345.6, Some(321.0)), "12346±321");
        assert_eq!(with_sd(45.0, Some(0.0)), "45.00");
        assert_eq!(with_sd(2500.0, Some(1e-9)), "2500");
        assert_eq!(with_sd(1e9, Some(12.3)), "1000000000±12");
        assert_eq!(with_sd(1.008e-7, Some(1.2e-9)), "1.008e-7±1.2e-9");
        assert_eq!(stretches(&[1, 2, 3, 7, 9, 10]), "1..3, 7, 9..10");
    }
}
