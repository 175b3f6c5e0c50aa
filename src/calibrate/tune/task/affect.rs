//! Valence and arousal: blended and smoothed, and nothing decided.

use super::Task;
use crate::Result;
use crate::calibrate::table::ScoreTable;
use crate::calibrate::tune::material::Material;
use crate::calibrate::weight::BlendWeights;
use crate::metric::mean_of_present;
use crate::metric::moment::PairMoments;
use crate::smoothing::{Smoothing, TaskSmoothing};

/// The rows with a label of valence or arousal.
pub(in crate::calibrate) struct Affect {
    rows: Vec<usize>,
    labels: Vec<[Option<f32>; 2]>,
}

impl Affect {
    pub fn new(material: &Material) -> Self {
        let labels = &material.labels;
        let is_one =
            |row: &usize| material.equal.is_read(*row) && labels[*row].has_valence_arousal();
        let rows: Vec<usize> = (0..material.rows()).filter(is_one).collect();
        Self {
            labels: rows
                .iter()
                .map(|&row| labels[row].valence_arousal)
                .collect(),
            rows,
        }
    }
}

impl Task for Affect {
    type Ready = Vec<f32>;
    type Rule = ();
    type Count = [PairMoments; 2];

    const NAME: &'static str = "valence and arousal";

    fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn scores<'t>(&self, table: &'t ScoreTable) -> &'t [f32] {
        table.valence_arousal()
    }

    fn width(&self) -> usize {
        2
    }

    fn weights<'w>(&self, all: &'w mut BlendWeights) -> &'w mut Vec<f32> {
        &mut all.valence_arousal
    }

    fn smoothing<'s>(&self, all: &'s mut TaskSmoothing) -> &'s mut Smoothing {
        &mut all.valence_arousal
    }

    fn ready(&self, values: Vec<f32>) -> Result<Vec<f32>> {
        Ok(values)
    }

    fn neutral(&self) {}

    fn find(&self, _: &Vec<f32>, _: &dyn Fn(usize) -> bool, _: bool) -> Result<()> {
        Ok(())
    }

    fn decide(&self, values: &Vec<f32>, (): &(), row: usize, decided: &mut [f32]) {
        decided.copy_from_slice(&values[row * 2..][..2]);
    }

    fn probabilities(&self, _: &Vec<f32>, (): &(), _: usize) -> Vec<f32> {
        Vec::new()
    }

    fn count(&self, count: &mut [PairMoments; 2], row: usize, decided: &[f32]) {
        for ((count, label), decided) in count.iter_mut().zip(self.labels[row]).zip(decided) {
            if let Some(label) = label {
                count.push((*decided).into(), label.into());
            }
        }
    }

    fn score(&self, count: &[PairMoments; 2]) -> Option<f64> {
        // Where one of the two has labels alone, a width is chosen for it.
        mean_of_present(&count.each_ref().map(PairMoments::ccc))
    }
}
