//! A feature for each ordered pair of action units.

use burn::config::Config;
use burn::module::{Content, Module, ModuleDisplay};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};

use super::attention::{TokenAttention, TokenAttentionConfig};
use super::norm::{Moments, normalised};
use crate::graph::normal_linear;

/// Configuration of [`PairFeatures`].
#[derive(Config, Debug)]
pub struct PairFeaturesConfig {
    /// Number of action units; positive.
    pub nodes: usize,
    /// Number of features of a token and of a pair; at least 2.
    pub width: usize,
}

/// The multi-dimensional edge features of Luo et al. (arXiv 2205.01782), from the tokens `U_i` of each
/// unit and the tokens `X` of the whole face:
///
/// ```text
/// F_i  = facial(U_i, X)                                 what unit i has of the face
/// R_ij = relation(F_j, F_i)                             what it shares with unit j
/// e_ij = mean over the tokens of norm(R_ij W + b)       one mean and variance per pair
/// ```
///
/// What attends is the unit j where an edge starts, what is attended to the unit i where it ends.
///
/// Nothing is computed for a pair that can be computed for a unit. Queries, keys and values are N of each
/// and not N squared; the projection W is applied to the values, whose weighted means the rows of `R_ij`
/// are. Of the D projected tokens of a pair only two things are needed, and neither needs the tokens: their
/// mean is the mean of the attention's rows times the values, and the mean of their squares, which
/// the norm's variance is made of, follows from the D x D products of the unit's values with each other.
///
/// # Deviation
/// The norm's running variance moves by the batch's population variance, as everywhere in burn.
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct PairFeatures {
    /// Units attending to the face (FAM).
    pub facial: TokenAttention,
    /// Units attending to each other (ARM).
    pub relation: TokenAttention,
    /// The projection of a pair's tokens.
    pub projection: Linear,
    /// The norm over all pairs.
    pub norm: BatchNorm,
}

impl PairFeaturesConfig {
    /// Builds the layer: the projection's weights from `N(0, 2 / width)`, the attentions as their config
    /// says, the norm's scale one and shift zero.
    ///
    /// # Panics
    /// If `nodes` is zero or `width` less than 2.
    pub fn init(&self, device: &Device) -> PairFeatures {
        let Self { nodes, width } = *self;
        let attention = TokenAttentionConfig::new(width);
        PairFeatures {
            facial: attention.init(device),
            relation: attention.init(device),
            projection: normal_linear(width, width, (2.0 / width as f64).sqrt(), device),
            norm: BatchNormConfig::new(nodes * nodes).init(device),
        }
    }
}

impl ModuleDisplay for PairFeatures {
    fn custom_content(&self, content: Content) -> Option<Content> {
        let [pairs] = self.norm.gamma.shape().dims();
        content
            .add("pairs", &pairs)
            .add("facial", &self.facial)
            .add("relation", &self.relation)
            .optional()
    }
}

impl PairFeatures {
    /// The feature of every pair.
    ///
    /// # Shapes
    /// - `units`: `[batch, nodes, tokens, width]`, the tokens of each unit
    /// - `face`: `[batch, tokens, width]`, those of the whole face, of any number
    /// - output: `[batch, nodes, nodes, width]`, the unit where an edge ends before the one where it starts
    ///
    /// # Panics
    /// If the shapes do not fit the config or each other.
    pub fn forward(&self, units: Tensor<4>, face: Tensor<3>) -> Tensor<4> {
        let [batch, nodes, length, width] = units.dims();
        let every = units.reshape([batch, nodes * length, width]);
        let every = self.facial.forward(every, face);

        // Of all tokens with all tokens at once; then those of each unit i that is attended to by itself.
        let scores = self.relation.scores(every.clone(), every.clone());
        let scores = scores
            .reshape([batch, nodes * length, nodes, length])
            .swap_dims(1, 2);
        let shares = softmax(scores, 3);
        let values = self.projected(every).reshape([batch, nodes, length, width]);

        let means = shares
            .clone()
            .reshape([batch, nodes, nodes, length, length])
            .mean_dim(3)
            .reshape([batch, nodes, nodes, length]);
        let training = values.device().is_autodiff() && self.norm.training.is_enabled();
        if !training {
            let edges = means.matmul(values).reshape([batch, nodes * nodes, width]);
            return self
                .norm
                .forward(edges)
                .reshape([batch, nodes, nodes, width]);
        }
        // Around its mean a variance is no small difference of large numbers. The mean of a unit's values
        // will do: every row of the attention sums to one, so it comes out of the pair's tokens as it went in.
        let centre = values.clone().detach().mean_dims(&[0, 2, 3]);
        let values = values - centre.clone();
        let edges = means.matmul(values.clone());
        let products = values.clone().matmul(values.swap_dims(2, 3));
        let squares = (shares.clone().matmul(products) * shares)
            .reshape([batch, nodes, nodes, length * length])
            .sum_dims(&[0, 3])
            .div_scalar((batch * length * width) as f64);
        let pairs = nodes * nodes;
        let moments = Moments {
            centre: centre.expand([1, nodes, nodes, 1]).reshape([pairs]),
            square: squares.reshape([pairs]),
        };
        let edges = edges.reshape([batch, pairs, width]);
        normalised(&self.norm, edges, moments).reshape([batch, nodes, nodes, width])
    }

    /// The values of tokens behind the projection, in one product.
    fn projected(&self, tokens: Tensor<3>) -> Tensor<2> {
        let [batch, length, width] = tokens.dims();
        let value = &self.relation.value;
        let weight = self.projection.weight.val();
        let mut bias = Tensor::zeros([1, width], &tokens.device());
        if let Some(first) = &value.bias {
            bias = first.val().unsqueeze::<2>().matmul(weight.clone());
        }
        if let Some(last) = &self.projection.bias {
            bias = bias + last.val().unsqueeze::<2>();
        }
        let both = value.weight.val().matmul(weight);
        tokens.reshape([batch * length, width]).matmul(both) + bias
    }
}
