//! Protects: `simulate` draws by the law it was given, the same for the same seed, and `exact` finds that law again.

use crate::program::{Sandbox, close, finish, row};

/// The second column of what `simulate` prints.
fn values(text: &str) -> Vec<f64> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("t,y"));
    let row = |(i, line): (usize, &str)| {
        let (t, y) = line.split_once(',').expect("two cells");
        assert_eq!(t, (i + 1).to_string());
        y.parse().expect("a number")
    };
    lines.enumerate().map(row).collect()
}

#[test]
fn the_default_is_the_law_of_the_talk() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(&["simulate"]).expect_code(0).stdout;
    assert_eq!(values(&text).len(), 90);
    let long = sandbox.run(&["simulate", "--n", "20000"]).expect_code(0);
    let values = values(&long.stdout);
    let (before, after) = values.split_at(10_000);
    check_normal(before, -1.0, 1.0);
    check_normal(after, 5.0, 2.0);
    // One draw in two hundred of the other regime would be seen.
    let mixed: Vec<f64> = [&before[50..], &after[..50]].concat();
    assert!(!is_normal(&mixed, -1.0, 1.0));
}

fn check_normal(draws: &[f64], mean: f64, sd: f64) {
    assert!(is_normal(draws, mean, sd), "mean {mean}, sd {sd}");
}

/// Whether mean and standard deviation are within five standard errors; over 200 seeds the greatest distance was 3.3.
fn is_normal(draws: &[f64], mean: f64, sd: f64) -> bool {
    let n = draws.len() as f64;
    let found = draws.iter().sum::<f64>() / n;
    let variance = draws.iter().map(|x| (x - found).powi(2)).sum::<f64>() / (n - 1.0);
    let error = sd / n.sqrt();
    (found - mean).abs() <= 5.0 * error
        && (variance.sqrt() - sd).abs() <= 5.0 * error / 2_f64.sqrt()
}

#[test]
fn a_seed_is_a_series() {
    let sandbox = Sandbox::new();
    let draw = |seed: &str| {
        sandbox
            .run(&["simulate", "--seed", seed])
            .expect_code(0)
            .stdout
    };
    assert_eq!(draw("7"), draw("7"));
    assert_ne!(draw("7"), draw("8"));
    assert_eq!(draw("1"), sandbox.run(&["simulate"]).stdout);
}

#[test]
fn what_is_simulated_is_found_again_through_a_pipe() {
    let sandbox = Sandbox::new();
    for seed in ["1", "2", "3"] {
        let words = ["simulate", "--seed", seed, "--n", "120", "--switch", "70"];
        let series = sandbox.run(&words).expect_code(0).stdout;
        let command = sandbox.switchback(&["exact", "-", "--json"]);
        let json = finish(command, series.as_bytes()).expect_code(0).json();
        assert_eq!(json["series"], "stdin");
        let row = row(&json, "exact");
        // Over 40 seeds: 1 row, 0.21 and 0.56.
        close(&row["s"], 70.0, 2.0);
        close(&row["estimate"]["mu1"], -1.0, 1.0);
        close(&row["estimate"]["mu2"], 5.0, 2.0);
    }
}

#[test]
fn a_file_holds_what_would_have_been_printed() {
    let sandbox = Sandbox::new();
    let words = [
        "simulate", "--n", "6", "--switch", "2,4", "--mean", "0,4,0", "--sd", "1,2,1",
    ];
    let printed = sandbox.run(&words).expect_code(0).stdout;
    let ran = sandbox
        .run(&[&words[..], &["--output", "y.csv"]].concat())
        .expect_code(0);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("", ""));
    let file = std::fs::read_to_string(sandbox.path("y.csv")).expect("the file");
    assert_eq!(file, printed);
    assert_eq!(sandbox.listing(), ["y.csv"]);
}

#[test]
fn a_law_that_makes_no_sense_is_refused() {
    let sandbox = Sandbox::new();
    let cases: [&[&str]; 11] = [
        &["--n", "0"],
        &["--n", "-3"],
        &["--sd", "0,1"],
        &["--sd=-1,1"],
        &["--sd", "1"],
        &["--mean", "nan,1"],
        &["--mean", "1,2,3"],
        &["--switch", "90"],
        &["--switch", "50,40"],
        &["--switch", "a"],
        &["--output", "no/folder/y.csv"],
    ];
    for case in cases {
        let ran = sandbox.run(&[&["simulate"], case].concat()).expect_code(2);
        assert!(
            ran.stdout.is_empty() && ran.stderr.starts_with("error: "),
            "{case:?}: {ran:?}"
        );
        assert_eq!(sandbox.listing(), Vec::<String>::new(), "{case:?}");
    }
}
