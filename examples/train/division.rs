//! How rows are divided, where the data does not say.

use std::fmt::Display;

use clap::ValueEnum;
use countenance::data::division::{DivisionConfig, Grouping};

use crate::shared::argument::{seed, whole};

/// The flags of [`DivisionConfig`].
#[derive(clap::Args)]
pub struct DivisionArguments {
    #[arg(long, value_name = "F", value_parser = between, help = format!(
        "The share of the rows that validation gets where the data names none, above 0 and below 1 {}",
        default(|config| config.validation)
    ))]
    pub validation_share: Option<f64>,
    /// What is never in both parts [default: subject where rows have one, or else video, or else image]
    #[arg(long, value_enum)]
    pub divide_by: Option<DivideBy>,
    #[arg(long, value_name = "N", value_parser = seed, help = format!(
        "Seed of that choice, apart from the run's own {}", default(|config| config.seed)
    ))]
    pub division_seed: Option<u64>,
    #[arg(
        long,
        value_name = "K",
        value_parser = whole(2..=DivisionConfig::MOST),
        requires = "out",
        help = format!(
            "Train on all folds but one in turn and judge on that, each in a folder of its own below \
             --out; then print mean and spread; 2 to {}; the same command goes on [default: no folds]",
            DivisionConfig::MOST
        )
    )]
    pub folds: Option<usize>,
}

/// What is kept in one part.
#[derive(Clone, Copy, ValueEnum)]
pub enum DivideBy {
    /// All rows of a person
    Subject,
    /// All frames of a video
    Video,
    /// All rows of an image
    Image,
}

impl DivisionArguments {
    /// Lays the flags over `config`.
    pub fn put(&self, config: &mut DivisionConfig) {
        config.validation = self.validation_share.unwrap_or(config.validation);
        config.seed = self.division_seed.unwrap_or(config.seed);
        config.folds = self.folds.or(config.folds);
        config.by = match self.divide_by {
            Some(DivideBy::Subject) => Some(Grouping::Subject),
            Some(DivideBy::Video) => Some(Grouping::Video),
            Some(DivideBy::Image) => Some(Grouping::Image),
            None => config.by,
        };
    }

    /// One of the flags that were given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            (self.validation_share.is_some(), "--validation-share"),
            (self.divide_by.is_some(), "--divide-by"),
            (self.division_seed.is_some(), "--division-seed"),
            (self.folds.is_some(), "--folds"),
        ];
        flags
            .into_iter()
            .find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}

fn default<T: Display>(value: impl Fn(&DivisionConfig) -> T) -> String {
    format!("[default: {}]", value(&DivisionConfig::new()))
}

fn between(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number < 1.0 => Ok(number),
        _ => Err("expected a number above 0 and below 1".to_string()),
    }
}
