//! Protects: on the bundled files of real measurements the program finds what `data/README.md` says.

use serde_json::Value;

use crate::program::{Sandbox, data, number, row};

/// The file and the split of greatest likelihood that `data/README.md` names.
const SPLITS: [(&str, u64); 5] = [
    ("quality_control_1.csv", 144),
    ("quality_control_2.csv", 97),
    ("quality_control_3.csv", 179),
    ("quality_control_4.csv", 158),
    ("coal_mining_disasters.csv", 36),
];

#[test]
fn a_short_experiment_on_each_names_the_known_switch() {
    let sandbox = Sandbox::new();
    for (number, (file, s)) in SPLITS.into_iter().enumerate() {
        let run = format!("run{number}");
        let file = data(file);
        let words = [
            "experiment",
            &file,
            "--steps",
            "100",
            "--num-samples",
            "100",
        ];
        let more = ["--num-warmup", "100", "--run-dir", &run, "--json"];
        let ran = sandbox.run(&[&words[..], &more].concat());
        // So few steps may come to no verdict, which is 1.
        assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
        let json = ran.json();
        assert_eq!(row(&json, "exact")["s"], s, "{file}");
        let verdicts = ["adam", "momentum"].map(|method| row(&json, method)["verdict"].clone());
        let all_global = verdicts.iter().all(|verdict| verdict == "global");
        assert!(ran.code == Some(1) || all_global, "{verdicts:?}");
        assert!(sandbox.path(&run).join("manifest.json").is_file());
    }
}

#[test]
fn a_series_without_a_switch_is_told_apart_from_those_with_one() {
    let sandbox = Sandbox::new();
    let evidence = |file: &str| -> f64 {
        let json: Value = sandbox
            .run(&["exact", "--json", &data(file)])
            .expect_code(0)
            .json();
        number(&json["exact"]["log_evidence"]) - number(&json["exact"]["log_evidence_no_switch"])
    };
    assert!(evidence("quality_control_5.csv") < 0.0);
    for (file, _) in SPLITS {
        assert!(evidence(file) > 10.0, "{file}");
    }
}

#[test]
fn the_disasters_in_the_mines_became_fewer_in_1887() {
    let sandbox = Sandbox::new();
    let file = data("coal_mining_disasters.csv");
    let ran = sandbox.run(&["exact", &file, "--time", "t"]).expect_code(0);
    assert!(ran.stdout.contains("s = 36 (t 1887)"), "{}", ran.stdout);
}
