//! The main job: render or read a data set, train the network stage by stage, report its scores.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::optim::{OptimizerConfig, SamConfig, SgdConfig};
use countenance::train::{Order, Run, Schedule, TrainConfig};
use countenance::{Error, Result};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::at_least_one;
use shared::device::DeviceArgument;
use shared::interrupt::interrupter;
use shared::report::{print, run, say};
use shared::weights::located;

/// Trains the network of arXiv 2207.10293: backbone, then action units, then expressions with cross
/// attention, then valence and arousal.
///
/// Without --data it renders a synthetic set of faces first: those scores prove the pipeline, never
/// the accuracy on people.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder of an s-Aff-Wild2 data set
    #[arg(long, value_name = "ROOT")]
    data: Option<PathBuf>,
    /// Run directory; default: the next free one under runs/, or the newest with --resume
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Weights of the backbone: a timm, HSEmotion or countenance file, or, in a build with the
    /// feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf; without them a small one is
    /// trained first
    #[arg(long, value_name = "WEIGHTS")]
    backbone: Option<String>,
    /// Settings as JSON, as a run writes them to its config.json; flags override them
    #[arg(long, value_name = "JSON")]
    config: Option<PathBuf>,
    /// Go on with an interrupted run
    #[arg(long, conflicts_with_all = [
        "data", "backbone", "config", "epochs", "batch_size", "learning_rate", "rho", "seed",
        "optimizer", "order", "whole_epochs", "backbone_epochs", "synthetic_train", "synthetic_validation",
        "strict",
    ])]
    resume: bool,
    /// Epochs of each stage of the heads
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// What is trained, and in which order
    #[arg(long, value_enum)]
    order: Option<OrderArgument>,
    /// Epochs of the fine-tuning with --order whole
    #[arg(long, value_name = "N")]
    whole_epochs: Option<usize>,
    /// Epochs of the backbone's own training
    #[arg(long, value_name = "N")]
    backbone_epochs: Option<usize>,
    /// Rows in a step of the heads' stages
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Initial learning rate of the heads' stages
    #[arg(long, value_name = "F")]
    learning_rate: Option<f64>,
    /// Radius of sharpness-aware minimisation
    #[arg(long, value_name = "F")]
    rho: Option<f64>,
    /// Seed of everything random
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Optimizer of the heads' stages
    #[arg(long, value_enum)]
    optimizer: Option<Optimizer>,
    /// Read annotation files in the challenge's own form alone, to the letter
    #[arg(long)]
    strict: bool,
    /// Training images to render where there is no --data
    #[arg(long, value_name = "N")]
    synthetic_train: Option<usize>,
    /// Validation images to render where there is no --data
    #[arg(long, value_name = "N")]
    synthetic_validation: Option<usize>,
    /// Share every step among this many devices of the same kind
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    devices: usize,
    #[command(flatten)]
    device: DeviceArgument,
}

#[derive(Clone, Copy, ValueEnum)]
enum OrderArgument {
    /// One task after another on cached features: the paper's
    Staged,
    /// All tasks at once on cached features
    Joint,
    /// As joint, then the backbone together with the heads on images
    Whole,
}

#[derive(Clone, Copy, ValueEnum)]
enum Optimizer {
    /// Sharpness-aware minimisation around SGD: the paper's
    Sam,
    /// SGD with momentum
    Sgd,
    /// AdamW with a cosine schedule
    Adamw,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run(|| train(&arguments))
}

fn train(arguments: &Arguments) -> Result<()> {
    let devices = arguments.device.open_several(arguments.devices)?;
    let device = &devices[0];
    let run = if arguments.resume {
        let folder = match &arguments.out {
            Some(folder) => folder.clone(),
            None => newest_run().ok_or_else(|| Error::Argument {
                what: "--resume".into(),
                expected: "a run under runs/, or --out".into(),
                found: "none".into(),
            })?,
        };
        say(format_args!("resuming {}", folder.display()));
        Run::resume(&folder, device)?
    } else {
        let folder = arguments.out.clone().unwrap_or_else(next_run);
        say(format_args!("run directory: {}", folder.display()));
        Run::create(&folder, config(arguments)?, device)?
    };
    let run = run.on_devices(devices)?.stopped_by(&interrupter());

    let folder = run.path("");
    let outcome = run.execute().inspect_err(|error| {
        if matches!(error, Error::Interrupted) {
            say(format_args!(
                "to go on: train --resume --out {}",
                folder.display()
            ));
        }
    })?;
    print(outcome)
}

/// The config file, or the defaults, with the flags on top.
fn config(arguments: &Arguments) -> Result<TrainConfig> {
    let mut config = match &arguments.config {
        Some(path) => countenance::config::load(path, &TrainConfig::new())?,
        None if arguments.data.is_some() => TrainConfig::new(),
        None => TrainConfig::synthetic(),
    };
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    config.data = arguments.data.as_ref().map(text).or(config.data);
    config.weights = match &arguments.backbone {
        Some(name) => Some(text(&located(name)?)),
        None => config.weights,
    };
    config.order = match arguments.order {
        Some(OrderArgument::Staged) => Order::Staged,
        Some(OrderArgument::Joint) => Order::Joint,
        Some(OrderArgument::Whole) => Order::Whole,
        None => config.order,
    };
    config.whole.epochs = arguments.whole_epochs.unwrap_or(config.whole.epochs);
    config.seed = arguments.seed.unwrap_or(config.seed);
    config.strict |= arguments.strict;
    config.synthetic.train = arguments.synthetic_train.unwrap_or(config.synthetic.train);
    config.synthetic.validation = arguments
        .synthetic_validation
        .unwrap_or(config.synthetic.validation);
    config.backbone.stage.epochs = arguments
        .backbone_epochs
        .unwrap_or(config.backbone.stage.epochs);
    for stage in config.heads_mut() {
        match arguments.optimizer {
            Some(Optimizer::Sam) => {
                stage.optimizer = OptimizerConfig::Sgd(SgdConfig::new());
                stage.schedule = Schedule::Constant;
                stage.sam = Some(SamConfig::new());
            }
            Some(Optimizer::Sgd) => {
                stage.optimizer = OptimizerConfig::Sgd(SgdConfig::new());
                stage.schedule = Schedule::Constant;
                stage.sam = None;
            }
            Some(Optimizer::Adamw) => *stage = stage.clone().adamw(),
            None => {}
        }
        stage.epochs = arguments.epochs.unwrap_or(stage.epochs);
        stage.batch_size = arguments.batch_size.unwrap_or(stage.batch_size);
        stage.learning_rate = arguments.learning_rate.unwrap_or(stage.learning_rate);
        if let Some(rho) = arguments.rho {
            stage.sam = Some(stage.sam.clone().unwrap_or(SamConfig::new()).with_rho(rho));
        }
    }
    Ok(config)
}

fn numbered(number: usize) -> PathBuf {
    Path::new("runs").join(format!("{number:03}"))
}

fn next_run() -> PathBuf {
    let number = (1..)
        .find(|&number| !numbered(number).exists())
        .expect("numbers do not end");
    numbered(number)
}

fn newest_run() -> Option<PathBuf> {
    (1..).map(numbered).take_while(|run| run.exists()).last()
}
