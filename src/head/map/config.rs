//! The settings of a head on a map.

use burn::config::Config;
use burn::module::Param;
use burn::nn::{Initializer, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::{LinearBlockConfig, MapHead, PairFeaturesConfig};
use crate::graph::{GatedGraphLayerConfig, GraphConvolutionConfig, NodeUpdate, Similarity};
use crate::head::node::NodeFeaturesConfig;
use crate::range::{probability, setting, within};
use crate::{Error, Result};

/// How the units of a [`MapHead`] learn of each other.
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A graph convolution between nearest neighbours: ME-GraphAU's first half.
    Nearest {
        /// Number of nearest neighbours of a node, itself included; 1 to the number of nodes.
        neighbours: usize,
        /// How neighbours are found; ME-GraphAU's files are of [`Similarity::Dot`].
        similarity: Similarity,
    },
    /// Features of the edges and gated layers: its second half.
    Edges {
        /// Where the ReLU of a node's update stands.
        update: NodeUpdate,
        /// Whether the edges have a classifier to learn by; OpenGraphAU's have none.
        classified: bool,
    },
}

impl Relation {
    /// So many nearest neighbours by the dot product: 4 for 12 units and OpenGraphAU's, 3 for DISFA's 8.
    pub fn nearest(neighbours: usize) -> Self {
        Self::Nearest {
            neighbours,
            similarity: Similarity::Dot,
        }
    }

    /// Edges as ME-GraphAU has them.
    pub fn edges() -> Self {
        Self::Edges {
            update: NodeUpdate::AroundSum,
            classified: true,
        }
    }
}

/// Configuration of [`MapHead`].
#[derive(Config, Debug)]
pub struct MapHeadConfig {
    /// Number of channels of the map; positive.
    pub channels: usize,
    /// Number of features of a token behind the first block, and of a node; at least 2. ME-GraphAU: a
    /// quarter of a ResNet's channels, half of a Swin's.
    pub width: usize,
    /// Number of action units of the whole face; positive. Default: 12.
    #[config(default = 12)]
    pub nodes: usize,
    /// For each unit of half a face the place, among the nodes, of the one it is read from. Default: none.
    #[config(default = "Vec::new()")]
    pub halves: Vec<usize>,
    /// How the units learn of each other. Default: [`Relation::nearest`] with 4 neighbours.
    #[config(default = "Relation::nearest(4)")]
    pub relation: Relation,
    /// Dropout before each linear block in training, in [0, 1). Default: 0.
    #[config(default = 0.0)]
    pub dropout: f64,
}

impl MapHeadConfig {
    /// Number of scores: units and halves.
    pub fn units(&self) -> usize {
        self.nodes + self.halves.len()
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        within("head.channels", self.channels, 16_384)?;
        within("head.nodes", self.nodes, 256)?;
        let fits = (2..=4_096).contains(&self.width);
        setting("head.width", fits, "2 to 4096", self.width)?;
        let count = self.halves.len();
        setting("head.halves", count <= 256, "at most 256", count)?;
        if let Some(place) = self.halves.iter().find(|&&place| place >= self.nodes) {
            let expected = format!("places of the {} nodes, from 0", self.nodes);
            return Err(Error::argument("head.halves", expected, place));
        }
        if let Relation::Nearest { neighbours, .. } = self.relation {
            within("head.relation.Nearest.neighbours", neighbours, self.nodes)?;
        }
        probability("head.dropout", self.dropout)
    }

    /// Builds the head: the blocks' weights from `N(0, 2 / width)`, anchors and the edges' classifier
    /// Xavier-uniform, the parts as their own configs say.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> MapHead {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let Self { nodes, width, .. } = *self;
        let xavier = |rows: usize| -> Param<Tensor<2>> {
            // As PyTorch counts the fans of a matrix: the columns in, the rows out.
            Initializer::XavierUniform { gain: 1.0 }.init_with(
                [rows, width],
                Some(width),
                Some(rows),
                device,
            )
        };
        let (graph, edges, gates, edge_classifier) = match &self.relation {
            Relation::Nearest { .. } => {
                let graph = GraphConvolutionConfig::new(nodes, width).init(device);
                (Some(graph), None, Vec::new(), None)
            }
            Relation::Edges { update, classified } => {
                let layer = GatedGraphLayerConfig::new(nodes, width).with_update(*update);
                let classifier = || {
                    LinearConfig::new(width, MapHead::EDGE_CLASSES)
                        .with_initializer(Initializer::XavierUniform { gain: 1.0 })
                        .init(device)
                };
                (
                    None,
                    Some(PairFeaturesConfig::new(nodes, width).init(device)),
                    vec![layer.init(device), layer.init(device)],
                    classified.then(classifier),
                )
            }
        };
        MapHead {
            block: LinearBlockConfig::new(self.channels, width)
                .with_dropout(self.dropout)
                .init(device),
            nodes: NodeFeaturesConfig::new(nodes, width)
                .with_dropout(self.dropout)
                .with_gain(2.0)
                .init(device),
            graph,
            edges,
            gates,
            edge_classifier,
            anchors: xavier(nodes),
            half_anchors: (!self.halves.is_empty()).then(|| xavier(self.halves.len())),
            config: self.clone(),
        }
    }
}
