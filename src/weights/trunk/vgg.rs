//! VGGs without batch norm as torchvision names them, and as Caffe's first networks did.

use std::collections::BTreeMap;

use super::found::{Trunk, outputs};
use crate::backbone::VggConfig;
use crate::data::image::Preprocessing;
use crate::weights::Checkpoint;
use crate::{Error, Result};

/// What torchvision calls the parts of the network.
const TORCHVISION: [&str; 2] = ["features", "classifier"];

/// What VGGFACE's program calls the layers of the network.
const VGGFACE: [&str; 16] = [
    "conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv4_1",
    "conv4_2", "conv4_3", "conv5_1", "conv5_2", "conv5_3", "fc6", "fc7", "fc8",
];

/// Mean of red, green and blue over VGGFACE's images, of 255, as its authors publish it.
const VGGFACE_MEAN: [f32; 3] = [129.186_28, 104.762_38, 93.593_96];

/// How convolutions and fully connected layers are told: those of each block, then the linear ones.
#[derive(Default)]
struct Layers {
    convolutions: Vec<Vec<String>>,
    linear: Vec<String>,
}

impl Layers {
    /// How many linear layers stand before the classifier, which is the last; of VGGFACE's, whose names tell,
    /// `fc8` alone.
    fn hidden(&self) -> usize {
        let count = self.linear.len();
        match self.linear.last().map(String::as_str) {
            Some("fc6" | "fc7") => count,
            _ => count.saturating_sub(1),
        }
    }
}

pub(super) fn find(checkpoint: &Checkpoint, prefix: &str) -> Result<Trunk> {
    let has = |name: &str| {
        checkpoint
            .shape(&format!("{prefix}{name}.weight"))
            .is_some()
    };
    let is_vggface = has("conv1_1");
    let layers = match is_vggface {
        true => vggface(has),
        false => torchvision(checkpoint, prefix)?,
    };
    let output = |name: &String| outputs(checkpoint, prefix, &format!("{name}.weight"));
    let blocks = layers.convolutions.iter();
    let blocks: Vec<Vec<usize>> = blocks
        .map(|block| block.iter().filter_map(output).collect())
        .collect();
    let mut config = VggConfig::new(blocks);
    if !layers.linear.is_empty() {
        config.grid = grid(checkpoint, prefix, &layers)?;
        let (hidden, classifier) = layers.linear.split_at(layers.hidden());
        config.hidden = hidden.iter().filter_map(output).collect();
        config.classes = classifier.first().and_then(output);
    }
    let parts: &[&str] = if is_vggface { &VGGFACE } else { &TORCHVISION };
    if is_vggface {
        // Pixels are not divided: what 255 stands for is 1 here.
        config.preprocessing = Some(Preprocessing {
            size: 224,
            mean: VGGFACE_MEAN.map(|mean| mean / 255.0),
            std: [1.0 / 255.0; 3],
        });
    }
    let names = names(layers);
    let name = move |path: &str| {
        let (layer, field) = path.rsplit_once('.').unwrap_or((path, ""));
        match names.get(layer) {
            Some(name) => format!("{name}.{field}"),
            None => path.to_string(),
        }
    };
    let mut found = Trunk::new(config, parts, prefix, name);
    if is_vggface {
        found.warnings.push(
            "the file does not say how images are normalised: taken as VGGFACE's authors do, \
             red, green and blue less their mean over its images, undivided; weights that were turned \
             from Caffe unchanged read blue first, and then score worse"
                .into(),
        );
    }
    Ok(found)
}

/// The layer in the file of each in the module.
fn names(layers: Layers) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let hidden = layers.hidden();
    for (block, layers) in layers.convolutions.into_iter().enumerate() {
        for (layer, name) in layers.into_iter().enumerate() {
            names.insert(format!("blocks.{block}.{layer}"), name);
        }
    }
    for (layer, name) in layers.linear.into_iter().enumerate() {
        let ours = match layer < hidden {
            true => format!("hidden.{layer}"),
            false => "classifier".to_string(),
        };
        names.insert(ours, name);
    }
    names
}

/// Side of the map that the first linear layer reads.
fn grid(checkpoint: &Checkpoint, prefix: &str, layers: &Layers) -> Result<usize> {
    let last = layers.convolutions.last().and_then(|block| block.last());
    let (Some(last), Some(first)) = (last, layers.linear.first()) else {
        return Ok(1);
    };
    let channels = outputs(checkpoint, prefix, &format!("{last}.weight")).unwrap_or(0);
    let shape = checkpoint.shape(&format!("{prefix}{first}.weight"));
    let inputs = shape.and_then(|shape| shape.get(1)).copied().unwrap_or(0);
    let side = inputs.checked_div(channels).unwrap_or(0).isqrt();
    match side > 0 && side * side * channels == inputs {
        true => Ok(side),
        false => {
            let expected =
                format!("`{first}.weight` that reads a square map of {channels} channels");
            Err(Error::file(
                checkpoint.path(),
                expected,
                format!("{inputs} inputs"),
            ))
        }
    }
}

/// `conv1_1` and so on: the first number is the block's.
fn vggface(has: impl Fn(&str) -> bool) -> Layers {
    let name = |block: usize, layer: usize| format!("conv{block}_{layer}");
    let block = |block: usize| -> Vec<String> {
        let layers = (1..).map(|layer| name(block, layer));
        layers.take_while(|name| has(name)).collect()
    };
    Layers {
        convolutions: (1..)
            .map(block)
            .take_while(|block| !block.is_empty())
            .collect(),
        linear: (6..)
            .map(|layer| format!("fc{layer}"))
            .take_while(|name| has(name))
            .collect(),
    }
}

/// `features.0` and so on: a number for each layer, with a ReLU behind each convolution, and a pool behind
/// each block.
fn torchvision(checkpoint: &Checkpoint, prefix: &str) -> Result<Layers> {
    let normed = |name: &&str| {
        let own = name.strip_prefix(prefix);
        own.is_some_and(|own| own.starts_with("features.") && own.ends_with(".running_mean"))
    };
    let refuse = |found: String| {
        let expected = "a VGG without batch norm: convolutions, each with a ReLU behind it";
        Err(Error::file(checkpoint.path(), expected, found))
    };
    if let Some(norm) = checkpoint.names().find(normed) {
        return refuse(format!("`{norm}`"));
    }
    let mut layers = Layers::default();
    let mut convolutions: Vec<usize> = numbered(checkpoint, prefix, "features.", 4);
    convolutions.sort_unstable();
    let mut expected = 0;
    for number in convolutions {
        match number.checked_sub(expected) {
            // Directly behind the last ReLU, or behind a pool.
            Some(0) if !layers.convolutions.is_empty() => {}
            Some(0 | 1) => layers.convolutions.push(Vec::new()),
            _ => return refuse(format!("a convolution as the layer {number}")),
        }
        if let Some(block) = layers.convolutions.last_mut() {
            block.push(format!("features.{number}"));
        }
        expected = number + 2;
    }
    let mut linear = numbered(checkpoint, prefix, "classifier.", 2);
    linear.sort_unstable();
    let names = linear.iter().map(|number| format!("classifier.{number}"));
    layers.linear = names.collect();
    let whole = format!("{prefix}classifier.weight");
    if linear.is_empty() && checkpoint.shape(&whole).is_some() {
        layers.linear.push("classifier".into());
    }
    Ok(layers)
}

/// The numbers of the layers of a sequence whose weights have so many axes.
fn numbered(checkpoint: &Checkpoint, prefix: &str, sequence: &str, axes: usize) -> Vec<usize> {
    let names = checkpoint.names().filter(|name| {
        let shape = checkpoint.shape(name);
        shape.is_some_and(|shape| shape.len() == axes)
    });
    let number = |name: &str| {
        let rest = name.strip_prefix(prefix)?.strip_prefix(sequence)?;
        rest.strip_suffix(".weight")?.parse().ok()
    };
    names.filter_map(number).collect()
}
