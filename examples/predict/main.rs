//! Named scores for images, or for the rows of a feature file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use countenance::Result;
use countenance::data::cache::FeatureCache;
use countenance::data::folder::row_name;
use countenance::data::image::{self, ImageLimits};
use countenance::extract::Recognition;
use countenance::picture::{OverlayFolder, OverlayScores, overlay, save_png};
use countenance::predict::{Prediction, Predictor};

#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::parse;
use shared::inference::InferenceArguments;
use shared::progress::Progress;
use shared::report::{one_line, run, say};
mod input;
mod output;

use input::Inputs;
use output::{Format, Output, Row};

/// Reads action units, expression, valence and arousal from aligned face crops.
///
/// A folder is read with its subfolders, and links are followed. What is an image is told by its
/// content; what else there is, hidden files and folders included, is passed over and counted on
/// stderr. Images come in natural order: frame_2 before frame_10. Whatever is named itself is read.
///
/// A row is named by its image's path; bytes that are not UTF-8 are written \xNN. What cannot be read,
/// a folder without an image too, has a row that says why, and the exit code is not zero then. A row
/// whose overlay cannot be drawn has its scores and the error.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The model, as `train` or `convert` writes it
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Images, or folders of images
    #[arg(value_name = "IMAGES or DIR", required_unless_present = "features")]
    images: Vec<PathBuf>,
    /// A feature file instead of images; one that another backbone made is refused, where it says so
    #[arg(long, value_name = "FILE", conflicts_with_all = ["images", "precision"])]
    features: Option<PathBuf>,
    /// How the scores are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Also draw each face beside its scores, into this folder
    ///
    /// A picture is called as its image is, and index.csv says which is which. Pictures that an earlier
    /// run has left there are removed first; a folder with anything else in it is refused.
    #[arg(long, value_name = "DIR", conflicts_with = "features")]
    overlay: Option<PathBuf>,
    #[command(flatten)]
    inference: InferenceArguments,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| predict(&arguments))
}

fn predict(arguments: &Arguments) -> Result<()> {
    let device = arguments.inference.device()?;
    let predictor = match arguments.features {
        // Their backbone has done its work.
        Some(_) => Predictor::load_on(&arguments.model, &device)?,
        None => arguments.inference.predictor(&arguments.model, &device)?,
    };
    if !predictor.config().classes_are_named() {
        say(format_args!(
            "the order of the model's classes is not known: they are called class_0, class_1, ...; \
             to name them: convert --labels"
        ));
    }
    let mut output = Output::new(arguments.format, predictor.config());
    let batch_size = arguments.inference.batch_size;
    match &arguments.features {
        Some(features) => rows(&predictor, features, batch_size, &mut output)?,
        None => images(&predictor, arguments, &mut output)?,
    }
    output.finish()
}

fn rows(predictor: &Predictor, path: &Path, batch: usize, output: &mut Output) -> Result<()> {
    let cache = FeatureCache::open(path)?;
    match predictor.recognise(&cache)? {
        Recognition::Own { mirrored: false } => {}
        Recognition::Own { mirrored: true } => {
            say(format_args!("{}: of mirrored images", path.display()));
        }
        Recognition::Unknown(why) => say(format_args!(
            "{}: whether the features are of this model's backbone cannot be told: {why}",
            path.display()
        )),
    }
    let progress = Progress::start("rows").in_batches(batch);
    progress.update(0, cache.rows());
    for (number, features) in cache.as_slice().chunks(batch * cache.width()).enumerate() {
        let predictions = predictor.predict_features(features)?;
        for (position, prediction) in predictions.into_iter().enumerate() {
            let row = number * batch + position;
            let name = match cache.names() {
                Some(names) => names[row].clone(),
                None => row.to_string(),
            };
            match prediction {
                Ok(prediction) => output.write(&Row::of(&name, &prediction))?,
                Err(error) => output.write(&Row::without(&name, &error.to_string()))?,
            }
            progress.update(row + 1, cache.rows());
        }
    }
    progress.finish();
    Ok(())
}

fn images(predictor: &Predictor, arguments: &Arguments, output: &mut Output) -> Result<()> {
    let mut inputs = Inputs::of(&arguments.images, arguments.overlay.as_deref());
    let paths = std::mem::take(&mut inputs.images);
    if paths.is_empty() {
        return refused_before(0, &mut inputs, output);
    }
    let overlays = match &arguments.overlay {
        Some(folder) => Some(OverlayFolder::open(folder, &paths)?),
        None => None,
    };
    let batch_size = arguments.inference.batch_size;
    let progress = Progress::start("images").in_batches(batch_size);
    progress.update(0, paths.len());
    predictor.predict_files(&paths, batch_size, |place, prediction| {
        refused_before(place, &mut inputs, output)?;
        let path = &paths[place];
        let name = row_name(path);
        match prediction {
            Ok(prediction) => {
                let drawn = match &overlays {
                    Some(overlays) => draw(path, &prediction, &overlays.path(place)),
                    None => Ok(()),
                };
                let error = drawn.err().map(|error| one_line(&error));
                output.write(&Row {
                    error: error.as_deref(),
                    ..Row::of(&name, &prediction)
                })?;
            }
            Err(error) => output.write(&Row::without(&name, &error.to_string()))?,
        }
        progress.update(place + 1, paths.len());
        Ok(())
    })?;
    refused_before(paths.len(), &mut inputs, output)?;
    progress.finish();
    Ok(())
}

/// Writes the rows of folders that come before the image at `place`.
fn refused_before(place: usize, inputs: &mut Inputs, output: &mut Output) -> Result<()> {
    while let Some(refused) = inputs.refused_before(place) {
        output.write(&Row::without(&refused.name, &refused.error.to_string()))?;
    }
    Ok(())
}

/// Draws one face beside its scores.
fn draw(image: &Path, prediction: &Prediction, out: &Path) -> Result<()> {
    let image = image::read(image, &ImageLimits::default())?;
    let expressions: Vec<_> = prediction
        .expressions
        .iter()
        .map(|score| (score.class.clone(), score.probability))
        .collect();
    let picture = overlay(
        &image,
        &OverlayScores {
            action_units: &prediction.action_units,
            expressions: &expressions,
            valence_arousal: prediction.valence_arousal,
        },
    );
    save_png(&picture, out)
}
