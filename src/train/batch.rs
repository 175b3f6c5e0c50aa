//! The batch of a training step: inputs, labels with masks of what is missing, and the output.

use burn::tensor::{Bool, Device, ExecutionError, Int, Tensor, TensorData};
use burn::train::ItemLazy;
use burn::train::metric::{Adaptor, LossInput};

use super::loader::Portion;
use crate::Labels;
use crate::loss::Present;
use crate::temporal::Windows;

/// The labels of a batch as tensors; `*_present` says which of them exist.
///
/// Missing labels are stored as zero, and no loss looks at them.
#[derive(Clone, Debug)]
pub struct LabelBatch {
    /// Each from 0 to the largest of its scale, `[batch, units]`.
    pub action_units: Tensor<2>,
    /// `[batch, units]`.
    pub action_units_present: Tensor<2, Bool>,
    /// Class indices, `[batch]`.
    pub expressions: Tensor<1, Int>,
    /// `[batch]`.
    pub expressions_present: Tensor<1, Bool>,
    /// Where any row has soft labels, the share of each class, `[batch, classes]`.
    pub expression_shares: Option<Tensor<2>>,
    /// In [-1, 1], `[batch, 2]`.
    pub valence_arousal: Tensor<2>,
    /// `[batch, 2]`.
    pub valence_arousal_present: Tensor<2, Bool>,
    /// How much each row counts beside the heaviest one, in [0, 1], `[batch]`; `None` where all count
    /// alike.
    pub weights: Option<Tensor<1>>,
}

impl LabelBatch {
    /// Lays out the labels of a batch, with those of so many action units, on `device`.
    pub fn new(labels: &[Labels], action_units: usize, device: &Device) -> Self {
        let batch = labels.len();
        let count = action_units;
        let units = || {
            let row = |row| (0..count).map(move |place| Labels::action_unit(row, place));
            labels.iter().flat_map(row)
        };
        let action_units = units().map(Option::unwrap_or_default);
        let expressions = labels.iter().map(|row| row.expression.unwrap_or(0) as i64);
        let affect = || labels.iter().flat_map(|row| row.valence_arousal);
        let valence_arousal = affect().map(Option::unwrap_or_default);
        Self {
            action_units: Tensor::from_data(
                TensorData::new(action_units.collect::<Vec<_>>(), [batch, count]),
                device,
            ),
            action_units_present: Tensor::from_data(
                TensorData::new(
                    units().map(|unit| unit.is_some()).collect::<Vec<_>>(),
                    [batch, count],
                ),
                device,
            ),
            expressions: Tensor::from_data(
                TensorData::new(expressions.collect::<Vec<_>>(), [batch]),
                device,
            ),
            expressions_present: Tensor::from_data(
                TensorData::new(
                    labels
                        .iter()
                        .map(|row| row.expression.is_some())
                        .collect::<Vec<_>>(),
                    [batch],
                ),
                device,
            ),
            expression_shares: shares(labels, device),
            valence_arousal: Tensor::from_data(
                TensorData::new(valence_arousal.collect::<Vec<_>>(), [batch, 2]),
                device,
            ),
            valence_arousal_present: Tensor::from_data(
                TensorData::new(
                    affect().map(|value| value.is_some()).collect::<Vec<_>>(),
                    [batch, 2],
                ),
                device,
            ),
            weights: None,
        }
    }

    /// The same labels, each row counted by its weight, finite and above 0; with `None` all alike. Only
    /// how the weights compare matters: losses are weighted means.
    ///
    /// # Panics
    /// If there is not one weight a row.
    pub fn with_weights<'a>(self, weights: impl Into<Option<&'a [f32]>>) -> Self {
        let Some(weights) = weights.into() else {
            return Self {
                weights: None,
                ..self
            };
        };
        let device = self.expressions.device();
        let rows = self.expressions.dims();
        assert_eq!(rows, [weights.len()], "one weight per row");
        // Beside the heaviest, so that no sum of them is beyond what a float holds.
        let heaviest = weights.iter().copied().fold(0.0, f32::max);
        let differ = weights.iter().any(|&weight| weight != heaviest);
        let shares: Vec<f32> = weights.iter().map(|weight| weight / heaviest).collect();
        Self {
            weights: differ.then(|| Tensor::from_data(TensorData::new(shares, rows), &device)),
            ..self
        }
    }

    /// Which action units are labelled, and how much each row counts.
    pub fn counted_action_units(&self) -> Present<2> {
        Present::from(self.action_units_present.clone()).weighted(self.weights.clone())
    }

    /// Which rows have an expression, and how much each counts.
    pub fn counted_expressions(&self) -> Present<1> {
        Present::from(self.expressions_present.clone()).weighted(self.weights.clone())
    }

    /// Which of valence and arousal are labelled, and how much each row counts.
    pub fn counted_valence_arousal(&self) -> Present<2> {
        Present::from(self.valence_arousal_present.clone()).weighted(self.weights.clone())
    }
}

/// The share of each class in every row, if any of them has soft labels; all of a hard label is its class's.
fn shares(labels: &[Labels], device: &Device) -> Option<Tensor<2>> {
    let classes = labels.iter().map(|row| row.shares.len()).max()?;
    if classes == 0 {
        return None;
    }
    let mut shares = Vec::with_capacity(labels.len() * classes);
    for row in labels {
        match row.shares.is_empty() {
            false => shares.extend_from_slice(&row.shares),
            true => shares.extend(
                (0..classes).map(|class| match row.expression == Some(class) {
                    true => 1.0,
                    false => 0.0,
                }),
            ),
        }
    }
    let shares = TensorData::new(shares, [labels.len(), classes]);
    Some(Tensor::from_data(shares, device))
}

/// A batch of cached features.
#[derive(Clone, Debug)]
pub struct FeatureBatch {
    /// `[batch, features]`.
    pub features: Tensor<2>,
    /// The frozen action-unit branch's scores, where a stage needs them; `[batch, units]`.
    pub action_units: Option<Tensor<2>>,
    /// The labels as tensors.
    pub targets: LabelBatch,
    /// The same labels, row by row, for the metrics.
    pub labels: Vec<Labels>,
    /// The share of the step's rows that are here: below 1 where several devices share a step.
    pub share: f64,
}

impl Portion for FeatureBatch {
    fn with_share(self, share: f64) -> Self {
        Self { share, ..self }
    }
}

/// A batch of windows of videos' features.
#[derive(Clone, Debug)]
pub struct WindowBatch {
    /// The windows; what is read are the labelled frames.
    pub windows: Windows,
    /// The labels of the frames that are read.
    pub targets: LabelBatch,
    /// The same labels, frame by frame, for the metrics.
    pub labels: Vec<Labels>,
    /// The share of the step's windows that are here: below 1 where several devices share a step.
    pub share: f64,
}

impl Portion for WindowBatch {
    fn with_share(self, share: f64) -> Self {
        Self { share, ..self }
    }
}

/// The other side of a batch of mixed images (Zhang et al. 2018, arXiv 1710.09412).
///
/// Every image of such a batch is `share` of its own row and `1 - share` of another. Its loss is
/// `share * loss(own labels) + (1 - share) * loss(the other's labels)`, of every task and each side
/// over the rows that have a label there. A label that is missing on one side so leaves the other
/// side its part of the loss and no more, and a row without either teaches nothing, as without mixing.
/// Each side counts by the weights of its own rows: of an image that is mixed from a heavy row and a light
/// one, what the heavy row's label says is learnt.
///
/// # Deviation
/// The paper mixes one-hot labels; with a cross entropy that is the same sum. It also serves losses
/// that are no mean over rows, such as that of valence and arousal, and labels that are missing.
#[derive(Clone, Debug)]
pub struct Mixture {
    /// What of an image is its own row's, in [0, 1].
    pub share: f64,
    /// The labels of the rows that were mixed in.
    pub targets: LabelBatch,
}

impl Mixture {
    /// The loss of a mixed batch: `loss` of its own `targets` and of those mixed in.
    pub fn loss(&self, targets: &LabelBatch, loss: impl Fn(&LabelBatch) -> Tensor<1>) -> Tensor<1> {
        loss(targets) * self.share + loss(&self.targets) * (1.0 - self.share)
    }
}

/// A batch of normalised images.
#[derive(Clone, Debug)]
pub struct ImageBatch {
    /// `[batch, 3, height, width]`.
    pub images: Tensor<4>,
    /// The labels as tensors.
    pub targets: LabelBatch,
    /// What was mixed into the images; none as they are.
    pub mixture: Option<Mixture>,
    /// The same labels, row by row, for the metrics.
    pub labels: Vec<Labels>,
    /// The share of the step's rows that are here: below 1 where several devices share a step.
    pub share: f64,
}

impl Portion for ImageBatch {
    fn with_share(self, share: f64) -> Self {
        Self { share, ..self }
    }
}

/// What a step hands to the metrics: its loss, and the scores of the tasks that it trains.
#[derive(Clone, Debug)]
pub struct StepOutput {
    /// `[1]`.
    pub loss: Tensor<1>,
    /// In a training step, the norm of the gradients that the optimizer gets plus the norm of SAM's
    /// first gradient, `[1]`: it is not finite as soon as one gradient is not.
    pub gradient: Option<Tensor<1>>,
    /// In [0, 1], `[batch, units]`.
    pub action_units: Option<Tensor<2>>,
    /// Logits, `[batch, classes]`.
    pub expression_logits: Option<Tensor<2>>,
    /// In [-1, 1], `[batch, 2]`.
    pub valence_arousal: Option<Tensor<2>>,
    /// The labels, row by row.
    pub labels: Vec<Labels>,
}

impl StepOutput {
    /// An output with a loss and no scores yet.
    pub fn new(loss: Tensor<1>, labels: Vec<Labels>) -> Self {
        Self {
            loss,
            gradient: None,
            action_units: None,
            expression_logits: None,
            valence_arousal: None,
            labels,
        }
    }
}

impl ItemLazy for StepOutput {
    /// Takes the tensors off the autodiff graph, so that the metrics' thread does not keep it alive.
    fn sync(self) -> Result<Self, ExecutionError> {
        self.loss.device().flush()?;
        Ok(Self {
            loss: self.loss.without_autodiff(),
            gradient: self.gradient,
            action_units: self.action_units.map(Tensor::without_autodiff),
            expression_logits: self.expression_logits.map(Tensor::without_autodiff),
            valence_arousal: self.valence_arousal.map(Tensor::without_autodiff),
            labels: self.labels,
        })
    }
}

impl Adaptor<LossInput> for StepOutput {
    fn adapt(&self) -> LossInput {
        LossInput::new(self.loss.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_labels_are_marked_absent_and_stored_as_zero() {
        let mut full = Labels {
            valence_arousal: [Some(0.5), Some(-0.5)],
            expression: Some(3),
            ..Labels::default()
        };
        full.action_units = vec![Some(1.0); 3];
        let aroused = Labels {
            valence_arousal: [None, Some(0.25)],
            ..Labels::default()
        };
        let batch = LabelBatch::new(&[Labels::default(), full, aroused], 3, &Device::default());
        let present = |data: TensorData| data.try_to_vec::<bool>().expect("a mask is boolean");
        assert_eq!(
            present(batch.expressions_present.into_data()),
            [false, true, false]
        );
        assert_eq!(
            present(batch.valence_arousal_present.into_data()),
            [false, false, true, true, false, true]
        );
        let units = present(batch.action_units_present.into_data());
        let [missing, there] = [[false; 3], [true; 3]];
        assert_eq!(units, [missing, there, missing].concat());
        let values = batch
            .valence_arousal
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        assert_eq!(values, [0.0, 0.0, 0.5, -0.5, 0.0, 0.25]);
    }

    #[test]
    fn weights_are_beside_the_heaviest_and_equal_ones_are_none() {
        let batch = |weights: [f32; 3]| {
            let labels = vec![Labels::default(); 3];
            let batch =
                LabelBatch::new(&labels, 3, &Device::default()).with_weights(weights.as_slice());
            let weights = batch.weights.map(Tensor::into_data);
            weights.map(|weights| weights.try_to_vec::<f32>().unwrap())
        };
        assert_eq!(batch([0.5, 2.0, 1.0]), Some(vec![0.25, 1.0, 0.5]));
        assert_eq!(batch([1e38, 2e38, 3e38]).unwrap()[2], 1.0);
        assert_eq!(batch([0.1; 3]), None);
    }
}
