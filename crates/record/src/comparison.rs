//! `comparison.json`: the answers of all methods, side by side.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Named, RecordError, json};

/// The answers of all methods, side by side. Whatever is not finite is written as null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Name of the series.
    pub series: String,
    /// Name of the model.
    pub model: String,
    /// One row a method.
    pub rows: Vec<Row>,
    /// What the exact answer knows beyond its row; null where there is none.
    pub exact: Option<Exact>,
}

impl Comparison {
    /// Reads a `comparison.json`.
    ///
    /// # Errors
    /// When it cannot be read or is not a comparison.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        json::read(path.as_ref())
    }
}

/// The answer of one method; null where something does not apply to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the method; `exact` for the exact answer.
    pub method: String,
    /// What evaluated the density.
    pub engine: String,
    /// Where that ran.
    pub device: String,
    /// Estimate of each parameter, natural scale.
    pub estimate: Named,
    /// Standard deviation of each parameter, natural scale.
    pub sd: Named,
    /// Switchpoint of the estimate: 0-based index of the first observation of the new regime.
    pub s: Option<usize>,
    /// The user's own time of that observation.
    pub time: Option<String>,
    /// Log-likelihood at the estimate, in nats.
    pub log_likelihood: Option<f64>,
    /// Distance to the best log-likelihood there is, in nats.
    pub gap_nats: Option<f64>,
    /// What the exact answer says of this one.
    pub verdict: Option<String>,
    /// Why the method ended.
    pub stop: Option<String>,
    /// How long it took, in seconds.
    pub seconds: Option<f64>,
    /// Evaluations of the density.
    pub evaluations: Option<u64>,
    /// Bulk effective sample size of each parameter.
    pub ess_bulk: Option<Named>,
    /// Potential scale reduction of each parameter.
    pub r_hat: Option<Named>,
    /// What to do about the row, in one sentence.
    pub advice: Option<String>,
}

/// What the exact answer knows beyond its row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exact {
    /// Log evidence of the model, in nats.
    pub log_evidence: Option<f64>,
    /// Log evidence of the same model without a switch, in nats.
    pub log_evidence_no_switch: Option<f64>,
    /// Posterior probability of each switchpoint, by its 0-based index, see [`Named::by_index`].
    pub switch_posterior: Named,
    /// Whatever else is known, as further keys beside these.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scratch::Scratch;

    fn comparison() -> Comparison {
        let adam = Row {
            method: "adam".into(),
            engine: "fused".into(),
            device: "cpu".into(),
            estimate: [("tau", 45.92), ("mu1", 0.1 + 0.2)].into_iter().collect(),
            sd: [("tau", Some(0.4)), ("mu1", None)].into_iter().collect(),
            log_likelihood: Some(-159.638),
            gap_nats: Some(0.0),
            verdict: Some("global".into()),
            stop: Some("completed".into()),
            seconds: Some(0.1),
            evaluations: Some(35_000),
            ..Row::default()
        };
        let nuts = Row {
            method: "nuts".into(),
            ess_bulk: Some([("tau", 812.5)].into_iter().collect()),
            r_hat: Some([("tau", 1.3)].into_iter().collect()),
            advice: Some("Draw more.".into()),
            ..Row::default()
        };
        let exact = Exact {
            log_evidence: Some(-170.25),
            log_evidence_no_switch: Some(-195.5),
            switch_posterior: Named::by_index([(9, 0.25), (10, 0.75)]),
            more: Map::from_iter([("mean".to_owned(), Value::from(45.5))]),
        };
        Comparison {
            series: "y".into(),
            model: "one switch".into(),
            rows: vec![adam, nuts],
            exact: Some(exact),
        }
    }

    #[test]
    fn a_row_has_its_keys_and_null_where_nothing_applies() {
        let text = serde_json::to_value(comparison()).expect("a map");
        let row = &text["rows"][0];
        let keys: Vec<&String> = row.as_object().expect("a map").keys().collect();
        let expected = "method engine device estimate sd s time log_likelihood gap_nats verdict stop seconds \
                        evaluations ess_bulk r_hat advice";
        assert_eq!(keys, expected.split_whitespace().collect::<Vec<_>>());
        assert!(row["ess_bulk"].is_null() && row["sd"]["mu1"].is_null());
        assert!(text["rows"][1]["log_likelihood"].is_null());
        let exact = text["exact"].to_string();
        assert_eq!(
            exact,
            "{\"log_evidence\":-170.25,\"log_evidence_no_switch\":-195.5,\
             \"switch_posterior\":{\"9\":0.25,\"10\":0.75},\"mean\":45.5}"
        );
    }

    #[test]
    fn a_comparison_comes_back_to_the_last_bit() {
        let scratch = Scratch::new();
        json::write(scratch.path(), "comparison.json", &comparison()).expect("room");
        let read = Comparison::read(scratch.path().join("comparison.json"));
        assert_eq!(read.expect("a comparison"), comparison());
    }

    #[test]
    fn numbers_that_are_not_finite_become_null() {
        let mut broken = comparison();
        broken.rows[0].log_likelihood = Some(f64::NEG_INFINITY);
        broken.rows[0].estimate = [("tau", f64::NAN)].into_iter().collect();
        let text = serde_json::to_string(&broken).expect("a map");
        let read: Comparison = serde_json::from_str(&text).expect("a comparison");
        assert_eq!(read.rows[0].log_likelihood, None);
        assert_eq!(read.rows[0].estimate.0, [("tau".to_owned(), None)]);
    }

    #[test]
    fn a_comparison_without_an_exact_answer_can_be_read() {
        let scratch = Scratch::new();
        let path = scratch.path().join("comparison.json");
        let text = "{\"series\": \"y\", \"model\": \"m\", \"rows\": [], \"exact\": null}";
        fs::write(&path, text).expect("room");
        assert_eq!(Comparison::read(&path).expect("a comparison").exact, None);
        fs::write(&path, "[]").expect("room");
        let outcome = Comparison::read(&path);
        assert!(matches!(outcome, Err(RecordError::Decode { .. })));
    }
}
