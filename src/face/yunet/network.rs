//! The network: five stages, a neck that brings coarse maps to fine ones, and outputs at three strides.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::unit::{Unit, UnitConfig, norm};
use crate::cpu;

/// Configuration of [`YuNet`].
#[derive(Config, Debug)]
pub struct YuNetConfig {
    /// Channels of the first two stages, at least 1. Default: 16, as in the published YuNet-n.
    #[config(default = 16)]
    pub stem: usize,
    /// Channels from there on, at least 1. Default: 64.
    #[config(default = 64)]
    pub width: usize,
}

/// Pixels of the picture to a cell of each output, from the finest to the coarsest.
pub(super) const STRIDES: [usize; 3] = [8, 16, 32];

/// The network.
///
/// A stem and five stages of two [`Unit`]s each, with a 2x2 maximum after the stem and after the third,
/// fourth and fifth map; a [`Neck`] from the coarsest map to the finest; then a [`Level`] for each.
#[derive(Module, Debug)]
pub struct YuNet {
    /// The first map.
    pub stem: Stem,
    /// The stages behind it, two units each.
    pub stages: Vec<Vec<Unit>>,
    /// From coarse maps to fine ones.
    pub neck: Neck,
    /// The outputs, from the finest to the coarsest.
    pub levels: Vec<Level>,
    /// The weights as the CPU engine has prepared them, kept between calls.
    #[module(skip)]
    pub(crate) cache: cpu::CellCache,
}

/// A 3x3 convolution of stride 2 with its norm and ReLU, and a unit.
#[derive(Module, Debug)]
pub struct Stem {
    /// The convolution on the picture.
    pub convolution: Conv2d,
    /// Its norm.
    pub norm: BatchNorm,
    /// The unit behind it.
    pub unit: Unit,
}

/// `f_k = lateral_k(m_k + enlarged(f_{k+1}))`, from the coarsest map, which has nothing added: a coarse
/// map knows of large surroundings.
#[derive(Module, Debug)]
pub struct Neck {
    /// One unit for each map, from the finest.
    pub laterals: Vec<Unit>,
}

/// The outputs at one stride.
#[derive(Module, Debug)]
pub struct Level {
    /// What the four outputs share.
    pub shared: Unit,
    /// Whether what is there is a face.
    pub class: Unit,
    /// Whether there is anything.
    pub object: Unit,
    /// Where its box is.
    pub bounds: Unit,
    /// Where its five landmarks are.
    pub landmarks: Unit,
}

/// What a [`Level`] gives for every cell; how it is read, [`YuNetThresholds`](super::YuNetThresholds)
/// says.
#[derive(Clone, Debug)]
pub struct LevelOutput {
    /// Logits, `[batch, 1, rows, columns]`.
    pub class: Tensor<4>,
    /// Logits, `[batch, 1, rows, columns]`.
    pub object: Tensor<4>,
    /// Offsets of the centre and logarithms of the size, in cells: `[batch, 4, rows, columns]`.
    pub bounds: Tensor<4>,
    /// Offsets of five points, x before y, in cells: `[batch, 10, rows, columns]`.
    pub landmarks: Tensor<4>,
}

impl YuNetConfig {
    /// Builds the network, its weights drawn.
    ///
    /// # Panics
    /// If `stem` or `width` is 0.
    pub fn init(&self, device: &Device) -> YuNet {
        let unit = |channels| UnitConfig::new(channels).init(device);
        let (stem, width) = (self.stem, self.width);
        let output = |channels| {
            UnitConfig::new([width, channels])
                .with_activated(false)
                .init(device)
        };
        let between = || vec![unit([width, width]), unit([width, width])];
        YuNet {
            stem: Stem {
                convolution: Conv2dConfig::new([3, stem], [3, 3])
                    .with_stride([2, 2])
                    .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                    .init(device),
                norm: norm(stem, device),
                unit: unit([stem, stem]),
            },
            stages: vec![
                vec![unit([stem, stem]), unit([stem, width])],
                between(),
                between(),
                between(),
                between(),
            ],
            neck: Neck {
                laterals: STRIDES.map(|_| unit([width, width])).into(),
            },
            levels: STRIDES
                .map(|_| Level {
                    shared: unit([width, width]),
                    class: output(1),
                    object: output(1),
                    bounds: output(4),
                    landmarks: output(10),
                })
                .into(),
            cache: cpu::CellCache::default(),
        }
    }
}

impl YuNet {
    /// The outputs at strides 8, 16 and 32.
    ///
    /// # Shapes
    /// - `pictures`: `[batch, 3, height, width]`: blue, green and red from 0 to 255; height and width are
    ///   multiples of 32
    ///
    /// # Panics
    /// If a side is no multiple of 32.
    pub fn forward(&self, pictures: Tensor<4>) -> [LevelOutput; 3] {
        let [_, _, height, width] = pictures.dims();
        assert!(
            height % 32 == 0 && width % 32 == 0,
            "the sides must be multiples of 32, got {height}x{width}"
        );
        let stage =
            |map: Tensor<4>, units: &[Unit]| units.iter().fold(map, |map, unit| unit.forward(map));
        let [first, second, third, fourth, fifth] = self.stages.as_slice() else {
            panic!("the network has five stages, got {}", self.stages.len());
        };
        let map = stage(halved(self.stem.forward(pictures)), first);
        let map = stage(map, second);
        let fine = stage(halved(map), third);
        let middle = stage(halved(fine.clone()), fourth);
        let coarse = stage(halved(middle.clone()), fifth);
        let maps = self.neck.forward([fine, middle, coarse]);
        let [fine, middle, coarse] = self.levels.as_slice() else {
            panic!("the network has three levels, got {}", self.levels.len());
        };
        let mut levels = [fine, middle, coarse].into_iter();
        maps.map(|map| match levels.next() {
            Some(level) => level.forward(map),
            None => unreachable!("three maps and three levels"),
        })
    }
}

impl Stem {
    fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        let map = self.norm.forward(self.convolution.forward(pictures));
        self.unit.forward(relu(map))
    }
}

impl Neck {
    /// The maps as their levels read them, from the finest.
    fn forward(&self, [fine, middle, coarse]: [Tensor<4>; 3]) -> [Tensor<4>; 3] {
        let [first, second, third] = self.laterals.as_slice() else {
            panic!("the neck has three units, got {}", self.laterals.len());
        };
        let coarse = third.forward(coarse);
        let middle = second.forward(middle + doubled(coarse.clone()));
        let fine = first.forward(fine + doubled(middle.clone()));
        [fine, middle, coarse]
    }
}

impl Level {
    fn forward(&self, map: Tensor<4>) -> LevelOutput {
        let map = self.shared.forward(map);
        LevelOutput {
            class: self.class.forward(map.clone()),
            object: self.object.forward(map.clone()),
            bounds: self.bounds.forward(map.clone()),
            landmarks: self.landmarks.forward(map),
        }
    }
}

/// The largest of each 2x2 pixels.
fn halved(map: Tensor<4>) -> Tensor<4> {
    let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]);
    pool.init().forward(map)
}

/// Each pixel four times.
fn doubled(map: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = map.dims();
    map.reshape([batch, channels, height, 1, width, 1])
        .expand([batch, channels, height, 2, width, 2])
        .reshape([batch, channels, 2 * height, 2 * width])
}
