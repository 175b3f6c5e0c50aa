//! What ties tasks together, made of the settings and of what the labels allow.

use burn::tensor::Device;

use super::config::{RateSource, StageConfig, TrainConfig};
use super::model::{JointLoss, Matching};
use super::run::Run;
use super::supervision::Supervision;
use crate::label::UnitRates;
use crate::loss::{MatchingLossConfig, UncertaintyWeightsConfig};
use crate::{Error, Result};

impl Supervision {
    /// How often each unit comes with each expression.
    pub(super) fn rates(&self, source: RateSource) -> UnitRates {
        match source {
            RateSource::Published => UnitRates::published(&self.vocabulary),
            RateSource::Estimated => self.mass.rates.clone(),
        }
    }

    /// The losses of all trained tasks, tied together as the settings say.
    pub(super) fn tied_loss(
        &self,
        device: &Device,
        stage: &StageConfig,
        config: &TrainConfig,
    ) -> JointLoss {
        let loss = self.joint_loss(device, stage);
        let count = loss.tasks().count();
        let matching = config.matching.as_ref().map(|matching| {
            let rates = self.rates(matching.source).rows().to_vec();
            let loss = MatchingLossConfig::new(rates).with_learns(matching.learns);
            Matching {
                loss: loss.init(device),
                weight: matching.weight,
            }
        });
        JointLoss {
            matching,
            uncertainty: config
                .uncertainty
                .then(|| UncertaintyWeightsConfig::new(count).init(device)),
            ..loss
        }
    }

    /// Checks that there are training labels of the tasks that `config` ties together.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the setting and what there are no labels of.
    pub(super) fn check_ties(&self, config: &TrainConfig) -> Result<()> {
        let tasks = self.tasks();
        if config.map_head.is_some() && !tasks.action_unit {
            let expected = "null, as no action unit is labelled";
            return Err(Error::argument("map_head", expected, "a head"));
        }
        let missing = [
            (tasks.action_unit, "action units"),
            (tasks.expression, "expressions"),
            (tasks.valence_arousal, "valence and arousal"),
        ];
        let missing = |needed: usize| missing[..needed].iter().find(|(is_trained, _)| !is_trained);
        for (name, found) in config.ties() {
            let expected = match name {
                "coupling" => missing(3).map(|(_, task)| without(task)),
                "uncertainty" if tasks.count() < 2 => {
                    Some("false, as there are training labels of one task alone".to_string())
                }
                "uncertainty" => None,
                _ => missing(2).map(|(_, task)| without(task)),
            };
            if let Some(expected) = expected {
                return Err(Error::argument(name, expected, found));
            }
        }
        let matching = config.matching.as_ref().map(|matching| matching.source);
        for (name, source) in [
            ("matching.source", matching),
            ("co_annotation", config.co_annotation),
        ] {
            if let Some(source) = source
                && self.rates(source).is_empty()
            {
                let expected = match source {
                    RateSource::Published => {
                        "Estimated, as the published table has none of the data's action units \
                         together with any of its expressions"
                    }
                    RateSource::Estimated => {
                        "Published, as no training row has an expression and an action unit that \
                         is present"
                    }
                };
                return Err(Error::argument(name, expected, format!("{source:?}")));
            }
        }
        Ok(())
    }
}

fn without(task: &str) -> String {
    format!("nothing, as there are no training labels of {task}")
}

impl Run {
    /// Tells what weights the tasks ended with, where they are learnt.
    pub(super) fn tell_weights(&self, stage: &str, loss: &JointLoss) {
        let Some(weights) = loss.learnt_weights() else {
            return;
        };
        let weights = weights.iter();
        let weights: Vec<String> = weights
            .map(|(task, weight)| format!("{task} {weight:.3}"))
            .collect();
        let weights = weights.join(", ");
        self.note(&format!("{stage}: the losses count by {weights}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Labels;
    use crate::attention::Attention;
    use crate::data::split::Statistics;
    use crate::label::Vocabulary;
    use crate::network::{Coupling, Tasks};
    use crate::train::config::{MatchingConfig, Order};
    use crate::train::mass::Mass;

    /// Of rows that have all of `tasks`, happy and with AU12.
    fn supervision(vocabulary: Vocabulary, tasks: Tasks) -> Supervision {
        let units = vocabulary.action_units.len();
        let labels = tasks.labels(&Labels {
            valence_arousal: [Some(0.5), Some(-0.5)],
            expression: Some(4),
            action_units: (0..units).map(|unit| Some((unit % 2) as f32)).collect(),
            ..Labels::default()
        });
        Supervision {
            mass: Mass::of(&vocabulary, [(&labels, 1.0)]),
            training: Statistics::of(&vocabulary, std::slice::from_ref(&labels)),
            validation: Statistics::of(&vocabulary, std::slice::from_ref(&labels)),
            vocabulary,
        }
    }

    fn refused(tasks: Tasks, change: impl Fn(&mut TrainConfig)) -> Option<String> {
        let mut config = TrainConfig::new().with_order(Order::Joint);
        change(&mut config);
        config.check().unwrap();
        let supervision = supervision(Vocabulary::aff_wild2(), tasks);
        let checked = supervision.check_ties(&config);
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn a_task_without_labels_is_named_where_another_is_tied_to_it() {
        let coupled = |config: &mut TrainConfig| {
            config.coupling = Coupling::new().with_valence_arousal(Attention::Elementwise);
        };
        let matched = |config: &mut TrainConfig| config.matching = Some(MatchingConfig::new());
        let annotated =
            |config: &mut TrainConfig| config.co_annotation = Some(RateSource::Published);
        let weighed = |config: &mut TrainConfig| config.uncertainty = true;
        for (tasks, named) in [
            (Tasks::ALL.with_action_unit(false), "action units"),
            (Tasks::ALL.with_expression(false), "expressions"),
        ] {
            for error in [
                refused(tasks, coupled),
                refused(tasks, matched),
                refused(tasks, annotated),
            ] {
                let error = error.expect("an error");
                assert!(error.contains(&format!("no training labels of {named}")));
            }
            assert_eq!(refused(tasks, weighed), None);
        }
        let calm = Tasks::ALL.with_valence_arousal(false);
        assert!(refused(calm, coupled).unwrap().contains("valence"));
        assert_eq!(refused(calm, matched), None);
        let alone = refused(Tasks::EXPRESSION, weighed).unwrap();
        assert!(alone.contains("one task alone"), "{alone}");
        for change in [coupled, weighed] {
            assert_eq!(refused(Tasks::ALL, change), None);
        }
    }

    #[test]
    fn rates_that_tell_nothing_are_refused() {
        // Of the table no expression is known, and of the labels none is.
        let named = |number: usize| format!("kind {number}").parse().unwrap();
        let own = Vocabulary {
            expressions: (0..6).map(named).collect::<Vec<_>>().into(),
            ..Vocabulary::aff_wild2()
        };
        let mut config = TrainConfig::new().with_order(Order::Joint);
        config.co_annotation = Some(RateSource::Published);
        let known = supervision(own, Tasks::ALL);
        let error = known.check_ties(&config).unwrap_err().to_string();
        assert!(error.contains("Estimated"), "{error}");
        config.co_annotation = Some(RateSource::Estimated);
        known.check_ties(&config).unwrap();

        let mut unknown = known;
        unknown.mass = Mass::of(&unknown.vocabulary, []);
        config.matching = Some(MatchingConfig::new().with_source(RateSource::Estimated));
        let error = unknown.check_ties(&config).unwrap_err().to_string();
        assert!(error.starts_with("matching.source"), "{error}");
    }
}
