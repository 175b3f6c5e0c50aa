//! What the rows' weights do in a stage: count in its losses, or decide what is drawn.

use std::sync::Arc;

use super::config::Sampling;
use crate::data::split::Split;

/// A weight a row, in their order; `None` where every row counts alike.
pub(super) type RowWeights = Option<Arc<[f32]>>;

/// The weights of the rows of `split`.
pub(super) fn row_weights(split: &Split) -> RowWeights {
    let weights = (0..split.rows.len()).map(|row| split.marks.weight(row));
    split.marks.has_weights().then(|| weights.collect())
}

/// Where the weights of rows count. Either way a row of weight 2 is as the same row twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Weighting {
    loss: RowWeights,
    draw: RowWeights,
}

impl Weighting {
    /// In the losses of rows that are each shown once an epoch; in the draw where rows are drawn by their
    /// class, whose losses then count every drawn row alike.
    pub(super) fn new(weights: RowWeights, sampling: Sampling) -> Self {
        match sampling {
            Sampling::Shuffled => Self {
                loss: weights,
                draw: None,
            },
            Sampling::Balanced => Self {
                loss: None,
                draw: weights,
            },
        }
    }

    /// What `rows` count in a loss; `None` where all count alike.
    pub(super) fn of(&self, rows: &[usize]) -> Option<Vec<f32>> {
        let weights = self.loss.as_ref()?;
        Some(rows.iter().map(|&row| weights[row]).collect())
    }

    /// What `row` counts in a loss.
    pub(super) fn weight(&self, row: usize) -> f64 {
        of(&self.loss, row)
    }

    /// How likely `row` is to be drawn among those of its class.
    pub(super) fn chance(&self, row: usize) -> f64 {
        of(&self.draw, row)
    }
}

fn of(weights: &RowWeights, row: usize) -> f64 {
    weights.as_ref().map_or(1.0, |weights| weights[row].into())
}
