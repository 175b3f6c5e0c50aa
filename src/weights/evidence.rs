//! What a file, or the `config.json` beside it, says of the network: its name, its input, its
//! classes.

use std::fmt::Debug;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::Checkpoint;
use super::architecture::Architecture;
use super::naming::{Told, names_in};
use super::note::{Note, notes};
use super::setting::{architecture, classes, normalisation, size};

/// Something that is said, and where.
#[derive(Clone, Debug)]
pub(super) struct Said<T> {
    /// What is said.
    pub value: T,
    /// Where, for people.
    pub place: String,
    rank: Rank,
}

/// Who is believed first. What training began with need not be what it ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    File,
    Config,
    ConfigPretrained,
    FilePretrained,
}

/// All that is said of a network.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// What timm calls the network; the most believed first.
    pub architectures: Vec<Said<Architecture>>,
    /// Side of the square input in pixels.
    pub size: Option<Said<usize>>,
    /// Mean and deviation of red, green and blue.
    pub normalisation: Option<Said<[[f32; 3]; 2]>>,
    /// The names of the classes, in order; the most believed first.
    pub names: Vec<Said<Told>>,
    /// How many classes there are.
    pub classes: Vec<Said<usize>>,
    /// What contradicts itself, and what cannot be used.
    pub warnings: Vec<String>,
}

impl Evidence {
    /// Reads what is said in and beside a file.
    pub fn of(checkpoint: &Checkpoint) -> Self {
        let mut evidence = Self::default();
        let beside = config_beside(checkpoint.path()).unwrap_or_else(|warning| {
            evidence.warnings.push(warning);
            Value::Null
        });
        let mut sizes = Vec::new();
        let mut normalisations = Vec::new();
        for (document, config) in [(checkpoint.said(), false), (&beside, true)] {
            for note in notes(document) {
                let said = SaidAt::of(&note, config);
                if let Some(found) = architecture(&note) {
                    evidence.architectures.push(said.with(found));
                }
                match size(&note) {
                    Some(Ok(found)) => sizes.push(said.with(found)),
                    Some(Err(found)) => evidence.warnings.push(format!(
                        "{} says an input of {found}, which is not square, and is passed over",
                        said.place
                    )),
                    None => {}
                }
                normalisations.extend(normalisation(&note).map(|found| said.with(found)));
                match names_in(&note) {
                    Some(Ok(found)) => evidence.names.push(said.with(found)),
                    Some(Err(found)) => evidence
                        .warnings
                        .push(format!("{} is passed over: {found}", said.place)),
                    None => {}
                }
                evidence
                    .classes
                    .extend(classes(&note, config).map(|found| said.with(found)));
            }
        }
        evidence.architectures.sort_by_key(|said| said.rank);
        evidence.names.sort_by_key(|said| said.rank);
        evidence.classes.sort_by_key(|said| said.rank);
        evidence.size = evidence.settle("the input's size", sizes);
        evidence.normalisation = evidence.settle("mean and deviation", normalisations);
        evidence
    }

    /// The most believed of what is said, with a warning if others differ.
    fn settle<T: Clone + Debug + PartialEq>(
        &mut self,
        what: &str,
        mut said: Vec<Said<T>>,
    ) -> Option<Said<T>> {
        said.sort_by_key(|said| said.rank);
        let first = said.first().cloned()?;
        let other = said
            .iter()
            .find(|said| said.value != first.value && said.rank != Rank::FilePretrained);
        if let Some(other) = other {
            self.warnings.push(format!(
                "{what}: {} says {:?}, {} says {:?}; the former is taken",
                first.place, first.value, other.place, other.value
            ));
        }
        Some(first)
    }
}

impl<T> Said<T> {
    /// Whether it is of the weights that training began with, and so perhaps not of these.
    pub fn is_of_pretrained(&self) -> bool {
        self.rank == Rank::FilePretrained
    }

    /// Whether it is of the whole that is published, not only of this file.
    pub fn is_of_config(&self) -> bool {
        self.rank == Rank::Config
    }
}

/// Where something is said.
struct SaidAt {
    place: String,
    rank: Rank,
}

impl SaidAt {
    fn of(note: &Note, config: bool) -> Self {
        Self {
            place: match config {
                true => format!("`{}` in config.json", note.path),
                false => format!("`{}`", note.path),
            },
            rank: match (config, note.pretrained) {
                (false, false) => Rank::File,
                (true, false) => Rank::Config,
                (true, true) => Rank::ConfigPretrained,
                (false, true) => Rank::FilePretrained,
            },
        }
    }

    fn with<T>(&self, value: T) -> Said<T> {
        Said {
            value,
            place: self.place.clone(),
            rank: self.rank,
        }
    }
}

/// The `config.json` of a file's folder, as the Hugging Face hub has it beside weights; null if
/// there is none.
fn config_beside(path: &Path) -> Result<Value, String> {
    const LONGEST: u64 = 4 << 20;
    let Ok(file) = File::open(path.with_file_name("config.json")) else {
        return Ok(Value::Null);
    };
    let mut text = Vec::new();
    let read = file.take(LONGEST).read_to_end(&mut text);
    let parsed = read
        .map_err(|error| error.to_string())
        .and_then(|_| serde_json::from_slice(&text).map_err(|error| error.to_string()));
    parsed.map_err(|error| format!("the config.json beside the file is passed over: {error}"))
}
