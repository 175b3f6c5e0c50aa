//! Feature files in the place of images.

use std::path::PathBuf;

use clap::Args;
use countenance::Result;
use countenance::data::feature::FeatureFiles;

/// The files, and the names of their rows.
#[derive(Args)]
pub struct FeatureArguments {
    /// Features that `extract` or any other program made, instead of images: safetensors, .npy or .npz.
    /// Given several times, rows are joined by their names, one file beside the other in this order
    #[arg(long, value_name = "FILE")]
    pub features: Vec<PathBuf>,
    /// The names of the rows of those feature files that hold none: a text file with a name a line, the
    /// first column of a .csv file or a .json array; without it, such a list beside the file is taken
    #[arg(long, value_name = "FILE", requires = "features")]
    pub names: Option<PathBuf>,
}

impl FeatureArguments {
    /// The files, if there are any.
    pub fn open(&self) -> Result<Option<FeatureFiles>> {
        match self.features.is_empty() {
            true => Ok(None),
            false => FeatureFiles::open(&self.features, self.names.as_deref()).map(Some),
        }
    }
}
