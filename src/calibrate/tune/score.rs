//! Decided rows scored as all others are.

use super::material::Material;
use super::search::Decided;
use super::task::Task;
use crate::Result;
use crate::label::Labels;
use crate::metric::bootstrap::{Bootstrap, Interval};
use crate::metric::sample::Sample;
use crate::metric::{Report, RowScores, ScoreAccumulator};

/// The decided scores of all rows of a table for each task; those of a task that is not judged are
/// empty.
#[derive(Default)]
pub(super) struct Columns {
    pub action_units: Vec<f32>,
    pub logits: Vec<f32>,
    pub valence_arousal: Vec<f32>,
}

/// The decided scores of a task's rows in their places among all rows.
pub(super) fn placed<T: Task>(task: &T, decided: Option<&Decided>, rows: usize) -> Vec<f32> {
    let Some(decided) = decided else {
        return Vec::new();
    };
    let width = task.width();
    let mut placed = vec![f32::NAN; rows * width];
    for (&row, scores) in task.rows().iter().zip(decided.scores.chunks_exact(width)) {
        placed[row * width..][..width].copy_from_slice(scores);
    }
    placed
}

/// The report of the rows with scores.
pub(super) fn report(material: &Material, columns: &Columns) -> Result<Report> {
    let mut scores = ScoreAccumulator::new(material.vocabulary());
    each(material, columns, |_, labels, row| scores.push(labels, row))?;
    Ok(scores.report())
}

/// The intervals of action units, expressions, valence and arousal, and of their sum.
pub(super) fn intervals(
    material: &Material,
    columns: &Columns,
    bootstrap: &Bootstrap,
) -> Result<[Option<Interval>; 4]> {
    let mut sample = Sample::new(material.vocabulary());
    let mut kept = Vec::new();
    each(material, columns, |row, labels, scores| {
        sample.push(labels, scores);
        kept.push(row);
        Ok(())
    })?;
    let groups = material.groups.select(kept);
    let intervals = sample.intervals(&groups, bootstrap);
    Ok(["p_au", "p_ex", "p_va", "p_mtl"].map(|key| intervals.get(key, None)))
}

/// Shows every row that has scores, with the labels of the tasks that are judged.
fn each(
    material: &Material,
    columns: &Columns,
    mut show: impl FnMut(usize, &Labels, &RowScores) -> Result<()>,
) -> Result<()> {
    let rows = material.rows();
    let width = |values: &[f32]| values.len() / rows.max(1);
    let part = |values: &'_ [f32], row: usize| -> std::ops::Range<usize> {
        let width = width(values);
        row * width..(row + 1) * width
    };
    for row in (0..rows).filter(|&row| material.equal.is_read(row)) {
        let mut labels = material.labels[row].clone();
        if columns.action_units.is_empty() {
            labels.action_units.clear();
        }
        if columns.logits.is_empty() {
            labels.expression = None;
        }
        if columns.valence_arousal.is_empty() {
            labels.valence_arousal = [None; 2];
        }
        let affect = part(&columns.valence_arousal, row);
        let scores = RowScores {
            action_units: &columns.action_units[part(&columns.action_units, row)],
            expression_logits: &columns.logits[part(&columns.logits, row)],
            valence_arousal: match columns.valence_arousal[affect] {
                [valence, arousal] => [valence, arousal],
                _ => [f32::NAN; 2],
            },
        };
        show(row, &labels, &scores)?;
    }
    Ok(())
}
