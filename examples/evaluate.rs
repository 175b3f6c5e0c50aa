//! A model's scores on a labelled split: per action unit, per expression, and combined.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use burn::tensor::Device;
use clap::{Parser, ValueEnum};
use countenance::Error;
use countenance::Result;
use countenance::data::annotation::AnnotationConfig;
use countenance::data::cache::{FeatureCache, Fingerprint};
use countenance::data::feature::FeatureFiles;
use countenance::data::mark::Marks;
use countenance::data::set::{DataConfig, DataSet};
use countenance::data::split::{Split, SplitName};
use countenance::evaluate::{evaluate, evaluate_in_detail};
use countenance::extract::Extraction;
use countenance::label::Translation;
use countenance::metric::bootstrap::Bootstrap;
use countenance::metric::group::Groups;
use countenance::model::Model;
use countenance::predict::Predictor;

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::parse;
use shared::given::{FeatureArguments, recognise};
use shared::inference::{InferenceArguments, predictor};
use shared::label::{LabelArguments, Part};
use shared::progress::Progress;
use shared::report::{json, print, run, say};
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
    /// The model: a file that `train` or `convert` writes, any other that `convert` reads, or, in a
    /// build with the feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
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
    /// signs
    #[arg(long)]
    more: bool,
    /// Also an interval of every score, and of the further ones: how far it would move with other data,
    /// by drawing what is there a thousand times anew [default: none]
    #[arg(long, value_enum, value_name = "BY")]
    interval: Option<Interval>,
    /// Also draw which expressions were taken for which, into this PNG file
    #[cfg(feature = "picture")]
    #[arg(long, value_name = "FILE", value_parser = shared::argument::picture())]
    confusion: Option<PathBuf>,
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
    /// The groups of so many rows.
    fn groups(self, marks: &Marks, rows: usize) -> Result<Groups> {
        let (names, what) = match self {
            Self::Row => return Ok(Groups::rows(rows)),
            Self::Subject => (&marks.subjects, "subject"),
            Self::Video => (&marks.videos, "video"),
        };
        if names.is_empty() {
            return Err(Error::Argument {
                what: "--interval".into(),
                expected: format!("row, as the data name no {what}"),
                found: what.into(),
            });
        }
        Ok(Groups::of_named((0..rows).map(|row| names.get(row))).called(what))
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
    let files = arguments.given.open()?;
    let predictor = match files {
        // Their backbone has done its work.
        Some(_) => predictor(&arguments.model, &device)?,
        None => arguments.inference.predictor(&arguments.model, &device)?,
    };
    let Model::Network(network) = predictor.model() else {
        return Err(Error::Argument {
            what: arguments.model.display().to_string(),
            expected: "a network that `train` writes".into(),
            found: "another kind of model".into(),
        });
    };
    let annotations = AnnotationConfig::new()
        .with_keep_partial_action_units(arguments.keep_partial_action_units)
        .with_strict(arguments.strict);
    let mut config = DataConfig::new().with_annotations(annotations);
    arguments.labels.put(&mut config.labels);
    let (mut split, summary) = DataSet::open_part(&arguments.data, arguments.split.0, &config)?;
    summary.lines().into_iter().for_each(say);
    let is_judged = arguments.split.0 == Some(SplitName::Validation);
    if is_judged && summary.division.is_some() {
        say(
            "warning: the data name no validation part; a run that was given another share, seed or fold \
             has learnt from some of these rows",
        );
    }
    split.check_labelled(&config.annotations)?;
    let translation = Translation::new(&split.vocabulary, &network.config.vocabulary());
    if !translation.lost().is_empty() {
        say(format_args!(
            "left out, as the model does not read it: {}",
            translation.lost()
        ));
    }
    for row in &mut split.rows {
        row.labels = translation.apply(&row.labels);
    }
    let marks = split.marks.clone();
    let scratch = tempfile::tempdir().map_err(|source| Error::Io {
        action: "create",
        path: std::env::temp_dir(),
        source,
    })?;
    let cache = scratch.path().join("features.safetensors");
    let cache = match &files {
        Some(files) => joined(arguments, &predictor, files, &split, &cache)?,
        None => extracted(arguments, &predictor, &device, &split, &cache)?,
    };
    let labels: Vec<_> = split.rows.into_iter().map(|row| row.labels).collect();
    let found = match (arguments.more, arguments.interval) {
        (false, None) => evaluate(network, &cache, &labels, &device)?,
        (_, interval) => {
            let groups = interval.map(|by| by.groups(&marks, labels.len()));
            let groups = groups.transpose()?;
            if groups.as_ref().is_some_and(|groups| groups.count() < 2) {
                say(
                    "warning: all rows are of one group: there is nothing to draw, and no interval",
                );
            }
            let bootstrap = Bootstrap::default();
            let drawn = groups.as_ref().map(|groups| (groups, &bootstrap));
            evaluate_in_detail(network, &cache, &labels, drawn, &device)?
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

/// The features of the split in the given files, put together at `path`.
fn joined(
    arguments: &Arguments,
    predictor: &Predictor,
    files: &FeatureFiles,
    split: &Split,
    path: &Path,
) -> Result<FeatureCache> {
    recognise(predictor, files)?;
    let names: Vec<String> = split.rows.iter().map(|row| row.image.clone()).collect();
    let join = files.join_to(&names, &format!("the {} set", arguments.split))?;
    join.notes().iter().for_each(say);
    let fingerprint = Fingerprint::builder().rows(&names).build();
    join.write(path, &fingerprint)
}

/// The features of the split's images, extracted to `path`.
fn extracted(
    arguments: &Arguments,
    predictor: &Predictor,
    device: &Device,
    split: &Split,
    path: &Path,
) -> Result<FeatureCache> {
    let preprocessing = predictor.preprocessing().ok_or_else(|| Error::Argument {
        what: arguments.model.display().to_string(),
        expected: "a model with a backbone, to read images; or --features".into(),
        found: "heads alone".into(),
    })?;
    let names: Vec<String> = split.rows.iter().map(|row| row.image.clone()).collect();
    let images: Vec<PathBuf> = split.rows.iter().map(|row| split.image_path(row)).collect();
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
        path,
        device,
        &mut |done, total| {
            progress.update(done, total);
            true
        },
    )?;
    progress.finish();
    extracted.left_out().into_iter().for_each(say);
    Ok(extracted.cache)
}
