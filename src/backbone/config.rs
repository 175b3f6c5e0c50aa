//! The config of any backbone, and its form in files.

use burn::config::Config;
use burn::tensor::Device;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::efficientnet::EfficientNetConfig;
use super::kind::Backbone;
use super::resnet::ResNetConfig;
use super::swin::SwinConfig;
use super::vgg::VggConfig;
use crate::data::image::Preprocessing;
use crate::{Error, Result};

/// Configuration of a [`Backbone`].
///
/// In JSON that of an EfficientNet is its own object, as it was before there were others; the others'
/// stand under the name of their kind: `{"Swin": {"width": 96, ...}}`.
///
/// ```
/// use countenance::backbone::{BackboneConfig, EfficientNetConfig, ResNetConfig, Variant};
///
/// let own = EfficientNetConfig::new(Variant::Tiny);
/// let text = serde_json::to_string(&BackboneConfig::from(own.clone())).unwrap();
/// assert_eq!(text, serde_json::to_string(&own).unwrap());
/// let other = BackboneConfig::from(ResNetConfig::resnet50());
/// assert!(serde_json::to_string(&other).unwrap().starts_with("{\"ResNet\":"));
/// assert_eq!(other.feature_width(), 2048);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BackboneConfig {
    /// Of an EfficientNet.
    EfficientNet(EfficientNetConfig),
    /// Of a VGG.
    Vgg(VggConfig),
    /// Of a ResNet.
    ResNet(ResNetConfig),
    /// Of a Swin transformer.
    Swin(SwinConfig),
}

/// An expression on whatever config it is.
macro_rules! each {
    ($backbone:expr, $config:ident => $value:expr) => {
        match $backbone {
            BackboneConfig::EfficientNet($config) => $value,
            BackboneConfig::Vgg($config) => $value,
            BackboneConfig::ResNet($config) => $value,
            BackboneConfig::Swin($config) => $value,
        }
    };
}

impl BackboneConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        each!(self, config => config.validate())?;
        match self.map_side() {
            0 => {
                let expected = format!("enough for a {} to leave a pixel of", self.kind());
                Err(Error::argument(
                    "the input size",
                    expected,
                    self.input_size(),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Builds the network.
    ///
    /// # Panics
    /// If a field is outside its range.
    pub fn init(&self, device: &Device) -> Backbone {
        each!(self, config => config.init(device).into())
    }

    /// Width of the feature.
    ///
    /// # Panics
    /// If a field is outside its range.
    pub fn feature_width(&self) -> usize {
        each!(self, config => config.feature_width())
    }

    /// Channels of the last map.
    ///
    /// # Panics
    /// If a field is outside its range.
    pub fn map_channels(&self) -> usize {
        match self {
            Self::Vgg(config) => config.flattened_width() / (config.grid * config.grid),
            other => other.feature_width(),
        }
    }

    /// Side of the last map, in pixels of its own, of an image of the size that the weights were trained on.
    ///
    /// # Panics
    /// If a field is outside its range.
    pub fn map_side(&self) -> usize {
        let side = self.input_size();
        let halved = |side: usize, times: usize| (0..times).fold(side, |side, _| side.div_ceil(2));
        match self {
            Self::EfficientNet(config) => {
                let stages = config.variant.table(config.width, config.depth).stages;
                let strides = stages.iter().map(|stage| stage.stride);
                strides.fold(side.div_ceil(2), usize::div_ceil)
            }
            Self::Vgg(config) => side >> config.blocks.len(),
            // The stem and its pool halve, and every stage but the first.
            Self::ResNet(config) => halved(side, 1 + config.stages.len()),
            Self::Swin(config) => halved(side / config.patch, config.stages.len() - 1),
        }
    }

    /// How an image is resized and normalised for the weights.
    pub fn preprocessing(&self) -> Preprocessing {
        each!(self, config => config.preprocessing())
    }

    /// Side of the square image, in pixels, that the weights were trained on.
    pub fn input_size(&self) -> usize {
        self.preprocessing().size
    }

    /// Outputs of the classifier, if there is one.
    pub fn classes(&self) -> Option<usize> {
        each!(self, config => config.classes)
    }

    /// The same network with a classifier of so many outputs, or without one.
    pub fn with_classes(mut self, classes: Option<usize>) -> Self {
        each!(&mut self, config => config.classes = classes);
        self
    }

    /// The same network, whose images are brought to it like this; `None` for the usual way.
    pub fn with_preprocessing(mut self, preprocessing: Option<Preprocessing>) -> Self {
        each!(&mut self, config => config.preprocessing = preprocessing);
        self
    }

    /// The config as JSON without the preprocessing, for the fingerprints of feature caches, which cover
    /// that on its own.
    pub fn network(&self) -> String {
        match self {
            Self::EfficientNet(config) => config.network(),
            other => other.clone().with_preprocessing(None).to_string(),
        }
    }

    /// What beside the weights makes the feature of an image that was brought to the network.
    pub(crate) fn arithmetic(&self) -> String {
        match self {
            Self::EfficientNet(config) => format!("{:?}", config.flavour),
            other => {
                let mut config = serde_json::to_value(other).unwrap_or_default();
                let kind = config
                    .as_object_mut()
                    .and_then(|kind| kind.values_mut().next());
                if let Some(fields) = kind.and_then(Value::as_object_mut) {
                    // The classifier reads the feature; the others matter while it learns.
                    let idle = [
                        "classes",
                        "preprocessing",
                        "dropout",
                        "drop_path",
                        "momentum",
                    ];
                    fields.retain(|name, _| !idle.contains(&name.as_str()));
                }
                config.to_string()
            }
        }
    }

    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EfficientNet(_) => "EfficientNet",
            Self::Vgg(_) => "Vgg",
            Self::ResNet(_) => "ResNet",
            Self::Swin(_) => "Swin",
        }
    }

    /// That of an EfficientNet, if it is of one.
    pub fn as_efficientnet(&self) -> Option<&EfficientNetConfig> {
        match self {
            Self::EfficientNet(config) => Some(config),
            _ => None,
        }
    }
}

impl From<EfficientNetConfig> for BackboneConfig {
    fn from(config: EfficientNetConfig) -> Self {
        Self::EfficientNet(config)
    }
}

impl From<VggConfig> for BackboneConfig {
    fn from(config: VggConfig) -> Self {
        Self::Vgg(config)
    }
}

impl From<ResNetConfig> for BackboneConfig {
    fn from(config: ResNetConfig) -> Self {
        Self::ResNet(config)
    }
}

impl From<SwinConfig> for BackboneConfig {
    fn from(config: SwinConfig) -> Self {
        Self::Swin(config)
    }
}

impl Config for BackboneConfig {}

impl std::fmt::Display for BackboneConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&burn::config::config_to_json(self))
    }
}

/// The configs that stand under the name of their kind.
#[derive(Serialize, Deserialize)]
enum Tagged {
    Vgg(VggConfig),
    ResNet(ResNetConfig),
    Swin(SwinConfig),
}

/// Their names.
const TAGS: [&str; 3] = ["Vgg", "ResNet", "Swin"];

impl Serialize for BackboneConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let tagged = match self.clone() {
            Self::EfficientNet(config) => return config.serialize(serializer),
            Self::Vgg(config) => Tagged::Vgg(config),
            Self::ResNet(config) => Tagged::ResNet(config),
            Self::Swin(config) => Tagged::Swin(config),
        };
        tagged.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for BackboneConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let is_tagged = TAGS.iter().any(|tag| value.get(tag).is_some());
        match is_tagged {
            true => serde_json::from_value(value).map(|tagged| match tagged {
                Tagged::Vgg(config) => Self::Vgg(config),
                Tagged::ResNet(config) => Self::ResNet(config),
                Tagged::Swin(config) => Self::Swin(config),
            }),
            false => serde_json::from_value(value).map(Self::EfficientNet),
        }
        .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;

    use super::*;
    use crate::backbone::Variant;

    #[test]
    fn images_too_small_for_a_network_are_refused() {
        let sized = |config: BackboneConfig, size| {
            config.with_preprocessing(Some(Preprocessing::imagenet(size)))
        };
        let vgg: BackboneConfig = VggConfig::micro().into();
        let refused = sized(vgg.clone(), 1).validate().unwrap_err().to_string();
        assert!(
            refused.contains("input size") && refused.ends_with("found 1"),
            "{refused}"
        );
        sized(vgg, 112).validate().unwrap();
    }

    #[test]
    fn what_matters_to_training_alone_is_no_part_of_the_arithmetic() {
        let config = SwinConfig::micro();
        let of = |config: &SwinConfig| BackboneConfig::from(config.clone()).arithmetic();
        assert_eq!(of(&config.clone().with_drop_path(0.7)), of(&config));
        assert_eq!(of(&config.clone().with_classes(Some(3))), of(&config));
        assert_ne!(
            of(&config.clone().with_window(config.window + 1)),
            of(&config)
        );
    }

    #[test]
    fn the_maps_of_every_kind_have_the_side_that_its_config_says() {
        let device = Device::default();
        let sized = |config: BackboneConfig, size| {
            config.with_preprocessing(Some(Preprocessing::imagenet(size)))
        };
        for (config, size) in [
            (EfficientNetConfig::new(Variant::Tiny).into(), 112),
            (EfficientNetConfig::new(Variant::Tiny).into(), 90),
            (VggConfig::micro().into(), 112),
            (ResNetConfig::micro().into(), 112),
            (ResNetConfig::micro().into(), 70),
            (SwinConfig::micro().into(), 112),
            (SwinConfig::micro().into(), 72),
        ] {
            let config = sized(config, size);
            let images = Tensor::zeros([1, 3, size, size], &device);
            let [_, channels, height, width] = config.init(&device).forward_maps(images).dims();
            let expected = [config.map_channels(), config.map_side(), config.map_side()];
            assert_eq!(
                [channels, height, width],
                expected,
                "{} at {size}",
                config.kind()
            );
        }
    }

    #[test]
    fn every_kind_comes_back_from_its_text_and_unknown_keys_are_named() {
        for config in [
            BackboneConfig::from(EfficientNetConfig::new(Variant::B2).with_classes(Some(3))),
            VggConfig::vgg16().with_hidden(vec![4096, 4096]).into(),
            ResNetConfig::resnet50().into(),
            SwinConfig::tiny().into(),
        ] {
            config.validate().unwrap();
            let text = config.to_string();
            let again: BackboneConfig = crate::config::parse(&text).unwrap();
            assert_eq!(again.to_string(), text);
            assert_eq!(again.kind(), config.kind());
            let odd = text.replacen("\"classes\"", "\"colour\": 1, \"classes\"", 1);
            let error = crate::config::parse::<BackboneConfig>(&odd).unwrap_err();
            assert!(error.contains("colour"), "{error}");
        }
        let error = crate::config::parse::<BackboneConfig>("{}").unwrap_err();
        assert!(error.contains("missing field `variant`"), "{error}");
        let two = r#"{"Vgg": {"blocks": [[1]]}, "Swin": {}}"#;
        crate::config::parse::<BackboneConfig>(two).unwrap_err();
    }

    #[test]
    fn impossible_sizes_are_refused_by_name() {
        let refused = |config: BackboneConfig, expected: &str| {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        refused(VggConfig::new(Vec::new()).into(), "backbone.Vgg.blocks");
        refused(VggConfig::new(vec![vec![0]]).into(), "backbone.Vgg.blocks");
        refused(VggConfig::micro().with_grid(0).into(), "backbone.Vgg.grid");
        let hidden = VggConfig::micro().with_hidden(vec![usize::MAX]);
        refused(hidden.into(), "backbone.Vgg.hidden");
        refused(ResNetConfig::new(vec![]).into(), "backbone.ResNet.stages");
        let wide = ResNetConfig::resnet50().with_width(usize::MAX);
        refused(wide.into(), "backbone.ResNet.width");
        let heads = SwinConfig::new(8, vec![1, 1], vec![3, 4]);
        refused(heads.into(), "backbone.Swin.heads");
        let heads = SwinConfig::new(8, vec![1, 1], vec![2]);
        refused(heads.into(), "backbone.Swin.heads");
        refused(
            SwinConfig::tiny().with_window(0).into(),
            "backbone.Swin.window",
        );
        refused(
            SwinConfig::tiny().with_drop_path(1.0).into(),
            "backbone.Swin.drop_path",
        );
    }

    #[test]
    fn the_published_networks_have_the_published_numbers_of_parameters() {
        let count = |config: BackboneConfig| {
            let network = config.with_classes(Some(1000)).init(&Device::default());
            let slots = crate::weights::slots(&network).into_iter();
            let trained = slots.filter(|(name, _)| !name.contains("running_"));
            trained
                .map(|(_, shape)| shape.iter().product::<usize>())
                .sum::<usize>()
        };
        let vgg = VggConfig::vgg16().with_hidden(vec![4096, 4096]);
        assert_eq!(count(vgg.into()), 138_357_544);
        assert_eq!(count(ResNetConfig::resnet50().into()), 25_557_032);
        assert_eq!(count(SwinConfig::tiny().into()), 28_288_354);
        assert_eq!(count(SwinConfig::small().into()), 49_606_258);
        assert_eq!(count(SwinConfig::base().into()), 87_768_224);
    }
}
