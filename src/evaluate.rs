//! A network's scores on labelled rows, from their cached features.

use burn::tensor::{Device, Tensor, TensorData};

use crate::Labels;
use crate::data::cache::FeatureCache;
use crate::extract::is_readable;
use crate::label::ACTION_UNITS;
use crate::metric::chance::chance;
use crate::metric::confusion::Confusion;
use crate::metric::{Report, RowScores, ScoreAccumulator};
use crate::network::{Network, Tasks};

/// Rows in a batch; only speed and memory depend on it.
const BATCH: usize = 1024;

/// A network's scores, and what they are to be held against.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The scores.
    pub report: Report,
    /// What a predictor that knows only how common each label is would score on the same rows.
    pub chance: Report,
    /// Which expressions were taken for which.
    pub confusion: Confusion,
}

/// Scores `network` on the rows of `cache`, whose labels are `labels`.
///
/// A task that the network was not trained for has no score. Rows of unreadable images are left
/// out.
///
/// # Panics
/// If the cache and the labels differ in rows, or the network reads another feature width.
pub fn evaluate(
    network: &Network,
    tasks: &Tasks,
    cache: &FeatureCache,
    labels: &[Labels],
    device: &Device,
) -> Evaluation {
    assert_eq!(
        cache.rows(),
        labels.len(),
        "the cache must have a row for each label"
    );
    let width = cache.width();
    let readable: Vec<usize> = (0..cache.rows())
        .filter(|&row| is_readable(cache.row(row)))
        .collect();
    let labels: Vec<Labels> = labels.iter().map(|labels| only(labels, tasks)).collect();
    let mut accumulator = ScoreAccumulator::new();
    for rows in readable.chunks(BATCH) {
        let features: Vec<f32> = rows
            .iter()
            .flat_map(|&row| cache.row(row))
            .copied()
            .collect();
        let features = TensorData::new(features, [rows.len(), width]);
        let output = network.forward(Tensor::from_data(features, device));
        let action_units: Vec<f32> = output.action_units.into_data().iter().collect();
        let logits: Vec<f32> = output.expression_logits.into_data().iter().collect();
        let valence_arousal: Vec<f32> = output.valence_arousal.into_data().iter().collect();
        for (position, &row) in rows.iter().enumerate() {
            let scores = RowScores {
                action_units: row_of(&action_units, position),
                expression_logits: row_of(&logits, position),
                valence_arousal: row_of(&valence_arousal, position),
            };
            accumulator.push(&labels[row], &scores);
        }
    }
    Evaluation {
        report: accumulator.report(),
        chance: chance(readable.iter().map(|&row| &labels[row])),
        confusion: accumulator.confusion().clone(),
    }
}

/// `labels` without those of tasks that nothing was trained for.
pub(crate) fn only(labels: &Labels, tasks: &Tasks) -> Labels {
    Labels {
        action_units: match tasks.action_unit {
            true => labels.action_units,
            false => [None; ACTION_UNITS],
        },
        expression: labels.expression.filter(|_| tasks.expression),
        valence_arousal: labels.valence_arousal.filter(|_| tasks.valence_arousal),
    }
}

/// Row `row` of a matrix with `N` columns.
pub(crate) fn row_of<const N: usize>(values: &[f32], row: usize) -> [f32; N] {
    let mut out = [0.0; N];
    out.copy_from_slice(&values[row * N..(row + 1) * N]);
    out
}
