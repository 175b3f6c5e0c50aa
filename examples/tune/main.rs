//! Thresholds, offsets, smoothing, calibration and blend weights, found and honestly judged.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::calibrate::{
    CalibrationKind, GroupBy, Keep, Material, Part, SmoothingKind, TuneConfig, Tuned, tune,
};
use countenance::data::split::SplitName;
use countenance::metric::bootstrap::Bootstrap;
use countenance::{Error, Result};

mod model;
mod scores;
#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::{parse, whole};
use shared::given::FeatureArguments;
use shared::inference::{InferenceArguments, ModelArguments};
use shared::label::{LabelArguments, Part as SplitPart};
use shared::output::OverwriteArgument;
use shared::progress::Progress;
use shared::report::{json, print, run, say};
use shared::smoothing::frame_rate;
use shared::unreadable::UnreadableArgument;

/// Finds what is best done with a model's scores, and says what that is worth.
///
/// A threshold for each action unit, an offset for each expression, a width of smoothing over time and the
/// weights of several models for each task, and calibrated probabilities: found on the rows of one split,
/// and written with the model to one file, which `evaluate`, `predict`, `video` and `submit` obey.
///
/// Three numbers are printed for each task. Untuned: the same rows without any of it. Cross-validated: each
/// row is decided by what was found without its video; believe this one. In-sample: the rows judge what was
/// found on them; it is too high, and the one that is mostly published. Where the second is no better than
/// the first, nothing of that task is stored.
///
/// With --scores another program's table takes the place of model and data: see docs/tuning.md.
#[derive(Parser)]
#[command(
    version,
    mut_arg("models", |models| {
        models.required(false).required_unless_present("scores").conflicts_with("scores").requires("data")
    }),
    mut_arg("features", |features| features.conflicts_with_all(["precision", "most", "scores"]))
)]
struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// The data: the folder of an s-Aff-Wild2 data set, a table of labels such as labels.csv or the folder
    /// that holds it, or a folder with one for each class
    #[arg(long, value_name = "PATH", conflicts_with = "scores")]
    data: Option<PathBuf>,
    /// training, validation, test, or all rows of a table or of folders: the rows to tune on, which are
    /// better not those that the model was trained on, and no longer those to report on
    #[arg(long, default_value_t = SplitPart(Some(SplitName::Validation)), conflicts_with = "scores")]
    split: SplitPart,
    #[command(flatten)]
    labels: LabelArguments,
    /// A table of another program's scores, with labels in columns such as label:AU12
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// Where the tuned model is written, or with --scores the tuning as JSON; without it nothing is stored
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    overwrite: OverwriteArgument,
    /// How the three numbers are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// What is tuned, between commas: weights, smoothing, calibration, thresholds, offsets [default: all
    /// of them]
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    part: Vec<Part>,
    /// Store also what does not help on rows that it was not found on
    #[arg(long)]
    store_unproven: bool,
    /// gaussian, box, or exponential, which a live video need not wait for
    #[arg(long, value_name = "KIND", default_value_t)]
    smoothing: SmoothingKind,
    /// The widths that are tried beside none, in seconds, between commas [default: 12 from 0.03 to 5]
    #[arg(long, value_name = "SECONDS", value_delimiter = ',')]
    widths: Vec<f64>,
    /// How scores of action units become probabilities: platt, or isotonic, for thousands of rows
    #[arg(long, value_name = "KIND", default_value_t)]
    calibration: CalibrationKind,
    /// In how many parts the videos are divided, 2 to 100
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = whole(2..=100))]
    folds: usize,
    /// What is never on both sides of a division: video, subject or row [default: the first of them that
    /// the data name]
    #[arg(long, value_name = "BY")]
    by: Option<GroupBy>,
    /// Frames a second of the videos that rows name with the numbers of their frames
    #[arg(long, value_name = "F", default_value_t = 30.0, value_parser = frame_rate)]
    frame_rate: f64,
    /// What the division and the intervals follow from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Also draw how far probabilities are from shares of right answers, before and after, into this PNG
    /// file
    #[cfg(feature = "picture")]
    #[arg(long, value_name = "FILE", value_parser = shared::argument::picture())]
    reliability: Option<PathBuf>,
    /// Rows that lack some action units keep the others
    #[arg(long, conflicts_with = "scores")]
    keep_partial_action_units: bool,
    /// Read the annotation file in the challenge's own form alone, to the letter
    #[arg(long, conflicts_with = "scores")]
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
    /// One JSON object with the three numbers and an interval of each task
    Json,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| match (&arguments.scores, &arguments.data) {
        (Some(scores), _) => scores::run(&arguments, scores),
        (None, Some(data)) => model::run(&arguments, data),
        (None, None) => Err(Error::Argument {
            what: "--model".into(),
            expected: "--data beside it, or --scores".into(),
            found: "neither".into(),
        }),
    })
}

impl Arguments {
    fn config(&self) -> Result<TuneConfig> {
        let default = TuneConfig::default();
        let or = |given: &[f64], default: Vec<f64>| match given {
            [] => default,
            given => given.to_vec(),
        };
        let config = TuneConfig {
            parts: match &self.part[..] {
                [] => default.parts,
                parts => parts.to_vec(),
            },
            smoothing: self.smoothing,
            widths: or(&self.widths, default.widths),
            calibration: self.calibration,
            folds: self.folds,
            seed: self.seed,
            bootstrap: Bootstrap {
                seed: self.seed,
                ..Bootstrap::default()
            },
        };
        config.check()?;
        Ok(config)
    }

    fn keep(&self) -> Keep {
        match self.store_unproven {
            true => Keep::All,
            false => Keep::Proven,
        }
    }

    /// Finds the tuning, and says what is to be said of it beside its numbers.
    fn tuned(&self, material: &Material) -> Result<Tuned> {
        let progress = Progress::start("tuning");
        let tuned = tune(material, &self.config()?, &mut |done, total| {
            progress.update(done, total);
        })?;
        progress.finish();
        for note in &tuned.notes {
            match note.is_warning() {
                true => say(format_args!("warning: {note}")),
                false => say(note),
            }
        }
        Ok(tuned)
    }

    /// Writes the numbers, and what was found.
    fn tell(&self, tuned: &Tuned, found: &[String]) -> Result<()> {
        #[cfg(feature = "picture")]
        if let Some(path) = &self.reliability {
            draw(tuned, path)?;
        }
        if let Format::Json = self.format {
            return print(json(&tuned.outcome));
        }
        print(tuned.table().trim_end())?;
        found.iter().try_for_each(print)
    }
}

/// Draws the reliability of what was calibrated.
#[cfg(feature = "picture")]
fn draw(tuned: &Tuned, path: &std::path::Path) -> Result<()> {
    use countenance::picture::{reliability, save_png};
    let mut diagrams = Vec::new();
    for (name, calibration) in [
        ("AU", &tuned.action_unit_calibration),
        ("EX", &tuned.expression_calibration),
    ] {
        if let Some([untuned, tuned]) = &calibration.reliability {
            // A title has room for a few letters.
            diagrams.push((format!("{name} untuned"), untuned.clone()));
            diagrams.push((format!("{name} tuned"), tuned.clone()));
        }
    }
    let shown = path.display();
    match diagrams.is_empty() {
        true => say(format_args!(
            "{shown}: not drawn, as nothing was calibrated"
        )),
        false => {
            save_png(&reliability(&diagrams)?, path)?;
            say(format_args!(
                "{shown}: probabilities, and how often they were right, untuned and cross-validated"
            ));
        }
    }
    Ok(())
}
