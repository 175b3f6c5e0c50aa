//! What the engine is given: borrowed layers, in burn's own types.

use burn::module::Param;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Dropout, Linear};
use burn::tensor::{Device, Tensor};

/// A convolution without bias and the norm behind it.
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
