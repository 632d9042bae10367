//! Protects: every command explains every one of its options, with the default.

use crate::program::Sandbox;

/// An option and what its explanation must hold.
type Told = (&'static str, &'static str);

const FROM_FILE: [Told; 3] = [
    ("--time", "[default: one that is called t"),
    ("--value", "[default: the only numeric column"),
    ("--prior", "[default: deck on the talk's series"),
];

const MODEL: [Told; 4] = [
    ("--likelihood", "[default: normal]"),
    ("--switches", "[default: 1]"),
    ("--regimes", "[default: 0,1]"),
    ("--switch-prior", "[default: sequential with reversion"),
];

const SAMPLER: [Told; 8] = [
    ("--sampler", "[default: nuts]"),
    ("--form", "[default: hard for compound"),
    ("--steepness", "[default: 1]"),
    ("--target-accept", "[default: 0.75]"),
    ("--max-depth", "[default: 10]"),
    ("--num-walkers", "[default: 16, or 2 a parameter]"),
    ("--untuned", "never tuned"),
    ("--step-scale", "[default: 0.1]"),
];

const SAMPLE: [Told; 11] = [
    ("--init", "[default: referee]"),
    (
        "--num-samples",
        "[default: 10000 for metropolis and ensemble",
    ),
    ("--num-warmup", "[default: 2000 for metropolis"),
    ("--num-chains", "[default: 4]"),
    ("--seed", "[default: 1]"),
    ("--log-every", "[default: 100]"),
    ("--format", "[default: zarr]"),
    ("--log-likelihood", "[default: auto]"),
    ("--run-dir", "[default: runs/sample-"),
    ("--json", "JSON"),
    ("--quiet", "No progress"),
];

const COMPARE: [Told; 10] = [
    ("--methods", "[default: all that fit but find-map]"),
    ("--with", "--with find-map"),
    ("--init", "[default: the level of the whole series"),
    ("--num-samples", "[default: 10000 for metropolis"),
    ("--num-warmup", "[default: 2000 for metropolis"),
    ("--num-chains", "[default: 4]"),
    ("--seed", "[default: 1]"),
    ("--run-dir", "[default: runs/compare-"),
    ("--json", "JSON"),
    ("--quiet", "No progress"),
];

const SBC: [Told; 13] = [
    ("--prior", "[default: deck"),
    ("--init", "[default: prior]"),
    ("--n", "[default: 1000]"),
    ("--length", "[default: 40]"),
    ("--ranks", "[default: 99]"),
    ("--bins", "[default: 20]"),
    ("--thin", "[default: 30 for metropolis and ensemble"),
    ("--num-warmup", "[default: 1000 for metropolis and ensemble"),
    ("--shift", "[default: 0]"),
    ("--seed", "[default: 1]"),
    ("--run-dir", "[default: runs/sbc-"),
    ("--json", "JSON"),
    ("--quiet", "No progress"),
];

const EXACT: [Told; 2] = [
    ("--max-switches", "[default: as many as are modelled"),
    ("--json", "JSON"),
];

const EXPERIMENT: [Told; 15] = [
    ("--optimizer", "[default: adam,momentum]"),
    ("--steps", "[default: 35000]"),
    ("--log-every", "[default: 100]"),
    (
        "--learning-rate",
        "[default: 0.001 for adam, 0.01 for momentum]",
    ),
    ("--momentum", "[default: 0.01]"),
    ("--init", "[default: mu1=0 mu2=0 sigma1=2 sigma2=2 tau=15"),
    ("--parameterization", "[default: raw on the talk's series"),
    ("--device", "[default: flex]"),
    ("--num-samples", "[default: 10000]"),
    ("--num-warmup", "[default: 2000]"),
    ("--num-chains", "[default: 4]"),
    ("--seed", "[default: 1]"),
    ("--run-dir", "[default: runs/switchpoint-"),
    ("--json", "JSON"),
    ("--quiet", "No progress"),
];

const OPTIMIZE: [Told; 34] = [
    ("--estimate", "[default: mle]"),
    ("--jacobian", "[default: off]"),
    ("--form", "[default: sigmoid]"),
    ("--optimizer", "[default: lbfgs]"),
    ("--steps", "[default: 2000 for lbfgs, else 35000]"),
    ("--log-every", "[default: 1 for lbfgs, else 100]"),
    ("--starts", "[default: 32]"),
    ("--init", "[default: plain for one start, else spread]"),
    ("--learning-rate", "[default: 0.001 for adam and rmsprop"),
    ("--learning-rate-schedule", "[default: constant]"),
    ("--final-learning-rate", "[default: a hundredth"),
    ("--clip", "shortened"),
    ("--beta-1", "[default: 0.9]"),
    ("--beta-2", "[default: 0.999]"),
    ("--epsilon", "[default: 0.00000001]"),
    ("--momentum", "[default: 0.01]"),
    ("--decay", "[default: 0.9]"),
    ("--steepness", "[default: 1]"),
    ("--anneal", "0.1:1"),
    ("--schedule", "[default: geometric]"),
    ("--anneal-steps", "[default: half of the steps"),
    ("--parameterization", "[default: log; raw where"),
    ("--tol-grad", "0 turns a rule off"),
    ("--tol-rel-grad", "[default: 0]"),
    ("--tol-param", "[default: 0.00000001]"),
    ("--tol-obj", "else 1e-12]"),
    ("--tol-rel-obj", "else 1e4]"),
    ("--engine", "[default: fused, or tensor"),
    ("--device", "[default: flex]"),
    ("--laplace-draws", "[default: 10000]"),
    ("--seed", "[default: 1]"),
    ("--run-dir", "[default: runs/optimize-"),
    ("--json", "JSON"),
    ("--quiet", "No progress"),
];

const SIMULATE: [Told; 6] = [
    ("--n", "[default: 90]"),
    ("--switch", "[default: n / 2]"),
    ("--mean", "[default: -1,5]"),
    ("--sd", "[default: 1,2]"),
    ("--seed", "[default: 1]"),
    ("--output", "[default: standard output]"),
];

const RUNS: [Told; 6] = [
    ("--json", "JSON"),
    ("--prune", "never one that is being written"),
    ("--keep", "not the newest N"),
    ("--older-than", "days ago"),
    ("--unfinished", "never finished"),
    ("--yes", "remove them"),
];

/// Every option in `help` with its explanation on one line.
fn told(help: &str) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = Vec::new();
    for line in help.lines().skip_while(|line| *line != "Options:") {
        let text = line.trim_start();
        let long = text.split_whitespace().find(|word| word.starts_with("--"));
        match (long, told.last_mut()) {
            (Some(long), _) if text.starts_with('-') => {
                told.push((long.to_owned(), text.to_owned()));
            }
            (_, Some((_, so_far))) => *so_far += &format!(" {text}"),
            _ => {}
        }
    }
    told
}

fn check(command: &str, expected: &[Told]) {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&[command, "--help"]).expect_code(0);
    assert_eq!(ran.stderr, "");
    let told = told(&ran.stdout);
    let mut found: Vec<&str> = told.iter().map(|(long, _)| &**long).collect();
    found.sort_unstable();
    let mut names: Vec<&str> = expected.iter().map(|(long, _)| *long).collect();
    names.push("--help");
    names.sort_unstable();
    assert_eq!(found, names, "{command}");
    for (long, wanted) in expected {
        let text = told
            .iter()
            .find(|(found, _)| found == long)
            .map(|(_, text)| text);
        assert!(
            text.is_some_and(|text| text.contains(wanted)),
            "{command} {long}: {text:?}"
        );
    }
}

#[test]
fn experiment_explains_its_options() {
    check("experiment", &[&FROM_FILE[..], &EXPERIMENT].concat());
}

#[test]
fn the_other_commands_explain_theirs() {
    check("exact", &[&FROM_FILE[..], &MODEL, &EXACT].concat());
    check(
        "sample",
        &[&FROM_FILE[..], &MODEL, &SAMPLER, &SAMPLE].concat(),
    );
    check("optimize", &[&FROM_FILE[..], &MODEL, &OPTIMIZE].concat());
    check("compare", &[&FROM_FILE[..], &MODEL, &COMPARE].concat());
    check("sbc", &[&MODEL[..], &SAMPLER, &SBC].concat());
    check("diagnose", &[("--json", "JSON")]);
    check("simulate", &SIMULATE);
    check("report", &[("--output", "[default: report.html")]);
    check(
        "compare-runs",
        &[("--json", "JSON"), ("--page", "one page")],
    );
    check("runs", &RUNS);
    check("watch", &[]);
    check("devices", &[("--json", "JSON")]);
    check("completions", &[]);
    check("man", &[("--dir", "a page of every command")]);
}

#[test]
fn the_program_names_its_commands_and_exit_codes() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["--help"]).expect_code(0).stdout;
    for word in [
        "experiment",
        "compare",
        "exact",
        "sample",
        "diagnose",
        "sbc",
        "simulate",
        "runs",
        "watch",
        "devices",
        "completions",
        "man",
        "Exit codes:",
        "70",
    ] {
        assert!(help.contains(word), "{word}");
    }
    let version = sandbox.run(&["--version"]).expect_code(0).stdout;
    assert_eq!(
        version,
        format!("switchback {}\n", env!("CARGO_PKG_VERSION"))
    );
    sandbox.run::<&str>(&[]).expect_code(2);
    sandbox.run(&["explain"]).expect_code(2);
}
