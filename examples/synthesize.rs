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
use shared::progress::Progress;
use shared::report;

/// Render a synthetic data set of drawn faces, labelled like s-Aff-Wild2.
///
/// The folder gets cropped_aligned/<video>/<frame>.jpg and the two annotation files. The same seed
/// and sizes give the same bytes. Scores on drawn faces say nothing about accuracy on people.
#[derive(Parser)]
struct Arguments {
    /// Folder to render into: absent, empty, or holding this same set
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Rows of the training set
    #[arg(long, value_name = "N", default_value_t = SyntheticConfig::new().train)]
    train: usize,
    /// Rows of the validation set
    #[arg(long, value_name = "N", default_value_t = SyntheticConfig::new().validation)]
    validation: usize,
    /// Which set
    #[arg(long, value_name = "N", default_value_t = SyntheticConfig::new().seed)]
    seed: u64,
    /// Also draw a contact sheet of every action unit and expression into this PNG file
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    report::run(|| synthesize(&arguments))
}

fn synthesize(arguments: &Arguments) -> Result<()> {
    let config = SyntheticConfig::new()
        .with_train(arguments.train)
        .with_validation(arguments.validation)
        .with_seed(arguments.seed);
    let progress = Progress::start("rendering faces");
    config.generate(&arguments.out, &|done, total| progress.update(done, total))?;
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
