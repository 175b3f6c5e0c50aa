//! What the engine is given: borrowed layers, in burn's own types.

use burn::module::Param;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Dropout, Linear, PRelu};
use burn::tensor::{Device, Tensor};

/// A convolution and the norm behind it; the backbone's have no bias.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normalised<'a> {
    pub conv: &'a Conv2d,
    pub norm: &'a BatchNorm,
}

/// What a batch of so many images keeps of a residual branch, `[batch, 1, 1, 1]`; nothing where it
/// keeps everything.
pub(crate) type DropPath<'a> = Box<dyn Fn(usize, &Device) -> Option<Tensor<4>> + 'a>;

/// A mobile inverted bottleneck: expansion, depthwise convolution, squeeze-excite, projection.
pub(crate) struct Block<'a> {
    /// 1x1 convolution and SiLU; absent in a block without expansion.
    pub expand: Option<Normalised<'a>>,
    /// SiLU follows.
    pub depthwise: Normalised<'a>,
    /// Squeeze-excite's 1x1 convolution to the bottleneck.
    pub reduce: &'a Conv2d,
    /// Squeeze-excite's 1x1 convolution back to the channels.
    pub excite: &'a Conv2d,
    /// 1x1 convolution without activation.
    pub project: Normalised<'a>,
    /// What is left of the branch where the input is added to it.
    pub drop_path: DropPath<'a>,
}

/// A whole EfficientNet but its classifier.
pub(crate) struct Backbone<'a> {
    pub stem: Normalised<'a>,
    pub blocks: Vec<Block<'a>>,
    /// 1x1 convolution, SiLU, and the mean over the map.
    pub head: Normalised<'a>,
}

impl<'a> Block<'a> {
    /// The convolutions that a norm follows, in the order in which data flows.
    pub fn normalised(&self) -> impl Iterator<Item = Normalised<'a>> {
        let rest = [self.depthwise, self.project];
        self.expand.into_iter().chain(rest)
    }

    /// The convolutions of squeeze-excite.
    pub fn dense(&self) -> [&'a Conv2d; 2] {
        [self.reduce, self.excite]
    }
}

impl<'a> Backbone<'a> {
    /// Every convolution that a norm follows.
    pub fn normalised(&self) -> impl Iterator<Item = Normalised<'a>> {
        let blocks = self.blocks.iter().flat_map(Block::normalised);
        [self.stem, self.head].into_iter().chain(blocks)
    }

    /// Every convolution of squeeze-excite.
    pub fn dense(&self) -> impl Iterator<Item = &'a Conv2d> {
        self.blocks.iter().flat_map(Block::dense)
    }
}

/// A 1x1 convolution, then a depthwise 3x3 one; then a norm and ReLU, or neither.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Separable<'a> {
    pub pointwise: &'a Conv2d,
    pub depthwise: &'a Conv2d,
    pub norm: Option<&'a BatchNorm>,
}

/// A network that says of the cells of three maps, each half as fine as the one before, what is there.
pub(crate) struct CellNetwork<'a> {
    /// 3x3 convolution of stride 2, and ReLU.
    pub stem: Normalised<'a>,
    /// Behind the stem.
    pub first: Separable<'a>,
    /// Stages behind it, each of units one after another; the maps of the last three are used further.
    /// The largest of 2x2 pixels is taken before each but the second.
    pub stages: [Vec<Separable<'a>>; 5],
    /// Of each map used, from the finest, with the next coarser one's result added, enlarged.
    pub laterals: [Separable<'a>; 3],
    /// What says what is there, from the finest map.
    pub levels: [CellLevel<'a>; 3],
}

/// The end of a [`CellNetwork`] at one map.
pub(crate) struct CellLevel<'a> {
    /// What the outputs share.
    pub shared: Separable<'a>,
    /// The numbers of a cell are those of the outputs, in this order.
    pub outputs: Vec<Separable<'a>>,
}

/// Is called with the number of a map, from the finest, the row and column of a cell, and its numbers.
pub(crate) type Visit<'a> = dyn FnMut(usize, [usize; 2], &[f32]) + 'a;

impl<'a> CellNetwork<'a> {
    /// Every unit.
    pub fn units(&self) -> impl Iterator<Item = Separable<'a>> {
        let levels = self.levels.iter();
        let levels =
            levels.flat_map(|level| [level.shared].into_iter().chain(level.outputs.clone()));
        let stages = self.stages.iter().flatten().copied();
        [self.first]
            .into_iter()
            .chain(stages)
            .chain(self.laterals)
            .chain(levels)
    }
}

/// A network that reads patches of a picture and says what is there.
pub(crate) struct PatchNetwork<'a> {
    /// One after another, the first from the picture's three colours.
    pub stages: Vec<PatchStage<'a>>,
    /// What gives the numbers.
    pub end: PatchEnd<'a>,
}

/// A convolution without a border, a PReLU and perhaps a maximum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatchStage<'a> {
    pub conv: &'a Conv2d,
    pub activation: &'a PRelu,
    /// The side and the stride of squares of which the largest is taken; the last one may reach beyond
    /// the map.
    pub pool: Option<[usize; 2]>,
}

/// The end of a [`PatchNetwork`].
pub(crate) enum PatchEnd<'a> {
    /// 1x1 convolutions: the numbers of a cell of the last map are those of all, in this order.
    Cells(Vec<&'a Conv2d>),
    /// The last map as one row, in the order width, height, channels.
    Whole {
        hidden: &'a Linear,
        activation: &'a PRelu,
        /// The numbers of a patch are those of all, in this order.
        outputs: Vec<&'a Linear>,
    },
}

/// One linear map per node, `norm(x W_i + b_i)` and ReLU, or the map alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeFeatures<'a> {
    /// `[nodes, input, output]`.
    pub weight: &'a Param<Tensor<3>>,
    /// `[nodes, output]`.
    pub bias: &'a Param<Tensor<2>>,
    /// Over `nodes * output` channels; ReLU follows. Absent: neither.
    pub norm: Option<&'a BatchNorm>,
    /// Of each node's input on its own.
    pub dropout: &'a Dropout,
}

/// `relu(V + norm(A (V W_v + b_v) + (V W_u + b_u)))` with one norm channel per node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GraphConvolution<'a> {
    /// The map of a node itself, `u`.
    pub own: &'a Linear,
    /// The map of its neighbours, `v`.
    pub neighbours: &'a Linear,
    pub norm: &'a BatchNorm,
}

/// How alike two nodes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Similarity {
    /// Their scalar product.
    Dot,
    /// Their cosine.
    Cosine,
    /// Less the sum of their absolute differences.
    L1,
}

/// Node features, a graph of nearest neighbours, a graph convolution, cosines to anchors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ActionUnitHead<'a> {
    pub nodes: NodeFeatures<'a>,
    pub graph: GraphConvolution<'a>,
    /// `[nodes, width]`.
    pub anchors: &'a Param<Tensor<2>>,
    /// Nearest neighbours of a node, itself included.
    pub neighbours: usize,
    pub similarity: Similarity,
    /// The least length that a vector is divided by.
    pub least_norm: f64,
}

/// The numbers of one step of gradient descent with momentum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descent {
    pub rate: f32,
    pub momentum: f32,
    /// The share of a new gradient in the velocity: one less the dampening.
    pub fresh: f32,
    pub weight_decay: f32,
    pub nesterov: bool,
}
