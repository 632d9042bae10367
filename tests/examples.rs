//! The examples of the talk's first half: what they find is the truth, and what they cannot do is told in one line.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{Ran, Sandbox, finish, listing, number};

/// Standard errors that an estimate may be off.
const MOST_ERRORS: f64 = 5.0;

/// The built example `name`, which plain `cargo test` builds before this runs.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    // target/PROFILE/deps/THIS, and beside deps the examples.
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("a target folder");
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = profile.join("examples").join(file);
    assert!(
        path.is_file(),
        "{} is missing: cargo build --examples",
        path.display()
    );
    path
}

fn run(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(&example(name).display().to_string());
    command.args(arguments);
    finish(command, b"")
}

/// Runs the example `name`, checks that all its files are there, and gives its numbers.
fn result(name: &str, arguments: &[&str], figures: &[&str]) -> Value {
    let sandbox = Sandbox::new();
    let arguments: Vec<&str> = arguments
        .iter()
        .copied()
        .chain(["--run-dir", "run"])
        .collect();
    let ran = run(&sandbox, name, &arguments).expect_code(0);
    assert_eq!(ran.stderr, "");
    assert!(
        ran.stdout
            .ends_with(&format!("run: run\nfigures: {}\n", figures.join(", ")))
    );
    let read = |file: &str| fs::read(sandbox.path("run").join(file)).expect("a file");
    for figure in figures {
        let svg = String::from_utf8(read(&format!("figures/{figure}.svg"))).expect("text");
        assert!(
            svg.contains("<svg") && svg.len() > 2_000,
            "{figure}: {}",
            svg.len()
        );
        let png = read(&format!("figures/{figure}.png"));
        assert!(png.starts_with(b"\x89PNG") && png.len() > 5_000, "{figure}");
    }
    let manifest: Value = serde_json::from_slice(&read("manifest.json")).expect("JSON");
    assert_eq!(
        (&manifest["name"], &manifest["status"]),
        (&name.into(), &"complete".into())
    );
    serde_json::from_slice(&read("result.json")).expect("JSON")
}

/// How many standard errors the estimate in `checked` is off the truth in it.
fn errors_off(checked: &Value) -> f64 {
    let [estimate, mcse, truth] = ["estimate", "mcse", "truth"].map(|key| number(&checked[key]));
    assert!(mcse > 0.0, "{checked}");
    (estimate - truth) / mcse
}

#[track_caller]
fn holds(checked: &Value) {
    let errors = errors_off(checked);
    assert!(
        errors.abs() <= MOST_ERRORS,
        "{errors} errors off: {checked}"
    );
}

fn array(json: &Value) -> &Vec<Value> {
    json.as_array().expect("a list")
}

/// The one of `rows` whose `key` is `value`.
fn of<'a>(rows: &'a Value, key: &str, value: &str) -> &'a Value {
    let found = array(rows).iter().find(|row| row[key] == value);
    found.unwrap_or_else(|| panic!("no {value} in {rows}"))
}

/// PI_SEEDS
#[test]
fn darts_give_pi_with_the_error_that_they_say() {
    let result = result("pi", &["--num-samples", "100000"], &["darts", "error"]);
    for seen in array(&result["seen"]) {
        holds(seen);
        let ratio = number(&seen["rms_error"]) / number(&seen["mcse"]);
        // Of 30 throwers: the root mean square scatters by an eighth.
        assert!((0.35..1.65).contains(&ratio), "{seen}");
    }
    // The control: a bias of a hundredth would be seen.
    let mut last = array(&result["seen"]).last().expect("sizes").clone();
    last["estimate"] = (number(&last["estimate"]) * 1.02).into();
    assert!(errors_off(&last).abs() > MOST_ERRORS);
}

/// PEBBLE_SEEDS
#[test]
fn two_rules_at_the_border_give_pi_and_two_give_what_their_law_says() {
    let figures = ["estimates", "edges", "autocorrelation", "cost"];
    let result = result("pebble", &["--num-samples", "50000"], &figures);
    for (rule, is_fair) in [
        ("stay put", true),
        ("reflect", true),
        ("clip", false),
        ("redraw", false),
    ] {
        let ruled = of(&result["rules"], "rule", rule);
        assert_eq!(ruled["is_fair"], is_fair);
        assert!(number(&ruled["ess"]) > 5_000.0, "{ruled}");
        assert!(number(&ruled["z_exact"]).abs() <= MOST_ERRORS, "{ruled}");
        let is_pi = number(&ruled["z_pi"]).abs() <= MOST_ERRORS;
        assert_eq!(is_pi, is_fair, "{ruled}");
        let borders = array(&ruled["border"]);
        assert!(
            (number(&borders[0]) - number(&borders[1])).abs() < 0.01,
            "{ruled}"
        );
    }
    let exact = |rule: &str| number(&of(&result["rules"], "rule", rule)["exact"]);
    assert!(exact("clip") < 2.7 && exact("redraw") > 3.3);
    let costs = array(&result["costs"]);
    for cost in costs {
        assert!(
            (number(&cost["moved"]) - number(&cost["moved_exact"])).abs() < 0.01,
            "{cost}"
        );
        assert!(number(&cost["throws_a_dart"]) > 3.0, "{cost}");
    }
    assert!(number(&costs[0]["throws_a_dart"]) > 30.0 * number(&costs[5]["throws_a_dart"]));
}

/// LOOP_SEEDS
#[test]
fn the_loop_gives_the_posterior_once_its_way_in_is_left_out() {
    let figures = ["traces", "path", "product", "negative_sigma"];
    let result = result("for_loop", &[], &figures);
    for row in array(&result["rows"]) {
        holds(&row["loops_kept"]);
    }
    // The control: with the way in, the moments of sigma are off.
    for name in ["sigma mean", "sigma sd"] {
        let off = errors_off(&of(&result["rows"], "name", name)["loops_all"]);
        assert!(off > MOST_ERRORS, "{name}: {off}");
    }
    let product = &result["product"];
    assert_eq!(number(&product["moved_by_product"]), 0.0);
    assert!((320.0..400.0).contains(&number(&product["underflow_at"])));
    assert!(number(&product["moved_by_logarithm"]) > 0.02);
    array(&product["by_logarithm"]).iter().for_each(holds);
    let signs = array(&result["negative_sigma"]);
    for stuck in &signs[..2] {
        assert_eq!(number(&stuck["moved"]), 0.0, "{stuck}");
    }
    let negative: Vec<f64> = signs
        .iter()
        .map(|signed| number(&signed["negative"]))
        .collect();
    assert_eq!(negative[..4], [1.0, 1.0, 0.0, 1.0]);
    assert!((0.2..0.8).contains(&negative[4]), "{negative:?}");
}

/// LONG_SEEDS
///
/// Of 10,000 steps a heavy tail of sigma may be missed, and its standard error with it: the floor of effective draws is
/// why this loop is longer.
#[test]
fn one_long_loop_gives_the_posterior_within_its_own_errors() {
    let figures = ["traces", "path", "product", "negative_sigma"];
    let arguments = ["--num-samples", "100000", "--num-repeats", "2"];
    let result = result("for_loop", &arguments, &figures);
    for parameter in ["mu", "sigma"] {
        let ess = number(&result["ess"][parameter]);
        assert!(ess > 1_000.0, "{parameter}: {ess}");
    }
    for row in array(&result["rows"]) {
        holds(&row["kept"]);
    }
}

/// What a weighed sum of balls, normal with mean `2 n` and standard deviation `0.3 sqrt(n)`, brings below 50 pounds: by
/// Simpson's rule.
fn kept_balls(n: f64) -> f64 {
    let (mean, sd) = (2.0 * n, 0.3 * n.sqrt());
    let (low, intervals) = (mean - 12.0 * sd, 4_000);
    let width = (50.0 - low) / f64::from(intervals);
    let value = |i: i32| {
        let x = low + f64::from(i) * width;
        let z = (x - mean) / sd;
        x * (-0.5 * z * z).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt())
    };
    let inner: f64 = (1..intervals)
        .map(|i| value(i) * if i % 2 == 1 { 4.0 } else { 2.0 })
        .sum();
    (value(0) + inner + value(intervals)) * width / 3.0
}

/// SANTA_SEEDS
#[test]
fn santas_samplers_agree_with_the_algebra() {
    let figures = [
        "gifts",
        "small_traces",
        "small_ridge",
        "large_weights",
        "large_directions",
        "bags",
    ];
    let result = result("santa", &["--num-draws", "20000"], &figures);
    assert_eq!(array(&result["gifts"]).len(), 9);
    for gift in array(&result["gifts"]) {
        holds(&gift["mean"]);
        holds(&gift["sd"]);
        let share = [&gift["at_zero"]["estimate"], &gift["at_zero"]["truth"]].map(number);
        assert!((share[0] - share[1]).abs() < 0.006, "{gift}");
    }
    let censored = array(&result["gifts"])
        .iter()
        .filter(|gift| !gift["truncated"].is_null());
    assert_eq!(censored.count(), 4);
    for sampler in ["nuts", "gibbs by pairs"] {
        agrees(of(&result["small"], "sampler", sampler));
    }
    agrees(&result["large"]);
    // The control: one weight at a time does not get along the ridge.
    let one_by_one = of(&result["small"], "sampler", "gibbs one by one");
    assert!(number(&one_by_one["least_ess"]) < 40.0);
    let sum = &result["small_sum"];
    assert!((number(&sum["sd"]) / number(&sum["sd_by_hand"]) - 1.0).abs() < 1e-7);
    for drawn in array(&sum["drawn"]) {
        holds(&drawn[1]);
    }
    let directions = array(&result["large_directions"]);
    let pinned = directions
        .iter()
        .filter(|direction| direction["is_pinned"] == true);
    assert_eq!((directions.len(), pinned.count()), (10, 6));
    assert!(number(&directions[9]["sd_ratio"]) > 1.0 - 1e-9);
    bags_agree(&result);
}

/// Every weight of a sampler agrees with the closed form.
fn agrees(sampled: &Value) {
    for weight in array(&sampled["weights"]) {
        assert!(number(&weight["ess"]) > 400.0, "{weight}");
        holds(&weight["mean"]);
        holds(&weight["sd"]);
    }
}

fn bags_agree(result: &Value) {
    let bags = result["bags"].as_array().expect("a list").iter();
    let bags = bags.chain(array(&result["bags_of_one_kind"]));
    let mut n_balls = 0;
    for bag in bags {
        holds(&bag["kept"]);
        let items = number(&bag["items"]);
        assert!(items >= 3.0);
        if bag["recipe"] == format!("{items} ball") {
            n_balls += 1;
            let exact = kept_balls(items);
            // The grid rounds every ball to a fortieth of a pound.
            assert!(
                (number(&bag["kept"]["truth"]) - exact).abs() < 0.005,
                "{bag} {exact}"
            );
        }
    }
    assert!(n_balls >= 1);
    assert_eq!(result["bags"][0]["recipe"], "23 ball");
}

#[test]
fn a_run_repeats_itself_and_another_seed_is_another_run() {
    let of = |seed: &str| {
        let arguments = ["--num-samples", "1000", "--seed", seed];
        result("pi", &arguments, &["darts", "error"])
    };
    assert_eq!(of("7"), of("7"));
    assert_ne!(of("7"), of("8"));
}

#[test]
fn options_that_make_no_sense_are_refused_in_one_line() {
    let sandbox = Sandbox::new();
    for (name, arguments) in [
        ("pi", &["--num-samples", "0"][..]),
        ("pi", &["--num-samples", "-1"]),
        ("pi", &["--num-samples", "99999999999999999999"]),
        ("pi", &["--num-repeats", "1"]),
        ("pi", &["--darts", "3"]),
        ("pebble", &["--num-samples", "0"]),
        ("pebble", &["--step", "0"]),
        ("pebble", &["--step", "nan"]),
        ("pebble", &["--step", "far"]),
        ("pebble", &["--seed", "-1"]),
        ("for_loop", &["--num-samples", "10"]),
        ("for_loop", &["--num-observations", "2"]),
        ("for_loop", &["--num-observations", "1000000000"]),
        ("for_loop", &["--step", "inf"]),
        ("santa", &["--num-samples", "0"]),
        ("santa", &["--num-draws", "1e9"]),
        ("santa", &["--num-kinds", "4"]),
        ("santa", &["extra"]),
    ] {
        let ran = run(&sandbox, name, arguments).expect_code(2);
        assert_eq!(ran.stdout, "", "{name} {arguments:?}");
        assert!(ran.stderr.starts_with("error: "), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        let value = arguments.last().expect("an argument");
        assert!(
            ran.stderr.contains(arguments[0]) || ran.stderr.contains(value),
            "{ran:?}"
        );
    }
    assert!(sandbox.listing().is_empty(), "nothing is left behind");
}

#[test]
fn a_folder_that_is_taken_is_refused_and_quiet_is_quiet() {
    let sandbox = Sandbox::new();
    let arguments = ["--num-samples", "1000", "--quiet", "--run-dir", "run"];
    let ran = run(&sandbox, "pi", &arguments).expect_code(0);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("", ""));
    let before = listing(&sandbox.path("run"));
    let ran = run(&sandbox, "pi", &arguments).expect_code(2);
    assert!(ran.stderr.contains("exists already"), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1);
    assert_eq!(listing(&sandbox.path("run")), before);
    // Without a name it goes to runs/.
    run(&sandbox, "pi", &["--num-samples", "1000"]).expect_code(0);
    let made = sandbox.listing();
    assert!(
        made.iter()
            .any(|path| path.starts_with("runs/pi-") && path.ends_with("result.json"))
    );
}
