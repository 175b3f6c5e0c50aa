//! What a network says of the tasks that it is asked about.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::{Network, Tasks};

/// What a network says of some tasks; the others are not computed.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    /// In [0, 1], `[batch, units]`.
    pub(crate) action_units: Option<Tensor<2>>,
    /// Logits after the attention, `[batch, classes]`.
    pub(crate) expression_logits: Option<Tensor<2>>,
    /// In [-1, 1], `[batch, 2]`.
    pub(crate) valence_arousal: Option<Tensor<2>>,
}

impl Network {
    /// What it says of `tasks` about `features`, `[batch, feature_width]`. A task whose attention needs one
    /// that is not asked about is as it is without an attention.
    ///
    /// # Panics
    /// If the width of `features` is not the config's.
    pub(crate) fn scores(&self, features: &Tensor<2>, tasks: Tasks) -> Scores {
        let units = match tasks.action_unit {
            true => self.action_units(features.clone()),
            false => None,
        };
        let pooled = self.pooled(features.clone());
        let features = || pooled.clone();
        let expression = self.expression.as_ref().filter(|_| tasks.expression);
        let logits = expression.map(|head| head.forward(features()));
        let affect = &self.valence_arousal;
        let raw = tasks.valence_arousal.then(|| affect.raw(features()));

        // Each attends to what stands before any attention, and so none to itself.
        let query = match (&units, self.config.coupling.expression) {
            (Some(units), true) => raw.clone().map(|raw| {
                let values = vec![units.clone(), raw.tanh()];
                Tensor::cat(values, 1)
            }),
            (units, _) => units.clone(),
        };
        let attended = match (query, logits.clone()) {
            (Some(query), Some(logits)) => Some(self.attend(query, logits)),
            (_, logits) => logits,
        };
        let valence_arousal = match (&self.affect_attention, raw, &units, logits) {
            (Some(attention), Some(raw), Some(units), Some(logits)) => {
                let query = Tensor::cat(vec![units.clone(), softmax(logits, 1)], 1);
                Some(attention.forward_bounded(query, raw))
            }
            (_, raw, ..) => raw.map(Tensor::tanh),
        };
        Scores {
            action_units: units,
            expression_logits: attended,
            valence_arousal,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::Device;

    use super::*;
    use crate::attention::Attention;
    use crate::network::{Coupling, NetworkConfig};
    use crate::testing::{Draw, drawn};

    fn network(coupling: Coupling) -> Network {
        let config = NetworkConfig::new(9).with_coupling(coupling);
        config.init(&Device::default()).map(&mut Draw(4))
    }

    fn values(tensor: Option<Tensor<2>>) -> Vec<f32> {
        tensor.expect("a task").into_data().iter().collect()
    }

    fn features() -> Tensor<2> {
        drawn([5, 9], 3, &Device::default())
    }

    /// `network` with its maps from a feature to a task spoilt, by the task.
    fn moved(mut network: Network, part: &str) -> Network {
        let head = match part {
            "expression" => &mut network.expression.as_mut().unwrap().linear,
            _ => &mut network.valence_arousal.linear,
        };
        head.weight = head.weight.clone().map(|weight| weight * 1.5 + 0.25);
        network
    }

    #[test]
    fn a_task_moves_with_another_where_it_attends_to_it_and_only_there() {
        let none = Coupling::new();
        let affect = none.clone().with_valence_arousal(Attention::Elementwise);
        let additive = Attention::Additive { hidden: 3 };
        let additive = none.clone().with_valence_arousal(additive);
        let expression = none.clone().with_expression(true);
        for (coupling, affect_moves, expression_moves) in [
            (none, false, false),
            (affect.clone(), true, false),
            (additive, true, false),
            (expression, false, true),
            (affect.with_expression(true), true, true),
        ] {
            let before = network(coupling.clone());
            let scored = |network: &Network| network.scores(&features(), Tasks::ALL);
            let other = scored(&moved(before.clone(), "expression"));
            let found = values(other.valence_arousal) != values(scored(&before).valence_arousal);
            assert_eq!(found, affect_moves, "{coupling}");
            let other = scored(&moved(before.clone(), "valence_arousal"));
            let found =
                values(other.expression_logits) != values(scored(&before).expression_logits);
            assert_eq!(found, expression_moves, "{coupling}");
            assert_eq!(
                values(other.action_units),
                values(scored(&before).action_units)
            );
        }
    }

    #[test]
    fn tasks_that_are_not_asked_about_are_not_computed() {
        let coupling = Coupling::new().with_valence_arousal(Attention::Elementwise);
        let network = network(coupling);
        let alone = network.scores(&features(), Tasks::VALENCE_AROUSAL);
        assert!(alone.action_units.is_none() && alone.expression_logits.is_none());
        let head = network.valence_arousal.forward(features());
        assert_eq!(values(alone.valence_arousal), values(Some(head)));
    }
}
