//! Protects: a model of one's own gets tops, Laplace, chains, draws, events and figures, its numbers are true, and what is wrong
//! with it is told by name.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use switchback::core::{Gradient, LogDensity, Support, stream};
use switchback::infer::{ChainsSettings, InferError, MetropolisSettings, Sampler};
use switchback::models::custom::{CustomError, CustomModel, Declaration, Distribution, FloatModel};
use switchback::record::{Comparison, Manifest, StoredDraws};
use switchback::study::{Study, StudyError, StudySettings, nuts};
use switchback::tensor::custom::{Number, TensorModel, density};
use switchback::tensor::{DeviceName, OpenDevice};

use crate::events;
use crate::program::{Sandbox, listing};

const Y: [f64; 8] = [1.2, 0.7, 2.1, 1.6, -0.3, 1.9, 0.4, 1.1];
/// Of the known errors, and of the prior of the mean about 0.
const SD: f64 = 0.8;
const PRIOR_SD: f64 = 2.0;

/// Mean and standard deviation of the posterior of a normal mean with a normal prior (Gelman et al. 2013, section 2.5).
fn conjugate() -> (f64, f64) {
    let precision = 1.0 / PRIOR_SD.powi(2) + Y.len() as f64 / SD.powi(2);
    let mean = Y.iter().sum::<f64>() / SD.powi(2) / precision;
    (mean, precision.sqrt().recip())
}

/// Its log evidence: `y` is normal with covariance `SD^2 I + PRIOR_SD^2 1 1'`.
fn conjugate_evidence() -> f64 {
    let (n, s2, t2) = (Y.len() as f64, SD.powi(2), PRIOR_SD.powi(2));
    let (sum, squares) = (Y.iter().sum::<f64>(), Y.iter().map(|y| y * y).sum::<f64>());
    let ln_det = (n - 1.0) * s2.ln() + (s2 + n * t2).ln();
    let form = squares / s2 - t2 * sum * sum / (s2 * (s2 + n * t2));
    -0.5 * (n * std::f64::consts::TAU.ln() + ln_det + form)
}

fn flex() -> OpenDevice {
    OpenDevice::open(DeviceName::Flex).expect("every machine has a processor")
}

fn mean() -> Declaration {
    Declaration::new("one mean")
        .parameter("mu", Support::Real, Distribution::normal(0.0, PRIOR_SD))
        .data("y", &Y)
}

fn on_tensors(device: &OpenDevice) -> TensorModel {
    TensorModel::new(mean(), device, |of| {
        density::normal(of.get("mu"), SD)
            .log_density(of.data("y"))
            .sum()
    })
    .expect("it makes sense")
}

fn in_floats() -> FloatModel {
    mean()
        .in_floats(|of| {
            let normal = Distribution::normal(of.get("mu"), SD);
            of.data("y").iter().map(|y| normal.log_density(*y)).sum()
        })
        .expect("it makes sense")
}

fn begin<'a>(sandbox: &Sandbox, model: &'a dyn CustomModel) -> Study<'a> {
    let settings = StudySettings {
        run_dir: Some(sandbox.path("run")),
        seed: 3,
    };
    Study::begin(model, settings).expect("a new run")
}

#[test]
fn a_conjugate_model_has_its_closed_form_by_every_method() {
    let sandbox = Sandbox::new();
    let model = on_tensors(&flex());
    let mut study = begin(&sandbox, &model);
    let (mean, sd) = conjugate();
    let map = study.map(8).expect("a top");
    assert!((map.values[0] - mean).abs() < 1e-8, "{map:?}");
    assert_eq!(map.n_starts, 8, "there is one top");
    let laplace = study.laplace(4).expect("a Gaussian");
    assert!((laplace.rows[0].standard_error - sd).abs() < 1e-6);
    assert!((laplace.log_evidence - conjugate_evidence()).abs() < 1e-6);
    let settings = ChainsSettings {
        num_samples: 4_000,
        ..ChainsSettings::default()
    };
    for sampler in [
        nuts(),
        Sampler::Metropolis(MetropolisSettings::Tuned),
        Sampler::Ensemble { num_walkers: 8 },
    ] {
        let drawn = study.sample(sampler, settings).expect("draws");
        let found = drawn.diagnosis.get("mu").expect("a quantity");
        assert!(found.ess_bulk > 400.0, "{}: {found:?}", drawn.method);
        assert!(
            (found.mean - mean).abs() < 5.0 * found.mcse_mean,
            "{}: {found:?} {mean}",
            drawn.method
        );
        assert!(
            (found.sd - sd).abs() < 5.0 * found.mcse_sd,
            "{}: {found:?} {sd}",
            drawn.method
        );
        assert_eq!(drawn.mean("mu"), found.mean);
        let walkers = if drawn.method == "ensemble" { 8 } else { 1 };
        assert_eq!(drawn.draws_of("mu").len(), 4 * 4_000 * walkers);
    }
    let run = study.end().expect("a finished run");
    check_run(&run, mean);
}

/// Manifest, comparison, draws, events and figures of that study.
fn check_run(run: &Path, mean: f64) {
    let manifest = Manifest::read(run.join("manifest.json")).expect("a manifest");
    assert_eq!((manifest.is_trusted, manifest.seed), (Some(true), 3));
    assert_eq!(manifest.prior["mu"], "normal(0, 2)");
    let comparison = Comparison::read(run.join("comparison.json")).expect("a comparison");
    let methods: Vec<&str> = comparison.rows.iter().map(|row| &*row.method).collect();
    assert_eq!(
        methods,
        ["map", "laplace", "nuts", "metropolis", "ensemble"]
    );
    for row in &comparison.rows {
        assert_eq!((&*row.engine, &*row.device), ("tensor", "flex"));
        let found = row.estimate.get("mu").expect("an estimate");
        assert!((found - mean).abs() < 0.05, "{row:?}");
    }
    let draws = StoredDraws::open(run.join("draws/nuts.zarr")).expect("draws");
    assert_eq!((draws.n_chains(), draws.n_draws()), (4, 4_000));
    for method in methods {
        let events = events::read_folder(&run.join(method)).expect("whole events");
        let tags = events::tags(&events);
        assert!(tags.contains(&"mu".to_owned()), "{method}: {tags:?}");
        assert!(
            tags.contains(&"time/seconds".to_owned()),
            "{method}: {tags:?}"
        );
    }
    let page = std::fs::read_to_string(run.join("report.html")).expect("a page");
    for words in ["one mean", "nuts", "Estimates by method", "Draws of mu"] {
        assert!(page.contains(words), "no {words:?} in the page");
    }
    let files = listing(run);
    for what in ["traces", "ranks", "autocorrelation"] {
        for end in ["svg", "png"] {
            let name = format!("figures/{what}-nuts.{end}");
            assert!(files.contains(&name), "no {name} in {files:?}");
        }
    }
}

#[test]
fn a_model_in_floats_gets_what_needs_no_gradient() {
    let sandbox = Sandbox::new();
    let model = in_floats();
    let mut study = begin(&sandbox, &model);
    let (mean, _) = conjugate();
    for sampler in [
        Sampler::Metropolis(MetropolisSettings::Plain { scale: 0.5 }),
        Sampler::Ensemble { num_walkers: 4 },
    ] {
        let settings = ChainsSettings {
            num_samples: 4_000,
            ..ChainsSettings::default()
        };
        let drawn = study.sample(sampler, settings).expect("draws");
        let found = drawn.diagnosis.get("mu").expect("a quantity");
        assert!(found.ess_bulk > 400.0, "{}: {found:?}", drawn.method);
        assert!(
            (found.mean - mean).abs() < 5.0 * found.mcse_mean,
            "{}: {found:?}",
            drawn.method
        );
    }
    for outcome in [
        study.map(1).map(drop),
        study.laplace(1).map(drop),
        study.sample(nuts(), ChainsSettings::default()).map(drop),
    ] {
        let error = outcome.expect_err("there is no gradient").to_string();
        assert!(
            error.contains("needs a gradient") && error.contains("one mean"),
            "{error}"
        );
    }
    let exact = study.sample(Sampler::Exact, ChainsSettings::default());
    assert!(matches!(
        exact,
        Err(StudyError::Infer(InferError::SwitchSampler { .. }))
    ));
}

#[test]
fn the_same_likelihood_is_the_same_density_on_every_device() {
    let floats = in_floats();
    for name in DeviceName::ALL {
        let Ok(device) = OpenDevice::open(name) else {
            let required = std::env::var("SWITCHBACK_REQUIRE_CLIENTS").is_ok_and(|v| v == "1");
            assert!(
                !required,
                "SWITCHBACK_REQUIRE_CLIENTS=1, but there is no {name}"
            );
            // A closed standard error is no reason to fail.
            let _ = writeln!(std::io::stderr(), "NOT CHECKED on {name}");
            continue;
        };
        let model = on_tensors(&device);
        // Measured: 8.2e-8 in single precision, 1.1e-16 in double.
        let near = if name == DeviceName::Wgpu {
            1e-6
        } else {
            1e-14
        };
        let positions = [-1.3, 0.2, 4.0];
        let (mut truth, mut found, mut slopes) = ([0.0; 3], [0.0; 3], [0.0; 3]);
        floats.logp(&positions, &mut truth).expect("the shapes fit");
        model
            .logp_grad(&positions, &mut found, &mut slopes)
            .expect("the device works");
        for ((u, truth), (found, slope)) in
            positions.iter().zip(truth).zip(found.iter().zip(slopes))
        {
            assert!(
                (found - truth).abs() < near * truth.abs(),
                "{name}: {found} {truth}"
            );
            let by_hand =
                -u / PRIOR_SD.powi(2) + Y.iter().map(|y| (y - u) / SD.powi(2)).sum::<f64>();
            assert!(
                (slope - by_hand).abs() < near * by_hand.abs().max(1.0),
                "{name}: {slope} {by_hand}"
            );
        }
        // The most probable value by gradient, there.
        let sandbox = Sandbox::new();
        let map = begin(&sandbox, &model).map(4).expect("a top");
        assert!(
            (map.values[0] - conjugate().0).abs() < near.max(1e-8),
            "{name}: {map:?}"
        );
    }
}

fn refused<R: Into<Number>>(
    declaration: Declaration,
    likelihood: impl for<'a> Fn(&switchback::tensor::custom::OnTensors<'a>) -> R + Send + Sync + 'static,
) -> CustomError {
    TensorModel::new(declaration, &flex(), likelihood).expect_err("it is refused")
}

#[test]
fn what_is_wrong_on_tensors_is_told_by_name() {
    let shape = refused(mean(), |of| {
        density::normal(of.get("mu"), SD).log_density(of.data("y"))
    });
    let told = shape.to_string();
    for words in ["[1, 8] for 1 positions of mu", "must have [1, 1]", ".sum()"] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    // Everything added up, positions too.
    let all = refused(mean(), |of| {
        let each = of.get("mu") - of.data("y");
        Number::from(each.sum().reshape([1, 1]))
    });
    assert!(
        all.to_string().contains("[1, 1] for 3 positions of mu"),
        "{all}"
    );
    let unlike = refused(mean().data("x", &[1.0, 2.0]), |of| {
        Number::from((of.get("mu") + of.data("x")) * of.data("y")).sum()
    });
    let told = unlike.to_string();
    assert!(
        told.contains("cannot be computed for 1 positions of mu"),
        "{told}"
    );
    let undeclared = refused(mean(), |of| {
        density::normal(of.get("mu"), of.get("sigma"))
            .log_density(of.data("y"))
            .sum()
    });
    let told = undeclared.to_string();
    assert!(
        told.contains("parameter sigma") && told.contains("mu and the data y"),
        "{told}"
    );
    let nan = refused(mean().start("mu", -1.0), |of| {
        density::normal(0.0, of.get("mu"))
            .log_density(of.data("y"))
            .sum()
    });
    let told = nan.to_string();
    assert!(told.contains("mu = -1; it depends on mu"), "{told}");
    let support = refused(
        mean().parameter("sigma", Support::Real, Distribution::half_normal(1.0)),
        |of| Number::from(of.get("mu")),
    );
    assert!(
        matches!(&support, CustomError::SupportOfPrior { parameter, .. } if parameter == "sigma")
    );
    let whole = refused(
        mean().parameter(
            "k",
            Support::Integers { low: 0, high: 1 },
            Distribution::bernoulli(0.5),
        ),
        |of| Number::from(of.get("mu")),
    );
    let told = whole.to_string();
    assert!(
        told.contains("k is a whole number") && told.contains(".in_floats"),
        "{told}"
    );
}

#[test]
fn a_taken_folder_is_refused_and_a_start_is_a_draw_from_the_priors() {
    let sandbox = Sandbox::new();
    let model = on_tensors(&flex());
    let first = begin(&sandbox, &model);
    let settings = StudySettings {
        run_dir: Some(sandbox.path("run")),
        seed: 0,
    };
    assert!(matches!(
        Study::begin(&model, settings),
        Err(StudyError::Record(_))
    ));
    first.end().expect("a finished run");
    let mut rng = stream(1, 0);
    let starts: Vec<f64> = (0..4_000)
        .map(|_| model.declared().draw_start(&mut rng)[0])
        .collect();
    let mean = starts.iter().sum::<f64>() / 4_000.0;
    let sd = (starts.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4_000.0).sqrt();
    assert!(mean.abs() < 5.0 * PRIOR_SD / 4_000_f64.sqrt(), "{mean}");
    assert!(
        (sd - PRIOR_SD).abs() < 5.0 * PRIOR_SD / 8_000_f64.sqrt(),
        "{sd}"
    );
}

/// The built example.
fn example() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("a target folder");
    profile
        .join("examples")
        .join(format!("custom_model{}", std::env::consts::EXE_SUFFIX))
}

/// Mean and standard deviation of the slope by quadrature, computed apart by `tests/data/custom_model.py`.
const SLOPE: (f64, f64) = (1.123833, 0.054806);

#[test]
fn the_example_finds_the_line_that_the_wild_years_do_not_bend() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&example().to_string_lossy());
    command.args(["--num-samples", "400", "--run-dir", "run"]);
    let ran = crate::program::finish(command, b"").expect_code(0);
    assert!(
        ran.stdout.contains("slope: 5.041 by least squares"),
        "{ran:?}"
    );
    let summary = std::fs::read(sandbox.path("run/nuts.json")).expect("a summary");
    let summary: Value = serde_json::from_slice(&summary).expect("JSON");
    let of = |column: &str| {
        summary["quantities"]["slope"][column]
            .as_f64()
            .expect("a number")
    };
    assert!(of("ess_bulk") > 200.0, "{summary}");
    assert!(
        (of("mean") - SLOPE.0).abs() < 5.0 * of("mcse_mean"),
        "{summary}"
    );
    assert!(
        (of("sd") - SLOPE.1).abs() < 5.0 * of("mcse_sd"),
        "{summary}"
    );
    let source = include_str!("../examples/custom_model.rs");
    let code = source.lines().filter(|line| !line.trim().is_empty());
    let code = code.filter(|line| !line.trim_start().starts_with("//"));
    assert!(code.count() < 80);
}
