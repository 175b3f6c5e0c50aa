//! The network: stem, stages of bottlenecks, mean, classifier.

use burn::config::Config;
use burn::module::{Module, ParamGroup};
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{BatchNorm, Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::bottleneck::{Bottleneck, EXPANSION};
use crate::Result;
use crate::backbone::conv::{Layers, normalised};
use crate::backbone::depth::groups;
use crate::backbone::efficientnet::Flavour;
use crate::data::image::Preprocessing;
use crate::range::{probability, within, within_if_any};

/// Configuration of [`ResNet`].
#[derive(Config, Debug)]
pub struct ResNetConfig {
    /// How many bottlenecks each stage has, 1 to 8 stages of 1 to 64.
    pub stages: Vec<usize>,
    /// Channels of the stem, and inside the first stage's blocks; they double from stage to stage.
    /// Default: 64.
    #[config(default = 64)]
    pub width: usize,
    /// Outputs of the classifier, at least 1. Default: no classifier.
    pub classes: Option<usize>,
    /// How images are resized and normalised, which must be as the weights were trained. Default:
    /// ImageNet's mean and deviation at 224 pixels.
    pub preprocessing: Option<Preprocessing>,
    /// Probability of dropout before the classifier, in `[0, 1)`. Default: 0.
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Share of a new batch in the running statistics of batch norm, in `[0, 1)`. Default: 0.1.
    #[config(default = 0.1)]
    pub momentum: f64,
}

/// A ResNet of bottlenecks (He et al., arXiv 1512.03385).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::backbone::ResNetConfig;
///
/// assert_eq!(ResNetConfig::resnet50().feature_width(), 2048);
/// let config = ResNetConfig::micro();
/// let images = Tensor::zeros([1, 3, 64, 64], &Device::default());
/// let maps = config.init(&Device::default()).forward_maps(images);
/// assert_eq!(maps.dims(), [1, config.feature_width(), 2, 2]);
/// ```
#[derive(Module, Debug)]
pub struct ResNet {
    /// 7x7 convolution of stride 2 on the image.
    pub conv1: Conv2d,
    /// Its norm, before ReLU and a 3x3 max pool of stride 2.
    pub bn1: BatchNorm,
    /// The bottlenecks, stage by stage.
    pub stages: Vec<Vec<Bottleneck>>,
    /// Dropout before the classifier.
    pub dropout: Dropout,
    /// Feature to logits, if there is a classifier.
    pub classifier: Option<Linear>,
}

impl ResNetConfig {
    /// ResNet-50: stages of 3, 4, 6 and 3 blocks, a feature of 2048.
    pub fn resnet50() -> Self {
        Self::new(vec![3, 4, 6, 3])
    }

    /// A small one: four stages of one block, 8 channels in the stem, a feature of 256, for 112
    /// pixels. Not a published network.
    pub fn micro() -> Self {
        Self::new(vec![1; 4])
            .with_width(8)
            .with_preprocessing(Some(Preprocessing::imagenet(112)))
    }

    /// Width of the feature: 2048 for ResNet-50.
    pub fn feature_width(&self) -> usize {
        EXPANSION * (self.width << self.stages.len().saturating_sub(1))
    }

    /// How an image is resized and normalised for these weights.
    pub fn preprocessing(&self) -> Preprocessing {
        let usual = || Preprocessing::imagenet(224);
        self.preprocessing.clone().unwrap_or_else(usual)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        within("backbone.ResNet.stages", self.stages.len(), 8)?;
        for &blocks in &self.stages {
            within("backbone.ResNet.stages", blocks, 64)?;
        }
        within("backbone.ResNet.width", self.width, 512)?;
        probability("backbone.ResNet.dropout", self.dropout)?;
        probability("backbone.ResNet.momentum", self.momentum)?;
        self.preprocessing().validate()?;
        within_if_any("backbone.ResNet.classes", self.classes, 65_536)
    }

    /// Initialises the network as torchvision does: normal convolutions of variance `2 / fan_out`,
    /// norms 1 and 0, a uniform classifier.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> ResNet {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let layers = Layers {
            flavour: Flavour::Plain,
            momentum: self.momentum,
            device,
        };
        let mut input = self.width;
        let stages = self.stages.iter().enumerate().map(|(stage, &blocks)| {
            let width = self.width << stage;
            let blocks = (0..blocks).map(|block| {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let block = Bottleneck::new(input, width, stride, &layers);
                input = EXPANSION * width;
                block
            });
            blocks.collect()
        });
        ResNet {
            stages: stages.collect(),
            conv1: layers.conv([3, self.width], 7, 2),
            bn1: layers.norm(self.width),
            dropout: DropoutConfig::new(self.dropout).init(),
            classifier: self
                .classes
                .map(|classes| LinearConfig::new(self.feature_width(), classes).init(device)),
        }
    }
}

impl ResNet {
    /// The last stage's map.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, RGB, normalised as the weights ask for
    /// - output: `[batch, feature_width, height / 32, width / 32]` of four stages, the sizes rounded up
    ///
    /// # Panics
    /// If the images do not have 3 channels.
    pub fn forward_maps(&self, images: Tensor<4>) -> Tensor<4> {
        let given = images.dtype();
        let images = images.cast(self.conv1.weight.val().dtype());
        let stem = relu(normalised(&self.conv1, &self.bn1, images));
        let pool = MaxPool2dConfig::new([3, 3])
            .with_strides([2, 2])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
        let blocks = self.stages.iter().flatten();
        let maps = blocks.fold(pool.init().forward(stem), |maps, block| block.forward(maps));
        maps.cast(given)
    }

    /// The mean of the last stage's map.
    ///
    /// # Shapes
    /// - images: as [`forward_maps`](Self::forward_maps)
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the images do not have 3 channels.
    pub fn forward_features(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward_maps(images).mean_dims(&[2, 3]).flatten(1, 3)
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
        let classifier = self.classifier.as_ref();
        let classifier = classifier.expect("forward_head needs a network made with `classes`");
        let given = features.dtype();
        let features = features.cast(classifier.weight.val().dtype());
        let logits = classifier.forward(self.dropout.forward(features));
        logits.cast(given)
    }

    /// The parameters of the stem and of every block, in groups from the image on; as those of
    /// [`EfficientNet`](crate::backbone::EfficientNet::depth_groups).
    pub fn depth_groups(&self, path: &str) -> Vec<ParamGroup> {
        let mut names = vec![vec!["conv1".to_string(), "bn1".to_string()]];
        for (stage, blocks) in self.stages.iter().enumerate() {
            let name = |block| vec![format!("stages.{stage}.{block}")];
            names.extend((0..blocks.len()).map(name));
        }
        groups(path, names)
    }

    /// The same network, whose stem and first `stages` keep their weights and the statistics of their
    /// norms; all stages if there are fewer.
    pub fn freeze_stages(mut self, stages: usize) -> Self {
        self.conv1 = self.conv1.freeze();
        self.bn1 = self.bn1.freeze();
        let all = self.stages.into_iter().enumerate();
        let all = all.map(|(stage, blocks)| match stage < stages {
            true => blocks.freeze(),
            false => blocks,
        });
        self.stages = all.collect();
        self
    }
}
