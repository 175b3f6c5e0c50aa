//! The losses of units and of expressions on a batch's labels, whatever kind they are of.

use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};

use crate::label::{Scale, UnitSet};
use crate::loss::{
    AsymmetricLoss, IntensityLoss, IntensityLossConfig, Present, Reduction, WeightedCrossEntropy,
};
use crate::train::batch::LabelBatch;

/// The loss of action units: Eq. 8 over those that are present or absent, the squared error over those
/// with an intensity, and their sum where there are both.
#[derive(Module, Debug)]
pub(in crate::train) struct UnitLoss {
    occurrence: Option<AsymmetricLoss>,
    intensity: Option<IntensityLoss>,
    /// The columns of each kind.
    #[module(skip)]
    columns: [Vec<i64>; 2],
}

impl UnitLoss {
    /// Of `units`; `occurrence` makes the loss of the columns whose units are present or absent.
    pub(in crate::train) fn new(
        units: &UnitSet,
        occurrence: impl FnOnce(&[i64]) -> AsymmetricLoss,
        device: &burn::tensor::Device,
    ) -> Self {
        let columns = [Scale::Occurrence, Scale::Intensity].map(|scale| -> Vec<i64> {
            let coded = units.iter().enumerate();
            let coded = coded.filter(|(_, coded)| coded.scale == scale);
            coded.map(|(place, _)| place as i64).collect()
        });
        let [occurrences, intensities] = &columns;
        Self {
            occurrence: (!occurrences.is_empty()).then(|| occurrence(occurrences)),
            intensity: (!intensities.is_empty())
                .then(|| IntensityLossConfig::new(vec![1.0; intensities.len()]).init(device)),
            columns,
        }
    }

    /// The loss of `scores`, `[batch, units]`.
    pub(in crate::train) fn forward(&self, scores: Tensor<2>, targets: &LabelBatch) -> Tensor<1> {
        let (labels, present) = (&targets.action_units, targets.counted_action_units());
        match (&self.occurrence, &self.intensity) {
            (Some(loss), None) => loss.forward(scores, labels.clone(), present, Reduction::Auto),
            (None, Some(loss)) => loss.forward(scores, labels.clone(), present, Reduction::Auto),
            (Some(occurrence), Some(intensity)) => {
                let part = |kind: usize| {
                    let columns = &self.columns[kind];
                    let columns = TensorData::new(columns.clone(), [columns.len()]);
                    let columns = Tensor::<1, Int>::from_data(columns, &scores.device());
                    let mask = targets.action_units_present.clone();
                    let mask = mask.int().select(1, columns.clone()).bool();
                    (
                        scores.clone().select(1, columns.clone()),
                        labels.clone().select(1, columns),
                        Present::from(mask).weighted(targets.weights.clone()),
                    )
                };
                let (scored, labelled, there) = part(0);
                let first = occurrence.forward(scored, labelled, there, Reduction::Auto);
                let (scored, labelled, there) = part(1);
                first + intensity.forward(scored, labelled, there, Reduction::Auto)
            }
            (None, None) => unreachable!("a stage of action units has some"),
        }
    }
}

/// The loss of expression logits, `[batch, classes]`: Eq. 10 over class numbers, or over soft labels where
/// the batch has some.
pub(in crate::train) fn expression_loss(
    loss: &WeightedCrossEntropy,
    logits: Tensor<2>,
    targets: &LabelBatch,
) -> Tensor<1> {
    let present = targets.counted_expressions();
    match &targets.expression_shares {
        None => loss.forward(
            logits,
            targets.expressions.clone(),
            present,
            Reduction::Auto,
        ),
        Some(shares) => loss.forward_soft(logits, shares.clone(), present, Reduction::Auto),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::Labels;
    use crate::label::{ActionUnit, CodedUnit};
    use crate::loss::{AsymmetricLossConfig, WeightedCrossEntropyConfig};

    fn close(found: Tensor<1>, expected: f32) {
        let found = found.into_scalar::<f32>();
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }

    #[test]
    fn units_of_both_kinds_are_the_sum_of_each_over_its_own_columns() {
        let device = Device::default();
        let units: UnitSet = [
            CodedUnit::intensity(ActionUnit::AU1),
            CodedUnit::occurrence(ActionUnit::AU2),
            CodedUnit::intensity(ActionUnit::AU4),
        ]
        .into_iter()
        .collect();
        let asymmetric = |columns: &[i64]| {
            assert_eq!(columns, [1]);
            AsymmetricLossConfig::new(vec![1.0]).init(&device)
        };
        let loss = UnitLoss::new(&units, asymmetric, &device);
        let labels = [
            Labels {
                action_units: vec![Some(2.0), Some(1.0), None],
                ..Labels::default()
            },
            Labels {
                action_units: vec![Some(5.0), None, Some(0.0)],
                ..Labels::default()
            },
        ];
        let targets = LabelBatch::new(&labels, 3, &device);
        let scores = Tensor::<2>::from_data([[0.5, 0.5, 0.9], [1.0, 0.9, 0.2]], &device);
        // One half of a degree, none, one degree; and the logarithm of one half.
        close(
            loss.forward(scores, &targets),
            (0.25 + 0.0 + 1.0) / 3.0 + 2f32.ln(),
        );
    }

    #[test]
    fn a_batch_with_a_soft_label_takes_hard_ones_as_all_of_their_class() {
        let device = Device::default();
        let loss = WeightedCrossEntropyConfig::new(vec![1.0; 3]).init(&device);
        let soft = Labels {
            expression: Some(1),
            shares: vec![0.25, 0.75, 0.0],
            ..Labels::default()
        };
        let hard = Labels {
            expression: Some(2),
            ..Labels::default()
        };
        let logits =
            || Tensor::<2>::from_data([[0.0, 0.0, 0.0], [1.0, 0.0, 2.0], [9.0, 0.0, 0.0]], &device);
        let rows = [soft, hard.clone(), Labels::default()];
        let targets = LabelBatch::new(&rows, 0, &device);
        let sum = 1f32.exp() + 1.0 + 2f32.exp();
        let expected = (3f32.ln() + sum.ln() - 2.0) / 2.0;
        close(expression_loss(&loss, logits(), &targets), expected);
        let targets = LabelBatch::new(&[hard.clone(), hard, Labels::default()], 0, &device);
        assert!(targets.expression_shares.is_none());
    }
}
