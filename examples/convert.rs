//! Any supported checkpoint to this crate's file, or to the names that PyTorch programs expect.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::backbone::Flavour;
use countenance::weights::{self, ClassNames, DetectorImport, ExportTarget, Family, ImportOptions};
use countenance::{Error, Result};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::{of_flag, parse};
use shared::device::DeviceArgument;
use shared::output::{Content, OverwriteArgument};
use shared::report::{print, run, say};
use shared::weights::located;

/// Converts a checkpoint to one file that predicts, and reports what became of every tensor.
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
    /// The safetensors file to write
    output: PathBuf,
    /// What the checkpoint is: auto, timm, hsemotion, mtl-abaw4, openface3, yunet, mtcnn or countenance
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
    /// two may be valence and arousal. By default what the file tells, or class_0, class_1 and so on
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
    let check = |input: &Path| overwrite.check(&arguments.output, Content::Weights, [input]);
    check(&arguments.input)?;
    let input = located(&arguments.input)?;
    check(&input)?;
    if arguments.is_of_detector(&input) {
        return detector(arguments, &input);
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
        weights::import(&input, &options, &arguments.device.open()?).map_err(named_as_flag)?;
    if !imported.random.is_empty() {
        say(format_args!(
            "warning: {} tensors of the network are random numbers; it must be trained",
            imported.random.len()
        ));
    }
    match arguments.to {
        None => imported.model.save(&arguments.output)?,
        Some(target) => {
            let (model, config) = (&imported.model, &imported.config);
            let left = weights::export(model, config, target, &arguments.output)?;
            say_left_out(&left, target);
        }
    }
    let output = arguments.output.display();
    print(format_args!("{imported}\nwrote {output}"))
}

impl Arguments {
    /// Whether the input finds faces instead of reading them.
    fn is_of_detector(&self, input: &Path) -> bool {
        match self.kind.0 {
            Some(family) => matches!(family, Family::Yunet | Family::Mtcnn),
            None => DetectorImport::is_at(input),
        }
    }
}

/// Writes a detector, of which nothing is to be chosen.
fn detector(arguments: &Arguments, input: &Path) -> Result<()> {
    let given = [
        ("--to", arguments.to.is_some()),
        ("--flavour", arguments.flavour.is_some()),
        ("--weights", arguments.weights.is_some()),
        ("--labels", arguments.labels.is_some()),
        ("--allow-partial", arguments.allow_partial),
    ];
    if let Some((flag, _)) = given.into_iter().find(|(_, given)| *given) {
        return Err(Error::Argument {
            what: flag.to_string(),
            expected: "a network that reads faces".into(),
            found: format!("{}, a detector", input.display()),
        });
    }
    // Its own files say which detector they are, and a kind is that of another program's.
    let family = arguments.kind.0;
    let imported = DetectorImport::open(input, family, &arguments.device.open()?)?;
    weights::save_detector(&imported.network, &arguments.output)?;
    print(format_args!(
        "{imported}\nwrote {}",
        arguments.output.display()
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
