//! Named scores for images, or for the rows of a feature file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countenance::Result;
use countenance::data::feature::FeatureFiles;
use countenance::data::folder::row_name;
use countenance::face::FaceReader;
use countenance::predict::{Prediction, Predictor};

#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::parse;
use shared::detection::{DetectorArguments, needs_detect};
use shared::given::{FeatureArguments, recognise};
use shared::inference::{InferenceArguments, ModelArguments};
use shared::progress::Progress;
use shared::report::{run, say};
use shared::smoothing::{Waiting, frame_rate, say_alone, say_unsmoothed, sequences, smoothed_at};
mod drawing;
mod input;
mod output;
mod photograph;

use input::Inputs;
use output::{Format, Output, Row};

/// Reads action units, expression, valence and arousal from face crops, or, with --detect, from every face
/// in photographs.
///
/// A folder is read with its subfolders, and links are followed. What is an image is told by its
/// content; what else there is, hidden files and folders included, is passed over and counted on
/// stderr. Images come in natural order: frame_2 before frame_10. Whatever is named itself is read.
///
/// A row is named by its image's path; bytes that are not UTF-8 are written \xNN. What cannot be read,
/// a folder without an image too, has a row that says why, and the exit code is not zero then. A row
/// whose overlay cannot be drawn has its scores and the error.
///
/// What a tuned model was tuned to is obeyed: probabilities are calibrated, active_units lists the action
/// units above their thresholds, and the expression is chosen with the classes' offsets.
///
/// With --detect each face of a photograph has a row, the most certain first; a photograph without a face
/// has one that says so, which is no error. A face is cut out as the model's file says that it expects
/// it. A photograph is turned as its file says; faces that then lie on their side or upside down are
/// missed, or misread.
///
/// Valence and arousal are from -1 to 1, whatever the labels stood in: of a model that was trained on labels
/// from 1 to 9, -1 stands for 1 and 1 for 9.
#[derive(Parser)]
#[command(
    version,
    mut_group("DetectorArguments", needs_detect),
    mut_arg("features", |features| features.conflicts_with_all(["images", "precision"]))
)]
struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Images, or folders of images
    #[arg(value_name = "IMAGES or DIR", required_unless_present = "features")]
    images: Vec<PathBuf>,
    #[command(flatten)]
    given: FeatureArguments,
    /// Find the faces in photographs, and read each of them
    #[arg(long, conflicts_with = "features")]
    detect: bool,
    #[command(flatten)]
    detector: DetectorArguments,
    /// Says that images, or rows of features, called <video>/<frame>.jpg are frames of videos, of which so
    /// many are shown a second; scores are then smoothed over time as the model was tuned, and a model with a
    /// temporal head reads the frames of a video together [default: none are]
    #[arg(long, value_name = "F", value_parser = frame_rate, conflicts_with = "detect")]
    frame_rate: Option<f64>,
    /// How the scores are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Also draw each face beside its scores, or each photograph with its faces, into this folder
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
    let files = arguments.given.open()?;
    let predictor = match files {
        // Their backbone has done its work.
        Some(_) => arguments.model.load(&device)?,
        None => arguments.inference.predictor(&arguments.model, &device)?,
    };
    let mut output = Output::new(arguments.format, &predictor, arguments.detect);
    let batch_size = arguments.inference.batch_size;
    match &files {
        Some(files) => rows(&predictor, files, arguments, &mut output)?,
        None if arguments.detect => {
            let why = "photographs are no frames: `video` reads those";
            say_alone(&predictor, why);
            say_unsmoothed(&predictor, why);
            let detector = arguments.detector.open(&device)?;
            let reader = FaceReader::new(predictor, detector)?.with_batch_size(batch_size)?;
            photograph::read(&reader, arguments, &mut output)?;
        }
        None => images(&predictor, arguments, &mut output)?,
    }
    output.finish()
}

fn rows(
    predictor: &Predictor,
    files: &FeatureFiles,
    arguments: &Arguments,
    output: &mut Output,
) -> Result<()> {
    let batch = arguments.inference.batch_size;
    let rate = smoothed_at(predictor, arguments.frame_rate);
    let mut waiting = Waiting::default();
    recognise(predictor, files)?;
    let join = files.join()?;
    join.notes().iter().for_each(say);
    let progress = Progress::start("rows").in_batches(batch);
    progress.update(0, join.rows());
    let width = join.width();
    if let Some(rate) = rate.filter(|_| predictor.is_temporal()) {
        let name = |row: usize| match join.names() {
            Some(names) => names[row].clone(),
            None => row.to_string(),
        };
        let names: Vec<String> = (0..join.rows()).map(name).collect();
        let sequences = sequences(predictor, &names, rate)?;
        let mut copy = |row: usize, out: &mut [f32]| join.copy_row(row, out);
        let read = predictor.read_features_in_time(names.len(), &name, &mut copy, &sequences)?;
        progress.finish();
        names
            .into_iter()
            .zip(read)
            .for_each(|(name, read)| waiting.push(name, read));
        return waiting.finish(predictor, rate, |_, name, prediction| {
            output.write(&Row::read(name, &prediction))
        });
    }
    for start in (0..join.rows()).step_by(batch) {
        let rows = start..join.rows().min(start + batch);
        let mut features = vec![0.0; rows.len() * width];
        for (row, features) in rows.clone().zip(features.chunks_exact_mut(width)) {
            join.copy_row(row, features);
        }
        let predictions = predictor.read_features_from(&features, start)?;
        for (row, prediction) in rows.zip(predictions) {
            let name = match join.names() {
                Some(names) => names[row].clone(),
                None => row.to_string(),
            };
            match rate {
                Some(_) => waiting.push(name, prediction),
                None => {
                    let prediction = prediction.map(|one| predictor.decided(one));
                    output.write(&Row::read(&name, &prediction))?;
                }
            }
            progress.update(row + 1, join.rows());
        }
    }
    progress.finish();
    match rate {
        None => Ok(()),
        Some(rate) => waiting.finish(predictor, rate, |_, name, prediction| {
            output.write(&Row::read(name, &prediction))
        }),
    }
}

fn images(predictor: &Predictor, arguments: &Arguments, output: &mut Output) -> Result<()> {
    let batch_size = arguments.inference.batch_size;
    let Some(mut inputs) = Inputs::of(&arguments.images, arguments.overlay.as_deref(), output)?
    else {
        return Ok(());
    };
    let paths = std::mem::take(&mut inputs.images);
    let rate = smoothed_at(predictor, arguments.frame_rate);
    let progress = Progress::start("images").in_batches(batch_size);
    progress.update(0, paths.len());
    let mut write = |place: usize, name: &str, prediction: Result<Prediction>| {
        inputs.write_refused_before(place, output)?;
        let row = Row::read(name, &prediction);
        let undrawn = prediction.as_ref().ok().and_then(|prediction| {
            inputs.draw(place, || drawing::of_image(&paths[place], prediction))
        });
        output.write(&Row {
            error: row.error.or(undrawn),
            ..row
        })
    };
    match rate {
        None => predictor.predict_files(&paths, batch_size, |place, prediction| {
            write(place, &row_name(&paths[place]), prediction)?;
            progress.update(place + 1, paths.len());
            Ok(())
        })?,
        Some(rate) if predictor.is_temporal() => {
            let names: Vec<String> = paths.iter().map(|path| row_name(path)).collect();
            let sequences = sequences(predictor, &names, rate)?;
            let mut tell = |done, total| {
                progress.update(done, total);
                true
            };
            let read = predictor.read_files_in_time(&paths, batch_size, &sequences, &mut tell)?;
            let mut waiting = Waiting::default();
            names
                .into_iter()
                .zip(read)
                .for_each(|(name, read)| waiting.push(name, read));
            waiting.finish(predictor, rate, write)?;
        }
        Some(rate) => {
            let mut waiting = Waiting::default();
            predictor.read_files(&paths, batch_size, |place, prediction| {
                waiting.push(row_name(&paths[place]), prediction);
                progress.update(place + 1, paths.len());
                Ok(())
            })?;
            waiting.finish(predictor, rate, write)?;
        }
    }
    inputs.write_refused_before(paths.len(), output)?;
    progress.finish();
    Ok(())
}
