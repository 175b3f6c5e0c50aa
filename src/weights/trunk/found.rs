//! What was found of a network, and where its tensors are.

use crate::backbone::{Backbone, BackboneConfig};
use crate::weights::Checkpoint;
use crate::weights::layout::{Named, Place, places};

/// The name in a file of a tensor at a path in the module.
type Name = Box<dyn Fn(&str) -> String>;

/// A network in a file.
pub(in crate::weights) struct Trunk {
    /// Its config.
    pub config: BackboneConfig,
    /// What its program calls the parts of the network.
    pub parts: &'static [&'static str],
    /// What it was decided on, for people.
    pub notes: Vec<String>,
    /// What was guessed, for people.
    pub warnings: Vec<String>,
    name: Name,
    prefix: String,
}

impl Trunk {
    pub(super) fn new(
        config: impl Into<BackboneConfig>,
        parts: &'static [&'static str],
        prefix: &str,
        name: impl Fn(&str) -> String + 'static,
    ) -> Self {
        Self {
            config: config.into(),
            parts,
            notes: Vec::new(),
            warnings: Vec::new(),
            name: Box::new(name),
            prefix: prefix.to_string(),
        }
    }

    pub(super) fn places(&self, network: &Backbone) -> Vec<Place> {
        let name = |path: &str| format!("{}{}", self.prefix, (self.name)(path));
        places(network, |path| Some(Named::One(name(path))))
    }
}

/// The first axis of a tensor under `prefix`: the outputs of a layer.
pub(super) fn outputs(checkpoint: &Checkpoint, prefix: &str, name: &str) -> Option<usize> {
    let shape = checkpoint.shape(&format!("{prefix}{name}"))?;
    shape.first().copied()
}
