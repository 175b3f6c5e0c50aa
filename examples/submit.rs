//! The challenge's submission file for a list of images.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countenance::data::annotation::{self, AnnotationConfig};
use countenance::data::submission::{self, ChallengePrediction};
use countenance::extract::{check_unreadable, summary};
use countenance::{Error, Result};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::{parse, share};
use shared::inference::InferenceArguments;
use shared::output::{Content, OverwriteArgument};
use shared::progress::Progress;
use shared::report::{print, run, say};
use shared::unreadable::UnreadableArgument;

/// Writes the challenge's file: the listed images in list order, one line each.
///
/// The model must read all that the challenge asks for. An image that cannot be read still gets its
/// line: a neutral face. It is reported, and counted against --max-unreadable.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The model: a file that `train` or `convert` writes, any other that `convert` reads, or, in a
    /// build with the feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
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
    /// The probability from which an action unit counts as present, 0 to 1
    #[arg(long, value_name = "P", default_value_t = 0.5, value_parser = share)]
    threshold: f64,
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
    let inputs = [&arguments.model, &arguments.list].map(PathBuf::as_path);
    let overwrite = arguments.overwrite;
    overwrite.check(&arguments.out, Content::Submission, inputs)?;
    let device = arguments.inference.device()?;
    let predictor = arguments.inference.predictor(&arguments.model, &device)?;
    predictor.config().check_challenge()?;
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
    predictor.predict_files(&images, batch_size, |place, prediction| {
        rows.push(match prediction {
            Ok(prediction) => Some(prediction.for_challenge(arguments.threshold)?),
            // A network at fault is no image at fault.
            Err(error @ Error::NotFiniteScore { .. }) => return Err(error),
            Err(error) => {
                unreadable.push(error);
                None
            }
        });
        progress.update(place + 1, images.len());
        Ok(())
    })?;
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
