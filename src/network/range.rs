//! The ranges of settings, checked before anything is built from them.

use crate::backbone::EfficientNetConfig;
use crate::{Error, Result};

/// Checks every setting of a backbone.
pub(crate) fn validate_backbone(backbone: &EfficientNetConfig) -> Result<()> {
    probability("backbone.drop_path", backbone.drop_path)?;
    probability("backbone.dropout", backbone.dropout)?;
    if let Some(momentum) = backbone.momentum {
        let fits = (0.0..=1.0).contains(&momentum);
        setting("backbone.momentum", fits, "0 to 1", momentum)?;
    }
    for (name, factor) in [
        ("backbone.width", backbone.width),
        ("backbone.depth", backbone.depth),
    ] {
        setting(name, factor > 0.0 && factor <= 8.0, "above 0, to 8", factor)?;
    }
    backbone.preprocessing().validate()?;
    match backbone.classes {
        None => Ok(()),
        Some(classes) => within("backbone.classes", classes, 65_536),
    }
}

pub(super) fn within(what: &str, found: usize, most: usize) -> Result<()> {
    let fits = (1..=most).contains(&found);
    setting(what, fits, &format!("1 to {most}"), found)
}

pub(super) fn probability(what: &str, found: f64) -> Result<()> {
    setting(what, (0.0..1.0).contains(&found), "0 to below 1", found)
}

pub(super) fn setting(
    what: &str,
    fits: bool,
    expected: &str,
    found: impl std::fmt::Display,
) -> Result<()> {
    match fits {
        true => Ok(()),
        false => Err(Error::argument(what, expected, found)),
    }
}
