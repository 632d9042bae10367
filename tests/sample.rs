//! Protects: `sample` draws from the exact posterior of every model, and leaves draws that the real ArviZ reads as we do.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use switchback::record::{Comparison, Manifest, Status};

use crate::events;
use crate::program::{Ran, Sandbox, close, data, finish, number, row};
use crate::python;

const COAL: [&str; 6] = [
    "--likelihood",
    "poisson",
    "--prior",
    "rate=exponential(1)",
    "--sampler",
    "compound",
];

/// `sample` into the run `name`.
fn sample(sandbox: &Sandbox, name: &str, more: &[&str]) -> Ran {
    let words = ["sample", "--json", "--run-dir", name];
    let ran = sandbox.run(&[&words[..], more].concat());
    assert_eq!(ran.stderr, "", "{more:?}");
    ran
}

/// The quantities of a summary whose mean or standard deviation is not the exact one, to five Monte Carlo standard
/// errors, once `shift` is added to the mean of switches and a tenth of it to that of parameters.
fn far(json: &Value, shift: f64) -> Vec<String> {
    let exact = row(json, "exact");
    let quantities = json["summary"]["quantities"].as_object().expect("a map");
    let known = exact["estimate"].as_object().expect("a map");
    assert!(quantities.keys().eq(known.keys()), "{quantities:?}");
    let is_far = |(name, of): (&String, &Value)| {
        let ess = number(&of["ess_bulk"]);
        assert!(ess >= 400.0, "{name}: {ess} effective draws");
        let shift = shift * if is_switch(name) { 1.0 } else { 0.1 };
        let bias = number(&of["mean"]) + shift - number(&exact["estimate"][name]);
        let excess = number(&of["sd"]) - number(&exact["sd"][name]);
        let is_far = bias.abs() > 5.0 * number(&of["mcse_mean"])
            || excess.abs() > 5.0 * number(&of["mcse_sd"]);
        is_far.then(|| name.clone())
    };
    quantities.iter().filter_map(is_far).collect()
}

fn is_switch(name: &str) -> bool {
    name.strip_prefix('s')
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

#[track_caller]
fn check_is_exact(json: &Value) {
    assert_eq!(far(json, 0.0), Vec::<String>::new(), "{}", json["summary"]);
    let n = json["summary"]["quantities"].as_object().map(|of| of.len());
    assert_eq!(Some(far(json, 1.0).len()), n, "a shift is not noticed");
}

/// Over 200 seeds none was far; the greatest distance of a mean was 3.47 errors, of a standard deviation 3.85.
#[test]
fn nuts_on_the_marginal_form_of_the_talk() {
    let sandbox = Sandbox::new();
    let json = sample(&sandbox, "run", &[]).expect_code(0).json();
    check_is_exact(&json);
    let s = &json["summary"]["quantities"]["s"];
    close(&s["mean"], 44.992_454_7, 5.0 * number(&s["mcse_mean"]));
    close(&s["sd"], 0.118_038_2, 5.0 * number(&s["mcse_sd"]));
    assert_eq!(json["model"], "one switch, normal regimes");
    assert_eq!(json["summary"]["is_trusted"], true);
    assert_eq!(json["summary"]["n_diverged"], 0);
    let row = row(&json, "nuts");
    assert_eq!((&row["s"], &row["time"]), (&json!(45), &json!("46")));
}

/// Over 200 seeds none was far; the greatest distance of a mean was 3.42 errors, of a standard deviation 3.31.
#[test]
fn gibbs_on_the_disasters_in_the_mines() {
    let sandbox = Sandbox::new();
    let file = data("coal_mining_disasters.csv");
    let words = [&[&*file], &COAL[..]].concat();
    let json = sample(&sandbox, "run", &words).expect_code(0).json();
    check_is_exact(&json);
    let beside = &json["exact"];
    assert_eq!(beside["most_probable"], json!({"s": 41, "time": "1892"}));
    close(&beside["switch_posterior"]["41"], 0.240_15, 5e-6);
    close(&beside["switch_posterior"]["40"], 0.183_83, 5e-6);
    let exact = row(&json, "exact");
    close(&exact["estimate"]["rate1"], 3.066_2, 5e-5);
    close(&exact["estimate"]["rate2"], 0.936_1, 5e-5);
    assert_eq!(row(&json, "compound")["time"], "1892");
}

/// Over 200 seeds none was far with either; the greatest distance was 3.32 errors of a mean, 3.29 of a standard deviation.
#[test]
fn a_regime_that_comes_back() {
    let sandbox = Sandbox::new();
    simulate_reversion(&sandbox);
    for sampler in ["nuts", "compound"] {
        let words = ["y.csv", "--regimes", "0,1,0", "--sampler", sampler];
        let json = sample(&sandbox, sampler, &words).expect_code(0).json();
        check_is_exact(&json);
        let exact = row(&json, "exact");
        close(&exact["estimate"]["s1"], 100.0, 3.0);
        close(&exact["estimate"]["s2"], 200.0, 3.0);
    }
}

/// 300 points of which the middle hundred lie 2 higher.
fn simulate_reversion(sandbox: &Sandbox) {
    let words = "simulate --n 300 --switch 100,200 --mean 0,2,0 --sd 1,1.5,1 --seed 3 -o y.csv";
    let words: Vec<&str> = words.split(' ').collect();
    sandbox.run(&words).expect_code(0);
}

#[test]
fn a_seed_is_a_summary() {
    let sandbox = Sandbox::new();
    for sampler in ["nuts", "compound", "metropolis", "ensemble", "exact"] {
        let answer = |run: &str, more: &[&str]| {
            let words = [
                "--sampler",
                sampler,
                "--num-samples",
                "50",
                "--num-warmup",
                "50",
            ];
            let run = format!("{sampler}-{run}");
            let ran = sample(&sandbox, &run, &[&words[..], more].concat());
            ran.json()["summary"].clone()
        };
        let first = answer("first", &[]);
        assert_eq!(answer("again", &["--seed", "1"]), first, "{sampler}");
        assert_eq!(answer("often", &["--log-every", "7"]), first, "{sampler}");
        assert_ne!(answer("other", &["--seed", "2"]), first, "{sampler}");
    }
}

#[test]
fn every_sampler_leaves_a_complete_run_on_each_of_its_forms() {
    let sandbox = Sandbox::new();
    let cases = [
        ("nuts", "nuts", "marginal", "s"),
        ("nuts", "nuts", "sigmoid", "tau"),
        ("compound", "compound", "hard", "s"),
        ("metropolis", "metropolis", "hard", "s"),
        ("metropolis", "metropolis", "sigmoid", "tau"),
        ("metropolis", "metropolis", "marginal", "s"),
        ("metropolis --untuned", "metropolis-untuned", "hard", "s"),
        ("ensemble", "ensemble", "marginal", "s"),
        ("ensemble", "ensemble", "sigmoid", "tau"),
        ("exact", "exact-draws", "hard", "s"),
    ];
    for (number, (sampler, method, form, switch)) in cases.into_iter().enumerate() {
        let name = format!("run{number}");
        let line = format!(
            "--sampler {sampler} --form {form} --num-samples 30 --num-warmup 100 --log-every 10"
        );
        let words: Vec<&str> = line.split(' ').collect();
        let ran = sample(&sandbox, &name, &words);
        assert!(matches!(ran.code, Some(0 | 1)), "{line}: {ran:?}");
        check_run(&sandbox.path(&name), &ran.json(), method, switch);
        assert!(!sandbox.path(&format!("{name}.partial")).exists());
    }
}

fn check_run(run: &Path, printed: &Value, method: &str, switch: &str) {
    let manifest = Manifest::read(run.join("manifest.json")).expect("a manifest");
    assert_eq!(manifest.status, Status::Complete);
    assert_eq!(manifest.methods[0].method, method);
    assert_eq!(manifest.series.as_ref().map(|series| series.n), Some(90));
    Comparison::read(run.join("comparison.json")).expect("a comparison");
    let summary = fs::read_to_string(run.join("summary.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    assert_eq!(summary, printed["summary"]);
    let names: Vec<&String> = summary["quantities"]
        .as_object()
        .expect("a map")
        .keys()
        .collect();
    assert_eq!(
        names,
        ["mu1", "mu2", "sigma1", "sigma2", switch],
        "{method}"
    );
    let group = run.join(format!("draws/{method}.zarr/posterior"));
    for name in names {
        assert!(
            group.join(name).join(".zarray").is_file(),
            "{method} {name}"
        );
    }
    let events = events::read_folder(&run.join(method)).expect("whole events");
    let tags = events::tags(&events);
    // Curves of all forms lie over one another: a switch is `tau` there.
    for name in ["likelihood", "mu1", "mu2", "sigma1", "sigma2", "tau"] {
        let points = events::points(&events, name);
        let steps: Vec<u64> = points.iter().map(|point| point.0).collect();
        assert_eq!(steps, [10, 20, 30], "{method} {name}");
        for of in ["r_hat", "ess"] {
            let tag = format!("mcmc/{of}/{name}");
            assert!(tags.contains(&tag), "{method}: no {tag} in {tags:?}");
        }
    }
}

#[test]
fn the_draws_may_be_as_cmdstan_writes_them() {
    let sandbox = Sandbox::new();
    let words = [
        "--sampler",
        "compound",
        "--format",
        "cmdstan",
        "--num-chains",
        "3",
    ];
    sample(&sandbox, "run", &words).expect_code(0);
    let mut files: Vec<String> = crate::program::listing(&sandbox.path("run/draws"));
    files.sort();
    assert_eq!(
        files,
        ["compound_1.csv", "compound_2.csv", "compound_3.csv"]
    );
    for file in files {
        let text = fs::read_to_string(sandbox.path("run/draws").join(file)).expect("text");
        let mut rows = text.lines().filter(|line| !line.starts_with('#'));
        let header: Vec<&str> = rows.next().expect("a header").split(',').collect();
        assert_eq!(header[0], "lp__");
        for name in ["mu1", "mu2", "sigma1", "sigma2", "s"] {
            assert!(header.contains(&name), "{header:?}");
        }
        assert!(rows.all(|row| row.split(',').count() == header.len()));
    }
}

#[test]
fn the_summary_is_on_one_stream_and_the_progress_on_the_other() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["sample", "--run-dir", "run"]).expect_code(0);
    assert!(ran.stderr.starts_with("nuts: completed after"), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert!(
        ran.stdout
            .starts_with("deck: n = 90; one switch, normal regimes"),
        "{ran:?}"
    );
    assert!(
        ran.stdout.contains("\nmost probable places of s:\n"),
        "{ran:?}"
    );
    assert!(
        ran.stdout
            .ends_with("run: run\nreport: run/report.html\ntensorboard --logdir run\n"),
        "{ran:?}"
    );
    for quiet in ["--quiet", "-q"] {
        let words = ["sample", quiet, "--run-dir", quiet.trim_start_matches('-')];
        assert_eq!(sandbox.run(&words).expect_code(0).stderr, "");
    }
}

/// What ArviZ sees in the store at `path`.
fn seen_by_arviz(sandbox: &Sandbox, python: &Path, path: &Path) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = sandbox.command(&python.to_string_lossy());
    command.arg(root.join("crates/record/tests/python/seen.py"));
    let asked = json!([["zarr", path]]).to_string();
    let ran = finish(command, asked.as_bytes()).expect_code(0);
    ran.json()[0].clone()
}

#[test]
fn the_real_arviz_finds_every_group_and_the_same_diagnostics() {
    let Some(python) = python::find() else {
        return;
    };
    let sandbox = Sandbox::new();
    let words = ["--num-samples", "300", "--num-warmup", "300"];
    let ran = sample(&sandbox, "run", &words).json();
    let seen = seen_by_arviz(&sandbox, &python, &sandbox.path("run/draws/nuts.zarr"));
    assert_eq!(seen["warnings"], json!([]));
    let sizes = |group: &str| seen["groups"][group]["sizes"].clone();
    assert_eq!(sizes("posterior"), json!({"chain": 4, "draw": 300}));
    assert_eq!(sizes("sample_stats"), json!({"chain": 4, "draw": 300}));
    assert_eq!(sizes("warmup_posterior"), json!({"chain": 4, "draw": 300}));
    assert_eq!(sizes("observed_data"), json!({"t": 90}));
    assert_eq!(
        sizes("log_likelihood"),
        json!({"chain": 4, "draw": 300, "t": 90})
    );
    let quantities = ran["summary"]["quantities"].as_object().expect("a map");
    for (name, ours) in quantities {
        // Its releases differ in what they call a tail.
        for column in ["r_hat", "ess_bulk"] {
            let theirs = number(&seen["diagnostics"][name][column]);
            close(&ours[column], theirs, 1e-6 * theirs);
        }
    }
    assert_eq!(quantities.len(), 5);
}
