use std::io;

use super::*;

fn options(time: &str, value: &str) -> CsvOptions {
    let asked = |name: &str| Some(name.to_string()).filter(|name| !name.is_empty());
    CsvOptions {
        time: asked(time),
        value: asked(value),
    }
}

fn read_with(text: &str, options: &CsvOptions) -> Result<Series, InputError> {
    parse(text.as_bytes(), &Source::new("s.csv"), "s", options)
}

fn read(text: &str) -> Series {
    read_with(text, &CsvOptions::default()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn labels(series: &Series) -> Vec<&str> {
    series
        .times()
        .map_or(Vec::new(), |times| times.labels.iter().collect())
}

/// The first two lines of the error: what and where.
fn refused_with(text: &str, options: &CsvOptions) -> String {
    let error = read_with(text, options).expect_err(text);
    let shown = error.to_string();
    let lines: Vec<&str> = shown.lines().collect();
    let [what, place, hint] = lines[..] else {
        panic!("{text:?} should be refused in three lines: {shown}");
    };
    assert_eq!(hint, format!("  hint: {}", error.hint()));
    format!("{what}{}", place.replacen("  at", " at", 1))
}

fn refused(text: &str) -> String {
    refused_with(text, &CsvOptions::default())
}

#[test]
fn a_plain_file_is_read_with_its_times() {
    let series = read("t,x\n1,2.5\n2,-1\n3,1e3\n");
    assert_eq!(series.name(), "s");
    assert_eq!(series.values(), [2.5, -1.0, 1000.0]);
    assert_eq!(labels(&series), ["1", "2", "3"]);
    assert_eq!(series.times().map(|times| times.name.as_str()), Some("t"));
}

#[test]
fn separators_line_ends_and_byte_order_mark_make_no_difference() {
    let wanted = read("t,x\n1,2\n2,3\n");
    for text in [
        "t;x\n1;2\n2;3\n",
        "t\tx\n1\t2\n2\t3\n",
        "t,x\r\n1,2\r\n2,3\r\n",
        "t,x\r1,2\r2,3\r",
        "\u{feff}t,x\n1,2\n2,3",
        "\n\nt,x\n1,2\n2,3\n\n\n",
        " t , x \n 1 , 2 \n 2 , 3 \n",
        "\"t\",\"x\"\n\"1\",\"2\"\n2,3\n",
        "t,x\n1,2\n2,3\n,\n  \n,,,\n",
    ] {
        assert_eq!(read(text), wanted, "{text:?}");
    }
}

#[test]
fn the_separator_is_the_one_the_header_has_most_of() {
    let series = read("time;\"x, in m\"\n1;2\n2;3\n");
    assert_eq!(series.values(), [2.0, 3.0]);
}

#[test]
fn missing_cells_are_masked_and_keep_their_place() {
    let series = read("t,x\n1,\n2,5\n3,NA\n4,nan\n5,NULL\n6,7\n7,\n");
    assert_eq!(series.len(), 7);
    let observed: Vec<(usize, f64)> = series.observed().collect();
    assert_eq!(observed, [(1, 5.0), (5, 7.0)]);
}

#[test]
fn a_blank_line_inside_is_a_missing_row_and_at_the_end_is_none() {
    for text in ["x\n1\n\n3\n\n\n", "x\r\n1\r\n\r\n3\r\n\r\n"] {
        let series = read(text);
        let observed: Vec<(usize, f64)> = series.observed().collect();
        assert_eq!((series.len(), observed), (3, vec![(0, 1.0), (2, 3.0)]));
    }
    assert_eq!(
        refused("t,x\n1,2\n\n\n3,4\n"),
        r#"the time is missing at s.csv:3, column "t""#
    );
    assert_eq!(
        refused("t,x\r\n1,2\r\n,\r\n3,4\r\n"),
        r#"the time is missing at s.csv:3, column "t""#
    );
}

#[test]
fn the_time_column_is_found_by_name_then_by_kind() {
    for (text, name) in [
        ("x,Date\n1,2024-01-01\n2,2024-01-02\n", Some("Date")),
        ("YEAR,x\n2001,1\n2002,2\n", Some("YEAR")),
        ("x,t,year\n1,7,a\n2,8,b\n", Some("t")),
        (",x\n0,1\n1,2\n", Some("column 1")),
        ("Tag,x\n2024-01-01,1\n2024-01-02,2\n", Some("Tag")),
        ("sensor,x\na,1\nb,2\n", None),
        ("index\n1\n2\n", None),
        ("x\n1\n2\n", None),
    ] {
        let series = read(text);
        let found = series.times().map(|times| times.name.as_str());
        assert_eq!(found, name, "{text:?}");
        assert_eq!(series.values(), [1.0, 2.0], "{text:?}");
    }
}

#[test]
fn what_is_asked_for_goes_before_what_is_likely() {
    let text = "t,time,x,y\n1,10,5,50\n2,20,6,60\n";
    let series = read_with(text, &options("time", "y")).expect("both are there");
    assert_eq!(series.values(), [50.0, 60.0]);
    assert_eq!(labels(&series), ["10", "20"]);
    let series = read_with(text, &options("", "t")).expect("t is there");
    assert_eq!(series.values(), [1.0, 2.0]);
    assert_eq!(labels(&series), ["10", "20"]);
    let month = "month,x\n12,5\n1,6\n";
    let series = read_with(month, &options("none", "x")).expect("x is there");
    assert_eq!(series.times(), None);
    let none = "none,x\n1,5\n2,6\n";
    let series = read_with(none, &options("none", "")).expect("none is there");
    assert_eq!(labels(&series), ["1", "2"]);
}

#[test]
fn the_value_column_is_the_only_one_with_numbers() {
    let series = read("t,label,x,note\n1,a,,\n2,b,5,\n3,c,6,\n");
    assert_eq!(series.len(), 3);
    assert_eq!(series.n_observed(), 2);
}

#[test]
fn times_may_be_numbers_dates_and_date_times() {
    for (first, second) in [
        ("-1.5", "2"),
        ("1", "1.5"),
        ("1700000000000000000", "1700000000000000001"),
        ("2024-01-31", "2024-02-01"),
        ("2023-12", "2024-01"),
        ("2024-01-31", "2024-01-31T00:00:01"),
        ("2024-01-31 08:00", "2024-01-31 09:00"),
        ("2024-01-31T08:00:00Z", "2024-01-31T08:00:00.001Z"),
        // Earlier on the wall, later in time.
        ("2024-10-27T02:30:00+02:00", "2024-10-27T02:15:00+01:00"),
    ] {
        let series = read(&format!("t,x\n{first},1\n{second},2\n"));
        assert_eq!(labels(&series), [first, second]);
    }
}

#[test]
fn times_that_do_not_increase_are_refused_with_both_rows() {
    for (second, wanted) in [
        (
            "2024-01-31",
            r#"time "2024-01-31" is the same as "2024-01-31" in row 2 at s.csv:4, column "t""#,
        ),
        (
            "2024-01-30",
            r#"time "2024-01-30" is before "2024-01-31" in row 2 at s.csv:4, column "t""#,
        ),
        (
            "7",
            r#""7" is a number, but row 2 has a date or time without an offset at s.csv:4, column "t""#,
        ),
        (
            "2024-02-01T00:00Z",
            r#""2024-02-01T00:00Z" is a time with an offset, but row 2 has a date or time without an offset at s.csv:4, column "t""#,
        ),
        (
            "31/01/2024",
            r#""31/01/2024" is not a time at s.csv:4, column "t""#,
        ),
        (
            "2024-02-30",
            r#""2024-02-30" is not a time at s.csv:4, column "t""#,
        ),
        ("inf", r#""inf" is not a time at s.csv:4, column "t""#),
        ("", r#"the time is missing at s.csv:4, column "t""#),
    ] {
        // The quoted line end makes row 4 of the third one.
        let text = format!("t,x,note\n2024-01-31,1,\"a\nb\"\n{second},2,\n");
        assert_eq!(refused(&text), wanted);
    }
    assert_eq!(
        refused("t,x\n1,1\n1.0,2\n"),
        r#"time "1.0" is the same as "1" in row 2 at s.csv:3, column "t""#
    );
}

#[test]
fn files_that_hold_no_table_are_refused() {
    for (text, wanted) in [
        ("", "the file is empty at s.csv"),
        ("\u{feff} \n\n", "the file is empty at s.csv"),
        ("t,x\n", "there is a header and no row under it at s.csv"),
        (
            "t,x\n,\n\n",
            "there is a header and no row under it at s.csv",
        ),
        (
            "1,2\n2,3\n",
            "the first row is all numbers: there is no header at s.csv:1",
        ),
        (
            "\n2024-01-01,2\n2024-01-02,3\n",
            "the first row is all numbers: there is no header at s.csv:2",
        ),
        ("x,t,x\n", r#"two columns are called "x" at s.csv:1"#),
        (
            "t,x\n1,2\n2,3,4\n",
            "this row has 3 cells, the header has 2 at s.csv:3",
        ),
        (
            "t,x\r\n1,2\r\n2\r\n",
            "this row has 1 cell, the header has 2 at s.csv:3",
        ),
        (
            "t,x\n1,\"2\n2,3\n",
            r#""2\n2,3" is not a number at s.csv:2, column "x""#,
        ),
    ] {
        assert_eq!(refused(text), wanted, "{text:?}");
    }
}

#[test]
fn columns_that_do_not_answer_are_refused() {
    let text = "when,x,y,Load\na,1,1,1\nb,2,2,2\n";
    let near = read_with(text, &options("", "load")).expect_err("case counts");
    assert_eq!(
        near.to_string(),
        "there is no column \"load\"\n  at s.csv\n  hint: did you mean \"Load\"? There are \"when\", \"x\", \"y\", \"Load\""
    );
    let far = read_with(text, &options("hour", "x")).expect_err("there is none");
    assert_eq!(far.hint(), r#"there are "when", "x", "y", "Load""#);
    assert_eq!(
        refused(text),
        r#"several columns hold numbers: "x", "y", "Load" at s.csv"#
    );
    assert_eq!(
        refused("when,who\na,b\nc,d\n"),
        r#"no column holds numbers; the columns are "when", "who" at s.csv"#
    );
    assert_eq!(
        refused_with(text, &options("x", "x")),
        "one column cannot be both time and value at s.csv"
    );
    let wide: Vec<String> = (0..40).map(|column| format!("c{column}")).collect();
    let hint = read_with(
        &format!("{}\n{}1\n", wide.join(","), "1,".repeat(39)),
        &options("", "zz"),
    )
    .expect_err("there is none")
    .hint();
    assert!(hint.ends_with(r#""c11" and 28 more"#), "{hint}");
}

#[test]
fn a_second_column_of_numbers_is_found_late() {
    assert_eq!(
        refused("t,x,y\n1,,2\n2,,3\n3,4,4\n"),
        r#"several columns hold numbers: "x", "y" at s.csv"#
    );
}

#[test]
fn cells_that_are_no_finite_number_are_refused() {
    for (cell, wanted, hint) in [
        ("abc", r#""abc" is not a number"#, "correct it"),
        ("-nan", r#""-nan" is not a number"#, "correct it"),
        ("1 2", r#""1 2" is not a number"#, "separate cells"),
        (
            "\"1,5\"",
            r#""1,5" is not a number"#,
            "write decimals with a point",
        ),
        (
            "inf",
            r#""inf" is not a finite number"#,
            "correct the value",
        ),
        (
            "-Infinity",
            r#""-Infinity" is not a finite number"#,
            "correct the value",
        ),
        (
            "1e999",
            r#""1e999" is too large a number"#,
            "correct the value",
        ),
    ] {
        let text = format!("t,x\n1,4\n2,5\n3,{cell}\n");
        assert_eq!(refused(&text), format!("{wanted} at s.csv:4, column \"x\""));
        let error = read_with(&text, &CsvOptions::default()).expect_err("refused above");
        assert!(error.hint().starts_with(hint), "{}", error.hint());
    }
    let long = refused(&format!("t,x\n1,4\n2,{}\n", "long".repeat(100)));
    assert!(long.len() < 100, "{long}");
}

#[test]
fn values_in_which_nothing_can_switch_are_refused() {
    for (text, wanted) in [
        (
            "t,x\n1,4\n",
            r#"there is only one row of data at s.csv, column "x""#,
        ),
        (
            "t,x\n1,\n2,NA\n3,null\n",
            r#"every value is missing (3 rows) at s.csv, column "x""#,
        ),
        (
            "t,x\n1,\n2,5\n3,\n",
            r#"only one value of 3 is not missing at s.csv, column "x""#,
        ),
        (
            "t,x\n1,4\n2,\n3,4.0\n",
            r#"every observation is 4: there is nothing to switch at s.csv, column "x""#,
        ),
        (
            "t,x\n1,1e300\n2,1e300\n",
            r#"every observation is 1e300: there is nothing to switch at s.csv, column "x""#,
        ),
    ] {
        assert_eq!(refused(text), wanted, "{text:?}");
    }
}

#[test]
fn a_file_is_named_in_its_errors_and_names_its_series() {
    let folder = tempfile::tempdir().expect("a folder for this test");
    let path = folder.path().join("flow.2024.csv");
    let none = CsvOptions::default();
    let missing = read_csv(&path, &none).expect_err("nothing is there");
    assert!(matches!(missing.fault(), InputFault::NotFound));
    assert_eq!(missing.place().file, path.display().to_string());

    std::fs::write(&path, "t,x\n1,2\n2,3\n").expect("the folder is writable");
    let series = read_csv(&path, &none).expect("two rows");
    assert_eq!(series.name(), "flow.2024");

    std::fs::write(&path, b"t,x\n1,2\n2,\xff\n").expect("the folder is writable");
    let latin = read_csv(&path, &none).expect_err("0xff is not UTF-8");
    assert!(matches!(latin.fault(), InputFault::NotUtf8));
    assert_eq!(latin.place().row, Some(3));

    let directory = read_csv(folder.path(), &none).expect_err("this is a folder");
    assert!(matches!(directory.fault(), InputFault::IsFolder));
}

#[test]
fn failed_reads_are_told_apart() {
    // Who runs as root may read everything, so the refusal is made here.
    let denied = InputFault::from_io(io::ErrorKind::PermissionDenied.into());
    assert!(matches!(denied, InputFault::Denied));
    let broken = InputFault::from_io(io::Error::other("disk on fire"));
    assert_eq!(broken.to_string(), "the file cannot be read: disk on fire");
}

#[test]
fn the_bundled_series_is_the_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/deck.csv");
    let series = bundled(&CsvOptions::default()).expect("it comes with the program");
    assert_eq!(
        series,
        read_csv(&path, &CsvOptions::default()).expect("the same text")
    );
    assert_eq!((series.name(), series.len()), ("deck", 90));
    assert_eq!(series.values().first(), Some(&0.764_052_345_967_664));
    assert_eq!(series.label(45), Some("46"));
}

#[test]
fn every_file_of_the_data_folder_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let mut found: Vec<(String, usize, String)> = std::fs::read_dir(folder)
        .expect("the data folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .map(|path| read_csv(&path, &CsvOptions::default()).expect("a series"))
        .map(|series| {
            let last = series.label(series.len() - 1).unwrap_or_default();
            (series.name().into(), series.n_observed(), last.into())
        })
        .collect();
    found.sort();
    let wanted = [
        ("belgian_phone_calls", 24, "1973"),
        ("coal_mining_disasters", 111, "1961"),
        ("deck", 90, "90"),
        ("quality_control_1", 313, "313"),
        ("quality_control_2", 283, "283"),
        ("quality_control_3", 366, "366"),
        ("quality_control_4", 500, "500"),
        ("quality_control_5", 325, "325"),
    ]
    .map(|(name, observed, last)| (name.to_string(), observed, last.to_string()));
    assert_eq!(found, wanted);
}
