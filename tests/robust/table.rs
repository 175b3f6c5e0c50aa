//! Runs on data sets of other kinds than the challenge's.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use countenance::data::annotation::Row;
use countenance::data::division::DivisionConfig;
use countenance::data::split::{IMAGE_FOLDER, SplitName};
use countenance::label::{ActionUnit, Expression, Vocabulary};
use countenance::train::TrainConfig;

use crate::set::{Set, turn};

const PARTS: [SplitName; 2] = [SplitName::Training, SplitName::Validation];

/// The set's labels as a table, with the subject that a rendered video is of.
fn table(set: &Set) -> PathBuf {
    let units = ActionUnit::AFF_WILD2.map(|unit| unit.to_string()).join(",");
    let mut text = format!("subject,{units},expression,arousal,valence,split,image\n");
    for part in PARTS {
        for Row { image, labels, .. } in set.rows(part) {
            let cell =
                |value: Option<f32>| value.map(|value| value.to_string()).unwrap_or_default();
            let units = (0..12).map(|unit| cell(labels.action_unit(unit)));
            let class = labels
                .expression
                .map(|class| Expression::AFF_WILD2[class].name());
            let [valence, arousal] = labels.valence_arousal.map(cell);
            writeln!(
                text,
                "{},{},{},{arousal},{valence},{part},{IMAGE_FOLDER}/{image}",
                image.split('/').next().unwrap(),
                units.collect::<Vec<_>>().join(","),
                class.unwrap_or_default(),
            )
            .unwrap();
        }
    }
    let path = set.path("data").join("mine.csv");
    fs::write(&path, text).unwrap();
    path
}

fn on(set: &Set, data: PathBuf) -> TrainConfig {
    let mut config = set.config_of_one_epoch();
    config.data = Some(data.to_string_lossy().into_owned());
    config
}

#[test]
fn a_table_trains_to_the_same_report_as_the_annotation_files_that_say_the_same() {
    let _turn = turn();
    let set = Set::new(48, |_, _, _| {});
    set.run("annotations", set.config_of_one_epoch()).unwrap();
    let mut config = on(&set, table(&set));
    config.labels.vocabulary = Some(Vocabulary::aff_wild2());
    set.run("table", config).unwrap();
    for name in [
        "report.json",
        "metrics.csv",
        "confusion.png",
        "confusion.csv",
    ] {
        let [one, other] =
            ["annotations", "table"].map(|run| fs::read(set.path(run).join(name)).unwrap());
        assert!(one == other, "{name} differs");
    }
}

#[test]
fn a_run_on_a_table_goes_on_with_its_rows_and_with_no_others() {
    let _turn = turn();
    let set = Set::new(24, |_, _, _| {});
    let path = table(&set);
    set.run("run", on(&set, path.clone())).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    // Another class of one row, and another subject.
    for other in [
        text.replacen("Happiness", "Anger", 1),
        text.replacen('\n', "\nx", 1),
    ] {
        assert_ne!(other, text);
        fs::write(&path, other).unwrap();
        let error = set.resume("run").map(drop).unwrap_err().to_string();
        let expected = format!("{}: expected the 24 rows with SHA-256", path.display());
        assert!(error.starts_with(&expected), "{error}");
    }
    // The same rows, written in another way.
    fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    set.resume("run").unwrap();
}

#[test]
fn a_folder_per_class_trains_in_every_fold() {
    let _turn = turn();
    let set = Set::new(48, |_, _, _| {});
    let classes = set.path("classes");
    let mut count = 0;
    for part in PARTS {
        for (place, row) in set.rows(part).iter().enumerate() {
            let Some(class) = row.labels.expression.filter(|class| *class < 3) else {
                continue;
            };
            let folder = classes.join(Expression::AFF_WILD2[class].name());
            fs::create_dir_all(&folder).unwrap();
            let image = folder.join(format!("{part} {place}.jpg"));
            fs::copy(set.image(part, place), image).unwrap();
            count += 1;
        }
    }
    let mut judged = 0;
    for fold in [1, 2] {
        let division = DivisionConfig::new().with_folds(Some(2)).with_fold(fold);
        let config = on(&set, classes.clone()).with_division(division);
        let outcome = set.run(&format!("fold-{fold}"), config).unwrap();
        let tasks = outcome.tasks;
        assert!(tasks.expression && !tasks.action_unit && !tasks.valence_arousal);
        let report = fs::read_to_string(set.path(&format!("fold-{fold}/report.json"))).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        judged += report["rows"]["ex"].as_u64().unwrap();
        assert_eq!(report["ex_f1"].as_object().unwrap().len(), 3);
        assert!(report["p_ex"].as_f64().unwrap().is_finite());
    }
    assert_eq!(judged, count);
}
