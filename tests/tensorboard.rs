//! Protects: the real TensorBoard, with either of its readers, shows every point and graph of an experiment.

use std::time::Duration;

use serde_json::Value;

use crate::events;
use crate::program::{Sandbox, number, row};
use crate::tensorboard_client::{Loader, TensorBoard, find};

const PATIENCE: Duration = Duration::from_secs(60);
const OPTIMISERS: [&str; 4] = ["adam", "momentum", "adam-fused", "momentum-fused"];
const SAMPLERS: [&str; 2] = ["metropolis", "metropolis-hard"];
/// Every method has these, so that their curves lie over one another.
const SHARED: [&str; 6] = ["likelihood", "mu1", "mu2", "sigma1", "sigma2", "tau"];
const STEPS: u64 = 3_000;
const DRAWS: u64 = 2_000;
const LOG_EVERY: u64 = 50;

/// An experiment in `run`, with its comparison.
fn experiment(sandbox: &Sandbox) -> Value {
    let numbers = [STEPS, DRAWS, LOG_EVERY].map(|number| number.to_string());
    let [steps, draws, log_every] = &numbers;
    let words = [
        "experiment",
        "--run-dir",
        "run",
        "--json",
        "--num-warmup",
        "500",
        "--steps",
        steps,
    ];
    let ran = sandbox.run(
        &[
            &words[..],
            &["--num-samples", draws, "--log-every", log_every],
        ]
        .concat(),
    );
    assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
    ran.json()
}

fn get(server: &TensorBoard, path: &str) -> Result<Value, String> {
    let body = server.get(path)?;
    serde_json::from_str(&body).map_err(|error| format!("GET {path}: {error}\n{body}"))
}

/// The points under `tag` as TensorBoard serves them, once there are as many as in the file.
fn served(server: &TensorBoard, method: &str, tag: &str, n: usize) -> Vec<(u64, f32)> {
    let name = tag.replace('/', "%2F");
    let path = format!("/data/plugin/scalars/scalars?run={method}&tag={name}");
    let rows = server.wait_for(PATIENCE, |server| {
        let rows = get(server, &path)?;
        let found = rows.as_array().map_or(0, Vec::len);
        (found == n)
            .then_some(rows)
            .ok_or_else(|| format!("{found} points of {n}"))
    });
    let rows = rows.unwrap_or_else(|error| panic!("{method} {tag}: {error}"));
    let value = |json: &Value| match json.as_str() {
        Some(word) => word.parse().expect("NaN or Infinity"),
        None => number(json) as f32,
    };
    let rows = rows.as_array().expect("a list");
    rows.iter()
        .map(|row| (row[1].as_u64().expect("a step"), value(&row[2])))
        .collect()
}

fn check_points(sandbox: &Sandbox, server: &TensorBoard, method: &str) {
    let events = events::read_folder(&sandbox.path("run").join(method)).expect("whole events");
    for tag in events::tags(&events) {
        let logged = events::points(&events, &tag);
        let shown = served(server, method, &tag, logged.len());
        let same = |(left, right): (&(u64, f32), &(u64, f32))| {
            left.0 == right.0 && (left.1 == right.1 || (left.1.is_nan() && right.1.is_nan()))
        };
        assert!(
            logged.iter().zip(&shown).all(same),
            "{method} {tag}: {shown:?}"
        );
    }
    let shared = SHARED.map(|tag| events::points(&events, tag));
    let steps: Vec<u64> = if OPTIMISERS.contains(&method) {
        (0..=STEPS / LOG_EVERY).map(|i| i * LOG_EVERY).collect()
    } else {
        (1..=DRAWS / LOG_EVERY).map(|i| i * LOG_EVERY).collect()
    };
    for (tag, points) in SHARED.iter().zip(shared) {
        let found: Vec<u64> = points.iter().map(|(step, _)| *step).collect();
        assert_eq!(found, steps, "{method} {tag}");
    }
}

fn check_tags(server: &TensorBoard) {
    let tags = server.wait_for(PATIENCE, |server| {
        let tags = get(server, "/data/plugin/scalars/tags")?;
        let all = tags
            .as_object()
            .is_some_and(|runs| runs.len() == OPTIMISERS.len() + SAMPLERS.len());
        all.then(|| tags.clone())
            .ok_or_else(|| format!("the runs are {tags}"))
    });
    let tags = tags.expect("a run a method");
    let shown = |method: &str| {
        let mut tags: Vec<String> = tags[method]
            .as_object()
            .expect("tags")
            .keys()
            .cloned()
            .collect();
        tags.sort();
        tags
    };
    let with = |more: &[&str]| {
        let mut tags: Vec<String> = [&SHARED[..], more]
            .concat()
            .iter()
            .map(|tag| (*tag).to_owned())
            .collect();
        tags.sort_unstable();
        tags
    };
    for method in OPTIMISERS {
        assert_eq!(
            shown(method),
            with(&["diag/grad_norm", "gap/nats"]),
            "{method}"
        );
    }
    for method in SAMPLERS {
        let of = |diagnostic| SHARED.map(|name| format!("mcmc/{diagnostic}/{name}"));
        let own = [&of("ess")[..], &of("r_hat")].concat();
        let mut own: Vec<&str> = own.iter().map(|tag| &**tag).collect();
        own.push("mcmc/accept_rate");
        assert_eq!(shown(method), with(&own), "{method}");
    }
}

/// The last point of an optimiser is its row of the comparison.
fn check_ends(server: &TensorBoard, comparison: &Value) {
    for method in OPTIMISERS {
        let row = row(comparison, method);
        for tag in SHARED {
            let points = served(server, method, tag, (STEPS / LOG_EVERY + 1) as usize);
            let end = if tag == "likelihood" {
                &row["log_likelihood"]
            } else {
                &row["estimate"][tag]
            };
            let expected = number(end) as f32;
            let (step, value) = points[points.len() - 1];
            assert_eq!(step, STEPS);
            // The row's likelihood is computed anew from the rounded-off end, on the processor.
            assert!(
                (value - expected).abs() <= 2.0 * f32::EPSILON * expected.abs(),
                "{method} {tag}"
            );
        }
    }
}

fn check_graph(server: &TensorBoard) {
    let path = "/data/plugin/graphs/graph?run=adam&conceptual=false";
    let text = server
        .wait_for(PATIENCE, |server| server.get(path))
        .expect("the graph");
    assert!(text.matches("node {").count() > 5, "{text}");
    for word in ["tau", "mu1", "likelihood"] {
        assert!(text.contains(word), "no {word} in {text}");
    }
}

fn check_with(loader: Loader) {
    let Some(executable) = find() else {
        return;
    };
    let sandbox = Sandbox::new();
    let comparison = experiment(&sandbox);
    let server = TensorBoard::start(&executable, &sandbox.path("run"), loader).expect("it starts");
    assert_eq!(server.uses_data_server(), loader == Loader::DataServer);
    check_tags(&server);
    for method in OPTIMISERS.into_iter().chain(SAMPLERS) {
        check_points(&sandbox, &server, method);
    }
    check_ends(&server, &comparison);
    check_graph(&server);
}

#[test]
fn the_reader_in_python_shows_the_experiment() {
    check_with(Loader::Python);
}

#[test]
fn the_data_server_shows_the_experiment() {
    check_with(Loader::DataServer);
}
