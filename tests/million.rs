//! A table of a million rows, read by processes of their own, whose time and memory are those of the
//! reading: `cargo test --release --test million -- --nocapture` prints them.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use countenance::data::table::{LabelConfig, read};

const ROWS: usize = 1_000_000;

/// The most memory that this process has had in use, in MB; nothing where the system does not say.
fn peak() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1000)
}

/// Tells the process that reads which table.
const TABLE: &str = "COUNTENANCE_TABLE";
const READINGS: usize = 3;

fn write(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let units = [1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26];
    let names = units.map(|unit| format!("AU{unit:02}_c")).join(",");
    writeln!(
        file,
        "image,valence,arousal,expression,{names},split,video,frame,subject,weight"
    )
    .unwrap();
    let mut line = String::new();
    for row in 0..ROWS {
        line.clear();
        let class = ["happy", "sad", "Neutral", "Surprise", ""][row % 5];
        let (video, frame) = (row / 500, row % 500);
        let [valence, arousal] = [7, 11].map(|step| (row * step % 2001) as f64 / 1000.0 - 1.0);
        write!(
            line,
            "batch2/video_{video}/{frame:05}.jpg,{valence},{arousal},{class}"
        )
        .unwrap();
        for unit in 0..12 {
            line.push(',');
            line.push(['0', '1'][row >> unit & 1]);
        }
        let part = ["train", "val"][usize::from(video % 5 == 0)];
        write!(line, ",{part},video_{video},{frame},person {},1", video / 3).unwrap();
        writeln!(file, "{line}").unwrap();
    }
    file.into_inner().unwrap();
}

#[test]
fn a_million_rows_of_every_kind_of_label_are_read_within_500_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    write(&path);
    for _ in 0..READINGS {
        let read = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_reading_alone", "--ignored", "--nocapture"])
            .env(TABLE, &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&read.stdout);
        let figures = said.lines().find(|line| line.contains("reading: "));
        println!("{}", figures.unwrap_or(&said));
        let errors = String::from_utf8_lossy(&read.stderr);
        assert!(
            read.status.success() && figures.is_some(),
            "{said}\n{errors}"
        );
    }
}

#[test]
#[ignore = "run by the other test, in a process of its own"]
fn the_reading_alone() {
    let Some(path) = std::env::var_os(TABLE) else {
        println!("skipped: there is no table but the other test's");
        return;
    };
    let start = Instant::now();
    let table = read(path.as_ref(), &LabelConfig::new()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!((table.rows.len(), table.parts.len()), (ROWS, ROWS));
    assert_eq!(table.rows[ROWS - 1].labels.action_units.len(), 12);
    assert_eq!(table.marks.videos.get(ROWS - 1), Some("video_1999"));
    match peak() {
        Some(peak) => {
            println!("reading: {seconds:.2} s, {peak} MB");
            assert!(peak < 500, "{peak} MB");
        }
        None => println!("reading: {seconds:.2} s; this system does not say how much memory"),
    }
}
