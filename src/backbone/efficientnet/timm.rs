//! timm's name of every tensor of the backbone.

/// The key under which a timm checkpoint holds the tensor that this crate holds at `path`, a path
/// inside [`EfficientNet`](super::EfficientNet) as `burn::store` spells it.
///
/// Names only: timm's `classifier.weight` is the transpose of ours.
///
/// ```
/// use countenance::backbone::timm_name;
///
/// let path = "blocks.1.0.InvertedResidual.bn3.running_mean";
/// assert_eq!(timm_name(path), "blocks.1.0.bn3.running_mean");
/// assert_eq!(timm_name("bn1.gamma"), "bn1.weight");
/// ```
pub fn timm_name(path: &str) -> String {
    path.split('.')
        .filter_map(|segment| match segment {
            // The two kinds of block are variants of an enum here, whose name is part of the path.
            "DepthwiseSeparable" | "InvertedResidual" => None,
            // PyTorch names the scale and the shift of a norm as it does those of a convolution.
            "gamma" => Some("weight"),
            "beta" => Some("bias"),
            // The fields carry timm's own names.
            same => Some(same),
        })
        .collect::<Vec<_>>()
        .join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_rule_stay() {
        for name in ["conv_stem.weight", "classifier.bias", "bn2.running_var"] {
            assert_eq!(timm_name(name), name);
        }
    }

    #[test]
    fn the_kind_of_block_is_left_out() {
        assert_eq!(
            timm_name("blocks.0.0.DepthwiseSeparable.se.conv_reduce.bias"),
            "blocks.0.0.se.conv_reduce.bias"
        );
        assert_eq!(
            timm_name("blocks.6.0.InvertedResidual.bn2.beta"),
            "blocks.6.0.bn2.bias"
        );
    }
}
