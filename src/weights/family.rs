//! The families of checkpoints, and which of them a file is.

use std::fmt;
use std::str::FromStr;

use super::{Checkpoint, hsemotion, mtl_abaw4, openface3, timm};
use crate::network::{FORMAT, FORMAT_KEY};
use crate::{Error, Result};

/// A family of checkpoints: who writes them, and so how their tensors are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// timm's EfficientNet, with any classifier or none.
    Timm,
    /// HSEmotion's networks: timm's, with a classifier of expressions.
    Hsemotion,
    /// The networks of the paper's authors.
    MtlAbaw4,
    /// OpenFace 3.0's multi-task network.
    Openface3,
    /// This crate's own files.
    Countenance,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 5] = [
        Self::Timm,
        Self::Hsemotion,
        Self::MtlAbaw4,
        Self::Openface3,
        Self::Countenance,
    ];

    /// The family of a file, told from its metadata and the names and shapes of its tensors.
    ///
    /// # Errors
    /// [`Error::File`] if it is none of them.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self> {
        let format = checkpoint.metadata().get(FORMAT_KEY);
        if format.is_some_and(|format| format == FORMAT) {
            return Ok(Self::Countenance);
        }
        if openface3::is(checkpoint) {
            return Ok(Self::Openface3);
        }
        if mtl_abaw4::is(checkpoint) {
            return Ok(Self::MtlAbaw4);
        }
        if timm::is_under(checkpoint, "") {
            return Ok(match hsemotion::is(checkpoint) {
                true => Self::Hsemotion,
                false => Self::Timm,
            });
        }
        let names: Vec<String> = checkpoint
            .names()
            .take(3)
            .map(|name| name.chars().take(60).flat_map(char::escape_debug).collect())
            .collect();
        Err(Error::file(
            checkpoint.path(),
            "an EfficientNet of timm or HSEmotion, or a network of the paper's authors, of \
             OpenFace 3.0 or of this crate",
            format!("tensors of none of them ({}, ...)", names.join(", ")),
        ))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Timm => "timm",
            Self::Hsemotion => "hsemotion",
            Self::MtlAbaw4 => "mtl-abaw4",
            Self::Openface3 => "openface3",
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
