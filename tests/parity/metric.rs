//! The scores against scikit-learn and NumPy.

use burn::tensor::Tensor;
use countenance::Labels;
use countenance::label::{ACTION_UNITS, EXPRESSIONS, Vocabulary};
use countenance::metric::{Named, Report, RowScores, ScoreAccumulator};

use crate::fixture::{Fixture, device};

/// Scores are computed in 64 bits; the fixture holds them in 32.
const TOLERANCE: f64 = 1e-6;

fn floats<const N: usize>(fixture: &Fixture, name: &str) -> Vec<[f32; N]> {
    let values = fixture.data(name).try_to_vec::<f32>().unwrap();
    let rows = values.chunks_exact(N);
    rows.map(|row| row.try_into().unwrap()).collect()
}

fn integers<const N: usize>(fixture: &Fixture, name: &str) -> Vec<[i64; N]> {
    let values = fixture.data(name).try_to_vec::<i64>().unwrap();
    let rows = values.chunks_exact(N);
    rows.map(|row| row.try_into().unwrap()).collect()
}

/// A row's labels, and its scores of units, of classes, of valence and arousal.
struct Row {
    labels: Labels,
    units: [f32; ACTION_UNITS],
    logits: [f32; EXPRESSIONS],
    affect: [f32; 2],
}

impl Row {
    fn push(&self, accumulator: &mut ScoreAccumulator) {
        let scores = RowScores {
            action_units: &self.units,
            expression_logits: &self.logits,
            valence_arousal: self.affect,
        };
        accumulator.push(&self.labels, &scores).unwrap();
    }
}

/// The split's rows; a negative sentinel is a missing label.
fn rows(fixture: &Fixture) -> Vec<Row> {
    let units = integers::<ACTION_UNITS>(fixture, "au/labels");
    let classes = integers::<1>(fixture, "ex/labels");
    let affect = floats::<2>(fixture, "va/labels");
    let probabilities = floats::<ACTION_UNITS>(fixture, "au/probabilities");
    let logits = floats::<EXPRESSIONS>(fixture, "ex/logits");
    let guesses = floats::<2>(fixture, "va/predictions");
    (0..units.len())
        .map(|row| Row {
            labels: Labels {
                valence_arousal: affect[row].map(|value| Some(value).filter(|value| *value > -2.0)),
                expression: usize::try_from(classes[row][0]).ok(),
                action_units: units[row]
                    .map(|label| (label >= 0).then_some(label as f32))
                    .to_vec(),
                ..Labels::default()
            },
            units: probabilities[row],
            logits: logits[row],
            affect: guesses[row],
        })
        .collect()
}

/// An absent score is -1 in the fixture.
fn check(fixture: &Fixture, name: &str, scores: &[Option<f64>]) {
    let values: Vec<f32> = scores.iter().map(|s| s.unwrap_or(-1.0) as f32).collect();
    let values = Tensor::<1>::from_floats(values.as_slice(), &device());
    fixture.check(name, values, TOLERANCE);
}

fn values<N>(scores: &Named<N>) -> Vec<Option<f64>> {
    scores.iter().map(|(_, score)| *score).collect()
}

fn report(batches: &[&[Row]]) -> Report {
    let mut accumulator = ScoreAccumulator::new(&Vocabulary::aff_wild2());
    for row in batches.iter().copied().flatten() {
        row.push(&mut accumulator);
    }
    accumulator.report()
}

#[test]
fn scores_match() {
    let fixture = Fixture::open("metric");
    let rows = rows(&fixture);
    let mut accumulator = ScoreAccumulator::new(&Vocabulary::aff_wild2());
    for row in &rows {
        row.push(&mut accumulator);
    }
    let report = accumulator.report();

    check(&fixture, "au/f1", &values(&report.au_f1));
    check(&fixture, "ex/f1", &values(&report.ex_f1));
    check(
        &fixture,
        "va/ccc",
        &[report.ccc.valence, report.ccc.arousal],
    );
    check(
        &fixture,
        "scores",
        &[report.p_au, report.p_ex, report.p_va, report.p_mtl],
    );

    let counted = [
        report.rows.total,
        report.rows.au,
        report.rows.ex,
        report.rows.va,
    ];
    assert_eq!(integers::<4>(&fixture, "rows"), [counted.map(|n| n as i64)]);
    let confusion = accumulator.confusion().matrix();
    let confusion = confusion.iter().flatten().map(|&n| n as i64);
    let expected = integers::<EXPRESSIONS>(&fixture, "ex/confusion");
    assert_eq!(expected.concat(), confusion.collect::<Vec<_>>());
}

#[test]
fn every_way_of_splitting_the_rows_gives_the_same_bits() {
    let rows = rows(&Fixture::open("metric"));
    let whole = serde_json::to_string(&report(&[&rows])).unwrap();
    for size in [1, 2, 7, 32, 210] {
        let batches: Vec<_> = rows.chunks(size).collect();
        let split = serde_json::to_string(&report(&batches)).unwrap();
        assert_eq!(split, whole, "batches of {size}");
    }
}
