//! The feature cache alone: every image of a folder through a backbone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::data::cache::{FeatureCache, Shard, merge};
use countenance::extract::{Extraction, Origin};
use countenance::network::FeatureKind;
use countenance::weights::Backbone;
use countenance::{Result, weights};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::{of_flag, parse};
use shared::folder::listed;
use shared::inference::InferenceArguments;
use shared::interrupt::stop_flag;
use shared::output::{Content, OverwriteArgument};
use shared::progress::Progress;
use shared::report::{print, run, say};
use shared::unreadable::UnreadableArgument;
use shared::weights::located;

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
/// Several machines can share the work: each extracts one part with --shard, into a file of its own,
/// and --merge makes of all parts the very file that one machine would have written.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Weights of the backbone: a timm, HSEmotion or countenance file, or, in a build with the
    /// feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf
    #[arg(long, value_name = "WEIGHTS", required_unless_present = "merge")]
    backbone: Option<String>,
    /// Folder of images, searched with its subfolders
    #[arg(long, value_name = "DIR", required_unless_present = "merge")]
    images: Option<PathBuf>,
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
        warnings,
    } = weights::import_backbone(&located(backbone)?, &device)?;
    for warning in warnings {
        say(format_args!("warning: {warning}"));
    }
    let feature = match arguments.feature {
        Feature::Pooled => FeatureKind::Pooled,
        Feature::PooledAndLogits => FeatureKind::PooledAndLogits,
    };
    let listed = listed(folder, None)?.complete()?;
    let (names, images) = (listed.names(), listed.images);
    let preprocessing = config.preprocessing();
    let fingerprint = Origin::new(&backbone, &config, feature)
        .with_mirrored(arguments.mirrored)
        .with_precision(arguments.inference.precision)
        .fingerprint()
        .preprocessing(&preprocessing)
        .rows(&names)
        .images(&images)
        .build();
    let (rows, fingerprint) = match arguments.shard {
        Some(shard) => (shard.range(names.len()), fingerprint.of_shard(shard)),
        None => (0..names.len(), fingerprint),
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
    if let Some(found) = extraction.replaces(&arguments.out)? {
        let out = arguments.out.display();
        say(format_args!("{out}: made anew; it was {found}"));
    }
    let backbone = arguments.inference.precision.of(backbone, &device);
    let backbone = backbone.map_err(of_flag("--precision"))?;
    let progress = Progress::start("images").in_batches(arguments.inference.batch_size);
    let stop = stop_flag();
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
    for (_, error) in &extracted.unreadable {
        say(format_args!("unreadable: {error}"));
    }
    let unreadable = format!("{} unreadable", extracted.unreadable.len());
    written(arguments, &extracted.cache, &unreadable)
}

fn written(arguments: &Arguments, cache: &FeatureCache, remark: &str) -> Result<()> {
    print(format_args!(
        "{}: {} rows of {} features, {remark}",
        arguments.out.display(),
        cache.rows(),
        cache.width(),
    ))
}
