//! The rows of a table of scores.

use std::fmt;
use std::str::FromStr;

use crate::calibrate::table::ScoreTable;
use crate::calibrate::tune::Material;
use crate::label::Labels;
use crate::metric::group::Groups;
use crate::smoothing::Sequences;
use crate::{Error, Result};

/// Another program's scores of rows, with their labels and what joins them.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("scores.csv");
/// use countenance::calibrate::{GroupBy, ScoredRows, TuneConfig, tune};
///
/// let mut text = "video,frame,AU12,label:AU12\n".to_string();
/// for row in 0..60 {
///     let there = row / 5 % 2;
///     text += &format!("{},{},{},{there}\n", row / 12, row % 12, 0.1 + 0.2 * there as f32);
/// }
/// std::fs::write(&path, text).unwrap();
///
/// let rows = ScoredRows::read(&path)?;
/// let groups = rows.groups(GroupBy::Video)?;
/// let material = rows.material(groups, 30.0)?;
/// let tuned = tune(&material, &TuneConfig::default(), &mut |_, _| ())?;
/// assert_eq!(tuned.outcome.p_au.untuned, Some(0.0));
/// assert!(tuned.outcome.p_au.cross_validated > Some(0.9));
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ScoredRows {
    /// The scores; what is in their vocabulary follows from the header.
    pub table: ScoreTable,
    /// The labels, in the same orders.
    pub labels: Vec<Labels>,
    /// The rows' names; of a row without an image its video and frame, or an empty text.
    pub names: Vec<String>,
    /// The columns that say nothing known.
    pub ignored: Vec<String>,
    pub(super) videos: Vec<Option<String>>,
    pub(super) frames: Vec<Option<u32>>,
    pub(super) subjects: Vec<Option<String>>,
}

/// What is never on both sides of a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// The frames of a video.
    Video,
    /// All rows of a person.
    Subject,
    /// Nothing: each row stands for itself. Rows that resemble each other then tell of each other, and the
    /// cross-validated number is too high.
    Row,
}

impl fmt::Display for GroupBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Video => "video",
            Self::Subject => "subject",
            Self::Row => "row",
        })
    }
}

impl FromStr for GroupBy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "video" => Ok(Self::Video),
            "subject" => Ok(Self::Subject),
            "row" => Ok(Self::Row),
            _ => {
                let found = format!("`{text}`");
                Err(Error::argument(
                    "the groups",
                    "video, subject or row",
                    found,
                ))
            }
        }
    }
}

impl ScoredRows {
    /// What joins rows, where nothing is said: a video, else a subject, else nothing.
    pub fn usual(&self) -> GroupBy {
        let named = |names: &[Option<String>]| names.iter().any(Option::is_some);
        match (named(&self.videos), named(&self.subjects)) {
            (true, _) => GroupBy::Video,
            (false, true) => GroupBy::Subject,
            (false, false) => GroupBy::Row,
        }
    }

    /// The groups of the rows; one without a name is a group of its own.
    ///
    /// # Errors
    /// [`Error::Argument`] if no row has such a name.
    pub fn groups(&self, by: GroupBy) -> Result<Groups> {
        let (names, what) = match by {
            GroupBy::Row => return Ok(Groups::rows(self.labels.len())),
            GroupBy::Video => (&self.videos, "video"),
            GroupBy::Subject => (&self.subjects, "subject"),
        };
        if names.iter().all(Option::is_none) {
            let expected = format!("what rows name, and they name no {what}");
            return Err(Error::argument("the groups", expected, by));
        }
        Ok(Groups::of_named(names.iter().map(Option::as_ref)).called(what))
    }

    /// What a tuning is found on; smoothed where rows are numbered frames, of which there are `frame_rate`
    /// a second. Of several subjects in a video each is smoothed alone.
    ///
    /// # Errors
    /// As of [`Material::new`] and [`Sequences::of`].
    pub fn material(&self, groups: Groups, frame_rate: f64) -> Result<Material> {
        let tracks = self.videos.iter().zip(&self.subjects);
        let tracks: Vec<_> = tracks
            .map(|(video, subject)| video.as_ref().map(|video| (video, subject)))
            .collect();
        let sequences = Sequences::of(&tracks, &self.frames, frame_rate)?;
        let sequences = Some(sequences).filter(|sequences| sequences.videos() > 0);
        let labels = self.labels.clone();
        Material::new(vec![self.table.clone()], labels, groups, sequences)
    }
}
