//! Data sets of every kind, and of none.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::data::annotation::{self, AnnotationConfig};
use crate::data::division::{DivisionConfig, Grouping};
use crate::data::split::IMAGE_FOLDER;
use crate::data::table::LabelConfig;
use crate::label::Expression;

/// Writes files below a folder: an image stands for itself.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    root
}

fn images(names: &[&str]) -> tempfile::TempDir {
    folder(&names.iter().map(|name| (*name, "")).collect::<Vec<_>>())
}

fn open(root: &Path) -> DataSet {
    DataSet::open(root, &DataConfig::new()).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(path: &Path, config: &DataConfig) -> String {
    DataSet::open(path, config)
        .map(drop)
        .unwrap_err()
        .to_string()
}

fn names(split: &Option<Split>) -> Vec<&str> {
    let rows = split.iter().flat_map(|split| &split.rows);
    rows.map(|row| row.image.as_str()).collect()
}

fn classes(set: &DataSet) -> Vec<&str> {
    set.vocabulary
        .expressions
        .iter()
        .map(Expression::name)
        .collect()
}

/// A table of a hundred rows of ten people, five of them in two videos.
fn people() -> String {
    let rows = (0..100).map(|row| {
        let (person, class) = (row / 10, ["happy", "sad"][row % 2]);
        format!("{row}.jpg,{class},person {person},video {}\n", row / 5)
    });
    format!(
        "image,expression,subject,video\n{}",
        rows.collect::<String>()
    )
}

fn dividing(division: DivisionConfig) -> DataConfig {
    DataConfig::new().with_division(division)
}

const ROWS: &str = "image,valence,arousal,expression,aus\n\
    a/00001.jpg,0.5,0.5,4,1,0,0,0,0,0,0,0,0,0,0,1\n\
    a/00002.jpg,0.1,0.2,-1,1,0,0,0,0,0,0,0,0,0,0,0\n\
    b/00007.jpg,0.1,0.2,-1,1,0,0,0,0,0,0,0,0,0,0,0\n";

#[test]
fn annotation_files_are_read_as_ever() {
    let [training, validation, _] = SplitName::ALL;
    let root = folder(&[
        (training.file_name(), ROWS),
        (validation.file_name(), ROWS),
        // Neither of them is looked at where there are annotation files.
        ("labels.csv", "no table"),
        ("happy/a.jpg", ""),
    ]);
    let set = open(root.path());
    assert_eq!((set.layout, set.test.is_none()), (Layout::AffWild2, true));
    assert_eq!(set.vocabulary, Vocabulary::aff_wild2());
    let split = set.training.unwrap();
    let path = root.path().join(training.file_name());
    let rows = annotation::read(&path, &AnnotationConfig::new()).unwrap();
    assert_eq!(split.rows, rows);
    assert_eq!(digest(&split), annotation::digest(&rows));
    assert_eq!(
        split.image_path(&rows[0]),
        root.path().join(IMAGE_FOLDER).join("a/00001.jpg")
    );
    let marks = |row| (split.marks.videos.get(row), split.marks.frame(row));
    assert_eq!(
        [0, 2].map(marks),
        [(Some("a"), Some(1)), (Some("b"), Some(7))]
    );
    let text = set.summary.to_string();
    assert!(
        text.contains("an s-Aff-Wild2 data set\ntraining: 3 rows, 3 with action units"),
        "{text}"
    );

    let folds = dividing(DivisionConfig::new().with_folds(Some(3)));
    assert!(refusal(root.path(), &folds).contains("whose parts are given"));
    std::fs::remove_file(path).unwrap();
    assert!(refusal(root.path(), &DataConfig::new()).starts_with("cannot open"));
}

#[test]
fn what_is_no_data_set_is_told_from_one() {
    let root = folder(&[("empty/x.txt", ""), ("training_set_annotations.txt", ROWS)]);
    let at = |name: &str| root.path().join(name);
    let config = DataConfig::new();
    let error = refusal(&at("nowhere"), &config);
    assert!(
        error.contains("a table of labels, found nothing"),
        "{error}"
    );
    let error = refusal(&at("training_set_annotations.txt"), &config);
    assert!(
        error.ends_with("one of s-Aff-Wild2's annotation files; give its folder"),
        "{error}"
    );
    let error = refusal(&at("empty"), &config);
    assert!(error.contains("passed over: 1 txt"), "{error}");
    // Read to the letter, nothing but annotation files is a data set.
    let annotations = AnnotationConfig::new().with_strict(true);
    let strict = DataConfig::new().with_annotations(annotations);
    let error = refusal(&at("empty"), &strict);
    assert!(error.contains("training_set_annotations.txt"), "{error}");
    std::fs::write(at("labels.csv"), people()).unwrap();
    let error = refusal(&at("labels.csv"), &strict);
    assert!(
        error.contains("nothing else is read with strict"),
        "{error}"
    );
}

#[test]
fn a_table_is_taken_by_its_name_and_in_its_folder() {
    let root = folder(&[("labels.csv", &people()), ("other.tsv", &people())]);
    for path in [
        root.path().to_path_buf(),
        root.path().join("labels.csv"),
        root.path().join("other.tsv"),
    ] {
        let set = open(&path);
        assert_eq!(set.layout, Layout::Table);
        let training = set.training.unwrap();
        let row = &training.rows[0];
        assert_eq!(training.image_path(row), root.path().join(&row.image));
    }
}

#[test]
fn folders_are_classes_in_natural_order() {
    let root = images(&[
        "sad/10.jpg",
        "sad/9.jpg",
        "happy/deep/1.png",
        "happy/2.png",
        "Neutral/a.bmp",
    ]);
    let config = dividing(DivisionConfig::new().with_validation(0.3));
    let set = DataSet::open(root.path(), &config).unwrap();
    assert_eq!(
        (set.layout, classes(&set)),
        (Layout::Folders, vec!["Neutral", "Happiness", "Sadness"])
    );
    let (split, summary) = DataSet::open_part(root.path(), None, &config).unwrap();
    let rows = split
        .rows
        .iter()
        .map(|row| (row.image.as_str(), row.labels.expression.unwrap()));
    let expected = [
        ("Neutral/a.bmp", 0),
        ("happy/2.png", 1),
        ("happy/deep/1.png", 1),
        ("sad/9.jpg", 2),
        ("sad/10.jpg", 2),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    assert_eq!(
        split.image_path(&split.rows[0]),
        root.path().join("Neutral/a.bmp")
    );
    assert!(
        summary
            .to_string()
            .contains("all: 5 rows, 5 with an expression"),
        "{summary}"
    );
}

#[test]
fn folders_of_parts_hold_folders_of_classes() {
    let root = images(&[
        "train/1/a.jpg",
        "train/7/b.jpg",
        "Val/1/c.jpg",
        "Val/4/d.jpg",
        "test/7/e.jpg",
        "top.jpg",
        "train/f.jpg",
    ]);
    let labels = LabelConfig::new().with_vocabulary(Some(Vocabulary::raf_db()));
    let config = DataConfig::new().with_labels(labels);
    let set = DataSet::open(root.path(), &config).unwrap();
    assert_eq!(set.vocabulary, Vocabulary::raf_db());
    assert_eq!(names(&set.training), ["train/1/a.jpg", "train/7/b.jpg"]);
    assert_eq!(names(&set.validation), ["Val/1/c.jpg", "Val/4/d.jpg"]);
    assert_eq!(names(&set.test), ["test/7/e.jpg"]);
    let happy = &set.validation.as_ref().unwrap().rows[1].labels;
    assert_eq!(happy.expression, Some(3));
    assert_eq!(
        (set.summary.outside, set.summary.division.is_none()),
        (2, true)
    );
    let error = refusal(root.path(), &DataConfig::new());
    assert!(
        error.contains("called as the name of a class; for numbers"),
        "{error}"
    );
}

#[test]
fn folders_that_are_no_classes_are_refused() {
    for (files, expected) in [
        (
            &["happy/a.jpg", "train/happy/b.jpg"][..],
            "found both: `train` and `happy`",
        ),
        (
            &["happy/a.jpg", "Joy/b.jpg"],
            "found images of Happiness alone",
        ),
        (&["a.jpg", "b.jpg"], "found images in no folder of a class"),
        (
            &["train/a.jpg", "val/b.jpg"],
            "found images in no folder of a class",
        ),
    ] {
        let root = images(files);
        let error = refusal(root.path(), &DataConfig::new());
        assert!(error.ends_with(expected), "{error}");
    }
    let many: Vec<String> = (0..101)
        .map(|class| format!("class {class}/a.jpg"))
        .collect();
    let root = images(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let error = refusal(root.path(), &DataConfig::new());
    assert!(
        error.contains("called as at most 100 classes, found \"class 100\""),
        "{error}"
    );
}

#[test]
fn nobody_is_in_two_drawn_parts() {
    let root = folder(&[("labels.csv", &people())]);
    let set = open(root.path());
    let people = |split: &Option<Split>| {
        let split = split.as_ref().unwrap();
        let name = |row| split.marks.subjects.get(row).unwrap().to_string();
        (0..split.rows.len()).map(name).collect::<BTreeSet<_>>()
    };
    let (training, validation) = (people(&set.training), people(&set.validation));
    assert_eq!((training.len(), validation.len()), (8, 2));
    assert!(training.is_disjoint(&validation));
    let division = set.summary.division.clone().unwrap();
    assert_eq!((division.by, division.groups), (Grouping::Subject, [8, 2]));
    let text = set.summary.to_string();
    let said = "validation drawn from the training rows, by subjects: 8 subjects for training, 2 subjects for \
                validation (seed 0)";
    assert!(text.contains(said), "{text}");

    let by = |grouping| dividing(DivisionConfig::new().with_by(Some(grouping)));
    let set = DataSet::open(root.path(), &by(Grouping::Video)).unwrap();
    assert_eq!(set.summary.division.unwrap().groups, [16, 4]);
    let set = DataSet::open(root.path(), &by(Grouping::Image)).unwrap();
    assert_eq!(set.summary.division.unwrap().groups, [80, 20]);
    let alone = folder(&[("labels.csv", "image,AU1\na.jpg,1\nb.jpg,0\n")]);
    let error = refusal(alone.path(), &by(Grouping::Video));
    assert!(
        error.ends_with("expected a video in the rows, to divide by, found none"),
        "{error}"
    );
    let one = folder(&[("labels.csv", "image,AU1\na.jpg,1\na.jpg,0\n")]);
    let error = refusal(one.path(), &DataConfig::new());
    assert!(
        error.ends_with("to have some in every part, found 1"),
        "{error}"
    );
}

#[test]
fn every_row_is_judged_in_one_fold_and_none_of_the_test_part() {
    let table = people()
        .replacen("image,", "image,split,", 1)
        .replace(".jpg,", ".jpg,train,");
    let table = table
        .replace("0.jpg,train", "0.jpg,val")
        .replace("9.jpg,train", "9.jpg,test");
    let root = folder(&[("labels.csv", &table)]);
    let mut judged = Vec::new();
    for fold in 1..=5 {
        let division = DivisionConfig::new().with_folds(Some(5)).with_fold(fold);
        let set = DataSet::open(root.path(), &dividing(division)).unwrap();
        assert_eq!(names(&set.test).len(), 10);
        assert_eq!(
            names(&set.training).len() + names(&set.validation).len(),
            90
        );
        judged.extend(names(&set.validation).into_iter().map(str::to_string));
        let text = set.summary.to_string();
        assert!(
            text.contains(&format!("fold {fold} of 5 for validation, by subjects: 8")),
            "{text}"
        );
    }
    let distinct: BTreeSet<_> = judged.iter().collect();
    assert_eq!((judged.len(), distinct.len()), (90, 90));
    for (division, expected) in [
        (
            DivisionConfig::new().with_folds(Some(1)),
            "division.folds: expected 2 to 1000, found 1",
        ),
        (
            DivisionConfig::new().with_folds(Some(3)).with_fold(4),
            "division.fold: expected 1 to 3, found 4",
        ),
        (
            DivisionConfig::new().with_fold(2),
            "division.fold: expected 1 without folds, found 2",
        ),
        (
            DivisionConfig::new().with_validation(1.0),
            "division.validation: expected above 0 and below 1, found 1",
        ),
    ] {
        assert_eq!(refusal(root.path(), &dividing(division)), expected);
    }
}

#[test]
fn parts_that_are_given_stay_and_what_they_share_is_said() {
    let table = "image,AU1,split,subject\n\
        a.jpg,1,train,Ada\nb.jpg,0,train,Ben\nc.jpg,1,val,Ada\nd.jpg,1,test,Cid\na.jpg,1,test,Cid\n";
    let root = folder(&[("labels.csv", table)]);
    let set = open(root.path());
    assert_eq!(names(&set.training), ["a.jpg", "b.jpg"]);
    assert_eq!(names(&set.validation), ["c.jpg"]);
    assert_eq!(names(&set.test), ["d.jpg", "a.jpg"]);
    assert_eq!(
        set.test.as_ref().unwrap().marks.subjects.get(1),
        Some("Cid")
    );
    let text = set.summary.to_string();
    assert!(
        text.contains("warning: 1 subject in several parts, such as \"Ada\""),
        "{text}"
    );
    assert!(
        text.contains("warning: 1 image in several parts, such as \"a.jpg\""),
        "{text}"
    );

    // Without a validation part, one is drawn from the training rows alone.
    let table = people()
        .replacen("image,", "image,split,", 1)
        .replace(".jpg,", ".jpg,train,");
    let table = table.replace("9.jpg,train", "9.jpg,test");
    std::fs::write(root.path().join("labels.csv"), table).unwrap();
    let set = open(root.path());
    assert_eq!(
        (
            names(&set.training).len(),
            names(&set.validation).len(),
            names(&set.test).len()
        ),
        (72, 18, 10)
    );

    // Rows that are all for judging are not learnt from.
    std::fs::write(
        root.path().join("labels.csv"),
        "image,AU1,split\na.jpg,1,test\n",
    )
    .unwrap();
    let mut set = open(root.path());
    assert!(set.take(SplitName::Test).is_ok());
    let error = set.take(SplitName::Training).unwrap_err().to_string();
    assert!(
        error.ends_with("expected rows of the training part, found none"),
        "{error}"
    );
}

#[test]
fn the_summary_says_what_was_read() {
    let table = "image;valence;expression;AU4;AU12_r;note;split\n\
        a.jpg;0,5;happy;1;0;x;train\nb.jpg;;;;2;y;train\nc.jpg;;sad;0;;;val\n";
    let root = folder(&[
        ("labels.csv", table),
        ("a.jpg", ""),
        ("d.jpg", ""),
        ("notes.txt", ""),
    ]);
    let set = open(root.path());
    let splits = [set.training.as_ref(), set.validation.as_ref()];
    let splits: Vec<&Split> = splits.into_iter().flatten().collect();
    let summary = Summary {
        unmatched: Some(unmatched(&splits)),
        ..set.summary.clone()
    };
    let at = |name: &str| root.path().join(name).display().to_string();
    let expected = format!(
        "{}: a table of labels, separated by semicolons\n\
         training: 2 rows, 2 with action units, 1 with an expression, 1 with valence or arousal\n\
         validation: 1 rows, 1 with action units, 1 with an expression, 0 with valence or arousal\n\
         action units: AU4 1 of 2, AU12_r 1 above 0 of 2\n\
         expressions: Happiness 1, Sadness 1, missing 1\n\
         valence 1, arousal 0 of 3 rows, from -1 to 1\n\
         columns passed over: note\n\
         rows without an image: 2 ({}, {})\n\
         images without a row, beside those that have one: 1 ({})",
        at("labels.csv"),
        at("b.jpg"),
        at("c.jpg"),
        at("d.jpg")
    );
    assert_eq!(summary.to_string(), expected);
}

#[test]
fn a_digest_covers_every_label_and_mark_and_nothing_else() {
    let text = "image,valence,arousal,expression:happy,expression:sad,AU4,AU12_r,video,frame,subject,weight,note\n\
        a.jpg,0.5,0,1,3,1,2.5,v,7,Ada,2,x\nb.jpg,,,,,,,,,,,\n";
    let digest_of = |text: &str| {
        let root = folder(&[("labels.csv", text)]);
        let (split, _) = DataSet::open_part(root.path(), None, &DataConfig::new()).unwrap();
        digest(&split)
    };
    let whole = digest_of(text);
    for (from, to) in [
        ("\na.jpg", "\nc.jpg"),
        ("0.5,0,", "0.25,0,"),
        ("0.5,0,", "0.5,,"),
        (",1,3,", ",2,2,"),
        (",1,3,", ",,,"),
        (",1,2.5", ",0,2.5"),
        (",1,2.5", ",,2.5"),
        ("2.5", "2.25"),
        (",v,", ",w,"),
        (",7,", ",8,"),
        (",7,", ",,"),
        ("Ada", "Ben"),
        ("Ada,2", "Ada,"),
        ("AU4", "AU6"),
        ("expression:sad", "expression:fear"),
        ("b.jpg,", "b.jpg,0"),
        ("b.jpg,,,,,,,", "b.jpg,,,,,0,,"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        assert_ne!(digest_of(&other), whole, "{from} {to}");
    }
    let backwards = {
        let lines: Vec<&str> = text.lines().collect();
        [lines[0], lines[2], lines[1]].join("\n")
    };
    assert_ne!(digest_of(&backwards), whole);
    for (from, to) in [
        ("\n", "\r\n"),
        (",x", ",other"),
        ("0.5,0,", "0.50,-0,"),
        (",1,3,", ",2,6,"),
    ] {
        let other = text.replace(from, to);
        assert_ne!(other, text, "{from}");
        assert_eq!(digest_of(&other), whole, "{from:?} {to:?}");
    }
}
