//! Action units: a threshold and a calibration for each that is present or absent; intensities are
//! blended and smoothed alone.

use super::Task;
use crate::Result;
use crate::calibrate::calibration::Calibration;
use crate::calibrate::isotonic::isotonic;
use crate::calibrate::platt::platt;
use crate::calibrate::table::ScoreTable;
use crate::calibrate::threshold::{SortedScores, best_threshold};
use crate::calibrate::tune::material::Material;
use crate::calibrate::tune::setting::{CalibrationKind, Part, TuneConfig};
use crate::calibrate::tuning::UnitTuning;
use crate::calibrate::weight::BlendWeights;
use crate::label::{CodedUnit, Scale};
use crate::metric::f1::{BinaryCounts, THRESHOLD};
use crate::metric::intensity::Intensity;
use crate::metric::mean_of_present;
use crate::smoothing::{Smoothing, TaskSmoothing};

/// The rows with a label of an action unit.
pub(in crate::calibrate) struct Units {
    rows: Vec<usize>,
    units: Vec<CodedUnit>,
    /// Of each row the label of each unit.
    labels: Vec<Option<f32>>,
    thresholds: bool,
    calibration: Option<CalibrationKind>,
}

/// The scores of each unit, and those of an occurrence in order.
pub(in crate::calibrate) struct Columns {
    scores: Vec<Vec<f32>>,
    sorted: Vec<Option<SortedScores>>,
}

/// What a unit's score is made of.
#[derive(Clone, Default)]
pub(in crate::calibrate) struct UnitCount {
    found: BinaryCounts,
    intensity: Intensity,
    labelled: u64,
}

impl Units {
    pub fn new(material: &Material, config: &TuneConfig) -> Self {
        let units = &material.vocabulary().action_units;
        let is_one =
            |row: &usize| material.equal.is_read(*row) && material.labels[*row].has_action_units();
        let rows: Vec<usize> = (0..material.rows()).filter(is_one).collect();
        let labels = rows.iter().flat_map(|&row| {
            let labels = &material.labels[row];
            (0..units.len()).map(|unit| labels.action_unit(unit))
        });
        Self {
            labels: labels.collect(),
            rows,
            units: units.to_vec(),
            thresholds: config.has(Part::Thresholds),
            calibration: config.has(Part::Calibration).then_some(config.calibration),
        }
    }

    /// The units.
    pub fn units(&self) -> &[CodedUnit] {
        &self.units
    }

    /// Of each row whether the unit at this place is present, where that is labelled.
    pub fn presence(&self, unit: usize) -> impl Iterator<Item = Option<bool>> + '_ {
        let rows = self.labels.chunks_exact(self.units.len());
        rows.map(move |labels| labels[unit].map(|label| label > 0.0))
    }

    fn is_occurrence(&self, unit: usize) -> bool {
        self.units[unit].scale == Scale::Occurrence
    }

    fn found(
        &self,
        columns: &Columns,
        unit: usize,
        is_in: &dyn Fn(usize) -> bool,
    ) -> Result<UnitTuning> {
        let presence = self.presence(unit).enumerate();
        let labels: Vec<Option<bool>> = presence
            .map(|(row, present)| present.filter(|_| is_in(row)))
            .collect();
        let scores = &columns.scores[unit];
        let calibration = match self.calibration {
            None => None,
            Some(CalibrationKind::Platt) => platt(scores, &labels)?,
            Some(CalibrationKind::Isotonic) => isotonic(scores, &labels)?,
        };
        // Of one that falls, or says the same of all scores, no threshold decides as the scores do.
        let rises = |found: &Calibration| found.apply(0.0) < found.apply(1.0);
        let calibration = calibration
            .filter(|found| self.thresholds || rises(found))
            .unwrap_or_default();
        // Without thresholds a calibration changes no decision.
        let mut threshold = calibration.apply(THRESHOLD);
        if self.thresholds {
            let calibrated: Vec<f32> = scores
                .iter()
                .map(|score| calibration.apply(*score))
                .collect();
            if let Some(best) = best_threshold(&calibrated, &labels)? {
                threshold = best.threshold;
            }
        }
        Ok(UnitTuning {
            calibration,
            threshold,
        })
    }
}

impl Task for Units {
    type Ready = Columns;
    type Rule = Vec<UnitTuning>;
    type Count = Vec<UnitCount>;

    const NAME: &'static str = "action units";

    fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn scores<'t>(&self, table: &'t ScoreTable) -> &'t [f32] {
        table.action_units()
    }

    fn width(&self) -> usize {
        self.units.len()
    }

    fn weights<'w>(&self, all: &'w mut BlendWeights) -> &'w mut Vec<f32> {
        &mut all.action_units
    }

    fn smoothing<'s>(&self, all: &'s mut TaskSmoothing) -> &'s mut Smoothing {
        &mut all.action_units
    }

    fn ready(&self, values: Vec<f32>) -> Result<Columns> {
        let column = |unit: usize| -> Vec<f32> {
            let rows = values.chunks_exact(self.units.len());
            rows.map(|row| row[unit]).collect()
        };
        let scores: Vec<Vec<f32>> = (0..self.units.len()).map(column).collect();
        let sorted = scores.iter().enumerate().map(|(unit, scores)| {
            if !(self.thresholds && self.is_occurrence(unit)) {
                return Ok(None);
            }
            let labels: Vec<Option<bool>> = self.presence(unit).collect();
            SortedScores::new(scores, &labels).map(Some)
        });
        Ok(Columns {
            sorted: sorted.collect::<Result<_>>()?,
            scores,
        })
    }

    fn neutral(&self) -> Vec<UnitTuning> {
        vec![UnitTuning::default(); self.units.len()]
    }

    fn find(
        &self,
        columns: &Columns,
        is_in: &dyn Fn(usize) -> bool,
        is_last: bool,
    ) -> Result<Vec<UnitTuning>> {
        let units = 0..self.units.len();
        if is_last {
            return units
                .map(|unit| match self.is_occurrence(unit) {
                    true => self.found(columns, unit, is_in),
                    false => Ok(UnitTuning::default()),
                })
                .collect();
        }
        let threshold = |unit: usize| {
            let sorted = columns.sorted[unit].as_ref();
            let best = sorted.and_then(|sorted| sorted.best(is_in));
            best.map_or(THRESHOLD, |best| best.threshold)
        };
        let threshold = units.map(|unit| UnitTuning {
            calibration: Calibration::None,
            threshold: threshold(unit),
        });
        Ok(threshold.collect())
    }

    fn decide(&self, columns: &Columns, rule: &Vec<UnitTuning>, row: usize, decided: &mut [f32]) {
        for (unit, (tuning, decided)) in rule.iter().zip(decided).enumerate() {
            let score = columns.scores[unit][row];
            *decided = match self.is_occurrence(unit) {
                true => f32::from(tuning.calibration.apply(score) >= tuning.threshold),
                false => score,
            };
        }
    }

    fn probabilities(&self, columns: &Columns, rule: &Vec<UnitTuning>, row: usize) -> Vec<f32> {
        let units = rule.iter().zip(&columns.scores);
        units
            .map(|(tuning, scores)| tuning.calibration.apply(scores[row]))
            .collect()
    }

    fn count(&self, count: &mut Vec<UnitCount>, row: usize, decided: &[f32]) {
        if count.is_empty() {
            *count = vec![UnitCount::default(); self.units.len()];
        }
        let labels = &self.labels[row * self.units.len()..];
        for (unit, (count, decided)) in count.iter_mut().zip(decided).enumerate() {
            if let Some(label) = labels[unit] {
                count.labelled += 1;
                match self.is_occurrence(unit) {
                    true => count.found.push(label > 0.0, *decided >= THRESHOLD),
                    false => count.intensity.push(*decided, label),
                }
            }
        }
    }

    fn score(&self, count: &Vec<UnitCount>) -> Option<f64> {
        let units = count
            .iter()
            .enumerate()
            .map(|(unit, count)| match self.is_occurrence(unit) {
                true => (count.labelled > 0).then(|| count.found.f1()),
                false => count.intensity.icc(),
            });
        mean_of_present(&units.collect::<Vec<_>>())
    }
}
