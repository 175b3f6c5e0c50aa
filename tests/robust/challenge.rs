//! What becomes of a model's outputs: those that it lacks are never made up, and the others are found
//! by their names.

use std::path::{Path, PathBuf};

use countenance::data::annotation::{self, AnnotationConfig, HEADER};
use countenance::data::split::SplitName;
use countenance::data::submission::ChallengePrediction;
use countenance::network::{NetworkConfig, Tasks};
use countenance::predict::Predictor;
use countenance::{ActionUnit, Expression};
use serde_json::Value;

use crate::model::{Place, drawn};
use crate::program::{Left, example, run};

fn submit(model: &Path, list: &Path, place: &Place, more: &[&str]) -> Left {
    let mut command = example("submit");
    command.arg("--model").arg(model).arg("--list").arg(list);
    let images = place.path("data").join("cropped_aligned");
    command.arg("--images").arg(images);
    command.arg("--out").arg(place.path("submission.txt"));
    run(command.args(more))
}

fn evaluate(model: &Path, root: &Path, more: &[&str]) -> Left {
    let mut command = example("evaluate");
    command.arg("--model").arg(model).arg("--data").arg(root);
    run(command.args(more))
}

fn list(place: &Place) -> PathBuf {
    let rows = place.rows(SplitName::Validation);
    let images: String = rows.iter().map(|row| format!("{}\n", row.image)).collect();
    place.file("list.txt", format!("{HEADER}\n{images}"))
}

#[test]
fn a_submission_says_what_the_model_says_each_under_its_name() {
    let place = Place::new();
    place.set(6);
    let model = place.network("m", 5, Tasks::new(), |network| network);
    let predictor = Predictor::load(&model).unwrap();
    let listed = place.rows(SplitName::Validation);
    let said = |image: &str| {
        let image = place.path("data/cropped_aligned").join(image);
        predictor.predict_file(image).unwrap()
    };
    // Some units of the first image are above it, and some below.
    let mut scores: Vec<f32> = said(&listed[0].image)
        .action_units
        .iter()
        .map(|&(_, score)| score)
        .collect();
    scores.sort_by(f32::total_cmp);
    let threshold = (f64::from(scores[0]) + f64::from(scores[11])) / 2.0;
    let text = threshold.to_string();
    let left = submit(&model, &list(&place), &place, &["--threshold", &text]);
    assert!(left.succeeded, "{}", left.said);
    let path = place.path("submission.txt");
    let rows = annotation::read(&path, &AnnotationConfig::new().with_strict(true)).unwrap();
    assert_eq!(rows.len(), listed.len());
    let mut counts = [0; 2];
    for (row, listed) in rows.iter().zip(listed) {
        assert_eq!(row.image, listed.image);
        let said = said(&row.image);
        assert_eq!(
            row.labels.valence_arousal,
            said.valence_arousal.unwrap().map(Some)
        );
        let class = &Expression::AFF_WILD2[row.labels.expression.unwrap()];
        assert_eq!(Some(class), said.expression().as_ref());
        for (unit, label) in ActionUnit::AFF_WILD2
            .into_iter()
            .zip(row.labels.action_units.clone())
        {
            let score = f64::from(said.action_unit(unit).unwrap());
            let expected = usize::from(score >= threshold);
            assert_eq!(label, Some(expected as f32), "{unit}");
            counts[expected] += 1;
        }
    }
    assert!(!counts.contains(&0), "{counts:?}");
}

#[test]
fn a_model_that_lacks_a_head_or_has_other_classes_submits_nothing() {
    let place = Place::new();
    place.set(6);
    let list = list(&place);
    let network = |name: &str, tasks| place.network(name, 1, tasks, |network| network);
    for (model, lacks) in [
        (
            network("au", Tasks::new().with_action_unit(false)),
            "no action units",
        ),
        (
            network("ex", Tasks::new().with_expression(false)),
            "no expressions",
        ),
        (
            network("va", Tasks::new().with_valence_arousal(false)),
            "no valence and arousal",
        ),
        (place.openface("openface"), "no AU7 AU10 AU15 AU23 AU24"),
        (
            place.classifier("hsemotion", &Expression::HSEMOTION_8),
            "Contempt, which is none",
        ),
        (
            place.classifier("seven", &Expression::HSEMOTION_7),
            "no action units, no Other",
        ),
        (
            place.classifier("turned", &Expression::AFF_WILD2),
            "no action units",
        ),
    ] {
        let left = submit(&model, &list, &place, &[]);
        assert!(!left.succeeded && left.out.is_empty(), "{}", left.out);
        assert!(left.said.contains(lacks), "{lacks}: {}", left.said);
        assert_eq!(left.said.lines().count(), 1, "{}", left.said);
        assert!(!place.path("submission.txt").exists());
    }
}

#[test]
fn further_scores_and_intervals_stand_beside_those_of_the_report() {
    let place = Place::new();
    let root = place.set(24);
    let model = place.network("m", 1, Tasks::new(), |one| one);
    let json = |more: &[&str]| {
        let left = evaluate(&model, &root, &[&["--format", "json"], more].concat());
        assert!(left.succeeded, "{}", left.said);
        serde_json::from_str::<Value>(&left.out).unwrap()
    };
    let plain = json(&[]);
    assert!(plain.get("ex_accuracy").is_none() && plain.get("intervals").is_none());
    let more = json(&["--more"]);
    assert!(more.get("intervals").is_none());
    for (key, value) in plain.as_object().unwrap() {
        assert_eq!(more[key], *value, "{key}");
    }
    let accuracy = more["ex_accuracy"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&accuracy));
    assert_eq!(more["au_auc"].as_object().unwrap().len(), 12);
    assert_eq!(more["ex_precision"].as_object().unwrap().len(), 8);
    for key in ["va_pcc", "va_rmse", "va_sagr"] {
        assert!(more[key]["valence"].is_number(), "{key}");
    }

    let rows = json(&["--interval", "row"]);
    assert_eq!(rows["ex_accuracy"], more["ex_accuracy"]);
    let intervals = &rows["intervals"];
    assert_eq!(intervals["by"], "row");
    assert_eq!(intervals["groups"], plain["rows"]["total"]);
    for (pair, score) in [
        (&intervals["p_au"], &plain["p_au"]),
        (&intervals["ccc"]["valence"], &plain["ccc"]["valence"]),
        (&intervals["ex_accuracy"], &more["ex_accuracy"]),
    ] {
        let [low, high] = [&pair[0], &pair[1]].map(|end| end.as_f64().unwrap());
        // A network that nobody trained may know no expression at all.
        assert!(low < high || *score == 0.0, "{pair}");
        assert!(
            (low..=high).contains(&score.as_f64().unwrap()),
            "{pair} {score}"
        );
    }
    let videos = json(&["--interval", "video"]);
    let names = place.rows(SplitName::Validation);
    let videos_there: std::collections::BTreeSet<_> = names
        .iter()
        .map(|row| row.image.rsplit_once('/').unwrap().0)
        .collect();
    assert_eq!(videos["intervals"]["by"], "video");
    assert_eq!(videos["intervals"]["groups"], videos_there.len());

    let table = evaluate(&model, &root, &["--interval", "row"]).out;
    assert!(table.contains("95 % interval, 1000 draws of"), "{table}");
    assert!(table.contains("ex_recall Happiness"), "{table}");
    let table = evaluate(&model, &root, &["--more"]).out;
    assert!(
        table.contains("ex_accuracy") && !table.contains("draws"),
        "{table}"
    );
    assert!(table.contains(" 5  Happiness"), "{table}");
}

#[test]
fn which_expressions_were_taken_for_which_is_one_matrix_in_every_form() {
    let place = Place::new();
    let root = place.set(24);
    let model = place.network("m", 1, Tasks::new(), |one| one);
    let path = place.path("confusion.csv");
    let file = path.to_str().unwrap();
    let more = ["--format", "json", "--more", "--confusion", file];
    let left = evaluate(&model, &root, &more);
    assert!(left.succeeded, "{}", left.said);
    let found: Value = serde_json::from_str(&left.out).unwrap();
    let [classes, counts] = ["classes", "counts"].map(|key| &found["confusion"][key]);
    let mut lines = vec!["labelled/predicted".to_string()];
    for (place, class) in classes.as_array().unwrap().iter().enumerate() {
        let class = class.as_str().unwrap();
        lines[0].push_str(&format!(",{class}"));
        let counts = counts[place].as_array().unwrap().iter();
        let counts: String = counts.map(|count| format!(",{count}")).collect();
        lines.push(format!("{class}{counts}"));
    }
    assert_eq!(lines.len(), 9);
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written.lines().collect::<Vec<_>>(), lines);
    let counted = counts.as_array().unwrap().iter();
    let counted = counted.flat_map(|row| row.as_array().unwrap());
    let counted: u64 = counted.map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(counted, found["rows"]["ex"].as_u64().unwrap());

    // Again in its own place, and never in that of something else.
    assert!(evaluate(&model, &root, &more).succeeded);
    let labels = place.path("labels.csv");
    std::fs::write(&labels, "image,expression\n").unwrap();
    for (name, said) in [
        (labels.to_str().unwrap(), "no table of a confusion"),
        ("confusion.txt", ".png or .csv"),
    ] {
        let left = evaluate(&model, &root, &["--confusion", name]);
        assert!(!left.succeeded && left.said.contains(said), "{}", left.said);
    }
    assert_eq!(
        std::fs::read_to_string(&labels).unwrap(),
        "image,expression\n"
    );
}

#[test]
fn an_evaluation_says_what_a_model_does_not_read_and_what_chance_is() {
    let place = Place::new();
    let root = place.set(24);
    let model = place.network("m", 1, Tasks::new().with_expression(false), |one| one);
    let table = evaluate(&model, &root, &[]);
    assert!(table.succeeded, "{}", table.said);
    assert!(
        table.out.contains("the model reads no expressions"),
        "{}",
        table.out
    );
    let labelled = place.rows(SplitName::Validation);
    let labelled = labelled
        .iter()
        .filter(|row| row.labels.expression.is_some());
    let labelled = labelled.count();
    assert!(
        table.out.contains(&format!("EX {labelled},")),
        "{}",
        table.out
    );

    let left = evaluate(&model, &root, &["--format", "json"]);
    let found: Value = serde_json::from_str(&left.out).unwrap();
    assert!(found["p_ex"].is_null() && found["p_mtl"].is_null() && found["p_au"].is_number());
    assert_eq!(found["tasks"]["expression"], false);
    assert_eq!(found["tasks"]["action_unit"], true);
    assert_eq!(found["rows"]["ex"], labelled);
    let chance = &found["chance"];
    for key in [
        "p_au", "p_ex", "p_va", "p_mtl", "au_f1", "ex_f1", "ccc", "rows",
    ] {
        assert!(!chance[key].is_null(), "{key}");
    }
    assert_eq!(chance["p_va"], 0.0);

    let left = evaluate(&place.heads("heads"), &root, &[]);
    assert!(!left.succeeded && left.out.is_empty());
    assert!(left.said.contains("heads alone"), "{}", left.said);
}

#[test]
fn predictions_have_no_column_of_what_a_model_does_not_read() {
    let place = Place::new();
    let root = place.set(6);
    let image = &place.rows(SplitName::Validation)[0].image;
    let image = root.join("cropped_aligned").join(image);
    let predict = |model: &Path| {
        let mut command = example("predict");
        command.arg("--model").arg(model).arg(&image);
        let json = run(command.args(["--format", "json"]));
        serde_json::from_str::<Value>(&json.out).unwrap()
    };
    let units = |found: &Value| {
        let units = found["action_units"].as_object().unwrap();
        units.keys().cloned().collect::<Vec<_>>()
    };
    let openface = predict(&place.openface("openface"));
    let expected = ActionUnit::OPENFACE3.map(|unit| unit.to_string());
    let mut found = units(&openface);
    found.sort_by_key(|unit| unit[2..].parse::<u8>().unwrap());
    assert_eq!(found, expected);
    assert!(openface["valence"].is_null());
    assert_eq!(openface["expression_classes"][7], "Contempt");
    let network = predict(&place.network(
        "m",
        1,
        Tasks::new().with_action_unit(false).with_expression(false),
        |one| one,
    ));
    assert!(units(&network).is_empty() && network["expression"].is_null());
    assert!(network["valence"].is_number());
}

#[test]
fn a_network_of_other_outputs_says_which_and_one_without_names_is_given_none() {
    use burn::tensor::Device;
    use countenance::label::Vocabulary;
    use countenance::weights::native;

    let place = Place::new();
    let path = place.path("model");
    let save = |vocabulary: &Vocabulary| {
        let config = NetworkConfig::paper(16).with_vocabulary(vocabulary);
        let network = drawn(config.init(&Device::default()), 1);
        network.save(&path).unwrap();
    };
    for name in Vocabulary::PRESETS {
        let vocabulary = Vocabulary::preset(name).unwrap();
        save(&vocabulary);
        let predictor = Predictor::load(&path).unwrap();
        assert_eq!(
            predictor.vocabulary().action_units,
            vocabulary.action_units,
            "{name}"
        );
        assert_eq!(
            predictor.vocabulary().expressions,
            vocabulary.expressions,
            "{name}"
        );
    }
    // As files said it when there were no names.
    save(&Vocabulary::raf_db());
    let file = native::read(&path).unwrap();
    let tensors: Vec<_> = file.tensors.into_iter().collect();
    let with = |key: &str, count: usize| {
        let mut metadata = file.metadata.clone();
        let mut config: Value = serde_json::from_str(&metadata["config"]).unwrap();
        config[key] = count.into();
        metadata.insert("config".into(), config.to_string());
        native::write(&path, &tensors, &metadata).unwrap();
        Predictor::load(&path)
    };
    let unnamed = with("expressions", 7).unwrap();
    assert!(!unnamed.members()[0].config().classes_are_named());
    let error = with("action_units", 13).unwrap_err();
    assert!(error.to_string().contains("found 13"), "{error}");
}

#[test]
fn images_that_are_missing_are_one_line_however_many() {
    let place = Place::new();
    let root = place.set(40);
    let rows = place.rows(SplitName::Validation);
    let list = list(&place);
    std::fs::remove_dir_all(root.join("cropped_aligned")).unwrap();
    let model = place.network("m", 1, Tasks::new(), |network| network);
    let count = rows.len();
    let left = submit(&model, &list, &place, &["--max-unreadable", ".5"]);
    let allowed = count / 2;
    let expected =
        format!("the images: expected at most {allowed} that cannot be read, found {count}");
    assert!(
        !left.succeeded && left.said.contains(&expected),
        "{}",
        left.said
    );
    assert!(
        left.said.contains("--max-unreadable allows more"),
        "{}",
        left.said
    );
    let left = submit(&model, &list, &place, &["--max-unreadable", "1"]);
    assert!(left.succeeded, "{}", left.said);
    let lines = left.said.lines().filter(|line| line.contains(".jpg"));
    let lines: Vec<&str> = lines.collect();
    let [line] = lines[..] else {
        panic!("{}", left.said)
    };
    assert!(line.contains(&format!("{count} images, such as")), "{line}");
    assert_eq!(line.matches(".jpg").count(), 3, "{line}");
    let written = std::fs::read_to_string(place.path("submission.txt")).unwrap();
    let neutral = format!("{},0,0,0{}", rows[7].image, ",0".repeat(12));
    assert!(written.contains(&neutral));
    assert_eq!(ChallengePrediction::neutral().expression, 0);

    let left = evaluate(&model, &root, &["--max-unreadable", "1"]);
    let lines = left.said.lines().filter(|line| line.contains(".jpg"));
    assert_eq!(lines.count(), 1, "{}", left.said);
    assert!(
        left.said
            .contains(&format!("left out: {count} images, such as"))
    );
}

#[test]
fn annotations_as_other_programs_write_them_score_alike_and_strictly_not_at_all() {
    let place = Place::new();
    let root = place.set(30);
    let model = place.network("m", 1, Tasks::new(), |network| network);
    let path = root.join(SplitName::Validation.file_name());
    let original = std::fs::read_to_string(&path).unwrap();
    let json = ["--format", "json"];
    let expected = evaluate(&model, &root, &json);
    assert!(expected.succeeded, "{}", expected.said);
    let strict = evaluate(&model, &root, &["--format", "json", "--strict"]);
    assert_eq!(strict.out, expected.out);

    let names = "image, valence, arousal, expression, AU01, AU02, AU04, AU06, AU07, AU10, AU12, \
                 AU15, AU23, AU24, AU25, AU26";
    let loose: String = original
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields: Vec<String> = line.split(',').map(String::from).collect();
            fields[3..]
                .iter_mut()
                .for_each(|field| field.push_str(".0"));
            format!("{} \t\r\n\r\n", fields.join(", "))
        })
        .collect();
    std::fs::write(&path, format!("\u{feff}{names} \r\n{loose}")).unwrap();
    assert_eq!(evaluate(&model, &root, &json).out, expected.out);
    let refused = evaluate(&model, &root, &["--strict"]);
    assert!(!refused.succeeded && refused.out.is_empty());
    let line = format!("{}:1: expected the header", path.display());
    assert!(refused.said.contains(&line), "{}", refused.said);

    // One of the two missing: the other counts for its own coefficient.
    let mut rows = place.rows(SplitName::Validation);
    for row in &mut rows[..10] {
        row.labels.valence_arousal[0] = None;
    }
    annotation::write(&path, &rows).unwrap();
    let found = evaluate(&model, &root, &json);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    let expected: Value = serde_json::from_str(&expected.out).unwrap();
    assert_eq!(found["ccc"]["arousal"], expected["ccc"]["arousal"]);
    assert_ne!(found["ccc"]["valence"], expected["ccc"]["valence"]);
    let count = |key: &str| found["rows"][key].as_u64().unwrap() as usize;
    assert_eq!(
        (count("va"), count("valence"), count("arousal")),
        (rows.len(), rows.len() - 10, rows.len())
    );
    let refused = evaluate(&model, &root, &["--strict"]);
    assert!(
        refused
            .said
            .contains(":2: expected valence and arousal both")
    );
}

#[test]
fn lists_as_other_programs_write_them_are_read_and_strictly_not() {
    let place = Place::new();
    let root = place.set(6);
    let model = place.network("m", 1, Tasks::new(), |network| network);
    let image = &place.rows(SplitName::Validation)[0].image;
    let images = root.join("cropped_aligned");
    std::fs::create_dir(images.join("my video")).unwrap();
    std::fs::copy(images.join(image), images.join("my video/00001.jpg")).unwrap();
    let text = format!("\u{feff}Image, Valence, Arousal, Expression, AUs \r\n\r\n{image} \t\r\n");
    let list = place.file("list.txt", format!("{text}my video/00001.jpg\r\n"));
    let left = submit(&model, &list, &place, &[]);
    assert!(left.succeeded, "{}", left.said);
    let written = std::fs::read_to_string(place.path("submission.txt")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[2].starts_with("my video/00001.jpg,"));
    assert_eq!(
        lines[1].split_once(',').unwrap().1,
        lines[2].split_once(',').unwrap().1
    );

    std::fs::remove_file(place.path("submission.txt")).unwrap();
    let left = submit(&model, &list, &place, &["--strict"]);
    assert!(!left.succeeded && !place.path("submission.txt").exists());
    assert!(
        left.said.contains("list.txt:1: expected the header"),
        "{}",
        left.said
    );
}
