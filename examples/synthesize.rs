//! Renders the synthetic set: drawn faces with labels, in the layout of s-Aff-Wild2 or in a table.
//!
//! ```sh
//! cargo run --release --example synthesize -- --out faces --sheet faces.png
//! ```

#[path = "shared/mod.rs"]
mod shared;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use countenance::data::synthetic::{
    Form, SyntheticConfig, SyntheticDisplayConfig, SyntheticTableConfig, SyntheticVideoConfig,
    sheet,
};
use countenance::picture::save_png;
use countenance::{Error, Result};
use shared::argument::{parse, picture, seed, whole};
use shared::progress::Progress;
use shared::report;

/// Render a synthetic data set of drawn faces, labelled like s-Aff-Wild2.
///
/// The folder gets cropped_aligned/<video>/<frame>.jpg and the two annotation files, or with another
/// --form images/<subject>/ and labels.csv. --form displays also prints the best scores that anybody can reach on it. The same seed and sizes give the same bytes. Scores on drawn faces say nothing about accuracy on people.
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
    /// What is labelled, and how
    #[arg(long, value_enum, default_value_t = Labels::AffWild2)]
    form: Labels,
    /// Frames of each video of --form videos or displays, 1 to 1000000; the last of a set has what is left [default: 200]
    #[arg(long, value_name = "N", value_parser = whole(1..=SyntheticConfig::MOST))]
    frames: Option<usize>,
    /// Of --form displays, write features.npy and the names of its rows in the place of pictures, which takes seconds
    #[arg(long)]
    features: bool,
    /// Also draw a contact sheet of every action unit and expression into this PNG file
    #[arg(long, value_name = "FILE", value_parser = picture())]
    sheet: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Labels {
    /// Action units, expressions, valence and arousal, in s-Aff-Wild2's annotation files
    #[value(name = "aff-wild2")]
    AffWild2,
    /// The same of videos, in which what a face does lasts and a single frame shows it badly
    Videos,
    /// The same of videos that take time to tell, and the best reachable scores, printed and in reachable.json
    Displays,
    /// Intensities of 12 action units from 0 to 5, in a table
    Intensities,
    /// Ten votes on 8 expressions a face, in a table; grey images of 48 pixels, as FER+ has them
    Votes,
}

fn main() -> ExitCode {
    let arguments = parse::<Arguments>();
    report::run(|| synthesize(&arguments))
}

fn synthesize(arguments: &Arguments) -> Result<()> {
    let beside = |what: &str, expected: &str| Error::Argument {
        what: what.into(),
        expected: format!("{expected} beside it"),
        found: "another form".into(),
    };
    let is_film = matches!(arguments.form, Labels::Videos | Labels::Displays);
    if arguments.frames.is_some() && !is_film {
        return Err(beside("--frames", "--form videos or displays"));
    }
    if arguments.features && arguments.form != Labels::Displays {
        return Err(beside("--features", "--form displays"));
    }
    let progress = Progress::start("rendering");
    let tell = |done, total| {
        progress.update(done, total);
        true
    };
    let table = |form| {
        SyntheticTableConfig::new(form)
            .with_train(arguments.train)
            .with_validation(arguments.validation)
            .with_seed(arguments.seed)
            .generate(&arguments.out, &tell)
    };
    let mut reachable = None;
    match arguments.form {
        Labels::AffWild2 => SyntheticConfig::new()
            .with_train(arguments.train)
            .with_validation(arguments.validation)
            .with_seed(arguments.seed)
            .generate(&arguments.out, &tell)?,
        Labels::Videos => {
            let config = SyntheticVideoConfig::new();
            let frames = arguments.frames.unwrap_or(config.frames);
            config
                .with_train(arguments.train)
                .with_validation(arguments.validation)
                .with_frames(frames)
                .with_seed(arguments.seed)
                .generate(&arguments.out, &tell)?;
        }
        Labels::Displays => {
            let config = SyntheticDisplayConfig::new();
            let frames = arguments.frames.unwrap_or(config.frames);
            let config = config
                .with_train(arguments.train)
                .with_validation(arguments.validation)
                .with_frames(frames)
                .with_seed(arguments.seed)
                .with_features(arguments.features);
            reachable = Some(config.generate(&arguments.out, &tell)?);
        }
        Labels::Intensities => table(Form::Intensities)?,
        Labels::Votes => table(Form::Votes)?,
    }
    progress.finish();
    report::print(format_args!(
        "{}: {} training and {} validation rows",
        arguments.out.display(),
        arguments.train,
        arguments.validation
    ))?;
    if let Some(reachable) = reachable {
        report::print("the best that can be reached on the validation rows:")?;
        report::print(reachable.table().trim_end())?;
    }
    if let Some(path) = &arguments.sheet {
        save_png(&sheet(arguments.seed), path)?;
        report::print(format_args!("{}: contact sheet", path.display()))?;
    }
    Ok(())
}
