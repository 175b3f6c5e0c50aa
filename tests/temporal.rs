//! A temporal head from features of videos to scores: what only time tells is learnt, a run that was broken off
//! goes on to the same bytes, and every way of reading frames says the same.
#![cfg(feature = "train")]

use std::fmt::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use countenance::ActionUnit;
use countenance::data::cache::{CacheWriter, FeatureCache, Fingerprint};
use countenance::data::mark::Marks;
use countenance::data::set::{DataConfig, DataSet};
use countenance::data::split::SplitName;
use countenance::data::synthetic::SyntheticVideoConfig;
use countenance::evaluate::{Judge, judge};
use countenance::metric::Report;
use countenance::predict::Predictor;
use countenance::temporal::{TemporalConfig, TemporalForm};
use countenance::train::{GivenFeatures, Order, Run, TemporalStageConfig, TrainConfig};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

mod broken;

use broken::brought_to_its_end;

/// Runs in one process draw from the device's one generator, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

const WIDTH: usize = 6;
const FRAMES: usize = 60;
const VIDEOS: usize = 40;

/// Frames of a point that goes up and down at one speed and turns when it likes: AU4 is whether it is high, which
/// each frame shows, and AU12 whether it rises, which none does alone. Valence is where it is, and arousal where
/// another one is. A fifth of the units' labels is missing, and now and then a frame.
fn set(root: &Path) -> TrainConfig {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let mut names = Vec::new();
    let mut features = Vec::new();
    let mut table = String::from("image,split,video,frame,valence,arousal,AU4,AU12\n");
    for video in 0..VIDEOS {
        let split = if video < VIDEOS * 3 / 4 {
            "train"
        } else {
            "validation"
        };
        let mut points = [0, 1].map(|point| {
            let rises = (video + point) % 2 == 0;
            (
                random.random_range(-1.0..1.0),
                if rises { 0.08 } else { -0.08 },
            )
        });
        for frame in 0..FRAMES {
            for (place, step) in &mut points {
                if random.random_bool(0.04) || f64::abs(*place + *step) > 1.0 {
                    *step = -*step;
                }
                *place += *step;
            }
            let [(place, step), (other, _)] = points;
            if random.random_bool(0.05) {
                continue;
            }
            let name = format!("{video:02}/{frame:05}.jpg");
            let mut label = |text: String| match random.random_bool(0.2) {
                true => String::new(),
                false => text,
            };
            let pair = format!("{:.4},{:.4}", place, other);
            let [high, rises] = [place > 0.0, step > 0.0].map(|is_so| u8::from(is_so).to_string());
            let (high, rises) = (label(high), label(rises));
            writeln!(
                table,
                "{name},{split},{video},{frame},{pair},{high},{rises}"
            )
            .unwrap();
            names.push(name);
            for number in 0..WIDTH {
                let signal = [place, other, 0.5][number.min(2)];
                features.push((signal + random.random_range(-0.05..0.05)) as f32);
            }
        }
    }
    let path = root.join("features.safetensors");
    let fingerprint = Fingerprint::builder().rows(&names).build();
    let mut writer = CacheWriter::open(&path, &names, WIDTH, &fingerprint).unwrap();
    features
        .chunks(WIDTH)
        .for_each(|row| writer.push(row).unwrap());
    writer.finish().unwrap();
    std::fs::write(root.join("labels.csv"), table).unwrap();

    let text = |name: &str| root.join(name).to_string_lossy().into_owned();
    let mut config = TrainConfig::new()
        .with_data(Some(text("labels.csv")))
        .with_features(Some(GivenFeatures::new(vec![text("features.safetensors")])));
    for stage in config.heads_mut() {
        *stage = stage
            .clone()
            .with_epochs(10)
            .with_learning_rate(0.01)
            .adamw();
    }
    config
}

fn stage(form: TemporalForm, causal: bool) -> TemporalStageConfig {
    let head = TemporalConfig::new()
        .with_form(form)
        .with_width(16)
        .with_dropout(0.0)
        .with_causal(causal)
        .with_window(0.5)
        .with_rate(20.0);
    let mut stage = TemporalStageConfig::new()
        .with_head(head)
        .with_frame_rate(20.0);
    stage.stage = stage.stage.with_epochs(60).with_learning_rate(0.01);
    stage
}

fn forms() -> [TemporalForm; 2] {
    let transformer = TemporalForm::Transformer {
        layers: 1,
        heads: 2,
        feed_forward: 32,
    };
    [
        transformer,
        TemporalForm::Convolution {
            layers: 2,
            kernel: 3,
        },
    ]
}

fn unit(report: &Report, unit: ActionUnit) -> f64 {
    let found = report.au_f1.iter().find(|(named, _)| *named == unit);
    found.and_then(|(_, score)| *score).unwrap()
}

fn run(folder: &Path, config: &TrainConfig) -> Report {
    let run = Run::create(folder, config.clone(), &Device::default()).unwrap();
    run.execute().unwrap().report
}

#[test]
fn a_temporal_head_learns_what_no_frame_shows_alone() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    let config = set(root.path());
    let alone = run(&root.path().join("alone"), &config);
    let without = std::fs::read_to_string(root.path().join("alone/config.json")).unwrap();
    assert!(!without.contains("temporal"), "{without}");
    println!(
        "alone: {} {}",
        unit(&alone, ActionUnit::AU4),
        unit(&alone, ActionUnit::AU12)
    );
    // As often as it is guessed.
    assert!(unit(&alone, ActionUnit::AU12) < 0.72);
    for (form, causal) in forms().into_iter().zip([true, false]) {
        let folder = root.path().join(format!("{causal}"));
        let config = config.clone().with_temporal(Some(stage(form, causal)));
        let report = run(&folder, &config);
        println!(
            "{form:?}: {} {}",
            unit(&report, ActionUnit::AU4),
            unit(&report, ActionUnit::AU12)
        );
        assert!(unit(&report, ActionUnit::AU12) > 0.77, "{form:?}");
        assert!(unit(&report, ActionUnit::AU4) > 0.9, "{form:?}");
        let metrics = std::fs::read_to_string(folder.join("metrics.csv")).unwrap();
        assert!(
            metrics.lines().any(|line| line.starts_with("temporal,60,")),
            "{metrics}"
        );
        says_the_same(&folder, &root.path().join("features.safetensors"), &report);
    }
}

/// Every way of reading the validation rows with the model of the run in `folder`.
fn says_the_same(folder: &Path, features: &Path, report: &Report) {
    let predictor = Predictor::load(folder.join("model.safetensors")).unwrap();
    assert!(predictor.is_temporal());
    let cache = FeatureCache::open(features).unwrap();
    let names = cache.names().unwrap().to_vec();
    let rows = cache.rows();
    let marks = Marks::of_names(&names);
    let sequences = marks.sequences(rows, 20.0).unwrap();
    let name = |row: usize| names[row].clone();
    let mut copy = |row: usize, out: &mut [f32]| out.copy_from_slice(cache.row(row));
    let tables = predictor
        .score_features_in_time(rows, &name, &mut copy, &sequences)
        .unwrap();
    let table = predictor.blend_tables(tables).unwrap();
    let alone = predictor.score_features(rows, &name, &mut copy).unwrap();
    let of = |row: usize| table.row(row).unwrap().action_units.to_vec();
    assert_ne!(of(30), alone[0].row(30).unwrap().action_units);

    // A video by itself, and with every second frame gone.
    let first: Vec<usize> = (0..rows)
        .filter(|&row| names[row].starts_with("39/"))
        .collect();
    let one = Marks::of_names(first.iter().map(|&row| &names[row]));
    let one = one.sequences(first.len(), 20.0).unwrap();
    let mut own = |row: usize, out: &mut [f32]| out.copy_from_slice(cache.row(first[row]));
    let single = predictor
        .score_features_in_time(first.len(), &name, &mut own, &one)
        .unwrap();
    for (place, &row) in first.iter().enumerate() {
        let pairs = of(row)
            .into_iter()
            .zip(single[0].row(place).unwrap().action_units.to_vec());
        for (left, right) in pairs {
            assert!((left - right).abs() < 1e-5, "row {row}: {left} and {right}");
        }
    }
    let predictions = predictor.predictions_of(&table);
    let smile = predictions[30]
        .as_ref()
        .unwrap()
        .action_unit(ActionUnit::AU12);
    assert_eq!(smile, Some(of(30)[1]));
    assert!(report.p_au.is_some());
}

#[test]
fn a_run_on_rendered_videos_scores_what_its_model_then_says_of_their_frames() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("set");
    let films = SyntheticVideoConfig::new()
        .with_train(160)
        .with_validation(80)
        .with_frames(40);
    films.generate(&data, &|_, _| true).unwrap();
    let mut config = TrainConfig::synthetic().with_data(Some(data.to_string_lossy().into_owned()));
    config = config.with_order(Order::Joint);
    config.backbone.stage.epochs = 2;
    config.joint.epochs = 2;
    let mut temporal = stage(forms()[1], false).with_frame_rate(30.0);
    temporal.stage.epochs = 2;
    let folder = root.path().join("run");
    let report = run(&folder, &config.with_temporal(Some(temporal)));

    let mut set = DataSet::open(&data, &DataConfig::new()).unwrap();
    let split = set.take(SplitName::Validation).unwrap();
    let images: Vec<_> = split.rows.iter().map(|row| split.image_path(row)).collect();
    let sequences = split.marks.sequences(images.len(), 30.0).unwrap();
    assert!(sequences.videos() >= 2);
    let predictor = Predictor::load(folder.join("model.safetensors")).unwrap();
    let scored = predictor.score_images_in_time(&images, 32, 0.0, &sequences, &mut |_, _| true);
    let table = predictor.blend_tables(scored.unwrap().tables).unwrap();
    let labels: Vec<_> = split.rows.iter().map(|row| row.labels.clone()).collect();
    let found = judge(&table, &split.vocabulary, &labels, &Judge::default())
        .unwrap()
        .report;
    for (expected, found) in [
        (report.p_au, found.p_au),
        (report.p_ex, found.p_ex),
        (report.p_va, found.p_va),
    ] {
        let (expected, found) = (expected.unwrap(), found.unwrap());
        assert!((expected - found).abs() < 1e-3, "{expected} and {found}");
    }
}

#[test]
fn a_run_that_is_broken_off_in_its_temporal_stage_goes_on_to_the_same_bytes() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    let config = set(root.path()).with_temporal(Some(stage(forms()[1], false)));
    let [whole, broken] = ["whole", "broken"].map(|name| root.path().join(name));
    run(&whole, &config);
    brought_to_its_end(&broken, &config, &["va,5,", "temporal,2,", "temporal,7,"]);
    for name in ["metrics.csv", "report.json", "model.safetensors"] {
        let bytes = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert!(bytes(&broken) == bytes(&whole), "{name} differs");
    }
}

#[test]
fn rows_that_are_no_frames_of_videos_are_refused_before_anything_is_written() {
    let root = tempfile::tempdir().unwrap();
    let config = set(root.path()).with_temporal(Some(stage(forms()[0], true)));
    let path = root.path().join("labels.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    // A column that says nothing of videos.
    std::fs::write(&path, text.replacen("frame", "note", 1)).unwrap();
    let folder = root.path().join("run");
    let error = match Run::create(&folder, config, &Device::default()) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("the run was not refused"),
    };
    let expected = "labels.csv: expected rows that name their video and the number of their frame";
    assert!(error.contains(expected), "{error}");
    assert!(!folder.exists());
}

#[test]
fn a_setting_of_the_temporal_stage_that_cannot_be_is_named() {
    let root = tempfile::tempdir().unwrap();
    let config = set(root.path());
    let refused = |change: &dyn Fn(&mut TemporalStageConfig), expected: &str| {
        let mut stage = stage(forms()[0], true);
        change(&mut stage);
        let error = config
            .clone()
            .with_temporal(Some(stage))
            .check()
            .unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    };
    let whole = config.clone().with_order(Order::Whole).with_features(None);
    let error = whole
        .with_temporal(Some(stage(forms()[0], true)))
        .check()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("order: expected Staged or Joint"),
        "{error}"
    );
    refused(&|stage| stage.head.width = 3, "temporal.width");
    refused(&|stage| stage.frame_rate = 0.0, "temporal.frame_rate");
    refused(&|stage| stage.stage.epochs = 0, "temporal.stage.epochs");
    refused(
        &|stage| stage.stage.sampling = countenance::train::Sampling::Balanced,
        "temporal.stage.sampling",
    );
}

#[test]
fn heads_of_stages_of_their_own_are_trained_together_behind_a_temporal_head() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("set");
    let films = SyntheticVideoConfig::new()
        .with_train(80)
        .with_validation(40)
        .with_frames(20);
    films.generate(&data, &|_, _| true).unwrap();
    let mut config = TrainConfig::synthetic().with_data(Some(data.to_string_lossy().into_owned()));
    config.backbone.stage.epochs = 1;
    for stage in config.heads_mut() {
        stage.epochs = 1;
    }
    let [alone, folder] = ["alone", "together"].map(|name| root.path().join(name));
    let before = run(&alone, &config);
    // Each head comes out of a checkpoint of its stage.
    let mut temporal = stage(forms()[0], false).with_frame_rate(30.0);
    temporal.stage.epochs = 1;
    let config = config.with_temporal(Some(temporal));
    let branch = Run::branch(&alone, &folder, config, &Device::default()).unwrap();
    let after = branch.execute().unwrap().report;
    assert!(before.p_mtl.is_some() && after.p_mtl.is_some());
    let stages = std::fs::read_to_string(folder.join("metrics.csv")).unwrap();
    let stages: Vec<_> = (stages.lines().skip(1))
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(stages, ["backbone", "au", "ex", "va", "temporal"]);
}
