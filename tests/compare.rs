//! Protects: `compare` says which method to believe on a series, and why, and leaves a complete run.

use serde_json::{Value, json};
use switchback::record::{Comparison, Manifest, Status};

use crate::bad_input::refused;
use crate::events;
use crate::program::{Ran, Sandbox, close, data, number, row};

const ALL: [&str; 9] = [
    "adam",
    "momentum",
    "lbfgs",
    "lbfgs-marginal",
    "metropolis",
    "compound",
    "nuts",
    "nuts-sigmoid",
    "exact",
];

/// `compare` into the run `name`, as JSON.
fn compare(sandbox: &Sandbox, name: &str, more: &[&str]) -> Ran {
    let words = ["compare", "--json", "--run-dir", name];
    let ran = sandbox.run(&[&words[..], more].concat());
    assert_eq!(ran.stderr, "", "{more:?}");
    ran
}

fn methods(json: &Value) -> Vec<&str> {
    let rows = json["rows"].as_array().expect("rows").iter();
    rows.filter_map(|row| row["method"].as_str()).collect()
}

fn kinds(json: &Value) -> Vec<&str> {
    let remarks = json["compare"]["remarks"].as_array().expect("remarks");
    let kinds = remarks.iter().filter_map(|remark| remark["kind"].as_str());
    kinds.collect()
}

/// The reasons why the posterior is to be taken.
fn reasons(json: &Value) -> Vec<&str> {
    let remarks = json["compare"]["remarks"].as_array().expect("remarks");
    let reasons = remarks
        .iter()
        .filter_map(|remark| remark["reasons"].as_array());
    let kinds = reasons
        .flatten()
        .filter_map(|reason| reason["kind"].as_str());
    kinds.collect()
}

#[test]
fn on_the_talks_series_everything_is_believed_and_the_gradient_is_enough() {
    let sandbox = Sandbox::new();
    let json = compare(&sandbox, "run", &[]).expect_code(0).json();
    assert_eq!(methods(&json), ALL);
    for method in ["adam", "momentum", "lbfgs", "lbfgs-marginal"] {
        let found = row(&json, method);
        assert_eq!(found["verdict"], "global", "{method}");
        assert_eq!(found["s"], 45, "{method}");
        assert!(found["sd"]["mu1"].is_number(), "{method}");
        let off = &json["compare"]["methods"][method]["worst_mean_off_sd"];
        assert!((0.05..0.5).contains(&number(off)), "{method}: {off}");
    }
    for method in ["metropolis", "compound", "nuts"] {
        let of = &json["compare"]["methods"][method];
        assert_eq!(of["verdict"], "trusted", "{method}");
        // A mean of at least 400 effective draws is within 0.05 sd of the truth in two of three cases.
        assert!(number(&of["worst_mean_off_sd"]) < 0.25, "{method}: {of}");
        assert!(number(&of["ess_worst"]) >= 400.0, "{method}");
    }
    // The errors told are those of the rows.
    let (found, exact) = (row(&json, "lbfgs"), row(&json, "exact"));
    let off = number(&found["estimate"]["mu2"]) - number(&exact["estimate"]["mu2"]);
    let error = &json["compare"]["methods"]["lbfgs"]["errors"]["mu2"];
    close(
        &error["mean_off_sd"],
        off / number(&exact["sd"]["mu2"]),
        1e-9,
    );
    let ratio = number(&found["sd"]["mu2"]) / number(&exact["sd"]["mu2"]);
    close(&error["sd_ratio"], ratio, 1e-9);
    assert_eq!(
        kinds(&json),
        ["switch", "gradient_enough", "fastest", "cheapest"]
    );
    close(&json["compare"]["log_bayes_factor"], 59.2965, 1e-3);
}

#[test]
fn a_run_is_complete_and_its_curves_overlay() {
    let sandbox = Sandbox::new();
    let words = ["--with", "find-map", "--num-samples", "500"];
    let printed = compare(&sandbox, "run", &words).json();
    let run = sandbox.path("run");
    let manifest = Manifest::read(run.join("manifest.json")).expect("a manifest");
    assert_eq!(manifest.status, Status::Complete);
    assert_eq!(manifest.methods.len(), 9);
    Comparison::read(run.join("comparison.json")).expect("a comparison");
    let kept = std::fs::read_to_string(run.join("compare.json")).expect("a file");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(kept, printed["compare"]);
    for method in methods(&printed)
        .into_iter()
        .filter(|name| *name != "exact")
    {
        let events = events::read_folder(&run.join(method)).expect("whole events");
        let tags = events::tags(&events);
        for tag in ["mu1", "sigma2", "likelihood"] {
            assert!(tags.iter().any(|known| known == tag), "{method}: {tags:?}");
        }
        let has_tau = tags.iter().any(|tag| tag == "tau");
        assert_eq!(has_tau, method != "lbfgs-marginal", "{method}: {tags:?}");
    }
    for sampler in ["metropolis", "compound", "nuts", "nuts-sigmoid"] {
        let group = run.join(format!("draws/{sampler}.zarr/posterior/mu1"));
        assert!(group.is_dir(), "{sampler}");
    }
}

#[test]
fn find_map_returns_the_integer_that_it_started_from() {
    let sandbox = Sandbox::new();
    for (number, (init, s, verdict, code)) in [
        (Some("s=15"), 15, "never_moved", 1),
        (Some("tau=60.5"), 60, "never_moved", 1),
        (Some("s=1"), 1, "degenerate", 1),
        (Some("s=45"), 45, "global", 0),
        (None, 44, "never_moved", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let mut words = vec!["--methods", "find-map,exact"];
        words.extend(init.iter().flat_map(|init| ["--init", *init]));
        let ran = compare(&sandbox, &format!("run{number}"), &words);
        let json = ran.expect_code(code).json();
        let found = row(&json, "find-map");
        assert_eq!(found["s"], s, "{init:?}");
        assert_eq!(found["verdict"], verdict, "{init:?}");
        assert_eq!(found["sd"]["mu1"], Value::Null);
        let best = &json["compare"]["methods"]["find-map"]["details"]["best"];
        assert_eq!(best["s"], json!([45]), "{init:?}");
        let advice = found["advice"].as_str().expect("advice");
        let told = if code == 1 {
            "never moved"
        } else {
            "started there"
        };
        assert!(advice.contains(told), "{advice}");
    }
    let words = "compare -q --with find-map --init s=15 --run-dir text";
    let words: Vec<&str> = words.split(' ').collect();
    let ran = sandbox.run(&words).expect_code(1);
    assert!(ran.stdout.contains("never_moved"), "{ran:?}");
    assert!(
        ran.stdout
            .contains("find-map: The integer never moved from its start s = 15")
    );
}

#[test]
fn a_plain_start_that_is_stuck_is_told_with_what_to_take_instead() {
    let sandbox = Sandbox::new();
    let file = data("quality_control_2.csv");
    let words = ["compare", "-q", "--run-dir", "text", &file];
    let ran = sandbox.run(&words).expect_code(1);
    // Which gradient that does is the cheapest is the clock's to say.
    let told = "momentum does not reach the best optimum from its one plain start (12.3 nats below): take ";
    assert!(ran.stdout.contains(told), "{ran:?}");
    assert!(
        ran.stdout
            .contains("\nmomentum: It settled on a hill 12.29 nats below")
    );
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 140, "{line}");
    }
    let words = [&*file, "--methods", "momentum,lbfgs,exact"];
    let json = compare(&sandbox, "json", &words).expect_code(1).json();
    assert_eq!(row(&json, "momentum")["verdict"], "local");
    assert_eq!(row(&json, "lbfgs")["verdict"], "global");
    assert!(kinds(&json).contains(&"plain_stuck"));
    assert!(kinds(&json).contains(&"gradient_enough"));
}

#[test]
fn a_wide_switch_and_no_switch_ask_for_the_posterior() {
    let sandbox = Sandbox::new();
    let coal = data("coal_mining_disasters.csv");
    let words = [&*coal, "--likelihood", "poisson"];
    let json = compare(&sandbox, "coal", &words).expect_code(0).json();
    assert_eq!(kinds(&json)[..2], ["switch", "take_posterior"]);
    assert_eq!(reasons(&json), ["wide"]);
    let none = data("quality_control_5.csv");
    let words = [&*none, "--methods", "lbfgs,compound,exact"];
    let json = compare(&sandbox, "none", &words).json();
    assert_eq!(kinds(&json)[..2], ["no_switch", "take_posterior"]);
    assert_eq!(reasons(&json)[0], "no_switch");
}

#[test]
fn a_regime_that_comes_back_and_a_missing_value() {
    let sandbox = Sandbox::new();
    let words = "simulate --n 120 --switch 40,80 --mean 0,4,0 --sd 1,1.5,1 --seed 3 -o y.csv";
    let words: Vec<&str> = words.split(' ').collect();
    sandbox.run(&words).expect_code(0);
    let words = ["y.csv", "--regimes", "0,1,0", "--with", "find-map"];
    let json = compare(&sandbox, "back", &words).json();
    for method in ALL {
        let places = &json["compare"]["methods"][method]["s"];
        close(&places[0], 40.0, 2.0);
        close(&places[1], 80.0, 2.0);
    }
    let started = &json["compare"]["methods"]["find-map"]["details"]["started_at"];
    assert_eq!(*started, json!([39, 79]));
    let text = std::fs::read_to_string(data("deck.csv")).expect("the talk's series");
    let lines: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("20,") {
            Some(_) => "20,".to_owned(),
            None => line.to_owned(),
        })
        .collect();
    sandbox.write("gap.csv", lines.join("\n") + "\n");
    let words = ["gap.csv", "--prior", "deck"];
    let json = compare(&sandbox, "gap", &words).expect_code(0).json();
    assert_eq!(row(&json, "exact")["s"], 45);
    let smallest = &json["compare"]["smallest_regime"];
    assert_eq!(*smallest, json!({"regime": 1, "observations": 44}));
}

#[test]
fn a_seed_is_an_answer_but_for_the_clock() {
    let sandbox = Sandbox::new();
    let words = ["--num-samples", "100", "--num-warmup", "100", "--seed"];
    let answer = |run: &str, seed: &str| {
        let mut json = compare(&sandbox, run, &[&words[..], &[seed]].concat()).json();
        without_clocks(&mut json);
        // Which method is fastest is the clock's to say.
        json["compare"]["remarks"] = json!(kinds(&json));
        json
    };
    let first = answer("first", "1");
    assert_eq!(answer("again", "1"), first);
    assert_ne!(answer("other", "2"), first);
}

fn without_clocks(json: &mut Value) {
    match json {
        Value::Object(map) => {
            map.retain(|key, _| !key.contains("seconds"));
            map.values_mut().for_each(without_clocks);
        }
        Value::Array(items) => items.iter_mut().for_each(without_clocks),
        _ => {}
    }
}

#[test]
fn what_cannot_be_compared_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::new();
    for (words, told) in [
        ("--methods adan", "lbfgs-marginal"),
        ("--with gibbs", "find-map"),
        ("nofile.csv", "there is no such file"),
        ("--init tau=500", "between 0 and 90"),
        ("--init s=4.5", "whole number from 0 to 89"),
        ("--with find-map --init s=90", "whole number from 0 to 89"),
        ("--init mu3=1", "mu1, mu2, sigma1, sigma2, tau, s"),
        ("--init sigma1=-1", "positive numbers"),
        (
            "--methods lbfgs --init tau=5",
            "none of them is among the methods",
        ),
        ("--num-samples 3", "at least 4"),
        ("--num-chains 0", "at least 1"),
        ("--likelihood poisson", "Poisson regimes take whole numbers"),
    ] {
        let words: Vec<&str> = std::iter::once("compare").chain(words.split(' ')).collect();
        refused(&sandbox, &words, &[told]);
    }
    // Too many stretches for the referee: refused where it was named.
    let rows: Vec<String> = (0..5000).map(|i| format!("{}", (i * i) % 17)).collect();
    sandbox.write("long.csv", format!("x\n{}\n", rows.join("\n")));
    let words = [
        "compare",
        "long.csv",
        "--regimes",
        "0,1,0",
        "--methods",
        "exact",
    ];
    let ran = sandbox.run(&words).expect_code(2);
    assert!(
        ran.stderr.contains("exact cannot be run on this series"),
        "{ran:?}"
    );
    assert_eq!(sandbox.listing(), ["long.csv"]);
}

#[test]
fn without_a_referee_a_sampler_stands_in() {
    let sandbox = Sandbox::new();
    let words = "simulate --n 5000 --switch 2000,3500 --mean 0,3,0 --sd 1,1,1 --seed 3 -o y.csv";
    let words: Vec<&str> = words.split(' ').collect();
    sandbox.run(&words).expect_code(0);
    let words = ["y.csv", "--regimes", "0,1,0", "--methods", "lbfgs,compound"];
    let json = compare(&sandbox, "run", &words).expect_code(0).json();
    assert_eq!(json["compare"]["standard"], "compound");
    assert_eq!(json["exact"], Value::Null);
    assert!(json["compare"]["left_out"]["exact"].is_string());
    assert_eq!(kinds(&json)[0], "unjudged");
}
