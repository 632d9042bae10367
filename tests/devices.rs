//! Protects: `devices` tells what there is and why something is not, and an experiment runs on the graphics device.

use std::io::Write;

use serde_json::Value;

use crate::program::{Sandbox, close, finish, row};

fn report(sandbox: &Sandbox) -> Value {
    sandbox.run(&["devices", "--json"]).expect_code(0).json()
}

/// Whether wgpu finds an adapter; where there is none that is said, or with `SWITCHBACK_REQUIRE_CLIENTS=1` fails.
fn has_adapter(report: &Value) -> bool {
    let wgpu = &report[2];
    assert_eq!(wgpu["device"], "wgpu");
    let found = wgpu["available"] == true;
    if !found {
        let required = std::env::var_os("SWITCHBACK_REQUIRE_CLIENTS").is_some_and(|it| it == "1");
        assert!(!required, "no graphics adapter: {}", wgpu["detail"]);
        // A closed standard error is no reason to fail.
        let _ = writeln!(
            std::io::stderr(),
            "\n*** NOT CHECKED: {} ***\n",
            wgpu["detail"]
        );
    }
    found
}

#[test]
fn each_device_has_a_line() {
    let sandbox = Sandbox::new();
    let report = report(&sandbox);
    let lines = sandbox.run(&["devices"]).expect_code(0).stdout;
    assert_eq!(lines.lines().count(), 3, "{lines}");
    for (i, (line, name)) in lines.lines().zip(["flex", "ndarray", "wgpu"]).enumerate() {
        let row = &report[i];
        assert_eq!(row["device"], name);
        assert!(line.starts_with(name), "{line}");
        let detail = row["detail"].as_str().expect("a text");
        assert!(
            !detail.is_empty() && line.contains(detail),
            "{line}: {detail}"
        );
        if name != "wgpu" {
            assert_eq!(
                (&row["available"], &row["precision"]),
                (&true.into(), &"f64".into())
            );
        }
    }
}

/// The drivers of Vulkan and OpenGL are looked for where there are none.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_an_adapter_is_told_so() {
    let sandbox = Sandbox::new();
    let without = |words: &[&str]| {
        let mut command = sandbox.switchback(words);
        for name in [
            "VK_DRIVER_FILES",
            "VK_ICD_FILENAMES",
            "__EGL_VENDOR_LIBRARY_FILENAMES",
            "LIBGL_DRIVERS_PATH",
        ] {
            command.env(name, "/nonexistent");
        }
        finish(command, b"")
    };
    let ran = without(&["devices", "--json"]).expect_code(0);
    let wgpu = &ran.json()[2];
    assert_eq!(
        (&wgpu["available"], &wgpu["precision"]),
        (&false.into(), &Value::Null)
    );
    let detail = wgpu["detail"].as_str().expect("a text");
    assert!(
        detail.contains("not available") && detail.contains("driver"),
        "{detail}"
    );
    let ran = without(&["experiment", "--device", "wgpu"]).expect_code(2);
    assert!(ran.stderr.contains("wgpu is not available"), "{ran:?}");
    assert!(
        ran.stdout.is_empty() && !ran.stderr.contains("panicked"),
        "{ran:?}"
    );
    assert_eq!(sandbox.listing(), Vec::<String>::new());
}

#[test]
fn the_graphics_device_goes_the_way_of_the_processor() {
    let sandbox = Sandbox::new();
    if !has_adapter(&report(&sandbox)) {
        return;
    }
    let run = |device: &str| {
        let words = [
            "experiment",
            "--device",
            device,
            "--run-dir",
            device,
            "--steps",
            "200",
        ];
        let more = [
            "--log-every",
            "50",
            "--num-samples",
            "200",
            "--num-warmup",
            "100",
            "--json",
        ];
        // 200 steps do not arrive, which is 1.
        sandbox
            .run(&[&words[..], &more].concat())
            .expect_code(1)
            .json()
    };
    let (wgpu, flex) = (run("wgpu"), run("flex"));
    for method in ["adam", "momentum"] {
        let (found, expected) = (row(&wgpu, method), row(&flex, method));
        assert_eq!(found["device"], "wgpu");
        assert_eq!(found["verdict"], expected["verdict"]);
        for name in ["mu1", "mu2", "sigma1", "sigma2", "tau"] {
            // Single precision is 6e-8; 200 steps on Mesa's software device end within 6e-7 of the processor's.
            let expected = crate::program::number(&expected["estimate"][name]);
            close(
                &found["estimate"][name],
                expected,
                2e-5 * expected.abs().max(1.0),
            );
        }
    }
    assert_eq!(
        row(&wgpu, "metropolis")["estimate"],
        row(&flex, "metropolis")["estimate"]
    );
}
