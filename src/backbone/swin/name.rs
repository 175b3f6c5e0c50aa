//! The names that other programs give the network's tensors.

/// A way of naming the tensors of a Swin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwinLayout {
    /// The original program's: `layers.0.blocks.1.mlp.fc1`, and `layers.0.downsample` behind the blocks
    /// of the first stage.
    Original,
    /// timm's since 0.9: as the original's, but `layers.1.downsample` before those of the second, and
    /// `head.fc` for the classifier.
    Timm,
    /// torchvision's: `features.1.1.mlp.0`, and `features.2` for what is between the first two stages.
    Torchvision,
}

impl SwinLayout {
    /// Every layout.
    pub const ALL: [Self; 3] = [Self::Original, Self::Timm, Self::Torchvision];

    /// The key under which a checkpoint of this layout holds the tensor that this crate holds at `path`, a
    /// path inside [`Swin`](super::Swin) as `burn::store` spells it.
    ///
    /// Names only: the weights of linear maps are the transposes of ours.
    ///
    /// ```
    /// use countenance::backbone::SwinLayout;
    ///
    /// let path = "stages.1.merging.norm.gamma";
    /// assert_eq!(SwinLayout::Original.name(path), "layers.0.downsample.norm.weight");
    /// assert_eq!(SwinLayout::Timm.name(path), "layers.1.downsample.norm.weight");
    /// assert_eq!(SwinLayout::Torchvision.name(path), "features.2.norm.weight");
    /// ```
    pub fn name(self, path: &str) -> String {
        let path = path.replace(".gamma", ".weight").replace(".beta", ".bias");
        let parts: Vec<&str> = path.split('.').collect();
        match parts.as_slice() {
            ["stages", stage, rest @ ..] => self.of_stage(stage.parse().unwrap_or(0), rest),
            ["patch_embed", "proj", field] if self == Self::Torchvision => {
                format!("features.0.0.{field}")
            }
            ["patch_embed", "norm", field] if self == Self::Torchvision => {
                format!("features.0.2.{field}")
            }
            ["classifier", field] if self == Self::Timm => format!("head.fc.{field}"),
            ["classifier", field] => format!("head.{field}"),
            _ => path,
        }
    }

    /// Of what is in a stage: a block, or what merges tokens before the first.
    fn of_stage(self, stage: usize, rest: &[&str]) -> String {
        match (self, rest) {
            (Self::Original, ["merging", rest @ ..]) => {
                format!("layers.{}.downsample.{}", stage.max(1) - 1, rest.join("."))
            }
            (Self::Timm, ["merging", rest @ ..]) => {
                format!("layers.{stage}.downsample.{}", rest.join("."))
            }
            (Self::Torchvision, ["merging", rest @ ..]) => {
                format!("features.{}.{}", 2 * stage, rest.join("."))
            }
            (Self::Torchvision, ["blocks", block, rest @ ..]) => {
                // What is between the two maps has places of its own.
                let inner = rest
                    .join(".")
                    .replace("mlp.fc1", "mlp.0")
                    .replace("mlp.fc2", "mlp.3");
                format!("features.{}.{block}.{inner}", 2 * stage + 1)
            }
            (_, rest) => format!("layers.{stage}.{}", rest.join(".")),
        }
    }
}

impl std::fmt::Display for SwinLayout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Original => "its authors' program",
            Self::Timm => "timm",
            Self::Torchvision => "torchvision",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_has_names_of_its_own() {
        let expected = [
            (
                "patch_embed.proj.weight",
                [
                    "patch_embed.proj.weight",
                    "patch_embed.proj.weight",
                    "features.0.0.weight",
                ],
            ),
            (
                "patch_embed.norm.beta",
                [
                    "patch_embed.norm.bias",
                    "patch_embed.norm.bias",
                    "features.0.2.bias",
                ],
            ),
            (
                "stages.2.blocks.4.attn.relative_position_bias_table",
                [
                    "layers.2.blocks.4.attn.relative_position_bias_table",
                    "layers.2.blocks.4.attn.relative_position_bias_table",
                    "features.5.4.attn.relative_position_bias_table",
                ],
            ),
            (
                "stages.0.blocks.0.mlp.fc2.bias",
                [
                    "layers.0.blocks.0.mlp.fc2.bias",
                    "layers.0.blocks.0.mlp.fc2.bias",
                    "features.1.0.mlp.3.bias",
                ],
            ),
            (
                "stages.3.merging.reduction.weight",
                [
                    "layers.2.downsample.reduction.weight",
                    "layers.3.downsample.reduction.weight",
                    "features.6.reduction.weight",
                ],
            ),
            ("norm.gamma", ["norm.weight"; 3]),
            (
                "classifier.weight",
                ["head.weight", "head.fc.weight", "head.weight"],
            ),
        ];
        for (path, names) in expected {
            assert_eq!(SwinLayout::ALL.map(|layout| layout.name(path)), names);
        }
    }
}
