//! Protects: the real TensorBoard, with either of its readers, shows every point, graph, text, picture, setting and chart of a
//! run.

#[path = "support/scratch.rs"]
mod scratch;
#[path = "support/tensorboard.rs"]
mod tensorboard;

use std::path::{Path, PathBuf};
use std::time::Duration;

use scratch::Scratch;
use serde_json::Value;
use switchback_core::{DrawRows, DrawSchema, Event, GraphNode, Quantity, Sink, Stop};
use switchback_record::{
    Chart, EventFile, Manifest, Platform, RunFolder, SECONDS_TAG, SeriesInfo, Setting, Status,
    TensorBoardSink,
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
    let named = settings().map(|(name, setting)| (name.to_owned(), setting));
    let mut sink = TensorBoardSink::new(run.path());
    sink.add_graph(METHODS[0], graph());
    sink.add_settings(METHODS[0], named.to_vec());
    sink.expect_draws(METHODS[1], &schema());
    for (m, method) in METHODS.into_iter().enumerate() {
        let total = step(m, N_POINTS);
        sink.record(&Event::Started {
            method,
            total,
            warmup: 0,
        })
        .expect("a new method");
        for i in 0..N_POINTS {
            sink.record(&Event::Draws {
                method,
                rows: rows(&[i as f64, 1.0]),
            })
            .expect("there is room");
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
    sink.close().expect("nothing is lost");
    let notes = run.method_dir("notes").expect("a plain name");
    let mut file = EventFile::create(&notes).expect("a new file");
    file.text("about", 3, "a **switch**")
        .expect("there is room");
    file.image("fit", 5, PIXEL).expect("a picture");
    file.hparams_table(&settings(), &["tau"])
        .expect("there is room");
    file.layout(&[("switch", charts())]).expect("there is room");
    file.close().expect("nothing is lost");
    run.finish(&manifest()).expect("a complete run")
}

/// A PNG of one row of two pixels.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    2, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0xd1, 0x95, 0x1b, 0xe2, 0, 0, 0, 11, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0x60, 0xf8, 0x0f, 0x00, 0x01, 0x03, 0x01, 0x00, 0x8e, 0x2c, 0xb5, 0xf9, 0, 0,
    0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

fn settings() -> [(&'static str, Setting); 3] {
    [
        ("learning_rate", Setting::Number(0.001)),
        ("rule", Setting::Text("adam <b>".into())),
        ("annealed", Setting::Flag(false)),
    ]
}

fn schema() -> DrawSchema {
    let quantity = |name: &str| Quantity {
        name: name.into(),
        is_whole: false,
    };
    DrawSchema {
        quantities: vec![quantity("mu"), quantity("one")],
        stats: vec![],
        n_chains: 1,
        n_pointwise: 0,
    }
}

fn rows(values: &[f64]) -> DrawRows<'_> {
    DrawRows {
        chain: 0,
        is_warmup: false,
        values,
        stats: &[],
        pointwise: &[],
    }
}

fn charts() -> Vec<Chart> {
    let margin = |tag: &str| format!("starts/tau/{tag}");
    vec![
        Chart::Lines {
            title: "tau".into(),
            tags: vec!["tau".into()],
        },
        Chart::Margin {
            title: "tau over starts".into(),
            value: margin("median"),
            lower: margin("q25"),
            upper: margin("q75"),
        },
    ]
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
        is_trusted: Some(true),
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
            let mut logged = TAGS.to_vec();
            // A method whose settings are told says how long it took, too.
            logged.extend((method == METHODS[0]).then_some(SECONDS_TAG));
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

/// Draw `i` of `mu` is `i`, so that the windows, side by side, are the numbers from 0 on.
fn check_histograms(server: &TensorBoard) -> Result<(), String> {
    let path = |name: &str| {
        let tag = escaped(&format!("draws/{name}"));
        format!(
            "/data/plugin/histograms/histograms?run={}&tag={tag}",
            METHODS[1]
        )
    };
    let windows = server.wait_for(PATIENCE, |server| {
        let windows = get_json(server, &path("mu"))?;
        let last = windows.as_array().and_then(|windows| windows.last());
        let is_there = last.is_some_and(|window| window[1] == step(1, N_POINTS - 1));
        is_there
            .then(|| windows.clone())
            .ok_or_else(|| format!("the histograms are {windows}"))
    })?;
    let mut low = 0.0;
    for window in windows.as_array().into_iter().flatten() {
        // `[wall time, step, [[left, right, count], ..]]`
        let bins: Vec<[f64; 3]> =
            serde_json::from_value(window[2].clone()).map_err(|error| error.to_string())?;
        let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
            return Err(format!("{window} is empty"));
        };
        let count: f64 = bins.iter().map(|bin| bin[2]).sum();
        // The reader in Python rounds edges to single precision.
        let high = f64::from((low + count - 1.0) as f32);
        if first[0] != low || (last[1] - high).abs() > 1e-9 {
            return Err(format!("from {low} on: {bins:?}"));
        }
        low += count;
    }
    if low != N_POINTS as f64 {
        return Err(format!("{low} draws are shown"));
    }
    let constant = get_json(server, &path("one"))?;
    constant[0][2]
        .as_array()
        .is_some_and(|bins| !bins.is_empty())
        .then_some(())
        .ok_or_else(|| format!("a constant is {constant}"))
}

fn check_settings(server: &TensorBoard) -> Result<(), String> {
    let plugin = "/data/plugin/hparams";
    server.wait_for(PATIENCE, |server| {
        let request = escaped(r#"{"experimentName":""}"#);
        let table = get_json(server, &format!("{plugin}/experiment?request={request}"))?;
        let names = |list: &Value, field: &str| {
            let mut names: Vec<String> = list
                .as_array()
                .into_iter()
                .flatten()
                .map(|info| info.pointer(field).unwrap_or(&Value::Null).to_string())
                .collect();
            names.sort();
            names.join(" ")
        };
        let columns = names(&table["hparamInfos"], "/name");
        let outcomes = names(&table["metricInfos"], "/name/tag");
        if (columns.as_str(), outcomes.as_str())
            != (r#""annealed" "learning_rate" "rule""#, r#""tau""#)
        {
            return Err(format!("the columns are {table}"));
        }
        let request = escaped(
            r#"{"experimentName":"","allowedStatuses":["STATUS_SUCCESS"],"colParams":[],"startIndex":0,"sliceSize":9}"#,
        );
        let groups = get_json(
            server,
            &format!("{plugin}/session_groups?request={request}"),
        )?;
        let group = &groups["sessionGroups"][0];
        let expected = serde_json::json!({"learning_rate": 0.001, "rule": "adam <b>", "annealed": false});
        if groups["totalSize"] != 1 || group["hparams"] != expected {
            return Err(format!("the rows are {groups}"));
        }
        let shown = group["metricValues"][0]["value"].as_f64();
        let last = value(0, 4, N_POINTS - 1);
        (shown.map(|shown| shown as f32) == Some(last as f32))
            .then_some(())
            .ok_or_else(|| format!("the outcome is not {last}: {groups}"))
    })
}

fn check_charts(server: &TensorBoard) -> Result<(), String> {
    let plugin = "/data/plugin/custom_scalars";
    let layout = server.wait_for(PATIENCE, |server| {
        let layout = get_json(server, &format!("{plugin}/layout"))?;
        layout["category"][0]["chart"]
            .as_array()
            .filter(|charts| charts.len() == 2)
            .map(|_| layout.clone())
            .ok_or_else(|| format!("the layout is {layout}"))
    })?;
    let charts = &layout["category"][0]["chart"];
    let margin = &charts[1]["margin"]["series"][0];
    if layout["category"][0]["title"] != "switch" || margin["lower"] != "starts/tau/q25" {
        return Err(format!("the layout is {layout}"));
    }
    // The chart of tau has the points of tau, and of nothing that is called like it.
    let pattern = charts[0]["multiline"]["tag"][0]
        .as_str()
        .unwrap_or_default();
    for method in METHODS {
        let path = format!("{plugin}/scalars?run={method}&tag={}", escaped(pattern));
        server.wait_for(PATIENCE, |server| {
            let found = get_json(server, &path)?;
            let tags = found["payload"].as_object().or(found.as_object());
            let n_points = found
                .pointer("/payload/tau")
                .or(found.pointer("/tag_to_events/tau"))
                .and_then(Value::as_array)
                .map(Vec::len);
            (n_points == Some(N_POINTS as usize))
                .then_some(())
                .ok_or_else(|| format!("{path}: {:?}", tags.map(|tags| tags.keys())))
        })?;
    }
    Ok(())
}

fn check_image(server: &TensorBoard) -> Result<(), String> {
    let images = server.wait_for(PATIENCE, |server| {
        let images = get_json(
            server,
            "/data/plugin/images/images?run=notes&tag=fit&sample=0",
        )?;
        let one = images.as_array().is_some_and(|images| images.len() == 1);
        one.then(|| images.clone())
            .ok_or_else(|| format!("the images are {images}"))
    })?;
    let image = &images[0];
    if image["step"] != 5 {
        return Err(format!("the image is {image}"));
    }
    let query = image["query"].as_str().unwrap_or_default();
    let body = server.get(&format!("/data/plugin/images/individualImage?{query}"))?;
    body.contains("IDAT")
        .then_some(())
        .ok_or_else(|| "the picture is not there".to_owned())
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
    check_histograms(&server).expect("the draws that were logged");
    check_settings(&server).expect("the settings that were logged");
    check_charts(&server).expect("the charts that were laid out");
    check_image(&server).expect("the picture that was logged");
}

#[test]
fn the_reader_in_python_shows_everything() {
    check_with(Loader::Python);
}

#[test]
fn the_data_server_shows_everything() {
    check_with(Loader::DataServer);
}
