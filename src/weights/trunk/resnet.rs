//! ResNets of bottlenecks under torchvision's names, which timm's have too.

use super::found::{Trunk, outputs};
use crate::backbone::{ResNetConfig, resnet_name};
use crate::weights::Checkpoint;
use crate::{Error, Result};

/// What torchvision calls the parts of the network.
const PARTS: [&str; 11] = [
    "conv1", "bn1", "layer1", "layer2", "layer3", "layer4", "layer5", "layer6", "layer7", "layer8",
    "fc",
];

pub(super) fn find(checkpoint: &Checkpoint, prefix: &str) -> Result<Trunk> {
    let output = |name: &str| outputs(checkpoint, prefix, name);
    let blocks = |stage: usize, conv: usize| {
        let name = |block: usize| format!("layer{stage}.{block}.conv{conv}.weight");
        (0..)
            .take_while(|&block| output(&name(block)).is_some())
            .count()
    };
    let count = |conv| -> Vec<usize> {
        let stages = (1..).map(|stage| blocks(stage, conv));
        stages.take_while(|&blocks| blocks > 0).collect()
    };
    let (stages, all) = (count(3), count(1));
    if stages != all || stages.is_empty() {
        let expected = "a ResNet of bottlenecks, such as ResNet-50";
        let found = format!("stages of {all:?} blocks, not all of three convolutions");
        return Err(Error::file(checkpoint.path(), expected, found));
    }
    let config = ResNetConfig::new(stages)
        .with_width(output("conv1.weight").unwrap_or(0))
        .with_classes(output("fc.weight"));
    Ok(Trunk::new(config, &PARTS, prefix, resnet_name))
}
