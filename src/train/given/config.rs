//! Which feature files a run trains on.

use std::path::Path;

use burn::config::Config;

use crate::data::feature::FeatureFiles;
use crate::{Error, Result};

/// Feature files that take the place of a backbone and of images.
///
/// ```
/// use countenance::train::{GivenFeatures, TrainConfig};
///
/// let features = GivenFeatures::new(vec!["mae.npy".into(), "dino.npz".into()]);
/// let config = TrainConfig::new().with_data(Some("set".into())).with_features(Some(features));
/// config.check()?;
/// // Labels have to come from somewhere.
/// assert!(config.with_data(None).check().is_err());
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct GivenFeatures {
    /// The files, whose rows are put one beside the other in this order.
    pub files: Vec<String>,
    /// The names of the rows of those files that hold none; null for the list beside each.
    #[config(default = "None")]
    pub names: Option<String>,
}

impl GivenFeatures {
    /// Checks that there is a file, and that paths are not empty.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the field.
    pub fn check(&self) -> Result<()> {
        let path = |name, path: &str| match path.is_empty() {
            false => Ok(()),
            true => Err(Error::argument(name, "a path", "an empty one")),
        };
        if self.files.is_empty() {
            return Err(Error::argument("features.files", "at least one", "none"));
        }
        self.files
            .iter()
            .try_for_each(|file| path("features.files", file))?;
        self.names
            .iter()
            .try_for_each(|list| path("features.names", list))
    }

    /// Opens the files.
    ///
    /// # Errors
    /// As [`FeatureFiles::open`]; [`Error::File`] for one whose rows have no names, which alone tell
    /// the training rows from the others.
    pub fn open(&self) -> Result<FeatureFiles> {
        let files = FeatureFiles::open(&self.files, self.names.as_deref().map(Path::new))?;
        match files.files().iter().find(|file| file.names().is_none()) {
            None => Ok(files),
            Some(file) => Err(Error::file(
                file.path(),
                "names of its rows, in it, in a list beside it or in one that is given: they tell \
                 the training rows from the others",
                format!("{} rows without names", file.rows()),
            )),
        }
    }
}
