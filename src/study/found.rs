//! What a study found, as values and in words.

use crate::infer::{ChainsSettings, Diagnosis, LaplaceSummary, Top};
use crate::models::custom::CustomModel;
use crate::{summary, text};

/// What a sampler's chains left behind.
#[derive(Debug, Clone)]
pub struct Sampled {
    /// Name of the method.
    pub method: String,
    /// What the draws say, and whether to believe it.
    pub diagnosis: Diagnosis,
    /// The draws of each parameter, one vector a chain; every second, fourth, .. of a very long run.
    pub draws: Vec<(String, Vec<Vec<f64>>)>,
}

impl Sampled {
    /// The posterior mean of parameter `name`; `NaN` where there is none.
    pub fn mean(&self, name: &str) -> f64 {
        self.diagnosis
            .get(name)
            .map_or(f64::NAN, |found| found.mean)
    }

    /// The posterior standard deviation of parameter `name`; `NaN` where there is none.
    pub fn sd(&self, name: &str) -> f64 {
        self.diagnosis.get(name).map_or(f64::NAN, |found| found.sd)
    }

    /// The draws of parameter `name`, all chains one after the other; empty where there is none.
    pub fn draws_of(&self, name: &str) -> Vec<f64> {
        let found = self.draws.iter().find(|(known, _)| known == name);
        found.map_or_else(Vec::new, |(_, chains)| chains.concat())
    }
}

pub(super) fn map_text(model: &dyn CustomModel, tops: &[Top], n_starts: usize) -> String {
    let mut header = vec!["top"];
    header.extend(model.declared().names().iter().map(String::as_str));
    header.extend(["log density", "gradient", "starts"]);
    let rows: Vec<Vec<String>> = tops
        .iter()
        .take(8)
        .enumerate()
        .map(|(number, top)| {
            let mut row = vec![(number + 1).to_string()];
            row.extend(top.values.iter().map(|value| summary::significant(*value)));
            row.push(format!("{:.4}", top.logp));
            row.push(format!("{:.1e}", top.grad_norm));
            row.push(format!("{} of {n_starts}", top.n_starts));
            row
        })
        .collect();
    let (engine, device) = model.engine();
    format!(
        "map: the most probable values (without the Jacobian), {engine} on {device}\n\n{}\n",
        text::table(&header, &rows)
    )
}

pub(super) fn pareto_advice(pareto_k: f64) -> String {
    if pareto_k <= summary::GOOD_PARETO_K {
        format!("Pareto k is {pareto_k:.2}: the Gaussian is near the posterior.")
    } else {
        format!("Pareto k is {pareto_k:.2}, above 0.7: the posterior is no Gaussian; sample it.")
    }
}

pub(super) fn laplace_text(found: &LaplaceSummary) -> String {
    format!(
        "laplace: the Gaussian at the top over unconstrained positions (with the Jacobian); log evidence {:.4}\n\n{}\n{}\n\n",
        found.log_evidence,
        summary::laplace_table(found),
        pareto_advice(found.pareto_k)
    )
}

pub(super) fn sampled_text(sampled: &Sampled, settings: ChainsSettings, seconds: f64) -> String {
    let Diagnosis {
        n_chains, n_draws, ..
    } = sampled.diagnosis;
    let mut told = format!(
        "{}: {n_chains} chains, {n_draws} draws each after {} of warm-up, {seconds:.2} s\n\n{}\n",
        sampled.method,
        settings.num_warmup,
        summary::table(&sampled.diagnosis, None),
    );
    for line in sampled.diagnosis.advice() {
        told += &format!("{line}\n");
    }
    told + "\n"
}
