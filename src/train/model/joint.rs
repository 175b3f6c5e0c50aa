//! All heads at once on partially labelled rows, over cached features or with the backbone in front.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::train::{InferenceStep, TrainOutput, TrainStep};

use super::{UnitLoss, expression_loss, step};
use crate::Labels;
use crate::loss::{
    ConcordanceLoss, MatchingLoss, Present, Reduction, UncertaintyWeights, WeightedCrossEntropy,
};
use crate::network::{Network, Scores, Tasks};
use crate::optim::Sam;
use crate::train::batch::{FeatureBatch, ImageBatch, LabelBatch, Mixture, StepOutput};

/// The loss that brings units and expressions together, times a factor.
#[derive(Module, Debug)]
pub(in crate::train) struct Matching {
    pub(in crate::train) loss: MatchingLoss,
    #[module(skip)]
    pub(in crate::train) weight: f64,
}

/// The sum of the trained tasks' losses, each over the rows that have its label: Eq. 8, 10 and 11.
/// There is at least one.
#[derive(Module, Debug)]
pub(in crate::train) struct JointLoss {
    pub(in crate::train) action_unit: Option<UnitLoss>,
    pub(in crate::train) expression: Option<WeightedCrossEntropy>,
    pub(in crate::train) valence_arousal: Option<ConcordanceLoss>,
    /// Over all rows, whatever labels they have.
    pub(in crate::train) matching: Option<Matching>,
    /// What weighs the tasks' losses, in their order, instead of adding them up as they are.
    pub(in crate::train) uncertainty: Option<UncertaintyWeights>,
}

impl JointLoss {
    /// The tasks that have a loss.
    pub(in crate::train) fn tasks(&self) -> Tasks {
        Tasks {
            action_unit: self.action_unit.is_some(),
            expression: self.expression.is_some(),
            valence_arousal: self.valence_arousal.is_some(),
        }
    }

    /// What a step hands on of `scores`, which are those of [`tasks`](Self::tasks).
    pub(super) fn output(
        &self,
        scores: Scores,
        targets: &LabelBatch,
        mixture: Option<&Mixture>,
        labels: &[Labels],
    ) -> StepOutput {
        let loss = match mixture {
            None => self.loss(&scores, targets),
            Some(mixture) => mixture.loss(targets, |targets| self.loss(&scores, targets)),
        };
        StepOutput {
            action_units: scores.action_units,
            expression_logits: scores.expression_logits,
            valence_arousal: scores.valence_arousal,
            ..StepOutput::new(loss, labels.to_vec())
        }
    }

    fn loss(&self, scores: &Scores, targets: &LabelBatch) -> Tensor<1> {
        let action_unit = self.action_unit.as_ref().zip(scores.action_units.clone());
        let action_unit = action_unit.map(|(loss, scores)| loss.forward(scores, targets));
        let expression = self.expression.as_ref();
        let expression = expression.zip(scores.expression_logits.clone());
        let expression = expression.map(|(loss, logits)| expression_loss(loss, logits, targets));
        let affect = self.valence_arousal.as_ref();
        let affect = affect.zip(scores.valence_arousal.clone());
        let affect = affect.map(|(loss, scores)| {
            loss.forward(
                scores,
                targets.valence_arousal.clone(),
                targets.counted_valence_arousal(),
                Reduction::Auto,
            )
        });
        let losses = [action_unit, expression, affect];
        let sum = match &self.uncertainty {
            None => losses.into_iter().flatten().reduce(|sum, loss| sum + loss),
            Some(weights) => {
                let labelled = [
                    targets.action_units_present.clone().any(),
                    targets.expressions_present.clone().any(),
                    targets.valence_arousal_present.clone().any(),
                ];
                let pairs = losses.into_iter().zip(labelled);
                let pairs = pairs.filter_map(|(loss, labelled)| Some((loss?, labelled)));
                let (losses, labelled): (Vec<_>, Vec<_>) = pairs.unzip();
                let labelled = Tensor::cat(labelled, 0);
                Some(weights.forward(Tensor::cat(losses, 0), labelled))
            }
        };
        let sum = sum.expect("at least one task");
        match (
            &self.matching,
            &scores.action_units,
            &scores.expression_logits,
        ) {
            (Some(Matching { loss, weight }), Some(units), Some(logits)) => {
                let rows = Present::from(None).weighted(targets.weights.clone());
                let loss = loss.forward(units.clone(), logits.clone(), rows, Reduction::Auto);
                sum + loss * *weight
            }
            _ => sum,
        }
    }

    /// The tasks and what their losses are multiplied by, where that is learnt.
    pub(in crate::train) fn learnt_weights(&self) -> Option<Vec<(&'static str, f32)>> {
        let weights = self.uncertainty.as_ref()?.weights();
        let Tasks {
            action_unit,
            expression,
            valence_arousal,
        } = self.tasks();
        let names = [
            (action_unit, "action units"),
            (expression, "expressions"),
            (valence_arousal, "valence and arousal"),
        ];
        let names = names.into_iter().filter(|(is_trained, _)| *is_trained);
        Some(names.map(|(_, name)| name).zip(weights).collect())
    }
}

/// The heads on cached features.
#[derive(Module, Debug)]
pub(in crate::train) struct JointStage {
    pub(in crate::train) network: Network,
    pub(in crate::train) loss: JointLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl JointStage {
    fn output(&self, batch: &FeatureBatch) -> StepOutput {
        let scores = self.network.scores(&batch.features, self.loss.tasks());
        self.loss
            .output(scores, &batch.targets, None, &batch.labels)
    }
}

impl TrainStep for JointStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for JointStage {
    type Input = FeatureBatch;
    type Output = StepOutput;

    fn step(&self, batch: FeatureBatch) -> StepOutput {
        self.output(&batch)
    }
}

/// The whole network on images.
#[derive(Module, Debug)]
pub(in crate::train) struct WholeStage {
    pub(in crate::train) network: Network,
    pub(in crate::train) loss: JointLoss,
    #[module(skip)]
    pub(in crate::train) sam: Option<Sam>,
}

impl WholeStage {
    fn output(&self, batch: &ImageBatch) -> StepOutput {
        let features = self.network.features(batch.images.clone());
        let scores = self.network.scores(&features, self.loss.tasks());
        let mixture = batch.mixture.as_ref();
        self.loss
            .output(scores, &batch.targets, mixture, &batch.labels)
    }
}

impl TrainStep for WholeStage {
    type Input = ImageBatch;
    type Output = StepOutput;

    fn step(&self, batch: ImageBatch) -> TrainOutput<StepOutput> {
        step(self, self.sam.as_ref(), batch.share, |stage| {
            stage.output(&batch)
        })
    }
}

impl InferenceStep for WholeStage {
    type Input = ImageBatch;
    type Output = StepOutput;

    fn step(&self, batch: ImageBatch) -> StepOutput {
        self.output(&batch)
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::GradientsParams;
    use burn::tensor::Device;

    use super::*;
    use crate::label::{UnitRates, UnitSet, Vocabulary};
    use crate::loss::{
        AsymmetricLossConfig, ConcordanceLossConfig, MatchingLossConfig, UncertaintyWeightsConfig,
        WeightedCrossEntropyConfig,
    };
    use crate::testing::drawn;

    const ROWS: usize = 4;

    fn plain(device: &Device) -> JointLoss {
        let occurrence =
            |columns: &[i64]| AsymmetricLossConfig::new(vec![1.0; columns.len()]).init(device);
        JointLoss {
            action_unit: Some(UnitLoss::new(&UnitSet::aff_wild2(), occurrence, device)),
            expression: Some(WeightedCrossEntropyConfig::new(vec![1.0; 8]).init(device)),
            valence_arousal: Some(ConcordanceLossConfig::new().init()),
            matching: None,
            uncertainty: None,
        }
    }

    fn matching(weight: f64, device: &Device) -> Matching {
        let rates = UnitRates::published(&Vocabulary::aff_wild2());
        let loss = MatchingLossConfig::new(rates.rows().to_vec()).init(device);
        Matching { loss, weight }
    }

    fn scores(device: &Device) -> Scores {
        let leaf = |width, seed| drawn::<2>([ROWS, width], seed, device).require_grad();
        Scores {
            action_units: Some(leaf(12, 1) * 0.45 + 0.5),
            expression_logits: Some(leaf(8, 2)),
            valence_arousal: Some(leaf(2, 3)),
        }
    }

    /// Rows with all labels, of the last `unlabelled` none of valence and arousal.
    fn targets(unlabelled: usize, device: &Device) -> LabelBatch {
        let row = |row: usize| Labels {
            action_units: (0..12)
                .map(|unit| Some(((row + unit) % 2) as f32))
                .collect(),
            expression: Some(row),
            valence_arousal: match row < ROWS - unlabelled {
                true => [Some(0.2 * row as f32), Some(0.1 - 0.3 * row as f32)],
                false => [None; 2],
            },
            ..Labels::default()
        };
        LabelBatch::new(&(0..ROWS).map(row).collect::<Vec<_>>(), 12, device)
    }

    fn value(loss: &JointLoss, targets: &LabelBatch, device: &Device) -> f32 {
        loss.loss(&scores(device), targets).into_scalar()
    }

    #[test]
    fn without_a_tie_the_losses_are_added_up_as_they_are_to_the_last_bit() {
        let device = Device::default().autodiff();
        let targets = targets(0, &device);
        let parts = [
            JointLoss {
                expression: None,
                valence_arousal: None,
                ..plain(&device)
            },
            JointLoss {
                action_unit: None,
                valence_arousal: None,
                ..plain(&device)
            },
            JointLoss {
                action_unit: None,
                expression: None,
                ..plain(&device)
            },
        ];
        let [units, classes, affect] = parts.map(|loss| value(&loss, &targets, &device));
        let sum = value(&plain(&device), &targets, &device);
        assert_eq!(sum.to_bits(), (units + classes + affect).to_bits());
        // Nothing of them is in a record of what is trained.
        assert!(crate::weights::collect(&plain(&device)).is_empty());
    }

    #[test]
    fn matching_is_added_by_its_weight_over_rows_of_any_label() {
        let device = Device::default().autodiff();
        let targets = targets(0, &device);
        let of = |weight| {
            let loss = JointLoss {
                matching: Some(matching(weight, &device)),
                ..plain(&device)
            };
            value(&loss, &targets, &device)
        };
        let sum = value(&plain(&device), &targets, &device);
        let [once, twice] = [1.0, 2.0].map(|weight| of(weight) - sum);
        assert!(once > 0.1 && (twice - 2.0 * once).abs() < 1e-5);
        let unlabelled = LabelBatch::new(&vec![Labels::default(); ROWS], 12, &device);
        let loss = JointLoss {
            matching: Some(matching(1.0, &device)),
            ..plain(&device)
        };
        assert!((value(&loss, &unlabelled, &device) - once).abs() < 1e-5);
    }

    #[test]
    fn learnt_weights_begin_at_the_plain_sum_and_move_only_with_labels() {
        let device = Device::default().autodiff();
        let loss = JointLoss {
            uncertainty: Some(UncertaintyWeightsConfig::new(3).init(&device)),
            ..plain(&device)
        };
        let names: Vec<_> = loss.learnt_weights().unwrap();
        let expected = ["action units", "expressions", "valence and arousal"];
        assert_eq!(names, expected.map(|name| (name, 1.0)));
        for (unlabelled, moves) in [(0, true), (ROWS, false)] {
            let targets = targets(unlabelled, &device);
            let sum = value(&plain(&device), &targets, &device);
            assert!((value(&loss, &targets, &device) - sum).abs() < 1e-6);
            let output = loss.loss(&scores(&device), &targets);
            let gradients = GradientsParams::from_grads(output.backward(), &loss);
            let weights = loss.uncertainty.as_ref().unwrap();
            let slope = gradients.get::<1>(weights.log_scales.id).unwrap();
            let slope: Vec<f32> = slope.into_data().iter().collect();
            assert!(slope[..2].iter().all(|slope| *slope != 0.0), "{slope:?}");
            assert_eq!(slope[2] != 0.0, moves, "{slope:?}");
        }
    }
}
