//! ME-GraphAU's networks and OpenGraphAU's: action units from a backbone's map.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::ModelOutput;
use crate::backbone::{Backbone, BackboneConfig};
use crate::face::Crop;
use crate::head::{MapHead, MapHeadConfig};
use crate::label::UnitSet;
use crate::network::FeatureKind;
use crate::{Error, Result};

/// Configuration of [`MeGraphAu`].
#[derive(Config, Debug)]
pub struct MeGraphAuConfig {
    /// The network from image to map, without a classifier.
    pub backbone: BackboneConfig,
    /// The head on its map.
    pub head: MapHeadConfig,
    /// The units of the whole face, then those of its halves, in the order of the head's scores.
    pub action_units: UnitSet,
    /// Which part of a photograph the network reads. Default: [`Crop::Box`].
    #[config(default = "Crop::Box")]
    pub crop: Crop,
}

/// A network of ME-GraphAU (Luo et al., arXiv 2205.01782) or OpenGraphAU: any backbone, and a
/// [`MapHead`] of the first half, on nearest neighbours, or of the second, on edges.
///
/// Its feature is the backbone's last map, flattened ([`FeatureKind::Maps`]).
///
/// `convert` reads the files of both programs. The published files themselves could not be had: what is read is
/// checked on files with the same layers and names, at small and at full size.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use countenance::backbone::ResNetConfig;
/// use countenance::head::{MapHeadConfig, Relation};
/// use countenance::label::Vocabulary;
/// use countenance::model::MeGraphAuConfig;
///
/// let backbone = ResNetConfig::micro();
/// let head = MapHeadConfig::new(backbone.feature_width(), 64).with_relation(Relation::edges());
/// let units = Vocabulary::bp4d().action_units;
/// let device = Device::default();
/// let network = MeGraphAuConfig::new(backbone.into(), head, units).init(&device);
/// let features = network.features(Tensor::zeros([1, 3, 112, 112], &device));
/// assert_eq!(network.forward(features).action_units.unwrap().dims(), [1, 12]);
/// ```
#[derive(Module, Debug)]
pub struct MeGraphAu {
    /// Image to map.
    pub backbone: Backbone,
    /// Map to action units.
    pub head: MapHead,
    /// What the network was made from, which goes into its file.
    #[module(skip)]
    pub config: MeGraphAuConfig,
}

impl MeGraphAuConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        self.backbone.validate()?;
        self.head.validate()?;
        self.action_units.validate()?;
        let channels = self.backbone.map_channels();
        if self.head.channels != channels {
            let expected = format!("{channels}, those of the backbone's map");
            return Err(Error::argument(
                "head.channels",
                expected,
                self.head.channels,
            ));
        }
        let (units, scores) = (self.action_units.len(), self.head.units());
        if units != scores {
            let expected = format!("{scores}, one for each of the head's nodes and halves");
            return Err(Error::argument("action_units", expected, units));
        }
        Ok(())
    }

    /// The width of the feature: that of the flattened map of an image of the backbone's own size.
    pub fn feature_width(&self) -> usize {
        self.backbone.map_channels() * self.backbone.map_side().pow(2)
    }

    /// Builds the network.
    ///
    /// # Panics
    /// If [`validate`](Self::validate) fails.
    pub fn init(&self, device: &Device) -> MeGraphAu {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        MeGraphAu {
            backbone: self.backbone.init(device),
            head: self.head.init(device),
            config: self.clone(),
        }
    }
}

impl MeGraphAu {
    /// The flattened maps of images.
    ///
    /// # Shapes
    /// - `images`: `[batch, 3, height, width]`, normalised as the backbone's weights ask for
    /// - output: `[batch, tokens * channels]`
    ///
    /// # Panics
    /// If the images do not have 3 channels.
    pub fn features(&self, images: Tensor<4>) -> Tensor<2> {
        FeatureKind::Maps.of(&self.backbone, images)
    }

    /// From flattened maps to action units.
    ///
    /// # Shapes
    /// - `features`: `[batch, tokens * channels]`
    ///
    /// # Panics
    /// If the width of `features` is no multiple of the map's channels.
    pub fn forward(&self, features: Tensor<2>) -> ModelOutput {
        ModelOutput {
            action_units: Some(self.head.forward_flat(features).action_units),
            ..Default::default()
        }
    }
}
