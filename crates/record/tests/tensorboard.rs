//! Protects: the real TensorBoard, with either of its readers, shows every point, graph and text of a run.

#[path = "support/scratch.rs"]
mod scratch;
#[path = "support/tensorboard.rs"]
mod tensorboard;

use std::path::{Path, PathBuf};
use std::time::Duration;

use scratch::Scratch;
use serde_json::Value;
use switchback_core::{Event, GraphNode, Sink, Stop};
use switchback_record::{
    EventFile, Manifest, Platform, RunFolder, SeriesInfo, Status, TensorBoardSink,
};
use tensorboard::{Loader, TensorBoard};

const METHODS: [&str; 2] = ["adam", "metropolis"];
const TAGS: [&str; 6] = ["mu1", "mu2", "sigma1", "sigma2", "tau", "diag/grad_norm"];
const N_POINTS: u64 = 351;
const PATIENCE: Duration = Duration::from_secs(60);

/// What method number `method` logs at point `i` under tag number `tag`: of every size and sign, and now
/// and then not finite.
fn value(method: usize, tag: usize, i: u64) -> f64 {
    match (tag, i) {
        (5, 7) => f64::NAN,
        (5, 8) => f64::INFINITY,
        (5, 9) => f64::NEG_INFINITY,
        (4, 0) => 1e300,
        _ => {
            let x = i as f64 + 0.1 * tag as f64;
            (x * 0.37 + method as f64).sin() * 10_f64.powi(tag as i32 * 4 - 8)
        }
    }
}

fn step(method: usize, i: u64) -> u64 {
    i * [100, 7][method]
}

fn graph() -> Vec<GraphNode> {
    let node = |name: &str, op, inputs: &[&str], shape: &[usize]| GraphNode {
        name: name.into(),
        op,
        inputs: inputs.iter().map(|&input| input.into()).collect(),
        shape: shape.into(),
    };
    vec![
        node("model/tau", "Parameter", &[], &[]),
        node("model/time", "Const", &[], &[4, 90]),
        node(
            "model/weight",
            "Sigmoid",
            &["model/tau", "model/time"],
            &[4, 90],
        ),
        node("likelihood", "Sum", &["model/weight"], &[4]),
    ]
}

/// A finished run of two methods with their points, a graph and a text.
fn write_run(path: &Path) -> PathBuf {
    let run = RunFolder::create(path).expect("a new run");
    let mut sink = TensorBoardSink::new(run.path()).with_graph(METHODS[0], graph());
    for (m, method) in METHODS.into_iter().enumerate() {
        let total = step(m, N_POINTS);
        sink.record(&Event::Started {
            method,
            total,
            warmup: 0,
        })
        .expect("a new method");
        for i in 0..N_POINTS {
            let scalars: Vec<(&'static str, f64)> = TAGS
                .into_iter()
                .enumerate()
                .map(|(t, tag)| (tag, value(m, t, i)))
                .collect();
            sink.record(&Event::Point {
                method,
                step: step(m, i),
                scalars: &scalars,
            })
            .expect("there is room");
        }
        let stop = Stop::Completed;
        sink.record(&Event::Finished { method, stop })
            .expect("nothing is lost");
    }
    let notes = run.method_dir("notes").expect("a plain name");
    let mut file = EventFile::create(&notes).expect("a new file");
    file.text("about", 3, "a **switch**")
        .expect("there is room");
    file.close().expect("nothing is lost");
    run.finish(&manifest()).expect("a complete run")
}

fn manifest() -> Manifest {
    let now = "2026-01-02T03:04:05Z".parse().expect("a time");
    let series = switchback_core::Series::new("y", &[Some(1.0), Some(2.0)]).expect("a series");
    Manifest {
        format: Manifest::FORMAT,
        name: "real".into(),
        command: vec![],
        created_at: now,
        finished_at: now,
        status: Status::Complete,
        switchback: env!("CARGO_PKG_VERSION").into(),
        series: Some(SeriesInfo::of(&series, None)),
        settings: serde_json::Map::new(),
        seed: 1,
        prior: Value::Null,
        methods: vec![],
        platform: Platform::current(),
    }
}

fn get_json(server: &TensorBoard, path: &str) -> Result<Value, String> {
    let body = server.get(path)?;
    serde_json::from_str(&body).map_err(|error| format!("GET {path}: {error}\n{body}"))
}

/// `text` with everything but letters and digits as `%xx`.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02x}"),
        })
        .collect()
}

/// A number as TensorBoard's JSON has it: what is not finite is a text.
fn number(json: &Value) -> Option<f64> {
    match json {
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => json.as_f64(),
    }
}

/// Whether `points` (`[[wall time, step, value], ..]`) are exactly `expected`, values in `f32`.
fn check_points(points: &Value, expected: &[(u64, f64)]) -> Result<(), String> {
    let points = points.as_array().ok_or("no list of points")?;
    if points.len() != expected.len() {
        return Err(format!("{} points of {}", points.len(), expected.len()));
    }
    for (point, (step, value)) in points.iter().zip(expected) {
        let shown = number(&point[2]).ok_or_else(|| format!("{point} has no value"))? as f32;
        let logged = *value as f32;
        let same = shown == logged || (shown.is_nan() && logged.is_nan());
        if point[1].as_u64() != Some(*step) || !same {
            return Err(format!("{point} is not step {step}, value {logged}"));
        }
    }
    Ok(())
}

fn check_scalars(server: &TensorBoard) -> Result<(), String> {
    for (m, method) in METHODS.into_iter().enumerate() {
        for (t, tag) in TAGS.into_iter().enumerate() {
            let expected: Vec<(u64, f64)> = (0..N_POINTS)
                .map(|i| (step(m, i), value(m, t, i)))
                .collect();
            let tag_name = escaped(tag);
            let path = format!("/data/plugin/scalars/scalars?run={method}&tag={tag_name}");
            let points = server
                .wait_for(PATIENCE, |server| {
                    let points = get_json(server, &path)?;
                    check_points(&points, &expected).map(|()| points)
                })
                .map_err(|error| format!("{method} {tag}: {error}"))?;
            // A check that one wrong value passes would prove nothing.
            let mut wrong = expected.clone();
            wrong[200].1 += wrong[200].1.abs() * 1e-6 + 1e-30;
            if check_points(&points, &wrong).is_ok() {
                return Err(format!("{method} {tag}: a wrong value is not noticed"));
            }
        }
    }
    Ok(())
}

fn check_names(server: &TensorBoard) -> Result<(), String> {
    let runs = server.wait_for(PATIENCE, |server| {
        let mut runs: Vec<String> = serde_json::from_value(get_json(server, "/data/runs")?)
            .map_err(|error| error.to_string())?;
        runs.sort();
        (runs == ["adam", "metropolis", "notes"])
            .then_some(())
            .ok_or_else(|| format!("the runs are {runs:?}"))
    });
    runs?;
    server.wait_for(PATIENCE, |server| {
        let tags = get_json(server, "/data/plugin/scalars/tags")?;
        for method in METHODS {
            let mut shown: Vec<&String> = tags[method]
                .as_object()
                .ok_or_else(|| format!("no tags of {method} in {tags}"))?
                .keys()
                .collect();
            shown.sort();
            let mut logged = TAGS;
            logged.sort_unstable();
            if shown != logged {
                return Err(format!("the tags of {method} are {shown:?}"));
            }
        }
        Ok(())
    })
}

/// The graph is served as a text of protocol buffers: one `node { .. }` an operation.
fn check_graph(server: &TensorBoard) -> Result<(), String> {
    let path = format!(
        "/data/plugin/graphs/graph?run={}&conceptual=false",
        METHODS[0]
    );
    let text = server.wait_for(PATIENCE, |server| server.get(&path))?;
    let nodes: Vec<&str> = text.split("node {").skip(1).collect();
    if nodes.len() != graph().len() {
        return Err(format!("{} nodes:\n{text}", nodes.len()));
    }
    for (shown, node) in nodes.into_iter().zip(graph()) {
        let mut wanted = vec![
            format!("name: \"{}\"", node.name),
            format!("op: \"{}\"", node.op),
            "key: \"_output_shapes\"".to_owned(),
        ];
        wanted.extend(
            node.inputs
                .iter()
                .map(|input| format!("input: \"{input}\"")),
        );
        wanted.extend(node.shape.iter().map(|size| format!("size: {size}")));
        if let Some(missing) = wanted.iter().find(|line| !shown.contains(line.as_str())) {
            return Err(format!("{missing} is not in {shown}"));
        }
    }
    Ok(())
}

fn check_text(server: &TensorBoard) -> Result<(), String> {
    let texts = server.wait_for(PATIENCE, |server| {
        let texts = get_json(server, "/data/plugin/text/text?run=notes&tag=about")?;
        let one = texts.as_array().is_some_and(|texts| texts.len() == 1);
        one.then(|| texts.clone())
            .ok_or_else(|| format!("the texts are {texts}"))
    })?;
    let html = texts[0]["text"].as_str().unwrap_or_default();
    (texts[0]["step"] == 3 && html.contains("<strong>switch</strong>"))
        .then_some(())
        .ok_or_else(|| format!("the text is {texts}"))
}

fn check_with(loader: Loader) {
    let Some(executable) = tensorboard::find() else {
        return;
    };
    let scratch = Scratch::new();
    let run = write_run(&scratch.path().join("real"));
    let server = TensorBoard::start(&executable, &run, loader).expect("it starts");
    assert_eq!(
        server.uses_data_server(),
        loader == Loader::DataServer,
        "the reader is the one that is to be checked"
    );
    check_names(&server).expect("the runs and tags that were logged");
    check_scalars(&server).expect("the points that were logged");
    check_graph(&server).expect("the graph that was logged");
    check_text(&server).expect("the text that was logged");
}

#[test]
fn the_reader_in_python_shows_everything() {
    check_with(Loader::Python);
}

#[test]
fn the_data_server_shows_everything() {
    check_with(Loader::DataServer);
}
