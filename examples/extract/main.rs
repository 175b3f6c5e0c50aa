//! The feature cache alone: every image of a folder through a backbone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::data::cache::{FeatureCache, Shard, merge};
use countenance::extract::{Extracted, Extraction, Origin};
use countenance::face::{Crop, Cropping, crops_beside};
use countenance::network::FeatureKind;
use countenance::weights::Backbone;
use countenance::{Result, weights};

#[path = "../shared/mod.rs"]
mod shared;

use shared::argument::{of_flag, parse};
use shared::detection::{DetectorArguments, needs_detect};
use shared::folder::listed;
use shared::inference::InferenceArguments;
use shared::interrupt::stop_flag;
use shared::output::{Content, OverwriteArgument};
use shared::progress::Progress;
use shared::report::{print, run, say};
use shared::unreadable::UnreadableArgument;
use shared::weights::located;
mod photograph;

/// Runs every image of a folder through a backbone and writes the features to one file.
///
/// The folder is read with its subfolders, and links are followed. What is an image is told by its
/// content; what else there is, hidden files and folders included, is passed over and counted.
///
/// Rows are named by their path below the folder (bytes that are not UTF-8 are written \xNN), in
/// natural order: frame_2 before frame_10. Run it again to go on after an interruption. The row of an
/// image that cannot be read holds NaN. A feature file made of other weights or images, or with its
/// rows in another order, is made anew, and that is said.
///
/// With --detect a row is a face of a photograph, named by the photograph, # and the number of the face:
/// photo.jpg#0 is the most certain one. A photograph without a face has no row, and is counted. While the
/// features are made, the crops are kept in a folder beside the feature file.
///
/// Several machines can share the work: each extracts one part with --shard, into a file of its own,
/// and --merge makes of all parts the very file that one machine would have written.
#[derive(Parser)]
#[command(version, mut_group("DetectorArguments", needs_detect))]
struct Arguments {
    /// Weights of the backbone: a file that `convert` reads and that has one, or, in a build with the
    /// feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf
    #[arg(long, value_name = "WEIGHTS", required_unless_present = "merge")]
    backbone: Option<String>,
    /// Folder of images, searched with its subfolders
    #[arg(long, value_name = "DIR", required_unless_present = "merge")]
    images: Option<PathBuf>,
    /// Find the faces in photographs, and extract each of them
    #[arg(long, conflicts_with_all = ["merge", "shard"])]
    detect: bool,
    #[command(flatten)]
    detector: DetectorArguments,
    /// What is cut out of a photograph: aligned, 112x112 pixels with the eyes, nose and mouth always at the
    /// same places, or box, what the detector marks [default: what the file of the backbone tells, or box]
    #[arg(long, value_name = "CROP", requires = "detect")]
    crop: Option<Crop>,
    /// The feature file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArgument,
    /// What a feature is
    #[arg(long, value_enum, default_value_t = Feature::Pooled)]
    feature: Feature,
    /// Mirror every image first
    #[arg(long)]
    mirrored: bool,
    #[command(flatten)]
    unreadable: UnreadableArgument,
    /// Extract only this part of the images, from 1/8 to 8/8 for eight machines
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Make one file of the parts that --shard has written, and check that none is missing
    #[arg(long, value_name = "PART", num_args = 1.., conflicts_with_all = ["backbone", "images", "shard"])]
    merge: Vec<PathBuf>,
    #[command(flatten)]
    inference: InferenceArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum Feature {
    /// The pooled feature
    Pooled,
    /// The pooled feature, then the classifier's logits
    PooledAndLogits,
    /// The last map before it is pooled, token by token, which heads on maps read, as ME-GraphAU's
    Maps,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    run(|| extract(&arguments))
}

fn extract(arguments: &Arguments) -> Result<()> {
    let backbone = arguments.backbone.as_ref().map(Path::new);
    let inputs = arguments.merge.iter().map(PathBuf::as_path).chain(backbone);
    let overwrite = arguments.overwrite;
    overwrite.check(&arguments.out, Content::Features, inputs)?;
    match (&arguments.backbone, &arguments.images) {
        (Some(backbone), Some(images)) => from_images(arguments, backbone, images),
        _ => {
            let cache = merge(&arguments.out, &arguments.merge)?;
            written(arguments, &cache, "merged")
        }
    }
}

fn from_images(arguments: &Arguments, backbone: &str, folder: &Path) -> Result<()> {
    let device = arguments.inference.device()?;
    let Backbone {
        network: backbone,
        config,
        crop,
        warnings,
    } = weights::import_backbone(&located(backbone)?, &device)?;
    for warning in warnings {
        say(format_args!("warning: {warning}"));
    }
    let feature = match arguments.feature {
        Feature::Pooled => FeatureKind::Pooled,
        Feature::PooledAndLogits => FeatureKind::PooledAndLogits,
        Feature::Maps => FeatureKind::Maps,
    };
    if let Some(given) = arguments.crop.filter(|given| *given != crop) {
        say(format_args!(
            "warning: the backbone's file is of {crop} crops, and these are {given}: a model of that file \
             reads such features worse"
        ));
    }
    let detector = match arguments.detect {
        true => Some(arguments.detector.open(&device)?),
        false => None,
    };
    let crops = detector.as_ref().map(|_| crops_beside(&arguments.out));
    let listed = listed(folder, crops.as_deref())?.complete()?;
    let (names, images) = (listed.names(), listed.images);
    let cropping = detector.as_ref().map(|detector| Cropping {
        detector,
        crop: arguments.crop.unwrap_or(crop),
        names: &names,
        photographs: &images,
        max_unreadable: arguments.unreadable.most,
    });
    let preprocessing = config.preprocessing();
    let mut fingerprint = Origin::new(&backbone, &config, feature)
        .with_mirrored(arguments.mirrored)
        .with_precision(arguments.inference.precision)
        .with_crop(cropping.as_ref().map(|cropping| cropping.crop))
        .fingerprint()
        .preprocessing(&preprocessing)
        .rows(&names)
        .images(&images);
    if let Some(cropping) = &cropping {
        fingerprint = fingerprint.preprocessing(&cropping.config());
    }
    let (rows, fingerprint) = match (arguments.shard, fingerprint.build()) {
        (Some(shard), whole) => (shard.range(names.len()), whole.of_shard(shard)),
        (None, whole) => (0..names.len(), whole),
    };
    let extraction = Extraction {
        names: &names[rows.clone()],
        images: &images[rows],
        mirrored: arguments.mirrored,
        preprocessing,
        batch_size: arguments.inference.batch_size,
        width: feature.width(&config)?,
        fingerprint,
        max_unreadable: arguments.unreadable.most,
    };
    let backbone = arguments.inference.precision.of(backbone, &device);
    let backbone = backbone.map_err(of_flag("--precision"))?;
    let stop = stop_flag();
    let run = |extraction: &Extraction| -> Result<Extracted> {
        let progress = Progress::start("images").in_batches(arguments.inference.batch_size);
        let extracted = extraction.run(
            |images| feature.of(&backbone, images),
            &arguments.out,
            &device,
            &mut |done, total| {
                progress.update(done, total);
                !stop()
            },
        )?;
        progress.finish();
        Ok(extracted)
    };
    if let (Some(cropping), Some(crops)) = (&cropping, &crops) {
        let (cache, remark) =
            photograph::extract(cropping, extraction, (&arguments.out, crops), &stop, run)?;
        return written(arguments, &cache, &remark);
    }
    if let Some(found) = extraction.replaces(&arguments.out)? {
        made_anew(&arguments.out, &found);
    }
    let extracted = run(&extraction)?;
    for (_, error) in &extracted.unreadable {
        say(format_args!("unreadable: {error}"));
    }
    let unreadable = format!("{} unreadable", extracted.unreadable.len());
    written(arguments, &extracted.cache, &unreadable)
}

/// Says that what is in the file is of no use.
fn made_anew(out: &Path, found: &str) {
    let out = out.display();
    say(format_args!("{out}: made anew; it was {found}"));
}

fn written(arguments: &Arguments, cache: &FeatureCache, remark: &str) -> Result<()> {
    print(format_args!(
        "{}: {} rows of {} features, {remark}",
        arguments.out.display(),
        cache.rows(),
        cache.width(),
    ))
}
