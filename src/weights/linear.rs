//! The one linear layer that a classifier is, wherever in it that is.

use super::Checkpoint;
use super::class::shown;
use super::timm::{CLASSIFIER, TimmBackbone};
use crate::{Error, Result};

/// The classifier of a network in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    /// What stands before its `weight` and `bias`.
    pub name: String,
    /// How many outputs it has.
    pub outputs: usize,
}

/// What programs call a classifier that is not timm's own.
const HEADS: [&str; 3] = ["classifier", "head", "fc"];

/// Finds the classifier of timm's network at the top of a checkpoint: timm's own, or the one that a
/// program has put behind the network instead.
///
/// # Errors
/// As [`find`].
pub(super) fn attach(checkpoint: &mut Checkpoint, found: &mut TimmBackbone) -> Result<()> {
    let linear = match find(checkpoint, CLASSIFIER)? {
        Some(linear) => linear,
        None => match adopt(checkpoint, found.config.feature_width()) {
            Some(Ok((linear, name))) => {
                found.notes.push(format!("its classifier is \"{name}\""));
                linear
            }
            Some(Err(names)) => {
                found.warnings.push(format!(
                    "what follows the network is not one linear layer ({names}): it is left aside, \
                     and the network is for its features alone"
                ));
                return Ok(());
            }
            None => return Ok(()),
        },
    };
    found.config.classes = Some(linear.outputs);
    found.classifier = Some(linear.name);
    Ok(())
}

/// The classifier under `group`, such as `classifier` or `classifier.1`; `None` if there is none.
///
/// # Errors
/// [`Error::File`] if it has several layers with weights, which is another network.
pub(super) fn find(checkpoint: &Checkpoint, group: &str) -> Result<Option<Linear>> {
    let weights: Vec<(String, Vec<usize>)> = checkpoint
        .names()
        .filter(|name| is_in(name, group) && name.ends_with(".weight"))
        .filter_map(|name| Some((name.to_string(), checkpoint.shape(name)?.to_vec())))
        .filter(|(_, shape)| shape.len() == 2)
        .collect();
    match weights.as_slice() {
        [] => Ok(None),
        [(name, shape)] => Ok(Some(Linear {
            name: name.trim_end_matches(".weight").to_string(),
            outputs: shape[0],
        })),
        several => {
            let layers: Vec<_> = several
                .iter()
                .map(|(name, shape)| format!("{name} {shape:?}"))
                .collect();
            Err(Error::file(
                checkpoint.path(),
                "one linear layer as the classifier",
                format!("{}: {}", layers.len(), layers.join(", ")),
            ))
        }
    }
}

/// The classifier that a program has put behind timm's network instead of timm's own: in it, or in
/// one of the modules around it. It is taken into the checkpoint as `classifier`, and the name that it
/// had comes back; or the names of what is there, if that is not a weight and a bias for features of
/// `width`.
fn adopt(checkpoint: &mut Checkpoint, width: usize) -> Option<Result<(Linear, String), String>> {
    let head = checkpoint.around().into_iter().find_map(|level| {
        let heads = level.into_iter().filter(|(_, own)| {
            HEADS.iter().any(|head| is_in(own, head)) && !own.ends_with("num_batches_tracked")
        });
        let heads = heads.map(|(whole, own)| (whole.to_string(), own.to_string()));
        Some(heads.collect::<Vec<_>>()).filter(|heads| !heads.is_empty())
    })?;
    let linear = match head.as_slice() {
        [(bias, own_bias), (weight, own_weight)] => {
            let name = own_weight.strip_suffix(".weight");
            let outputs = match checkpoint.shape_in_file(weight) {
                Some(&[outputs, inputs]) if inputs == width => Some(outputs),
                _ => None,
            };
            let name = name.filter(|name| own_bias.strip_suffix(".bias") == Some(name));
            name.zip(outputs).map(|found| (found, bias, weight))
        }
        _ => None,
    };
    let Some(((name, outputs), bias, weight)) = linear else {
        let names: Vec<_> = head.into_iter().map(|(_, own)| own).collect();
        return Some(Err(shown(&names)));
    };
    checkpoint.adopt(weight, "classifier.weight");
    checkpoint.adopt(bias, "classifier.bias");
    let linear = Linear {
        name: CLASSIFIER.into(),
        outputs,
    };
    Some(Ok((linear, name.to_string())))
}

/// Whether a tensor is one of a module's.
fn is_in(name: &str, module: &str) -> bool {
    name.strip_prefix(module)
        .is_some_and(|rest| rest.starts_with('.'))
}
