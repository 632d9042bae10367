//! Protects: draws are on the disk a second after they were drawn, consistent whenever somebody looks, and what
//! cannot be kept is refused with a reason.

#[path = "support/chains.rs"]
mod chains;
#[path = "support/scratch.rs"]
mod scratch;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use chains::{Chains, METHOD, NUTS, create, info, tell_rows};
use scratch::Scratch;
use serde_json::Value;
use switchback_core::{
    DrawRows, DrawSchema, DrawSource, DrawSourceError, Event, Quantity, Series, Sink, Stop,
};
use switchback_record::{DrawsFile, RecordError, StoredDraws};

/// The error that `event` is refused with.
fn refused(file: &mut DrawsFile, event: &Event<'_>) -> RecordError {
    let error = file.record(event).expect_err("it is refused");
    assert_eq!(error.sink, "draws");
    *error.source.downcast().expect("an error of this crate")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("the file")).expect("JSON")
}

/// That every array's shape in the consolidated metadata is that of its own, and all of a group have `n_draws`.
fn check_store(path: &Path, prefix: &str, n_draws: u64) {
    let all = json(&path.join(".zmetadata"));
    let mut n_arrays = 0;
    for (key, value) in all["metadata"].as_object().expect("a map") {
        assert_eq!(json(&path.join(key)), *value, "{key}");
        let group = key.split('/').next().unwrap_or_default();
        if key.ends_with("/.zarray") && group.starts_with(prefix) && !key.contains("/chain/") {
            let shape = value["shape"].as_array().expect("a shape");
            let n = if shape.len() == 1 {
                &shape[0]
            } else {
                &shape[1]
            };
            assert_eq!(*n, n_draws, "{key}");
            n_arrays += 1;
        }
    }
    assert!(n_arrays > 0, "there are arrays in {prefix}");
    let is_temporary = |path: &PathBuf| path.to_string_lossy().ends_with(".tmp");
    assert_eq!(files_below(path).into_iter().find(is_temporary), None);
}

#[test]
fn arrays_grow_with_what_every_chain_has() {
    let scratch = Scratch::new();
    let path = scratch.path().join("new/run.zarr");
    let chains = Chains::new(20, 90, &NUTS, 0);
    let mut file = create(&path, &chains.schema, &info(20, 16)).expect("room");
    check_store(&path, "posterior", 0);
    assert!(
        !path.join("warmup_posterior").exists(),
        "no group without draws"
    );
    // Ahead, level, behind: what every chain has is what is told, over several chunks of 16.
    let lengths = [[7, 3, 5], [40, 33, 16], [41, 90, 17], [90, 90, 90]];
    let mut told = [0; 3];
    for length in lengths {
        for chain in 0..3 {
            let part = &chains.draws[chain][told[chain]..length[chain]];
            tell_rows(&mut file, chain, false, part);
        }
        told = length;
        file.commit().expect("room");
        let n_draws = *length.iter().min().expect("three");
        check_store(&path, "posterior", n_draws as u64);
        check_store(&path, "sample_stats", n_draws as u64);
        let read = StoredDraws::open(&path).expect("it opens");
        assert_eq!((read.n_chains(), read.n_draws()), (3, n_draws));
        let tau = read.read("tau").expect("tau is there");
        for (chain, tau) in tau.iter().enumerate() {
            let expected = chains.draws[chain].iter().map(|draw| draw.values[1]);
            assert_eq!(*tau, expected.take(n_draws).collect::<Vec<_>>());
        }
    }
    file.finish().expect("room");
    check_store(&path, "posterior", 90);
}

#[test]
fn names_statistics_and_attributes_come_back_from_both_formats() {
    let scratch = Scratch::new();
    let chains = Chains::new(20, 60, &NUTS, 0);
    for name in ["run.zarr", "csv"] {
        let path = scratch.path().join(name);
        let mut file = create(&path, &chains.schema, &info(20, 60)).expect("room");
        chains.tell(&mut file);
        let stop = Stop::Completed;
        file.record(&Event::Finished {
            method: METHOD,
            stop,
        })
        .expect("room");
        file.finish().expect("room");
        let read = StoredDraws::open(&path).expect("it opens");
        assert_eq!(read.names(), ["mu", "tau", "s", "odd"], "{name}");
        assert_eq!(read.stats(), NUTS, "{name}");
        assert_eq!(read.sampler(), Some(METHOD));
        assert_eq!(read.attributes()["inference_library"], "switchback");
        let source: &dyn DrawSource = &read;
        assert_eq!((source.n_chains(), source.n_draws()), (3, 60));
        for (i, stat) in NUTS.into_iter().enumerate() {
            let values = read.read_stat(stat).expect("it is there");
            for (values, draws) in values.iter().zip(&chains.draws) {
                let expected: Vec<f64> = draws.iter().map(|draw| draw.stats[i]).collect();
                assert_eq!(*values, expected, "{name}, {stat}");
            }
        }
        let odd = source.read("odd").expect("it is there");
        for (values, draws) in odd.iter().zip(&chains.draws) {
            let bits = |value: &f64| value.to_bits();
            let expected: Vec<u64> = draws.iter().map(|draw| bits(&draw.values[3])).collect();
            assert_eq!(
                values.iter().map(bits).collect::<Vec<_>>(),
                expected,
                "{name}"
            );
        }
        let error = source.read("sigma").expect_err("there is none");
        assert!(matches!(error, DrawSourceError::Unknown { known, .. } if known.len() == 4));
        let error = read.read_stat("mu").expect_err("it is no statistic");
        assert!(matches!(error, RecordError::UnknownQuantity { known, .. } if known == NUTS));
    }
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_unicode_is_a_path() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let scratch = Scratch::new();
    let chains = Chains::new(0, 5, &NUTS, 0);
    for name in ["run.zarr", "csv"] {
        let path = scratch
            .path()
            .join(OsStr::from_bytes(b"no-text-\xff"))
            .join(name);
        let mut file = create(&path, &chains.schema, &info(0, 5)).expect("room");
        chains.tell(&mut file);
        file.finish().expect("room");
        let read = StoredDraws::open(&path).expect("it opens");
        assert_eq!(
            read.read("mu").expect("it is there")[2][4],
            chains.draws[2][4].values[0]
        );
    }
}

#[test]
fn draws_reach_the_disk_without_being_asked_to_and_when_dropped() {
    let scratch = Scratch::new();
    let chains = Chains::new(0, 30, &NUTS, 0);
    for name in ["run.zarr", "csv"] {
        let path = scratch.path().join(name);
        let mut file = create(&path, &chains.schema, &info(20, 30)).expect("room");
        for (chain, draws) in chains.draws.iter().enumerate() {
            tell_rows(&mut file, chain, false, &draws[..10]);
        }
        // No further event comes. It takes a second; ten are for a machine that has much to do.
        let end = Instant::now() + Duration::from_secs(10);
        while StoredDraws::open(&path).map_or(0, |read| read.n_draws()) < 10 {
            assert!(Instant::now() < end, "{name}: nothing after ten seconds");
            thread::sleep(Duration::from_millis(20));
        }
        for (chain, draws) in chains.draws.iter().enumerate() {
            tell_rows(&mut file, chain, false, &draws[10..]);
        }
        drop(file);
        let read = StoredDraws::open(&path).expect("it opens");
        assert_eq!(read.n_draws(), 30, "{name}");
    }
}

#[test]
fn events_of_other_methods_and_a_warmup_that_is_not_kept_are_passed_over() {
    let scratch = Scratch::new();
    let path = scratch.path().join("run.zarr");
    let chains = Chains::new(20, 10, &["lp"], 0);
    let mut info = info(20, 10);
    info.save_warmup = false;
    let mut file = DrawsFile::create(&path, &chains.schema, &info).expect("room");
    chains.tell(&mut file);
    let rows = DrawRows {
        chain: 77,
        is_warmup: false,
        values: &[1.0],
        stats: &[],
        pointwise: &[],
    };
    let other = Event::Draws {
        method: "adam",
        rows,
    };
    file.record(&other).expect("it is not meant");
    file.finish().expect("room");
    assert_eq!(StoredDraws::open(&path).expect("it opens").n_draws(), 10);
    assert!(!path.join("warmup_posterior").exists());
}

#[test]
fn rows_that_do_not_fit_are_refused_and_cost_nothing() {
    let scratch = Scratch::new();
    let chains = Chains::new(0, 10, &NUTS, 0);
    let path = scratch.path().join("run.zarr");
    let mut file = create(&path, &chains.schema, &info(20, 10)).expect("room");
    let good = chains.draws[0][0].clone();
    let mut refuse = |chain, values: &[f64], stats: &[f64], pointwise: &[f64]| {
        let rows = DrawRows {
            chain,
            is_warmup: false,
            values,
            stats,
            pointwise,
        };
        let event = Event::Draws {
            method: METHOD,
            rows,
        };
        let error = refused(&mut file, &event);
        assert!(
            matches!(error, RecordError::DrawRows { chain: of, .. } if of == chain),
            "{error:?}"
        );
        error.to_string()
    };
    let with = |row: &[f64], at: usize, value: f64| {
        let mut row = row.to_vec();
        row[at] = value;
        row
    };
    assert!(refuse(3, &good.values, &good.stats, &[]).contains("there are 3 chains"));
    assert!(refuse(0, &good.values[1..], &good.stats, &[]).contains("3 quantities"));
    assert!(refuse(0, &good.values, &good.stats[1..], &[]).contains("6 statistics"));
    assert!(refuse(0, &good.values, &[], &[]).contains("0 statistics"));
    assert!(refuse(0, &good.values, &good.stats, &[1.0]).contains("log-likelihoods"));
    let half = refuse(1, &with(&good.values, 2, 45.5), &good.stats, &[]);
    assert!(
        half.contains("s is 45.5, where only a whole number can be"),
        "{half}"
    );
    assert!(refuse(2, &with(&good.values, 2, f64::NAN), &good.stats, &[]).contains("s is NaN"));
    let flag = refuse(2, &good.values, &with(&good.stats, 5, 2.0), &[]);
    assert!(flag.contains("diverging is 2"), "{flag}");
    chains.tell(&mut file);
    file.finish().expect("room");
    assert_eq!(StoredDraws::open(&path).expect("it opens").n_draws(), 10);
}

#[test]
fn schemas_that_cannot_be_stored_are_refused_and_leave_nothing() {
    let scratch = Scratch::new();
    let schema = |names: &[&str], n_pointwise| DrawSchema {
        quantities: names
            .iter()
            .map(|name| Quantity {
                name: (*name).into(),
                is_whole: false,
            })
            .collect(),
        stats: vec![],
        n_chains: 1,
        n_pointwise,
    };
    for names in [
        ["mu", "mu"],
        ["mu", "draw"],
        ["mu", "a/b"],
        ["mu", ""],
        ["mu", ".."],
    ] {
        let error = create(
            &scratch.path().join("run.zarr"),
            &schema(&names, 0),
            &info(20, 1),
        )
        .expect_err("refused");
        assert!(matches!(&error, RecordError::ColumnName { name, .. } if name == names[1]));
    }
    let error = create(
        &scratch.path().join("csv"),
        &schema(&["a,b"], 0),
        &info(20, 1),
    )
    .expect_err("refused");
    assert!(matches!(&error, RecordError::ColumnName { name, .. } if name == "a,b"));
    let series = Series::new("y", &[Some(1.0), None, Some(2.0)]).expect("a series");
    for (given, n_pointwise, fits) in [
        (None, 3, false),
        (Some(&series), 4, false),
        (Some(&series), 3, true),
        (Some(&series), 2, true),
    ] {
        let mut info = info(20, 1);
        info.series = given;
        let path = scratch.path().join("pointwise.zarr");
        match DrawsFile::create(&path, &schema(&["mu"], n_pointwise), &info) {
            Ok(file) => {
                assert!(fits);
                file.finish().expect("room");
                let shape = json(&path.join("log_likelihood/y/.zarray"))["shape"].clone();
                assert_eq!(shape, serde_json::json!([1, 0, n_pointwise]));
                fs::remove_dir_all(&path).expect("it is there");
            }
            Err(error) => {
                assert!(!fits);
                assert!(matches!(error, RecordError::Pointwise { .. }), "{error:?}");
            }
        }
    }
    assert_eq!(files_below(scratch.path()), Vec::<PathBuf>::new());
}

#[test]
fn places_where_draws_cannot_be_are_errors_with_their_path() {
    let scratch = Scratch::new();
    let schema = Chains::new(0, 1, &NUTS, 0).schema;
    for name in ["run.zarr", "csv"] {
        let path = scratch.path().join(name);
        create(&path, &schema, &info(20, 1)).expect("room");
        let before = files_below(&path);
        let error = create(&path, &schema, &info(20, 1)).expect_err("it is taken");
        assert!(matches!(error, RecordError::DrawsExist { path: at } if at.starts_with(&path)));
        assert_eq!(files_below(&path), before);
        fs::write(scratch.path().join("file"), "in the way").expect("room");
        let within = scratch.path().join("file").join(name);
        let error = create(&within, &schema, &info(20, 1)).expect_err("no folder");
        assert!(matches!(error, RecordError::Write { path: at, .. } if at.starts_with(&within)));
    }
}

#[test]
fn a_folder_removed_meanwhile_is_an_error_with_a_path() {
    let scratch = Scratch::new();
    let chains = Chains::new(0, 40, &NUTS, 0);
    let path = scratch.path().join("run.zarr");
    let mut file = create(&path, &chains.schema, &info(20, 40)).expect("room");
    chains.tell(&mut file);
    // At once: the writer may be at work, and a folder that is emptied file by file would be filled again meanwhile.
    fs::rename(&path, scratch.path().join("gone.zarr")).expect("it is there");
    let error = file.commit().expect_err("there is no folder");
    let RecordError::Write { path: at, source } = error else {
        panic!("{error:?}");
    };
    assert!(at.starts_with(&path));
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
    assert!(!path.exists(), "half a store does not come back");
    let rows = DrawRows {
        chain: 0,
        is_warmup: false,
        values: &chains.draws[0][0].values,
        stats: &chains.draws[0][0].stats,
        pointwise: &[],
    };
    let error = refused(
        &mut file,
        &Event::Draws {
            method: METHOD,
            rows,
        },
    );
    assert!(matches!(error, RecordError::DrawsEnded { .. }));
    assert!(matches!(file.finish(), Err(RecordError::DrawsEnded { .. })));
}

#[test]
fn csv_of_a_run_that_ended_in_its_warmup_is_level() {
    let scratch = Scratch::new();
    let path = scratch.path().join("csv");
    let mut chains = Chains::new(20, 9, &NUTS, 0);
    for chain in [0, 2] {
        chains.warmup[chain].truncate(12 + chain);
        chains.draws[chain].clear();
    }
    let mut file = create(&path, &chains.schema, &info(20, 50)).expect("room");
    chains.tell(&mut file);
    file.finish().expect("room");
    for id in 1..=3 {
        let text = fs::read_to_string(path.join(format!("run_{id}.csv"))).expect("a file");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines.iter().filter(|line| !line.starts_with('#')).count(),
            1 + 12
        );
        assert!(lines.contains(&"#     num_warmup = 12"), "{text}");
        assert!(lines.contains(&"#     num_samples = 0 "), "{text}");
        assert_eq!(text.matches("Adaptation terminated").count(), 1);
        assert_eq!(text.matches("Elapsed").count(), 1);
        let last_row = lines
            .iter()
            .rposition(|line| !line.starts_with('#'))
            .expect("rows");
        assert_eq!(lines[last_row + 1], "# Adaptation terminated");
    }
    assert_eq!(StoredDraws::open(&path).expect("it opens").n_draws(), 0);
}
