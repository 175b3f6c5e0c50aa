//! Runs on features that another program made, from their training to their scores.

use std::path::{Path, PathBuf};

use countenance::data::cache::{CacheWriter, FeatureCache, Fingerprint};
use countenance::data::feature::FeatureFiles;
use countenance::data::split::{IMAGE_FOLDER, SplitName};
use countenance::train::{GivenFeatures, TrainConfig};
use countenance::{Error, Result};

use crate::program::{Left, example, run};
use crate::set::{Set, turn};

const WIDTH: usize = 6;

/// A set without its images, and their features as numbers of their place.
fn set() -> (Set, Vec<String>, Vec<f32>) {
    let set = Set::new(40, |_, _, _| {});
    std::fs::remove_dir_all(set.path("data").join(IMAGE_FOLDER)).unwrap();
    let mut names: Vec<String> = [SplitName::Training, SplitName::Validation]
        .into_iter()
        .flat_map(|split| set.rows(split))
        .map(|row| row.image)
        .collect();
    names.sort();
    names.dedup();
    let number = |place: usize| ((place * 37 + 11) % 101) as f32 / 50.0 - 1.0;
    let features = (0..names.len() * WIDTH).map(number).collect();
    (set, names, features)
}

fn cache(path: &Path, names: &[String], features: &[f32]) {
    let width = features.len() / names.len();
    let fingerprint = Fingerprint::builder().rows(names).build();
    let mut writer = CacheWriter::open(path, names, width, &fingerprint).unwrap();
    writer.push(features).unwrap();
    writer.finish().unwrap();
}

/// An `.npy` file as NumPy writes one, of float64 and column by column, with a list of names whose
/// endings are left away.
fn npy(path: &Path, names: &[String], features: &[f32]) {
    let (rows, width) = (names.len(), features.len() / names.len());
    let header = format!("{{'descr': '<f8', 'fortran_order': True, 'shape': ({rows}, {width}), }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    for column in 0..width {
        let column = features.iter().skip(column).step_by(width);
        bytes.extend(column.flat_map(|&value| f64::from(value).to_le_bytes()));
    }
    std::fs::write(path, bytes).unwrap();
    let list: String = names
        .iter()
        .map(|name| format!(".\\{}\n", name.replace('/', "\\").replace(".jpg", "")))
        .collect();
    std::fs::write(path.with_extension("txt"), list).unwrap();
}

fn config(set: &Set, files: &[PathBuf]) -> TrainConfig {
    let files = files.iter().map(|file| file.to_string_lossy().into_owned());
    set.config()
        .with_weights(None)
        .with_features(Some(GivenFeatures::new(files.collect())))
}

fn program(name: &str, model: &Path, features: &[&Path], more: &[&str]) -> Left {
    let mut command = example(name);
    command.arg("--model").arg(model).args(["--format", "json"]);
    for file in features {
        command.arg("--features").arg(file);
    }
    run(command.args(more))
}

fn bytes(path: PathBuf) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn features_of_another_program_train_and_score_as_the_same_ones_in_our_own_file() {
    let _turn = turn();
    let (set, names, features) = set();
    let [ours, theirs, left, right] = [
        "ours.safetensors",
        "theirs.npy",
        "left.npy",
        "right.safetensors",
    ]
    .map(|name| set.path(name));
    cache(&ours, &names, &features);
    npy(&theirs, &names, &features);
    // The same in two files, of which the second has its rows in another order.
    let part = |from: usize, to: usize| -> Vec<f32> {
        let rows = features.chunks_exact(WIDTH);
        rows.flat_map(|row| row[from..to].to_vec()).collect()
    };
    npy(&left, &names, &part(0, 2));
    let reversed: Vec<String> = names.iter().rev().cloned().collect();
    let right_part = part(2, WIDTH);
    let rows = right_part.chunks_exact(WIDTH - 2).rev();
    cache(
        &right,
        &reversed,
        &rows.flatten().copied().collect::<Vec<_>>(),
    );
    for (name, files) in [
        ("ours", vec![ours.clone()]),
        ("theirs", vec![theirs.clone()]),
        ("two", vec![left.clone(), right.clone()]),
    ] {
        let outcome = set.run(name, config(&set, &files)).unwrap();
        assert_eq!(outcome.features.unwrap().files.len(), files.len());
        assert!(outcome.report.p_mtl.is_some());
    }
    for name in ["theirs", "two"] {
        for file in ["model.safetensors", "metrics.csv", "report.json"] {
            let [ours, theirs] = ["ours", name].map(|run| bytes(set.path(run).join(file)));
            assert!(ours == theirs, "{name}: {file}");
        }
    }
    let model = set.path("ours/model.safetensors");
    let data = set.path("data");
    let data = ["--data", data.to_str().unwrap()];
    let report: serde_json::Value =
        serde_json::from_slice(&bytes(set.path("ours/report.json"))).unwrap();
    let mut predicted = Vec::new();
    for files in [vec![&*ours], vec![&*theirs], vec![&*left, &*right]] {
        let scores = program("evaluate", &model, &files, &data);
        assert!(scores.succeeded, "{}", scores.said);
        let scores: serde_json::Value = serde_json::from_str(&scores.out).unwrap();
        assert_eq!(scores, report);
        let rows = program("predict", &model, &files, &[]);
        assert!(rows.succeeded, "{}", rows.said);
        let rows: Vec<serde_json::Value> = rows
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .map(|mut row: serde_json::Value| {
                // Each program's own spelling.
                row.as_object_mut().unwrap().remove("image");
                row
            })
            .collect();
        assert_eq!(rows.len(), names.len());
        predicted.push(rows);
    }
    assert!(predicted.iter().all(|rows| *rows == predicted[0]));
    // The columns in another order are other features.
    let turned = program("evaluate", &model, &[&right, &left], &data);
    let turned: serde_json::Value = serde_json::from_str(&turned.out).unwrap();
    assert_ne!(turned, report);

    // The model says what it reads.
    let (network, config) =
        countenance::network::Network::load(&model, &burn::tensor::Device::default()).unwrap();
    assert!(network.backbone.is_none() && config.backbone.is_none());
    assert_eq!(config.feature_width, WIDTH);
    let images = program("predict", &model, &[], &["nobody.jpg"]);
    assert!(!images.succeeded);
    assert!(
        images.said.contains("one with a backbone, to read images"),
        "{}",
        images.said
    );
    let narrow = program("predict", &model, &[&left], &[]);
    assert!(!narrow.succeeded);
    assert!(
        narrow
            .said
            .contains("left.npy: expected features of width 6, found width 2"),
        "{}",
        narrow.said
    );
    let wide = program("evaluate", &model, &[&left, &ours], &data);
    assert!(
        wide.said.contains("found width 8: 2 of") && !wide.succeeded,
        "{}",
        wide.said
    );
}

#[test]
fn a_run_goes_on_with_the_feature_files_that_it_began_with_and_with_no_others() {
    let _turn = turn();
    let (set, names, features) = set();
    let path = set.path("features.npy");
    npy(&path, &names, &features);
    let config = config(&set, std::slice::from_ref(&path));
    set.run("run", config).unwrap();
    let report = bytes(set.path("run/report.json"));
    set.resume("run").unwrap();
    assert!(bytes(set.path("run/report.json")) == report);
    let refused = |result: Result<_>, name: &str| {
        let error: Error = result.map(drop).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(name) && error.contains("that the run began with"),
            "{error}"
        );
        assert!(error.contains("put the old file back"), "{error}");
    };
    let (old, list) = (bytes(path.clone()), bytes(path.with_extension("txt")));
    let mut other = features.clone();
    other[7] += 0.5;
    npy(&path, &names, &other);
    refused(set.resume("run"), "features.npy");
    std::fs::write(&path, &old).unwrap();
    let text = String::from_utf8(list.clone()).unwrap();
    let turned: Vec<&str> = text.lines().rev().collect();
    std::fs::write(path.with_extension("txt"), turned.join("\n")).unwrap();
    refused(set.resume("run"), "features.txt");
    std::fs::write(path.with_extension("txt"), list).unwrap();
    // Features that were put together are made again where they are gone.
    let joined = set.path("run/features/validation.safetensors");
    let before = bytes(joined.clone());
    std::fs::remove_file(&joined).unwrap();
    set.resume("run").unwrap();
    assert!(bytes(joined) == before && bytes(set.path("run/report.json")) == report);
}

#[test]
fn rows_without_features_are_said_and_left_out() {
    let _turn = turn();
    let (set, names, features) = set();
    let path = set.path("features.safetensors");
    let rows = |split| set.rows(split).into_iter().map(|row| row.image);
    let (first, last) = (
        rows(SplitName::Training).next().unwrap(),
        rows(SplitName::Validation).next_back().unwrap(),
    );
    let kept = |name: &String| **name != first && **name != last;
    let (kept, numbers): (Vec<String>, Vec<&[f32]>) = names
        .iter()
        .cloned()
        .zip(features.chunks_exact(WIDTH))
        .filter(|(name, _)| kept(name))
        .unzip();
    cache(&path, &kept, &numbers.concat());
    let notes = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = notes.clone();
    let run = set
        .start("run", config(&set, std::slice::from_ref(&path)))
        .unwrap();
    let run = run.told_to(move |event| {
        if let countenance::train::Event::Note(line) = event {
            heard.lock().unwrap().push(line.to_string());
        }
    });
    let outcome = run.execute().unwrap();
    let notes = notes.lock().unwrap();
    for (set, name) in [("training", &first), ("validation", &last)] {
        let is_said = |line: &&String| {
            line.contains(&format!("rows of the {set} set, which are left out"))
                && line.contains(name.as_str())
        };
        assert_eq!(notes.iter().filter(is_said).count(), 1, "{notes:?}");
    }
    let all = rows(SplitName::Validation).count();
    let missing = rows(SplitName::Validation)
        .filter(|name| *name == last)
        .count();
    assert_eq!(outcome.report.rows.total, (all - missing) as u64);
    let joined = FeatureCache::open(&set.path("run/features/training.safetensors")).unwrap();
    assert!(joined.row(0).iter().all(|value| value.is_nan()));
}

#[test]
fn settings_and_files_that_do_not_fit_are_refused_before_anything_is_written() {
    let (set, names, features) = set();
    let path = set.path("features.npy");
    npy(&path, &names, &features);
    let whole = config(&set, std::slice::from_ref(&path));
    let refused = |config: TrainConfig, expected: &str| {
        let error = set.start("run", config).map(drop).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!set.path("run").exists());
    };
    let backbone = set
        .path("backbone.safetensors")
        .to_string_lossy()
        .into_owned();
    refused(whole.clone().with_data(None), "data: expected a data set");
    refused(
        whole.clone().with_weights(Some(backbone)),
        "weights: expected null, with `features`",
    );
    let order = countenance::train::Order::Whole;
    refused(
        whole.clone().with_order(order),
        "order: expected Staged or Joint",
    );
    let none = GivenFeatures::new(Vec::new());
    refused(
        whole.clone().with_features(Some(none)),
        "features.files: expected at least one",
    );
    refused(config(&set, &[set.path("nowhere.npy")]), "nowhere.npy");
    std::fs::rename(path.with_extension("txt"), set.path("names.txt")).unwrap();
    refused(whole.clone(), "features.npy: expected names of its rows");
    let given = whole.features.clone().unwrap();
    let list = set.path("names.txt").to_string_lossy().into_owned();
    let named = whole
        .clone()
        .with_features(Some(given.with_names(Some(list))));
    drop(set.start("named", named).unwrap());
    std::fs::write(path.with_extension("txt"), "x\n".repeat(names.len())).unwrap();
    refused(whole.clone(), "one row of each name");
    let others: String = (0..names.len()).map(|row| format!("x/{row}\n")).collect();
    std::fs::write(path.with_extension("txt"), others).unwrap();
    refused(whole, "rows named as those of the training set");
    let files = FeatureFiles::open(&[&path], None).unwrap();
    assert_eq!(files.width(), WIDTH);
}

#[test]
fn the_program_takes_features_instead_of_images_and_of_a_backbone() {
    let (set, names, features) = set();
    let path = set.path("features.npy");
    npy(&path, &names, &features);
    let train = |more: &[&str]| {
        let mut command = example("train");
        command
            .arg("--features")
            .arg(&path)
            .arg("--out")
            .arg(set.path("run"));
        run(command.args(more))
    };
    let left = train(&[]);
    assert!(
        left.said.contains("--features: expected --data") && !left.succeeded,
        "{}",
        left.said
    );
    let data = set.path("data");
    let data = ["--data", data.to_str().unwrap()];
    for flag in [
        ["--backbone", "weights.pt"],
        ["--max-unreadable", "0.5"],
        ["--backbone-epochs", "1"],
    ] {
        let left = train(&[data, flag].concat());
        assert!(
            !left.succeeded && left.said.contains(flag[0]),
            "{}",
            left.said
        );
    }
    assert!(!set.path("run").exists());
    let left = train(&[data, ["--epochs", "1"]].concat());
    assert!(left.succeeded, "{}", left.said);
    let config = TrainConfig::load(&set.path("run/config.json")).unwrap();
    assert_eq!(config.features.unwrap().files, [path.to_string_lossy()]);
    let advice = left
        .said
        .lines()
        .find(|line| line.starts_with("to try it"))
        .unwrap();
    assert!(
        advice.contains("--features") && advice.contains("features.npy"),
        "{advice}"
    );
}
