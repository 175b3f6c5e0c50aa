//! Expressions: offsets for the largest macro F1, a temperature for the probabilities.

use super::Task;
use crate::Result;
use crate::calibrate::offset::class_offsets;
use crate::calibrate::table::ScoreTable;
use crate::calibrate::temperature::{probabilities, temperature};
use crate::calibrate::tune::material::Material;
use crate::calibrate::tune::setting::{Part, TuneConfig};
use crate::calibrate::weight::BlendWeights;
use crate::metric::classification;
use crate::metric::confusion::largest;
use crate::metric::mean_of_present;
use crate::smoothing::{Smoothing, TaskSmoothing};

/// The rows with a label of an expression.
pub(in crate::calibrate) struct Class {
    rows: Vec<usize>,
    labels: Vec<usize>,
    classes: usize,
    offsets: bool,
    calibration: bool,
}

/// What decides an expression.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::calibrate) struct ClassRule {
    pub offsets: Vec<f32>,
    pub temperature: f32,
}

impl Class {
    pub fn new(material: &Material, config: &TuneConfig) -> Self {
        let labelled = (0..material.rows())
            .filter(|&row| material.equal.is_read(row))
            .filter_map(|row| Some((row, material.labels[row].expression?)));
        let (rows, labels) = labelled.unzip();
        Self {
            rows,
            labels,
            classes: material.vocabulary().expressions.len(),
            offsets: config.has(Part::Offsets),
            calibration: config.has(Part::Calibration),
        }
    }

    /// The label of each row.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The classes without a label.
    pub fn absent(&self) -> Vec<usize> {
        (0..self.classes)
            .filter(|class| !self.labels.contains(class))
            .collect()
    }

    fn logits<'v>(&self, values: &'v [f32], row: usize) -> &'v [f32] {
        &values[row * self.classes..][..self.classes]
    }
}

impl Task for Class {
    type Ready = Vec<f32>;
    type Rule = ClassRule;
    type Count = Vec<Vec<u64>>;

    const NAME: &'static str = "expressions";

    fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn scores<'t>(&self, table: &'t ScoreTable) -> &'t [f32] {
        table.logits()
    }

    fn width(&self) -> usize {
        self.classes
    }

    fn weights<'w>(&self, all: &'w mut BlendWeights) -> &'w mut Vec<f32> {
        &mut all.expressions
    }

    fn smoothing<'s>(&self, all: &'s mut TaskSmoothing) -> &'s mut Smoothing {
        &mut all.expressions
    }

    fn ready(&self, values: Vec<f32>) -> Result<Vec<f32>> {
        Ok(values)
    }

    fn neutral(&self) -> ClassRule {
        ClassRule {
            offsets: vec![0.0; self.classes],
            temperature: 1.0,
        }
    }

    fn find(
        &self,
        values: &Vec<f32>,
        is_in: &dyn Fn(usize) -> bool,
        is_last: bool,
    ) -> Result<ClassRule> {
        let mut rule = self.neutral();
        let labels = self.labels.iter().enumerate();
        let labels: Vec<Option<usize>> = labels
            .map(|(row, &label)| is_in(row).then_some(label))
            .collect();
        if self.offsets
            && let Some(found) = class_offsets(values, self.classes, &labels)?
        {
            rule.offsets = found.offsets;
        }
        if self.calibration
            && is_last
            && let Some(found) = temperature(values, self.classes, &labels)?
        {
            rule.temperature = found.temperature;
        }
        Ok(rule)
    }

    fn decide(&self, values: &Vec<f32>, rule: &ClassRule, row: usize, decided: &mut [f32]) {
        let logits = self.logits(values, row).iter().zip(&rule.offsets);
        for (decided, (logit, offset)) in decided.iter_mut().zip(logits) {
            *decided = logit + offset;
        }
    }

    fn probabilities(&self, values: &Vec<f32>, rule: &ClassRule, row: usize) -> Vec<f32> {
        probabilities(self.logits(values, row), rule.temperature)
    }

    fn count(&self, count: &mut Vec<Vec<u64>>, row: usize, decided: &[f32]) {
        if count.is_empty() {
            *count = vec![vec![0; self.classes]; self.classes];
        }
        count[self.labels[row]][largest(decided)] += 1;
    }

    fn score(&self, count: &Vec<Vec<u64>>) -> Option<f64> {
        mean_of_present(&classification::f1(count))
    }
}
