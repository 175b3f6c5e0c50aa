//! `--help` and `--version`.

use std::collections::BTreeMap;

use countenance::data::synthetic::SyntheticConfig;
use countenance::train::{StageConfig, TrainConfig};

use super::{Ending, program, said};

const PROGRAMS: [&str; 12] = [
    "ablation",
    "convert",
    "crop",
    "evaluate",
    "extract",
    "live",
    "predict",
    "submit",
    "synthesize",
    "train",
    "tune",
    "video",
];

fn output(name: &str, flag: &str) -> String {
    let left = program(name, &std::env::temp_dir()).arg(flag).left();
    said(&left);
    left.out
}

/// The text of every flag that takes a value.
fn flags(name: &str) -> BTreeMap<String, String> {
    let help = output(name, "--help");
    let mut flags = BTreeMap::new();
    let mut last = None;
    for line in help.lines().map(str::trim) {
        if line.starts_with('-') && !line.starts_with("- ") {
            let flag = line.split_once(" <").map(|(flag, _)| flag.to_string());
            let text = line.split_once('>').map_or("", |(_, text)| text);
            flags.extend(flag.clone().map(|flag| (flag, text.to_string())));
            last = flag;
        } else if let Some(text) = last.as_ref().and_then(|flag| flags.get_mut(flag)) {
            *text = format!("{text} {line}");
        }
    }
    flags
}

#[test]
fn every_program_has_a_version_and_a_help() {
    for name in PROGRAMS {
        let version = format!("countenance {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(output(name, "--version"), version);
        assert!(output(name, "--help").contains("Usage: "), "{name}");
        assert!(!output(name, "--help").contains("A line a face"), "{name}");
    }
}

#[test]
fn every_flag_tells_its_default_or_has_none() {
    // What is not given is not there, or is told from the file.
    let without = [
        "--data",
        "--backbone",
        "--config",
        "--sheet",
        "--features",
        "--heads",
        "--names",
        "--overlay",
        "--confusion",
        "--shard",
        "--merge",
        "--to",
        "--flavour",
        "--weights",
        "--labels",
        "--annotate",
        "--timeline",
        "--scores",
        "--reliability",
        "--baseline-weights",
        "--row",
    ];
    let required = ["--model", "--images", "--list"];
    for name in PROGRAMS {
        let flags = flags(name);
        assert!(flags.len() > 3, "{flags:?}");
        for (flag, text) in flags {
            let is_told = text.contains("[default: ");
            let writes = !["train", "ablation", "video"].contains(&name) && flag == "--out";
            let flag = flag.as_str();
            let has_none = writes || without.contains(&flag) || required.contains(&flag);
            assert!(is_told != has_none, "{name} {flag}: {text}");
        }
    }
}

#[test]
fn every_number_tells_its_range() {
    for name in ["predict", "evaluate", "extract", "submit", "crop"] {
        for (flag, text) in flags(name) {
            let range = match flag.as_str() {
                "--batch-size" | "--min-face" => "at least 1",
                "--max-unreadable" | "--threshold" | "--confidence" => "0 to 1",
                _ => continue,
            };
            assert!(text.contains(range), "{name} {flag}: {text}");
        }
    }
}

#[test]
fn the_defaults_and_ranges_are_those_of_the_library() {
    let (data, rendered) = (TrainConfig::new(), TrainConfig::synthetic());
    let heads = |value: fn(&StageConfig) -> String| {
        let [au, ex, va, joint] = [
            &rendered.action_unit,
            &rendered.expression,
            &rendered.valence_arousal,
            &rendered.joint,
        ]
        .map(value);
        format!(
            "{} with --recipe paper; without --data au {au}, ex {ex}, va {va}, joint {joint}",
            value(&data.joint)
        )
    };
    let train = flags("train");
    let sam = data.action_unit.sam.as_ref().unwrap();
    for (flag, default) in [
        ("--epochs", heads(|stage| stage.epochs.to_string())),
        (
            "--learning-rate",
            heads(|stage| stage.learning_rate.to_string()),
        ),
        ("--batch-size", data.joint.batch_size.to_string()),
        (
            "--whole-epochs",
            format!("{} unless --recipe says otherwise", data.whole.epochs),
        ),
        (
            "--backbone-epochs",
            format!(
                "{} unless --recipe says otherwise",
                data.backbone.stage.epochs
            ),
        ),
        ("--rho", sam.rho.to_string()),
        ("--ema", "no average".to_string()),
        ("--seed", data.seed.to_string()),
        (
            "--synthetic-train",
            SyntheticConfig::new().train.to_string(),
        ),
        (
            "--synthetic-validation",
            SyntheticConfig::new().validation.to_string(),
        ),
        ("--max-unreadable", data.max_unreadable.to_string()),
        ("--optimizer", "sam".to_string()),
        ("--order", "staged".to_string()),
        ("--devices", "1".to_string()),
        ("--device", "flex".to_string()),
        ("--validation-share", data.division.validation.to_string()),
        ("--division-seed", data.division.seed.to_string()),
        ("--folds", "no folds".to_string()),
    ] {
        let expected = format!("[default: {default}]");
        assert!(train[flag].contains(&expected), "{flag}: {}", train[flag]);
    }
    for (name, flag, range) in [
        ("train", "--epochs", format!("1 to {}", StageConfig::MOST)),
        (
            "train",
            "--batch-size",
            format!("1 to {}", StageConfig::MOST),
        ),
        (
            "train",
            "--whole-epochs",
            format!("1 to {}", StageConfig::MOST),
        ),
        (
            "train",
            "--backbone-epochs",
            format!("1 to {}", StageConfig::MOST),
        ),
        (
            "train",
            "--learning-rate",
            "above 0 and at most 1".to_string(),
        ),
        ("train", "--rho", "at least 0".to_string()),
        ("train", "--ema", "at least 0 and below 1".to_string()),
        ("train", "--max-unreadable", "0 to 1".to_string()),
        (
            "train",
            "--synthetic-train",
            format!("1 to {}", SyntheticConfig::MOST),
        ),
        (
            "synthesize",
            "--train",
            format!("1 to {}", SyntheticConfig::MOST),
        ),
        (
            "synthesize",
            "--validation",
            format!("1 to {}", SyntheticConfig::MOST),
        ),
        ("ablation", "--seeds", "at least 1".to_string()),
        (
            "train",
            "--validation-share",
            "above 0 and below 1".to_string(),
        ),
        ("train", "--folds", "2 to 1000".to_string()),
    ] {
        let text = &flags(name)[flag];
        assert!(text.contains(&range), "{name} {flag}: {text}");
    }
}
