//! The flags, each with its default as the library has it.

use std::fmt::Display;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Parser, ValueEnum};
use countenance::data::synthetic::SyntheticConfig;
use countenance::optim::{BaseOptimizerConfig, SamConfig};
use countenance::train::{Recipe, StageConfig, TemporalStageConfig, TrainConfig};

use crate::division::DivisionArguments;
use crate::shared::argument::{at_least_one, at_least_zero, decay, rate, seed, share, whole};
use crate::shared::device::DeviceArgument;
use crate::shared::given::FeatureArguments;
use crate::shared::label::LabelArguments;
use crate::shared::smoothing::frame_rate;

/// Trains the network of arXiv 2207.10293: backbone, then action units, then expressions with cross
/// attention, then valence and arousal.
///
/// Without --data it renders a synthetic set of faces first: those scores prove the pipeline, never
/// the accuracy on people. With --features the heads are trained on what another program made of the
/// images of --data, which need not be there; the model has no backbone then and reads such features.
#[derive(Parser)]
#[command(
    version,
    mut_arg("features", |features| features.conflicts_with_all([
        "backbone", "backbone_epochs", "whole_epochs", "max_unreadable", "synthetic_train",
        "synthetic_validation",
    ]))
)]
pub struct Arguments {
    /// The data: the folder of an s-Aff-Wild2 data set, a table of labels such as labels.csv or the folder
    /// that holds it, or a folder with one for each class; without it a synthetic set is rendered
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    #[command(flatten)]
    pub given: FeatureArguments,
    #[command(flatten)]
    pub labels: LabelArguments,
    #[command(flatten)]
    pub division: DivisionArguments,
    /// Run directory, empty or not there yet [default: the next free one under runs/, or the newest
    /// with --resume]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Weights of the backbone: a file that `convert` reads and that has one, or, in a build with the
    /// feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf; without them a small one is
    /// trained first
    #[arg(long, value_name = "WEIGHTS", value_parser = NonEmptyStringValueParser::new())]
    pub backbone: Option<String>,
    /// Begin with the heads of this model of ours, wherever its action units and expressions are those of
    /// the data
    #[arg(long, value_name = "MODEL", value_parser = NonEmptyStringValueParser::new())]
    pub heads: Option<String>,
    /// Settings as JSON, as a run writes them to its config.json; flags override them, and what it
    /// does not name has its default
    #[arg(long, value_name = "JSON")]
    pub config: Option<PathBuf>,
    /// Go on with an interrupted run, with the settings that it was started with
    #[arg(long, conflicts_with_all = [
        "data", "features", "vocabulary", "expressions", "first_class", "drop_other_classes", "affect_range",
        "validation_share", "divide_by", "division_seed", "folds", "backbone", "heads", "config", "epochs", "batch_size", "learning_rate", "rho", "ema", "seed",
        "optimizer", "order", "recipe", "temporal", "causal", "frame_rate", "temporal_epochs", "strict", "keep_partial_action_units", "whole_epochs", "backbone_epochs", "synthetic_train", "synthetic_validation",
    ])]
    pub resume: bool,
    /// Read annotation files in the challenge's own form alone, to the letter
    #[arg(long)]
    pub strict: bool,
    /// Rows that lack some action units keep the others
    #[arg(long)]
    pub keep_partial_action_units: bool,
    #[arg(long, value_name = "N", value_parser = whole(1..=StageConfig::MOST), help = format!(
        "Epochs of each stage of the heads, 1 to {} {}",
        StageConfig::MOST,
        heads(|stage| stage.epochs)
    ))]
    pub epochs: Option<usize>,
    #[arg(long, value_enum, help = format!(
        "What is trained, and in which order {}",
        default(|config| format!("{:?}", config.order).to_lowercase())
    ))]
    pub order: Option<OrderArgument>,
    #[arg(long, value_enum, help = format!(
        "What the stages are set to, for the rows of --data: rates, epochs and the like, which other \
         flags override [default: auto; with --config as it says; {} rows are many]",
        Recipe::LARGE
    ))]
    pub recipe: Option<RecipeArgument>,
    /// Behind the heads, train a temporal head together with them, on windows of the videos that rows name with
    /// the numbers of their frames: what reads the frames of a window together [default: no such head]
    #[arg(long, value_enum, value_name = "FORM")]
    pub temporal: Option<TemporalArgument>,
    /// The temporal head reads a frame with those before it alone, as a live video needs it
    #[arg(long)]
    pub causal: bool,
    #[arg(long, value_name = "F", value_parser = frame_rate, help = format!(
        "Frames a second of the videos, for a temporal head [default: {}]",
        TemporalStageConfig::new().frame_rate
    ))]
    pub frame_rate: Option<f64>,
    #[arg(long, value_name = "N", value_parser = whole(1..=StageConfig::MOST), help = format!(
        "Epochs of the temporal head's training, 1 to {} [default: {}]",
        StageConfig::MOST,
        TemporalStageConfig::new().stage.epochs
    ))]
    pub temporal_epochs: Option<usize>,
    #[arg(long, value_name = "N", value_parser = whole(1..=StageConfig::MOST), help = format!(
        "Epochs of the fine-tuning with --order whole, 1 to {} {}",
        StageConfig::MOST,
        default(|config| {
            format!("{} unless --recipe says otherwise", config.whole.epochs)
        })
    ))]
    pub whole_epochs: Option<usize>,
    #[arg(
        long,
        value_name = "N",
        value_parser = whole(1..=StageConfig::MOST),
        conflicts_with = "backbone",
        help = format!(
            "Epochs of the backbone's own training, where no weights are given, 1 to {} {}",
            StageConfig::MOST,
            default(|config| {
                let epochs = config.backbone.stage.epochs;
                format!("{epochs} unless --recipe says otherwise")
            })
        )
    )]
    pub backbone_epochs: Option<usize>,
    #[arg(long, value_name = "N", value_parser = whole(1..=StageConfig::MOST), help = format!(
        "Rows in a step of the heads' stages, 1 to {} {}",
        StageConfig::MOST,
        heads(|stage| stage.batch_size)
    ))]
    pub batch_size: Option<usize>,
    #[arg(long, value_name = "F", value_parser = rate, help = format!(
        "Initial learning rate of the heads' stages, above 0 and at most 1 {}",
        heads(|stage| stage.learning_rate)
    ))]
    pub learning_rate: Option<f64>,
    #[arg(long, value_name = "F", value_parser = at_least_zero, help = format!(
        "Radius of sharpness-aware minimisation, at least 0 [default: {}]",
        SamConfig::new().rho
    ))]
    pub rho: Option<f64>,
    #[arg(long, value_name = "DECAY", value_parser = decay, help = format!(
        "Judge and keep an exponential moving average of the weights, of which a step keeps this share, \
         at least 0 and below 1; in the heads' stages and that of the whole network [default: {}]",
        ema()
    ))]
    pub ema: Option<f64>,
    #[arg(long, value_name = "N", value_parser = seed, help = format!(
        "Seed of everything random {}", default(|config| config.seed)
    ))]
    pub seed: Option<u64>,
    #[arg(long, value_enum, help = format!(
        "Optimizer of the heads' stages [default: {}]", optimizer()
    ))]
    pub optimizer: Option<Optimizer>,
    #[arg(
        long,
        value_name = "N",
        value_parser = whole(1..=SyntheticConfig::MOST),
        conflicts_with = "data",
        help = format!(
            "Training images to render where there is no --data, 1 to {} {}",
            SyntheticConfig::MOST,
            default(|config| config.synthetic.train)
        )
    )]
    pub synthetic_train: Option<usize>,
    #[arg(
        long,
        value_name = "N",
        value_parser = whole(1..=SyntheticConfig::MOST),
        conflicts_with = "data",
        help = format!(
            "Validation images to render where there is no --data, 1 to {} {}",
            SyntheticConfig::MOST,
            default(|config| config.synthetic.validation)
        )
    )]
    pub synthetic_validation: Option<usize>,
    #[arg(long, value_name = "F", value_parser = share, help = format!(
        "The largest share of the data's images that may be unreadable, 0 to 1 {}",
        default(|config| config.max_unreadable)
    ))]
    pub max_unreadable: Option<f64>,
    /// Share every step among this many devices of the same kind
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub devices: usize,
    #[command(flatten)]
    pub device: DeviceArgument,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OrderArgument {
    /// One task after another on cached features: the paper's
    Staged,
    /// All tasks at once on cached features
    Joint,
    /// As joint, then the backbone together with the heads on images
    Whole,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum TemporalArgument {
    /// A transformer encoder that knows the time of each frame
    Transformer,
    /// Dilated convolutions
    Convolution,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum RecipeArgument {
    /// The paper's for a task with many labelled rows, small for one with fewer
    Auto,
    /// The paper's schedule to the letter
    Paper,
    /// A larger rate, warmed up and decayed; epochs by the number of rows, until none is better any more
    Small,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Optimizer {
    /// Sharpness-aware minimisation around SGD: the paper's
    Sam,
    /// SGD with momentum
    Sgd,
    /// AdamW with a cosine schedule
    Adamw,
}

impl Arguments {
    /// The flags that say where to compute, to be put behind a command.
    pub fn where_to_compute(&self) -> String {
        let device = self.device.to_string();
        match self.devices {
            1 => device,
            count => format!("{device} --devices {count}"),
        }
    }
}

/// The optimizer that a stage of the heads has unless another one is given.
fn optimizer() -> &'static str {
    let stage = StageConfig::new();
    match (stage.optimizer, stage.sam) {
        (BaseOptimizerConfig::AdamW(_), _) => "adamw",
        (BaseOptimizerConfig::Sgd(_), Some(_)) => "sam",
        (BaseOptimizerConfig::Sgd(_), None) => "sgd",
    }
}

/// The decay of the average that a stage of the heads has unless another one is given.
fn ema() -> String {
    match StageConfig::new().ema {
        Some(ema) => ema.decay.to_string(),
        None => "no average".to_string(),
    }
}

/// What a setting is unless given.
fn default<T: Display>(value: impl Fn(&TrainConfig) -> T) -> String {
    format!("[default: {}]", value(&TrainConfig::new()))
}

/// What a setting of the heads' stages is unless given, on data and on the rendered set.
fn heads<T: Display + PartialEq>(value: impl Fn(&StageConfig) -> T) -> String {
    let text = |mut config: TrainConfig| {
        let values = config.heads_mut().into_iter().map(|stage| value(stage));
        let values: Vec<T> = values.collect();
        match values.as_slice() {
            [first, rest @ ..] if rest.iter().all(|value| value == first) => first.to_string(),
            several => {
                let named = ["au", "ex", "va", "joint"].iter().zip(several);
                let named = named.map(|(name, value)| format!("{name} {value}"));
                named.collect::<Vec<_>>().join(", ")
            }
        }
    };
    let (data, rendered) = (text(TrainConfig::new()), text(TrainConfig::synthetic()));
    match data == rendered {
        true => format!("[default: {data}]"),
        false => {
            format!("[default: {data} with --recipe paper; without --data {rendered}]")
        }
    }
}
