//! Swins as the original program, timm and torchvision name them.

use super::found::{Trunk, outputs};
use crate::backbone::{SwinConfig, SwinLayout};
use crate::data::image::Preprocessing;
use crate::weights::Checkpoint;
use crate::{Error, Result};

/// What the programs call the parts of the network.
const PARTS: [&str; 6] = [
    "patch_embed",
    "layers",
    "features",
    "norm",
    "head",
    "absolute_pos_embed",
];

pub(super) fn find(checkpoint: &Checkpoint, prefix: &str) -> Result<Trunk> {
    let shape = |name: &str| checkpoint.shape(&format!("{prefix}{name}"));
    let has = |name: &str| shape(name).is_some();
    let layout = if has("features.0.0.weight") {
        SwinLayout::Torchvision
    } else if has("layers.0.downsample.reduction.weight")
        || !has("layers.1.downsample.reduction.weight")
    {
        SwinLayout::Original
    } else {
        SwinLayout::Timm
    };
    let table = |stage: usize, block: usize| {
        let path = format!("stages.{stage}.blocks.{block}.attn.relative_position_bias_table");
        shape(&layout.name(&path))
    };
    let mut stages = Vec::new();
    let mut heads = Vec::new();
    while let Some(&[_, count]) = table(stages.len(), 0) {
        let blocks = (0..).take_while(|&block| table(stages.len(), block).is_some());
        stages.push(blocks.count());
        heads.push(count);
    }
    let patch = shape(&layout.name("patch_embed.proj.weight"));
    let (Some(&[width, _, patch, _]), Some(&[pairs, _])) = (patch, table(0, 0)) else {
        let expected = "a Swin, whose first convolution has four axes and whose tables have two";
        let found = format!("{patch:?} and {:?}", table(0, 0));
        return Err(Error::file(checkpoint.path(), expected, found));
    };
    // A window of w by w tokens has (2 w - 1)^2 distances.
    let window = pairs.isqrt().div_ceil(2);
    let classifier = ["head.fc", "head"];
    let classifier = classifier
        .into_iter()
        .find(|name| has(&format!("{name}.weight")));
    let classes =
        classifier.and_then(|name| outputs(checkpoint, prefix, &format!("{name}.weight")));
    // The published ones with windows of 12 tokens were trained on 384 pixels.
    let is_large = (window, patch, stages.len()) == (12, 4, 4);
    let mut config = SwinConfig::new(width, stages, heads)
        .with_window(window)
        .with_patch(patch)
        .with_classes(classes);
    if is_large {
        config.preprocessing = Some(Preprocessing::imagenet(384));
    }
    let name = move |path: &str| match (path.strip_prefix("classifier."), classifier) {
        (Some(field), Some(classifier)) => format!("{classifier}.{field}"),
        _ => layout.name(path),
    };
    let mut found = Trunk::new(config, &PARTS, prefix, name);
    found.notes.push(format!("the names are those of {layout}"));
    if is_large {
        let told = "windows of 12 tokens: taken for weights of 384 pixels";
        found.notes.push(told.into());
    }
    Ok(found)
}
