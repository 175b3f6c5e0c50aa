//! Whether a model answers all that s-Aff-Wild2 asks.

use super::{ActionUnit, Expression, Scale, Vocabulary};
use crate::{Error, Result};

impl Vocabulary {
    /// Checks that a model of this vocabulary reads all that the challenge of s-Aff-Wild2 asks for, in whatever order:
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
        let classes = &self.expressions;
        let units: Vec<_> = self
            .action_units
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
        if self.valence_arousal.is_none() {
            gaps.push("no valence and arousal".into());
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(vocabulary: Vocabulary) -> String {
        let error = vocabulary.check_challenge().unwrap_err().to_string();
        assert!(error.starts_with("the model: expected one"), "{error}");
        error.split("found ").last().unwrap().to_string()
    }

    #[test]
    fn the_challenges_own_is_enough_and_a_task_less_is_not() {
        Vocabulary::aff_wild2().check_challenge().unwrap();
        let without = |change: fn(&mut Vocabulary)| {
            let mut vocabulary = Vocabulary::aff_wild2();
            change(&mut vocabulary);
            refusal(vocabulary)
        };
        assert_eq!(
            without(|one| one.action_units = Default::default()),
            "no action units"
        );
        assert_eq!(
            without(|one| one.expressions = Default::default()),
            "no expressions"
        );
        assert_eq!(
            without(|one| one.valence_arousal = None),
            "no valence and arousal"
        );
    }

    #[test]
    fn other_programs_networks_are_refused_with_all_that_is_amiss() {
        let openface = Vocabulary {
            action_units: ActionUnit::OPENFACE3.into_iter().collect(),
            expressions: Expression::OPENFACE3.to_vec().into(),
            valence_arousal: None,
        };
        assert_eq!(
            refusal(openface),
            "no AU7 AU10 AU15 AU23 AU24, no Other, Contempt, which is none of its expressions, no \
             valence and arousal"
        );
        let classes = |classes: &[Expression]| Vocabulary {
            expressions: classes.to_vec().into(),
            ..Vocabulary::affectnet_8()
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
