//! Thresholds, calibrations, temperatures, class offsets, reliability and blends against scikit-learn,
//! SciPy and NumPy.

use std::collections::BTreeSet;

use countenance::calibrate::{
    BlendPlan, BlendWeights, BlendedScores, Calibration, Reliability, ScoreTable, SortedScores,
    best_threshold, blend, class_offsets, isotonic, log_likelihood, macro_f1, platt, temperature,
};
use countenance::label::Vocabulary;
use countenance::metric::RowScores;

use crate::fixture::Fixture;

/// Slopes, offsets, temperatures and probabilities are kept in 32 bits.
const TOLERANCE: f64 = 1e-6;
/// Of what is computed and kept in 64.
const EXACT: f64 = 1e-10;

fn floats(fixture: &Fixture, name: &str) -> Vec<f64> {
    fixture.data(name).try_to_vec().unwrap()
}

fn singles(fixture: &Fixture, name: &str) -> Vec<f32> {
    fixture.data(name).try_to_vec().unwrap()
}

fn integers(fixture: &Fixture, name: &str) -> Vec<i64> {
    fixture.data(name).try_to_vec().unwrap()
}

/// The names of the cases below `prefix`.
fn cases(fixture: &Fixture, prefix: &str) -> BTreeSet<String> {
    let names = fixture.under(prefix).into_keys();
    names
        .map(|name| name.split('/').next().unwrap().to_string())
        .collect()
}

/// What a row says is relative to the largest that is expected, and never to less than 1.
fn check(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(1.0, |top: f64, &v| top.max(v.abs()));
    let mut largest = 0.0f64;
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance * scale,
            "{name}: {place} is {found}, expected {expected}"
        );
        largest = largest.max(difference);
    }
    println!(
        "parity | calibrate | {name} | {largest:.2e} | {:.2e}",
        largest / scale
    );
}

fn wide(values: impl IntoIterator<Item = f32>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}

/// A unit's scores and labels, of which -1 is missing.
fn unit(fixture: &Fixture, name: &str) -> (Vec<f32>, Vec<Option<bool>>) {
    let label = |label: i64| (label >= 0).then_some(label == 1);
    let labels = integers(fixture, &format!("{name}/labels"));
    (
        singles(fixture, &format!("{name}/scores")),
        labels.into_iter().map(label).collect(),
    )
}

#[test]
fn thresholds_are_those_of_every_cut_tried() {
    let fixture = Fixture::open("calibrate");
    let cases = cases(&fixture, "unit/");
    assert_eq!(cases.len(), 9);
    for case in cases {
        let name = format!("unit/{case}");
        let (scores, labels) = unit(&fixture, &name);
        let folds = integers(&fixture, &format!("{name}/folds"));
        let thresholds = singles(&fixture, &format!("{name}/thresholds"));
        let f1 = floats(&fixture, &format!("{name}/f1"));
        let sorted = SortedScores::new(&scores, &labels).unwrap();
        let whole = best_threshold(&scores, &labels).unwrap().unwrap();
        assert_eq!(
            (whole.threshold, whole.f1),
            (thresholds[0], f1[0]),
            "{name}"
        );
        for (place, left_out) in [-1, 0, 1, 2].into_iter().enumerate() {
            let name = format!("{name}, fold {left_out}");
            match sorted.best(|row| folds[row] != left_out) {
                Some(best) => {
                    assert_eq!(best.threshold, thresholds[place], "{name}");
                    check(&name, &[best.f1], &[f1[place]], EXACT);
                }
                None => assert!(thresholds[place].is_nan(), "{name}"),
            }
        }
    }
}

#[test]
fn platt_scaling_is_scikit_learns() {
    let fixture = Fixture::open("calibrate");
    let grid = singles(&fixture, "grid");
    for case in cases(&fixture, "unit/") {
        let name = format!("unit/{case}/platt");
        let (scores, labels) = unit(&fixture, &format!("unit/{case}"));
        let fitted = platt(&scores, &labels).unwrap().unwrap();
        let Calibration::Platt { slope, intercept } = fitted else {
            panic!("{fitted:?}")
        };
        check(
            &name,
            &wide([slope, intercept]),
            &floats(&fixture, &name),
            TOLERANCE,
        );
        let told = wide(grid.iter().map(|score| fitted.apply(*score)));
        let name = format!("{name}_told");
        check(&name, &told, &floats(&fixture, &name), TOLERANCE);
    }
}

#[test]
fn isotonic_regression_is_scikit_learns_between_and_beyond_its_scores() {
    let fixture = Fixture::open("calibrate");
    let grid = singles(&fixture, "grid");
    for case in cases(&fixture, "unit/") {
        let name = format!("unit/{case}/isotonic_told");
        let (scores, labels) = unit(&fixture, &format!("unit/{case}"));
        let fitted = isotonic(&scores, &labels).unwrap().unwrap();
        fitted.validate().unwrap();
        let labelled = scores
            .iter()
            .zip(&labels)
            .filter(|(_, label)| label.is_some());
        let asked = labelled.map(|(score, _)| score).chain(&grid);
        let told = wide(asked.map(|score| fitted.apply(*score)));
        check(&name, &told, &floats(&fixture, &name), TOLERANCE);
    }
}

fn check_reliability(fixture: &Fixture, name: &str, found: &Reliability) {
    let bins = found.bins();
    let rows: Vec<i64> = bins.iter().map(|bin| bin.rows as i64).collect();
    assert_eq!(rows, integers(fixture, &format!("{name}/rows")), "{name}");
    let errors = [
        found.expected_calibration_error(),
        found.maximum_calibration_error(),
    ];
    // scikit-learn leaves bins without rows out.
    for (part, found) in [
        (
            "accuracy",
            bins.iter()
                .filter_map(|bin| bin.accuracy)
                .collect::<Vec<_>>(),
        ),
        (
            "confidence",
            bins.iter().filter_map(|bin| bin.confidence).collect(),
        ),
        ("errors", errors.into_iter().flatten().collect()),
    ] {
        let name = format!("{name}/{part}");
        // The probabilities of classes are kept in 32 bits.
        check(&name, &found, &floats(fixture, &name), TOLERANCE);
    }
}

#[test]
fn reliability_is_that_of_scikit_learns_curve() {
    let fixture = Fixture::open("calibrate");
    for case in cases(&fixture, "unit/") {
        let (scores, labels) = unit(&fixture, &format!("unit/{case}"));
        let found = Reliability::of_unit(&scores, &labels).unwrap();
        check_reliability(&fixture, &format!("unit/{case}/reliability"), &found);
    }
}

/// Logits, how many classes they are of, and labels, of which -1 is missing.
fn classes(fixture: &Fixture, name: &str) -> (Vec<f32>, usize, Vec<Option<usize>>) {
    let logits = format!("{name}/logits");
    let labels = integers(fixture, &format!("{name}/labels"));
    (
        singles(fixture, &logits),
        fixture.data(&logits).shape()[1],
        labels
            .into_iter()
            .map(|label| usize::try_from(label).ok())
            .collect(),
    )
}

#[test]
fn temperatures_are_where_scikit_learns_log_loss_is_least() {
    let fixture = Fixture::open("calibrate");
    let cases = cases(&fixture, "class/");
    assert_eq!(cases.len(), 12);
    for case in cases {
        let name = format!("class/{case}");
        let (logits, classes, labels) = classes(&fixture, &name);
        let fitted = temperature(&logits, classes, &labels).unwrap().unwrap();
        let kept = f64::from(fitted.temperature);
        let found = [kept, fitted.log_likelihood, fitted.untuned];
        let expected = floats(&fixture, &format!("{name}/temperature"));
        check(&format!("{name}/temperature"), &found, &expected, TOLERANCE);
        let at = |temperature| log_likelihood(&logits, classes, &labels, temperature).unwrap();
        assert_eq!(at(fitted.temperature), Some(fitted.log_likelihood));
        for (kind, temperature) in [("raw", 1.0), ("fitted", fitted.temperature)] {
            let found = Reliability::of_classes(&logits, classes, &labels, temperature).unwrap();
            check_reliability(&fixture, &format!("{name}/{kind}"), &found);
        }
    }
}

#[test]
fn macro_f1_with_offsets_is_scikit_learns() {
    let fixture = Fixture::open("calibrate");
    for case in cases(&fixture, "class/") {
        let name = format!("class/{case}");
        let (logits, classes, labels) = classes(&fixture, &name);
        let offsets = singles(&fixture, &format!("{name}/offsets"));
        let scores = offsets
            .chunks_exact(classes)
            .filter_map(|offsets| macro_f1(&logits, offsets, &labels).unwrap());
        let name = format!("{name}/macro_f1");
        check(
            &name,
            &scores.collect::<Vec<_>>(),
            &floats(&fixture, &name),
            EXACT,
        );
    }
}

#[test]
fn no_brute_force_finds_better_offsets_of_few_rows() {
    let fixture = Fixture::open("calibrate");
    let mut forced = 0;
    for case in cases(&fixture, "class/") {
        let name = format!("class/{case}");
        let (logits, classes, labels) = classes(&fixture, &name);
        let found = class_offsets(&logits, classes, &labels).unwrap().unwrap();
        let told = macro_f1(&logits, &found.offsets, &labels).unwrap();
        assert_eq!(told, Some(found.macro_f1), "{name}");
        assert!(found.macro_f1 > found.untuned, "{name}: {found:?}");
        if case.starts_with("small") {
            let best = floats(&fixture, &format!("{name}/brute_force"))[0];
            println!("parity | calibrate | {name} | {} | {best}", found.macro_f1);
            assert!(found.macro_f1 >= best - EXACT, "{name}: {found:?}, {best}");
            forced += 1;
        }
    }
    assert_eq!(forced, 8);
}

/// A row of a member, none of what it does not read.
fn member_row<'a>(parts: &'a [Vec<f32>; 3], vocabulary: &Vocabulary, row: usize) -> RowScores<'a> {
    let part = |values: &'a Vec<f32>, width: usize| &values[row * width..][..width];
    let pair = part(&parts[2], 2);
    RowScores {
        action_units: part(&parts[0], vocabulary.action_units.len()),
        expression_logits: part(&parts[1], vocabulary.expressions.len()),
        valence_arousal: [pair[0], pair[1]],
    }
}

#[test]
fn blends_of_different_vocabularies_are_numpys() {
    let fixture = Fixture::open("calibrate");
    // The second reads no valence and arousal, the third no units.
    let vocabularies = [
        Vocabulary::aff_wild2(),
        Vocabulary {
            expressions: Vocabulary::raf_db().expressions,
            ..Vocabulary::bp4d()
        },
        Vocabulary::affectnet_8(),
    ];
    let all: Vec<&Vocabulary> = vocabularies.iter().collect();
    let plan = BlendPlan::new(&all).unwrap();
    let numbers: Vec<i64> = plan
        .vocabulary()
        .action_units
        .units()
        .map(|unit| unit.number().into())
        .collect();
    assert_eq!(numbers, integers(&fixture, "blend/units"));

    let members: Vec<[Vec<f32>; 3]> = (0..3)
        .map(|member| {
            let parts = fixture.under(&format!("blend/member_{member}/"));
            ["scores", "logits", "pair"].map(|part| {
                let values = parts.get(part);
                values.map_or_else(Vec::new, |values| values.try_to_vec().unwrap())
            })
        })
        .collect();
    let rows = members[0][2].len() / 2;
    let rows = (0..rows).map(|row| {
        let pairs = members.iter().zip(&vocabularies);
        let rows = pairs.map(|(parts, vocabulary)| member_row(parts, vocabulary, row));
        rows.collect::<Vec<_>>()
    });
    let rows: Vec<Vec<RowScores>> = rows.collect();
    let tables: Vec<ScoreTable> = vocabularies
        .iter()
        .enumerate()
        .map(|(member, vocabulary)| {
            let mut table = ScoreTable::new(vocabulary.clone());
            rows.iter()
                .for_each(|row| table.push(Some(&row[member])).unwrap());
            table
        })
        .collect();

    for number in 0..3 {
        let name = format!("blend/weights_{number}");
        let weights = BlendWeights {
            action_units: singles(&fixture, &format!("{name}/units")),
            expressions: singles(&fixture, &format!("{name}/classes")),
            valence_arousal: singles(&fixture, &format!("{name}/affect")),
        };
        let (mut units, mut logits, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        let mut blended = BlendedScores::default();
        for row in &rows {
            plan.row(row, &weights, &mut blended);
            units.extend_from_slice(&blended.action_units);
            logits.extend_from_slice(&blended.expression_logits);
            pairs.extend(blended.valence_arousal);
        }
        for (part, found) in [("units", &units), ("logits", &logits), ("pair", &pairs)] {
            let name = format!("{name}/blended_{part}");
            check(
                &name,
                &wide(found.iter().copied()),
                &floats(&fixture, &name),
                TOLERANCE,
            );
        }
        let table = blend(&tables.iter().collect::<Vec<_>>(), &weights).unwrap();
        assert_eq!(table.vocabulary(), plan.vocabulary());
        assert_eq!(table.action_units(), units);
        assert_eq!(table.logits(), logits);
        assert_eq!(table.valence_arousal(), pairs);
    }
}
