//! The faces of photographs, cut out for `extract` and `train`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countenance::face::{Crop, Cropping};
use countenance::{Error, Result};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::parse;
use shared::crop::cut;
use shared::detection::DetectorArguments;
use shared::device::DeviceArgument;
use shared::folder::listed;
use shared::interrupt::stop_flag;
use shared::report::{print, run};
use shared::unreadable::UnreadableArgument;

/// Cuts every face out of the photographs of a folder, into a folder of PNG files.
///
/// The folder is read with its subfolders, and links are followed. What is an image is told by its
/// content; what else there is, hidden files and folders included, is passed over and counted. A
/// photograph is turned as its file says; faces that then lie on their side or upside down are missed, or
/// cut out as they lie.
///
/// A crop is called as its photograph, with the folders that not all share before it, # and the number of
/// the face behind it: 0 is the most certain. index.csv says which crop is of which face: crop, image,
/// face, confidence, and the box as x, y, width and height in pixels of the photograph. A photograph
/// without a face has no crop, and is counted.
///
/// Run it again to go on after an interruption, or when there are more photographs: crops that are there
/// already are kept.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder of photographs, searched with its subfolders
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// Folder for the crops: a new one, an empty one or an earlier run's
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Remove crops of an earlier run that were made in another way or are of other photographs
    #[arg(long)]
    overwrite: bool,
    /// What is cut out: aligned, 112x112 pixels with the eyes, nose and mouth always at the same places, or
    /// box, what the detector marks; a model's file tells which of them it reads
    #[arg(long, value_name = "CROP", default_value_t)]
    crop: Crop,
    #[command(flatten)]
    detector: DetectorArguments,
    #[command(flatten)]
    unreadable: UnreadableArgument,
    #[command(flatten)]
    device: DeviceArgument,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| crop(&arguments))
}

fn crop(arguments: &Arguments) -> Result<()> {
    let detector = arguments.detector.open(&arguments.device.open()?)?;
    let listed = listed(&arguments.images, Some(&arguments.out))?.complete()?;
    let cropping = Cropping {
        detector: &detector,
        crop: arguments.crop,
        names: &listed.names(),
        photographs: &listed.images,
        max_unreadable: arguments.unreadable.most,
    };
    let out = arguments.out.display();
    if let Some(found) = cropping.replaces(&arguments.out)?
        && !arguments.overwrite
    {
        return Err(Error::Argument {
            what: format!("the folder {out}"),
            expected: format!("{} of these photographs", cropping.config().words()),
            found: format!("{found} (--overwrite removes what does not belong there)"),
        });
    }
    let cropped = cut(&cropping, &arguments.out, &stop_flag())?;
    print(format_args!(
        "{out}: {} crops, {}",
        cropped.faces.len(),
        cropped.remark()
    ))
}
