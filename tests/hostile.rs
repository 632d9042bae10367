//! Protects: what a file calls its columns is text wherever it is shown, and commands nobody's terminal or browser.

use std::time::Duration;

use crate::program::{Ran, Sandbox};
use crate::tensorboard_client::{Loader, TensorBoard, find};

const MARKUP: &str = "<img src=x onerror=alert(1)>";
/// Clears the screen, sets the title, turns the text around.
const ESCAPES: &str = "a\u{1b}[2J\u{1b}]0 title\u{7}\u{9b}31m\u{202e}b";

/// A file called `name` with one switch in the column `name`; its path.
fn write(sandbox: &Sandbox, name: &str) -> String {
    let mut text = format!("{name}\n");
    for row in 0..40 {
        let value = f64::from(row % 7) + if row < 20 { 0.0 } else { 30.0 };
        text += &format!("{value}\n");
    }
    let path = format!("{name}.csv");
    sandbox.write(&path, text);
    path
}

fn check_harmless(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let commands =
            |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!text.contains(commands), "{text:?}");
    }
}

#[test]
fn a_name_commands_no_terminal() {
    let sandbox = Sandbox::new();
    let file = write(&sandbox, ESCAPES);
    for command in ["exact", "experiment", "optimize", "sample", "compare"] {
        let mut words = vec![command, &file];
        let path = format!("runs/{command}");
        if command != "exact" {
            words.extend(["--run-dir", &path]);
        }
        match command {
            "experiment" => words.extend(["--steps", "100", "--num-samples", "200"]),
            "compare" => words.extend(["--methods", "lbfgs,compound,exact"]),
            _ => {}
        }
        let ran = sandbox.run(&words);
        assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
        check_harmless(&ran);
        assert!(ran.stdout.contains("a␛[2J␛]0 title"), "{ran:?}");
    }
    check_harmless(&sandbox.run(&["runs"]).expect_code(0));
    check_harmless(&sandbox.run(&["watch", "runs/sample"]));
    let no_column = sandbox
        .run(&["exact", &file, "--value", "\u{1b}[2J"])
        .expect_code(2);
    check_harmless(&no_column);
    assert!(no_column.stderr.contains('␛'), "{no_column:?}");
    let no_file = sandbox.run(&["exact", "\u{1b}[2J.csv"]).expect_code(2);
    check_harmless(&no_file);
    sandbox.write("bad.csv", format!("{ESCAPES}\n1\n{ESCAPES}\n"));
    check_harmless(&sandbox.run(&["exact", "bad.csv"]).expect_code(2));
}

#[test]
fn a_name_is_text_in_tensorboard() {
    let Some(executable) = find() else {
        return;
    };
    let sandbox = Sandbox::new();
    let file = write(&sandbox, MARKUP);
    let words = ["sample", &file, "--sampler", "compound", "--run-dir", "run"];
    let ran = sandbox.run(&words);
    assert!(ran.stdout.contains(MARKUP), "{ran:?}");
    let server = TensorBoard::start(&executable, &sandbox.path("run"), Loader::Python);
    let server = server.expect("it starts");
    let html = server.wait_for(Duration::from_secs(60), |server| {
        let texts = server.get("/data/plugin/text/text?run=.&tag=verdict")?;
        texts
            .contains("compound")
            .then_some(texts)
            .ok_or_else(|| "no text yet".to_owned())
    });
    let html = html.expect("a text");
    assert!(!html.contains("<img"), "{html}");
    assert!(
        html.contains("&lt;img src=x onerror=alert(1)&gt;"),
        "{html}"
    );
}
