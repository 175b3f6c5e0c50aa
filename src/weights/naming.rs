//! Names of classes as people and programs write them down.

use std::path::Path;
use std::str::FromStr;

use serde_json::Value;

use super::class::{Classes, Preset, shown};
use super::note::{Note, notes};
use crate::{Error, Result};

/// Names for the outputs of a classifier, in order.
///
/// As text it is a preset's name ("hsemotion", "affectnet", "fer+", "raf-db", "aff-wild2"), names with
/// commas between them, or the path of a file: a name a line, or a list or a dictionary in JSON. The
/// last two may be "valence" and "arousal".
///
/// ```
/// use countenance::weights::{ClassNames, Preset};
///
/// # fn main() -> countenance::Result<()> {
/// assert_eq!("fer+".parse::<ClassNames>()?, ClassNames::Preset(Preset::FerPlus));
/// let names: ClassNames = "happy,sad,bored".parse()?;
/// assert!(matches!(names, ClassNames::Listed(names) if names.len() == 3));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum ClassNames {
    /// Those of a data set or a program.
    Preset(Preset),
    /// These.
    Listed(Vec<String>),
}

/// Names of classes that a file tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    /// The names, in order.
    pub names: Vec<String>,
    /// Whether they are said to be of another number of classes than others, as timm describes the
    /// weights that training began with.
    pub of_pretrained: bool,
}

impl ClassNames {
    /// What so many outputs are by these names.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are not as many, or one of them twice.
    pub(super) fn of(&self, outputs: usize) -> Result<Classes> {
        match self {
            Self::Preset(preset) => preset.of(outputs),
            Self::Listed(names) => Classes::named(names, outputs)
                .map_err(|[expected, found]| Error::argument("the labels", expected, found)),
        }
    }
}

impl FromStr for ClassNames {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(preset) = Preset::parse(text) {
            return Ok(Self::Preset(preset));
        }
        let path = Path::new(text);
        if path.is_file() {
            let content = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
            return listed(content.trim_start_matches('\u{feff}'))
                .map(Self::Listed)
                .map_err(|found| {
                    let expected = "a name a line, or a list or a dictionary of names in JSON";
                    Error::file(path, expected, found)
                });
        }
        if !text.contains(',') {
            let presets = Preset::all();
            let expected = format!("names with commas between them, a file, or one of {presets}");
            return Err(Error::argument("the labels", expected, text));
        }
        Ok(Self::Listed(split(text)))
    }
}

/// The names in the text of a file, or what it has instead.
fn listed(text: &str) -> Result<Vec<String>, String> {
    if !text.trim_start().starts_with(['[', '{']) {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        return Ok(lines.map(str::to_string).collect());
    }
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    // A whole config.json holds them somewhere.
    let inside = || notes(&value).iter().find_map(names_in);
    let inside = || inside().map(|told| told.map(|told| told.names));
    let found = in_order(&value).or_else(inside);
    found.unwrap_or_else(|| Err("no names".into()))
}

/// The names of classes that a note tells, or why they cannot be used.
pub(super) fn names_in(note: &Note) -> Option<Result<Told, String>> {
    const KEYS: [&str; 14] = [
        "label_names",
        "class_names",
        "classes",
        "class_labels",
        "class_to_idx",
        "idx_to_class",
        "class2idx",
        "idx2class",
        "id2label",
        "label2id",
        "label_to_idx",
        "idx_to_label",
        "emotion_names",
        "idx_to_emotion",
    ];
    if !KEYS.contains(&note.key) {
        return None;
    }
    let names = match note.value {
        // The metadata of a safetensors file is text.
        Value::String(text) if text.contains(',') => Ok(split(text)),
        value => in_order(value)?,
    };
    let count = note.beside.get("num_classes").and_then(Value::as_u64);
    Some(names.map(|names| Told {
        of_pretrained: note.pretrained && count == Some(names.len() as u64),
        names,
    }))
}

fn split(text: &str) -> Vec<String> {
    text.split(',')
        .map(|name| name.trim().to_string())
        .collect()
}

/// The names in a list, in a dictionary from index to name, or in one from name to index.
fn in_order(value: &Value) -> Option<Result<Vec<String>, String>> {
    let mut pairs: Vec<(u64, &str)> = match value {
        Value::Array(names) => {
            let names = names.iter().zip(0..);
            let named = names.map(|(name, index)| Some((index, name.as_str()?)));
            named.collect::<Option<_>>()?
        }
        Value::Object(entries) => {
            let by_name = entries
                .iter()
                .map(|(name, index)| Some((index.as_u64()?, name.as_str())));
            let by_index = entries
                .iter()
                .map(|(index, name)| Some((index.parse().ok()?, name.as_str()?)));
            let by_name: Option<Vec<_>> = by_name.collect();
            by_name.or_else(|| by_index.collect())?
        }
        _ => return None,
    };
    pairs.sort();
    let last = pairs.len().checked_sub(1)?;
    if !pairs
        .iter()
        .zip(0..)
        .all(|((index, _), place)| *index == place)
    {
        let indices: Vec<_> = pairs.iter().map(|(index, _)| index.to_string()).collect();
        let indices = shown(&indices);
        return Some(Err(format!(
            "its indices are {indices}, not each of 0 to {last}"
        )));
    }
    let names = pairs.into_iter().map(|(_, name)| name.to_string());
    Some(Ok(names.collect()))
}
