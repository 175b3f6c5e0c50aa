//! HSEmotion's networks: timm's, with a classifier of expressions.

use super::Checkpoint;
use super::timm::{self, CLASSIFIERS, Found};
use crate::backbone::Flavour;
use crate::model::ClassifierConfig;
use crate::{Error, Expression, Result};

/// Whether a file with timm's network is one of HSEmotion's, by its classifier: in a sequence, or
/// of one of HSEmotion's sizes.
pub(super) fn is(checkpoint: &Checkpoint) -> bool {
    let shape = |name: &str| checkpoint.shape(&format!("{name}.weight"));
    shape(CLASSIFIERS[1]).is_some()
        || shape(CLASSIFIERS[0]).is_some_and(|shape| {
            shape
                .first()
                .is_some_and(|&classes| outputs(classes).is_some())
        })
}

/// The config of the network in a file, and where its classifier is.
pub(super) fn find(
    checkpoint: &Checkpoint,
    flavour: Option<Flavour>,
) -> Result<(ClassifierConfig, Found)> {
    let found = timm::find(checkpoint, "", &CLASSIFIERS, flavour)?;
    let classes = found.config.classes.unwrap_or(0);
    let (expressions, valence_arousal) = outputs(classes).ok_or_else(|| {
        Error::file(
            checkpoint.path(),
            "a classifier of 7 or 8 expressions, or of 8 with valence and arousal",
            format!("{classes} classes (for a backbone with another classifier, the kind is timm)"),
        )
    })?;
    let config = ClassifierConfig::new(found.config.clone(), expressions.to_vec())
        .with_valence_arousal(valence_arousal);
    Ok((config, found))
}

/// What so many outputs are: expressions in their order, and whether valence and arousal follow.
fn outputs(classes: usize) -> Option<(&'static [Expression], bool)> {
    match classes {
        7 => Some((&Expression::HSEMOTION_7, false)),
        8 => Some((&Expression::HSEMOTION_8, false)),
        10 => Some((&Expression::HSEMOTION_8, true)),
        _ => None,
    }
}
