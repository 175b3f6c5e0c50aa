//! Any backbone, behind one door.

use std::fmt;

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
    ParamGroup,
};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::efficientnet::EfficientNet;
use super::resnet::ResNet;
use super::swin::Swin;
use super::vgg::Vgg;

/// A network from image to feature.
///
/// In a file its parameters are named as those of the network that it is: nothing stands between.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "a network holds one, and most hold the largest"
)]
pub enum Backbone {
    /// An EfficientNet.
    EfficientNet(EfficientNet),
    /// A VGG.
    Vgg(Vgg),
    /// A ResNet of bottlenecks.
    ResNet(ResNet),
    /// A Swin transformer.
    Swin(Swin),
}

/// An expression on whatever network a backbone is.
macro_rules! each {
    ($backbone:expr, $network:ident => $value:expr) => {
        match $backbone {
            Backbone::EfficientNet($network) => $value,
            Backbone::Vgg($network) => $value,
            Backbone::ResNet($network) => $value,
            Backbone::Swin($network) => $value,
        }
    };
}

/// A backbone of the same kind, made of whatever network one is.
macro_rules! map {
    ($backbone:expr, $network:ident => $value:expr) => {
        match $backbone {
            Backbone::EfficientNet($network) => Backbone::EfficientNet($value),
            Backbone::Vgg($network) => Backbone::Vgg($value),
            Backbone::ResNet($network) => Backbone::ResNet($value),
            Backbone::Swin($network) => Backbone::Swin($value),
        }
    };
}

impl Backbone {
    /// The feature of each image: what a classifier behind it reads.
    ///
    /// On burn's CPU backend an EfficientNet runs fused; everything else runs burn's operations.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, RGB, normalised as the weights ask for
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the images do not have 3 channels, or are too small for the network.
    pub fn forward_features(&self, images: Tensor<4>) -> Tensor<2> {
        each!(self, network => network.forward_features(images))
    }

    /// The last map, before it is pooled or flattened. By burn's operations.
    ///
    /// # Shapes
    /// - images: as [`forward_features`](Self::forward_features)
    /// - output: `[batch, channels, height, width]`, the channels as
    ///   [`BackboneConfig::map_channels`](super::BackboneConfig::map_channels) says
    ///
    /// # Panics
    /// As [`forward_features`](Self::forward_features).
    pub fn forward_maps(&self, images: Tensor<4>) -> Tensor<4> {
        each!(self, network => network.forward_maps(images))
    }

    /// The classifier's logits.
    ///
    /// # Shapes
    /// - features: `[batch, feature_width]`
    /// - output: `[batch, classes]`
    ///
    /// # Panics
    /// If the network has no classifier, or the features have another width.
    pub fn forward_head(&self, features: Tensor<2>) -> Tensor<2> {
        each!(self, network => network.forward_head(features))
    }

    /// The classifier, if there is one.
    pub fn classifier(&self) -> Option<&Linear> {
        each!(self, network => network.classifier.as_ref())
    }

    /// The same network without its classifier.
    pub fn without_classifier(mut self) -> Self {
        each!(&mut self, network => network.classifier = None);
        self
    }

    /// The parameters before the classifier in groups from the image on: for rates that depend on the
    /// depth. `path` is where the backbone stands in what is trained, empty where it is trained itself.
    pub fn depth_groups(&self, path: &str) -> Vec<ParamGroup> {
        each!(self, network => network.depth_groups(path))
    }

    /// The same network, of which what is before the first stage and the first `stages` keep their weights
    /// and the statistics of their norms, and drop no path; all stages if there are fewer.
    pub fn freeze_stages(self, stages: usize) -> Self {
        map!(self, network => network.freeze_stages(stages))
    }

    /// The EfficientNet, if it is one.
    pub fn as_efficientnet(&self) -> Option<&EfficientNet> {
        match self {
            Self::EfficientNet(network) => Some(network),
            _ => None,
        }
    }
}

impl From<EfficientNet> for Backbone {
    fn from(network: EfficientNet) -> Self {
        Self::EfficientNet(network)
    }
}

impl From<Vgg> for Backbone {
    fn from(network: Vgg) -> Self {
        Self::Vgg(network)
    }
}

impl From<ResNet> for Backbone {
    fn from(network: ResNet) -> Self {
        Self::ResNet(network)
    }
}

impl From<Swin> for Backbone {
    fn from(network: Swin) -> Self {
        Self::Swin(network)
    }
}

// burn's derive puts a variant's name into the paths of its parameters, which are the file's: those of
// files from before there were other backbones have none.
impl Module for Backbone {
    fn collect_devices(&self, devices: Devices) -> Devices {
        each!(self, network => network.collect_devices(devices))
    }

    fn fork(self, device: &Device) -> Self {
        map!(self, network => network.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        map!(self, network => network.to_device(device))
    }

    fn train(self) -> Self {
        map!(self, network => network.train())
    }

    fn valid(&self) -> Self {
        map!(self, network => network.valid())
    }

    fn materialize(self) -> Self {
        map!(self, network => network.materialize())
    }

    fn visit<Visitor: ModuleVisitor>(&self, visitor: &mut Visitor) {
        each!(self, network => network.visit(visitor))
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Self {
        map!(self, network => network.map(mapper))
    }
}

impl ModuleDisplayDefault for Backbone {
    fn content(&self, content: Content) -> Option<Content> {
        each!(self, network => network.content(content))
    }

    fn num_params(&self) -> usize {
        Module::num_params(self)
    }
}

impl ModuleDisplay for Backbone {
    fn format(&self, passed_settings: burn::module::DisplaySettings) -> String {
        each!(self, network => network.format(passed_settings))
    }
}

impl fmt::Display for Backbone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        each!(self, network => network.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::backbone::{
        BackboneConfig, EfficientNetConfig, ResNetConfig, SwinConfig, Variant, VggConfig,
    };
    use crate::weights::slots;

    fn configs() -> [BackboneConfig; 4] {
        [
            EfficientNetConfig::new(Variant::Tiny).into(),
            VggConfig::micro().with_hidden(vec![5, 4]).into(),
            ResNetConfig::micro().into(),
            SwinConfig::micro().into(),
        ]
        .map(|config: BackboneConfig| config.with_classes(Some(3)))
    }

    #[test]
    fn the_parameters_of_a_backbone_are_named_as_those_of_the_network_that_it_is() {
        let device = Device::default();
        let alone = EfficientNetConfig::new(Variant::Tiny).init(&device);
        assert_eq!(slots(&Backbone::from(alone.clone())), slots(&alone));
        let printed = Backbone::from(alone.clone()).to_string();
        assert_eq!(printed, alone.to_string());
    }

    #[test]
    fn every_parameter_before_the_classifier_is_in_one_group_by_its_depth() {
        for config in configs() {
            let network = config.init(&Device::default());
            let groups = network.depth_groups("a.network");
            let id = network.classifier().expect("a classifier").weight.id;
            for (name, _) in slots(&network) {
                let path = format!("a.network.{name}");
                let of = |group: &ParamGroup| group.matches(&id, Some(&path));
                let count = groups.iter().filter(|group| of(group)).count();
                let expected = usize::from(!name.starts_with("classifier."));
                assert_eq!(count, expected, "{}: {name}", config.kind());
            }
        }
    }

    #[test]
    fn a_frozen_stage_takes_what_is_before_it_along_and_nothing_behind_it() {
        struct Learning(Vec<String>, BTreeSet<String>);
        impl ModuleVisitor for Learning {
            fn enter_module(&mut self, name: &str, _: &str) {
                self.0.push(name.to_string());
            }
            fn exit_module(&mut self, _: &str, _: &str) {
                self.0.pop();
            }
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                if param.is_require_grad() {
                    self.1.insert(self.0.join("."));
                }
            }
        }
        let learning = |network: &Backbone| {
            let mut found = Learning(Vec::new(), BTreeSet::new());
            network.visit(&mut found);
            found.1
        };
        let device = Device::default().autodiff();
        for (config, frozen) in configs().into_iter().zip([
            ["conv_stem.", "bn1.", "blocks.0."].as_slice(),
            &["blocks.0."],
            &["conv1.", "bn1.", "stages.0."],
            &["patch_embed.", "stages.0."],
        ]) {
            let network = config.init(&device);
            let all = learning(&network);
            let left = learning(&network.freeze_stages(1));
            let is_frozen = |name: &&String| frozen.iter().any(|part| name.starts_with(part));
            let expected: BTreeSet<_> = all
                .iter()
                .filter(|name| !is_frozen(name))
                .cloned()
                .collect();
            assert!(expected.len() < all.len());
            assert_eq!(left, expected, "{}", config.kind());
        }
    }

    #[test]
    fn half_precision_gives_features_and_maps_in_the_precision_of_the_images() {
        struct Round;
        impl ModuleMapper for Round {
            fn map_float<const D: usize>(
                &mut self,
                param: burn::module::Param<Tensor<D>>,
            ) -> burn::module::Param<Tensor<D>> {
                param.map(|weight| weight.cast(burn::tensor::FloatDType::F16))
            }
        }
        let device = Device::default();
        if !device.supports_dtype(burn::tensor::FloatDType::F16) {
            return;
        }
        for config in configs() {
            let network = config.init(&device).map(&mut crate::testing::Draw(1));
            let images = crate::testing::drawn([1, 3, 64, 64], 4, &device);
            let exact = network.forward_features(images.clone());
            let rounded = network.valid().map(&mut Round);
            let features = rounded.forward_features(images.clone());
            assert_eq!(features.dtype(), exact.dtype(), "{}", config.kind());
            assert_eq!(rounded.forward_maps(images).dtype(), exact.dtype());
            let scale = exact.clone().abs().max().into_scalar::<f32>();
            assert!(scale > 0.0, "{}", config.kind());
            let difference = (features - exact).abs().max().into_scalar::<f32>();
            assert!(difference < 0.02 * scale, "{}: {difference}", config.kind());
        }
    }
}
