//! Runs on sets and numbers that a run must not take lightly.

use std::path::Path;
use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use burn::train::Interrupter;
use countenance::backbone::{EfficientNetConfig, Variant};
use countenance::data::annotation::{self, Row};
use countenance::data::split::SplitName;
use countenance::train::{Event, Order, Run};
use countenance::{Error, Labels};

use crate::set::{Set, assert_same, stopped_before, tree, turn};

#[test]
fn the_same_seed_leaves_the_same_run_to_the_last_byte() {
    let _turn = turn();
    let set = Set::new(40, |_, _, _| {});
    let mut config = set.config();
    config.weights = None;
    config.backbone.stage.epochs = 1;
    for name in ["one", "other"] {
        set.run(name, config.clone()).unwrap();
    }
    assert_same(&set.path("one"), &set.path("other"));
    set.run("third", config.with_seed(1)).unwrap();
    assert_ne!(
        tree(&set.path("third"))[Path::new("model.safetensors")],
        tree(&set.path("one"))[Path::new("model.safetensors")]
    );
}

#[test]
fn a_feature_that_is_not_finite_stops_the_run_with_step_images_and_checkpoint() {
    let _turn = turn();
    let set = Set::new(48, |_, _, _| {});
    set.run("good", set.config()).unwrap();
    let mut later = 0;
    // The mirrored features are used in about every other epoch of a row.
    for row in 0..6 {
        let name = format!("bad-{row}");
        let mut config = set.config();
        config.action_unit.epochs = 8;
        let run = set.start(&name, config).unwrap();
        let features = set.path(&name).join("features");
        std::fs::create_dir_all(&features).unwrap();
        for entry in std::fs::read_dir(set.path("good").join("features")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, features.join(path.file_name().unwrap())).unwrap();
        }
        let spoilt = features.join("training_mirrored.safetensors");
        let mut bytes = std::fs::read(&spoilt).unwrap();
        let width = EfficientNetConfig::new(Variant::Tiny).feature_width();
        let start = bytes.len() - 4 * width * (48 - row) + 40;
        // Finite, as a feature must be, and too large for what is computed from it.
        bytes[start..start + 4].copy_from_slice(&f32::MAX.to_le_bytes());
        std::fs::write(&spoilt, bytes).unwrap();

        let spoilt = set.rows(SplitName::Training)[row].image.clone();
        let error = match run.execute() {
            Err(error) => error,
            // Its label may be missing.
            Ok(_) => continue,
        };
        let text = error.to_string();
        let Error::NotFinite {
            stage,
            epoch,
            step,
            what,
            images,
            checkpoint,
        } = error
        else {
            panic!("{text}")
        };
        assert!((1..=3).contains(&step) && what == "loss", "{text}");
        assert!(images.contains(&spoilt), "{spoilt} is not in {images:?}");
        assert!(images.len() <= 16, "{images:?}");
        match checkpoint {
            None => assert_eq!(epoch, 1),
            Some(path) => {
                later += 1;
                let folder = set.path(&name).join("checkpoints").join(stage);
                assert_eq!(path, folder.join(format!("model-{}.bpk", epoch - 1)));
                assert!(
                    path.exists() && text.contains(&*path.to_string_lossy()),
                    "{text}"
                );
                assert!(!folder.join(format!("model-{epoch}.bpk")).exists());
            }
        }
    }
    assert!(later > 0, "no run stopped after a good epoch");
}

/// burn counts an epoch as done that is stopped in the midst of its validation.
#[test]
fn an_epoch_is_told_as_finished_when_it_is_kept_and_not_before() {
    let _turn = turn();
    let set = Set::new(40, |_, _, _| {});
    for stopped_at in [1, 2] {
        let name = format!("stopped-{stopped_at}");
        let run = set.start(&name, set.config()).unwrap();
        let interrupter = Interrupter::new();
        let run = run.stopped_by(&interrupter);
        let told = Arc::new(Mutex::new(Vec::new()));
        let hear = told.clone();
        let run = run.told_to(move |event| match event {
            // The last step of all: that of the validation.
            Event::Step {
                epoch, done, total, ..
            } if (epoch, done) == (stopped_at, total) => interrupter.stop(None),
            Event::Epoch { record, .. } => hear.lock().unwrap().push(record.epoch),
            _ => {}
        });
        let error = run.execute().unwrap_err();
        assert!(matches!(error, Error::Interrupted), "{error}");
        let metrics = std::fs::read_to_string(set.path(&name).join("metrics.csv"));
        let kept = metrics.unwrap_or_default().lines().skip(1).count();
        assert_eq!(kept, stopped_at - 1);
        assert_eq!(*told.lock().unwrap(), (1..stopped_at).collect::<Vec<_>>());
        assert!(set.path(&name).join("config.json").exists());
    }
}

#[test]
fn a_run_that_fails_before_anything_is_done_leaves_nothing() {
    let _turn = turn();
    let set = Set::new(12, |_, _, _| {});
    let run = set.start("run", set.config()).unwrap();
    assert!(set.path("run").join("config.json").exists());
    // Between the start and the work.
    let annotations = set.path("data").join(SplitName::Training.file_name());
    let good = std::fs::read(&annotations).unwrap();
    std::fs::write(&annotations, "nonsense").unwrap();
    run.execute().unwrap_err();
    assert!(!set.path("run").exists());
    std::fs::write(&annotations, good).unwrap();
    set.run("run", set.config_of_one_epoch()).unwrap();
    // What was done is kept, and so is a run that this process has not started.
    std::fs::write(&annotations, "nonsense").unwrap();
    set.resume("run").unwrap_err();
    assert!(set.path("run").join("report.json").exists());
}

#[test]
fn sets_with_hardly_a_label_run_to_the_end() {
    let _turn = turn();
    for (what, train, change) in [
        (
            "one row of each class",
            8,
            one_of_each as fn(SplitName, usize, &mut Row),
        ),
        ("one row", 1, |_, _, _| {}),
        ("a batch and one row", 17, |_, _, _| {}),
        ("classes and units without an example", 24, without_some),
        ("no validation label of a task", 24, without_validation),
        ("no validation label", 24, unlabelled_validation),
        ("valence or arousal and never both", 24, one_of_two),
        ("no validation label of arousal", 24, without_arousal),
    ] {
        let set = Set::new(train, change);
        for (name, weights) in [("weights", set.config().weights), ("backbone", None)] {
            let mut config = set.config();
            config.weights = weights;
            config.backbone.stage.epochs = 1;
            config.backbone.stage.batch_size = 16;
            let report = match set.run(name, config) {
                Ok(outcome) => outcome.report,
                Err(error) => panic!("{what}, {name}: {error}"),
            };
            for score in [report.p_au, report.p_ex, report.p_va]
                .into_iter()
                .flatten()
            {
                assert!(score.is_finite(), "{what}, {name}: {score}");
            }
        }
    }
}

fn one_of_each(_: SplitName, place: usize, row: &mut Row) {
    row.labels.expression = Some(place % 8);
    row.labels.action_units = (0..12)
        .map(|unit| Some(f32::from(u8::from(unit == place))))
        .collect();
}

fn without_some(split: SplitName, _: usize, row: &mut Row) {
    if split == SplitName::Training {
        row.labels.expression = row.labels.expression.filter(|&class| class > 2);
        if let Some(unit) = row.labels.action_units.get_mut(3) {
            *unit = unit.map(|_| 0.0);
        }
    }
}

fn without_validation(split: SplitName, _: usize, row: &mut Row) {
    if split == SplitName::Validation {
        row.labels.expression = None;
    }
}

fn unlabelled_validation(split: SplitName, _: usize, row: &mut Row) {
    if split == SplitName::Validation {
        row.labels = Labels::default();
    }
}

fn one_of_two(_: SplitName, place: usize, row: &mut Row) {
    row.labels.valence_arousal[place % 2] = None;
}

fn without_arousal(split: SplitName, _: usize, row: &mut Row) {
    if split == SplitName::Validation {
        row.labels.valence_arousal[1] = None;
    }
}

#[test]
fn one_of_valence_and_arousal_is_learnt_from_its_own_rows_and_judged_on_them() {
    let _turn = turn();
    let set = Set::new(24, one_of_two);
    let report = set.run("run", set.config()).unwrap().report;
    let labelled = |column: usize| {
        let rows = set.rows(SplitName::Validation);
        let labelled = rows
            .iter()
            .filter(|row| row.labels.valence_arousal[column].is_some());
        labelled.count() as u64
    };
    assert_eq!(
        (report.rows.valence, report.rows.arousal),
        (labelled(0), labelled(1))
    );
    assert!(labelled(0) > 0 && labelled(1) > 0);
    assert!(report.p_va.is_some_and(f64::is_finite));

    // Judged by valence alone.
    let set = Set::new(24, without_arousal);
    let report = set.run("run", set.config()).unwrap().report;
    assert!(report.ccc.valence.is_some_and(f64::is_finite));
    assert_eq!(
        (report.ccc.arousal, report.p_va, report.p_mtl),
        (None, None, None)
    );
    assert_eq!((report.rows.va, report.rows.arousal), (24, 0));
    let metrics = std::fs::read_to_string(set.path("run/metrics.csv")).unwrap();
    let mut stage = metrics.lines().filter(|line| line.starts_with("va,"));
    assert!(stage.all(|line| !line.ends_with(',')), "{metrics}");
}

#[test]
fn a_network_that_no_label_of_arousal_has_trained_says_nothing_of_it() {
    let _turn = turn();
    let set = Set::new(16, |split, _, row| {
        if split == SplitName::Training {
            row.labels.valence_arousal[1] = None;
        }
    });
    let outcome = set.run("run", set.config_of_one_epoch()).unwrap();
    assert!(!outcome.tasks.valence_arousal);
    assert_eq!(outcome.report.ccc.valence, None);
    assert!(outcome.to_string().contains("reads no valence and arousal"));
    assert!(!set.path("run").join("checkpoints").join("va").exists());
}

#[test]
fn an_infinite_feature_of_a_cache_ends_the_run_with_its_file_row_and_column() {
    let _turn = turn();
    let set = Set::new(12, |_, _, _| {});
    set.run("run", set.config_of_one_epoch()).unwrap();
    let path = set
        .path("run")
        .join("features")
        .join("validation.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let width = EfficientNetConfig::new(Variant::Tiny).feature_width();
    let start = bytes.len() - 4 * (width * 2 - 7);
    bytes[start..start + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let error = set.resume("run").unwrap_err().to_string();
    let name = &set.rows(SplitName::Validation)[22].image;
    let found = format!("inf in row 22 ({name:?}), column 7");
    assert!(
        error.starts_with(&*path.to_string_lossy()) && error.contains(&found),
        "{error}"
    );
}

#[test]
fn annotations_of_another_program_are_refused_where_the_form_is_strict() {
    let _turn = turn();
    let set = Set::new(8, |_, _, _| {});
    let path = set.path("data").join(SplitName::Training.file_name());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(',', ", ")).unwrap();
    set.run("loose", set.config_of_one_epoch()).unwrap();
    let strict = set.config_of_one_epoch().with_strict(true);
    let error = set.run("strict", strict).unwrap_err().to_string();
    assert!(
        error.contains("annotations.txt:1: expected the header"),
        "{error}"
    );
}

#[test]
fn a_set_without_a_label_is_refused_by_name() {
    let _turn = turn();
    let set = Set::new(8, |_, _, row| row.labels = Labels::default());
    let error = set.run("run", set.config()).unwrap_err().to_string();
    let expected = "training_set_annotations.txt: expected at least one label";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn an_image_that_is_no_image_is_left_out_of_every_batch_even_of_one_alone() {
    let _turn = turn();
    let set = Set::new(17, |_, _, _| {});
    std::fs::write(set.image(SplitName::Training, 5), b"not an image").unwrap();
    let mut config = set.config().with_max_unreadable(0.2);
    config.weights = None;
    // A batch each: were the image in one, it would be alone.
    config.backbone.stage.batch_size = 1;
    config.backbone.stage.epochs = 1;
    set.run("lenient", config.clone()).unwrap();
    let strict = config.with_max_unreadable(0.01);
    let error = set.run("strict", strict).unwrap_err().to_string();
    assert!(
        error.contains("at most 0 that cannot be read, found 1"),
        "{error}"
    );
    // Refused before the backbone was trained, and not after.
    assert!(
        !set.path("strict")
            .join("checkpoints")
            .join("backbone")
            .join("model-1.bpk")
            .exists()
    );
}

#[test]
fn an_image_that_was_mended_is_read_again_until_heads_are_trained_without_it() {
    let _turn = turn();
    let set = Set::new(20, |_, _, _| {});
    let config = || set.config().with_max_unreadable(0.2);
    set.run("whole", config()).unwrap();
    let path = set.image(SplitName::Training, 3);
    let good = std::fs::read(&path).unwrap();
    // As long as the good one, so that only its content tells.
    std::fs::write(&path, vec![0; good.len()]).unwrap();
    stopped_before(&set, "mended", "au", config());
    set.run("without", config()).unwrap();
    std::fs::write(&path, &good).unwrap();

    let features = |name: &str| {
        let folder = set.path(name).join("features");
        std::fs::read(folder.join("training.safetensors")).unwrap()
    };
    assert!(features("mended") != features("whole"));
    set.resume("mended").unwrap();
    assert_same(&set.path("mended"), &set.path("whole"));

    let without = tree(&set.path("without"));
    set.resume("without").unwrap();
    assert!(tree(&set.path("without")) == without);
}

#[test]
fn weights_and_images_that_changed_make_features_anew_until_heads_are_trained_and_are_then_refused()
{
    let _turn = turn();
    let set = Set::new(20, |_, _, _| {});
    set.run("whole", set.config()).unwrap();
    let image = |place| set.image(SplitName::Training, place);
    let other_image = std::fs::read(image(4)).unwrap();
    set.save_backbone("other.safetensors", 2);
    let other_weights = std::fs::read(set.path("other.safetensors")).unwrap();
    for (path, other, found) in [
        (image(3), other_image, "another list of images"),
        (
            set.path("backbone.safetensors"),
            other_weights,
            "another set of weights",
        ),
    ] {
        let good = std::fs::read(&path).unwrap();
        assert_ne!(good, other);
        std::fs::write(&path, &other).unwrap();
        stopped_before(&set, "before", "au", set.config());
        std::fs::write(&path, &good).unwrap();
        set.resume("before").unwrap();
        assert_same(&set.path("before"), &set.path("whole"));

        stopped_before(&set, "between", "ex", set.config());
        let before = tree(&set.path("between"));
        std::fs::write(&path, &other).unwrap();
        let error = set.resume("between").unwrap_err().to_string();
        assert!(
            error.contains("features/training.safetensors: expected")
                && error.contains(found)
                && error.contains("another folder"),
            "{error}"
        );
        assert!(tree(&set.path("between")) == before, "{error}");
        std::fs::write(&path, &good).unwrap();
        set.resume("between").unwrap();
        assert_same(&set.path("between"), &set.path("whole"));
        for name in ["before", "between"] {
            std::fs::remove_dir_all(set.path(name)).unwrap();
        }
    }
}

#[test]
fn features_of_a_tuned_network_are_made_anew_where_they_are_of_another() {
    let _turn = turn();
    let set = Set::new(16, |_, _, _| {});
    let mut config = set.config_of_one_epoch().with_order(Order::Whole);
    config.whole.epochs = 1;
    config.whole.batch_size = 8;
    set.run("run", config).unwrap();
    let before = tree(&set.path("run"));
    let features = set.path("run").join("features");
    std::fs::copy(
        features.join("validation.safetensors"),
        features.join("validation_tuned.safetensors"),
    )
    .unwrap();
    assert!(tree(&set.path("run")) != before);
    set.resume("run").unwrap();
    assert!(tree(&set.path("run")) == before);
}

#[test]
fn annotations_that_changed_under_an_interrupted_run_are_refused_until_they_are_back() {
    let _turn = turn();
    let set = Set::new(24, |_, _, _| {});
    set.run("whole", set.config()).unwrap();
    let changes: [fn(&mut Vec<Row>); 4] = [
        |rows| rows[2].labels.expression = rows[2].labels.expression.map_or(Some(0), |_| None),
        |rows| rows[2].image = rows[7].image.clone(),
        |rows| rows.swap(0, 9),
        |rows| drop(rows.pop()),
    ];
    for (split, stage) in [(SplitName::Training, "ex"), (SplitName::Validation, "va")] {
        let name = split.to_string();
        stopped_before(&set, &name, stage, set.config());
        let path = set.path("data").join(split.file_name());
        let good = std::fs::read(&path).unwrap();
        let before = tree(&set.path(&name));
        for change in changes {
            let mut rows = set.rows(split);
            change(&mut rows);
            annotation::write(&path, &rows).unwrap();
            let error = set.resume(&name).unwrap_err().to_string();
            let expected = format!("{}: expected the", path.display());
            assert!(
                error.starts_with(&expected) && error.contains("old file"),
                "{error}"
            );
            assert!(tree(&set.path(&name)) == before, "{error}");
            std::fs::write(&path, &good).unwrap();
        }
        set.resume(&name).unwrap();
        assert_same(&set.path(&name), &set.path("whole"));
    }
    // A run of before there were records.
    std::fs::remove_file(set.path("training").join("data.json")).unwrap();
    set.resume("training").unwrap();
    assert_same(&set.path("training"), &set.path("whole"));
}

#[test]
fn a_damaged_checkpoint_is_made_again_from_the_one_before() {
    let _turn = turn();
    let set = Set::new(32, |_, _, _| {});
    set.run("whole", set.config()).unwrap();
    let whole = tree(&set.path("whole"));
    let path = set.path("whole").join("checkpoints/va/model-3.bpk");
    let bytes = std::fs::read(&path).unwrap();
    for hundredth in [0, 1, 5, 50, 99] {
        std::fs::write(&path, &bytes[..bytes.len() * hundredth / 100]).unwrap();
        set.resume("whole").unwrap();
        assert!(tree(&set.path("whole")) == whole, "cut to {hundredth} %");
    }
    // Of another stage: not damaged, but not this one's.
    std::fs::copy(set.path("whole").join("checkpoints/ex/model-3.bpk"), &path).unwrap();
    let error = set.resume("whole").unwrap_err().to_string();
    assert!(
        error.contains("va/model-3.bpk: expected a checkpoint of this stage"),
        "{error}"
    );
}

#[test]
fn damaged_files_of_a_run_are_named() {
    let _turn = turn();
    let set = Set::new(8, |_, _, _| {});
    set.run("run", set.config_of_one_epoch()).unwrap();
    for name in ["metrics.csv", "config.json", "data.json"] {
        let path = set.path("run").join(name);
        let whole = std::fs::read(&path).unwrap();
        for damage in [
            &whole[..whole.len() / 2],
            b"\xff\xfe",
            b"stage,epoch\nau,x\n",
        ] {
            std::fs::write(&path, damage).unwrap();
            if let Err(error) = set.resume("run") {
                assert!(error.to_string().contains(name), "{error}");
            }
        }
        std::fs::write(&path, &whole).unwrap();
    }
    std::fs::write(
        set.path("run").join("features/training.safetensors"),
        b"short",
    )
    .unwrap();
    let error = set.resume("run").unwrap_err().to_string();
    assert!(error.contains("training.safetensors: expected"), "{error}");
}

#[test]
fn a_branch_onto_another_run_leaves_it_alone() {
    let _turn = turn();
    let set = Set::new(8, |_, _, _| {});
    let config = set.config_of_one_epoch();
    set.run("first", config.clone()).unwrap();
    set.run("second", config.clone().with_seed(5)).unwrap();
    let before = tree(&set.path("second"));
    let (from, to) = (set.path("first"), set.path("second"));
    let config = config.with_attention(countenance::attention::Attention::None);
    let refused = Run::branch(&from, &to, config, &Device::default());
    assert!(refused.is_err_and(|error| error.to_string().contains("--resume")));
    assert!(tree(&to) == before);
}
