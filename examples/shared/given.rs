//! Feature files in the place of images.

use std::path::PathBuf;

use clap::Args;
use countenance::Result;
use countenance::data::feature::FeatureFiles;
use countenance::extract::Recognition;
use countenance::predict::Predictor;

use super::report::say;

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

/// Says what is known of what made the features in `files`.
///
/// # Errors
/// If they are of another width than the model reads, or of another backbone than its own.
pub fn recognise(predictor: &Predictor, files: &FeatureFiles) -> Result<()> {
    let paths = files.files().iter().map(|file| file.path().display());
    let path = paths
        .map(|path| path.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    match predictor.recognise_files(files)? {
        Recognition::Own { mirrored, crop } => {
            if mirrored {
                say(format_args!("{path}: of mirrored images"));
            }
            for expected in predictor.crops() {
                if let Some(found) = crop.filter(|found| *found != expected) {
                    say(format_args!(
                        "warning: {path}: of {found} crops, and the model reads {expected} ones"
                    ));
                }
            }
        }
        Recognition::Unknown(why) => say(format_args!(
            "{path}: whether the features are of this model's backbone cannot be told: {why}"
        )),
    }
    Ok(())
}
