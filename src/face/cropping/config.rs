//! How crops are made.

use burn::config::Config;

use crate::face::crop::Crop;

/// All that decides what is cut out of a photograph.
#[derive(Config, Debug, PartialEq)]
pub struct CroppingConfig {
    /// The detector in words, as it prints itself.
    pub detector: String,
    /// What is cut out.
    pub crop: Crop,
}

impl CroppingConfig {
    /// The same for people.
    pub fn words(&self) -> String {
        format!("{} crops by {}", self.crop, self.detector)
    }
}
