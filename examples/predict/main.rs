//! Named scores for images, or for the rows of a feature file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countenance::Result;
use countenance::data::feature::FeatureFiles;
use countenance::data::folder::row_name;
use countenance::face::FaceReader;
use countenance::predict::Predictor;

#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::parse;
use shared::detection::{DetectorArguments, needs_detect};
use shared::given::{FeatureArguments, recognise};
use shared::inference::{InferenceArguments, predictor};
use shared::progress::Progress;
use shared::report::{run, say};
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
/// With --detect each face of a photograph has a row, the most certain first; a photograph without a face
/// has one that says so, which is no error. A face is cut out as the model's file says that it expects
/// it. A photograph is turned as its file says; faces that then lie on their side or upside down are
/// missed, or misread.
#[derive(Parser)]
#[command(
    version,
    mut_group("DetectorArguments", needs_detect),
    mut_arg("features", |features| features.conflicts_with_all(["images", "precision"]))
)]
struct Arguments {
    /// The model: a file that `train` or `convert` writes, any other that `convert` reads, or, in a
    /// build with the feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
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
        Some(_) => predictor(&arguments.model, &device)?,
        None => arguments.inference.predictor(&arguments.model, &device)?,
    };
    let mut output = Output::new(arguments.format, predictor.config(), arguments.detect);
    let batch_size = arguments.inference.batch_size;
    match &files {
        Some(files) => rows(&predictor, files, batch_size, &mut output)?,
        None if arguments.detect => {
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
    batch: usize,
    output: &mut Output,
) -> Result<()> {
    recognise(predictor, files)?;
    let join = files.join()?;
    join.notes().iter().for_each(say);
    let progress = Progress::start("rows").in_batches(batch);
    progress.update(0, join.rows());
    let width = join.width();
    for start in (0..join.rows()).step_by(batch) {
        let rows = start..join.rows().min(start + batch);
        let mut features = vec![0.0; rows.len() * width];
        for (row, features) in rows.clone().zip(features.chunks_exact_mut(width)) {
            join.copy_row(row, features);
        }
        let predictions = predictor.predict_features_from(&features, start)?;
        for (row, prediction) in rows.zip(predictions) {
            let name = match join.names() {
                Some(names) => names[row].clone(),
                None => row.to_string(),
            };
            match prediction {
                Ok(prediction) => output.write(&Row::of(&name, &prediction))?,
                Err(error) => output.write(&Row::without(&name, &error.to_string()))?,
            }
            progress.update(row + 1, join.rows());
        }
    }
    progress.finish();
    Ok(())
}

fn images(predictor: &Predictor, arguments: &Arguments, output: &mut Output) -> Result<()> {
    let batch_size = arguments.inference.batch_size;
    let Some(mut inputs) = Inputs::of(&arguments.images, arguments.overlay.as_deref(), output)?
    else {
        return Ok(());
    };
    let paths = std::mem::take(&mut inputs.images);
    let progress = Progress::start("images").in_batches(batch_size);
    progress.update(0, paths.len());
    predictor.predict_files(&paths, batch_size, |place, prediction| {
        inputs.write_refused_before(place, output)?;
        let path = &paths[place];
        let name = row_name(path);
        match prediction {
            Ok(prediction) => {
                let undrawn = inputs.draw(place, || drawing::of_image(path, &prediction));
                output.write(&Row {
                    error: undrawn.as_deref(),
                    ..Row::of(&name, &prediction)
                })?;
            }
            Err(error) => output.write(&Row::without(&name, &error.to_string()))?,
        }
        progress.update(place + 1, paths.len());
        Ok(())
    })?;
    inputs.write_refused_before(paths.len(), output)?;
    progress.finish();
    Ok(())
}
