//! Protects: `exact` gives the referee's numbers, however the prior is spelled, in the user's own times, with gaps masked.

use serde_json::Value;

use crate::program::{Sandbox, close, data, number, row};

/// Half a unit of the seventh decimal.
const SEVEN: f64 = 0.5e-7;

/// `exact` with `arguments`, as JSON.
fn exact(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let words = [&["exact", "--json"], arguments].concat();
    let ran = sandbox.run(&words).expect_code(0);
    assert_eq!(ran.stderr, "", "{words:?}");
    ran.json()
}

/// What quadrature in double precision by another program says of the talk's series under the talk's priors.
fn check_deck(json: &Value) {
    let beside = &json["exact"];
    close(&beside["switch_posterior"]["45"], 0.992_497_6, SEVEN);
    close(&beside["log_evidence"], -174.055_936_7, SEVEN);
    close(&beside["log_evidence_no_switch"], -233.352_420_7, SEVEN);
    let row = row(json, "exact");
    close(&row["estimate"]["mu1"], -0.776_829_2, SEVEN);
    close(&row["sd"]["mu1"], 0.174_670_5, SEVEN);
    close(&row["estimate"]["sigma2"], 1.797_936_7, SEVEN);
    assert_eq!((&row["s"], &row["time"]), (&45.into(), &"46".into()));
    let all = beside["switch_posterior"].as_object().expect("a map");
    let total: f64 = all.values().map(number).sum();
    assert!((total - 1.0).abs() < 1e-12, "{total}");
}

#[test]
fn the_numbers_of_the_talk_however_they_are_asked_for() {
    let sandbox = Sandbox::new();
    let file = &data("deck.csv");
    let spellings: [&[&str]; 7] = [
        &[],
        &[file],
        &["--prior", "deck", file],
        &[file, "--prior", "mu=normal(0,2)", "sigma=half-normal(2)"],
        &["--prior", "mu=normal(0,2) sigma=half-normal(2)", file],
        &[
            "--prior",
            "mu=normal(0, 2)",
            "--prior",
            "sigma=half-normal(2)",
            file,
        ],
        &[file, "--time", "t", "--value", "x"],
    ];
    for spelling in spellings {
        check_deck(&exact(&sandbox, spelling));
    }
    assert_eq!(
        sandbox.listing(),
        Vec::<String>::new(),
        "exact writes nothing"
    );
}

#[test]
fn on_another_series_the_spellings_agree_and_differ_from_the_default() {
    let sandbox = Sandbox::new();
    sandbox.write("y.csv", "y\n1.5\n0.25\n-1\n0.5\n7\n9\n8.5\n12\n");
    let answer = |words: &[&str]| exact(&sandbox, words)["exact"].clone();
    let deck = answer(&["--prior", "deck", "y.csv"]);
    for spelling in [
        &["y.csv", "--prior", "mu=normal(0,2)", "sigma=half-normal(2)"][..],
        &["--prior", "mu=normal(0, 2) sigma=half-normal(2)", "y.csv"],
        &[
            "--prior",
            "data",
            "sigma=half-normal(2)",
            "mu=normal(0,2)",
            "--",
            "y.csv",
        ],
    ] {
        assert_eq!(answer(spelling), deck, "{spelling:?}");
    }
    let automatic = answer(&["y.csv"]);
    assert_eq!(answer(&["--prior", "data", "y.csv"]), automatic);
    assert_ne!(automatic, deck);
    assert_ne!(
        answer(&["--prior", "deck", "mu=normal(0,3)", "--", "y.csv"]),
        deck
    );
}

#[test]
fn a_switch_is_told_in_the_times_of_the_user() {
    let sandbox = Sandbox::new();
    let text = "when;how much\n2024-01;1.5\n2024-02;0.25\n2024-03;-1\n2024-04;17\n2024-06;19\n2024-07;18\n";
    sandbox.write("y.csv", text);
    let json = exact(&sandbox, &["y.csv", "--time", "when"]);
    assert_eq!(row(&json, "exact")["time"], "2024-04");
    assert_eq!(row(&json, "exact")["s"], 3);
    assert_eq!(json["exact"]["most_probable"]["time"], "2024-04");
    let words = sandbox.run(&["exact", "y.csv"]).expect_code(0).stdout;
    assert!(words.contains("s = 3 (when 2024-04)"), "{words}");
    let json = exact(
        &sandbox,
        &["y.csv", "--time", "none", "--value", "how much"],
    );
    assert!(row(&json, "exact")["time"].is_null());
}

#[test]
fn a_missing_value_is_masked_and_keeps_its_place() {
    let sandbox = Sandbox::new();
    let whole = "y\n1.5\n0.25\n-1\n7\n9\n8.5\n";
    for word in ["", "NA", "NaN", "null"] {
        let masked = whole.replace("\n-1\n", &format!("\n{word}\n-1\n"));
        sandbox.write("masked.csv", masked);
        let posterior = &exact(&sandbox, &["masked.csv"])["exact"]["switch_posterior"];
        // A switch just before the gap or just after it parts the observations in the same way.
        assert_eq!(posterior["2"], posterior["3"], "{word:?}");
        assert_ne!(posterior["3"], posterior["4"], "the whole rows do differ");
        assert_eq!(
            posterior.as_object().map(|all| all.len()),
            Some(7),
            "{posterior}"
        );
        let said = sandbox.run(&["exact", "masked.csv"]).expect_code(0).stdout;
        assert!(said.contains("n = 7, 1 missing"), "{said}");
    }
}

#[test]
fn a_hundred_thousand_rows_are_no_matter() {
    let sandbox = Sandbox::new();
    let mut text = String::from("y\n");
    for i in 0..100_000_u32 {
        let noise = f64::from(i.wrapping_mul(2_654_435_761) >> 8) / f64::from(1_u32 << 24);
        let level = if i < 60_000 { 0.0 } else { 2.0 };
        text += &format!("{}\n", level + noise);
    }
    sandbox.write("long.csv", text);
    let json = exact(&sandbox, &["long.csv"]);
    assert_eq!(row(&json, "exact")["s"], 60_000);
}
