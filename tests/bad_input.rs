//! Protects: what cannot be done is refused with code 2, the place and the way out, before anything is written.

use std::fs;

use crate::program::{Ran, Sandbox, data, finish, number};

/// Runs `words`, which is to be refused with every one of `told`, leaving everything as it was.
pub fn refused(sandbox: &Sandbox, words: &[&str], told: &[&str]) -> Ran {
    let before = sandbox.listing();
    let ran = sandbox.run(words);
    assert_eq!(ran.code, Some(2), "{words:?}: {ran:?}");
    assert_eq!(ran.stdout, "", "{words:?}");
    assert!(ran.stderr.starts_with("error: "), "{words:?}: {ran:?}");
    for word in told {
        assert!(
            ran.stderr.contains(word),
            "{words:?}: no {word:?} in {}",
            ran.stderr
        );
    }
    assert!(!ran.stderr.contains("panicked"), "{words:?}: {ran:?}");
    assert_eq!(sandbox.listing(), before, "{words:?}");
    ran
}

/// What a file holds, and what is told of it.
const FILES: [(&str, &[u8], &[&str]); 23] = [
    ("empty", b"", &["the file is empty", "at y.csv", "hint: "]),
    (
        "blank",
        b"\n\n \n",
        &["the file is empty", "at y.csv", "hint: "],
    ),
    (
        "header only",
        b"t,x\n",
        &["no row under it", "at y.csv", "hint: "],
    ),
    (
        "no header",
        b"1,2\n2,3\n",
        &["there is no header", "at y.csv:1", "hint: "],
    ),
    (
        "no numeric column",
        b"a,b,c\nu,v,w\nx,y,z\n",
        &["no column holds numbers", "\"a\", \"b\"", "--value"],
    ),
    (
        "several columns",
        b"a,b\n1,2\n2,4\n",
        &["several columns", "\"a\", \"b\"", "--value"],
    ),
    (
        "text",
        b"t,x\n1,1\n2,oops\n",
        &[
            "\"oops\" is not a number",
            "y.csv:3, column \"x\"",
            "hint: ",
        ],
    ),
    (
        "decimal comma",
        b"t;x\n1;1,5\n2;2,5\n",
        &["\"1,5\" is not a number", "y.csv:2, column \"x\"", "point"],
    ),
    (
        "infinite",
        b"t,x\n1,1\n2,inf\n3,2\n",
        &["\"inf\" is not a finite", "y.csv:3, column \"x\"", "hint: "],
    ),
    (
        "minus infinite",
        b"t,x\n1,1\n2,-Infinity\n",
        &["not a finite", "y.csv:3, column \"x\"", "hint: "],
    ),
    (
        "beyond a double",
        b"x\n1\n1e999\n",
        &["too large", "y.csv:3, column \"x\"", "hint: "],
    ),
    (
        "a single row",
        b"t,x\n1,1\n",
        &["only one row", "y.csv, column \"x\"", "at least two"],
    ),
    (
        "constant",
        b"t,x\n1,4\n2,4\n3,4\n",
        &["every observation is 4", "y.csv, column \"x\"", "hint: "],
    ),
    (
        "all missing",
        b"x\nNaN\nNA\nnull\n",
        &["every value is missing", "y.csv, column \"x\"", "hint: "],
    ),
    (
        "one observed",
        b"t,x\n1,NA\n2,5\n3,\n",
        &["only one value of 3", "y.csv, column \"x\"", "hint: "],
    ),
    (
        "huge",
        b"x\n1e300\n-1e300\n2e300\n3e300\n1e299\n",
        &["e300", "other units"],
    ),
    (
        "tiny",
        b"x\n1e-300\n-1e-300\n2e-300\n3e-300\n",
        &["other units"],
    ),
    (
        "equal times",
        b"t,x\n1,1\n2,2\n2,3\n",
        &["same as \"2\" in row 3", "y.csv:4, column \"t\"", "hint: "],
    ),
    (
        "decreasing times",
        b"t,x\n1,1\n3,2\n2,3\n",
        &["before \"3\" in row 3", "y.csv:4, column \"t\"", "sort"],
    ),
    (
        "no such day",
        b"t,x\n2024-02-30,1\n2024-03-01,2\n",
        &["is not a time", "y.csv:2, column \"t\"", "hint: "],
    ),
    (
        "ragged",
        b"t,x\n1,1\n2,2,3\n",
        &["3 cells", "y.csv:3", "hint: "],
    ),
    (
        "two of a name",
        b"x,x\n1,1\n2,2\n",
        &["two columns are called \"x\"", "y.csv:1", "hint: "],
    ),
    (
        "not text",
        b"t,x\n1,1\n2,\xff\xfe\n",
        &["not UTF-8", "y.csv:3", "hint: "],
    ),
];

#[test]
fn a_file_that_is_no_series_is_refused_by_every_command() {
    let sandbox = Sandbox::new();
    for (name, bytes, told) in FILES {
        sandbox.write("y.csv", bytes);
        for command in ["experiment", "exact"] {
            // A time where there is none to be told apart is asked for by name.
            let mut words = vec![command, "y.csv"];
            if name == "no such day" {
                words.extend(["--time", "t"]);
            }
            let ran = refused(&sandbox, &words, told);
            assert!(ran.stderr.lines().count() <= 3, "{name}: {ran:?}");
        }
    }
}

#[test]
fn a_series_too_short_for_a_fit_is_refused_by_the_experiment_alone() {
    let sandbox = Sandbox::new();
    for text in ["x\n1\n2\n", "x\n1\n2\n3\n", "x\n1\n1\n2\n2\n"] {
        sandbox.write("y.csv", text);
        let told = ["two distinct values on both sides", "use more"];
        refused(&sandbox, &["experiment", "y.csv"], &told);
        // The priors are proper, so that the posterior is where a regime holds unequal values or one.
        let json = sandbox.run(&["exact", "y.csv", "--json"]);
        let json = json.expect_code(0).json();
        let p = json["exact"]["switch_posterior"].as_object();
        let total: f64 = p.expect("a map").values().map(number).sum();
        assert!((total - 1.0).abs() < 1e-12, "{text:?}: {json}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder")).expect("there is room");
    for command in ["experiment", "exact"] {
        refused(
            &sandbox,
            &[command, "none.csv"],
            &["no such file", "at none.csv", "hint: "],
        );
        refused(
            &sandbox,
            &[command, "folder"],
            &["a folder, not a file", "at folder", "hint: "],
        );
        let ran = finish(sandbox.switchback(&[command, "-"]), b"").expect_code(2);
        assert!(ran.stderr.contains("at standard input"), "{ran:?}");
    }
    let file = data("deck.csv");
    refused(
        &sandbox,
        &["exact", &file, "--value", "y"],
        &["no column \"y\"", "\"t\", \"x\""],
    );
    refused(
        &sandbox,
        &["exact", &file, "--time", "X"],
        &["did you mean \"x\"?"],
    );
    refused(
        &sandbox,
        &["exact", &file, "--time", "x", "--value", "x"],
        &["both time and value"],
    );
    refused(
        &sandbox,
        &["exact", &file, "--prior", "deck", "other.csv"],
        &["two files"],
    );
}

#[test]
fn a_setting_that_makes_no_sense_is_refused() {
    let sandbox = Sandbox::new();
    let cases: [(&[&str], &str); 34] = [
        (&["--device", "tpu"], "ndarray, flex and wgpu"),
        (&["--steps", "0"], "steps is 0"),
        (&["--steps", "1e3"], "--steps"),
        (&["--steps=-1"], "--steps"),
        (&["--log-every", "0"], "log-every is 0"),
        (&["--num-chains", "0"], "num-chains is 0"),
        (&["--num-samples", "0"], "num-samples is 0"),
        (&["--num-samples", "3"], "at least 4"),
        (
            &["--learning-rate=-1"],
            "learning-rate is -1: it must be positive",
        ),
        (&["--learning-rate", "0"], "learning-rate is 0"),
        (&["--learning-rate", "NaN"], "learning-rate is NaN"),
        (&["--learning-rate", "inf"], "learning-rate is inf"),
        (&["--momentum", "1"], "less than 1"),
        (&["--momentum=-0.1"], "at least 0"),
        (&["--seed=-1"], "--seed"),
        (&["--optimizer", "newton"], "adam, momentum"),
        (&["--parameterization", "odd"], "raw, log"),
        (&["--init", "tau=x"], "as in tau=40"),
        (&["--init", "nu=1"], "as in tau=40"),
        (&["--init", "tau=inf"], "as in tau=40"),
        (&["--init", "sigma1=-1"], "sigma must be positive"),
        (&["--prior", "mu=cauchy(0,1)"], "write normal(MEAN, SD)"),
        (&["--prior", "mu=normal(0,-2)"], "greater than 0"),
        (&["--prior", "sigma=normal(0,2)"], "half-normal(SD)"),
        (&["--prior", "nu=normal(0,2)"], "write mu="),
        (&["--learning-rate", "-1"], "it must be positive"),
        (&["--num-chains", "1000000000000"], "at most 10,000"),
        (&["--num-samples", "18446744073709551615"], "10,000,000,000"),
        (&["--num-warmup", "18446744073709551615"], "1,000,000,000"),
        (&["--value", "nope"], "nope"),
        (
            &["--init", "tau"],
            "neither a start as in tau=40, nor a file",
        ),
        (&["--prior", "foo"], "nor a file"),
        (&["--nonsense"], "'--nonsense'"),
        (&["one.csv", "two.csv"], "two.csv"),
    ];
    for (words, told) in cases {
        refused(&sandbox, &[&["experiment"], words].concat(), &[told]);
    }
}

#[test]
fn a_run_that_cannot_be_written_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "in the way");
    for taken in ["run", "other.partial"] {
        fs::create_dir(sandbox.path(taken)).expect("there is room");
    }
    let mut cases = vec![
        ("file/run", "choose a folder that is writable"),
        ("file", "choose another name"),
        ("run", "exists already; choose another name"),
        ("run/", "exists already; choose another name"),
        ("other", "did not finish"),
        ("some.partial", "does not end in .partial"),
        (".", "does not name a run"),
    ];
    if cfg!(target_os = "linux") {
        cases.push(("/proc/run", "choose a folder that is writable"));
    }
    for (run, told) in cases {
        refused(
            &sandbox,
            &["experiment", "--run-dir", run],
            &[told, run.trim_end_matches('/')],
        );
    }
}

#[test]
fn files_that_are_only_unusual_are_read() {
    let sandbox = Sandbox::new();
    let plain = "t,x\n1,1.5\n2,0.25\n3,7\n4,9\n";
    sandbox.write("plain.csv", plain);
    let answer = |file: &str| {
        let ran = sandbox.run(&["exact", "--json", file]).expect_code(0);
        ran.json()["exact"].clone()
    };
    let expected = answer("plain.csv");
    for (name, text) in [
        ("crlf.csv", plain.replace('\n', "\r\n")),
        ("bom.csv", format!("\u{feff}{plain}")),
        ("tabs.csv", plain.replace(',', "\t")),
        ("semicolons.csv", plain.replace(',', ";")),
        ("no end.csv", plain.trim_end().to_owned()),
        ("empty end.csv", format!("{plain}\n\n,\n")),
        ("spaces.csv", plain.replace(',', " , ")),
    ] {
        sandbox.write(name, text);
        assert_eq!(answer(name), expected, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_unicode_is_a_path_like_any_other() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let sandbox = Sandbox::new();
    let name = OsStr::from_bytes(b"series\xff.csv");
    fs::write(
        sandbox.path("").join(name),
        "t,x\n1,1.5\n2,0.25\n3,7\n4,9\n",
    )
    .expect("there is room");
    let words = "experiment --quiet --steps 10 --num-warmup 10 --num-samples 10 --run-dir run";
    let words: Vec<&str> = words.split(' ').collect();
    let mut command = sandbox.switchback(&words);
    command.arg(name);
    let ran = finish(command, b"").expect_code(1);
    assert!(ran.stderr.is_empty(), "{ran:?}");
    assert!(sandbox.path("run/manifest.json").exists());
}
