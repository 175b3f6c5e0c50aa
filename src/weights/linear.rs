//! The one linear layer that a classifier is, wherever in it that is.

use super::Checkpoint;
use super::timm::{CLASSIFIER, Found};
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
pub(super) fn attach(checkpoint: &mut Checkpoint, found: &mut Found) -> Result<()> {
    let linear = match find(checkpoint, CLASSIFIER)? {
        Some(linear) => linear,
        None => match adopt(checkpoint, found.config.feature_width()) {
            Some((linear, name)) => {
                found.notes.push(format!("its classifier is \"{name}\""));
                linear
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
/// one of the modules around it. It is taken into the checkpoint as `classifier`; the name that it had
/// is returned.
///
/// Only a weight and a bias for features of `width` are taken: what else is there could stand
/// between.
fn adopt(checkpoint: &mut Checkpoint, width: usize) -> Option<(Linear, String)> {
    let found = checkpoint.around().into_iter().find_map(|level| {
        let heads = level.into_iter().filter(|(_, own)| {
            HEADS.iter().any(|head| is_in(own, head)) && !own.ends_with("num_batches_tracked")
        });
        let heads: Vec<_> = heads.collect();
        (!heads.is_empty()).then_some(heads)
    })?;
    let [(bias, own_bias), (weight, own_weight)] = found.as_slice() else {
        return None;
    };
    let name = own_weight.strip_suffix(".weight")?;
    if own_bias.strip_suffix(".bias")? != name {
        return None;
    }
    let (bias, weight, name) = (bias.to_string(), weight.to_string(), name.to_string());
    let outputs = match checkpoint.shape_in_file(&weight)? {
        &[outputs, inputs] if inputs == width => outputs,
        _ => return None,
    };
    checkpoint.adopt(&weight, "classifier.weight");
    checkpoint.adopt(&bias, "classifier.bias");
    let linear = Linear {
        name: "classifier".into(),
        outputs,
    };
    Some((linear, name))
}

/// Whether a tensor is one of a module's.
fn is_in(name: &str, module: &str) -> bool {
    name.strip_prefix(module)
        .is_some_and(|rest| rest.starts_with('.'))
}
