//! `evaluate` on data that names no validation part judges the rows that the run held out.

use std::path::{Path, PathBuf};

use countenance::data::cache::{CacheWriter, Fingerprint};
use serde_json::Value;

use crate::model::Place;
use crate::program::{Left, example, run};

const ROWS: usize = 90;
const WIDTH: usize = 4;

/// A table without parts, of thirty people, and a feature for each row.
fn files(place: &Place) -> [PathBuf; 2] {
    let number = |place: usize| (place * 7919 + 13) % 101;
    let mut text = "image,subject,AU1,AU12,expression\n".to_string();
    let (mut names, mut features) = (Vec::new(), Vec::new());
    for row in 0..ROWS {
        let class = ["happy", "sad", "fear"][number(row) % 3];
        let [first, second] = [1, 2].map(|unit| number(row * unit + 5) % 2);
        text += &format!("{row:03}.jpg,{},{first},{second},{class}\n", row / 3);
        names.push(format!("{row:03}.jpg"));
        features.extend((0..WIDTH).map(|column| number(row * WIDTH + column) as f32 / 50.0 - 1.0));
    }
    let path = place.path("features.safetensors");
    let fingerprint = Fingerprint::builder().rows(&names).build();
    let mut writer = CacheWriter::open(&path, &names, WIDTH, &fingerprint).unwrap();
    writer.push(&features).unwrap();
    writer.finish().unwrap();
    [place.file("labels.csv", text), path]
}

fn program(name: &str, files: &[PathBuf; 2], more: &[&str]) -> Left {
    let mut command = example(name);
    command
        .arg("--data")
        .arg(&files[0])
        .arg("--features")
        .arg(&files[1]);
    let left = run(command.args(more));
    assert!(left.succeeded, "{}", left.said);
    left
}

fn train(files: &[PathBuf; 2], out: &Path, more: &[&str]) {
    let words = [
        "--epochs",
        "1",
        "--batch-size",
        "16",
        "--out",
        out.to_str().unwrap(),
    ];
    program("train", files, &[&words[..], more].concat());
}

fn evaluate(files: &[PathBuf; 2], model: &Path, more: &[&str]) -> (Value, String) {
    let words = ["--format", "json", "--model", model.to_str().unwrap()];
    let left = program("evaluate", files, &[&words[..], more].concat());
    (serde_json::from_str(&left.out).unwrap(), left.said)
}

fn assert_same(found: &Value, report: &Value) {
    assert_eq!(found["rows"], report["rows"]);
    for key in ["p_au", "p_ex"] {
        let [found, expected] = [found, report].map(|one| one[key].as_f64().unwrap());
        assert!((found - expected).abs() < 1e-6, "{key}: {found} {expected}");
    }
}

fn report(run: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(run.join("report.json")).unwrap()).unwrap()
}

#[test]
fn the_rows_of_a_run_are_those_that_it_held_out_and_others_are_warned_of() {
    let place = Place::new();
    let files = files(&place);
    let out = place.path("run");
    train(
        &files,
        &out,
        &["--division-seed", "5", "--validation-share", "0.4"],
    );
    let model = out.join("model.safetensors");
    let warning = "has learnt from some of these rows";
    let (found, said) = evaluate(&files, &model, &[]);
    assert!(said.contains("the run held out"), "{said}");
    assert!(!said.contains(warning), "{said}");
    assert_same(&found, &report(&out));
    assert_eq!(found["rows"]["total"], 36);

    // Away from its run nothing is known.
    let copy = place.path("copy.safetensors");
    std::fs::copy(&model, &copy).unwrap();
    let (found, said) = evaluate(&files, &copy, &[]);
    assert!(
        said.contains(warning) && !said.contains("the run held out"),
        "{said}"
    );
    assert_eq!(found["rows"]["total"], 18);
    // Nor with labels that are read in another way, which has a part in the choice.
    let (_, said) = evaluate(&files, &model, &["--drop-other-classes"]);
    assert!(said.contains(warning), "{said}");
    // Nor on a copy of the data.
    let other = [
        place.file("other.csv", std::fs::read(&files[0]).unwrap()),
        files[1].clone(),
    ];
    let (_, said) = evaluate(&other, &model, &[]);
    assert!(said.contains(warning), "{said}");
    // Nor once the data have changed, of which fewer people are drawn anew.
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let fewer: Vec<&str> = text.lines().take(1 + 60).collect();
    std::fs::write(&files[0], fewer.join("\n") + "\n").unwrap();
    let (_, said) = evaluate(&files, &model, &[]);
    assert!(
        said.contains("have changed") && !said.contains("the run held out"),
        "{said}"
    );
}

#[test]
fn each_fold_is_judged_on_its_own_rows() {
    let place = Place::new();
    let files = files(&place);
    let out = place.path("folds");
    train(&files, &out, &["--folds", "3"]);
    let mut models = Vec::new();
    for entry in std::fs::read_dir(&out).unwrap() {
        let run = entry.unwrap().path();
        let model = run.join("model.safetensors");
        if model.exists() {
            let (found, said) = evaluate(&files, &model, &[]);
            assert!(said.contains("the run held out"), "{said}");
            assert_same(&found, &report(&run));
            models.push(model);
        }
    }
    assert_eq!(models.len(), 3);
    // A blend of two has learnt from the rows of each, whosever folder it is in.
    let both = models[0].with_file_name("both.safetensors");
    let left = run(example("convert").args(&models[..2]).arg(&both));
    assert!(left.succeeded, "{}", left.said);
    let (_, said) = evaluate(&files, &both, &[]);
    assert!(
        said.contains("has learnt from some of these rows") && !said.contains("the run held out"),
        "{said}"
    );
}
