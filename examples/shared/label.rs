//! What the labels of a data set mean, and which of its rows are read.

use std::fmt;
use std::str::FromStr;

use countenance::data::split::{Layout, Split, SplitName};
use countenance::data::table::LabelConfig;
use countenance::label::{AffectRange, Vocabulary};
use countenance::{Error, Expression};

use super::argument::whole;

/// `#[command(flatten)] labels: LabelArguments` gives an example the flags.
#[derive(Clone, Debug, clap::Args)]
pub struct LabelArguments {
    #[arg(long, value_name = "NAME", value_parser = vocabulary, help = format!(
        "What is read of a table of labels or of folders, and in which order: {} [default: whatever \
         labels there are]",
        Vocabulary::PRESETS.join(", ")
    ))]
    pub vocabulary: Option<Vocabulary>,
    /// What numbers mean in a table's column of expressions, or as names of folders: the classes in
    /// their order, between commas [default: those of the vocabulary]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub expressions: Option<Vec<Expression>>,
    #[arg(
        long,
        value_name = "N",
        value_parser = whole(0..=LabelConfig::LAST_FIRST),
        help = format!(
            "The number of the first class, 0 to {} [default: 1 in RAF-DB's order, 0 in any other]",
            LabelConfig::LAST_FIRST
        )
    )]
    pub first_class: Option<usize>,
    /// Classes that the vocabulary or the expressions lack are missing labels; else they are refused
    #[arg(long)]
    pub drop_other_classes: bool,
    /// The least and the largest label of valence and arousal, which become -1 and 1 [default: those
    /// of the vocabulary, or -1,1]
    #[arg(long, value_name = "LOW,HIGH", value_parser = range, allow_hyphen_values = true)]
    pub affect_range: Option<[f32; 2]>,
}

impl LabelArguments {
    /// Lays the flags over `config`.
    pub fn put(&self, config: &mut LabelConfig) {
        config.vocabulary = self.vocabulary.clone().or(config.vocabulary.take());
        config.expressions = self.expressions.clone().or(config.expressions.take());
        config.first_class = self.first_class.or(config.first_class);
        config.affect_range = self.affect_range.or(config.affect_range);
        config.drop_other_classes |= self.drop_other_classes;
    }

    /// `error` of a data set for a model that was trained on labels in `range`: where it is about a range
    /// that no flag told, with the flag that would.
    pub fn hinted(&self, error: Error, range: AffectRange) -> Error {
        match error {
            Error::Line {
                path,
                line,
                expected,
                found,
            } if self.is_untold(range) && expected.contains("affect_range") => Error::Line {
                path,
                line,
                expected: format!(
                    "{expected}; the model was trained on labels {}",
                    told(range)
                ),
                found,
            },
            error => error,
        }
    }

    /// Refuses a table whose valence and arousal may stand in the `range` of a model's labels or in another,
    /// as numbers that fit both would be taken for what they are not.
    pub fn must_tell_range(&self, split: &Split, range: AffectRange) -> countenance::Result<()> {
        let is_read = split.layout == Layout::Table && split.vocabulary.valence_arousal.is_some();
        match is_read && self.is_untold(range) {
            false => Ok(()),
            true => Err(Error::Argument {
                what: "--affect-range".into(),
                expected: format!(
                    "the range of the table's valence and arousal, as the model was trained on labels {}, \
                     and these may be other ones (-1,1 is the usual one)",
                    told(range)
                ),
                found: "none".into(),
            }),
        }
    }

    fn is_untold(&self, range: AffectRange) -> bool {
        let is_told = self.affect_range.is_some() || self.vocabulary.is_some();
        !is_told && range != AffectRange::default()
    }

    /// One of the flags that were given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            (self.vocabulary.is_some(), "--vocabulary"),
            (self.expressions.is_some(), "--expressions"),
            (self.first_class.is_some(), "--first-class"),
            (self.drop_other_classes, "--drop-other-classes"),
            (self.affect_range.is_some(), "--affect-range"),
        ];
        flags
            .into_iter()
            .find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}

fn told(range: AffectRange) -> String {
    let [low, high] = range.bounds();
    format!("from {low} to {high} (--affect-range {low},{high})")
}

fn vocabulary(name: &str) -> Result<Vocabulary, String> {
    Vocabulary::preset(name).map_err(|error| match error {
        Error::Argument { expected, .. } => format!("expected {expected}"),
        other => other.to_string(),
    })
}

fn range(text: &str) -> Result<[f32; 2], String> {
    let ends = text.split_once(',').and_then(|(low, high)| {
        let [low, high] = [low, high].map(|end| end.trim().parse::<f32>().ok());
        Some([low?, high?])
    });
    match ends {
        Some([low, high]) if AffectRange::new(low, high).is_ok() => Ok([low, high]),
        _ => {
            Err("expected two numbers with a comma between, the smaller first, such as 1,9".into())
        }
    }
}

/// A part of a data set, or all of its rows.
#[derive(Clone, Copy)]
pub struct Part(pub Option<SplitName>);

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => name.fmt(out),
            None => out.pad("all"),
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("all", _) => Ok(Self(None)),
            (_, Ok(name)) => Ok(Self(Some(name))),
            _ => Err("expected `training`, `validation`, `test` or `all`".to_string()),
        }
    }
}
