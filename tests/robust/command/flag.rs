//! Flags that contradict each other or change nothing.

use std::process::Command;
use std::time::{Duration, Instant};

use countenance::train::{Order, StageConfig, TrainConfig};

use super::{Ending, FINISHED, names, program, refusal};

/// Words on a command line, split at blanks.
fn with<'a>(program: &'a mut Command, words: &str) -> &'a mut Command {
    program.args(words.split_whitespace())
}

#[test]
fn flags_that_would_change_nothing_are_refused_and_nothing_is_left() {
    let here = tempfile::tempdir().unwrap();
    let text = |path: &std::path::Path| Some(path.to_string_lossy().into_owned());
    let configs = [
        ("given", TrainConfig::new().with_data(text(&FINISHED.set()))),
        (
            "weights",
            TrainConfig::new().with_weights(text(&FINISHED.model())),
        ),
        ("whole", TrainConfig::new().with_order(Order::Whole)),
        ("sgd", {
            let mut config = TrainConfig::new();
            for stage in config.heads_mut() {
                stage.sam = None;
            }
            config
        }),
    ];
    for (name, config) in &configs {
        std::fs::write(here.path().join(name), config.to_string()).unwrap();
    }
    let before = names(here.path());
    for (words, expected) in [
        (
            "--optimizer sgd --rho .1",
            "--rho: expected sharpness-aware minimisation",
        ),
        ("--optimizer adamw --rho .1", "found --optimizer adamw"),
        ("--config sgd --rho .1", "found a config without it"),
        (
            "--backbone-epochs 2 --backbone w.pt",
            "'--backbone <WEIGHTS>'",
        ),
        (
            "--backbone-epochs 2 --config weights",
            "--backbone-epochs: expected a backbone that is trained",
        ),
        (
            "--whole-epochs 2",
            "--whole-epochs: expected --order whole, found --order staged",
        ),
        ("--whole-epochs 2 --order joint", "found --order joint"),
        (
            "--whole-epochs 2 --config whole --order staged",
            "found --order staged",
        ),
        ("--synthetic-train 9 --data d", "'--data <PATH>'"),
        ("--synthetic-validation 9 --data d", "'--data <PATH>'"),
        (
            "--synthetic-train 9 --config given",
            "--synthetic-train: expected a set that is rendered",
        ),
        (
            "--synthetic-validation 9 --config given",
            "--synthetic-validation: expected a set",
        ),
        ("--max-unreadable .5", "--max-unreadable: expected --data"),
        ("--recipe small", "--recipe: expected --data"),
        ("--resume --recipe auto", "'--recipe <RECIPE>'"),
        ("--resume --seed 1", "'--seed <N>'"),
        ("--resume --order joint", "'--order <ORDER>'"),
        ("--resume --ema 0.9", "'--ema <DECAY>'"),
        ("--resume --config given", "'--config <JSON>'"),
        ("--resume --whole-epochs 2", "'--whole-epochs <N>'"),
    ] {
        let left = with(&mut program("train", here.path()), words).left();
        let error = refusal(&left);
        assert!(error.contains(expected), "{words}: {error}");
        assert_eq!(names(here.path()), before, "{words}");
    }
    let left = with(&mut program("ablation", here.path()), "--max-unreadable .5").left();
    let error = refusal(&left);
    assert!(
        error.contains("--max-unreadable: expected --data"),
        "{error}"
    );
    assert_eq!(names(here.path()), before);
}

#[test]
fn an_optimizer_is_what_the_help_says_in_the_runs_config() {
    for (words, rho, name) in [
        ("--optimizer sgd", None, "Sgd"),
        ("--optimizer adamw", None, "AdamW"),
        ("--optimizer sam --rho .25", Some(0.25), "Sgd"),
        ("--rho .25", Some(0.25), "Sgd"),
        ("", Some(0.05), "Sgd"),
    ] {
        let here = tempfile::tempdir().unwrap();
        let mut train = program("train", here.path());
        train.args(super::SHORT).args(["--out", "run"]);
        super::said(&with(&mut train, words).left());
        let mut config = TrainConfig::load(&here.path().join("run/config.json")).unwrap();
        for stage in config.heads_mut() {
            let found = stage.sam.as_ref().map(|sam| sam.rho);
            assert_eq!(found, rho, "{words}");
            assert!(stage.optimizer.to_string().contains(name), "{words}");
        }
    }
}

#[test]
fn a_small_set_has_settings_that_fit_it_unless_others_are_asked_for() {
    let paper = StageConfig::new();
    let fitted = |stage: &StageConfig| {
        let is_paper = stage.learning_rate == paper.learning_rate && stage.patience.is_none();
        assert_ne!(is_paper, stage.warm_up > 0.0);
        !is_paper
    };
    let set = FINISHED.set();
    for (words, is_fitted, told) in [
        (
            "",
            true,
            "learning rate 0.05, warmed up over 5 % of the steps",
        ),
        ("--recipe small", true, "learning rate 0.05, warmed up"),
        ("--recipe paper", false, "learning rate 0.001, 1 epochs"),
        (
            "--recipe auto --learning-rate 0.25",
            true,
            "learning rate 0.25, warmed up",
        ),
    ] {
        let here = tempfile::tempdir().unwrap();
        let mut train = program("train", here.path());
        train
            .arg("--data")
            .arg(&set)
            .arg("--backbone")
            .arg(FINISHED.model());
        train.args(["--epochs", "1", "--out", "run"]);
        let said = super::said(&with(&mut train, words).left());
        assert!(said.contains(told), "{words}: {said}");
        let mut config = TrainConfig::load(&here.path().join("run/config.json")).unwrap();
        assert_eq!(config.recipe, None);
        assert_eq!(config.whole.mixup.is_some(), is_fitted, "{words}");
        for stage in config.heads_mut() {
            assert_eq!(stage.epochs, 1, "{words}");
            if !words.contains("rate") {
                assert_eq!(fitted(stage), is_fitted, "{words}");
            }
        }
    }
}

#[test]
fn an_average_of_weights_is_one_of_the_heads_and_of_the_whole_network() {
    for (words, decay) in [("--ema 0.75", Some(0.75)), ("", None)] {
        let here = tempfile::tempdir().unwrap();
        let mut train = program("train", here.path());
        train.args(super::SHORT).args(["--out", "run"]);
        super::said(&with(&mut train, words).left());
        let mut config = TrainConfig::load(&here.path().join("run/config.json")).unwrap();
        let decays = |stage: &StageConfig| stage.ema.as_ref().map(|ema| ema.decay);
        assert_eq!(decays(&config.whole), decay, "{words}");
        assert_eq!(decays(&config.backbone.stage), None, "{words}");
        for stage in config.heads_mut() {
            assert_eq!(decays(stage), decay, "{words}");
        }
    }
    let here = tempfile::tempdir().unwrap();
    for value in ["1", "-0.5", "NaN", "often"] {
        let words = format!("--ema {value}");
        let error = refusal(&with(&mut program("train", here.path()), &words).left());
        let expected = "expected a number of at least 0 and below 1";
        assert!(error.contains(expected), "{error}");
    }
    assert!(names(here.path()).is_empty());
}

#[test]
fn more_devices_than_there_are_are_refused_at_once() {
    let here = tempfile::tempdir().unwrap();
    for count in ["2", "100000000", "18446744073709551615"] {
        let start = Instant::now();
        let words = format!("--devices {count} --device flex");
        let left = with(&mut program("train", here.path()), &words).left();
        let error = refusal(&left);
        let expected = format!("error: --devices: expected {count} of flex");
        assert!(error.starts_with(&expected), "{error}");
        assert!(start.elapsed() < Duration::from_secs(20), "{count}");
        assert!(names(here.path()).is_empty());
    }
}

#[test]
fn a_processor_computes_with_what_the_list_of_devices_says() {
    let here = tempfile::tempdir().unwrap();
    let list = program("train", here.path())
        .args(["--device", "list"])
        .left();
    let list = list.out;
    let line = list
        .lines()
        .find(|line| line.starts_with("flex:0"))
        .unwrap();
    assert!(line.ends_with("(f32)"), "{line}");
    let (model, set) = (FINISHED.model(), FINISHED.set());
    for (name, inputs) in [
        (
            "predict",
            vec!["--model".as_ref(), model.as_os_str(), set.as_os_str()],
        ),
        (
            "evaluate",
            vec![
                "--model".as_ref(),
                model.as_os_str(),
                "--data".as_ref(),
                set.as_os_str(),
            ],
        ),
        (
            "extract",
            vec![
                "--backbone".as_ref(),
                model.as_os_str(),
                "--images".as_ref(),
                set.as_os_str(),
                "--out".as_ref(),
                "o".as_ref(),
            ],
        ),
    ] {
        for half in ["f16", "bf16"] {
            let mut program = program(name, here.path());
            program
                .args(&inputs)
                .args(["--device", "flex", "--precision", half]);
            let error = refusal(&program.left());
            let expected = "error: --precision: expected f32";
            assert!(
                error.starts_with(expected) && error.ends_with(half),
                "{name}: {error}"
            );
        }
    }
    assert!(names(here.path()).is_empty());
}
