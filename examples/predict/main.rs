//! Named scores for images, or for the rows of a feature file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use countenance::data::cache::FeatureCache;
use countenance::data::image::{self, ImageLimits};
use countenance::extract::is_readable;
use countenance::picture::{OverlayScores, overlay, save_png};
use countenance::predict::{Prediction, Predictor};
use countenance::{Error, Result};

#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::parse;
use shared::folder::images_below;
use shared::inference::InferenceArguments;
use shared::progress::Progress;
use shared::report::{run, say};
mod output;

use output::{Format, Output};

/// Reads action units, expression, valence and arousal from aligned face crops.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The model, as `train` or `convert` writes it
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Images, or folders of images
    #[arg(value_name = "IMAGES or DIR", required_unless_present = "features")]
    images: Vec<PathBuf>,
    /// A feature file instead of images
    #[arg(long, value_name = "FILE", conflicts_with = "images")]
    features: Option<PathBuf>,
    /// How the scores are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Also draw each face beside its scores, into this folder
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
    let predictor = arguments.inference.predictor(&arguments.model, &device)?;
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
    if cache.width() != predictor.config().feature_width() {
        return Err(Error::File {
            path: path.to_path_buf(),
            expected: format!("features of width {}", predictor.config().feature_width()),
            found: format!("width {}", cache.width()),
        });
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
            if is_readable(cache.row(row)) {
                output.write(&name, Ok(&prediction))?;
            } else {
                output.write(&name, Err("no feature: the image could not be read"))?;
            }
            progress.update(row + 1, cache.rows());
        }
    }
    progress.finish();
    Ok(())
}

fn images(predictor: &Predictor, arguments: &Arguments, output: &mut Output) -> Result<()> {
    if let Some(folder) = &arguments.overlay {
        std::fs::create_dir_all(folder).map_err(|source| Error::Io {
            action: "create",
            path: folder.clone(),
            source,
        })?;
    }
    let mut paths = Vec::new();
    for path in &arguments.images {
        match path.is_dir() {
            true => {
                let images = images_below(path)?;
                if images.is_empty() {
                    say(format_args!("no image below {}", path.display()));
                }
                paths.extend(images);
            }
            false => paths.push(path.clone()),
        }
    }
    let batch_size = arguments.inference.batch_size;
    let progress = Progress::start("images").in_batches(batch_size);
    progress.update(0, paths.len());
    predictor.predict_files(&paths, batch_size, |place, prediction| {
        let path = &paths[place];
        let name = path.to_string_lossy();
        match prediction {
            Ok(prediction) => {
                output.write(&name, Ok(&prediction))?;
                if let Some(folder) = &arguments.overlay {
                    draw(folder, place, path, &prediction)?;
                }
            }
            Err(error) => output.write(&name, Err(&error.to_string()))?,
        }
        progress.update(place + 1, paths.len());
        Ok(())
    })?;
    progress.finish();
    Ok(())
}

/// Draws one face beside its scores; the number keeps equal names of several folders apart.
fn draw(folder: &Path, number: usize, path: &Path, prediction: &Prediction) -> Result<()> {
    let image = image::read(path, &ImageLimits::default())?;
    let expressions: Vec<_> = prediction
        .expressions
        .iter()
        .map(|score| (score.class, score.probability))
        .collect();
    let picture = overlay(
        &image,
        &OverlayScores {
            action_units: &prediction.action_units,
            expressions: &expressions,
            valence_arousal: prediction.valence_arousal,
        },
    );
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let out = folder.join(format!("{number:05}_{stem}.png"));
    save_png(&picture, &out)
}
