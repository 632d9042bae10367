//! Protects: the talk's steps on switches, run as its readers would, find what is true of their series.

use std::path::Path;

use serde_json::Value;
use switchback::models::{Law, simulate};
use switchback::record::EventTail;

use super::program::{Sandbox, close, finish, number};

/// Effective draws below which a Monte Carlo standard error is not believed.
const LEAST_ESS: f64 = 200.0;
/// Over 200 seeds none of 8,600 estimates was further off, those of the standard deviation of the road's `s2` left out (3 of
/// 200, for it rests on few draws), and the floor was missed once in 800.
const MOST_ERRORS: f64 = 5.0;

/// Runs the example `name` with `arguments`; its folder and what it found.
fn example(name: &str, arguments: &[&str]) -> (Sandbox, Value) {
    let sandbox = Sandbox::new();
    let program = Path::new(super::program::PROGRAM)
        .with_file_name("examples")
        .join(name);
    assert!(program.is_file(), "cargo build --release --examples");
    let mut command = sandbox.command(&program.to_string_lossy());
    command
        .args(arguments)
        .args(["--run-dir", "run", "--quiet"]);
    let ran = finish(command, b"").expect_code(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let text = std::fs::read_to_string(sandbox.path("run/result.json")).expect("a result");
    let result = serde_json::from_str(&text).expect("it is JSON");
    (sandbox, result)
}

/// How many of its standard errors the estimate in `json` is off.
fn errors(json: &Value) -> f64 {
    (number(&json["estimate"]) - number(&json["truth"])) / number(&json["mcse"])
}

/// Fails unless every mean and standard deviation is near its truth, `but_for` one standard deviation.
#[track_caller]
fn agrees(sampled: &Value, n_quantities: usize, but_for: Option<&str>) {
    assert!(number(&sampled["ess"]) >= LEAST_ESS, "{sampled}");
    for moment in ["mean", "sd"] {
        let checks = sampled[moment].as_object().expect("a map");
        assert_eq!(checks.len(), n_quantities);
        for (name, check) in checks {
            if moment == "sd" && Some(name.as_str()) == but_for {
                continue;
            }
            let errors = errors(check);
            assert!(
                errors.abs() <= MOST_ERRORS,
                "{moment} of {name}: {errors} errors"
            );
        }
    }
}

/// Fails unless `find_MAP` left every switch where it was, short of the best by more than nothing.
#[track_caller]
fn never_moves(ends: &Value) {
    let ends = ends.as_array().expect("a list");
    assert!(ends.len() >= 4);
    for end in ends {
        assert_eq!(end["started_at"], end["ended_at"]);
        assert_eq!(end["verdict"], "never_moved");
        assert!(number(&end["gap_nats"]) > 1.0, "{end}");
    }
}

/// Fails unless every one of `figures` is there, and not empty, as SVG and PNG.
#[track_caller]
fn are_drawn(sandbox: &Sandbox, figures: &[&str]) {
    for figure in figures {
        for end in ["svg", "png"] {
            let path = sandbox.path(&format!("run/figures/{figure}.{end}"));
            let bytes = std::fs::read(&path).unwrap_or_default();
            assert!(bytes.len() > 2_000, "{figure}.{end}: {} bytes", bytes.len());
        }
    }
}

#[test]
fn one_switch_is_where_the_exact_posterior_has_it() {
    let (sandbox, result) = example("switchpoint", &[]);
    let samplers = result["samplers"].as_object().expect("a map");
    assert_eq!(samplers.len(), 2);
    for sampled in samplers.values() {
        agrees(sampled, 5, None);
    }
    // The check notices a mean that is a fifth of a standard deviation off.
    let mut shifted = samplers["compound"]["mean"]["mu2"].clone();
    shifted["truth"] = (number(&shifted["truth"]) + 0.054).into();
    assert!(errors(&shifted).abs() > MOST_ERRORS);
    assert_eq!(result["best_s"], 45);
    never_moves(&result["find_map"]);
    are_drawn(&sandbox, &["traces", "switch", "fit", "find_map"]);
}

#[test]
fn the_first_thousand_draws_are_what_makes_the_road_bumpy() {
    let (sandbox, result) = example("reversion", &[]);
    agrees(&result["without_the_first"], 6, Some("s2"));
    agrees(&result["compound"], 6, None);
    let blown_up = &result["all_draws"]["sd"]["sigma1"];
    assert!(number(&blown_up["estimate"]) > 1.3 * number(&blown_up["truth"]));
    // From the middle not all chains find the same place, and that does not go unnoticed.
    assert!(number(&result["from_the_middle"]["r_hat"]) > 1.1);
    never_moves(&result["find_map"]);
    are_drawn(
        &sandbox,
        &[
            "bumpy_road",
            "better_view",
            "valleys",
            "compound",
            "s1",
            "s2",
            "fit",
        ],
    );
}

/// The talk's likelihood, written out.
fn likelihood(y: &[f64], [mu1, mu2, sigma1, sigma2, tau]: [f64; 5]) -> f64 {
    let terms = y.iter().enumerate().map(|(i, y)| {
        let w = 1.0 / (1.0 + ((i + 1) as f64 - tau).exp());
        let mu = w * mu1 + (1.0 - w) * mu2;
        let sigma = w * sigma1 + (1.0 - w) * sigma2;
        -0.5 * (2.0 * std::f64::consts::PI).ln()
            - sigma.abs().ln()
            - 0.5 * ((y - mu) / sigma).powi(2)
    });
    terms.sum()
}

#[test]
fn descent_ends_on_tops_and_the_verdict_tells_mountains_from_hills() {
    let (sandbox, result) = example("gradient", &["--num-runs", "3"]);
    let runs = result["runs"].as_array().expect("a list");
    assert_eq!(runs.len(), 3);
    for (number_of_run, run) in runs.iter().enumerate() {
        let y = simulate(&Law::deck(), 1 + number_of_run as u64);
        let values: [f64; 5] = serde_json::from_value(run["values"].clone()).expect("five values");
        close(&run["log_likelihood"], likelihood(&y, values), 1e-9);
        assert_eq!(run["verdict"], "global");
        // Adam's last steps jitter by its learning rate; so far off, the slope is below this.
        for i in 0..5 {
            let at = |by: f64| {
                let mut moved = values;
                moved[i] += by;
                likelihood(&y, moved)
            };
            let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            assert!(slope.abs() < 0.2, "slope {slope} of value {i} in {run}");
        }
        let folder = sandbox
            .path("run")
            .join(run["run"].as_str().expect("a name"));
        let mut tails = EventTail::in_folder(&folder).expect("event files");
        let points = tails[0].read().expect("whole events");
        assert_eq!(points.len(), 351);
        let last = points[350]
            .scalars
            .iter()
            .find(|(tag, _)| tag == "likelihood");
        close(&run["log_likelihood"], last.expect("it is logged").1, 1e-3);
    }
    are_drawn(&sandbox, &["curves"]);

    let (_sandbox, result) = example("gradient", &["--num-runs", "2", "--tau", "80"]);
    let stuck = &result["runs"][1];
    assert_eq!(stuck["verdict"], "local");
    // The best optimum of that series is the one that the run above found.
    let gap = number(&runs[1]["log_likelihood"]) - number(&stuck["log_likelihood"]);
    close(&stuck["gap_nats"], gap, 1e-3);
}
