//! The network: tokens of the image, stages of blocks, norm, mean, classifier.

use burn::config::Config;
use burn::module::{Module, ParamGroup};
use burn::nn::{Dropout, DropoutConfig, LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Tensor};

use super::block::SwinBlock;
use super::patch::{PatchEmbedding, PatchMerging, projection};
use crate::backbone::depth::groups;
use crate::data::image::Preprocessing;
use crate::range::{probability, setting, within, within_if_any};
use crate::{Error, Result};

/// Configuration of [`Swin`].
#[derive(Config, Debug)]
pub struct SwinConfig {
    /// Width of the first stage's tokens, a multiple of its heads; it doubles from stage to stage.
    pub width: usize,
    /// How many blocks each stage has, 1 to 8 stages of 1 to 64.
    pub stages: Vec<usize>,
    /// How many heads the attention of each stage has.
    pub heads: Vec<usize>,
    /// Side of a window in tokens, 1 to 32. Default: 7.
    #[config(default = 7)]
    pub window: usize,
    /// Side of the square of pixels that is a token, 1 to 32. Default: 4.
    #[config(default = 4)]
    pub patch: usize,
    /// Outputs of the classifier, at least 1. Default: no classifier.
    pub classes: Option<usize>,
    /// How images are resized and normalised, which must be as the weights were trained. Default:
    /// ImageNet's mean and deviation at 224 pixels.
    pub preprocessing: Option<Preprocessing>,
    /// Probability of drop path in the last block, in `[0, 1)`. It grows linearly over the blocks, from
    /// 0 in the first. Default: 0.2.
    #[config(default = 0.2)]
    pub drop_path: f64,
    /// Probability of dropout before the classifier, in `[0, 1)`. Default: 0.
    #[config(default = 0.0)]
    pub dropout: f64,
}

/// A Swin transformer of any size (Liu et al., arXiv 2103.14030).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::backbone::SwinConfig;
///
/// assert_eq!(SwinConfig::tiny().feature_width(), 768);
/// let config = SwinConfig::micro();
/// let images = Tensor::zeros([1, 3, 64, 64], &Device::default());
/// let maps = config.init(&Device::default()).forward_maps(images);
/// assert_eq!(maps.dims(), [1, config.feature_width(), 4, 4]);
/// ```
#[derive(Module, Debug)]
pub struct Swin {
    /// Image to tokens.
    pub patch_embed: PatchEmbedding,
    /// The stages.
    pub stages: Vec<SwinStage>,
    /// The last tokens' norm.
    pub norm: LayerNorm,
    /// Dropout before the classifier.
    pub dropout: Dropout,
    /// Feature to logits, if there is a classifier.
    pub classifier: Option<Linear>,
}

/// A stage: but for the first, half as many tokens a side of twice the width; then blocks.
#[derive(Module, Debug)]
pub struct SwinStage {
    /// What brings four tokens together.
    pub merging: Option<PatchMerging>,
    /// The blocks, every second of them with shifted windows.
    pub blocks: Vec<SwinBlock>,
}

impl SwinConfig {
    /// Swin-T: a feature of 768.
    pub fn tiny() -> Self {
        Self::new(96, vec![2, 2, 6, 2], vec![3, 6, 12, 24])
    }

    /// Swin-S: a feature of 768, 24 blocks.
    pub fn small() -> Self {
        Self::new(96, vec![2, 2, 18, 2], vec![3, 6, 12, 24])
    }

    /// Swin-B: a feature of 1024, 24 blocks.
    pub fn base() -> Self {
        Self::new(128, vec![2, 2, 18, 2], vec![4, 8, 16, 32])
    }

    /// A small one: three stages of two blocks in windows of 4, a feature of 64, for 112 pixels. Not a
    /// published network.
    pub fn micro() -> Self {
        Self::new(16, vec![2; 3], vec![1, 2, 4])
            .with_window(4)
            .with_drop_path(0.0)
            .with_preprocessing(Some(Preprocessing::imagenet(112)))
    }

    /// Width of the feature.
    pub fn feature_width(&self) -> usize {
        self.width << self.stages.len().saturating_sub(1)
    }

    /// How an image is resized and normalised for these weights.
    pub fn preprocessing(&self) -> Preprocessing {
        let usual = || Preprocessing::imagenet(224);
        self.preprocessing.clone().unwrap_or_else(usual)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        within("backbone.Swin.width", self.width, 1_024)?;
        within("backbone.Swin.stages", self.stages.len(), 8)?;
        for &blocks in &self.stages {
            within("backbone.Swin.stages", blocks, 64)?;
        }
        let stages = self.stages.len();
        let expected = format!("one number for each of {stages} stages");
        let count = self.heads.len();
        setting("backbone.Swin.heads", count == stages, &expected, count)?;
        for (stage, &heads) in self.heads.iter().enumerate() {
            let width = self.width << stage;
            if heads == 0 || !width.is_multiple_of(heads) {
                let expected = format!("a divisor of the width {width} of stage {stage}");
                return Err(Error::argument("backbone.Swin.heads", expected, heads));
            }
        }
        within("backbone.Swin.window", self.window, 32)?;
        within("backbone.Swin.patch", self.patch, 32)?;
        probability("backbone.Swin.drop_path", self.drop_path)?;
        probability("backbone.Swin.dropout", self.dropout)?;
        self.preprocessing().validate()?;
        within_if_any("backbone.Swin.classes", self.classes, 65_536)
    }

    /// Initialises the network: normal weights and tables of deviation 0.02, norms 1 and 0, biases 0.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> Swin {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let count: usize = self.stages.iter().sum();
        let mut index = 0;
        let stages = self.stages.iter().zip(&self.heads).enumerate();
        let stages = stages.map(|(stage, (&blocks, &heads))| {
            let width = self.width << stage;
            let blocks = (0..blocks).map(|block| {
                let drop_path = self.drop_path * index as f64 / (count - 1).max(1) as f64;
                index += 1;
                let shift = if block % 2 == 1 { self.window / 2 } else { 0 };
                SwinBlock::new([width, heads], [self.window, shift], drop_path, device)
            });
            SwinStage {
                blocks: blocks.collect(),
                merging: (stage > 0).then(|| PatchMerging::new(width / 2, device)),
            }
        });
        let width = self.feature_width();
        Swin {
            stages: stages.collect(),
            patch_embed: PatchEmbedding::new(self.patch, self.width, device),
            norm: LayerNormConfig::new(width).init(device),
            dropout: DropoutConfig::new(self.dropout).init(),
            classifier: self
                .classes
                .map(|classes| projection([width, classes], true, device)),
        }
    }
}

impl Swin {
    /// The last stage's tokens behind their norm, as a map.
    ///
    /// # Shapes
    /// - images: `[batch, 3, height, width]`, RGB, normalised as the weights ask for
    /// - output: `[batch, feature_width, height / 32, width / 32]` of four stages and tokens of 4 pixels
    ///
    /// # Panics
    /// If the images do not have 3 channels, or are smaller than a token.
    pub fn forward_maps(&self, images: Tensor<4>) -> Tensor<4> {
        self.tokens(images).permute([0, 3, 1, 2])
    }

    /// The mean of the last stage's tokens behind their norm.
    ///
    /// # Shapes
    /// - images: as [`forward_maps`](Self::forward_maps)
    /// - output: `[batch, feature_width]`
    ///
    /// # Panics
    /// As [`forward_maps`](Self::forward_maps).
    pub fn forward_features(&self, images: Tensor<4>) -> Tensor<2> {
        let mean = self.tokens(images).mean_dims(&[1, 2]);
        mean.flatten(1, 3)
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

    /// `[batch, height, width, feature_width]`
    fn tokens(&self, images: Tensor<4>) -> Tensor<4> {
        let given = images.dtype();
        let images = images.cast(self.patch_embed.proj.weight.val().dtype());
        let tokens = self.patch_embed.forward(images);
        let tokens = self.stages.iter().fold(tokens, |tokens, stage| {
            let tokens = match &stage.merging {
                Some(merging) => merging.forward(tokens),
                None => tokens,
            };
            let blocks = stage.blocks.iter();
            blocks.fold(tokens, |tokens, block| block.forward(tokens))
        });
        self.norm.forward(tokens).cast(given)
    }

    /// The parameters of the first tokens and of every block, in groups from the image on; as those of
    /// [`EfficientNet`](crate::backbone::EfficientNet::depth_groups). What merges tokens is of the
    /// block behind it, the last norm of the last one.
    pub fn depth_groups(&self, path: &str) -> Vec<ParamGroup> {
        let mut names = vec![vec!["patch_embed".to_string()]];
        for (stage, SwinStage { blocks, .. }) in self.stages.iter().enumerate() {
            for block in 0..blocks.len() {
                let mut group = vec![format!("stages.{stage}.blocks.{block}")];
                if block == 0 {
                    group.push(format!("stages.{stage}.merging"));
                }
                names.push(group);
            }
        }
        if let Some(last) = names.last_mut() {
            last.push("norm".to_string());
        }
        groups(path, names)
    }

    /// The same network, whose first tokens and first `stages` keep their weights; all stages if there
    /// are fewer.
    pub fn freeze_stages(mut self, stages: usize) -> Self {
        self.patch_embed = self.patch_embed.freeze();
        let all = self.stages.into_iter().enumerate();
        let all = all.map(|(stage, blocks)| match stage < stages {
            true => blocks.freeze(),
            false => blocks,
        });
        self.stages = all.collect();
        self
    }
}
