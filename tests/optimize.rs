//! Protects: `optimize` finds the mountain of every model or says that it did not, and leaves a complete run.

use std::fs;

use serde_json::Value;
use switchback::record::{Comparison, Manifest, Status};

use crate::events;
use crate::program::{Ran, Sandbox, close, data, listing, number};

fn optimize(sandbox: &Sandbox, words: &[&str]) -> Ran {
    sandbox.run(&[&["optimize", "--json", "--run-dir", "run"], words].concat())
}

/// The answer of `method`.
fn answer<'a>(json: &'a Value, method: &str) -> &'a Value {
    &json["optimize"][method]
}

/// What a clock says is left out.
fn timeless(mut json: Value) -> Value {
    for row in json["rows"].as_array_mut().expect("rows") {
        row["seconds"] = Value::Null;
    }
    json
}

#[test]
fn the_talks_optimum_is_found_from_every_start() {
    let sandbox = Sandbox::new();
    let ran = optimize(&sandbox, &[]).expect_code(0);
    assert_eq!(ran.stderr, "", "--json is for programs");
    let json = ran.json();
    let found = answer(&json, "lbfgs");
    assert_eq!(found["verdict"], "global");
    assert_eq!(
        (&found["starts"], &found["starts_at_best"]),
        (&32.into(), &32.into())
    );
    let best = &found["optima"][0];
    // The reference table of momentum ends there.
    close(&best["estimate"]["tau"], 45.920_501_405_361_286, 1e-8);
    assert!(ran.json()["rows"][0]["evaluations"].as_u64() < Some(32 * 200));
    close(&best["log_likelihood"], -159.637_946_77, 1e-7);
    assert_eq!(
        (&best["s"][0], &best["time"][0]),
        (&45.into(), &"46".into())
    );
    let code = best["cmdstan_code"].as_i64().expect("a code");
    assert!([10, 30, -1].contains(&code), "{best}");
    let laplace = &found["laplace"];
    assert!(number(&laplace["pareto_k"]) < 0.7, "{laplace}");
    // The inverse of an 8th-order difference Hessian of the log-likelihood, by hand.
    close(
        &laplace["parameters"]["tau"]["standard_error"],
        0.559_8,
        1e-3,
    );
    let soft = &found["soft_against_hard"];
    assert_eq!(soft["best_s"][0], 45);
    close(&soft["cost_nats"], 0.0, 1e-9);
    let run = sandbox.path("run");
    let kept: Value = serde_json::from_str(
        &fs::read_to_string(run.join("optimize.json")).expect("a complete run"),
    )
    .expect("JSON");
    assert_eq!(kept, json["optimize"]);
    Comparison::read(run.join("comparison.json")).expect("a comparison");
    let manifest = Manifest::read(run.join("manifest.json")).expect("a manifest");
    assert_eq!(manifest.status, Status::Complete);
    assert_eq!(manifest.methods[0].engine, "fused");
    let entries = listing(&run);
    assert!(
        entries.iter().any(|path| path.starts_with("lbfgs/events")),
        "{entries:?}"
    );
}

#[test]
fn the_talks_own_climb_ends_where_the_reference_table_does() {
    let rows = include_str!("data/deck_momentum_f64.csv");
    let last: Vec<f64> = rows
        .lines()
        .last()
        .expect("a row")
        .split(',')
        .map(|cell| cell.parse().expect("a number"))
        .collect();
    for device in [&[][..], &["--device", "flex"]] {
        let sandbox = Sandbox::new();
        let words = [
            "--optimizer",
            "momentum,adam",
            "--starts",
            "1",
            "--log-every",
            "500",
        ];
        let json = optimize(&sandbox, &[&words[..], device].concat())
            .expect_code(0)
            .json();
        for (method, tolerance) in [("momentum", 1e-6), ("adam", 1e-3)] {
            let best = &answer(&json, method)["optima"][0];
            for (name, truth) in ["mu1", "mu2", "sigma1", "sigma2", "tau"]
                .iter()
                .zip(&last[1..])
            {
                close(&best["estimate"][*name], *truth, tolerance);
            }
            close(&best["start"]["tau"], 15.0, 1e-12);
        }
        let path = events::read_folder(&sandbox.path("run/adam")).expect("whole events");
        let truth = include_str!("data/deck_adam_f64.csv").lines().skip(1);
        let truth = truth.filter_map(|line| {
            let mut cells = line.split(',');
            let step: u64 = cells.next()?.parse().ok()?;
            Some((step, cells.nth(4)?.parse::<f64>().ok()?))
        });
        let taus = events::points(&path, "tau");
        let mut compared = 0;
        for (step, tau) in truth {
            if let Some((_, found)) = taus.iter().find(|(at, _)| *at == step) {
                assert!(
                    (f64::from(*found) - tau).abs() < 1e-4,
                    "{step}: {found} {tau}"
                );
                compared += 1;
            }
        }
        assert!(compared > 30, "{compared}");
    }
}

#[test]
fn a_hill_is_told_with_the_way_out_and_the_way_out_works() {
    let file = data("quality_control_2.csv");
    let plain = [file.as_str(), "--optimizer", "momentum", "--starts", "1"];
    let sandbox = Sandbox::new();
    let json = optimize(&sandbox, &plain).expect_code(1).json();
    let found = answer(&json, "momentum");
    assert_eq!(
        (&found["verdict"], &found["starts_at_best"]),
        (&"local".into(), &0.into())
    );
    assert!(number(&found["optima"][0]["gap_nats"]) > 10.0, "{found}");
    let advice = found["advice"].as_str().expect("a sentence");
    let (_, init) = advice.split_once("as in --init ").expect("a way out");
    let init: Vec<&str> = init.trim_end_matches('.').split(' ').collect();
    for helped in [
        [&plain[..], &["--init"], &init[..]].concat(),
        vec![plain[0], "--optimizer", "momentum"],
        [&plain[..], &["--anneal", "0.02:1"]].concat(),
    ] {
        let json = optimize(&Sandbox::new(), &helped).expect_code(0).json();
        assert_eq!(answer(&json, "momentum")["verdict"], "global", "{helped:?}");
    }
}

#[test]
fn every_model_form_and_estimate_has_an_answer() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "counts.csv",
        "x\n".to_owned() + &"7\n5\n8\n6\n".repeat(8) + &"2\n1\n3\n1\n".repeat(8),
    );
    let mut runs = 0;
    for likelihood in ["normal", "normal-shared-sd", "poisson"] {
        for regimes in ["0,1", "0,1,0"] {
            for objective in [
                &["--estimate", "mle"][..],
                &["--estimate", "map"],
                &["--estimate", "map", "--jacobian", "on"],
                &["--estimate", "map", "--form", "marginal"],
                &[
                    "--estimate",
                    "map",
                    "--form",
                    "marginal",
                    "--device",
                    "flex",
                ],
            ] {
                let run = format!("runs/{runs}");
                runs += 1;
                let words = ["optimize", "counts.csv", "--json", "--run-dir", &run];
                let model = ["--likelihood", likelihood, "--regimes", regimes];
                let ran = sandbox
                    .run(&[&words[..], &model, objective].concat())
                    .expect_code(0);
                let json = ran.json();
                let found = answer(&json, "lbfgs");
                assert_eq!(
                    found["verdict"], "global",
                    "{likelihood} {regimes} {objective:?}"
                );
                let names = found["optima"][0]["estimate"].as_object().expect("a map");
                let has_tau = names.keys().any(|name| name.starts_with("tau"));
                assert_eq!(has_tau, !objective.contains(&"marginal"));
            }
        }
    }
}

#[test]
fn many_starts_are_seen_by_their_quantiles() {
    let sandbox = Sandbox::new();
    let words = [
        data("quality_control_2.csv"),
        "--starts=50".to_owned(),
        "--optimizer=rmsprop".to_owned(),
        "--steps=300".to_owned(),
        "--log-every=50".to_owned(),
        "--learning-rate-schedule=cosine".to_owned(),
        "--anneal=0.2:1".to_owned(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = optimize(&sandbox, &words);
    assert!(ran.code == Some(0) || ran.code == Some(1), "{ran:?}");
    let events = events::read_folder(&sandbox.path("run/rmsprop")).expect("whole events");
    let at = |tag: &str| -> Vec<f32> {
        let points = events::points(&events, tag);
        assert_eq!(points.len(), 7, "{tag}: {points:?}");
        points.into_iter().map(|(_, value)| value).collect()
    };
    let (low, middle, high) = (
        at("starts/tau/q05"),
        at("starts/tau/median"),
        at("starts/tau/q95"),
    );
    for ((low, middle), high) in low.iter().zip(&middle).zip(&high) {
        assert!(low <= middle && middle <= high && low < high);
    }
    // Starts are spread over the series.
    assert!(low[0] < 30.0 && high[0] > 250.0, "{low:?} {high:?}");
    let (steepness, rate) = (at("anneal/steepness"), at("diag/learning_rate"));
    assert!(steepness.is_sorted() && steepness[0] == 0.2 && steepness[6] == 1.0);
    assert!(rate.iter().rev().is_sorted() && rate[0] == 1e-3 && rate[6] == 1e-5);
    assert!(at("starts/objective/median")[6] > at("starts/objective/median")[0]);
}

#[test]
fn the_same_seed_gives_the_same_answer_and_another_one_other_starts() {
    let sandbox = Sandbox::new();
    let run = |name: &str, seed: &str| {
        let words = ["optimize", "--json", "--run-dir", name, "--seed", seed];
        timeless(sandbox.run(&words).expect_code(0).json())
    };
    let first = run("a", "1");
    assert_eq!(first, run("b", "1"));
    let other = run("c", "2");
    let (first, other) = (answer(&first, "lbfgs"), answer(&other, "lbfgs"));
    assert_ne!(first["laplace"]["pareto_k"], other["laplace"]["pareto_k"]);
}

#[test]
fn a_start_without_a_number_is_lost_with_its_place() {
    let sandbox = Sandbox::new();
    let words = [
        "--optimizer",
        "adam,lbfgs",
        "--init",
        "mu1=1e200",
        "--starts",
        "3",
    ];
    let json = optimize(&sandbox, &words).expect_code(1).json();
    for method in ["adam", "lbfgs"] {
        let found = answer(&json, method);
        assert_eq!(found["verdict"], "diverged", "{found}");
        let advice = found["advice"].as_str().expect("a sentence");
        assert!(
            advice.contains("after step 0, at mu1=1.0000e200"),
            "{advice}"
        );
        assert!(found["laplace"].is_null() && found["optima"][0]["gap_nats"].is_null());
    }
}

#[test]
fn the_text_says_what_was_sought_and_found() {
    let sandbox = Sandbox::new();
    let words = [
        "optimize",
        "--quiet",
        "--estimate",
        "map",
        "--jacobian",
        "on",
    ];
    let ran = sandbox.run(&words).expect_code(0);
    for told in [
        "prior mu=normal(0, 2)",
        "with the Jacobian",
        "lbfgs: 32 starts",
        "all reached the best optimum",
        "std error",
        "Pareto k",
        "soft against hard",
        "Relaxing the switch costs 0.0",
        "It is the best optimum known (s = 45).",
    ] {
        assert!(ran.stdout.contains(told), "no {told:?} in {}", ran.stdout);
    }
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 200));
}

#[test]
fn a_regime_that_may_be_constant_is_never_trusted() {
    let sandbox = Sandbox::new();
    let wiggle = |i: usize| ((i * i * 7 + i * 3) % 11) as f64 / 5.0 - 1.0;
    let rows = (0..50).map(|i| if i < 25 { 0.0 } else { wiggle(i) });
    let rows: String = rows.map(|value| format!("{value}\n")).collect();
    sandbox.write("half.csv", format!("x\n{rows}"));
    let words = ["optimize", "half.csv", "--quiet", "--run-dir", "text"];
    let ran = sandbox.run(&words).expect_code(1);
    assert!(ran.stdout.contains("may be constant"), "{ran:?}");
    let words = ["optimize", "half.csv", "--json", "--run-dir", "json"];
    let json = sandbox.run(&words).expect_code(1).json();
    assert_eq!(json["optimize"]["may_have_constant_regime"], true);
    let corner = answer(&json, "lbfgs")["optima"].as_array().expect("a list");
    assert!(
        corner.iter().any(|end| end["verdict"] == "degenerate"),
        "{corner:?}"
    );
}
