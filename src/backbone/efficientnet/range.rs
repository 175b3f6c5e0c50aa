//! The ranges of EfficientNet's settings.

use super::network::EfficientNetConfig;
use crate::Result;
use crate::range::{probability, setting, within_if_any};

impl EfficientNetConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the first setting outside its range.
    pub fn validate(&self) -> Result<()> {
        probability("backbone.drop_path", self.drop_path)?;
        probability("backbone.dropout", self.dropout)?;
        if let Some(momentum) = self.momentum {
            let fits = (0.0..=1.0).contains(&momentum);
            setting("backbone.momentum", fits, "0 to 1", momentum)?;
        }
        for (name, factor) in [
            ("backbone.width", self.width),
            ("backbone.depth", self.depth),
        ] {
            setting(name, factor > 0.0 && factor <= 8.0, "above 0, to 8", factor)?;
        }
        self.preprocessing().validate()?;
        within_if_any("backbone.classes", self.classes, 65_536)
    }
}
