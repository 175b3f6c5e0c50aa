//! Tables of scores as people have them, right and wrong.

use std::path::PathBuf;

use super::*;
use crate::Expression;
use crate::label::{ActionUnit, CodedUnit};

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn read(text: &str) -> ScoredRows {
    let (_folder, path) = written(text);
    ScoredRows::read(&path).unwrap()
}

/// What is refused, behind the file's name.
fn refused(text: &str) -> String {
    let (_folder, path) = written(text);
    let told = ScoredRows::read(&path).unwrap_err().to_string();
    let name = path.display().to_string();
    told.strip_prefix(&name)
        .expect("the file's name")
        .to_string()
}

#[test]
fn every_kind_of_column_is_read_in_any_order() {
    let rows = read(
        "\u{feff}label:AU12,frame,video,image,AU12,AU04_r,label:AU4_r,logit:happy,logit:sad,label:expression,\
         arousal,valence,label:valence,comment,subject\r\n\
         1,7,a.mp4,x.jpg,0.25,2.5,3,1.5,-2,Sadness,0.5,-0.5,0.1,hello,anna\r\n\
         ,8,a.mp4,,,,,,,,,,,,\r\n",
    );
    let vocabulary = rows.table.vocabulary();
    let units = [
        CodedUnit::occurrence(ActionUnit::AU12),
        CodedUnit::intensity(ActionUnit::AU4),
    ];
    assert_eq!(vocabulary.action_units[..], units);
    assert_eq!(
        vocabulary.expressions[..],
        [Expression::Happiness, Expression::Sadness]
    );
    let scores = rows.table.row(0).unwrap();
    assert_eq!(scores.action_units, [0.25, 0.5]);
    assert_eq!(scores.expression_logits, [1.5, -2.0]);
    assert_eq!(scores.valence_arousal, [-0.5, 0.5]);
    let labels = &rows.labels[0];
    assert_eq!(labels.action_units, [Some(1.0), Some(3.0)]);
    assert_eq!(
        (labels.expression, labels.valence_arousal),
        (Some(1), [Some(0.1), None])
    );
    assert!(rows.table.row(1).is_none() && rows.labels[1].is_empty());
    assert_eq!(rows.names, ["x.jpg", "a.mp4/8"]);
    assert_eq!(
        (rows.videos[1].as_deref(), rows.frames[1]),
        (Some("a.mp4"), Some(8))
    );
    assert_eq!(rows.ignored, ["comment"]);
    assert_eq!(rows.usual(), GroupBy::Video);
    assert_eq!(rows.groups(GroupBy::Subject).unwrap().what(), "subject");
    assert_eq!(
        rows.material(rows.groups(GroupBy::Row).unwrap(), 25.0)
            .unwrap()
            .read(),
        1
    );
}

#[test]
fn an_intensity_whose_label_is_a_yes_or_no_gets_a_threshold() {
    let rows = read("AU12_r,label:AU12\n2.5,1\n0,0\n");
    assert_eq!(
        rows.table.vocabulary().action_units[0],
        CodedUnit::occurrence(ActionUnit::AU12)
    );
    assert_eq!(rows.table.unit(0).collect::<Vec<_>>(), [0.5, 0.0]);
    assert_eq!(rows.usual(), GroupBy::Row);
    let told = rows.groups(GroupBy::Video).unwrap_err().to_string();
    assert!(told.contains("they name no video"), "{told}");
}

#[test]
fn people_of_one_video_are_not_smoothed_into_each_other() {
    let smoothed = |people: [&str; 2]| {
        let [one, other] = people;
        let rows = read(&format!(
            "video,frame,subject,AU12,label:AU12\na.mp4,1,{one},0.25,0\na.mp4,1,{other},0.75,1\n"
        ));
        let groups = rows.groups(GroupBy::Video).unwrap();
        assert_eq!(groups.count(), 1);
        let sequences = rows.material(groups, 30.0).unwrap().sequences.unwrap();
        let scores = rows.table.action_units();
        let smoothed = sequences.smooth("box:1".parse().unwrap(), scores, 1);
        smoothed.unwrap()
    };
    assert_eq!(smoothed(["anna", "ben"]), [0.25, 0.75]);
    assert_eq!(smoothed(["anna", "anna"]), [0.5, 0.5]);
}

#[test]
fn probabilities_become_logits_and_other_separators_are_known() {
    let rows =
        read("probability:fear;probability:bored;label:expression\n0.25;0.75;bored\n1;0;fear\n");
    let logits = rows.table.row(0).unwrap().expression_logits;
    assert!((logits[1] - logits[0] - 3f32.ln()).abs() < 1e-6);
    assert!(rows.table.row(1).unwrap().expression_logits[1] < -60.0);
    assert_eq!(rows.labels[0].expression, Some(1));
    assert_eq!(read("AU1\tlabel:AU1\n0.5\t1\n").labels.len(), 1);
}

#[test]
fn what_a_header_cannot_mean_is_told() {
    for (header, told) in [
        ("image,video", "columns such as `AU12`"),
        ("AU12", "a column of labels, `label:AU12`"),
        (
            "AU12,label:AU9",
            "a column `AU9` with scores for the labels, found `label:AU9` alone",
        ),
        ("AU12,label:smile", "`label:AU12`, `label:AU12_r`"),
        (
            "AU12,AU12_r,label:AU12",
            "one column of AU12, found `AU12` and `AU12_r`",
        ),
        (
            "AU12,au12,label:AU12",
            "each column once, found `au12` twice",
        ),
        (
            "logit:fear,probability:joy,label:expression",
            "before the name of each class, found both",
        ),
        ("logit:fear,label:expression", "2 to 100, found 1"),
        (
            "logit:fear,logit:Afraid,label:expression",
            "each once, found Fear twice",
        ),
        (
            "AU1,label:AU1,label:expression",
            "with scores for the labels, found `label:expression` alone",
        ),
        (
            "valence,label:valence",
            "`valence` and `arousal`, found one of them",
        ),
        ("AU1,label:arousal", "found `label:arousal` alone"),
    ] {
        let found = refused(&format!("{header}\n1,1,1\n"));
        assert!(found.starts_with(":1: "), "{found}");
        assert!(found.contains(told), "{header}: {found}");
    }
    assert_eq!(
        refused(""),
        ": expected a table with a header, found nothing"
    );
    assert_eq!(
        refused("AU1,label:AU1\n"),
        ": expected rows below the header, found none"
    );
}

#[test]
fn a_cell_that_is_wrong_is_told_with_its_line_and_column() {
    let header = "video,frame,AU12,AU1,label:AU12,logit:fear,logit:joy,label:expression,valence,arousal,label:valence";
    for (row, told) in [
        (
            "a,0,1.5,0,,0,0,,0,0,",
            "a number from 0 to 1 in column `AU12`, found `1.5`",
        ),
        (
            "a,0,nan,0,,0,0,,0,0,",
            "a number from 0 to 1 in column `AU12`, found `nan`",
        ),
        (
            "a,0,0.5,,,0,0,,0,0,",
            "as the row has other scores in column `AU1`, found an empty cell",
        ),
        (
            "a,0,0.5,0,,inf,0,,0,0,",
            "a finite number in column `logit:fear`, found `inf`",
        ),
        (
            "a,0,0.5,0,2,0,0,,0,0,",
            "a number from 0 to 1 in column `label:AU12`, found `2`",
        ),
        (
            "a,0,0.5,0,0.5,0,0,,0,0,",
            "0 or 1 in column `label:AU12`, found `0.5`",
        ),
        (
            "a,0,0.5,0,,0,0,angry,0,0,",
            "Fear, Happiness, or nothing in column `label:expression`, found `angry`",
        ),
        (
            "a,0,0.5,0,,0,0,,0,0,2",
            "a number from -1 to 1 in column `label:valence`, found `2`",
        ),
        (
            "a,-3,0.5,0,,0,0,,0,0,",
            "the number of a frame in column `frame`, found `-3`",
        ),
        ("a,0", "11 cells, as the header has, found 2"),
    ] {
        let good = "a,0,0.5,0,1,0,0,joy,0,0,";
        let found = refused(&format!("{header}\n{good}\n{row}\n"));
        assert!(found.starts_with(":3: expected "), "{found}");
        assert!(found.contains(told), "{found}");
    }
}
