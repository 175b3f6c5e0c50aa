//! How a run starts: leaving no mark where it cannot, and a folder of its own where it can.

use std::process::Stdio;

use countenance::train::TrainConfig;

use super::{Ending, FINISHED, SHORT, names, program, refusal, said, settings};

#[test]
fn a_failed_start_leaves_nothing_and_the_corrected_command_works() {
    let set = FINISHED.set();
    let set = set.to_str().unwrap();
    let model = FINISHED.model();
    let model = model.to_str().unwrap();
    for (program_name, out) in [("train", "deep/in/f"), ("ablation", "deep/in/f")] {
        let here = tempfile::tempdir().unwrap();
        settings(here.path());
        std::fs::write(here.path().join("not weights.pt"), "weights").unwrap();
        let before = names(here.path());
        let run = |words: &[&str]| {
            let mut program = program(program_name, here.path());
            program
                .args(["--out", out, "--config", "settings.json"])
                .args(words);
            if program_name == "ablation" {
                program.args(["--seeds", "1", "--row", "none"]);
            }
            program.left()
        };
        for wrong in [
            ["--data", "typo"].as_slice(),
            &["--data", "settings.json"],
            &["--data", "."],
            &["--data", set, "--backbone", "typo.pt"],
            &["--data", set, "--backbone", "not weights.pt"],
            &["--data", set, "--backbone", "."],
            &["--data", set, "--device", "flex:7"],
            &["--data", set, "--device", "gpu"],
        ] {
            refusal(&run(wrong));
            assert_eq!(names(here.path()), before, "{program_name} {wrong:?}");
        }
        said(&run(&["--data", set, "--backbone", model]));
        assert!(here.path().join(out).is_dir());
    }
}

#[test]
fn images_that_are_not_there_are_said_before_anything_is_created() {
    let here = tempfile::tempdir().unwrap();
    let set = here.path().join("set");
    let make = program("synthesize", here.path())
        .args(["--out", "set", "--train", "20", "--validation", "10"])
        .left();
    said(&make);
    let images = set.join("cropped_aligned");
    let mut gone = 0;
    for folder in std::fs::read_dir(&images).unwrap() {
        for image in std::fs::read_dir(folder.unwrap().path()).unwrap().take(2) {
            std::fs::remove_file(image.unwrap().path()).unwrap();
            gone += 1;
        }
    }
    assert!(gone > 3);
    let train = |more: &[&str]| {
        let mut program = program("train", here.path());
        let settings = [
            "--data",
            "set",
            "--out",
            "run",
            "--backbone-epochs",
            "1",
            "--epochs",
            "1",
        ];
        program.args(settings).args(more).left()
    };
    let error = refusal(&train(&[]));
    assert!(
        error.contains("expected at most 0 that cannot be read, found"),
        "{error}"
    );
    assert!(
        error.contains(", such as cannot read set/cropped_aligned/"),
        "{error}"
    );
    assert!(
        error.ends_with("; --max-unreadable allows more of them"),
        "{error}"
    );
    assert_eq!(names(here.path()), ["set"]);
    said(&train(&["--max-unreadable", "0.9"]));
    // The folder of all of them: not a word on each.
    std::fs::remove_dir_all(&images).unwrap();
    let mut program = program("train", here.path());
    let error = refusal(&program.args(["--data", "set", "--out", "other"]).left());
    assert!(
        error.ends_with("set/cropped_aligned: expected the folder of the images, found nothing"),
        "{error}"
    );
    assert_eq!(names(here.path()), ["run", "set"]);
}

#[test]
fn images_that_cannot_be_read_may_be_more_when_the_run_goes_on() {
    let here = tempfile::tempdir().unwrap();
    let make = program("synthesize", here.path())
        .args(["--out", "set", "--train", "60", "--validation", "10"])
        .left();
    said(&make);
    // The last of the training's people, so that features of others are there before.
    let rows =
        std::fs::read_to_string(here.path().join("set/training_set_annotations.txt")).unwrap();
    let last = rows.lines().last().unwrap().split(',').next().unwrap();
    std::fs::write(
        here.path().join("set/cropped_aligned").join(last),
        "not an image",
    )
    .unwrap();
    let model = FINISHED.model();
    let train = |words: &[&str]| {
        let mut program = program("train", here.path());
        program.args(["--out", "run"]).args(words).left()
    };
    let start = [
        "--data",
        "set",
        "--epochs",
        "1",
        "--backbone",
        model.to_str().unwrap(),
    ];
    let left = train(&start);
    let error = refusal(&left);
    assert!(
        error.ends_with("; --max-unreadable allows more of them"),
        "{error}"
    );
    let hint = left.said;
    assert!(hint.contains("once that is mended, to go on: "), "{hint}");
    let error = refusal(&train(&["--resume"]));
    assert!(error.contains("cannot be read, found 1"), "{error}");
    said(&train(&["--resume", "--max-unreadable", "0.1"]));
    // It is the run's own setting from then on.
    said(&train(&["--resume"]));
    let config = TrainConfig::load(&here.path().join("run/config.json")).unwrap();
    assert_eq!(config.max_unreadable, 0.1);
}

#[test]
fn other_peoples_folders_are_left_as_they_are() {
    let here = tempfile::tempdir().unwrap();
    settings(here.path());
    std::fs::create_dir(here.path().join("mine")).unwrap();
    std::fs::write(here.path().join("mine/letter.txt"), "precious").unwrap();
    std::fs::write(here.path().join("file"), "precious").unwrap();
    for name in ["train", "ablation", "synthesize"] {
        for (out, expected) in [
            ("mine", "mine: expected an empty folder"),
            ("file", "file: expected a folder for the"),
        ] {
            let mut program = program(name, here.path());
            let error = refusal(&program.args(["--out", out]).left());
            assert!(error.contains(expected), "{name}: {error}");
            if out == "mine" {
                assert!(
                    error.contains("such as letter.txt; choose another folder"),
                    "{error}"
                );
            }
        }
        assert_eq!(names(&here.path().join("mine")), ["letter.txt"], "{name}");
    }
    assert_eq!(names(here.path()), ["file", "mine", "settings.json"]);
    assert_eq!(
        std::fs::read(here.path().join("file")).unwrap(),
        b"precious"
    );
}

#[test]
fn default_runs_at_the_same_moment_take_a_number_each() {
    let here = tempfile::tempdir().unwrap();
    let start = |_| {
        let mut train = program("train", here.path());
        train
            .args(SHORT)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        train.spawn().unwrap()
    };
    let runs: Vec<_> = (0..3).map(start).collect();
    for run in runs {
        assert!(run.wait_with_output().unwrap().status.success());
    }
    assert_eq!(names(&here.path().join("runs")), ["001", "002", "003"]);
    let mut reports = names(&here.path().join("runs"))
        .into_iter()
        .map(|run| std::fs::read(here.path().join("runs").join(run).join("report.json")).unwrap());
    let first = reports.next().unwrap();
    assert!(reports.all(|report| report == first));
    // The newest goes on, and is done.
    let left = program("train", here.path()).arg("--resume").left();
    assert!(said(&left).starts_with("going on with runs/003\n"));
}

#[test]
fn a_run_with_relative_paths_goes_on_from_any_folder() {
    let here = tempfile::tempdir().unwrap();
    for folder in ["set", "run", "elsewhere"] {
        std::fs::create_dir(here.path().join(folder)).unwrap();
    }
    std::fs::copy(FINISHED.model(), here.path().join("weights.safetensors")).unwrap();
    let make = program("synthesize", here.path())
        .args(["--out", "set", "--train", "20", "--validation", "10"])
        .left();
    said(&make);
    let train = program("train", here.path())
        .args(["--data", "set", "--backbone", "./weights.safetensors"])
        .args(["--epochs", "1", "--out", "run"])
        .left();
    said(&train);
    let run = here.path().join("run");
    let elsewhere = here.path().join("elsewhere");
    // To the last stage again.
    for part in ["model.safetensors", "checkpoints/va"] {
        let part = run.join(part);
        match part.is_dir() {
            true => std::fs::remove_dir_all(part).unwrap(),
            false => std::fs::remove_file(part).unwrap(),
        }
    }
    let resume = program("train", &elsewhere)
        .args(["--resume", "--out", "../run"])
        .left();
    said(&resume);
    assert!(run.join("model.safetensors").exists());
    assert!(names(&elsewhere).is_empty());
}
