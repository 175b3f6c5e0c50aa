//! Any supported checkpoint to this crate's file, or to the names that PyTorch programs expect.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::backbone::Flavour;
use countenance::calibrate::BlendWeights;
use countenance::predict::Predictor;
use countenance::weights::{self, ClassNames, DetectorImport, ExportTarget, Family, ImportOptions};
use countenance::{Error, Result};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::{of_flag, parse};
use shared::device::DeviceArgument;
use shared::output::{Content, OverwriteArgument};
use shared::report::{print, run, say};
use shared::weights::located;

/// Converts a checkpoint to one file that predicts, and reports what became of every tensor; several
/// checkpoints to one file of their blend, which reads the mean of what they read. A tuning in the file of
/// one model is kept.
///
/// Reads safetensors and what torch.save has written, state dicts and whole modules; nothing in
/// them is executed. What the file is, is told from its contents. Detectors become one file too:
/// YuNet's checkpoint, and MTCNN's three files in a folder or in facenet-pytorch's wheel.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The checkpoint, or a name of published weights: hsemotion:enet_b0_8_best_vgaf and so on, yunet,
    /// mtcnn
    input: PathBuf,
    /// The safetensors file to write; before it, of a blend, the other models, which need no options
    #[arg(required = true, value_name = "OUTPUT")]
    more: Vec<PathBuf>,
    /// What the checkpoint is: auto, timm, hsemotion, mtl-abaw4, openface3, me-graphau, vgg, resnet, swin,
    /// yunet, mtcnn or countenance
    #[arg(long, default_value = "auto", value_parser = kind)]
    kind: Kind,
    /// Write for a PyTorch program instead: mtl-abaw4 or timm
    #[arg(long)]
    to: Option<ExportTarget>,
    /// How the EfficientNet pads and normalises; by default what the file or its name tells, or
    /// TensorFlow's way
    #[arg(long, value_enum)]
    flavour: Option<FlavourName>,
    /// Which of several networks in the checkpoint: what stands before the names of its tensors, such
    /// as model_ema; by default the only one, or averaged weights (EMA) before others
    #[arg(long, value_name = "KEY")]
    weights: Option<String>,
    /// What the outputs of an EfficientNet's classifier are, in order: names with commas between them,
    /// a file (a name a line, or JSON), or hsemotion, affectnet, fer+, raf-db or aff-wild2; the last
    /// two may be valence and arousal. By default what the file tells, or class_0, class_1 and so on. Of a
    /// network of ME-GraphAU the names of its action units; by default what their number tells
    #[arg(long, value_name = "NAMES")]
    labels: Option<ClassNames>,
    /// Go on with what fits, and leave the rest at random; each such tensor is named
    #[arg(long)]
    allow_partial: bool,
    #[command(flatten)]
    overwrite: OverwriteArgument,
    #[command(flatten)]
    device: DeviceArgument,
}

#[derive(Clone, Copy)]
struct Kind(Option<Family>);

#[derive(Clone, Copy, ValueEnum)]
enum FlavourName {
    /// timm's tf_efficientnet_*
    Tensorflow,
    /// timm's efficientnet_*
    Plain,
}

fn kind(text: &str) -> Result<Kind> {
    match text {
        "auto" => Ok(Kind(None)),
        name => name.parse().map(|family| Kind(Some(family))),
    }
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| convert(&arguments))
}

fn convert(arguments: &Arguments) -> Result<()> {
    let overwrite = arguments.overwrite;
    let check = |input: &Path| overwrite.check(arguments.output(), Content::Weights, [input]);
    let mut inputs = Vec::new();
    for input in arguments.inputs() {
        check(input)?;
        let input = located(input)?;
        check(&input)?;
        inputs.push(input);
    }
    let input = match &inputs[..] {
        [input] => input,
        inputs => return blend(arguments, inputs),
    };
    if arguments.is_of_detector(input) {
        return detector(arguments, input);
    }
    let options = ImportOptions {
        kind: arguments.kind.0,
        flavour: arguments.flavour.map(|flavour| match flavour {
            FlavourName::Tensorflow => Flavour::Tensorflow,
            FlavourName::Plain => Flavour::Plain,
        }),
        weights: arguments.weights.clone(),
        labels: arguments.labels.clone(),
        allow_partial: arguments.allow_partial,
    };
    let imported =
        weights::import_model(input, &options, &arguments.device.open()?).map_err(named_as_flag)?;
    for network in imported
        .networks
        .iter()
        .filter(|one| !one.random.is_empty())
    {
        say(format_args!(
            "warning: {} tensors of the network are random numbers; it must be trained",
            network.random.len()
        ));
    }
    match arguments.to {
        None => imported.stored().save(arguments.output())?,
        Some(target) => {
            let [network] = &imported.networks[..] else {
                return Err(Error::Argument {
                    what: "--to".into(),
                    expected: "a model of one network".into(),
                    found: format!(
                        "{}, a blend of {}",
                        input.display(),
                        imported.networks.len()
                    ),
                });
            };
            if !imported.tuning.is_empty() {
                say(format_args!(
                    "left out, as {target} has no place for it: the tuning"
                ));
            }
            let left =
                weights::export(&network.model, &network.config, target, arguments.output())?;
            say_left_out(&left, target);
        }
    }
    let output = arguments.output().display();
    print(format_args!("{imported}\nwrote {output}"))
}

impl Arguments {
    /// What is read.
    fn inputs(&self) -> impl Iterator<Item = &PathBuf> {
        let more = &self.more[..self.more.len() - 1];
        std::iter::once(&self.input).chain(more)
    }

    /// What is written.
    fn output(&self) -> &Path {
        self.more.last().expect("clap asks for one")
    }

    /// One of the flags that were given and are about one network.
    fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--to", self.to.is_some()),
            ("--flavour", self.flavour.is_some()),
            ("--weights", self.weights.is_some()),
            ("--labels", self.labels.is_some()),
            ("--allow-partial", self.allow_partial),
        ];
        let given = flags.into_iter().find(|(_, is_given)| *is_given);
        given.map(|(flag, _)| flag)
    }

    /// Whether the input finds faces instead of reading them.
    fn is_of_detector(&self, input: &Path) -> bool {
        match self.kind.0 {
            Some(family) => matches!(family, Family::Yunet | Family::Mtcnn),
            None => DetectorImport::is_at(input),
        }
    }
}

/// Writes the blend of several models, each as it is read without being told anything of it.
fn blend(arguments: &Arguments, inputs: &[PathBuf]) -> Result<()> {
    let kind = arguments.kind.0.is_some().then_some("--kind");
    if let Some(flag) = kind.or(arguments.given()) {
        return Err(Error::Argument {
            what: flag.to_string(),
            expected: "one model, to be converted alone; its file is then blended".into(),
            found: format!("{} models", inputs.len()),
        });
    }
    let device = arguments.device.open()?;
    let mut report = Vec::new();
    let predictors = inputs.iter().map(|input| {
        let imported = weights::import_model(input, &ImportOptions::default(), &device)?;
        report.push(format!("{}: {imported}", input.display()));
        Predictor::of_import(imported, input, &device)
    });
    let predictors: Vec<_> = predictors.collect::<Result<_>>()?;
    let blend = Predictor::blend(predictors, &BlendWeights::equal(inputs.len()))?;
    for warning in blend.warnings() {
        say(format_args!("warning: {warning}"));
    }
    blend.save(arguments.output())?;
    let vocabulary = blend.vocabulary();
    let list = |names: Vec<String>| match names.is_empty() {
        true => "none".to_string(),
        false => names.join(" "),
    };
    let units = vocabulary.action_units.iter().map(ToString::to_string);
    let classes = vocabulary.expressions.iter().map(ToString::to_string);
    print(format_args!(
        "{}\nthe blend of {} networks\naction units: {}\nexpressions: {}\nvalence and arousal: {}\nwrote {}",
        report.join("\n"),
        blend.members().len(),
        list(units.collect()),
        list(classes.collect()),
        match vocabulary.valence_arousal {
            Some(_) => "yes",
            None => "no",
        },
        arguments.output().display()
    ))
}

/// Writes a detector, of which nothing is to be chosen.
fn detector(arguments: &Arguments, input: &Path) -> Result<()> {
    if let Some(flag) = arguments.given() {
        return Err(Error::Argument {
            what: flag.to_string(),
            expected: "a network that reads faces".into(),
            found: format!("{}, a detector", input.display()),
        });
    }
    // Its own files say which detector they are, and a kind is that of another program's.
    let family = arguments.kind.0;
    let imported = DetectorImport::open(input, family, &arguments.device.open()?)?;
    weights::save_detector(&imported.network, arguments.output())?;
    print(format_args!(
        "{imported}\nwrote {}",
        arguments.output().display()
    ))
}

/// The library's word on one of the options, which are flags here.
fn named_as_flag(error: Error) -> Error {
    let flag = match &error {
        Error::Argument { what, .. } if what == "the labels" => "--labels",
        Error::Argument { what, .. } if what == "the flavour" => "--flavour",
        _ => return error,
    };
    of_flag(flag)(error)
}

/// Says what the program has no place for, by the parts of the model.
fn say_left_out(names: &[String], target: ExportTarget) {
    let mut parts: Vec<&str> = names
        .iter()
        .filter_map(|name| name.split('.').next())
        .collect();
    parts.dedup();
    if !parts.is_empty() {
        say(format_args!(
            "left out, as {target} has no place for them: {} ({} tensors)",
            parts.join(", "),
            names.len()
        ));
    }
}
