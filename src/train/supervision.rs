//! What the labels of a run's two splits allow: which tasks are trained, which of them are judged,
//! and what the losses weigh.

use burn::tensor::Device;

use super::config::{Sampling, StageConfig};
use super::mass::Mass;
use super::model::{JointLoss, UnitLoss};
use crate::attention::Attention;
use crate::data::split::Statistics;
use crate::label::Vocabulary;
use crate::loss::{
    AsymmetricLossConfig, ConcordanceLoss, ConcordanceLossConfig, WeightedCrossEntropy,
    WeightedCrossEntropyConfig, balanced_weights, occurrence_weights,
};
use crate::network::Tasks;

/// The labels of both splits, counted.
///
/// A task without training labels takes part in nothing: it has no loss, no score that an epoch is
/// chosen by, no place in the attention and, in the network's config, no scores. Its validation labels
/// are counted in the report and otherwise left out.
#[derive(Clone, Debug)]
pub(super) struct Supervision {
    pub(super) vocabulary: Vocabulary,
    pub(super) training: Statistics,
    pub(super) validation: Statistics,
    /// The training labels again, each row counted by its weight.
    pub(super) mass: Mass,
}

impl Supervision {
    /// The tasks that have labels to learn from. The network reads both valence and arousal or
    /// neither: trained for one of them alone, it would make the other up.
    pub(super) fn tasks(&self) -> Tasks {
        Tasks {
            action_unit: self.training.action_unit_rows > 0,
            expression: self.training.expression_rows() > 0,
            valence_arousal: !self.training.valence_arousal.contains(&0),
        }
    }

    /// The trained tasks that have labels to be judged on.
    pub(super) fn judged(&self) -> Tasks {
        self.tasks().and(Tasks {
            action_unit: self.validation.action_unit_rows > 0,
            expression: self.validation.expression_rows() > 0,
            valence_arousal: self.validation.valence_arousal_rows > 0,
        })
    }

    /// The attention of a network that was asked to have `wanted`: none where there are no trained
    /// action units to attend to, or no trained logits that would.
    pub(super) fn attention(&self, wanted: &Attention) -> Attention {
        let tasks = self.tasks();
        match tasks.action_unit && tasks.expression {
            true => wanted.clone(),
            false => Attention::None,
        }
    }

    /// The loss of the action units; of those that are present or absent, a rarer one weighs more.
    pub(super) fn unit_loss(&self, device: &Device) -> UnitLoss {
        let asymmetric = |columns: &[i64]| {
            let of = |mass: &[f64]| -> Vec<f64> {
                let columns = columns.iter();
                columns.map(|&column| mass[column as usize]).collect()
            };
            let (positives, labelled) = (of(&self.mass.present), of(&self.mass.labelled));
            AsymmetricLossConfig::new(occurrence_weights(&positives, &labelled)).init(device)
        };
        UnitLoss::new(&self.vocabulary.action_units, asymmetric, device)
    }

    /// The loss of the expressions; a rarer class weighs more, unless it is drawn more often.
    pub(super) fn cross_entropy(
        &self,
        device: &Device,
        stage: &StageConfig,
    ) -> WeightedCrossEntropy {
        let classes = &self.mass.expression;
        let weights = match stage.sampling {
            Sampling::Shuffled => balanced_weights(classes),
            Sampling::Balanced => vec![1.0; classes.len()],
        };
        WeightedCrossEntropyConfig::new(weights)
            .with_label_smoothing(stage.label_smoothing)
            .init(device)
    }

    /// The loss of valence and arousal.
    pub(super) fn concordance(&self) -> ConcordanceLoss {
        ConcordanceLossConfig::new().init()
    }

    /// The losses of all trained tasks, and nothing that ties these together.
    pub(super) fn joint_loss(&self, device: &Device, stage: &StageConfig) -> JointLoss {
        let tasks = self.tasks();
        JointLoss {
            action_unit: tasks.action_unit.then(|| self.unit_loss(device)),
            expression: tasks.expression.then(|| self.cross_entropy(device, stage)),
            valence_arousal: tasks.valence_arousal.then(|| self.concordance()),
            matching: None,
            uncertainty: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Labels;
    use crate::label::ACTION_UNITS;

    fn labels(tasks: Tasks) -> Labels {
        tasks.labels(&Labels {
            valence_arousal: [Some(0.5), Some(-0.5)],
            expression: Some(3),
            action_units: vec![Some(1.0); ACTION_UNITS],
            ..Labels::default()
        })
    }

    fn supervision(trained: Tasks, judged: Tasks) -> Supervision {
        let vocabulary = Vocabulary::aff_wild2();
        Supervision {
            mass: Mass::of(&vocabulary, [(&labels(trained), 1.0)]),
            training: Statistics::of(&vocabulary, &[labels(trained)]),
            validation: Statistics::of(&vocabulary, &[labels(judged)]),
            vocabulary,
        }
    }

    fn subsets() -> impl Iterator<Item = Tasks> {
        (0..8).map(|bits| Tasks {
            action_unit: bits & 1 > 0,
            expression: bits & 2 > 0,
            valence_arousal: bits & 4 > 0,
        })
    }

    #[test]
    fn a_task_is_trained_on_its_labels_and_judged_only_if_it_was() {
        for trained in subsets() {
            for labelled in subsets() {
                let supervision = supervision(trained, labelled);
                assert_eq!(supervision.tasks(), trained);
                assert_eq!(supervision.judged(), trained.and(labelled));
                let loss = supervision.joint_loss(&Device::default(), &StageConfig::new());
                assert_eq!(loss.tasks(), trained);
            }
        }
    }

    #[test]
    fn expressions_attend_to_trained_action_units_alone() {
        let wanted = Attention::Additive { hidden: 3 };
        for trained in subsets() {
            let attention = supervision(trained, Tasks::ALL).attention(&wanted);
            let expected = match trained.action_unit && trained.expression {
                true => wanted.clone(),
                false => Attention::None,
            };
            assert_eq!(attention, expected, "{trained}");
        }
    }

    #[test]
    fn valence_without_arousal_is_no_task() {
        let mut supervision = supervision(Tasks::ALL, Tasks::ALL);
        supervision.training.valence_arousal = [4, 0];
        assert!(!supervision.tasks().valence_arousal && !supervision.judged().valence_arousal);
    }
}
