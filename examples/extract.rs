//! The feature cache alone: every image of a folder through a backbone.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::data::cache::Fingerprint;
use countenance::data::image::Preprocessing;
use countenance::extract::Extraction;
use countenance::network::FeatureKind;
use countenance::{Result, weights};

#[path = "shared/mod.rs"]
mod shared;

use shared::argument::at_least_one;
use shared::device::DeviceArgument;
use shared::folder::images_below;
use shared::interrupt::stop_flag;
use shared::progress::Progress;
use shared::report::run;
use shared::weights::located;

/// Runs every image of a folder through a backbone and writes the features to one file.
///
/// Rows are named by their path below the folder, in sorted order. Run it again to go on after an
/// interruption. The row of an image that cannot be read holds NaN.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Weights of the backbone: a timm, HSEmotion or countenance file, or, in a build with the
    /// feature `download`, a name such as hsemotion:enet_b0_8_best_vgaf
    #[arg(long, value_name = "WEIGHTS")]
    backbone: String,
    /// Folder of images, searched with its subfolders
    #[arg(long, value_name = "DIR")]
    images: PathBuf,
    /// The feature file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What a feature is
    #[arg(long, value_enum, default_value_t = Feature::Pooled)]
    feature: Feature,
    /// Mirror every image first
    #[arg(long)]
    mirrored: bool,
    /// The largest share of images that may be unreadable
    #[arg(long, default_value_t = 0.01)]
    max_unreadable: f64,
    /// Images in a batch
    #[arg(long, default_value_t = 32, value_parser = at_least_one)]
    batch_size: usize,
    #[command(flatten)]
    device: DeviceArgument,
}

#[derive(Clone, Copy, ValueEnum)]
enum Feature {
    /// The pooled feature
    Pooled,
    /// The pooled feature, then the classifier's logits
    PooledAndLogits,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    run(|| extract(&arguments))
}

fn extract(arguments: &Arguments) -> Result<()> {
    let device = arguments.device.open()?;
    let (backbone, config) = weights::load_backbone(&located(&arguments.backbone)?, &device)?;
    let feature = match arguments.feature {
        Feature::Pooled => FeatureKind::Pooled,
        Feature::PooledAndLogits => FeatureKind::PooledAndLogits,
    };
    let images = images_below(&arguments.images)?;
    let names: Vec<String> = images
        .iter()
        .map(|path| {
            let below = path.strip_prefix(&arguments.images).unwrap_or(path);
            below.to_string_lossy().replace('\\', "/")
        })
        .collect();
    let preprocessing = Preprocessing::imagenet(config.input_size());
    let fingerprint = Fingerprint::builder()
        .weights(&weights::digest(&backbone))
        .weights(format!("{config} {feature:?} mirrored {}", arguments.mirrored).as_bytes())
        .preprocessing(&preprocessing)
        .rows(&names)
        .images(&images)
        .build();
    let extraction = Extraction {
        names: &names,
        images: &images,
        mirrored: arguments.mirrored,
        preprocessing,
        batch_size: arguments.batch_size,
        width: feature.width(&config)?,
        fingerprint,
        max_unreadable: arguments.max_unreadable,
    };
    let progress = Progress::start("images");
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
        eprintln!("unreadable: {error}");
    }
    println!(
        "{}: {} rows of {} features, {} unreadable",
        arguments.out.display(),
        extracted.cache.rows(),
        extracted.cache.width(),
        extracted.unreadable.len()
    );
    Ok(())
}
