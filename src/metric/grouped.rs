//! The statistics of every group of a sample's rows, and the scores of any number of each.

use crate::label::{Scale, Vocabulary};
use crate::metric::bootstrap::{Bootstrap, merged};
use crate::metric::classification::{self, f1, precision, recall};
use crate::metric::confusion::Confusion;
use crate::metric::detail::Detail;
use crate::metric::deviation::Deviation;
use crate::metric::entry::{of_detail, of_report};
use crate::metric::f1::BinaryCounts;
use crate::metric::group::Groups;
use crate::metric::intensity::Intensity;
use crate::metric::interval::Intervals;
use crate::metric::merge::Merge;
use crate::metric::moment::PairMoments;
use crate::metric::ranking::{Ranked, Ranking};
use crate::metric::report::{Concordances, Report, RowCounts};
use crate::metric::sample::{Column, Sample};
use crate::metric::sign::SignAgreement;

impl Sample {
    /// The further scores of all rows.
    pub fn detail(&self) -> Detail {
        let one = Groups::of(std::iter::repeat_n((), self.rows()));
        Grouped::new(self, &one).scores(&vec![1; one.count()]).1
    }

    /// An interval of every score, of a [`Report`] and of a [`Detail`], all of the same
    /// draws of `groups`.
    ///
    /// # Panics
    /// If a row has no group, or [`Bootstrap::check`] fails.
    pub fn intervals(&self, groups: &Groups, bootstrap: &Bootstrap) -> Intervals {
        let grouped = Grouped::new(self, groups);
        let scores = |times: &[u32]| {
            let (report, detail) = grouped.scores(times);
            [of_report(&report), of_detail(&detail)].concat()
        };
        let drawn = bootstrap.intervals(groups.count(), |times| {
            scores(times).into_iter().map(|entry| entry.score).collect()
        });
        let all = scores(&vec![1; groups.count()]);
        Intervals::new(groups, *bootstrap, all, drawn)
    }
}

/// The statistics of the groups, each a list with one entry for each group.
struct Grouped<'a> {
    vocabulary: &'a Vocabulary,
    units: Vec<Unit>,
    expression: Vec<Cell>,
    affect: [Vec<Affect>; 2],
}

enum Unit {
    Occurrence(Vec<Detection>, Ranked),
    Intensity(Vec<Intensity>),
}

/// How an occurrence was detected.
#[derive(Clone, Copy, Default)]
struct Detection {
    counts: BinaryCounts,
    labelled: u64,
}

/// How often a group's rows of one expression were taken for another.
struct Cell {
    group: u32,
    label: u16,
    predicted: u16,
    count: u64,
}

/// Valence or arousal.
#[derive(Clone, Copy, Default)]
struct Affect {
    moments: PairMoments,
    errors: Deviation,
    signs: SignAgreement,
}

impl Merge for Detection {
    fn merge(&mut self, other: &Self, times: u32) {
        self.counts.merge(&other.counts, times);
        self.labelled += u64::from(times) * other.labelled;
    }
}

impl Merge for Affect {
    fn merge(&mut self, other: &Self, times: u32) {
        self.moments.merge(&other.moments, times);
        self.errors.merge(&other.errors, times);
        self.signs.merge(&other.signs, times);
    }
}

impl<'a> Grouped<'a> {
    /// # Panics
    /// If a row of the sample has no group.
    fn new(sample: &'a Sample, groups: &Groups) -> Self {
        let scales = sample.vocabulary.action_units.iter();
        let units = scales.zip(sample.units.iter().zip(&sample.thresholds)).map(
            |(coded, (column, threshold))| match coded.scale {
                Scale::Occurrence => occurrence(column, *threshold, groups),
                Scale::Intensity => Unit::Intensity(gathered(
                    column,
                    groups,
                    |unit: &mut Intensity, (score, label)| unit.push(score, label),
                )),
            },
        );
        let affect = |column: &Column<(f32, f32)>| {
            gathered(column, groups, |affect: &mut Affect, (predicted, label)| {
                let (predicted, label) = (f64::from(predicted), f64::from(label));
                affect.moments.push(predicted, label);
                affect.errors.push(predicted, label);
                affect.signs.push(predicted, label);
            })
        };
        Self {
            units: units.collect(),
            expression: cells(sample, groups),
            affect: [affect(&sample.affect[0]), affect(&sample.affect[1])],
            vocabulary: &sample.vocabulary,
        }
    }

    /// The scores, when a row of group `g` counts `times[g]` times. The report counts no rows.
    fn scores(&self, times: &[u32]) -> (Report, Detail) {
        let vocabulary = self.vocabulary;
        let (mut au_f1, mut au_auc) = (Vec::new(), Vec::new());
        let mut intensities = [const { Vec::new() }; 4];
        for (unit, statistics) in vocabulary.action_units.units().zip(&self.units) {
            match statistics {
                Unit::Occurrence(detections, ranked) => {
                    let found = merged(detections, times);
                    au_f1.push((unit, (found.labelled > 0).then(|| found.counts.f1())));
                    au_auc.push((unit, ranked.auc(times)));
                }
                Unit::Intensity(groups) => {
                    let found = merged(groups, times);
                    let scores = [found.icc(), found.pcc(), found.mae(), found.mse()];
                    for (named, score) in intensities.iter_mut().zip(scores) {
                        named.push((unit, score));
                    }
                }
            }
        }
        let classes = vocabulary.expressions.len();
        let mut matrix = vec![vec![0u64; classes]; classes];
        for cell in &self.expression {
            let count = u64::from(times[cell.group as usize]) * cell.count;
            matrix[usize::from(cell.label)][usize::from(cell.predicted)] += count;
        }
        let named = |scores: Vec<Option<f64>>| {
            let classes = vocabulary.expressions.iter().cloned();
            classes.zip(scores).collect()
        };
        let affect = self.affect.each_ref().map(|groups| merged(groups, times));
        let [valence, arousal] = affect.map(|affect| affect.moments.ccc());
        let [au_icc, au_pcc, au_mae, au_mse] = intensities;
        let report = Report::of(
            au_f1,
            named(f1(&matrix)),
            Concordances { valence, arousal },
            RowCounts::default(),
        );
        let detail = Detail {
            au_auc,
            au_mse,
            ex_accuracy: classification::accuracy(&matrix),
            ex_balanced_accuracy: classification::balanced_accuracy(&matrix),
            ex_weighted_f1: classification::weighted_f1(&matrix),
            ex_precision: named(precision(&matrix)),
            ex_recall: named(recall(&matrix)),
            confusion: Confusion::of(&vocabulary.expressions, matrix),
            va_pcc: affect.map(|affect| affect.moments.pcc()).into(),
            va_rmse: affect.map(|affect| affect.errors.rmse()).into(),
            va_sagr: affect.map(|affect| affect.signs.sagr()).into(),
        };
        (report.with_intensities(au_icc, au_pcc, au_mae), detail)
    }
}

/// One statistic for each group, of the rows of `column`.
fn gathered<T: Copy, S: Clone + Default>(
    column: &Column<T>,
    groups: &Groups,
    push: impl Fn(&mut S, T),
) -> Vec<S> {
    let mut statistics = vec![S::default(); groups.count()];
    for (group, value) in column.of(groups) {
        push(&mut statistics[group as usize], value);
    }
    statistics
}

fn occurrence(column: &Column<(f32, f32)>, threshold: f32, groups: &Groups) -> Unit {
    let detections = gathered(column, groups, |found: &mut Detection, (score, label)| {
        found.counts.push(label > 0.0, score >= threshold);
        found.labelled += 1;
    });
    let mut ranking = Ranking::new();
    let mut of_rows = Vec::new();
    for (group, (score, label)) in column.of(groups) {
        ranking.push(label > 0.0, score.into());
        of_rows.push(group);
    }
    Unit::Occurrence(detections, ranking.ranked(&of_rows))
}

fn cells(sample: &Sample, groups: &Groups) -> Vec<Cell> {
    let mut rows: Vec<(u32, (u16, u16))> = sample.expression.of(groups).collect();
    rows.sort_unstable();
    rows.chunk_by(|one, other| one == other)
        .map(|same| {
            let (group, (label, predicted)) = same[0];
            Cell {
                group,
                label,
                predicted,
                count: same.len() as u64,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::{CodedUnit, Labels};
    use crate::metric::{RowScores, ScoreAccumulator};

    /// Rows of every kind of label, some of them missing, with the video of each.
    fn rows(vocabulary: &Vocabulary, count: u32) -> Vec<(u32, Labels, [f32; 12], [f32; 8])> {
        let number = |row: u32, place: u32| {
            let scattered = row.wrapping_mul(2_654_435_761) ^ place.wrapping_mul(0x9e37_79b9);
            (scattered.wrapping_mul(0x85eb_ca6b) >> 8) as f32 / (1 << 24) as f32
        };
        let row = |row: u32| {
            let missing = |place| number(row, 100 + place) < 0.2;
            let units = vocabulary.action_units.iter().zip(0..);
            let labels = Labels {
                valence_arousal: [0, 1]
                    .map(|place| (!missing(place)).then(|| 2.0 * number(row, place) - 1.0)),
                expression: (!missing(2)).then(|| (number(row, 2) * 8.0) as usize),
                action_units: units
                    .map(|(coded, place)| {
                        let most = coded.scale.most();
                        let value = (number(row, 10 + place) * (most + 1.0)).floor();
                        (!missing(10 + place)).then_some(value)
                    })
                    .collect(),
                ..Labels::default()
            };
            let scores = std::array::from_fn(|unit| {
                let label = labels.action_units[unit].unwrap_or(0.5).min(1.0);
                0.4 * label + 0.6 * number(row, 50 + unit as u32)
            });
            let logits = std::array::from_fn(|class| {
                let right = labels.expression == Some(class);
                number(row, 70 + class as u32) + if right { 0.4 } else { 0.0 }
            });
            (row * 7 / count, labels, scores, logits)
        };
        (0..count).map(row).collect()
    }

    fn mixed() -> Vocabulary {
        let mut vocabulary = Vocabulary::aff_wild2();
        let units = vocabulary.action_units.iter().enumerate();
        vocabulary.action_units = units
            .map(|(place, coded)| match place % 3 {
                0 => CodedUnit::intensity(coded.unit),
                _ => *coded,
            })
            .collect();
        vocabulary
    }

    #[test]
    fn groups_that_count_once_score_as_the_accumulator_does() {
        let vocabulary = mixed();
        let rows = rows(&vocabulary, 300);
        let thresholds: [f32; 12] = std::array::from_fn(|unit| 0.2 + unit as f32 / 20.0);
        let mut sample = Sample::new(&vocabulary).with_thresholds(&thresholds);
        let mut accumulator = ScoreAccumulator::new(&vocabulary).with_thresholds(&thresholds);
        for (_, labels, units, logits) in &rows {
            let scores = RowScores {
                action_units: units,
                expression_logits: logits,
                valence_arousal: [units[0] - 0.3, units[1] - 0.6],
            };
            sample.push(labels, &scores);
            accumulator.push(labels, &scores).unwrap();
        }
        let groups = Groups::of(rows.iter().map(|(video, ..)| video)).called("video");
        assert_eq!(groups.count(), 7);
        let (found, detail) = Grouped::new(&sample, &groups).scores(&[1; 7]);
        let expected = of_report(&accumulator.report());
        for (found, expected) in of_report(&found).iter().zip(&expected) {
            assert_eq!((found.key, &found.name), (expected.key, &expected.name));
            let scores = found.score.zip(expected.score);
            let difference = scores.map(|(found, expected)| (found - expected).abs());
            assert!(difference.unwrap() < 1e-12, "{found:?} {expected:?}");
        }
        // The further ones are the same for all ways of grouping.
        for (found, expected) in of_detail(&detail).iter().zip(&of_detail(&sample.detail())) {
            let difference = found.score.unwrap() - expected.score.unwrap();
            assert!(difference.abs() < 1e-12, "{found:?} {expected:?}");
        }
        // One that counts three times is as if its rows stood there three times.
        let mut written = ScoreAccumulator::new(&vocabulary).with_thresholds(&thresholds);
        let mut copies = Sample::new(&vocabulary).with_thresholds(&thresholds);
        for (video, labels, units, logits) in &rows {
            let scores = RowScores {
                action_units: units,
                expression_logits: logits,
                valence_arousal: [units[0] - 0.3, units[1] - 0.6],
            };
            for _ in 0..[3, 0, 1, 0, 0, 2, 1][*video as usize] {
                written.push(labels, &scores).unwrap();
                copies.push(labels, &scores);
            }
        }
        let (found, further) = Grouped::new(&sample, &groups).scores(&[3, 0, 1, 0, 0, 2, 1]);
        let expected = of_report(&written.report());
        let found = [of_report(&found), of_detail(&further)].concat();
        let all = [expected.clone(), of_detail(&copies.detail())].concat();
        assert_eq!(found.len(), all.len());
        for (found, expected) in found.iter().zip(&all) {
            let difference = found.score.unwrap() - expected.score.unwrap();
            assert!(difference.abs() < 1e-12, "{found:?} {expected:?}");
        }
        let intervals = sample.intervals(&groups, &Bootstrap::default());
        let json = serde_json::to_value(&intervals).unwrap();
        for (key, name) in [("au_icc", "AU1"), ("au_auc", "AU2"), ("ex_recall", "Fear")] {
            let pair = json[key][name].as_array().unwrap();
            assert!(pair[0].as_f64() < pair[1].as_f64(), "{key} {name}");
        }
        assert_eq!(json["by"], "video");
        assert!(json["au_f1"]["AU1"].is_null() && json["p_mtl"].is_array());
        let table = intervals.table();
        assert_eq!(
            table.lines().count(),
            1 + expected.len() + of_detail(&detail).len()
        );
        assert!(
            table.contains("95 % interval, 1000 draws of 7 by video"),
            "{table}"
        );
    }

    #[test]
    fn every_further_score_stands_under_its_own_key() {
        let mut sample = Sample::new(&Vocabulary::affectnet_7());
        let affect = [[0.0, 0.2], [0.5, 0.4]];
        for (row, (label, predicted)) in [(0, 0), (0, 0), (0, 1), (1, 1)].into_iter().enumerate() {
            let mut logits = [0.0; 7];
            logits[predicted] = 1.0;
            let scores = RowScores {
                expression_logits: &logits,
                valence_arousal: affect.get(row).copied().unwrap_or_default(),
                ..RowScores::default()
            };
            let labels = Labels {
                expression: Some(label),
                valence_arousal: match affect.get(row) {
                    Some(&[valence, arousal]) => [Some(-valence), Some(arousal)],
                    None => [None; 2],
                },
                ..Labels::default()
            };
            sample.push(&labels, &scores);
        }
        let found = sample.detail();
        let near = |found: Option<f64>, expected: f64| {
            assert!(
                (found.unwrap() - expected).abs() < 1e-7,
                "{found:?} {expected}"
            );
        };
        near(found.ex_accuracy, 0.75);
        near(found.ex_balanced_accuracy, 5.0 / 6.0);
        // F1 of .8 on three rows, of two thirds on one.
        near(found.ex_weighted_f1, (3.0 * 0.8 + 2.0 / 3.0) / 4.0);
        near(found.ex_precision[0].1, 1.0);
        near(found.ex_precision[1].1, 0.5);
        near(found.ex_recall[0].1, 2.0 / 3.0);
        near(found.ex_recall[1].1, 1.0);
        near(found.va_pcc.valence, -1.0);
        near(found.va_rmse.valence, 0.5f64.sqrt());
        near(found.va_sagr.valence, 0.5);
        near(found.va_pcc.arousal, 1.0);
        near(found.va_rmse.arousal, 0.0);
        near(found.va_sagr.arousal, 1.0);

        let mut sample = Sample::new(&Vocabulary::disfa());
        let labels = Labels {
            action_units: vec![Some(2.0)],
            ..Labels::default()
        };
        let scores = RowScores {
            action_units: &[0.5; 8],
            ..RowScores::default()
        };
        sample.push(&labels, &scores);
        near(sample.detail().au_mse[0].1, 0.25);
    }

    #[test]
    fn what_has_no_label_has_neither_score_nor_interval() {
        let mut sample = Sample::new(&Vocabulary::aff_wild2());
        sample.push(&Labels::default(), &RowScores::default());
        sample.push(&Labels::default(), &RowScores::default());
        let intervals = sample.intervals(&Groups::rows(2), &Bootstrap::default());
        assert_eq!(intervals.table().lines().count(), 1);
        let json = serde_json::to_value(&intervals).unwrap();
        assert!(json["p_au"].is_null() && json["au_auc"]["AU1"].is_null());
        assert_eq!(sample.detail().table().lines().count(), 1);
    }
}
