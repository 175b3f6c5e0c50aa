//! The network by depth: its parameters in groups, and its front frozen.

use burn::module::{Module, ParamGroup};

use super::network::EfficientNet;
use crate::backbone::depth::groups;

impl EfficientNet {
    /// The parameters of the stem, of every block and of what follows the last one before the
    /// classifier, in groups from the image on: for rates that depend on the depth. `path` is where
    /// the network stands in the module that is trained, empty where it is trained itself.
    ///
    /// As timm's `group_matcher` divides an EfficientNet: the last convolution with its norm is of
    /// the last block's group, and the classifier is of none.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use countenance::backbone::{EfficientNetConfig, Variant};
    ///
    /// let config = EfficientNetConfig::new(Variant::B0).with_width(0.25);
    /// let network = config.init(&Device::default());
    /// let groups = network.depth_groups("");
    /// assert_eq!(groups.len(), 1 + 16);
    /// let last = &network.conv_head.weight.id;
    /// assert!(groups[16].matches(last, Some("conv_head.weight")));
    /// ```
    pub fn depth_groups(&self, path: &str) -> Vec<ParamGroup> {
        let mut names = vec![vec!["conv_stem".to_string(), "bn1".to_string()]];
        for (stage, blocks) in self.blocks.iter().enumerate() {
            let name = |block| vec![format!("blocks.{stage}.{block}")];
            names.extend((0..blocks.len()).map(name));
        }
        if let Some(last) = names.last_mut() {
            last.extend(["conv_head", "bn2"].map(String::from));
        }
        groups(path, names)
    }

    /// The same network, whose stem and first `stages` of blocks keep their weights and the
    /// statistics of their norms, and drop no path; all stages if there are fewer.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::Device;
    /// use countenance::backbone::{EfficientNetConfig, Variant};
    ///
    /// let device = Device::default().autodiff();
    /// let network = EfficientNetConfig::new(Variant::Tiny).init(&device).freeze_stages(2);
    /// assert!(!network.conv_stem.weight.is_require_grad());
    /// assert!(network.conv_head.weight.is_require_grad());
    /// ```
    pub fn freeze_stages(mut self, stages: usize) -> Self {
        self.conv_stem = self.conv_stem.freeze();
        self.bn1 = self.bn1.freeze();
        let blocks = self.blocks.into_iter().enumerate();
        self.blocks = blocks
            .map(|(stage, blocks)| match stage < stages {
                true => blocks.freeze(),
                false => blocks,
            })
            .collect();
        self
    }
}
