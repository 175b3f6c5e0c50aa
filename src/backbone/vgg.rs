//! VGG: blocks of 3x3 convolutions with a pool behind each, and fully connected layers.

use burn::config::Config;
use burn::module::{Module, ParamGroup};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{Dropout, DropoutConfig, Initializer, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::module::adaptive_avg_pool2d;
use burn::tensor::{Device, Tensor};

use super::depth::groups;
use crate::Result;
use crate::data::image::Preprocessing;
use crate::range::{probability, setting, within, within_if_any};

/// Configuration of [`Vgg`].
#[derive(Config, Debug)]
pub struct VggConfig {
    /// The channels of each convolution of each block, 1 to 8 blocks of 1 to 8 convolutions.
    pub blocks: Vec<Vec<usize>>,
    /// Side of the map that the fully connected layers read, 1 to 16; a map of another size is pooled to
    /// it. Default: 7, what 224 pixels are behind five pools.
    #[config(default = 7)]
    pub grid: usize,
    /// Widths of the fully connected layers before the classifier, at most 4. Default: none, the
    /// feature is the last map itself.
    #[config(default = "Vec::new()")]
    pub hidden: Vec<usize>,
    /// Outputs of the classifier, at least 1. Default: no classifier.
    pub classes: Option<usize>,
    /// How images are resized and normalised, which must be as the weights were trained. Default:
    /// ImageNet's mean and deviation, and as many pixels as the grid comes from.
    pub preprocessing: Option<Preprocessing>,
    /// Probability of dropout behind every hidden layer and before the classifier, in `[0, 1)`. Default: 0.5.
    #[config(default = 0.5)]
    pub dropout: f64,
}

/// A VGG of any size (Simonyan and Zisserman, arXiv 1409.1556), of the kind without batch norm.
///
/// ```text
/// image -> [3x3 convolution, ReLU] * n, 2x2 max pool -> ... -> map -> flattened, channel by channel
///       -> [linear, ReLU, dropout] * hidden -> feature -> classifier
/// ```
/// The feature is what the classifier reads: the last hidden layer's output, or the flattened map where
/// there is no hidden layer.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::backbone::VggConfig;
///
/// assert_eq!(VggConfig::vgg16().feature_width(), 25_088);
/// let config = VggConfig::micro();
/// let images = Tensor::zeros([1, 3, 112, 112], &Device::default());
/// let network = config.init(&Device::default());
/// assert_eq!(network.forward_maps(images.clone()).dims(), [1, 64, 3, 3]);
/// assert_eq!(network.forward_features(images).dims(), [1, config.feature_width()]);
/// ```
#[derive(Module, Debug)]
pub struct Vgg {
    /// The convolutions, block by block.
    pub blocks: Vec<Vec<Conv2d>>,
    /// The fully connected layers before the classifier.
    pub hidden: Vec<Linear>,
    /// Dropout behind the hidden layers and before the classifier.
    pub dropout: Dropout,
    /// Feature to logits, if there is a classifier.
    pub classifier: Option<Linear>,
    /// Side of the map that the fully connected layers read.
    #[module(skip)]
    pub grid: usize,
}

impl VggConfig {
    /// VGG-16's convolutions: 13 of them, for 224 pixels.
    pub fn vgg16() -> Self {
        let block = |channels, count| vec![channels; count];
        Self::new(vec![
            block(64, 2),
            block(128, 2),
            block(256, 3),
            block(512, 3),
            block(512, 3),
        ])
    }

    /// Small enough to train from scratch on two CPU cores: one convolution a block, for 112 pixels, a
    /// feature of 576. Not a published network.
    pub fn micro() -> Self {
        let blocks = [8, 16, 32, 64, 64].map(|channels| vec![channels]);
        Self::new(blocks.to_vec()).with_grid(3)
    }

    /// Width of the flattened map: 25088 for VGG-16.
    pub fn flattened_width(&self) -> usize {
        let last = self.blocks.last().and_then(|block| block.last());
        last.map_or(0, |channels| channels * self.grid * self.grid)
    }

    /// Width of the feature: of the last hidden layer, or of the flattened map.
    pub fn feature_width(&self) -> usize {
        self.hidden
            .last()
            .copied()
            .unwrap_or(self.flattened_width())
    }

    /// How an image is resized and normalised for these weights.
    pub fn preprocessing(&self) -> Preprocessing {
        // A grid of 3 is made of 96 to 127 pixels; the data's crops have 112.
        let size = match (self.grid, self.blocks.len()) {
            (3, 5) => 112,
            (grid, blocks) => grid << blocks,
        };
        let usual = || Preprocessing::imagenet(size);
        self.preprocessing.clone().unwrap_or_else(usual)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        within("backbone.Vgg.blocks", self.blocks.len(), 8)?;
        for block in &self.blocks {
            within("backbone.Vgg.blocks", block.len(), 8)?;
            for &channels in block {
                within("backbone.Vgg.blocks", channels, 4_096)?;
            }
        }
        within("backbone.Vgg.grid", self.grid, 16)?;
        let count = self.hidden.len();
        setting("backbone.Vgg.hidden", count <= 4, "at most 4 layers", count)?;
        for &width in &self.hidden {
            within("backbone.Vgg.hidden", width, 16_384)?;
        }
        probability("backbone.Vgg.dropout", self.dropout)?;
        self.preprocessing().validate()?;
        within_if_any("backbone.Vgg.classes", self.classes, 65_536)
    }

    /// Initialises the network as its authors' successors do: normal convolutions of variance
    /// `2 / fan_out`, normal linear layers of deviation 0.01, biases 0.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Vgg {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let mut input = 3;
        let mut convolution = |channels: &usize| {
            let layer = convolution([input, *channels], device);
            input = *channels;
            layer
        };
        let blocks = self.blocks.iter();
        let blocks = blocks
            .map(|block| block.iter().map(&mut convolution).collect())
            .collect();
        let mut width = self.flattened_width();
        let mut layer = |output: usize| {
            let layer = fully_connected([width, output], device);
            width = output;
            layer
        };
        Vgg {
            blocks,
            hidden: self.hidden.iter().map(|&width| layer(width)).collect(),
            dropout: DropoutConfig::new(self.dropout).init(),
            classifier: self.classes.map(layer),
            grid: self.grid,
        }
    }
}

fn convolution(channels: [usize; 2], device: &Device) -> Conv2d {
    let [_, output] = channels;
    Conv2d {
        bias: Some(Initializer::Zeros.init([output], device)),
        ..Conv2dConfig::new(channels, [3, 3])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_bias(false)
            .with_initializer(Initializer::KaimingNormal {
                gain: std::f64::consts::SQRT_2,
                fan_out_only: true,
            })
            .init(device)
    }
}

/// A fully connected layer as VGG's begin: weights N(0, 0.01), biases 0.
pub(crate) fn fully_connected([input, output]: [usize; 2], device: &Device) -> Linear {
    Linear {
        bias: Some(Initializer::Zeros.init([output], device)),
        ..LinearConfig::new(input, output)
            .with_bias(false)
            .with_initializer(Initializer::Normal {
                mean: 0.0,
                std: 0.01,
            })
            .init(device)
    }
}

impl Vgg {
    /// The last map.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, RGB, normalised as the weights ask for
    /// - output: `[batch, channels, height / 32, width / 32]` of five blocks, the sizes rounded down
    ///
    /// # Panics
    /// If the images do not have 3 channels, or are too small for the pools.
    pub fn forward_maps(&self, images: Tensor<4>) -> Tensor<4> {
        let pool = MaxPool2dConfig::new([2, 2]).init();
        let given = images.dtype();
        let maps = images.cast(self.blocks[0][0].weight.val().dtype());
        let maps = self.blocks.iter().fold(maps, |maps, block| {
            let convolved = block
                .iter()
                .fold(maps, |maps, layer| relu(layer.forward(maps)));
            pool.forward(convolved)
        });
        maps.cast(given)
    }

    /// What the classifier reads of each image.
    ///
    /// # Shapes
    /// - images: as [`forward_maps`](Self::forward_maps)
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// As [`forward_maps`](Self::forward_maps).
    pub fn forward_features(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward_fc(self.forward_maps(images))
    }

    /// From the last map through the hidden layers, if there are any.
    ///
    /// # Shapes
    /// - maps: `[batch, channels, height, width]`; pooled to the grid's size if they have another
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// If the maps have other channels than the network's.
    pub fn forward_fc(&self, maps: Tensor<4>) -> Tensor<2> {
        let given = maps.dtype();
        let [_, _, height, width] = maps.dims();
        let maps = match [height, width] == [self.grid; 2] {
            true => maps,
            false => adaptive_avg_pool2d(maps, [self.grid; 2]),
        };
        let dtype = self.blocks[0][0].weight.val().dtype();
        let flat: Tensor<2> = maps.flatten(1, 3).cast(dtype);
        connected(&self.hidden, &self.dropout, flat).cast(given)
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

    /// The parameters of each convolution, and then of the hidden layers, in groups from the image on;
    /// as those of [`EfficientNet`](super::EfficientNet::depth_groups).
    pub fn depth_groups(&self, path: &str) -> Vec<ParamGroup> {
        let layer = |block: usize| move |layer| vec![format!("blocks.{block}.{layer}")];
        let blocks = self.blocks.iter().enumerate();
        let mut names: Vec<_> = blocks
            .flat_map(|(block, layers)| (0..layers.len()).map(layer(block)))
            .collect();
        names.extend((0..self.hidden.len()).map(|layer| vec![format!("hidden.{layer}")]));
        groups(path, names)
    }

    /// The same network, whose first `stages` of blocks keep their weights; all of them if there are fewer.
    pub fn freeze_stages(mut self, stages: usize) -> Self {
        let blocks = self.blocks.into_iter().enumerate();
        let blocks = blocks.map(|(stage, block)| match stage < stages {
            true => block.freeze(),
            false => block,
        });
        self.blocks = blocks.collect();
        self
    }
}

/// `features` through layers, each followed by ReLU, with dropout between one and the next.
pub(crate) fn connected(layers: &[Linear], dropout: &Dropout, features: Tensor<2>) -> Tensor<2> {
    let through = |(index, layer): (usize, &Linear), features| {
        let features = match index {
            0 => features,
            _ => dropout.forward(features),
        };
        relu(layer.forward(features))
    };
    let layers = layers.iter().enumerate();
    layers.fold(features, |features, layer| through(layer, features))
}
