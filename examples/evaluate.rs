//! A model's scores on a labelled split: per action unit, per expression, and combined.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::Error;
use countenance::Result;
use countenance::data::annotation::AnnotationConfig;
use countenance::data::cache::Fingerprint;
use countenance::data::split::{Split, SplitName};
use countenance::evaluate::{evaluate, evaluate_in_detail};
use countenance::extract::Extraction;
use countenance::metric::bootstrap::Bootstrap;
use countenance::metric::group::Groups;
use countenance::model::Model;

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::parse;
use shared::inference::InferenceArguments;
use shared::progress::Progress;
use shared::report::{json, print, run, say};
use shared::unreadable::UnreadableArgument;

/// Scores a model on a labelled split.
///
/// P_AU is the mean F1 of the action units, P_EX that of the expressions, each from 0 to 1. CCC is the
/// concordance correlation coefficient of valence or arousal, from -1 to 1 with 0 for a guess; P_VA is
/// the mean of both. P_MTL is the sum of the three, from -1 to 3. Chance is what the best predictor
/// that never looks at the image would score; a score below it has a mark.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The model: a file that `train` or `convert` writes, any other that `convert` reads, or, in a
    /// build with the feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Folder of an s-Aff-Wild2 data set
    #[arg(long, value_name = "ROOT")]
    data: PathBuf,
    /// training or validation
    #[arg(long, default_value_t = SplitName::Validation)]
    split: SplitName,
    /// How the scores are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Also further scores: area under the ROC curve, accuracy, precision, recall, errors, agreement of
    /// signs
    #[arg(long)]
    more: bool,
    /// Also an interval of every score, and of the further ones: how far it would move with other data,
    /// by drawing what is there a thousand times anew
    #[arg(long, value_enum, value_name = "BY")]
    interval: Option<Interval>,
    /// Also draw which expressions were taken for which, into this PNG file
    #[cfg(feature = "picture")]
    #[arg(long, value_name = "FILE", value_parser = shared::argument::picture)]
    confusion: Option<PathBuf>,
    /// Rows that lack some action units keep the others
    #[arg(long)]
    keep_partial_action_units: bool,
    /// Read the annotation file in the challenge's own form alone, to the letter
    #[arg(long)]
    strict: bool,
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
    /// Whole videos, the folders of the images: frames of one video resemble each other
    Video,
    /// Single images, where nothing joins them
    Row,
}

impl Interval {
    fn groups(self, images: &[String]) -> Groups {
        match self {
            Self::Row => Groups::rows(images.len()),
            Self::Video => {
                let folders = images.iter().map(|image| image.rsplit_once('/'));
                let videos = folders.map(|folder| folder.map(|(video, _)| video));
                Groups::of_named(videos).called("video")
            }
        }
    }
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| score(&arguments))
}

fn score(arguments: &Arguments) -> Result<()> {
    #[cfg(feature = "picture")]
    if let Some(path) = &arguments.confusion {
        shared::argument::outside("--confusion", path, &arguments.data)?;
    }
    let device = arguments.inference.device()?;
    let predictor = arguments.inference.predictor(&arguments.model, &device)?;
    let Model::Network(network) = predictor.model() else {
        return Err(Error::Argument {
            what: arguments.model.display().to_string(),
            expected: "a multi-task network, whose outputs are those of s-Aff-Wild2".into(),
            found: "another kind of model".into(),
        });
    };
    let annotations = AnnotationConfig::new()
        .with_keep_partial_action_units(arguments.keep_partial_action_units)
        .with_strict(arguments.strict);
    let split = Split::open(&arguments.data, arguments.split, &annotations)?;
    split.check_labelled(arguments.split, &annotations)?;
    let preprocessing = predictor.preprocessing().ok_or_else(|| Error::Argument {
        what: arguments.model.display().to_string(),
        expected: "a model with a backbone, to read images".into(),
        found: "heads alone".into(),
    })?;
    let names: Vec<String> = split.rows.iter().map(|row| row.image.clone()).collect();
    let images: Vec<PathBuf> = split.rows.iter().map(|row| split.image_path(row)).collect();
    let scratch = tempfile::tempdir().map_err(|source| Error::Io {
        action: "create",
        path: std::env::temp_dir(),
        source,
    })?;
    let extraction = Extraction {
        names: &names,
        images: &images,
        mirrored: false,
        preprocessing,
        batch_size: arguments.inference.batch_size,
        width: predictor.config().feature_width(),
        fingerprint: Fingerprint::builder().build(),
        max_unreadable: arguments.unreadable.most,
    };
    let progress = Progress::start("images");
    let extracted = extraction.run(
        |images| predictor.model().features(images),
        &scratch.path().join("features.safetensors"),
        &device,
        &mut |done, total| {
            progress.update(done, total);
            true
        },
    )?;
    progress.finish();
    extracted.left_out().into_iter().for_each(say);
    let labels: Vec<_> = split.rows.into_iter().map(|row| row.labels).collect();
    let cache = &extracted.cache;
    let found = match (arguments.more, arguments.interval) {
        (false, None) => evaluate(network, cache, &labels, &device)?,
        (_, interval) => {
            let groups = interval.map(|by| by.groups(&names));
            let bootstrap = Bootstrap::default();
            let drawn = groups.as_ref().map(|groups| (groups, &bootstrap));
            evaluate_in_detail(network, cache, &labels, drawn, &device)?
        }
    };
    #[cfg(feature = "picture")]
    if let Some(path) = &arguments.confusion {
        use countenance::picture::{confusion, save_png};
        let shown = path.display();
        match found.confusion.rows() {
            0 => say(format_args!(
                "{shown}: not drawn, as no row has an expression that the model reads"
            )),
            _ => {
                save_png(&confusion(&found.confusion), path)?;
                say(format_args!(
                    "{shown}: which expressions were taken for which"
                ));
            }
        }
    }
    match arguments.format {
        Format::Json => print(json(&found)),
        Format::Table => print(found.table().trim_end()),
    }
}
