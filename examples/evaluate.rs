//! A model's scores on a labelled split: per action unit, per expression, and combined.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::Result;
use countenance::calibrate::{BlendWeights, GroupBy, ScoreTable};
use countenance::data::annotation::AnnotationConfig;
use countenance::data::split::Split;
use countenance::data::split::SplitName;
use countenance::evaluate::{Decided, Judge, judge};
use countenance::metric::bootstrap::Bootstrap;
use countenance::predict::Predictor;

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::parse;
use shared::given::FeatureArguments;
use shared::group::groups;
use shared::inference::{InferenceArguments, ModelArguments};
use shared::label::{LabelArguments, Part};
use shared::report::{json, print, run, say};
use shared::scoring::scored;
use shared::smoothing::{frame_rate, say_smoothed};
use shared::split::{opened, translate};
use shared::unreadable::UnreadableArgument;

/// Scores a model on a labelled split.
///
/// P_AU is the mean F1 of the action units, P_EX that of the expressions, each from 0 to 1; of an action
/// unit's intensity it is ICC(3,1), from -1 to 1. CCC is the
/// concordance correlation coefficient of valence or arousal, from -1 to 1 with 0 for a guess; P_VA is
/// the mean of both. P_MTL is the sum of the three. Chance is what the best predictor that never looks
/// at the image would score; a score below it, or an error above it, has a mark.
#[derive(Parser)]
#[command(
    version,
    mut_arg("features", |features| features.conflicts_with_all(["precision", "most"]))
)]
struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// The data: the folder of an s-Aff-Wild2 data set, a table of labels such as labels.csv or the folder
    /// that holds it, or a folder with one for each class
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    /// training, validation, test, or all rows of a table or of folders; what the data does not divide is
    /// divided as `train` does by default
    #[arg(long, default_value_t = Part(Some(SplitName::Validation)))]
    split: Part,
    #[command(flatten)]
    labels: LabelArguments,
    /// How the scores are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Also further scores: area under the ROC curve, accuracy, precision, recall, errors, agreement of
    /// signs, and which expressions were taken for which
    #[arg(long)]
    more: bool,
    /// Also an interval of every score, and of the further ones: how far it would move with other data,
    /// by drawing what is there a thousand times anew [default: none]
    #[arg(long, value_enum, value_name = "BY")]
    interval: Option<Interval>,
    /// Also write which expressions were taken for which: into a .csv file as a table, into a .png file as
    /// a picture
    #[arg(long, value_name = "FILE", value_parser = shared::confusion::confusion())]
    confusion: Option<PathBuf>,
    /// Leave what the model was tuned to aside: its thresholds, offsets, calibration and smoothing; what the
    /// networks of a blend weigh stays
    #[arg(long)]
    untuned: bool,
    /// Frames a second of the videos that rows name with the numbers of their frames, for a model that was
    /// tuned to smooth its scores over time or reads frames together
    #[arg(long, value_name = "F", default_value_t = 30.0, value_parser = frame_rate)]
    frame_rate: f64,
    /// Rows that lack some action units keep the others
    #[arg(long)]
    keep_partial_action_units: bool,
    /// Read the annotation file in the challenge's own form alone, to the letter
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    given: FeatureArguments,
    #[command(flatten)]
    unreadable: UnreadableArgument,
    #[command(flatten)]
    inference: InferenceArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people, with the chance level beside each score
    Table,
    /// One JSON object: the scores, those of chance under `chance`, what the model reads under `tasks`
    Json,
}

/// What is drawn for an interval.
#[derive(Clone, Copy, ValueEnum)]
enum Interval {
    /// All images of a person: they resemble each other more than anything else
    Subject,
    /// Whole videos, of s-Aff-Wild2 the folders of the images: frames of one video resemble each other
    Video,
    /// Single images, where nothing joins them
    Row,
}

impl Interval {
    fn by(self) -> GroupBy {
        match self {
            Self::Subject => GroupBy::Subject,
            Self::Video => GroupBy::Video,
            Self::Row => GroupBy::Row,
        }
    }
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| score(&arguments))
}

fn score(arguments: &Arguments) -> Result<()> {
    if let Some(path) = &arguments.confusion {
        shared::argument::outside("--confusion", path, &arguments.data)?;
    }
    let device = arguments.inference.device()?;
    let files = arguments.given.open()?;
    let predictor = match files {
        // Their backbone has done its work.
        Some(_) => arguments.model.load(&device)?,
        None => arguments.inference.predictor(&arguments.model, &device)?,
    };
    let annotations = AnnotationConfig::new()
        .with_keep_partial_action_units(arguments.keep_partial_action_units)
        .with_strict(arguments.strict);
    let models = arguments.model.of_runs(&predictor);
    let (labels, part) = (&arguments.labels, arguments.split);
    let vocabulary = predictor.label_vocabulary();
    let range = vocabulary.valence_arousal.unwrap_or_default();
    let mut split = opened(models, labels, range, &arguments.data, part, annotations)?;
    translate(&mut split, &vocabulary);
    let tables = scored(
        &predictor,
        &split,
        &arguments.split.to_string(),
        files.as_ref(),
        arguments.inference.batch_size,
        arguments.unreadable.most,
        arguments.frame_rate,
    )?;
    let table = predictor.blend_tables(tables)?;
    let is_untuned = arguments.untuned || predictor.tuning().is_empty();
    // What networks weigh is obeyed all the same.
    if !is_untuned || *predictor.weights() != BlendWeights::equal(predictor.members().len()) {
        say_origin(arguments, &predictor, &split);
    }
    let decided = match is_untuned {
        true => None,
        false => Some(decided(arguments, &predictor, &split, &table)?),
    };
    let drawn = arguments
        .interval
        .map(|by| groups(by.by(), &split.marks, split.rows.len(), "--interval"));
    let drawn = drawn.transpose()?;
    if drawn.as_ref().is_some_and(|groups| groups.count() < 2) {
        say("warning: all rows are of one group: there is nothing to draw, and no interval");
    }
    let bootstrap = Bootstrap::default();
    let labels: Vec<_> = split.rows.into_iter().map(|row| row.labels).collect();
    let settings = Judge {
        tasks: Some(predictor.tasks()),
        in_detail: arguments.more,
        intervals: drawn.as_ref().map(|groups| (groups, &bootstrap)),
        thresholds: decided.as_ref().map(|decided| &decided.thresholds[..]),
    };
    let table = decided.as_ref().map_or(&table, |decided| &decided.table);
    let found = judge(table, &vocabulary, &labels, &settings)?;
    if let Some(path) = &arguments.confusion {
        shared::confusion::write(&found.confusion, path)?;
    }
    match arguments.format {
        Format::Json => print(json(&found)),
        Format::Table => print(found.table().trim_end()),
    }
}

/// Says so if the model was tuned on the rows that it is judged by.
fn say_origin(arguments: &Arguments, predictor: &Predictor, split: &Split) {
    let origin = predictor.tuning().origin.as_ref();
    let names = split.rows.iter().map(|row| &row.image);
    if origin.is_some_and(|origin| origin.is_of(&arguments.split.to_string(), names)) {
        say(
            "warning: the model was tuned on these rows, or some of them: its scores here are better than \
             on others",
        );
    }
}

/// The scores as the model was tuned, smoothed where rows name video and frame.
fn decided(
    arguments: &Arguments,
    predictor: &Predictor,
    split: &Split,
    table: &ScoreTable,
) -> Result<Decided> {
    let tuning = predictor.tuning();
    let sequences = match tuning.smoothing.is_off() {
        true => None,
        false => {
            let sequences = split
                .marks
                .sequences(split.rows.len(), arguments.frame_rate)?;
            say_smoothed(sequences.videos(), sequences.unplaced());
            Some(sequences)
        }
    };
    Decided::new(table, tuning, sequences.as_ref())
}
