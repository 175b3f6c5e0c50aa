//! Networks' outputs as named scores.

use burn::tensor::Tensor;

use super::scores::Scores;
use super::{ExpressionScore, Prediction, Predictor};
use crate::calibrate::{BlendedScores, probabilities};
use crate::finite::NotFiniteScore;
use crate::label::{ActionUnit, Scale, Vocabulary};
use crate::matrix::Matrix;
use crate::metric::RowScores;

impl Predictor {
    /// The scores of each row from the features of each member, or the first number that is not finite:
    /// of the feature itself, which may look like a score once it has passed a bounded function, or of its
    /// scores.
    pub(super) fn decode(&self, features: &[Tensor<2>]) -> Vec<Result<Prediction, NotFiniteScore>> {
        let members = self.members.iter().zip(features);
        let scores = members.map(|(member, features)| member.scores(features.clone()));
        self.decode_scores(features, &scores.collect::<Vec<_>>())
    }

    /// As [`decode`](Self::decode), of what each member says of the rows.
    pub(super) fn decode_scores(
        &self,
        features: &[Tensor<2>],
        scores: &[Scores],
    ) -> Vec<Result<Prediction, NotFiniteScore>> {
        let rows = features.first().map_or(0, |features| features.dims()[0]);
        let features: Vec<Matrix> = features
            .iter()
            .map(|features| Matrix::of(Some(features.clone()), rows))
            .collect();
        let mut blended = BlendedScores::default();
        (0..rows)
            .map(|row| {
                for features in &features {
                    NotFiniteScore::in_feature(features.row(row))?;
                }
                let members = self.members.iter().zip(scores);
                let each: Vec<RowScores> = members
                    .map(|(member, scores)| scores.checked(row, member.vocabulary()))
                    .collect::<Result<_, _>>()?;
                let gaze = scores.iter().find_map(|scores| scores.gaze(row));
                let prediction = match &self.plan {
                    None => named(
                        &self.vocabulary,
                        each[0],
                        scores[0].probabilities(row),
                        gaze,
                    ),
                    Some(plan) => {
                        plan.row(&each, &self.weights, &mut blended);
                        let probabilities = probabilities(&blended.expression_logits, 1.0);
                        named(&self.vocabulary, blended.scores(), &probabilities, gaze)
                    }
                };
                prediction.check().map(|()| prediction)
            })
            .collect()
    }
}

/// The scores of a row by the names in their vocabulary.
pub(super) fn named(
    vocabulary: &Vocabulary,
    scores: RowScores,
    probabilities: &[f32],
    gaze: Option<[f32; 2]>,
) -> Prediction {
    // Scores are shares of the largest label.
    let scored = |scale: Scale| -> Vec<(ActionUnit, f32)> {
        let units = vocabulary.action_units.iter().zip(scores.action_units);
        let units = units.filter(|(coded, _)| coded.scale == scale);
        units
            .map(|(coded, score)| (coded.unit, score * scale.most()))
            .collect()
    };
    let classes = vocabulary.expressions.iter();
    let logits = scores.expression_logits.iter().zip(probabilities);
    Prediction {
        action_units: scored(Scale::Occurrence),
        active_units: None,
        action_unit_intensities: scored(Scale::Intensity),
        expressions: classes
            .zip(logits)
            .map(|(class, (&logit, &probability))| ExpressionScore {
                class: class.to_owned(),
                logit,
                probability,
                offset: 0.0,
            })
            .collect(),
        valence_arousal: vocabulary.valence_arousal.map(|_| scores.valence_arousal),
        gaze,
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
