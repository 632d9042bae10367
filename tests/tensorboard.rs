//! Protects: the real TensorBoard, with either of its readers, shows an experiment whole: points, graph, settings with
//! their outcome, charts, histograms and what was found.

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
            with(&["diag/grad_norm", "gap/nats", "time/seconds"]),
            "{method}"
        );
    }
    for method in SAMPLERS {
        let of = |diagnostic| SHARED.map(|name| format!("mcmc/{diagnostic}/{name}"));
        let own = [&of("ess")[..], &of("r_hat")].concat();
        let mut own: Vec<&str> = own.iter().map(|tag| &**tag).collect();
        own.extend(["mcmc/accept_rate", "time/seconds"]);
        let spread =
            SHARED.map(|name| ["q05", "median", "q95"].map(|end| format!("chains/{name}/{end}")));
        own.extend(spread.as_flattened().iter().map(String::as_str));
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

/// The settings of every method with its outcome, as the HPARAMS tab has them.
fn check_settings(server: &TensorBoard, comparison: &Value) {
    let request = "%7B%22experimentName%22%3A%22%22%2C%22allowedStatuses%22%3A%5B%22STATUS_SUCCESS%22%5D%2C\
                   %22colParams%22%3A%5B%5D%2C%22startIndex%22%3A0%2C%22sliceSize%22%3A99%7D";
    let path = format!("/data/plugin/hparams/session_groups?request={request}");
    let groups = server.wait_for(PATIENCE, |server| {
        let groups = get(server, &path)?;
        (groups["totalSize"] == (OPTIMISERS.len() + SAMPLERS.len()) as u64)
            .then(|| groups.clone())
            .ok_or_else(|| format!("the rows are {groups}"))
    });
    let groups = groups.expect("a row a method");
    let group = |method: &str| {
        let groups = groups["sessionGroups"].as_array().expect("a list");
        groups
            .iter()
            .find(|group| group["sessions"][0]["name"] == method)
            .unwrap_or_else(|| panic!("no {method} in {groups:?}"))
    };
    let outcome = |method: &str, tag: &str| {
        let outcomes = group(method)["metricValues"].as_array().expect("a list");
        let found = outcomes.iter().find(|of| {
            let name = &of["name"];
            let group = name["group"].as_str().unwrap_or_default();
            let whole = format!("{group}/{}", name["tag"].as_str().unwrap_or_default());
            whole.trim_start_matches('/') == tag
        });
        found.map(|of| number(&of["value"]))
    };
    for method in OPTIMISERS {
        let hparams = &group(method)["hparams"];
        assert_eq!(hparams["method"], method.trim_end_matches("-fused"));
        let is_fused = method.ends_with("-fused");
        assert_eq!(hparams["engine"], if is_fused { "fused" } else { "tensor" });
        assert_eq!(hparams["steps"], STEPS as f64);
        assert_eq!(hparams["rows"], 90.0);
        let rate = if method.starts_with("adam") {
            0.001
        } else {
            0.01
        };
        assert_eq!(hparams["learning_rate"], rate);
        let row = row(comparison, method);
        let likelihood = outcome(method, "likelihood").expect("an outcome");
        assert!((likelihood - number(&row["log_likelihood"])).abs() < 1e-3);
        let gap = outcome(method, "gap/nats").expect("an outcome");
        assert!((gap - number(&row["gap_nats"])).abs() < 1e-3, "{gap} {row}");
        assert!(outcome(method, "time/seconds").expect("an outcome") > 0.0);
    }
    for method in SAMPLERS {
        let hparams = &group(method)["hparams"];
        assert_eq!(hparams["method"], "metropolis");
        assert_eq!(hparams["samples"], DRAWS as f64);
        assert!(outcome(method, "likelihood").expect("an outcome") < 0.0);
    }
}

/// A chart a parameter, with every method in it, and margins that have all of their curves.
fn check_charts(server: &TensorBoard) {
    let layout = server.wait_for(PATIENCE, |server| {
        let layout = get(server, "/data/plugin/custom_scalars/layout")?;
        layout["category"]
            .is_array()
            .then_some(layout)
            .ok_or_else(|| "no layout yet".to_owned())
    });
    let layout = layout.expect("a layout");
    let categories = layout["category"].as_array().expect("a list");
    let titles: Vec<&str> = categories
        .iter()
        .filter_map(|of| of["title"].as_str())
        .collect();
    assert_eq!(titles, ["Every method", "Starts", "Chains", "How well"]);
    let charts = |category: usize| categories[category]["chart"].as_array().expect("a list");
    let shown: Vec<&str> = charts(0)
        .iter()
        .filter_map(|chart| chart["title"].as_str())
        .collect();
    let mut shared = SHARED.to_vec();
    shared.sort_unstable();
    let mut sorted = shown.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, shared);
    for chart in charts(0) {
        let tag = chart["multiline"]["tag"][0].as_str().expect("a tag");
        let path = format!(
            "/data/plugin/custom_scalars/scalars?run=adam&tag={}",
            tag.replace('$', "%24")
        );
        let found = get(server, &path).expect("curves");
        assert_eq!(found["regex_valid"], true);
        let curves = found["tag_to_events"].as_object().expect("a map");
        assert_eq!(curves.len(), 1, "{found}");
    }
    for chart in charts(2) {
        let series = &chart["margin"]["series"][0];
        for end in ["value", "lower", "upper"] {
            let tag = series[end].as_str().expect("a tag");
            let n = served_number(server, "metropolis", tag);
            assert!(n > 5, "{tag}: {n} points");
        }
    }
}

/// How many points there are under `tag`.
fn served_number(server: &TensorBoard, method: &str, tag: &str) -> usize {
    let name = tag.replace('/', "%2F");
    let path = format!("/data/plugin/scalars/scalars?run={method}&tag={name}");
    let rows = get(server, &path).unwrap_or_else(|error| panic!("{method} {tag}: {error}"));
    rows.as_array().map_or(0, Vec::len)
}

/// What was found, as it was printed.
fn check_verdict(server: &TensorBoard) {
    let texts = server.wait_for(PATIENCE, |server| {
        let texts = get(server, "/data/plugin/text/text?run=.&tag=verdict")?;
        let one = texts.as_array().is_some_and(|texts| texts.len() == 1);
        one.then_some(texts).ok_or_else(|| "no text yet".to_owned())
    });
    let texts = texts.expect("a text");
    let html = texts[0]["text"].as_str().expect("HTML");
    for words in [
        "<code>",
        "as probable under one switch as under none",
        "metropolis-hard",
    ] {
        assert!(html.contains(words), "no {words} in {html}");
    }
}

/// The series with its fits, and the profile.
fn check_pictures(server: &TensorBoard) {
    for tag in ["fit", "profile%2Fs"] {
        let path = format!("/data/plugin/images/images?run=.&tag={tag}&sample=0");
        let images = server.wait_for(PATIENCE, |server| {
            let images = get(server, &path)?;
            let one = images.as_array().is_some_and(|images| images.len() == 1);
            one.then_some(images)
                .ok_or_else(|| "no picture yet".to_owned())
        });
        let images = images.expect("a picture");
        let query = images[0]["query"].as_str().unwrap_or_default();
        assert!(query.starts_with("blob_key="), "{images}");
    }
}

/// The draws of each sampler over time.
fn check_histograms(server: &TensorBoard) {
    for (method, name) in [(SAMPLERS[0], "tau"), (SAMPLERS[1], "s")] {
        let path = format!("/data/plugin/histograms/histograms?run={method}&tag=draws%2F{name}");
        let windows = server.wait_for(PATIENCE, |server| {
            let windows = get(server, &path)?;
            let last = windows.as_array().and_then(|windows| windows.last());
            let is_there = last.is_some_and(|window| window[1] == DRAWS);
            is_there
                .then_some(windows)
                .ok_or_else(|| format!("{method}: not all histograms yet"))
        });
        let windows = windows.expect("histograms");
        let windows = windows.as_array().expect("a list");
        // Four chains.
        let count: f64 = windows
            .iter()
            .flat_map(|window| window[2].as_array().expect("bins"))
            .map(|bin| number(&bin[2]))
            .sum();
        assert_eq!(count, 4.0 * DRAWS as f64, "{method}");
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
    check_settings(&server, &comparison);
    check_charts(&server);
    check_verdict(&server);
    check_histograms(&server);
    check_pictures(&server);
}

#[test]
fn the_reader_in_python_shows_the_experiment() {
    check_with(Loader::Python);
}

#[test]
fn the_data_server_shows_the_experiment() {
    check_with(Loader::DataServer);
}
