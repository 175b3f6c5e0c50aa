//! What is said at the end, at the stop, and when nobody reads on.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Ending, FINISHED, SHORT, names, program, said};

#[test]
fn a_run_ends_with_where_everything_is_and_a_command_that_works() {
    let here = tempfile::tempdir().unwrap();
    let train = program("train", here.path()).args(SHORT).left();
    let told = said(&train);
    for (what, path) in [
        ("model     ", "runs/001/model.safetensors"),
        ("pictures  ", "runs/001/curves.png, runs/001/confusion.png"),
        ("report    ", "runs/001/report.json"),
    ] {
        assert!(told.contains(&format!("{what}{path}\n")), "{told}");
        for path in path.split(", ") {
            assert!(here.path().join(path).is_file(), "{path}");
        }
    }
    let predict = follow(&told, "to try it: ", here.path());
    assert!(predict.contains("valence"), "{predict}");
}

/// Runs the command that follows `lead` in a shell, as somebody who copies it would.
fn follow(told: &str, lead: &str, here: &Path) -> String {
    let command = told
        .lines()
        .find_map(|line| line.strip_prefix(lead))
        .unwrap_or_else(|| panic!("no {lead:?} in {told}"));
    let left = Command::new("sh")
        .args(["-c", command])
        .current_dir(here)
        .env_remove("CARGO")
        .left();
    said(&left);
    left.out
}

/// Starts a program, asks it to stop as Ctrl-C does once `ready` is there, and returns what it said.
#[cfg(unix)]
fn interrupted(program: &mut Command, ready: &Path) -> String {
    let mut child = program
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !ready.exists() && start.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    said
}

#[cfg(unix)]
#[test]
fn after_ctrl_c_the_command_that_is_told_goes_on_to_the_end() {
    let here = tempfile::tempdir().unwrap();
    let long = [
        "--epochs",
        "400",
        "--backbone-epochs",
        "1",
        "--device",
        "flex",
    ];
    for (out, metrics) in [
        (Some("it's here"), "it's here/metrics.csv"),
        (None, "runs/001/metrics.csv"),
    ] {
        let mut train = program("train", here.path());
        train
            .args(["--synthetic-train", "24", "--synthetic-validation", "12"])
            .args(long);
        train.args(out.iter().flat_map(|out| ["--out", out]));
        let told = interrupted(&mut train, &here.path().join(metrics));
        let folder = here.path().join(metrics).with_file_name("");
        assert!(
            told.contains("error: interrupted; what was finished is kept\n"),
            "{told}"
        );
        assert!(told.contains(" --device flex\n"), "{told}");
        assert!(
            !folder.join("report.json").exists(),
            "it was done before it was asked"
        );
        // Ten times as fast: the rest is not what is tested.
        let config = std::fs::read_to_string(folder.join("config.json")).unwrap();
        let config = config.replace("\"epochs\": 400", "\"epochs\": 4");
        std::fs::write(folder.join("config.json"), config).unwrap();
        follow(&told, "to go on: ", here.path());
        assert!(folder.join("report.json").exists());
    }
}

#[cfg(unix)]
#[test]
fn an_ablation_that_was_stopped_says_the_same_command_again() {
    let here = tempfile::tempdir().unwrap();
    let mut ablation = program("ablation", here.path());
    ablation.args(["--seeds", "1", "--out", "a b", "--row", "none"]);
    let told = interrupted(&mut ablation, &here.path().join("a b/none-seed0/data.json"));
    let expected = "ablation --seeds 1 --out 'a b' --row none\n";
    assert!(
        told.contains("running it again goes on from there: "),
        "{told}"
    );
    assert!(told.ends_with(expected), "{told}");
}

#[cfg(unix)]
#[test]
fn started_with_cargo_the_command_is_cargos() {
    let package = env!("CARGO_MANIFEST_DIR");
    let here = tempfile::tempdir().unwrap();
    let train = |folder: &Path| {
        let mut train = program("train", folder);
        train
            .env("CARGO", "cargo")
            .env("CARGO_MANIFEST_DIR", package);
        let out = here.path().join("run");
        said(&train.args(SHORT).arg("--out").arg(&out).left());
        let told = said(&train.arg("--help").left());
        assert!(told.is_empty());
        // A finished run says it again.
        let mut again = program("train", folder);
        again
            .env("CARGO", "cargo")
            .env("CARGO_MANIFEST_DIR", package);
        let told = said(&again.args(["--resume", "--out"]).arg(&out).left());
        std::fs::remove_dir_all(out).unwrap();
        told
    };
    let release = if cfg!(debug_assertions) {
        ""
    } else {
        " --release"
    };
    let told = train(Path::new(package));
    let expected = format!("to try it: cargo run{release} --example predict -- --model ");
    assert!(told.contains(&expected), "{told}");
    let told = train(here.path());
    let expected = format!(
        "to try it: cargo run{release} --manifest-path {package}/Cargo.toml --example predict -- "
    );
    assert!(told.contains(&expected), "{told}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_enough_ends_every_program_quietly() {
    let here = tempfile::tempdir().unwrap();
    let (model, set) = (FINISHED.model(), FINISHED.set());
    let (model, set) = (model.to_str().unwrap(), set.to_str().unwrap());
    let images = format!("{set}/cropped_aligned");
    let rows = std::fs::read_to_string(format!("{set}/validation_set_annotations.txt")).unwrap();
    let mut list = rows.lines().next().unwrap().to_string();
    for row in rows.lines().skip(1) {
        list = format!("{list}\n{}", row.split(',').next().unwrap());
    }
    std::fs::write(here.path().join("list"), list).unwrap();
    for (name, arguments) in [
        ("predict", vec!["--model", model, &images]),
        (
            "predict",
            vec!["--model", model, "--format", "json", &images],
        ),
        ("predict", vec!["--device", "list"]),
        ("evaluate", vec!["--model", model, "--data", set]),
        (
            "extract",
            vec![
                "--backbone",
                model,
                "--images",
                &images,
                "--out",
                "o.safetensors",
            ],
        ),
        ("convert", vec![model, "c.safetensors"]),
        (
            "submit",
            vec![
                "--model", model, "--list", "list", "--images", &images, "--out", "s.txt",
            ],
        ),
        (
            "synthesize",
            vec!["--out", "faces", "--train", "2", "--validation", "2"],
        ),
        ("train", [SHORT.as_slice(), &["--out", "run"]].concat()),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = program(name, here.path());
        program
            .args(&arguments)
            .stdout(writer)
            .stderr(Stdio::piped());
        let left = program.spawn().unwrap().wait_with_output().unwrap();
        let told = String::from_utf8(left.stderr).unwrap();
        // As a shell tells of a program that SIGPIPE has ended.
        assert_eq!(left.status.code(), Some(141), "{name}: {told}");
        assert!(!told.contains("error"), "{name}: {told}");
    }
    assert!(here.path().join("run/report.json").exists());
    assert!(names(here.path()).contains(&"s.txt".to_string()));
}
