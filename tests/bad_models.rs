//! Protects: a model, prior, sampler or start that makes no sense is refused with code 2 and one error, before anything is written.

use crate::bad_input::refused;
use crate::program::Sandbox;

/// Words, and what is told of them.
type Case = (&'static str, &'static str);

/// Those of every command that has a model.
const MODELS: [Case; 21] = [
    ("--prior mu=exponential(1)", "write mu=normal(MEAN, SD)"),
    ("--prior sigma=normal(0,1)", "half-normal(SD)"),
    ("--prior mu=normal(0", "no prior"),
    ("--prior mu=normal(0,2,3)", "no prior"),
    ("--prior mu=normal(0,0)", "greater than 0"),
    ("--prior mu=normal(inf,1)", "finite"),
    ("--prior rate=gamma(1,1)", "names no parameter"),
    ("--prior mu=", "no prior"),
    (
        "--likelihood poisson --prior rate=normal(0,1)",
        "rate=exponential(RATE)",
    ),
    (
        "--likelihood poisson --prior rate=exponential(-1)",
        "greater than 0",
    ),
    ("--likelihood poisson --prior rate=gamma(1)", "no prior"),
    (
        "--likelihood poisson --prior sigma=half-normal(1)",
        "names no parameter",
    ),
    (
        "--likelihood poisson --prior mu=normal(0,1)",
        "names no parameter",
    ),
    ("--likelihood poisson --prior deck", "no prior for a rate"),
    ("--likelihood gamma", "normal, normal-shared-sd or poisson"),
    ("--regimes 0,2", "0,1,0 for two with reversion"),
    ("--regimes 1,0", "0,1,0 for two with reversion"),
    ("--regimes 0", "0,1,0 for two with reversion"),
    ("--regimes 0,x", "0,1,0 for two with reversion"),
    ("--switches 0", "at least 1"),
    ("--switch-prior odd", "sequential, uniform"),
];

/// Those of every command that has a sampler.
const SAMPLERS: [Case; 15] = [
    ("--sampler nuts --form hard", "--form marginal or sigmoid"),
    (
        "--sampler ensemble --form hard",
        "--form marginal or sigmoid",
    ),
    ("--sampler compound --form marginal", "--form hard"),
    ("--sampler compound --form sigmoid", "--form hard"),
    ("--sampler exact --form sigmoid", "--form hard"),
    ("--sampler exact --form marginal", "--form hard"),
    (
        "--sampler gibbs",
        "nuts, compound, metropolis, ensemble, exact",
    ),
    ("--form soft", "hard, sigmoid, marginal"),
    ("--form sigmoid --steepness 0", "greater than 0"),
    ("--form sigmoid --steepness=-1", "greater than 0"),
    ("--target-accept 2", "between 0 and 1"),
    ("--target-accept 0", "between 0 and 1"),
    ("--max-depth 0", "at least 1"),
    ("--sampler ensemble --num-walkers 3", "must be even"),
    ("--sampler metropolis --untuned --step-scale 0", "positive"),
];

/// Of `sample` only.
const STARTS: [Case; 20] = [
    ("--num-samples 0", "at least 4"),
    ("--num-samples 3", "at least 4"),
    ("--num-chains 0", "at least 1"),
    ("--log-every 0", "at least 1"),
    ("--num-samples 18446744073709551615", "10,000,000,000"),
    ("--num-warmup 18446744073709551615", "1,000,000,000"),
    ("--seed=-1", "--seed"),
    ("--init nonsense", "nonsense"),
    ("--init tau=4", "--form hard"),
    ("--init s=4", "--form hard"),
    ("--init tau=x", "NAME=VALUE"),
    ("--init mu3=1", "mu1, mu2, sigma1, sigma2"),
    ("--init sigma1=-1", "sigma1"),
    ("--init mu1=nan", "NAME=VALUE"),
    ("--sampler compound --init s=200", "s = 200"),
    ("--sampler compound --init s=4.5", "s = 4.5"),
    ("--format hdf5", "zarr, cmdstan"),
    ("--log-likelihood maybe", "auto, yes, no"),
    ("--switches 90", "need at least 91 observations"),
    ("--likelihood poisson", "observation 0 is 0.764052345967664"),
];

const CALIBRATIONS: [Case; 11] = [
    ("-n 0", "simulations"),
    ("-n 100 --bins 7", "divisor of --ranks + 1"),
    ("-n 100 --bins 0", "divisor of --ranks + 1"),
    ("-n 100 --bins 1", "divisor of --ranks + 1"),
    ("-n 100 --ranks 0", "divisor of --ranks + 1"),
    ("-n 10", "5 simulations a bin"),
    ("-n 100 --length 1", "at least 4 observations"),
    ("-n 100 --thin 0", "at least 1"),
    ("-n 100 --init nonsense", "write prior or referee"),
    ("-n 100 --init tau=4", "write prior or referee"),
    ("-n 100 --prior data", "no data here"),
];

/// Of `optimize` only.
const CLIMBS: [Case; 38] = [
    ("--estimate best", "mle, map"),
    ("--jacobian on", "--estimate map"),
    ("--form hard", "sigmoid, marginal"),
    ("--form marginal --anneal 0.1:1", "--form sigmoid"),
    ("--form marginal --steepness 2", "--form sigmoid"),
    ("--form marginal --parameterization raw", "--form sigmoid"),
    (
        "--estimate map --parameterization raw",
        "--parameterization log",
    ),
    ("--optimizer newton", "lbfgs, adam, momentum, sgd, rmsprop"),
    ("--starts 0", "at least 1"),
    ("--starts 18446744073709551615", "16777216"),
    ("--steps 0", "at least 1"),
    ("--log-every 0", "at least 1"),
    ("--learning-rate 0", "positive"),
    (
        "--learning-rate-schedule linear --final-learning-rate=-1",
        "positive",
    ),
    ("--learning-rate-schedule wild", "constant, linear, cosine"),
    ("--clip 0", "positive"),
    ("--clip 1", "lbfgs finds"),
    ("--learning-rate-schedule cosine", "lbfgs finds"),
    ("--beta-1 1", "less than 1"),
    ("--momentum=-1", "at least 0"),
    ("--decay 2", "less than 1"),
    ("--steepness 0", "no transition"),
    ("--anneal 1:0.1", "goes down"),
    ("--init tau=1000", "from 1 to 90"),
    ("--anneal 0.1", "FROM:TO"),
    ("--anneal 0:1", "positive"),
    ("--anneal 0.1:1 --steepness 1", "cannot be used with"),
    ("--schedule odd", "geometric, linear, cosine"),
    ("--tol-grad=-1", "at least 0"),
    ("--init nonsense", "spread, plain, prior, referee"),
    ("--init tau=x", "NAME=VALUE"),
    ("--init nu=1", "mu1, mu2, sigma1, sigma2, tau"),
    ("--init sigma1=-1", "sigma1"),
    ("--device tpu", "ndarray, flex and wgpu"),
    ("--engine fused --device flex", "--engine tensor"),
    ("--engine gpu", "fused, tensor"),
    ("--laplace-draws 3", "at least 4"),
    ("--likelihood poisson", "observation 0 is 0.764052345967664"),
];

/// `command` with the words of every case is refused with one error.
fn check(commands: &[&str], cases: &[Case]) {
    let sandbox = Sandbox::new();
    for (words, told) in cases {
        for command in commands {
            let mut all = vec![*command];
            all.extend(words.split(' '));
            refused_once(&sandbox, &all, told);
        }
    }
}

fn refused_once(sandbox: &Sandbox, words: &[&str], told: &str) {
    let ran = refused(sandbox, words, &[told]);
    let n_errors = ran.stderr.matches("error: ").count();
    assert_eq!(n_errors, 1, "{words:?}: {ran:?}");
    // What, why and how, or what the parser says with its usage.
    assert!(ran.stderr.lines().count() <= 5, "{words:?}: {ran:?}");
}

#[test]
fn a_model_that_makes_no_sense() {
    check(&["sample", "exact", "compare", "sbc", "optimize"], &MODELS);
}

#[test]
fn a_climb_that_makes_no_sense() {
    check(&["optimize"], &CLIMBS);
}

#[test]
fn a_sampler_that_makes_no_sense() {
    check(&["sample", "sbc"], &SAMPLERS);
}

#[test]
fn a_start_that_makes_no_sense() {
    check(&["sample"], &STARTS);
}

#[test]
fn a_calibration_that_makes_no_sense() {
    check(&["sbc"], &CALIBRATIONS);
}

#[test]
fn data_that_are_no_counts_or_too_few() {
    let sandbox = Sandbox::new();
    for (name, text) in [
        ("negative.csv", "x\n1\n2\n0\n-1\n5\n7\n6\n"),
        ("fractional.csv", "x\n1\n2\n0\n1.5\n5\n7\n6\n"),
        ("short.csv", "x\n1\n2\n5\n7\n6\n"),
    ] {
        sandbox.write(name, text);
    }
    for command in ["sample", "exact"] {
        let poisson = |file| [command, file, "--likelihood", "poisson"];
        refused_once(&sandbox, &poisson("negative.csv"), "observation 3 is -1");
        refused_once(&sandbox, &poisson("fractional.csv"), "observation 3 is 1.5");
        for (switches, told) in [
            (
                "5",
                "5 switches need at least 6 observations, and there are 5",
            ),
            ("1000000", "need at least 1000001 observations"),
        ] {
            let words = [command, "short.csv", "--switches", switches];
            refused_once(&sandbox, &words, told);
        }
    }
}

#[test]
fn both_ways_to_count_switches() {
    let sandbox = Sandbox::new();
    for command in ["sample", "exact", "compare", "sbc"] {
        let words = [command, "--regimes", "0,1,0", "--switches", "2"];
        refused_once(&sandbox, &words, "cannot be used with");
    }
}
