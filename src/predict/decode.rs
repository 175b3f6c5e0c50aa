//! A network's output as named scores.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::{ExpressionScore, Prediction, Predictor};
use crate::finite::NotFiniteScore;
use crate::label::{ActionUnit, Scale};
use crate::matrix::Matrix;

impl Predictor {
    /// The scores of each row of features, or the first number that is not finite: of the feature
    /// itself, which may look like a score once it has passed a bounded function, or of its scores.
    pub(super) fn decode(&self, features: Tensor<2>) -> Vec<Result<Prediction, NotFiniteScore>> {
        let [rows, _] = features.dims();
        let output = self.model.forward(features.clone());
        let (units, classes) = (self.config.action_units(), self.config.expressions());
        // A network's scores are shares of the largest label.
        let scored = |scale: Scale, scores: &[f32]| -> Vec<(ActionUnit, f32)> {
            let coded = units
                .iter()
                .zip(scores)
                .filter(|(coded, _)| coded.scale == scale);
            coded
                .map(|(coded, score)| (coded.unit, score * scale.most()))
                .collect()
        };
        let output_units = output.action_units.filter(|_| !units.is_empty());
        let action_units = Matrix::of(output_units, rows);
        let probabilities = output
            .expression_logits
            .clone()
            .map(|logits| softmax(logits, 1));
        let probabilities = Matrix::of(probabilities, rows);
        let logits = Matrix::of(output.expression_logits, rows);
        let valence_arousal = output
            .valence_arousal
            .filter(|_| self.config.valence_arousal());
        let valence_arousal = Matrix::of(valence_arousal, rows);
        let gaze = Matrix::of(output.gaze, rows);
        let features = Matrix::of(Some(features), rows);
        (0..rows)
            .map(|row| {
                NotFiniteScore::in_feature(features.row(row))?;
                let prediction = Prediction {
                    action_units: scored(Scale::Occurrence, action_units.row(row)),
                    action_unit_intensities: scored(Scale::Intensity, action_units.row(row)),
                    expressions: classes
                        .iter()
                        .zip(logits.row(row).iter().zip(probabilities.row(row)))
                        .map(|(class, (&logit, &probability))| ExpressionScore {
                            class: class.to_owned(),
                            logit,
                            probability,
                        })
                        .collect(),
                    valence_arousal: valence_arousal.pair(row),
                    gaze: gaze.pair(row),
                };
                prediction.check().map(|()| prediction)
            })
            .collect()
    }
}

impl Prediction {
    /// Looks for a score that is not finite.
    fn check(&self) -> Result<(), NotFiniteScore> {
        let logits = self.expressions.iter();
        let units = self
            .action_units
            .iter()
            .chain(&self.action_unit_intensities);
        NotFiniteScore::among(units.copied())?;
        NotFiniteScore::among(logits.map(|score| (&score.class, score.logit)))?;
        let pairs = [
            (["valence", "arousal"], self.valence_arousal),
            (["gaze 1", "gaze 2"], self.gaze),
        ];
        pairs.into_iter().try_for_each(|(names, pair)| {
            NotFiniteScore::among(names.into_iter().zip(pair.into_iter().flatten()))
        })
    }
}
