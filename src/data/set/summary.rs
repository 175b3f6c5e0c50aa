//! What was read of a data set, for people.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::part::{Division, Rows};
use super::unmatched::Unmatched;
use crate::data::division::Grouping;
use crate::data::mark::Names;
use crate::data::split::{Layout, Split, SplitName, Statistics};
use crate::data::table::Separator;
use crate::label::{Scale, Vocabulary};

/// What of one kind is in more than one part of data that names its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Subjects, videos or images.
    pub of: Grouping,
    /// How many are in more than one part.
    pub count: usize,
    /// One of them.
    pub example: String,
}

/// What was read of a data set. Its text has a line for each thing that there is to say.
#[derive(Clone, Debug)]
pub struct Summary {
    /// How it keeps its labels.
    pub layout: Layout,
    /// Where they are.
    pub source: PathBuf,
    /// What stands between the cells of its table.
    pub separator: Option<Separator>,
    /// What the labels are about.
    pub vocabulary: Vocabulary,
    /// What the labels of each part count; of all rows at once there is no name.
    pub parts: Vec<(Option<SplitName>, Statistics)>,
    /// How it was divided where it does not say.
    pub division: Option<Division>,
    /// Whether any row weighs something else than 1.
    pub weighted: bool,
    /// What is in several parts.
    pub shared: Vec<Shared>,
    /// Columns that were passed over.
    pub ignored: Vec<String>,
    /// Images in no class's folder.
    pub outside: usize,
    /// What else than images lies in the folders.
    pub passed_over: String,
    /// What of rows and images does not go together, where that was looked at.
    pub unmatched: Option<Unmatched>,
}

impl Summary {
    pub(super) fn new(layout: Layout, source: &Path) -> Self {
        Self {
            layout,
            source: source.to_path_buf(),
            separator: None,
            vocabulary: Vocabulary::default(),
            parts: Vec::new(),
            division: None,
            weighted: false,
            shared: Vec::new(),
            ignored: Vec::new(),
            outside: 0,
            passed_over: String::new(),
            unmatched: None,
        }
    }

    pub(super) fn with_part(mut self, name: SplitName, split: &Split) -> Self {
        self.vocabulary = split.vocabulary.clone();
        self.weighted |= split.marks.has_weights();
        self.parts.push((Some(name), split.statistics()));
        self
    }

    pub(super) fn with_whole(mut self, split: &Split) -> Self {
        self.vocabulary = split.vocabulary.clone();
        self.weighted |= split.marks.has_weights();
        self.parts.push((None, split.statistics()));
        self
    }

    /// Its lines.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.what()];
        lines.extend(
            self.parts
                .iter()
                .map(|(name, counts)| self.part(*name, counts)),
        );
        lines.extend(self.division.as_ref().map(division));
        lines.extend(self.tasks());
        lines.extend(self.shared.iter().map(|shared| {
            format!(
                "warning: {} in several parts, such as {:?}: scores on them are too good",
                counted(shared.count, shared.of),
                shared.example
            )
        }));
        if self.weighted {
            lines.push(
                "rows have weights: training counts by them, scores count every row alike".into(),
            );
        }
        if !self.ignored.is_empty() {
            lines.push(format!("columns passed over: {}", self.ignored.join(", ")));
        }
        if self.outside > 0 {
            let number = number(self.outside);
            lines.push(format!(
                "passed over: {number} images in no folder of a class"
            ));
        }
        if !self.passed_over.is_empty() {
            lines.push(format!("passed over: {}", self.passed_over));
        }
        lines.extend(self.unmatched.iter().flat_map(unmatched));
        lines
    }

    fn what(&self) -> String {
        let source = self.source.display();
        match (self.layout, self.separator) {
            (Layout::AffWild2, _) => format!("{source}: an s-Aff-Wild2 data set"),
            (Layout::Table, None | Some(Separator::Comma)) => {
                format!("{source}: a table of labels")
            }
            (Layout::Table, Some(sign)) => {
                format!("{source}: a table of labels, separated by {}s", sign.name())
            }
            (Layout::Folders, _) => format!("{source}: a folder for each class"),
        }
    }

    fn part(&self, name: Option<SplitName>, counts: &Statistics) -> String {
        let name = name.map_or("all".to_string(), |name| name.to_string());
        let mut tasks = Vec::new();
        for (is_there, task, rows) in [
            (
                !self.vocabulary.action_units.is_empty(),
                "action units",
                counts.action_unit_rows,
            ),
            (
                !self.vocabulary.expressions.is_empty(),
                "an expression",
                counts.expression_rows(),
            ),
            (
                self.vocabulary.valence_arousal.is_some(),
                "valence or arousal",
                counts.valence_arousal_rows,
            ),
        ] {
            if is_there {
                tasks.push(format!("{} with {task}", number(rows)));
            }
        }
        format!("{name}: {} rows, {}", number(counts.rows), tasks.join(", "))
    }

    /// How often each unit and each class is in the parts, all together, and how often it is missing.
    fn tasks(&self) -> Vec<String> {
        let rows: usize = self.parts.iter().map(|(_, counts)| counts.rows).sum();
        let sum = |of: &dyn Fn(&Statistics) -> usize| -> usize {
            self.parts.iter().map(|(_, counts)| of(counts)).sum()
        };
        let mut lines = Vec::new();
        let units = self.vocabulary.action_units.iter().enumerate();
        let units = units.map(|(place, unit)| {
            let present = sum(&|counts| counts.action_units[place].present);
            let labelled = sum(&|counts| counts.action_units[place].labelled);
            let is_shown = match unit.scale {
                Scale::Occurrence => "",
                Scale::Intensity => " above 0",
            };
            format!(
                "{unit} {}{is_shown} of {}",
                number(present),
                number(labelled)
            )
        });
        let units: Vec<_> = units.collect();
        if !units.is_empty() {
            lines.push(format!("action units: {}", units.join(", ")));
        }
        let classes = self.vocabulary.expressions.iter().enumerate();
        let classes = classes.map(|(place, class)| {
            format!(
                "{class} {}",
                number(sum(&|counts| counts.expression[place]))
            )
        });
        let classes: Vec<_> = classes.collect();
        if !classes.is_empty() {
            let missing = rows - sum(&Statistics::expression_rows);
            lines.push(format!(
                "expressions: {}, missing {}",
                classes.join(", "),
                number(missing)
            ));
        }
        if let Some(range) = self.vocabulary.valence_arousal {
            let [low, high] = range.bounds();
            let [valence, arousal] =
                [0, 1].map(|place| number(sum(&|counts| counts.valence_arousal[place])));
            lines.push(format!(
                "valence {valence}, arousal {arousal} of {} rows, from {low} to {high}",
                number(rows)
            ));
        }
        lines
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.lines().join("\n"))
    }
}

fn division(division: &Division) -> String {
    let [training, validation] = division.groups;
    let by = noun(division.by, 2);
    let what = match division.fold {
        Some((fold, count)) => format!("fold {fold} of {count} for validation"),
        None => "validation drawn from the training rows".to_string(),
    };
    format!(
        "{what}, by {by}: {} for training, {} for validation (seed {})",
        counted(training, division.by),
        counted(validation, division.by),
        division.seed
    )
}

fn unmatched(unmatched: &Unmatched) -> Vec<String> {
    let listed = |count: usize, names: &[PathBuf]| {
        let names: Vec<_> = names
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let more = if count > names.len() { ", ..." } else { "" };
        format!("{}{more}", names.join(", "))
    };
    let mut lines = Vec::new();
    if unmatched.rows > 0 {
        let names = listed(unmatched.rows, &unmatched.missing);
        let rows = number(unmatched.rows);
        lines.push(format!("rows without an image: {rows} ({names})"));
    }
    if unmatched.images > 0 {
        let names = listed(unmatched.images, &unmatched.unnamed);
        let images = number(unmatched.images);
        lines.push(format!(
            "images without a row, beside those that have one: {images} ({names})"
        ));
    }
    lines
}

impl Shared {
    /// What of `rows` is in several of their parts.
    pub(super) fn of(rows: &Rows) -> Vec<Self> {
        let name = |names: &Names, row| names.get(row).map(str::to_string);
        [
            Self::among(rows, Grouping::Subject, &|row| {
                name(&rows.marks.subjects, row)
            }),
            Self::among(rows, Grouping::Video, &|row| name(&rows.marks.videos, row)),
            Self::among(rows, Grouping::Image, &|row| {
                Some(rows.rows[row].image.clone())
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn among(rows: &Rows, of: Grouping, name: &dyn Fn(usize) -> Option<String>) -> Option<Self> {
        let mut parts: HashMap<String, u8> = HashMap::new();
        for (row, part) in rows.parts.iter().enumerate() {
            if let Some(name) = name(row) {
                *parts.entry(name).or_default() |= 1 << *part as u8;
            }
        }
        let shared = || parts.iter().filter(|(_, parts)| parts.count_ones() > 1);
        let example = shared().map(|(name, _)| name).min()?;
        Some(Self {
            of,
            count: shared().count(),
            example: example.clone(),
        })
    }
}

fn noun(of: Grouping, count: usize) -> &'static str {
    match (of, count) {
        (Grouping::Subject, 1) => "subject",
        (Grouping::Subject, _) => "subjects",
        (Grouping::Video, 1) => "video",
        (Grouping::Video, _) => "videos",
        (Grouping::Image, 1) => "image",
        (Grouping::Image, _) => "images",
    }
}

fn counted(count: usize, of: Grouping) -> String {
    format!("{} {}", number(count), noun(of, count))
}

/// A count with its thousands apart.
fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
