//! Renders the synthetic set: drawn faces with labels, in the layout of s-Aff-Wild2.
//!
//! ```sh
//! cargo run --release --example synthesize -- --out faces --sheet faces.png
//! ```

#[path = "shared/mod.rs"]
mod shared;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countenance::Result;
use countenance::data::synthetic::{SyntheticConfig, sheet};
use countenance::picture::save_png;
use shared::argument::{parse, picture, seed, whole};
use shared::progress::Progress;
use shared::report;

/// Render a synthetic data set of drawn faces, labelled like s-Aff-Wild2.
///
/// The folder gets cropped_aligned/<video>/<frame>.jpg and the two annotation files. The same seed
/// and sizes give the same bytes. Scores on drawn faces say nothing about accuracy on people.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder to render into: absent, empty, or holding this same set
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[arg(
        long,
        value_name = "N",
        default_value_t = SyntheticConfig::new().train,
        help = format!("Rows of the training set, 1 to {}", SyntheticConfig::MOST),
        value_parser = whole(1..=SyntheticConfig::MOST)
    )]
    train: usize,
    #[arg(
        long,
        value_name = "N",
        default_value_t = SyntheticConfig::new().validation,
        help = format!("Rows of the validation set, 1 to {}", SyntheticConfig::MOST),
        value_parser = whole(1..=SyntheticConfig::MOST)
    )]
    validation: usize,
    /// Which set; another seed draws other people in other moments
    #[arg(
        long,
        value_name = "N",
        default_value_t = SyntheticConfig::new().seed,
        value_parser = seed
    )]
    seed: u64,
    /// Also draw a contact sheet of every action unit and expression into this PNG file
    #[arg(long, value_name = "FILE", value_parser = picture())]
    sheet: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    report::run(|| synthesize(&arguments))
}

fn synthesize(arguments: &Arguments) -> Result<()> {
    let config = SyntheticConfig::new()
        .with_train(arguments.train)
        .with_validation(arguments.validation)
        .with_seed(arguments.seed);
    let progress = Progress::start("rendering");
    config.generate(&arguments.out, &|done, total| {
        progress.update(done, total);
        true
    })?;
    progress.finish();
    report::print(format_args!(
        "{}: {} training and {} validation rows",
        arguments.out.display(),
        config.train,
        config.validation
    ))?;
    if let Some(path) = &arguments.sheet {
        save_png(&sheet(arguments.seed), path)?;
        report::print(format_args!("{}: contact sheet", path.display()))?;
    }
    Ok(())
}
