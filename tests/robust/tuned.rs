//! Tuned models: every command obeys what a file says of thresholds, offsets, calibration and smoothing.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use countenance::calibrate::{BlendWeights, Calibration, Origin, Outcome, Tuning, UnitTuning};
use countenance::data::cache::{CacheWriter, Fingerprint};
use countenance::data::mark::Marks;
use countenance::data::split::SplitName;
use countenance::metric::f1::BinaryCounts;
use countenance::network::Tasks;
use countenance::predict::{Prediction, Predictor};
use countenance::smoothing::{Sequences, Smoothing, TaskSmoothing};
use countenance::weights::native;
use countenance::{ActionUnit, Error, Expression};
use serde_json::{Value, json};

use crate::lamp;
use crate::model::Place;
use crate::program::{Left, example, run};
use crate::studio::Studio;

const PLATT: [f64; 2] = [1.5, -0.4];

/// AU12 is calibrated and has a threshold of its own, as has AU1; Sadness is preferred; a temperature.
fn tuning(smoothing: TaskSmoothing) -> Tuning {
    let mut tuning = Tuning {
        smoothing,
        ..Tuning::default()
    };
    let unit = |calibration, threshold| UnitTuning {
        calibration,
        threshold,
    };
    let platt = Calibration::Platt {
        slope: PLATT[0] as f32,
        intercept: PLATT[1] as f32,
    };
    tuning
        .action_units
        .insert(ActionUnit::AU12, unit(platt, 0.3));
    tuning
        .action_units
        .insert(ActionUnit::AU1, unit(Calibration::None, 0.9));
    tuning.expressions.offsets = vec![(Expression::Sadness, 1.5)];
    tuning.expressions.temperature = 2.0;
    tuning
}

fn load(path: &Path) -> Predictor {
    Predictor::load_on(path, &Device::default()).unwrap()
}

fn platt(score: f32) -> f64 {
    let score = f64::from(score);
    let logit = (score / (1.0 - score)).ln();
    1.0 / (1.0 + (-(PLATT[0] * logit + PLATT[1])).exp())
}

/// A network, and the same tuned.
fn models(place: &Place, smoothing: TaskSmoothing) -> [PathBuf; 2] {
    let plain = place.network("plain.safetensors", 1, Tasks::new(), |network| network);
    let tuned = place.path("tuned.safetensors");
    let predictor = load(&plain).with_tuning(tuning(smoothing)).unwrap();
    predictor.save(&tuned).unwrap();
    [plain, tuned]
}

/// Whether `found` is what [`tuning`] makes of the scores in `raw`.
fn assert_tuned(found: &Value, raw: &Prediction) {
    let probability = |unit: &str| found["action_units"][unit].as_f64().unwrap();
    let mut active = Vec::new();
    for &(unit, score) in &raw.action_units {
        let (expected, threshold) = match unit {
            ActionUnit::AU12 => (platt(score), 0.3),
            ActionUnit::AU1 => (score.into(), 0.9),
            _ => (score.into(), 0.5),
        };
        let found = probability(&unit.to_string());
        assert!(
            (found - expected).abs() < 1e-5,
            "{unit}: {found} {expected}"
        );
        if expected >= threshold {
            active.push(unit.to_string());
        }
    }
    assert_eq!(found["active_units"], json!(active));
    let logits: Vec<f64> = raw.expressions.iter().map(|one| one.logit.into()).collect();
    let cooled: Vec<f64> = logits.iter().map(|logit| (logit / 2.0).exp()).collect();
    let sum: f64 = cooled.iter().sum();
    for (place, cooled) in cooled.iter().enumerate() {
        let of = |key: &str| found[key][place].as_f64().unwrap();
        assert!((of("expression_probabilities") - cooled / sum).abs() < 1e-5);
        assert!((of("expression_logits") - logits[place]).abs() < 1e-5);
    }
    let with_offset = raw.expressions.iter().map(|one| match one.class {
        Expression::Sadness => (one.logit + 1.5, &one.class),
        _ => (one.logit, &one.class),
    });
    let best = with_offset
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .unwrap();
    assert_eq!(found["expression"], best.1.name());
}

fn lines(left: &Left) -> Vec<Value> {
    let lines = left.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn predict(model: &Path, more: &[&str], images: &[PathBuf]) -> Left {
    let left = run(example("predict")
        .arg("--model")
        .arg(model)
        .args(more)
        .args(images));
    assert!(left.succeeded, "{}", left.said);
    left
}

#[test]
fn predictions_are_calibrated_and_decided_and_those_of_other_models_as_before() {
    let place = Place::new();
    let root = place.set(8);
    let [plain, tuned] = models(&place, TaskSmoothing::default());
    let rows = place.rows(SplitName::Validation);
    let images: Vec<PathBuf> = rows
        .iter()
        .map(|row| root.join("cropped_aligned").join(&row.image))
        .collect();
    let network = load(&plain);
    let left = predict(&tuned, &["--format", "json"], &images);
    assert!(!left.said.contains("smoothing"), "{}", left.said);
    let found = lines(&left);
    assert_eq!(found.len(), images.len());
    for (found, image) in found.iter().zip(&images) {
        assert_tuned(found, &network.predict_file(image).unwrap());
    }
    // In the table for people and in CSV those units are active.
    let csv = predict(&tuned, &["--format", "csv"], &images).out;
    let header = csv.lines().next().unwrap();
    assert!(header.ends_with(",active_units,error"), "{header}");
    let mut records = csv::Reader::from_reader(csv.as_bytes());
    let table = predict(&tuned, &[], &images).out;
    let told: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("  active AUs"))
        .collect();
    assert_eq!(told.len(), images.len());
    for ((record, found), told) in records.records().zip(&found).zip(told) {
        let active = found["active_units"].as_array().unwrap();
        let names: Vec<&str> = active.iter().map(|unit| unit.as_str().unwrap()).collect();
        let record = record.unwrap();
        assert_eq!(&record[record.len() - 2], names.join(" "));
        assert_eq!(told.matches(" (").count(), names.len(), "{told}");
    }
    let plain = predict(&plain, &["--format", "csv"], &images).out;
    assert!(!plain.contains("active_units"), "{plain}");
}

#[test]
fn scores_of_frames_are_smoothed_before_they_are_calibrated() {
    let place = Place::new();
    let root = place.set(8);
    let smoothing = TaskSmoothing {
        action_units: Smoothing::Box(0.2),
        valence_arousal: Smoothing::Gaussian(0.1),
        ..TaskSmoothing::default()
    };
    let [plain, tuned] = models(&place, smoothing);
    let rows = place.rows(SplitName::Validation);
    std::fs::create_dir(place.path("walk")).unwrap();
    // In another order than that of their numbers, with a gap, and a picture that is no frame.
    let names = ["12", "10", "11", "90", "13", "cover"];
    let images: Vec<PathBuf> = names
        .iter()
        .zip(&rows)
        .map(|(name, row)| {
            let image = place.path(format!("walk/{name}.jpg"));
            std::fs::copy(root.join("cropped_aligned").join(&row.image), &image).unwrap();
            image
        })
        .collect();
    let left = predict(&tuned, &["--format", "json", "--frame-rate", "10"], &images);
    assert!(
        left.said.contains("1 row is no numbered frame"),
        "{}",
        left.said
    );
    let network = load(&plain);
    let raw: Vec<Prediction> = images
        .iter()
        .map(|image| network.predict_file(image).unwrap())
        .collect();
    for (place, found) in lines(&left).iter().enumerate() {
        // Boxes of .2 s reach one frame to either side.
        let near: Vec<usize> = match names[place] {
            "10" => vec![1, 2],
            "11" => vec![0, 1, 2],
            "12" => vec![0, 2, 4],
            "13" => vec![0, 4],
            _ => vec![place],
        };
        let mut expected = raw[place].clone();
        for (unit, (_, score)) in expected.action_units.iter_mut().enumerate() {
            let all = near.iter().map(|&row| raw[row].action_units[unit].1);
            *score = all.sum::<f32>() / near.len() as f32;
        }
        assert_tuned(found, &expected);
    }
    let found = lines(&left)[2]["valence"].as_f64().unwrap();
    assert!((found - f64::from(raw[2].valence().unwrap())).abs() > 1e-6);

    // Unless they are known to be frames they are not, and that is said once.
    let left = predict(&tuned, &["--format", "json"], &images);
    assert_eq!(
        left.said.matches("--frame-rate").count(),
        1,
        "{}",
        left.said
    );
    for (found, raw) in lines(&left).iter().zip(&raw) {
        assert_tuned(found, raw);
    }
    let left = predict(&plain, &["--format", "json", "--frame-rate", "10"], &images);
    assert!(left.said.contains("changes nothing"), "{}", left.said);
}

#[test]
fn faces_of_one_frame_are_not_smoothed_into_each_other() {
    let place = Place::new();
    let plain = load(&place.heads("plain.safetensors"));
    let tuned = place.path("tuned.safetensors");
    let width = plain.feature_width().unwrap();
    let features: Vec<f32> = (0..4 * width).map(|one| (one as f32).sin()).collect();
    let raw = plain.predict_features(&features).unwrap();
    let tuning = tuning(TaskSmoothing::from(Smoothing::Box(1.0)));
    plain.with_tuning(tuning).unwrap().save(&tuned).unwrap();
    // As `extract --detect` calls them; the numbers say who was found with more confidence, not who it is.
    let names = ["walk/1.jpg#0", "walk/1.jpg#1", "walk/2.jpg", "walk/3.jpg"].map(String::from);
    let path = place.path("features.safetensors");
    let fingerprint = Fingerprint::builder().rows(&names).build();
    let mut writer = CacheWriter::open(&path, &names, width, &fingerprint).unwrap();
    writer.push(&features).unwrap();
    writer.finish().unwrap();
    let more = ["--format", "json", "--frame-rate", "10", "--features"];
    let left = predict(&tuned, &more, &[path]);
    let told = "of 1 video; 2 rows are no numbered frames";
    assert!(left.said.contains(told), "{}", left.said);
    for (row, (found, raw)) in lines(&left).iter().zip(&raw).enumerate() {
        let valence = raw.as_ref().unwrap().valence().unwrap();
        let moved = (found["valence"].as_f64().unwrap() - f64::from(valence)).abs();
        assert_eq!(moved > 1e-6, row > 1, "row {row}: {moved}");
    }
}

#[test]
fn a_video_is_smoothed_as_its_model_was_tuned_unless_told_otherwise() {
    let studio = Studio::new();
    let tuned = studio.place.path("tuned.safetensors");
    let smoothing = TaskSmoothing {
        action_units: Smoothing::Exponential(0.3),
        ..TaskSmoothing::default()
    };
    let network = load(&studio.network);
    network
        .with_tuning(tuning(smoothing))
        .unwrap()
        .save(&tuned)
        .unwrap();
    let folder = studio.place.path("frames");
    std::fs::create_dir(&folder).unwrap();
    for number in 0..6u32 {
        let lamps = [([8, 6], 200 + 9 * (number % 3) as u8)];
        let frame = lamp::photograph(160, 120, &lamps);
        frame.save(folder.join(format!("{number}.png"))).unwrap();
    }
    let video = |model: &Path, more: &[&str]| {
        let mut command = studio.program_with("video", model);
        command.args(["--frame-rate", "20", "--format", "json"]);
        let left = run(command.args(more).arg(&folder));
        assert!(left.succeeded, "{}", left.said);
        lines(&left)
    };
    let raw = video(&studio.network, &[]);
    let expected = video(&studio.network, &["--smooth", "exponential:0.3"]);
    let prediction = |row: &Value, units_of: &Value| {
        let mut prediction = load(&studio.network)
            .predict(&lamp::photograph(64, 64, &[]))
            .unwrap();
        for (unit, score) in &mut prediction.action_units {
            *score = units_of["action_units"][unit.to_string()].as_f64().unwrap() as f32;
        }
        for (class, score) in prediction.expressions.iter_mut().enumerate() {
            score.logit = row["expression_logits"][class].as_f64().unwrap() as f32;
        }
        prediction
    };
    let found = video(&tuned, &[]);
    assert_eq!(found.len(), 6);
    for ((found, raw), smoothed) in found.iter().zip(&raw).zip(&expected) {
        // The expressions are not smoothed; the units are, and then calibrated.
        assert_tuned(found, &prediction(raw, smoothed));
        assert_tuned(&found["raw"], &prediction(raw, raw));
    }
    let off = video(&tuned, &["--smooth", "off"]);
    for (found, raw) in off.iter().zip(&raw) {
        assert_tuned(found, &prediction(raw, raw));
        assert!(found.get("raw").is_none());
    }
}

/// What a model says of images before its tuning, and of which videos they are.
fn undecided(
    predictor: &Predictor,
    root: &Path,
    names: &[String],
) -> (Vec<Option<Prediction>>, Sequences) {
    let folder = root.join("cropped_aligned");
    let images: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let mut raw = Vec::new();
    let read = |_, prediction: Result<Prediction, Error>| {
        raw.push(prediction.ok());
        Ok(())
    };
    predictor.read_files(&images, 32, read).unwrap();
    let sequences = Marks::of_names(names).sequences(names.len(), 30.0);
    (raw, sequences.unwrap())
}

#[test]
fn a_submission_obeys_thresholds_offsets_and_smoothing() {
    let place = Place::new();
    let root = place.set(10);
    let smoothing = TaskSmoothing {
        valence_arousal: Smoothing::Box(1.0),
        ..TaskSmoothing::default()
    };
    let [_, tuned] = models(&place, smoothing);
    let rows = place.rows(SplitName::Validation);
    let names: Vec<String> = rows.iter().map(|row| row.image.clone()).collect();
    let list = place.file("list.txt", format!("image\n{}\n", names.join("\n")));
    let out = place.path("out.txt");
    let submit = |more: &[&str]| {
        let mut command = example("submit");
        command.arg("--model").arg(&tuned).arg("--list").arg(&list);
        command.arg("--images").arg(root.join("cropped_aligned"));
        let left = run(command.arg("--out").arg(&out).args(more));
        assert!(left.succeeded, "{}", left.said);
        let text = std::fs::read_to_string(&out).unwrap();
        let lines: Vec<Vec<String>> = (text.lines().skip(1))
            .map(|line| line.split(',').map(String::from).collect())
            .collect();
        assert_eq!(lines.len(), names.len());
        lines
    };
    let predictor = load(&tuned);
    let (raw, sequences) = undecided(&predictor, &root, &names);
    assert!(sequences.videos() < names.len() && sequences.unplaced() == 0);
    let decided = predictor.decided_frames(&raw, &sequences).unwrap();
    let is_smoothed = |(raw, decided): (&Option<Prediction>, &Option<Prediction>)| {
        raw.as_ref().unwrap().valence() != decided.as_ref().unwrap().valence()
    };
    assert!(raw.iter().zip(&decided).any(is_smoothed));
    for (line, decided) in submit(&[]).iter().zip(&decided) {
        let decided = decided.as_ref().unwrap();
        let found: f32 = line[1].parse().unwrap();
        assert!((found - decided.valence().unwrap()).abs() < 1e-3);
        let class = Expression::AFF_WILD2
            .iter()
            .position(|one| Some(one) == decided.expression().as_ref());
        assert_eq!(line[3], class.unwrap().to_string());
        for (cell, unit) in line[4..].iter().zip(ActionUnit::AFF_WILD2) {
            let is_active = decided.active_units.as_ref().unwrap().contains(&unit);
            assert_eq!(cell, if is_active { "1" } else { "0" }, "{unit}");
        }
    }
    // One threshold for all in their place.
    for line in submit(&["--threshold", "0"]) {
        assert!(line[4..].iter().all(|cell| cell == "1"), "{line:?}");
    }
}

#[test]
fn an_evaluation_obeys_all_of_it_and_leaves_it_when_told_to() {
    let place = Place::new();
    let root = place.set(24);
    let [plain, _] = models(&place, TaskSmoothing::default());
    let rows = place.rows(SplitName::Validation);
    let names: Vec<String> = rows.iter().map(|row| row.image.clone()).collect();
    let smoothing = TaskSmoothing::from(Smoothing::Box(1.0));
    let tuned = |origin: Option<Origin>| {
        let path = place.path("tuned.safetensors");
        let tuning = Tuning {
            origin,
            ..tuning(smoothing)
        };
        load(&plain)
            .with_tuning(tuning)
            .unwrap()
            .save(&path)
            .unwrap();
        path
    };
    let evaluate = |model: &Path, more: &[&str]| {
        let mut command = example("evaluate");
        command.arg("--model").arg(model).arg("--data").arg(&root);
        let left = run(command.args(["--format", "json"]).args(more));
        assert!(left.succeeded, "{}", left.said);
        left
    };
    let elsewhere = Origin::new("test", 1, ["far/1.jpg"], Outcome::default());
    let model = tuned(Some(elsewhere));
    let left = evaluate(&model, &[]);
    assert!(!left.said.contains("tuned on these rows"), "{}", left.said);
    assert!(
        left.said.contains("smoothed over the frames of"),
        "{}",
        left.said
    );
    let found: Value = serde_json::from_str(&left.out).unwrap();

    let predictor = load(&model);
    let (raw, sequences) = undecided(&predictor, &root, &names);
    let decided = predictor.decided_frames(&raw, &sequences).unwrap();
    for (place, unit) in ActionUnit::AFF_WILD2.into_iter().enumerate() {
        let mut counts = BinaryCounts::default();
        let mut labelled = 0;
        for (row, decided) in rows.iter().zip(&decided) {
            if let Some(label) = row.labels.action_unit(place) {
                let active = decided.as_ref().unwrap().active_units.as_ref().unwrap();
                counts.push(label > 0.0, active.contains(&unit));
                labelled += 1;
            }
        }
        let expected = (labelled > 0).then(|| counts.f1());
        assert_eq!(
            found["au_f1"][unit.to_string()].as_f64(),
            expected,
            "{unit}"
        );
    }
    let untuned = evaluate(&model, &["--untuned"]);
    assert_eq!(untuned.out, evaluate(&plain, &[]).out);
    assert_ne!(untuned.out, left.out);

    let here = Origin::new("validation", 1, &names, Outcome::default());
    let model = tuned(Some(here));
    let left = evaluate(&model, &[]);
    assert!(left.said.contains("tuned on these rows"), "{}", left.said);
    let left = evaluate(&model, &["--untuned"]);
    assert!(!left.said.contains("tuned on these rows"), "{}", left.said);

    // What the networks of a blend weigh is of these rows too, and never left aside.
    let weights = BlendWeights {
        expressions: vec![0.75, 0.25],
        ..BlendWeights::equal(2)
    };
    let weighed = |weights: BlendWeights| {
        let path = place.path("blend.safetensors");
        let tuning = Tuning {
            origin: Some(Origin::new("validation", 1, &names, Outcome::default())),
            ..Tuning::default()
        };
        let models = vec![load(&plain), load(&plain)];
        let blend = Predictor::blend(models, &weights).unwrap();
        blend.with_tuning(tuning).unwrap().save(&path).unwrap();
        path
    };
    let nothing: &[&str] = &[];
    for more in [nothing, &["--untuned"]] {
        let left = evaluate(&weighed(weights.clone()), more);
        assert!(left.said.contains("tuned on these rows"), "{}", left.said);
        let left = evaluate(&weighed(BlendWeights::equal(2)), more);
        assert!(!left.said.contains("tuned on these rows"), "{}", left.said);
    }
}

#[test]
fn a_tuning_survives_conversion_and_one_that_is_none_is_refused() {
    let place = Place::new();
    let smoothing = TaskSmoothing::from(Smoothing::Gaussian(0.4));
    let [plain, tuned] = models(&place, smoothing);
    let copy = place.path("copy.safetensors");
    let left = run(example("convert").arg(&tuned).arg(&copy));
    assert!(left.succeeded, "{}", left.said);
    for told in [
        "thresholds: AU1 0.900 AU12 0.300 (Platt)",
        "class offsets: Sadness +1.500",
        "temperature of the expressions: 2.000",
        "smoothing over time: gaussian:0.4",
    ] {
        assert!(left.out.contains(told), "{told}: {}", left.out);
    }
    let bytes = |path: &Path| std::fs::read(path).unwrap();
    assert!(bytes(&copy) == bytes(&tuned));
    assert_eq!(*load(&copy).tuning(), tuning(smoothing));
    let left = run(example("convert").arg(&plain).arg(&copy));
    assert!(!left.out.contains("thresholds"), "{}", left.out);

    // An offset is of an output: it goes with it where the outputs get other names.
    let classes = [Expression::Fear, Expression::Sadness];
    let classifier = load(&place.classifier("classifier", &classes));
    let mut preferred = Tuning::default();
    preferred.expressions.offsets = vec![(Expression::Sadness, 1.5)];
    let renamed = place.path("renamed.safetensors");
    let classifier = classifier.with_tuning(preferred).unwrap();
    classifier.save(&renamed).unwrap();
    for (labels, expected) in [
        ("Sadness,Fear,valence,arousal", Expression::Fear),
        ("Anger,Disgust,valence,arousal", Expression::Disgust),
    ] {
        let left = run(example("convert")
            .args([&renamed, &copy])
            .args(["--labels", labels]));
        assert!(left.succeeded, "{}", left.said);
        assert_eq!(load(&copy).tuning().expressions.offsets, [(expected, 1.5)]);
    }

    // What was tuned alone is not what its blend is tuned to.
    let left = run(example("convert").args([&tuned, &plain, &copy]));
    assert!(
        left.succeeded && left.said.contains("was tuned alone"),
        "{}",
        left.said
    );
    assert!(load(&copy).tuning().is_empty());
    // A blend is tuned as a whole, and stays it.
    let both = load(&copy).with_tuning(tuning(smoothing)).unwrap();
    both.save(&tuned).unwrap();
    assert_eq!(*load(&tuned).tuning(), tuning(smoothing));

    let file = native::read(&tuned).unwrap();
    let tensors: Vec<_> = file.tensors.into_iter().collect();
    let own: Value = serde_json::from_str(&file.metadata["tuning"]).unwrap();
    type Spoil = fn(&mut Value);
    let changes: [(Spoil, &str); 6] = [
        (|one| one["colour"] = 1.into(), "colour"),
        (
            |one| one["action_units"]["AU12"]["treshold"] = 1.into(),
            "treshold",
        ),
        (
            |one| one["action_units"]["AU12"]["threshold"] = 2.into(),
            "0 to 1, found 2",
        ),
        (|one| one["action_units"]["AU99"] = json!({}), "AU99"),
        (
            |one| one["expressions"]["offsets"] = json!([["Contempt", 1.0]]),
            "Contempt",
        ),
        (
            |one| one["smoothing"]["expressions"] = "sideways".into(),
            "sideways",
        ),
    ];
    for (change, expected) in changes {
        let mut tuning = own.clone();
        change(&mut tuning);
        let mut metadata = file.metadata.clone();
        metadata.insert("tuning".into(), tuning.to_string());
        native::write(&copy, &tensors, &metadata).unwrap();
        let error = Predictor::load_on(&copy, &Device::default()).unwrap_err();
        assert!(matches!(error, Error::File { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    }
}
