//! A network's scores on the host, row by row.

use burn::tensor::activation::softmax;

use crate::finite::NotFiniteScore;
use crate::label::{Labels, Vocabulary};
use crate::matrix::Matrix;
use crate::metric::RowScores;
use crate::model::ModelOutput;

/// What a network says of some rows, in the orders of its vocabulary; what it was not trained for is
/// left out.
pub(crate) struct Scores {
    action_units: Matrix,
    logits: Matrix,
    probabilities: Matrix,
    valence_arousal: Matrix,
    gaze: Matrix,
    /// Labels that ask for every score.
    all: Labels,
}

impl Scores {
    /// What of `output` is in `vocabulary`, of so many rows.
    pub(crate) fn of(output: ModelOutput, vocabulary: &Vocabulary, rows: usize) -> Self {
        let (units, classes) = (&vocabulary.action_units, &vocabulary.expressions);
        let affect = vocabulary.valence_arousal;
        let matrix = |scores| Matrix::of(scores, rows);
        let logits = output.expression_logits.filter(|_| !classes.is_empty());
        Self {
            action_units: matrix(output.action_units.filter(|_| !units.is_empty())),
            probabilities: matrix(logits.clone().map(|logits| softmax(logits, 1))),
            logits: matrix(logits),
            valence_arousal: matrix(output.valence_arousal.filter(|_| affect.is_some())),
            gaze: matrix(output.gaze),
            all: Labels {
                valence_arousal: [affect.map(|_| 0.0); 2],
                expression: (!classes.is_empty()).then_some(0),
                action_units: vec![Some(0.0); units.len()],
                ..Labels::default()
            },
        }
    }

    /// The scores of a row.
    pub(crate) fn row(&self, row: usize) -> RowScores<'_> {
        RowScores {
            action_units: self.action_units.row(row),
            expression_logits: self.logits.row(row),
            valence_arousal: self.valence_arousal.pair(row).unwrap_or_default(),
        }
    }

    /// The scores of a row, or the first that is not finite.
    pub(crate) fn checked(
        &self,
        row: usize,
        vocabulary: &Vocabulary,
    ) -> Result<RowScores<'_>, NotFiniteScore> {
        let scores = self.row(row);
        scores.check(vocabulary, &self.all).map(|()| scores)
    }

    /// The softmax of a row's logits.
    pub(super) fn probabilities(&self, row: usize) -> &[f32] {
        self.probabilities.row(row)
    }

    /// The gaze of a row.
    pub(super) fn gaze(&self, row: usize) -> Option<[f32; 2]> {
        self.gaze.pair(row)
    }
}
