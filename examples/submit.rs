//! The challenge's submission file for a list of images.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countenance::data::annotation;
use countenance::data::submission::{self, Prediction};
use countenance::label::Expression;
use countenance::{Error, Result, predict};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::{parse, share};
use shared::inference::InferenceArguments;
use shared::progress::Progress;
use shared::report::{print, run, say};

/// Writes the challenge's file: the listed images in list order, one line each.
///
/// An image that cannot be read still gets its line: a neutral face. It is reported, and counted
/// against --max-unreadable.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The model, as `train` writes it
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The list: a header line, then one image path a line
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// The folder that the listed paths are in
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The probability from which an action unit counts as present
    #[arg(long, default_value_t = 0.5, value_parser = share)]
    threshold: f64,
    /// The largest share of images that may be unreadable
    #[arg(long, default_value_t = 0.01, value_parser = share)]
    max_unreadable: f64,
    #[command(flatten)]
    inference: InferenceArguments,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| submit(&arguments))
}

fn submit(arguments: &Arguments) -> Result<()> {
    let device = arguments.inference.device()?;
    let predictor = arguments.inference.predictor(&arguments.model, &device)?;
    let list = annotation::read_list(&arguments.list)?;
    let images: Vec<PathBuf> = list
        .iter()
        .map(|name| arguments.images.join(name))
        .collect();
    let batch_size = arguments.inference.batch_size;
    let progress = Progress::start("images").in_batches(batch_size);
    progress.update(0, images.len());
    let mut rows: Vec<Option<Prediction>> = Vec::with_capacity(list.len());
    predictor.predict_files(&images, batch_size, |place, prediction| {
        rows.push(match prediction {
            Ok(prediction) => Some(line(&prediction, arguments.threshold)),
            Err(error) => {
                say(format_args!("neutral line for {error}"));
                None
            }
        });
        progress.update(place + 1, images.len());
        Ok(())
    })?;
    progress.finish();
    let unreadable = rows.iter().filter(|row| row.is_none()).count();
    if unreadable as f64 > arguments.max_unreadable * list.len() as f64 {
        return Err(Error::Argument {
            what: "the images".into(),
            expected: format!("at most {} of them unreadable", arguments.max_unreadable),
            found: format!("{unreadable} of {}", list.len()),
        });
    }
    submission::write(&arguments.out, &list, &rows)?;
    print(format_args!(
        "{}: {} lines, {unreadable} of them neutral",
        arguments.out.display(),
        list.len()
    ))
}

fn line(prediction: &predict::Prediction, threshold: f64) -> Prediction {
    let mut line = Prediction::default();
    line.valence_arousal = prediction.valence_arousal.unwrap_or(line.valence_arousal);
    let class = prediction
        .expression()
        .and_then(Expression::aff_wild2_index);
    line.expression = class.unwrap_or(line.expression);
    for (present, (_, score)) in line.action_units.iter_mut().zip(&prediction.action_units) {
        *present = f64::from(*score) >= threshold;
    }
    line
}
