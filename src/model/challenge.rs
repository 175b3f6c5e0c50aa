//! Whether a model answers all that s-Aff-Wild2 asks.

use super::ModelConfig;
use crate::label::Scale;
use crate::{ActionUnit, Error, Expression, Result};

impl ModelConfig {
    /// Checks that the model reads all that the challenge of s-Aff-Wild2 asks for, in whatever order:
    /// its 12 action units, its 8 expressions and no others, valence and arousal. Action units beside
    /// those do no harm.
    ///
    /// # Errors
    /// [`Error::Argument`] that names all that is missing or too much.
    pub fn check_challenge(&self) -> Result<()> {
        let gaps = self.gaps();
        match gaps.is_empty() {
            true => Ok(()),
            false => Err(Error::argument(
                "the model",
                "one that reads the 12 action units, the 8 expressions, valence and arousal of \
                 s-Aff-Wild2",
                gaps.join(", "),
            )),
        }
    }

    /// What of s-Aff-Wild2 the model does not read, and what it tells apart that is not there.
    fn gaps(&self) -> Vec<String> {
        let (units, classes) = (self.action_units(), self.expressions());
        let units: Vec<_> = units
            .iter()
            .filter(|coded| coded.scale == Scale::Occurrence)
            .map(|coded| coded.unit)
            .collect();
        let mut gaps = Vec::new();
        let missing = |all: Vec<String>, none: bool, what: &str| match (all.is_empty(), none) {
            (true, _) => None,
            (false, true) => Some(format!("no {what}")),
            (false, false) => Some(format!("no {}", all.join(" "))),
        };
        let lost = ActionUnit::AFF_WILD2
            .iter()
            .filter(|one| !units.contains(one));
        let lost = lost.map(ToString::to_string).collect();
        gaps.extend(missing(lost, units.is_empty(), "action units"));
        let lost = Expression::AFF_WILD2
            .iter()
            .filter(|one| !classes.contains(one));
        let lost = lost.map(ToString::to_string).collect();
        gaps.extend(missing(lost, classes.is_empty(), "expressions"));
        let others = classes
            .iter()
            .filter(|one| !Expression::AFF_WILD2.contains(one));
        gaps.extend(others.map(|class| format!("{class}, which is none of its expressions")));
        if !self.valence_arousal() {
            gaps.push("no valence and arousal".into());
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backbone::{EfficientNetConfig, Variant};
    use crate::model::{ClassifierConfig, OpenFace3Config};
    use crate::network::{NetworkConfig, Tasks};

    fn refusal(config: ModelConfig) -> String {
        let error = config.check_challenge().unwrap_err().to_string();
        assert!(error.starts_with("the model: expected one"), "{error}");
        error.split("found ").last().unwrap().to_string()
    }

    #[test]
    fn a_network_answers_all_unless_it_was_not_trained_for_it() {
        let network = |tasks| ModelConfig::Network(NetworkConfig::paper(8).with_tasks(tasks));
        network(Tasks::new()).check_challenge().unwrap();
        for (tasks, found) in [
            (Tasks::new().with_action_unit(false), "no action units"),
            (Tasks::new().with_expression(false), "no expressions"),
            (
                Tasks::new().with_valence_arousal(false),
                "no valence and arousal",
            ),
        ] {
            assert_eq!(refusal(network(tasks)), found);
        }
    }

    #[test]
    fn other_programs_networks_are_refused_with_all_that_is_amiss() {
        let backbone = EfficientNetConfig::new(Variant::Tiny);
        let openface = ModelConfig::OpenFace3(OpenFace3Config::new(backbone.clone()));
        assert_eq!(
            refusal(openface),
            "no AU7 AU10 AU15 AU23 AU24, no Other, Contempt, which is none of its expressions, no \
             valence and arousal"
        );
        let classes = |classes: &[Expression]| {
            let count = classes.len() + 2;
            let backbone = backbone.clone().with_classes(Some(count));
            let config = ClassifierConfig::new(backbone, classes.to_vec());
            ModelConfig::Classifier(config.with_valence_arousal(true))
        };
        let mut turned = Expression::AFF_WILD2;
        turned.reverse();
        assert_eq!(refusal(classes(&turned)), "no action units");
        assert_eq!(
            refusal(classes(&Expression::HSEMOTION_8)),
            "no action units, no Other, Contempt, which is none of its expressions"
        );
    }
}
