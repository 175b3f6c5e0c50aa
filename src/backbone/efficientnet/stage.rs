//! The stage table that every member of the family is scaled from.
//!
//! # Example
//! ```
//! use countenance::backbone::{Flavour, Variant};
//!
//! // B4 is B0 with 1.4 times the channels, rounded to eights.
//! let (b0, b4) = (Variant::B0.table(1.0, 1.0), Variant::B4.table(1.0, 1.0));
//! assert_eq!((b0.stem, b0.head), (32, 1280));
//! assert_eq!((b4.stem, b4.head), (48, 1792));
//! assert_eq!(Variant::B4.input_size(Flavour::Plain), 320);
//! ```

use burn::config::Config;
use burn::nn::PaddingConfig2d;

/// A member of the EfficientNet family.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Small enough to train from scratch on two CPU cores: 4.7 million multiply-adds on a 112x112
    /// image, a feature of 192. Not a published network.
    Tiny,
    /// Width 1.0, depth 1.0.
    B0,
    /// Width 1.0, depth 1.1.
    B1,
    /// Width 1.1, depth 1.2.
    B2,
    /// Width 1.2, depth 1.4.
    B3,
    /// Width 1.4, depth 1.8.
    B4,
}

/// Which of the two published conventions for padding and batch norm a network follows.
///
/// It must be the one that the weights were trained with: weights of one flavour load into a network
/// of the other, which then gives wrong numbers.
#[derive(Config, Debug, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// As the original TensorFlow program (timm: `tf_efficientnet_*`): an output of
    /// `ceil(size / stride)`; if the padding is odd, the extra pixel goes to the right and to the
    /// bottom. Epsilon 1e-3.
    Tensorflow,
    /// PyTorch's own conventions (timm: `efficientnet_*`): the same padding on both sides,
    /// epsilon 1e-5.
    Plain,
}

impl Flavour {
    /// The padding of a convolution with an odd kernel.
    pub(in crate::backbone) fn padding(self, kernel: usize) -> PaddingConfig2d {
        let pad = kernel / 2;
        match self {
            _ if kernel == 1 => PaddingConfig2d::Valid,
            Self::Tensorflow => PaddingConfig2d::Same,
            Self::Plain => PaddingConfig2d::Explicit(pad, pad, pad, pad),
        }
    }

    /// What batch norm adds to the variance.
    pub const fn epsilon(self) -> f64 {
        match self {
            Self::Tensorflow => 1e-3,
            Self::Plain => 1e-5,
        }
    }

    /// The share of a new batch in batch norm's running statistics, as timm sets it.
    pub const fn momentum(self) -> f64 {
        match self {
            Self::Tensorflow => 0.01,
            Self::Plain => 0.1,
        }
    }
}

/// One row of the stage table: a run of equal blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Side of the depthwise kernel, in pixels.
    pub kernel: usize,
    /// Stride of the first block; the others have 1.
    pub stride: usize,
    /// How many times wider than its input a block is inside; 1 is a block without expansion.
    pub expansion: usize,
    /// Channels that every block of the stage puts out.
    pub channels: usize,
    /// Number of blocks.
    pub repeats: usize,
}

/// The sizes of a whole network: stem, stages, head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageTable {
    /// Channels of the stem, a 3x3 convolution of stride 2.
    pub stem: usize,
    /// The stages in order.
    pub stages: Vec<Stage>,
    /// Channels of the 1x1 convolution before the pooling: the width of the feature.
    pub head: usize,
}

impl Variant {
    /// The variant's own width and depth factors.
    pub const fn factors(self) -> (f64, f64) {
        match self {
            Self::Tiny | Self::B0 => (1.0, 1.0),
            Self::B1 => (1.0, 1.1),
            Self::B2 => (1.1, 1.2),
            Self::B3 => (1.2, 1.4),
            Self::B4 => (1.4, 1.8),
        }
    }

    /// The variant's table, its width and depth scaled further by `width` and `depth`.
    ///
    /// # Panics
    /// Unless both factors are finite and above 0.
    pub fn table(self, width: f64, depth: f64) -> StageTable {
        for (name, factor) in [("width", width), ("depth", depth)] {
            assert!(
                factor.is_finite() && factor > 0.0,
                "the {name} factor must be finite and above 0, but is {factor}"
            );
        }
        let (own_width, own_depth) = self.factors();
        let (width, depth) = (own_width * width, own_depth * depth);
        let base = self.base();
        StageTable {
            stem: scale_channels(base.stem, width),
            stages: base
                .stages
                .into_iter()
                .map(|stage| Stage {
                    channels: scale_channels(stage.channels, width),
                    repeats: scale_repeats(stage.repeats, depth),
                    ..stage
                })
                .collect(),
            head: scale_channels(base.head, width),
        }
    }

    /// The unscaled table.
    fn base(self) -> StageTable {
        let row = |kernel, stride, expansion, channels, repeats| Stage {
            kernel,
            stride,
            expansion,
            channels,
            repeats,
        };
        match self {
            // Every early stage halves the map, because the layers on large maps are what a CPU
            // spends its time on.
            Self::Tiny => StageTable {
                stem: 8,
                stages: vec![
                    row(3, 2, 1, 16, 1),
                    row(3, 2, 2, 24, 1),
                    row(3, 2, 3, 48, 2),
                    row(3, 1, 3, 96, 1),
                ],
                head: 192,
            },
            _ => StageTable {
                stem: 32,
                stages: vec![
                    row(3, 1, 1, 16, 1),
                    row(3, 2, 6, 24, 2),
                    row(5, 2, 6, 40, 2),
                    row(3, 2, 6, 80, 3),
                    row(5, 1, 6, 112, 3),
                    row(5, 2, 6, 192, 4),
                    row(3, 1, 6, 320, 1),
                ],
                head: 1280,
            },
        }
    }

    /// Side of the square image, in pixels, that published weights of this variant were trained on.
    pub const fn input_size(self, flavour: Flavour) -> usize {
        match (self, flavour) {
            (Self::Tiny, _) => 112,
            (Self::B0, _) => 224,
            (Self::B1, _) => 240,
            (Self::B2, Flavour::Tensorflow) => 260,
            (Self::B3, Flavour::Tensorflow) => 300,
            (Self::B4, Flavour::Tensorflow) => 380,
            (Self::B2, Flavour::Plain) => 256,
            (Self::B3, Flavour::Plain) => 288,
            (Self::B4, Flavour::Plain) => 320,
        }
    }
}

/// The multiple of 8 nearest to `channels * width`, at least 8 and at least 90 % of the product.
fn scale_channels(channels: usize, width: f64) -> usize {
    const DIVISOR: usize = 8;
    let exact = channels as f64 * width;
    let rounded = ((exact + DIVISOR as f64 / 2.0) as usize / DIVISOR * DIVISOR).max(DIVISOR);
    if (rounded as f64) < 0.9 * exact {
        rounded + DIVISOR
    } else {
        rounded
    }
}

/// `repeats * depth`, rounded up.
fn scale_repeats(repeats: usize, depth: f64) -> usize {
    (repeats as f64 * depth).ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_round_to_multiples_of_eight_but_never_below_nine_tenths() {
        assert_eq!(scale_channels(32, 1.1), 32);
        assert_eq!(scale_channels(1280, 1.1), 1408);
        assert_eq!(scale_channels(16, 0.1), 8);
        // 11.2 rounds down to 8, which is less than 10.08.
        assert_eq!(scale_channels(112, 0.1), 16);
    }

    #[test]
    fn repeats_round_up() {
        let repeats = |variant: Variant| -> Vec<_> {
            let table = variant.table(1.0, 1.0);
            table.stages.iter().map(|stage| stage.repeats).collect()
        };
        assert_eq!(repeats(Variant::B0), [1, 2, 2, 3, 3, 4, 1]);
        assert_eq!(repeats(Variant::B1), [2, 3, 3, 4, 4, 5, 2]);
        assert_eq!(repeats(Variant::B4), [2, 4, 4, 6, 6, 8, 2]);
    }

    #[test]
    #[should_panic(expected = "width factor")]
    fn a_width_of_zero_is_refused() {
        Variant::B0.table(0.0, 1.0);
    }
}
