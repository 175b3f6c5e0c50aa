//! The families of checkpoints.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// A family of checkpoints: who writes them, and so how their tensors are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// timm's EfficientNet, with any classifier or none.
    Timm,
    /// HSEmotion's networks: timm's, with a classifier of expressions by the alphabet.
    Hsemotion,
    /// The networks of the paper's authors.
    MtlAbaw4,
    /// OpenFace 3.0's multi-task network.
    Openface3,
    /// The networks of ME-GraphAU and OpenGraphAU.
    MeGraphAu,
    /// VGG, as torchvision and as VGGFACE name its layers.
    Vgg,
    /// ResNet, as torchvision and timm name its layers.
    ResNet,
    /// Swin, as its authors, timm and torchvision name its layers.
    Swin,
    /// The detector YuNet.
    Yunet,
    /// One of the detector MTCNN's three networks.
    Mtcnn,
    /// This crate's own files.
    Countenance,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 11] = [
        Self::Timm,
        Self::Hsemotion,
        Self::MtlAbaw4,
        Self::Openface3,
        Self::MeGraphAu,
        Self::Vgg,
        Self::ResNet,
        Self::Swin,
        Self::Yunet,
        Self::Mtcnn,
        Self::Countenance,
    ];
}

impl Family {
    /// Whether it is of networks from image to feature that are no EfficientNet.
    pub(super) fn is_trunk(self) -> bool {
        matches!(self, Self::Vgg | Self::ResNet | Self::Swin)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Timm => "timm",
            Self::Hsemotion => "hsemotion",
            Self::MtlAbaw4 => "mtl-abaw4",
            Self::Openface3 => "openface3",
            Self::MeGraphAu => "me-graphau",
            Self::Vgg => "vgg",
            Self::ResNet => "resnet",
            Self::Swin => "swin",
            Self::Yunet => "yunet",
            Self::Mtcnn => "mtcnn",
            Self::Countenance => "countenance",
        })
    }
}

impl FromStr for Family {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|family| family.to_string() == text)
            .ok_or_else(|| {
                let names = Self::ALL.map(|family| family.to_string()).join(", ");
                Error::argument("kind", format!("one of {names}"), text)
            })
    }
}
