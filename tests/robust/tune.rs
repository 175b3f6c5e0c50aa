//! `tune` as people run it: on a model, on another program's scores, and with what it refuses.

use std::path::Path;
use std::process::Command;

use countenance::ActionUnit;
use countenance::calibrate::Tuning;
use countenance::network::Tasks;
use countenance::predict::Predictor;
use serde_json::Value;

use crate::model::Place;
use crate::program::{Left, example, run};

/// Six videos in which a smile lasts, and a program that says too little of it in each frame.
fn scores() -> String {
    let mut text =
        "video,frame,AU12,label:AU12,probability:happy,probability:sad,label:expression,note\n"
            .to_string();
    for row in 0..240u32 {
        let (video, frame) = (row / 40, row % 40);
        let smiles = (frame / 10 + video) % 2 == 0;
        let noise = f64::from(row.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24) - 0.5;
        let score = if smiles { 0.3 } else { 0.1 } + 0.16 * noise;
        let happy = if smiles { 0.4 } else { 0.2 } + 0.3 * noise;
        text += &format!(
            "{video}.mp4,{frame},{score:.4},{},{happy:.4},{:.4},{},\n",
            u8::from(smiles),
            1.0 - happy,
            if smiles { "happiness" } else { "Sadness" },
        );
    }
    text
}

fn tune(arguments: &[&str], path: &Path) -> Left {
    let mut program = example("tune");
    run(program.arg("--scores").arg(path).args(arguments))
}

fn score(outcome: &Value, task: &str, which: &str) -> f64 {
    outcome[task][which]
        .as_f64()
        .unwrap_or_else(|| panic!("{task} {which}: {outcome}"))
}

#[test]
fn another_programs_scores_become_three_numbers_and_a_tuning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    std::fs::write(&path, scores()).unwrap();
    let out = folder.path().join("tuning.json");
    let written = out.to_str().unwrap();
    let left = tune(&["--out", written, "--format", "json"], &path);
    assert!(left.succeeded, "{}", left.said);
    assert!(
        left.said.contains("columns that say nothing here: note"),
        "{}",
        left.said
    );
    let outcome: Value = serde_json::from_str(&left.out).unwrap();
    assert_eq!(score(&outcome, "p_au", "untuned"), 0.0);
    for task in ["p_au", "p_ex"] {
        let tuned = score(&outcome, task, "cross_validated");
        assert!(tuned > 0.9, "{outcome}");
        assert!(score(&outcome, task, "in_sample") >= tuned);
        let low = outcome[task]["interval"][0].as_f64().unwrap();
        assert!(low <= tuned, "{outcome}");
    }
    for task in ["p_va", "p_mtl"] {
        assert!(outcome[task]["untuned"].is_null() && outcome[task]["interval"].is_null());
    }
    let text = std::fs::read_to_string(&out).unwrap();
    let tuning: Tuning = serde_json::from_str(&text).unwrap();
    tuning.validate().unwrap();
    let threshold = tuning.action_units[&ActionUnit::AU12].threshold;
    assert!(
        (0.0..1.0).contains(&threshold) && !tuning.smoothing.is_off(),
        "{text}"
    );
    let origin = tuning.origin.unwrap();
    assert_eq!(
        (origin.split.as_str(), origin.rows, origin.videos),
        ("scores.csv", 240, 6)
    );
    // Over an older one, the same to the last byte; and for people, with what to believe.
    let again = tune(&["--out", written], &path);
    assert!(again.succeeded, "{}", again.said);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), text);
    for said in [
        "Believe the cross-validated number",
        "thresholds: AU12",
        "smoothing over time",
    ] {
        assert!(again.out.contains(said), "{said}: {}", again.out);
    }
    #[cfg(feature = "picture")]
    {
        let picture = folder.path().join("reliability.png");
        let left = tune(&["--reliability", picture.to_str().unwrap()], &path);
        assert!(left.succeeded && picture.exists(), "{}", left.said);
    }
}

#[test]
fn what_cannot_be_tuned_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let refused = |text: &str, arguments: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let left = tune(arguments, &path);
        assert!(!left.succeeded && left.out.is_empty(), "{}", left.out);
        let errors = left.said.lines().filter(|line| line.contains("error: "));
        errors.map(str::to_string).collect::<Vec<_>>().join("\n")
    };
    let told = refused("AU12,label:AU12\n0.5,1\nnan,0\n", &[]);
    assert!(
        told.contains("scores.csv:3: expected a number from 0 to 1 in column `AU12`"),
        "{told}"
    );
    let told = refused("AU12\n0.5\n", &[]);
    assert!(told.contains(":1: expected a column of labels"), "{told}");
    let told = refused(&scores(), &["--by", "subject"]);
    assert!(told.contains("they name no subject"), "{told}");
    let told = refused(&scores(), &["--widths", "-1"]);
    assert!(told.contains("-1"), "{told}");
    for flag in [
        ["--part", "threshold"],
        ["--folds", "1"],
        ["--data", "data"],
        ["--vocabulary", "raf-db"],
        ["--features", "features.safetensors"],
    ] {
        assert!(!refused(&scores(), &flag).is_empty(), "{flag:?}");
    }
    // The table itself is never written over.
    let own = path.to_str().unwrap();
    assert!(refused(&scores(), &["--out", own, "--overwrite"]).contains("one of them"));
    // One video: an in-sample number, a warning, and nothing stored.
    let one: String = scores()
        .lines()
        .take(41)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&path, one).unwrap();
    let out = folder.path().join("tuning.json");
    let left = tune(&["--format", "json", "--out", out.to_str().unwrap()], &path);
    assert!(left.succeeded, "{}", left.said);
    assert!(
        left.said
            .contains("warning: action units: all labelled rows are of one video"),
        "{}",
        left.said
    );
    let outcome: Value = serde_json::from_str(&left.out).unwrap();
    assert!(outcome["p_au"]["cross_validated"].is_null());
    assert!(score(&outcome, "p_au", "in_sample") > 0.9);
    let tuning: Tuning = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert!(tuning.is_empty());
}

fn json(program: &mut Command) -> (Value, String) {
    let left = run(program.args(["--format", "json"]));
    assert!(left.succeeded, "{}", left.said);
    (serde_json::from_str(&left.out).unwrap(), left.said)
}

#[test]
fn a_tuned_model_is_judged_as_it_was_said_and_warns_of_its_own_rows() {
    let place = Place::new();
    let root = place.set(24);
    let networks = [1, 2].map(|seed| {
        let name = format!("{seed}.safetensors");
        place.network(&name, seed, Tasks::new(), |network| network)
    });
    let tuned = place.path("tuned.safetensors");
    let mut program = example("tune");
    program.arg("--data").arg(&root).arg("--out").arg(&tuned);
    program.args(["--widths", "0.1,0.5", "--folds", "3", "--store-unproven"]);
    for network in &networks {
        program.arg("--model").arg(network);
    }
    let (outcome, said) = json(&mut program);
    assert!(said.contains("wrote "), "{said}");
    let predictor = Predictor::load(&tuned).unwrap();
    assert_eq!(predictor.members().len(), 2);
    assert!(!predictor.tuning().is_empty());
    let evaluate = |more: &[&str]| {
        let mut program = example("evaluate");
        program
            .arg("--model")
            .arg(&tuned)
            .arg("--data")
            .arg(&root)
            .args(more);
        json(&mut program)
    };
    let (scores, said) = evaluate(&[]);
    assert!(
        said.contains("warning: the model was tuned on these rows"),
        "{said}"
    );
    for task in ["p_au", "p_ex", "p_va"] {
        let told = score(&outcome, task, "in_sample");
        let found = scores[task].as_f64().unwrap();
        // Batches round a score in another way.
        assert!((found - told).abs() < 1e-5, "{task}: {found} {told}");
    }
    let (_, said) = evaluate(&["--split", "training"]);
    assert!(!said.contains("tuned on these rows"), "{said}");
    // What it was tuned to before is left out, and not in secret.
    let mut program = example("tune");
    program.arg("--model").arg(&tuned).arg("--data").arg(&root);
    let (_, said) = json(program.args(["--part", "thresholds"]));
    assert!(
        said.contains("warning: what the model was tuned to before"),
        "{said}"
    );
    let left = run(example("tune").arg("--data").arg(&root));
    assert!(
        !left.succeeded && left.said.contains("--model"),
        "{}",
        left.said
    );
}
