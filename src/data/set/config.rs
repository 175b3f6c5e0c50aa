//! How a data set is read.

use burn::config::Config;

use crate::Result;
use crate::data::annotation::AnnotationConfig;
use crate::data::division::DivisionConfig;
use crate::data::table::LabelConfig;

/// How a data set is read, of whatever kind it is.
#[derive(Config, Debug)]
pub struct DataConfig {
    /// What the labels of a table or of a folder per class mean.
    #[config(default = "LabelConfig::new()")]
    pub labels: LabelConfig,
    /// How s-Aff-Wild2's annotation files are read. In a table each action unit counts for itself, and
    /// with [`strict`](AnnotationConfig::strict) nothing but annotation files is taken.
    #[config(default = "AnnotationConfig::new()")]
    pub annotations: AnnotationConfig,
    /// How rows are divided, where the data does not say.
    #[config(default = "DivisionConfig::new()")]
    pub division: DivisionConfig,
}

impl DataConfig {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the field.
    pub fn check(&self) -> Result<()> {
        self.labels.check()?;
        self.division.check()
    }
}
