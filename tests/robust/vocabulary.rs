//! Every preset of labels, from a table through training to scores, rows and files.

use std::path::{Path, PathBuf};

use countenance::data::cache::{CacheWriter, Fingerprint};
use countenance::label::{AffectRange, Scale, Vocabulary};
use countenance::model::{Model, ModelConfig};
use serde_json::Value;

use crate::model::Place;
use crate::program::{Left, example, run};

const ROWS: usize = 48;
const WIDTH: usize = 5;

fn number(place: usize) -> usize {
    (place * 7919 + 13) % 101
}

/// A table of all that the vocabulary labels, and a feature for each row.
fn table(place: &Place, name: &str, vocabulary: &Vocabulary) -> [PathBuf; 2] {
    let mut header = vec!["image".to_string(), "split".into()];
    header.extend(vocabulary.action_units.iter().map(ToString::to_string));
    if !vocabulary.expressions.is_empty() {
        header.push("expression".into());
    }
    if vocabulary.valence_arousal.is_some() {
        header.extend(["valence".into(), "arousal".into()]);
    }
    let mut text = header.join(",") + "\n";
    let (mut names, mut features) = (Vec::new(), Vec::new());
    for row in 0..ROWS {
        let image = format!("{row:03}.jpg");
        let part = if row % 3 == 2 { "validation" } else { "train" };
        let mut cells = vec![image.clone(), part.into()];
        for (unit, coded) in vocabulary.action_units.iter().enumerate() {
            let label = number(row * 64 + unit) % (coded.scale.most() as usize + 1);
            cells.push(label.to_string());
        }
        if !vocabulary.expressions.is_empty() {
            let class = row % vocabulary.expressions.len();
            cells.push(vocabulary.expressions[class].to_string());
        }
        if let Some(range) = vocabulary.valence_arousal {
            let value = |place| range.of_unit(number(row + place) as f32 / 50.0 - 1.0);
            cells.extend([value(0), value(31)].map(|value| value.to_string()));
        }
        text += &(cells.join(",") + "\n");
        features.extend((0..WIDTH).map(|column| number(row * WIDTH + column) as f32 / 50.0 - 1.0));
        names.push(image);
    }
    let labels = place.file(&format!("{name}.csv"), text);
    let path = place.path(format!("{name}.safetensors"));
    let fingerprint = Fingerprint::builder().rows(&names).build();
    let mut writer = CacheWriter::open(&path, &names, WIDTH, &fingerprint).unwrap();
    writer.push(&features).unwrap();
    writer.finish().unwrap();
    [labels, path]
}

fn train(place: &Place, name: &str, files: &[PathBuf; 2], more: &[&str]) -> (PathBuf, Left) {
    let out = place.path(format!("run-{name}"));
    let mut command = example("train");
    command.args(["--epochs", "2", "--batch-size", "16", "--data"]);
    command.arg(&files[0]).arg("--features").arg(&files[1]);
    let left = run(command.arg("--out").arg(&out).args(more));
    assert!(left.succeeded, "{name}: {}", left.said);
    (out, left)
}

fn json(left: &Left) -> Value {
    assert!(left.succeeded, "{}", left.said);
    serde_json::from_str(&left.out).unwrap()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn keys(value: &Value) -> Vec<String> {
    let map = value.as_object().unwrap();
    map.keys().cloned().collect()
}

fn sorted(names: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    names.sort();
    names
}

#[test]
fn every_preset_is_trained_scored_predicted_and_converted() {
    let place = Place::new();
    for name in Vocabulary::PRESETS {
        let vocabulary = Vocabulary::preset(name).unwrap();
        let files = table(&place, name, &vocabulary);
        let (out, left) = train(&place, name, &files, &["--vocabulary", name]);
        let model = out.join("model.safetensors");

        // The report names what the data label and nothing else.
        let report = read(&out.join("report.json"));
        let of = |scale| {
            let units = vocabulary.action_units.iter();
            let units = units.filter(move |coded| coded.scale == scale);
            sorted(units.map(|coded| coded.unit))
        };
        assert_eq!(
            sorted(keys(&report["au_f1"])),
            of(Scale::Occurrence),
            "{name}"
        );
        assert_eq!(
            sorted(keys(&report["ex_f1"])),
            sorted(vocabulary.expressions.iter()),
            "{name}"
        );
        let is_there = |key: &str| !report[key].is_null();
        assert_eq!(
            is_there("p_au"),
            !vocabulary.action_units.is_empty(),
            "{name}"
        );
        assert_eq!(
            is_there("p_ex"),
            !vocabulary.expressions.is_empty(),
            "{name}"
        );
        assert_eq!(
            is_there("p_va"),
            vocabulary.valence_arousal.is_some(),
            "{name}"
        );
        if !of(Scale::Intensity).is_empty() {
            for key in ["au_icc", "au_pcc", "au_mae"] {
                assert_eq!(
                    sorted(keys(&report[key])),
                    of(Scale::Intensity),
                    "{name} {key}"
                );
            }
            let icc = report["au_icc"].as_object().unwrap().values();
            let icc: Vec<f64> = icc.map(|value| value.as_f64().unwrap()).collect();
            let mean = icc.iter().sum::<f64>() / icc.len() as f64;
            assert!(
                (report["p_au"].as_f64().unwrap() - mean).abs() < 1e-12,
                "{name}"
            );
        }
        assert!(
            left.said.contains("training: 32 rows") && left.said.contains("validation: 16 rows"),
            "{name}: the rows are told: {}",
            left.said
        );

        // `evaluate` repeats it from the table, `predict` has a number for each name.
        let mut command = example("evaluate");
        command
            .arg("--model")
            .arg(&model)
            .arg("--data")
            .arg(&files[0]);
        command.arg("--features").arg(&files[1]);
        let again = json(&run(command.args(["--format", "json"])));
        for key in ["p_au", "p_ex", "p_va"] {
            let [first, second] = [&report, &again].map(|report| report[key].as_f64());
            let differ = first
                .zip(second)
                .map_or(0.0, |(first, second)| (first - second).abs());
            assert!(
                first.is_some() == second.is_some() && differ < 1e-6,
                "{name} {key}"
            );
        }
        let predict = |format: &str| {
            let mut command = example("predict");
            command
                .arg("--model")
                .arg(&model)
                .arg("--features")
                .arg(&files[1]);
            let left = run(command.args(["--format", format]));
            assert!(left.succeeded, "{name}: {}", left.said);
            left.out
        };
        let rows = predict("json");
        assert_eq!(rows.lines().count(), ROWS, "{name}");
        let row: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
        assert_eq!(
            sorted(keys(&row["action_units"])),
            of(Scale::Occurrence),
            "{name}"
        );
        let intensities = row.get("action_unit_intensities");
        let intensities = intensities.map(keys).unwrap_or_default();
        assert_eq!(sorted(intensities), of(Scale::Intensity), "{name}");
        let classes = vocabulary.expressions.len();
        assert_eq!(
            row["expression_logits"].as_array().unwrap().len(),
            classes,
            "{name}"
        );
        let header = predict("csv").lines().next().unwrap().to_string();
        for coded in vocabulary.action_units.iter() {
            let column = coded.to_string();
            assert!(
                header.split(',').any(|name| name == column),
                "{name}: {header}"
            );
        }

        // `convert` keeps it whole.
        let copy = place.path(format!("{name}-copy.safetensors"));
        let left = run(example("convert").arg(&model).arg(&copy));
        assert!(left.succeeded, "{name}: {}", left.said);
        let (_, config) = Model::load(&copy, &Default::default()).unwrap();
        let ModelConfig::Network(config) = config else {
            panic!("{name}: another kind of model");
        };
        assert_eq!(config.action_units, vocabulary.action_units, "{name}");
        assert_eq!(config.expressions, vocabulary.expressions, "{name}");
    }
}

#[test]
fn the_range_of_valence_and_arousal_goes_with_the_model_and_is_never_guessed_of_a_table() {
    let place = Place::new();
    let vocabulary = |low, high| Vocabulary {
        valence_arousal: Some(AffectRange::new(low, high).unwrap()),
        ..Vocabulary::default()
    };
    // Numbers that are all in [-1, 1] too.
    let [shares, manikins] = [("shares", 0.0, 1.0), ("manikins", 1.0, 9.0)]
        .map(|(name, low, high)| table(&place, name, &vocabulary(low, high)));
    let (out, _) = train(&place, "shares", &shares, &["--affect-range", "0,1"]);
    let model = out.join("model.safetensors");
    let ModelConfig::Network(config) = Model::load(&model, &Default::default()).unwrap().1 else {
        panic!("another kind of model");
    };
    assert_eq!(
        config.vocabulary().valence_arousal,
        vocabulary(0.0, 1.0).valence_arousal
    );
    let evaluate = |files: &[PathBuf; 2], more: &[&str]| {
        let mut command = example("evaluate");
        command
            .arg("--model")
            .arg(&model)
            .arg("--data")
            .arg(&files[0]);
        run(command
            .arg("--features")
            .arg(&files[1])
            .args(["--format", "json"])
            .args(more))
    };
    let report = read(&out.join("report.json"));
    let own = json(&evaluate(&shares, &["--affect-range", "0,1"]));
    assert_eq!(own["ccc"], report["ccc"]);
    // The same rows on another scale are the same labels.
    let other = json(&evaluate(&manikins, &["--affect-range", "1,9"]));
    for key in ["valence", "arousal"] {
        let [own, other] = [&own, &other].map(|found| found["ccc"][key].as_f64().unwrap());
        assert!((own - other).abs() < 1e-5, "{own} {other}");
    }
    // Of its own data the run has said it.
    assert_eq!(json(&evaluate(&shares, &[]))["ccc"], report["ccc"]);
    let copied = [place.path("copied.csv"), shares[1].clone()];
    std::fs::copy(&shares[0], &copied[0]).unwrap();
    let told = "the model was trained on labels from 0 to 1 (--affect-range 0,1)";
    for (files, what) in [
        (&copied, "--affect-range: expected"),
        (&manikins, "manikins.csv:2: expected"),
    ] {
        let left = evaluate(files, &[]);
        assert!(!left.succeeded && left.out.is_empty());
        assert!(
            left.said.contains(told) && left.said.contains(what),
            "{}",
            left.said
        );
    }

    let copy = place.path("copy.safetensors");
    let left = run(example("convert").arg(&model).arg(&copy));
    let told = "valence and arousal: yes, from -1, which stands for a label of 0, to 1, for 1";
    assert!(
        left.succeeded && left.out.contains(told),
        "{} {}",
        left.out,
        left.said
    );
    let [one, other] = [model, copy].map(|path| Model::load(&path, &Default::default()).unwrap().1);
    assert_eq!(one.affect_range(), other.affect_range());
}

#[test]
fn heads_begin_with_those_of_a_model_for_another_vocabulary() {
    let place = Place::new();
    let files = table(&place, "eight", &Vocabulary::affectnet_8());
    let (first, _) = train(&place, "eight", &files, &[]);
    let files = table(&place, "seven", &Vocabulary::raf_db());
    let model = first.join("model.safetensors");
    let model = model.to_str().unwrap();
    let (out, left) = train(
        &place,
        "seven",
        &files,
        &["--heads", model, "--vocabulary", "raf-db"],
    );
    let told = "taken over: Surprise, Fear, Disgust, Happiness, Sadness, Anger, Neutral, valence and \
                arousal; new: none";
    assert!(left.said.contains(told), "{}", left.said);
    // The run has its own copy, and says what it is of.
    let kept = std::fs::read(out.join("heads.safetensors")).unwrap();
    assert_eq!(kept, std::fs::read(model).unwrap());
    let (plain, _) = train(&place, "plain", &files, &["--vocabulary", "raf-db"]);
    let bytes = |out: &Path| std::fs::read(out.join("model.safetensors")).unwrap();
    assert!(bytes(&plain) != bytes(&out));

    let left = run(example("train")
        .arg("--data")
        .arg(&files[0])
        .arg("--features")
        .arg(&files[1])
        .arg("--heads")
        .arg(&files[1])
        .arg("--out")
        .arg(place.path("none")));
    assert!(
        !left.succeeded && left.said.contains("seven.safetensors"),
        "{}",
        left.said
    );
    assert!(!place.path("none").exists());
}
