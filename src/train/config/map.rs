//! The settings of a head that reads the action units from the backbone's map.

use burn::config::Config;
use serde::{Deserialize, Serialize};

use crate::graph::{NodeUpdate, Similarity};
use crate::head::{MapHeadConfig, Relation};
use crate::loss::EdgeLossConfig;
use crate::range::{probability, setting, within};
use crate::{Error, Result};

/// Which halves of ME-GraphAU a run trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MapHalf {
    /// The first, on nearest neighbours, in the stage `au`.
    Nearest,
    /// The second, on edges, in the stage `au_edges`.
    Edges,
    /// The first, and then the second from its blocks and anchors, as ME-GraphAU is trained.
    Both,
}

/// A head that reads the action units from the backbone's map, in place of the paper's.
#[derive(Config, Debug)]
pub struct MapTrainingConfig {
    /// Which halves are trained.
    #[config(default = "MapHalf::Both")]
    pub half: MapHalf,
    /// Number of features of a token behind the first block, 2 to 4096; null: a quarter of the map's
    /// channels.
    #[config(default = "None")]
    pub width: Option<usize>,
    /// Number of nearest neighbours of a unit in the first half, itself included; as many as there are
    /// units, where those are fewer.
    #[config(default = 4)]
    pub neighbours: usize,
    /// Dropout before the linear blocks, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// What the loss of the edges is multiplied by before it is added to that of the units; at least 0.
    #[config(default = 0.01)]
    pub lambda: f64,
}

impl MapTrainingConfig {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the field.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(width) = self.width {
            let fits = (2..=4_096).contains(&width);
            setting("map_head.width", fits, "2 to 4096, or null", width)?;
        }
        within("map_head.neighbours", self.neighbours, 256)?;
        probability("map_head.dropout", self.dropout)?;
        match self.lambda.is_finite() && self.lambda >= 0.0 {
            true => Ok(()),
            false => Err(Error::argument(
                "map_head.lambda",
                "at least 0",
                self.lambda,
            )),
        }
    }

    /// The head of the first half on a map of so many channels, of so many units.
    pub(in crate::train) fn nearest(&self, channels: usize, units: usize) -> MapHeadConfig {
        let width = self.width.unwrap_or((channels / 4).max(2));
        MapHeadConfig::new(channels, width)
            .with_nodes(units)
            .with_dropout(self.dropout)
            .with_relation(Relation::Nearest {
                neighbours: self.neighbours.min(units),
                similarity: Similarity::Dot,
            })
    }

    /// The head that the run ends with.
    pub(in crate::train) fn head(&self, channels: usize, units: usize) -> MapHeadConfig {
        let nearest = self.nearest(channels, units);
        match self.half {
            MapHalf::Nearest => nearest,
            MapHalf::Edges | MapHalf::Both => nearest.with_relation(Relation::Edges {
                update: NodeUpdate::AroundSum,
                classified: true,
            }),
        }
    }

    /// The loss of the edges.
    pub(in crate::train) fn edge_loss(&self) -> EdgeLossConfig {
        EdgeLossConfig::new().with_lambda(self.lambda)
    }
}
