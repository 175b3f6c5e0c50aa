//! The network: stem, stages of blocks, head, classifier.

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Dropout, DropoutConfig, Initializer, Linear, LinearConfig};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Tensor};

use super::mbconv::{MbConv, MbConvConfig};
use super::stage::{Flavour, StageTable, Variant};
use crate::backbone::conv::{Layers, normalised};
use crate::cpu;
use crate::data::image::Preprocessing;

/// Configuration of [`EfficientNet`].
#[derive(Config, Debug)]
pub struct EfficientNetConfig {
    /// The member of the family.
    pub variant: Variant,
    /// Padding and epsilon; must be that of the weights. Default: TensorFlow's, which is what
    /// HSEmotion's checkpoints have.
    #[config(default = "Flavour::Tensorflow")]
    pub flavour: Flavour,
    /// Outputs of the classifier, at least 1. Default: no classifier.
    pub classes: Option<usize>,
    /// How images are resized and normalised, which must be as the weights were trained. Default:
    /// ImageNet's mean and deviation, at the size that the variant's published weights were trained on.
    pub preprocessing: Option<Preprocessing>,
    /// Probability of drop path in the last block, in `[0, 1)`. It grows linearly over the blocks,
    /// from 0 in the first. Default: 0.2.
    #[config(default = 0.2)]
    pub drop_path: f64,
    /// Probability of dropout before the classifier, in `[0, 1)`. Default: 0.2, with which B0 and
    /// B1 were trained; B2 and B3: 0.3, B4: 0.4.
    #[config(default = 0.2)]
    pub dropout: f64,
    /// Share of a new batch in the running statistics of batch norm, in `[0, 1]`. Default: 0.1 for
    /// [`Variant::Tiny`], whose training from scratch is too short for less; otherwise the
    /// flavour's, 0.01 (TensorFlow) or 0.1 (plain).
    pub momentum: Option<f64>,
    /// Factor on the variant's width, above 0. Default: 1.
    #[config(default = 1.0)]
    pub width: f64,
    /// Factor on the variant's depth, above 0. Default: 1.
    #[config(default = 1.0)]
    pub depth: f64,
}

/// An EfficientNet of any size (Tan and Le, arXiv 1905.11946), with timm's field names.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::backbone::{EfficientNetConfig, Variant};
///
/// let device = Device::default();
/// let config = EfficientNetConfig::new(Variant::Tiny);
/// let size = config.input_size();
/// let images = Tensor::zeros([1, 3, size, size], &device);
/// let features = config.init(&device).forward_features(images);
/// assert_eq!(features.dims(), [1, config.feature_width()]);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct EfficientNet {
    /// 3x3 convolution of stride 2 on the image.
    pub conv_stem: Conv2d,
    /// Its norm, before SiLU.
    pub bn1: BatchNorm,
    /// The blocks, stage by stage.
    pub blocks: Vec<Vec<MbConv>>,
    /// 1x1 convolution to the feature's width.
    pub conv_head: Conv2d,
    /// Its norm, before SiLU.
    pub bn2: BatchNorm,
    /// Dropout before the classifier.
    pub dropout: Dropout,
    /// Feature to logits, if there is a classifier.
    pub classifier: Option<Linear>,
    /// The weights as the CPU engine has prepared them, kept between calls.
    #[module(skip)]
    cache: cpu::Cache,
}

impl EfficientNetConfig {
    /// Width of the feature: 1280 for B0.
    ///
    /// # Panics
    /// If `width` or `depth` is outside its range.
    pub fn feature_width(&self) -> usize {
        self.table().head
    }

    /// Side of the square image, in pixels, that the weights were trained on: 224 for published ones
    /// of B0. The network takes any size.
    pub fn input_size(&self) -> usize {
        self.preprocessing().size
    }

    /// How an image is resized and normalised for these weights.
    pub fn preprocessing(&self) -> Preprocessing {
        let published = || Preprocessing::imagenet(self.variant.input_size(self.flavour));
        self.preprocessing.clone().unwrap_or_else(published)
    }

    /// The config as JSON without `preprocessing`, for the fingerprints of feature caches. They cover
    /// the preprocessing on its own, and caches that were written before the config had this field
    /// stay valid.
    pub fn network(&self) -> String {
        let text = self.clone().with_preprocessing(None).to_string();
        text.replace("\n  \"preprocessing\": null,", "")
    }

    /// Initialises the network as timm does for training from scratch: normal convolutions of
    /// variance `2 / fan_out`, norms 1 and 0, a uniform classifier, biases 0.
    ///
    /// # Panics
    /// If a field is outside its range.
    pub fn init(&self, device: &Device) -> EfficientNet {
        let table = self.table();
        let layers = Layers {
            flavour: self.flavour,
            momentum: self.momentum(),
            device,
        };
        let mut width = table.stem;
        let count: usize = table.stages.iter().map(|stage| stage.repeats).sum();
        let mut index = 0;
        let blocks = table
            .stages
            .iter()
            .map(|stage| {
                (0..stage.repeats)
                    .map(|repeat| {
                        let stride = if repeat == 0 { stage.stride } else { 1 };
                        let channels = [width, stage.channels];
                        let block =
                            MbConvConfig::new(channels, stage.kernel, stride, stage.expansion)
                                .with_drop_path(self.drop_path * index as f64 / count as f64)
                                .with_flavour(self.flavour)
                                .with_momentum(layers.momentum)
                                .init(device);
                        width = stage.channels;
                        index += 1;
                        block
                    })
                    .collect()
            })
            .collect();
        EfficientNet {
            conv_stem: layers.conv([3, table.stem], 3, 2),
            bn1: layers.norm(table.stem),
            blocks,
            conv_head: layers.conv([width, table.head], 1, 1),
            bn2: layers.norm(table.head),
            dropout: DropoutConfig::new(self.dropout).init(),
            classifier: self
                .classes
                .map(|classes| classifier(table.head, classes, device)),
            cache: cpu::Cache::default(),
        }
    }

    fn table(&self) -> StageTable {
        self.variant.table(self.width, self.depth)
    }

    fn momentum(&self) -> f64 {
        self.momentum.unwrap_or(match self.variant {
            Variant::Tiny => 0.1,
            _ => self.flavour.momentum(),
        })
    }
}

/// Weights uniform within `1 / sqrt(classes)`, bias 0.
fn classifier(width: usize, classes: usize, device: &Device) -> Linear {
    assert!(classes > 0, "a classifier needs at least one class");
    let bound = 1.0 / (classes as f64).sqrt();
    Linear {
        bias: Some(Initializer::Zeros.init([classes], device)),
        ..LinearConfig::new(width, classes)
            .with_bias(false)
            .with_initializer(Initializer::Uniform {
                min: -bound,
                max: bound,
            })
            .init(device)
    }
}

impl ModuleDisplay for EfficientNet {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [width, ..] = self.conv_head.weight.shape().dims::<4>();
        content
            .add("feature_width", &width)
            .add("conv_stem", &self.conv_stem)
            .add("bn1", &self.bn1)
            .add("blocks", &self.blocks)
            .add("conv_head", &self.conv_head)
            .add("bn2", &self.bn2)
            .add("dropout", &self.dropout)
            .add("classifier", &self.classifier)
            .optional()
    }
}

impl EfficientNet {
    /// The pooled feature of each image.
    ///
    /// On burn's CPU backend the network runs fused, in training and in inference.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, RGB, normalised with the mean and deviation that the
    ///   weights were trained with
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the images do not have 3 channels.
    pub fn forward_features(&self, images: Tensor<4>) -> Tensor<2> {
        let view = self.view();
        let fused = cpu::features(&self.cache, &view, &images)
            .or_else(|| cpu::features_training(&view, &images));
        if let Some(features) = fused {
            return features;
        }
        // In half precision the weights have fewer bits than the images.
        let given = images.dtype();
        let images = images.cast(self.conv_stem.weight.val().dtype());
        let maps = self.maps(images);
        maps.mean_dims(&[2, 3]).flatten(1, 3).cast(given)
    }

    /// The feature before pooling.
    ///
    /// By burn's operations one by one, on every device. On burn's CPU backend that is slower than
    /// [`forward_features`](Self::forward_features), which runs fused: there the last layer goes
    /// straight into the mean, and no map is left in burn's layout to hand out.
    ///
    /// # Shapes
    /// - images: as [`forward_features`](Self::forward_features)
    /// - output: `[batch, feature_width, height / 32, width / 32]`, the sizes rounded up
    ///
    /// # Panics
    /// If the images do not have 3 channels.
    pub fn forward_maps(&self, images: Tensor<4>) -> Tensor<4> {
        let given = images.dtype();
        let images = images.cast(self.conv_stem.weight.val().dtype());
        self.maps(images).cast(given)
    }

    /// The feature before pooling, of images of the weights' precision.
    fn maps(&self, images: Tensor<4>) -> Tensor<4> {
        let maps = self
            .blocks
            .iter()
            .flatten()
            .fold(self.forward_stem(images), |maps, block| block.forward(maps));
        silu(normalised(&self.conv_head, &self.bn2, maps))
    }

    /// The output of every stage, shallowest first.
    ///
    /// By burn's operations one by one, on every device. On burn's CPU backend that is slower than
    /// [`forward_features`](Self::forward_features), which runs fused: there the maps between the
    /// blocks have a layout of their own, sixteen channels of a pixel side by side, and only the
    /// pooled feature is handed out.
    ///
    /// # Shapes
    /// - images: as [`forward_features`](Self::forward_features)
    /// - each output: `[batch, channels, height, width]` of its stage
    ///
    /// # Panics
    /// If the images do not have 3 channels.
    pub fn forward_stages(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut maps = self.forward_stem(images);
        self.blocks
            .iter()
            .map(|stage| {
                maps = stage
                    .iter()
                    .fold(maps.clone(), |maps, block| block.forward(maps));
                maps.clone()
            })
            .collect()
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
        let classifier = self
            .classifier
            .as_ref()
            .expect("forward_head needs a network made with `classes`");
        let given = features.dtype();
        let features = features.cast(classifier.weight.val().dtype());
        classifier
            .forward(self.dropout.forward(features))
            .cast(given)
    }

    /// From images to the classifier's logits.
    ///
    /// # Shapes
    /// - images: as [`forward_features`](Self::forward_features)
    /// - output: `[batch, classes]`
    ///
    /// # Panics
    /// If the network has no classifier, or the images do not have 3 channels.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward_head(self.forward_features(images))
    }

    /// How long each layer takes on one core for one image of a height and a width, when the network
    /// runs fused; `None` where it does not. For the layer bench.
    #[doc(hidden)]
    pub fn profile(&self, size: [usize; 2], runs: usize) -> Option<cpu::profile::Profile> {
        cpu::profile(&self.view(), size, runs)
    }

    fn forward_stem(&self, images: Tensor<4>) -> Tensor<4> {
        silu(normalised(&self.conv_stem, &self.bn1, images))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::loss::CrossEntropyLossConfig;
    use burn::optim::{GradientsParams, SgdConfig};
    use burn::tensor::{Distribution, Int, Tolerance};

    fn images(shape: [usize; 4], device: &Device) -> Tensor<4> {
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
    }

    /// Caches from before there was a field for it hold this text's digest.
    #[test]
    fn the_text_for_fingerprints_is_without_the_preprocessing() {
        let config = EfficientNetConfig::new(Variant::B0);
        let other = config
            .clone()
            .with_preprocessing(Some(Preprocessing::imagenet(96)));
        assert_eq!(other.network(), config.network());
        let lines: Vec<_> = config.network().lines().map(str::to_string).collect();
        let expected = [
            "{",
            "  \"variant\": \"B0\",",
            "  \"classes\": null,",
            "  \"momentum\": null,",
            "  \"flavour\": \"Tensorflow\",",
            "  \"drop_path\": 0.2,",
            "  \"dropout\": 0.2,",
            "  \"width\": 1.0,",
            "  \"depth\": 1.0",
            "}",
        ];
        assert_eq!(lines, expected);
    }

    /// The counts that timm 1.0.31 gives for `tf_efficientnet_b*` with `num_classes=0`.
    #[test]
    fn parameter_counts_are_those_of_timm() {
        let device = Device::default();
        for (variant, parameters, width) in [
            (Variant::B0, 4_007_548, 1280),
            (Variant::B1, 6_513_184, 1280),
            (Variant::B2, 7_700_994, 1408),
            (Variant::B3, 10_696_232, 1536),
            (Variant::B4, 17_548_616, 1792),
        ] {
            let config = EfficientNetConfig::new(variant);
            assert_eq!(config.feature_width(), width);
            // The running statistics are not parameters, but burn counts them.
            let statistics: usize = norms(&config.init(&device));
            assert_eq!(
                config.init(&device).num_params() - statistics,
                parameters,
                "{variant:?}"
            );
        }
    }

    /// Two running statistics per channel of every norm.
    fn norms(network: &EfficientNet) -> usize {
        let own = [&network.bn1, &network.bn2];
        let blocks = network
            .blocks
            .iter()
            .flatten()
            .flat_map(|block| match block {
                MbConv::DepthwiseSeparable(block) => vec![&block.bn1, &block.bn2],
                MbConv::InvertedResidual(block) => vec![&block.bn1, &block.bn2, &block.bn3],
            });
        own.into_iter()
            .chain(blocks)
            .map(|norm| 2 * norm.gamma.shape().num_elements())
            .sum()
    }

    #[test]
    fn what_a_config_leaves_open_follows_from_the_variant() {
        let b2 = EfficientNetConfig::new(Variant::B2);
        assert_eq!((b2.input_size(), b2.feature_width()), (260, 1408));
        assert_eq!((b2.momentum(), b2.classes), (0.01, None));
        let plain = b2.with_flavour(Flavour::Plain);
        assert_eq!((plain.input_size(), plain.momentum()), (256, 0.1));
        let tiny = EfficientNetConfig::new(Variant::Tiny);
        assert_eq!((tiny.input_size(), tiny.momentum()), (112, 0.1));
        assert_eq!(tiny.with_momentum(Some(0.3)).momentum(), 0.3);
    }

    #[test]
    fn drop_path_grows_linearly_over_the_blocks() {
        let network = EfficientNetConfig::new(Variant::B0).init(&Device::default());
        let rates: Vec<f64> = network
            .blocks
            .iter()
            .flatten()
            .map(|block| match block {
                MbConv::DepthwiseSeparable(block) => block.drop_path.prob,
                MbConv::InvertedResidual(block) => block.drop_path.prob,
            })
            .collect();
        assert_eq!(rates.len(), 16);
        for (index, rate) in rates.into_iter().enumerate() {
            assert!((rate - 0.2 * index as f64 / 16.0).abs() < 1e-12);
        }
    }

    #[test]
    fn an_image_alone_has_the_feature_it_has_in_a_batch() {
        let device = Device::default();
        device.seed(1);
        let network = EfficientNetConfig::new(Variant::Tiny).init(&device);
        let batch = images([3, 3, 40, 33], &device);
        let together = network.forward_features(batch.clone());
        let alone = network.forward_features(batch.slice(1..2));
        alone.into_data().assert_approx_eq::<f32>(
            &together.slice(1..2).into_data(),
            Tolerance::rel_abs(1e-5, 1e-6),
        );
    }

    #[test]
    fn any_image_size_is_taken_in_both_flavours() {
        let device = Device::default();
        for flavour in [Flavour::Tensorflow, Flavour::Plain] {
            let config = EfficientNetConfig::new(Variant::B0)
                .with_flavour(flavour)
                .with_width(0.1)
                .with_depth(0.1);
            let network = config.init(&device);
            for (size, reduced) in [([1, 1], [1, 1]), ([31, 33], [1, 2]), ([64, 65], [2, 3])] {
                let maps = network.forward_maps(images([1, 3, size[0], size[1]], &device));
                assert_eq!(
                    maps.dims(),
                    [1, config.feature_width(), reduced[0], reduced[1]]
                );
            }
        }
    }

    #[test]
    fn the_last_stage_leads_to_the_feature() {
        let device = Device::default();
        device.seed(2);
        let network = EfficientNetConfig::new(Variant::Tiny)
            .with_classes(Some(5))
            .init(&device);
        let images = images([2, 3, 32, 32], &device);
        let stages = network.forward_stages(images.clone());
        assert_eq!(stages.len(), network.blocks.len());
        let last = stages.into_iter().last().unwrap();
        let maps = silu(normalised(&network.conv_head, &network.bn2, last));
        maps.into_data()
            .assert_eq(&network.forward_maps(images.clone()).into_data(), true);
        assert_eq!(network.forward(images).dims(), [2, 5]);
    }

    #[test]
    fn tiny_learns_a_handful_of_images() {
        let device = Device::default().autodiff();
        device.seed(4);
        let mut network = EfficientNetConfig::new(Variant::Tiny)
            .with_classes(Some(2))
            .with_drop_path(0.0)
            .with_dropout(0.0)
            .init(&device);
        let batch = images([8, 3, 32, 32], &device);
        let targets = Tensor::<1, Int>::from_ints([0, 1, 0, 0, 1, 1, 0, 1], &device);
        let loss = CrossEntropyLossConfig::new().init(&device);
        let mut optimizer = SgdConfig::new().init();
        let mut losses = Vec::new();
        for _ in 0..20 {
            let value = loss.forward(network.forward(batch.clone()), targets.clone());
            let gradients = GradientsParams::from_grads(value.backward(), &network);
            losses.push(value.into_scalar::<f32>());
            network = optimizer.step(0.05, network, gradients);
        }
        assert!(losses[19] < 0.2 * losses[0], "{losses:?}");
    }

    #[test]
    #[should_panic(expected = "`classes`")]
    fn logits_without_a_classifier_are_refused() {
        let device = Device::default();
        let config = EfficientNetConfig::new(Variant::Tiny);
        let features = Tensor::zeros([1, config.feature_width()], &device);
        config.init(&device).forward_head(features);
    }
}
