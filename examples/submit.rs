//! The challenge's submission file for a list of images.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countenance::data::annotation::{self, AnnotationConfig};
use countenance::data::submission::{self, ChallengePrediction};
use countenance::extract::{check_unreadable, summary};
use countenance::predict::Prediction;
use countenance::{Error, Result};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::{parse, share};
use shared::inference::{InferenceArguments, ModelArguments};
use shared::output::{Content, OverwriteArgument};
use shared::progress::Progress;
use shared::report::{print, run, say};
use shared::smoothing::{Waiting, frame_rate, sequences};
use shared::unreadable::UnreadableArgument;

/// Writes the challenge's file: the listed images in list order, one line each.
///
/// The model must read all that the challenge asks for. What it was tuned to is obeyed: thresholds, offsets of
/// the expressions, and smoothing over the frames of each video, by their numbers. An image that cannot be read still gets its
/// line: a neutral face. It is reported, and counted against --max-unreadable.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// The list: a header line, then one image path a line
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// Read the list in the challenge's own form alone, to the letter
    #[arg(long)]
    strict: bool,
    /// The folder that the listed paths are in
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArgument,
    /// The probability from which every action unit counts as present, 0 to 1 [default: what the model was
    /// tuned to, and 0.5 for one that was not]
    #[arg(long, value_name = "P", value_parser = share)]
    threshold: Option<f64>,
    /// Frames a second of the videos that the listed images are frames of, for a model that was tuned to
    /// smooth its scores over time
    #[arg(long, value_name = "F", default_value_t = 30.0, value_parser = frame_rate)]
    frame_rate: f64,
    #[command(flatten)]
    unreadable: UnreadableArgument,
    #[command(flatten)]
    inference: InferenceArguments,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| submit(&arguments))
}

fn submit(arguments: &Arguments) -> Result<()> {
    let inputs = arguments.model.models.iter().chain([&arguments.list]);
    let inputs = inputs.map(PathBuf::as_path);
    let overwrite = arguments.overwrite;
    overwrite.check(&arguments.out, Content::Submission, inputs)?;
    let device = arguments.inference.device()?;
    let predictor = arguments.inference.predictor(&arguments.model, &device)?;
    predictor.vocabulary().check_challenge()?;
    let form = AnnotationConfig::new().with_strict(arguments.strict);
    let list = annotation::read_list(&arguments.list, &form)?;
    let images: Vec<PathBuf> = list
        .iter()
        .map(|name| arguments.images.join(name))
        .collect();
    let batch_size = arguments.inference.batch_size;
    let progress = Progress::start("images").in_batches(batch_size);
    progress.update(0, images.len());
    let mut rows: Vec<Option<ChallengePrediction>> = Vec::with_capacity(list.len());
    let mut unreadable = Vec::new();
    let mut add = |prediction: Result<Prediction>| {
        rows.push(match prediction {
            Ok(prediction) => Some(prediction.for_challenge(arguments.threshold)?),
            // A network at fault is no image at fault.
            Err(error @ Error::NotFiniteScore { .. }) => return Err(error),
            Err(error) => {
                unreadable.push(error);
                None
            }
        });
        Ok(())
    };
    let is_temporal = predictor.is_temporal();
    match predictor.tuning().smoothing.is_off() {
        _ if is_temporal => {
            let sequences = sequences(&predictor, &list, arguments.frame_rate)?;
            let mut tell = |done, total| {
                progress.update(done, total);
                true
            };
            let read = predictor.read_files_in_time(&images, batch_size, &sequences, &mut tell)?;
            let mut waiting = Waiting::default();
            let named = list.iter().cloned().zip(read);
            named.for_each(|(name, read)| waiting.push(name, read));
            waiting.finish(&predictor, arguments.frame_rate, |_, _, prediction| {
                add(prediction)
            })?;
        }
        true => predictor.predict_files(&images, batch_size, |place, prediction| {
            progress.update(place + 1, images.len());
            add(prediction)
        })?,
        false => {
            let mut waiting = Waiting::default();
            predictor.read_files(&images, batch_size, |place, prediction| {
                progress.update(place + 1, images.len());
                waiting.push(list[place].clone(), prediction);
                Ok(())
            })?;
            waiting.finish(&predictor, arguments.frame_rate, |_, _, prediction| {
                add(prediction)
            })?;
        }
    }
    progress.finish();
    summary("neutral lines", unreadable.iter())
        .into_iter()
        .for_each(say);
    check_unreadable(unreadable.iter(), list.len(), arguments.unreadable.most)?;
    submission::write(&arguments.out, &list, &rows)?;
    print(format_args!(
        "{}: {} lines, {} of them neutral",
        arguments.out.display(),
        list.len(),
        unreadable.len()
    ))
}
