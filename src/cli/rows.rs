//! Results become rows of the comparison, and rows become a table.

use serde_json::{Map, Value, json};
use switchback::core::{Draws, Series, Stop, switchpoint_of};
use switchback::infer::{Best, Judgement, Logged, Summarised, most_frequent};
use switchback::models::{
    Exact, HardSwitch, ModelError, Moments, Profile, SigmoidSwitch, SwitchPriors,
};
use switchback::record::{self, Named, Row};

use super::settings::PARAMETERS;
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

/// The row of an optimiser that ended at `end`.
pub fn optimizer(
    series: &Series,
    method: &str,
    device: &str,
    end: &Logged,
    judgement: &Judgement,
    stop: &str,
    cost: Cost,
) -> Row {
    let values = end.values.iter().copied();
    Row {
        method: method.to_owned(),
        engine: "tensor".to_owned(),
        device: device.to_owned(),
        estimate: PARAMETERS.into_iter().zip(values).collect(),
        sd: PARAMETERS.into_iter().map(|name| (name, None)).collect(),
        s: Some(judgement.s),
        time: series.label(judgement.s).map(str::to_owned),
        log_likelihood: judgement.log_likelihood,
        gap_nats: judgement.gap_nats,
        verdict: Some(judgement.verdict.to_string()),
        stop: Some(stop.to_owned()),
        seconds: Some(cost.seconds),
        evaluations: Some(cost.evaluations),
        advice: Some(judgement.advice.clone()),
        ..Row::default()
    }
}

/// A model that a sampler drew from, with the best log-likelihood known of it.
pub enum Sampled<'a> {
    /// The sigmoid switch.
    Sigmoid(&'a SigmoidSwitch, &'a Best),
    /// The hard switch.
    Hard(&'a HardSwitch, &'a Profile),
}

impl Sampled<'_> {
    /// Parameters of the model, in order.
    pub fn parameters(&self) -> [&'static str; 5] {
        let [mu1, mu2, sigma1, sigma2, tau] = PARAMETERS;
        match self {
            Self::Sigmoid(..) => [mu1, mu2, sigma1, sigma2, tau],
            Self::Hard(..) => [mu1, mu2, sigma1, sigma2, "s"],
        }
    }

    /// The switchpoint, the log-likelihood and the gap of the means of the draws.
    fn at(&self, [mu1, mu2, sigma1, sigma2, switch]: [f64; 5]) -> (usize, f64, f64) {
        match self {
            Self::Sigmoid(model, best) => {
                let value = model.log_likelihood_of([mu1, mu2, sigma1, sigma2, switch]);
                let s = switchpoint_of(switch, model.data().len());
                (s, value, best.log_likelihood - value)
            }
            Self::Hard(model, profile) => {
                let s = (switch.round().max(0.0) as usize).min(model.data().len());
                let value = model.log_likelihood_of([mu1, mu2, sigma1, sigma2], s);
                (s, value, profile.best().log_likelihood - value)
            }
        }
    }
}

/// What a sampler's chains left behind.
pub struct Drawn<'a> {
    /// The draws.
    pub draws: &'a Draws,
    /// Their summary.
    pub summary: &'a Summarised,
    /// The parameter whose mean is far from the exact one, and both means.
    pub far: Option<(String, f64, f64)>,
    /// Why the chains ended.
    pub stop: Stop,
    /// What they cost.
    pub cost: Cost,
}

/// The row of a sampler: posterior means and standard deviations, with the log-likelihood at the means.
pub fn sampler(series: &Series, method: &str, model: &Sampled<'_>, drawn: &Drawn<'_>) -> Row {
    let Drawn {
        draws,
        summary,
        far,
        stop,
        cost,
    } = drawn;
    let names = model.parameters();
    let column = |value: fn(&switchback::diagnostics::Summary) -> f64| -> Named {
        names
            .into_iter()
            .map(|name| (name, summary.get(name).map(value)))
            .collect()
    };
    let means = names.map(|name| summary.get(name).map_or(f64::NAN, |found| found.mean));
    let (s, log_likelihood, gap) = model.at(means);
    // The most frequent switchpoint, as the referee reports the most probable one.
    let s = most_frequent(draws, "s").map_or(s, |most| most as usize);
    let is_alone = |found: &switchback::diagnostics::Summary| found.r_hat.is_nan();
    let advice = if let (true, Some((name, found, truth))) = (summary.not_trusted.is_empty(), far) {
        format!(
            "The chains agree with each other, but not with the exact posterior: mean {name} {} \
             against {}; they are all on one hill.",
            significant(*found),
            significant(*truth)
        )
    } else if summary.not_trusted.is_empty() {
        "The chains agree: r_hat at most 1.01 and at least 100 effective draws a chain.".to_owned()
    } else if summary.quantities.iter().all(is_alone) {
        "One chain cannot tell whether it has converged: take more --num-chains.".to_owned()
    } else {
        format!(
            "The chains have not agreed on {} yet: take more --num-warmup and --num-samples.",
            summary.not_trusted.join(", ")
        )
    };
    Row {
        method: method.to_owned(),
        engine: "plain".to_owned(),
        device: "cpu".to_owned(),
        estimate: column(|found| found.mean),
        sd: column(|found| found.sd),
        s: Some(s),
        time: series.label(s).map(str::to_owned),
        log_likelihood: Some(log_likelihood),
        // Beyond the best known is only the corner where a sigma goes to 0.
        gap_nats: Some(gap).filter(|gap| *gap >= 0.0),
        stop: Some(stop.to_string()),
        seconds: Some(cost.seconds),
        evaluations: Some(cost.evaluations),
        ess_bulk: Some(column(|found| found.ess_bulk)),
        r_hat: Some(column(|found| found.r_hat)),
        advice: Some(advice),
        ..Row::default()
    }
}

/// The referee's row: exact posterior means and standard deviations.
pub fn exact(
    series: &Series,
    hard: &HardSwitch,
    profile: &Profile,
    exact: &Exact,
    cost: Cost,
) -> Row {
    let moments = named_moments(exact);
    let means = moments.map(|(_, moments)| moments.mean);
    let (_, log_likelihood, gap) = Sampled::Hard(hard, profile).at(means);
    let s = exact.most_probable();
    Row {
        method: "exact".to_owned(),
        engine: "quadrature".to_owned(),
        device: "cpu".to_owned(),
        estimate: moments.iter().map(|(name, of)| (*name, of.mean)).collect(),
        sd: moments.iter().map(|(name, of)| (*name, of.sd)).collect(),
        s: Some(s),
        time: series.label(s).map(str::to_owned),
        log_likelihood: Some(log_likelihood),
        gap_nats: Some(gap).filter(|gap| *gap >= 0.0),
        stop: Some("completed".to_owned()),
        seconds: Some(cost.seconds),
        evaluations: Some(cost.evaluations),
        ..Row::default()
    }
}

fn named_moments(exact: &Exact) -> [(&'static str, Moments); 5] {
    [
        ("mu1", exact.mu1),
        ("mu2", exact.mu2),
        ("sigma1", exact.sigma1),
        ("sigma2", exact.sigma2),
        ("s", exact.s),
    ]
}

/// The exact answer as it stands beside the rows.
///
/// # Errors
/// Never for a mass between 0 and 1.
pub fn exact_beside(series: &Series, exact: &Exact) -> Result<record::Exact, ModelError> {
    let credible = exact.credible_set(CREDIBLE)?;
    let label = |s: usize| series.label(s).map_or(Value::Null, Value::from);
    let mut more = Map::new();
    let most = exact.most_probable();
    let (low, high, mass) = exact.credible_interval(CREDIBLE)?;
    more.insert(
        "credible_interval".into(),
        json!({
            "mass": mass,
            "low": {"s": low, "time": label(low)},
            "high": {"s": high, "time": label(high)},
        }),
    );
    more.insert(
        "most_probable".into(),
        json!({"s": most, "time": label(most)}),
    );
    more.insert(
        "credible_set".into(),
        json!({
            "mass": credible.mass,
            "members": credible.members,
        }),
    );
    more.insert("excluded".into(), json!(exact.excluded));
    let possible = exact.switch_posterior.iter().copied().enumerate();
    Ok(record::Exact {
        log_evidence: Some(exact.log_evidence),
        log_evidence_no_switch: Some(exact.log_evidence_no_switch),
        switch_posterior: Named::by_index(possible.filter(|(_, p)| *p > 0.0)),
        more,
    })
}

/// What the referee found, in words.
///
/// # Errors
/// Never for a mass between 0 and 1.
pub fn headline(series: &Series, exact: &Exact) -> Result<String, ModelError> {
    let s = exact.most_probable();
    let probability = exact.switch_posterior.get(s).copied().unwrap_or(0.0);
    let (low, high, mass) = exact.credible_interval(CREDIBLE)?;
    let place = |s: usize| match (series.times(), series.label(s)) {
        (Some(times), Some(label)) => format!("{s} ({} {label})", times.name),
        _ => s.to_string(),
    };
    let with_sd = |moments: Moments| with_sd(moments.mean, Some(moments.sd));
    let bayes = exact.log_evidence - exact.log_evidence_no_switch;
    let evidence = if bayes >= 0.0 {
        format!("The data are e^{bayes:.2} times as probable under one switch as under none")
    } else {
        format!(
            "The data are e^{:.2} times as probable under no switch as under one",
            -bayes
        )
    };
    let opening = if bayes >= 0.0 {
        "The new regime begins"
    } else {
        "If there is one, the new regime begins"
    };
    let spread = if low == high {
        String::new()
    } else {
        let mass = 100.0 * mass;
        format!("; {mass:.1} % lies within {}..{}", place(low), place(high))
    };
    let mut text = format!(
        "{evidence} (log evidence of one {:.4}, of none {:.4}).\n\
         {opening} at s = {} with probability {probability:.4}{spread};\n\
         mu {} -> {}, sigma {} -> {} (exact posterior mean ± sd).\n",
        exact.log_evidence,
        exact.log_evidence_no_switch,
        place(s),
        with_sd(exact.mu1),
        with_sd(exact.mu2),
        with_sd(exact.sigma1),
        with_sd(exact.sigma2),
    );
    if !exact.excluded.is_empty() {
        text += &format!(
            "Left out, because a regime would hold equal values only and its sigma could be 0: s = {}.\n",
            stretches(&exact.excluded)
        );
    }
    if exact.may_have_constant_regime() {
        text += "A whole regime may be constant here, which Normal regimes cannot say: do not trust this answer.\n";
    }
    Ok(text)
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

/// What a series is, in a line: its length, what is missing, and the prior.
pub fn opening(series: &Series, priors: &SwitchPriors) -> String {
    let (name, n) = (series.name(), series.len());
    let missing = match n - series.n_observed() {
        0 => String::new(),
        missing => format!(", {missing} missing"),
    };
    format!("{name}: n = {n}{missing}; prior {priors}, s uniform\n\n")
}

/// The comparison as a table.
pub fn comparison_table(rows: &[Row]) -> String {
    let header = [
        "method",
        "device",
        "switch",
        "time",
        "mu1",
        "mu2",
        "sigma1",
        "sigma2",
        "log-lik",
        "gap",
        "verdict",
        "seconds",
        "evaluations",
        "ess",
        "r_hat",
    ];
    let rows: Vec<Vec<String>> = rows.iter().map(table_row).collect();
    terminal::table(&header, &rows)
}

fn table_row(row: &Row) -> Vec<String> {
    let value = |name: &str| {
        row.estimate
            .get(name)
            .map_or_else(|| "-".to_owned(), |mean| with_sd(mean, row.sd.get(name)))
    };
    let switch = if row.estimate.get("s").is_some() {
        format!("s {}", value("s"))
    } else {
        format!("tau {}", value("tau"))
    };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let worst = |named: &Option<Named>, pick: fn(f64, f64) -> f64| {
        let named = named.as_ref()?;
        named.0.iter().filter_map(|(_, value)| *value).reduce(pick)
    };
    vec![
        row.method.clone(),
        row.device.clone(),
        switch,
        or_dash(row.time.clone()),
        value("mu1"),
        value("mu2"),
        value("sigma1"),
        value("sigma2"),
        or_dash(row.log_likelihood.map(|value| format!("{value:.3}"))),
        or_dash(row.gap_nats.map(|gap| format!("{gap:.3}"))),
        or_dash(row.verdict.clone()),
        or_dash(row.seconds.map(|seconds| format!("{seconds:.2}"))),
        or_dash(row.evaluations.map(|count| count.to_string())),
        or_dash(worst(&row.ess_bulk, f64::min).map(|ess| format!("{ess:.0}"))),
        or_dash(worst(&row.r_hat, f64::max).map(|r_hat| format!("{r_hat:.4}"))),
    ]
}

/// `mean` alone to four significant digits, or with `sd` to the digits that it leaves certain.
fn with_sd(mean: f64, sd: Option<f64>) -> String {
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

fn significant(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let places = (3.0 - size.max(1e-4).log10().floor()).clamp(0.0, 8.0) as usize;
    format!("{value:.places$}")
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
