//! What a tracker goes by.

use burn::config::Config;

use crate::{Error, Result};

/// How faces are told from each other.
#[derive(Config, Debug, PartialEq)]
pub struct TrackerConfig {
    /// For how many seconds a face that is not seen is remembered, at least 0. Default: 3.
    #[config(default = 3.0)]
    pub memory: f64,
    /// By how many sides of a face a second its speed changes within a second (a standard deviation),
    /// above 0. The larger, the farther from its straight way a face is known again, and taken for
    /// another. Default: 6.
    #[config(default = 6.0)]
    pub acceleration: f64,
    /// How far from where it is expected a face may be, in standard deviations, above 0. Default: 4.
    #[config(default = 4.0)]
    pub reach: f64,
    /// How much it weighs what a face looks like, at least 0: at 0 only where it is counts. Default: 20.
    #[config(default = 20.0)]
    pub likeness: f64,
}

impl TrackerConfig {
    /// # Errors
    /// [`Error::Argument`] if a number is outside its range.
    pub(super) fn check(&self) -> Result<()> {
        let positive = |what, number: f64| match number > 0.0 && number.is_finite() {
            true => Ok(()),
            false => Err(Error::argument(what, "a number above 0", number)),
        };
        let natural = |what, number: f64| match number >= 0.0 && number.is_finite() {
            true => Ok(()),
            false => Err(Error::argument(what, "a number of at least 0", number)),
        };
        natural("the tracker's memory", self.memory)?;
        positive("the tracker's acceleration", self.acceleration)?;
        positive("the tracker's reach", self.reach)?;
        natural("the tracker's likeness", self.likeness)
    }
}
