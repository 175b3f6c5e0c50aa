//! What a tuning is found on.

use crate::calibrate::blend::{BlendPlan, blend};
use crate::calibrate::table::ScoreTable;
use crate::calibrate::weight::BlendWeights;
use crate::label::{Labels, Vocabulary};
use crate::metric::group::Groups;
use crate::smoothing::Sequences;
use crate::{Error, Result};

/// Rows with scores and labels, and what joins them: what a tuning is found on.
///
/// ```
/// use countenance::Labels;
/// use countenance::calibrate::{Material, ScoreTable};
/// use countenance::label::Vocabulary;
/// use countenance::metric::group::Groups;
///
/// let mut table = ScoreTable::new(Vocabulary::bp4d());
/// table.push(None)?;
/// let groups = Groups::of(["a.mp4"]).called("video");
/// let material = Material::new(vec![table], vec![Labels::default()], groups, None)?;
/// assert_eq!((material.rows(), material.read()), (1, 0));
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Material {
    pub(super) members: Vec<ScoreTable>,
    /// The members blended, all weighing the same; of one member its own scores.
    pub(super) equal: ScoreTable,
    pub(super) labels: Vec<Labels>,
    pub(super) groups: Groups,
    pub(in crate::calibrate) sequences: Option<Sequences>,
}

impl Material {
    /// Of one or more networks' scores of the same rows. Labels are in the order of
    /// [`vocabulary`](Self::vocabulary), which is the blend's; rows of one group are never on both sides of
    /// a division; without sequences nothing is smoothed.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no member, or more than are blended, if they cannot be blended, or if
    /// labels, groups or sequences are of other numbers of rows than each member has, or labels of units
    /// and classes that there are not.
    pub fn new(
        members: Vec<ScoreTable>,
        labels: Vec<Labels>,
        groups: Groups,
        sequences: Option<Sequences>,
    ) -> Result<Self> {
        let equal = blended(&members, &BlendWeights::equal(members.len()))?;
        let rows = equal.rows();
        for (what, found) in [
            ("the labels", labels.len()),
            ("the groups of rows", groups.of_rows().len()),
            (
                "the rows to smooth",
                sequences.as_ref().map_or(rows, Sequences::rows),
            ),
        ] {
            if found != rows {
                let expected = format!("one for each of {rows} rows with scores");
                return Err(Error::argument(what, expected, found));
            }
        }
        let vocabulary = equal.vocabulary();
        let (units, classes) = (vocabulary.action_units.len(), vocabulary.expressions.len());
        let affect = vocabulary.valence_arousal.is_some();
        for (row, labels) in labels.iter().enumerate() {
            let refused = |expected: &str, found: String| {
                Err(Error::argument(
                    format!("the labels of row {row}"),
                    expected,
                    found,
                ))
            };
            if labels.action_units.len() > units {
                let found = format!("{} action units", labels.action_units.len());
                return refused(&format!("{units} at most, those with scores"), found);
            }
            if let Some(class) = labels.expression.filter(|&class| class >= classes) {
                return refused(&format!("one of {classes} expressions"), class.to_string());
            }
            if labels.has_valence_arousal() && !affect {
                return refused(
                    "no valence and arousal, as they have no scores",
                    "some".into(),
                );
            }
        }
        Ok(Self {
            members,
            equal,
            labels,
            groups,
            sequences,
        })
    }

    /// What the members read when they are blended.
    ///
    /// # Errors
    /// As of [`BlendPlan::new`].
    pub fn vocabulary_of(members: &[&Vocabulary]) -> Result<Vocabulary> {
        match members {
            [one] => Ok((*one).clone()),
            _ => Ok(BlendPlan::new(members)?.vocabulary().clone()),
        }
    }

    /// What the scores are of, and the labels' order.
    pub fn vocabulary(&self) -> &Vocabulary {
        self.equal.vocabulary()
    }

    /// The number of members.
    pub fn members(&self) -> usize {
        self.members.len()
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.equal.rows()
    }

    /// The number of rows with scores: nothing else counts.
    pub fn read(&self) -> usize {
        (0..self.rows())
            .filter(|&row| self.equal.is_read(row))
            .count()
    }

    /// The scores of a blend with these weights.
    pub(super) fn blended(&self, weights: &BlendWeights) -> Result<ScoreTable> {
        match weights == &BlendWeights::equal(self.members()) {
            true => Ok(self.equal.clone()),
            false => blended(&self.members, weights),
        }
    }
}

fn blended(members: &[ScoreTable], weights: &BlendWeights) -> Result<ScoreTable> {
    match members {
        [one] => Ok(one.clone()),
        _ => blend(&members.iter().collect::<Vec<_>>(), weights),
    }
}
