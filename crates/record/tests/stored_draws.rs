//! Protects: draws are found where they are, and what is no file of draws, or is one no longer, is refused with a
//! reason.

#[path = "support/chains.rs"]
mod chains;
#[path = "support/scratch.rs"]
mod scratch;

use std::fs;
use std::path::{Path, PathBuf};

use chains::{Chains, NUTS, create, info};
use scratch::Scratch;
use serde_json::Value;
use switchback_record::{CmdStanInfo, DrawsFile, RecordError, StoredDraws, draws_in};

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("the file")).expect("JSON")
}

#[test]
fn an_array_that_was_not_yet_grown_is_no_obstacle() {
    let scratch = Scratch::new();
    let path = scratch.path().join("run.zarr");
    let chains = Chains::new(0, 30, &NUTS, 0);
    let mut file = create(&path, &chains.schema, &info(20, 8)).expect("room");
    chains.tell(&mut file);
    file.finish().expect("room");
    // As a process leaves it that is killed between two of these files.
    let behind = path.join("posterior/tau/.zarray");
    let mut metadata = json(&behind);
    metadata["shape"][1] = 21.into();
    fs::write(&behind, metadata.to_string()).expect("room");
    let read = StoredDraws::open(&path).expect("it opens");
    assert_eq!(read.n_draws(), 21);
    for name in ["mu", "tau", "s"] {
        assert!(
            read.read(name)
                .expect("it is there")
                .iter()
                .all(|chain| chain.len() == 21)
        );
    }
}

#[test]
fn a_run_has_the_draws_of_its_samplers() {
    let scratch = Scratch::new();
    let chains = Chains::new(0, 12, &NUTS, 0);
    let run = scratch.path().join("deck.partial");
    let draws = run.join("draws");
    fs::create_dir_all(&draws).expect("room");
    let error = StoredDraws::open(&run).expect_err("none yet");
    assert!(
        matches!(&error, RecordError::NoDraws { path, .. } if *path == run),
        "{error:?}"
    );
    let mut file = create(&draws.join("nuts.zarr"), &chains.schema, &info(20, 12)).expect("room");
    chains.tell(&mut file);
    file.finish().expect("room");
    fs::write(draws.join("notes_1.csv"), "t,y\n1,2\n").expect("room");
    let read = StoredDraws::open(&run).expect("there is one");
    assert_eq!(
        (read.path(), read.n_draws()),
        (draws.join("nuts.zarr").as_path(), 12)
    );
    let info = info(20, 12);
    let cmdstan = CmdStanInfo::default();
    let mut file = DrawsFile::create_cmdstan(&draws, "metropolis", &chains.schema, &info, &cmdstan)
        .expect("room");
    chains.tell(&mut file);
    file.finish().expect("room");
    let error = StoredDraws::open(&run).expect_err("there are two");
    assert!(
        matches!(&error, RecordError::SeveralDraws { found, .. } if found.len() == 2),
        "{error}"
    );
    let found = draws_in(&run).expect("a folder");
    let csv: Vec<PathBuf> = (1..=3)
        .map(|id| draws.join(format!("metropolis_{id}.csv")))
        .collect();
    assert_eq!(found, [vec![draws.join("nuts.zarr")], csv.clone()]);
    assert_eq!(
        StoredDraws::open_all(&csv)
            .expect("three chains")
            .n_chains(),
        3
    );
    assert_eq!(StoredDraws::open(&csv[1]).expect("one chain").n_chains(), 1);
    let mixed = [csv[0].clone(), draws.join("nuts.zarr")];
    let error = StoredDraws::open_all(&mixed).expect_err("two formats");
    assert!(matches!(error, RecordError::SeveralDraws { .. }));
}

#[test]
fn what_is_no_file_of_draws_is_refused_with_its_path() {
    let scratch = Scratch::new();
    let at = |name: &str| scratch.path().join(name);
    let error = StoredDraws::open(at("nothing")).expect_err("nothing");
    assert!(
        matches!(&error, RecordError::Read { path, .. } if *path == at("nothing")),
        "{error:?}"
    );
    fs::write(at("series.csv"), "year,y\n1851,4\n").expect("room");
    fs::write(at("empty.csv"), "").expect("room");
    fs::write(at("bytes.csv"), [0xff; 40]).expect("room");
    fs::create_dir_all(at("folder/within")).expect("room");
    fs::create_dir_all(at("bare.zarr/posterior")).expect("room");
    fs::write(at("bare.zarr/.zgroup"), "{\"zarr_format\": 2}").expect("room");
    for name in [
        "series.csv",
        "empty.csv",
        "bytes.csv",
        "folder",
        "bare.zarr",
    ] {
        let error = StoredDraws::open(at(name)).expect_err("no draws");
        assert!(
            matches!(&error, RecordError::NoDraws { path, .. } if *path == at(name)),
            "{error:?}"
        );
    }
    assert!(matches!(
        StoredDraws::open_all(&[]),
        Err(RecordError::NoDraws { .. })
    ));
}

#[test]
fn a_store_with_a_lost_or_torn_chunk_says_which() {
    let scratch = Scratch::new();
    let chains = Chains::new(0, 30, &NUTS, 0);
    let path = scratch.path().join("run.zarr");
    let mut file = create(&path, &chains.schema, &info(20, 8)).expect("room");
    chains.tell(&mut file);
    file.finish().expect("room");
    let chunk = path.join("posterior/mu/1.2");
    let whole = fs::read(&chunk).expect("a chunk");
    fs::remove_file(&chunk).expect("it is there");
    let read = StoredDraws::open(&path).expect("it opens");
    let error = read.read("mu").expect_err("a chunk is lost");
    assert!(
        matches!(&error, RecordError::DrawsBroken { path, .. } if *path == chunk),
        "{error:?}"
    );
    assert!(read.read("tau").is_ok());
    fs::write(&chunk, &whole[..whole.len() / 2]).expect("room");
    let error = read.read("mu").expect_err("a chunk is torn");
    assert!(
        matches!(&error, RecordError::DrawsBroken { path: at, .. } if *at == path.join("posterior/mu"))
    );
    fs::write(path.join("posterior/mu/.zarray"), "{").expect("room");
    let error = StoredDraws::open(&path).expect_err("no metadata");
    assert!(
        matches!(&error, RecordError::DrawsBroken { path: at, .. } if *at == path.join("posterior/mu"))
    );
}

#[test]
fn csv_files_are_read_to_their_last_whole_line() {
    let scratch = Scratch::new();
    let path = scratch.path().join("run_1.csv");
    let head = "# model = m\n#     save_warmup = 1\n#     algorithm = hmc (Default)\n\
                lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,theta.1,theta.2\n\
                -1,0.9,0.5,2,3,0,4,10,20\n";
    let adapted = "# Adaptation terminated\n# Step size = 0.5\n# Diagonal elements of inverse mass matrix:\n# 1, 1\n";
    let rows = "-2,0.8,0.5,3,7,1,5,11,21\r\n\n-3,0.7,0.5,3,7,0,6,1.5e-3,nan\n";
    fs::write(&path, format!("{head}{adapted}{rows}-4,0.6,0.5,3,7,0,7,12")).expect("room");
    let read = StoredDraws::open(&path).expect("it opens");
    assert_eq!(read.names(), ["theta[1]", "theta[2]"]);
    assert_eq!(read.stats(), NUTS);
    assert_eq!(read.sampler(), Some("hmc"));
    assert_eq!(read.read("theta[1]").expect("there"), [[11.0, 1.5e-3]]);
    let second = read.read("theta[2]").expect("there");
    assert!(second[0][0] == 21.0 && second[0][1].is_nan());
    assert_eq!(read.read_stat("diverging").expect("there"), [[1.0, 0.0]]);
    // Killed within its warm-up: there are no draws yet.
    fs::write(&path, head).expect("room");
    assert_eq!(StoredDraws::open(&path).expect("it opens").n_draws(), 0);
    // A line in the middle is another matter.
    fs::write(&path, format!("{head}{adapted}-2,0.8\n{rows}")).expect("room");
    let error = StoredDraws::open(&path).expect_err("a line is torn");
    assert!(
        matches!(&error, RecordError::DrawsLine { line: 10, .. }),
        "{error:?}"
    );
    let word = rows.replace("11", "eleven");
    fs::write(&path, format!("{head}{adapted}{word}")).expect("room");
    let error = StoredDraws::open(&path)
        .expect("it opens")
        .read("theta[1]")
        .expect_err("a word");
    assert!(
        matches!(&error, RecordError::DrawsLine { line: 10, what, .. } if what.contains("eleven"))
    );
    let other = scratch.path().join("run_2.csv");
    fs::write(&other, "lp__,accept_stat__,mu\n0,1,2\n").expect("room");
    let error = StoredDraws::open_all(&[path, other.clone()]).expect_err("other columns");
    assert!(matches!(&error, RecordError::DrawsBroken { path, .. } if *path == other));
}
