//! torchvision's name of every tensor of the network.

/// The key under which a torchvision checkpoint, and one of timm's, holds the tensor that this crate
/// holds at `path`, a path inside [`ResNet`](super::ResNet) as `burn::store` spells it.
///
/// Names only: their `fc.weight` is the transpose of ours.
///
/// ```
/// use countenance::backbone::resnet_name;
///
/// let path = "stages.1.0.downsample.norm.running_mean";
/// assert_eq!(resnet_name(path), "layer2.0.downsample.1.running_mean");
/// assert_eq!(resnet_name("classifier.bias"), "fc.bias");
/// ```
pub fn resnet_name(path: &str) -> String {
    let mut parts: Vec<String> = path.split('.').map(String::from).collect();
    if parts[0] == "stages" {
        // They count from 1, in the layer's own name.
        let stage = parts[1].parse::<usize>().unwrap_or(0) + 1;
        parts.splice(..2, [format!("layer{stage}")]);
    }
    let names = parts.iter().map(|part| match part.as_str() {
        "classifier" => "fc",
        "gamma" => "weight",
        "beta" => "bias",
        // The shortcut is a sequence.
        "conv" => "0",
        "norm" => "1",
        same => same,
    });
    names.collect::<Vec<_>>().join(".")
}
