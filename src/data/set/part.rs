//! From all rows of a data set to its parts.

use std::path::PathBuf;

use crate::data::annotation::Row;
use crate::data::division::{DivisionConfig, Grouping, divide, folds};
use crate::data::mark::Marks;
use crate::data::split::{Layout, Split, SplitName};
use crate::label::Vocabulary;
use crate::{Error, Labels, Result};

/// All rows of a data set.
pub(super) struct Rows {
    pub layout: Layout,
    pub source: PathBuf,
    pub images: PathBuf,
    pub vocabulary: Vocabulary,
    pub rows: Vec<Row>,
    pub marks: Marks,
    /// The part of each row; empty where the data does not say.
    pub parts: Vec<SplitName>,
}

/// How rows were divided that the data does not divide itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Division {
    /// What was kept in one part.
    pub by: Grouping,
    /// How many of them are in the training part, and in the validation part.
    pub groups: [usize; 2],
    /// Which fold is judged on, from 1, and of how many.
    pub fold: Option<(usize, usize)>,
    /// What drew them.
    pub seed: u64,
}

/// The parts of a data set, in the order of [`SplitName::ALL`].
pub(super) type Parts = [Option<Split>; 3];

impl Rows {
    /// Divides the rows where the data says nothing, or into folds, as `config` does.
    pub(super) fn draw(&mut self, config: &DivisionConfig) -> Result<Option<Division>> {
        let has = |name| self.parts.contains(&name);
        let is_given =
            has(SplitName::Validation) || !self.parts.is_empty() && !has(SplitName::Training);
        if self.parts.is_empty() {
            self.parts = vec![SplitName::Training; self.rows.len()];
        }
        match is_given && config.folds.is_none() {
            true => Ok(None),
            false => Ok(Some(self.divide(config)?)),
        }
    }

    /// All rows as one part.
    pub(super) fn whole(self) -> Split {
        Split {
            layout: self.layout,
            source: self.source,
            images: self.images,
            vocabulary: self.vocabulary,
            rows: self.rows,
            marks: self.marks,
        }
    }

    /// Draws the validation part from all rows but those of the test part.
    fn divide(&mut self, config: &DivisionConfig) -> Result<Division> {
        let pool: Vec<usize> = (0..self.rows.len())
            .filter(|&row| self.parts[row] != SplitName::Test)
            .collect();
        let by = self.grouping(config)?;
        let groups: Vec<String> = pool.iter().map(|&row| self.group(row, by)).collect();
        let kinds = |place: usize| kinds(&self.rows[pool[place]].labels, &self.vocabulary);
        let (chosen, judged) = match config.folds {
            Some(count) => (folds(&groups, kinds, count, config.seed), config.fold - 1),
            None => {
                let shares = [config.validation, 1.0 - config.validation];
                (divide(&groups, kinds, &shares, config.seed), 0)
            }
        };
        let chosen = chosen.map_err(|error| match error {
            Error::Argument {
                expected, found, ..
            } => Error::file(&self.source, expected, found),
            other => other,
        })?;
        let mut members = [const { Vec::new() }; 2];
        for ((&row, part), group) in pool.iter().zip(chosen).zip(&groups) {
            let is_judged = part == judged;
            self.parts[row] = match is_judged {
                true => SplitName::Validation,
                false => SplitName::Training,
            };
            members[usize::from(is_judged)].push(group);
        }
        Ok(Division {
            by,
            groups: members.map(|mut names| {
                names.sort_unstable();
                names.dedup();
                names.len()
            }),
            fold: config.folds.map(|count| (config.fold, count)),
            seed: config.seed,
        })
    }

    fn grouping(&self, config: &DivisionConfig) -> Result<Grouping> {
        let (subjects, videos) = (&self.marks.subjects, &self.marks.videos);
        let missing = match config.by {
            Some(Grouping::Subject) if subjects.is_empty() => "subject",
            Some(Grouping::Video) if videos.is_empty() => "video",
            Some(by) => return Ok(by),
            None if !subjects.is_empty() => return Ok(Grouping::Subject),
            None if !videos.is_empty() => return Ok(Grouping::Video),
            None => return Ok(Grouping::Image),
        };
        Err(Error::file(
            &self.source,
            format!("a {missing} in the rows, to divide by"),
            "none",
        ))
    }

    /// What a row belongs to. One that does not say belongs to its video or to its image.
    fn group(&self, row: usize, by: Grouping) -> String {
        let subject = self.marks.subjects.get(row);
        let video = self.marks.videos.get(row);
        match (by, subject, video) {
            (Grouping::Subject, Some(subject), _) => format!("subject {subject}"),
            (Grouping::Subject | Grouping::Video, _, Some(video)) => format!("video {video}"),
            _ => format!("image {}", self.rows[row].image),
        }
    }

    pub(super) fn into_parts(self) -> Parts {
        let mut rows = [const { Vec::new() }; 3];
        let mut places = [const { Vec::new() }; 3];
        for (place, (row, part)) in self.rows.into_iter().zip(&self.parts).enumerate() {
            rows[*part as usize].push(row);
            places[*part as usize].push(place);
        }
        let mut places = places.into_iter();
        rows.map(|rows| {
            let places = places.next().unwrap_or_default();
            (!rows.is_empty()).then(|| Split {
                layout: self.layout,
                source: self.source.clone(),
                images: self.images.clone(),
                vocabulary: self.vocabulary.clone(),
                marks: self.marks.select(&places),
                rows,
            })
        })
    }
}

/// What a row is of, so that parts are alike: its class, the action units that it shows, affect.
fn kinds(labels: &Labels, vocabulary: &Vocabulary) -> Vec<usize> {
    let classes = vocabulary.expressions.len();
    let units = labels.action_units.iter().enumerate();
    let shown = units.filter(|(_, unit)| unit.is_some_and(|value| value > 0.0));
    let affect = labels.has_valence_arousal();
    let affect = affect.then_some(classes + vocabulary.action_units.len());
    labels
        .expression
        .into_iter()
        .chain(shown.map(|(place, _)| classes + place))
        .chain(affect)
        .collect()
}
