//! A table of scores against labels.

use super::evaluation::Evaluation;
use crate::calibrate::ScoreTable;
use crate::label::Vocabulary;
use crate::metric::bootstrap::Bootstrap;
use crate::metric::chance::chance;
use crate::metric::group::Groups;
use crate::metric::sample::Sample;
use crate::metric::{Report, ScoreAccumulator};
use crate::network::Tasks;
use crate::{Error, Labels, Result};

/// How scores are judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judge<'a> {
    /// What the model was trained to read, for the [`Evaluation`]; whatever the table has scores of
    /// where it is not known.
    pub tasks: Option<Tasks>,
    /// From which score on each action unit counts as present, in the table's order; 0.5 without any.
    pub thresholds: Option<&'a [f32]>,
    /// Whether there are the further scores of a [`Detail`](crate::metric::detail::Detail).
    pub in_detail: bool,
    /// The groups of the rows, where each score is to have an interval.
    pub intervals: Option<(&'a Groups, &'a Bootstrap)>,
}

impl Judge<'_> {
    /// Looks for labels that cannot be in the order of `vocabulary`, and impossible settings.
    pub(super) fn check(&self, vocabulary: &Vocabulary, labels: &[Labels]) -> Result<()> {
        if let Some((groups, bootstrap)) = self.intervals {
            bootstrap.check()?;
            let rows = groups.of_rows().len();
            assert_eq!(rows, labels.len(), "a group for each row");
        }
        let (units, classes) = (vocabulary.action_units.len(), vocabulary.expressions.len());
        for (row, labels) in labels.iter().enumerate() {
            let what = || format!("labels of row {row}");
            if labels.action_units.len() > units {
                let expected = format!("{units} action units at most, the network's");
                return Err(Error::argument(what(), expected, labels.action_units.len()));
            }
            if let Some(class) = labels.expression.filter(|&class| class >= classes) {
                let expected =
                    format!("one of the network's {classes} expressions, counted from 0");
                return Err(Error::argument(what(), expected, class));
            }
        }
        Ok(())
    }
}

/// Judges the scores of `table`, whose rows have `labels` in the order of `vocabulary`. That is the
/// table's, which may lack whole tasks of it: they have no score. Rows of unreadable images are left out.
///
/// ```
/// use countenance::Labels;
/// use countenance::calibrate::ScoreTable;
/// use countenance::evaluate::{Judge, judge};
/// use countenance::label::Vocabulary;
/// use countenance::metric::RowScores;
///
/// let vocabulary = Vocabulary::bp4d();
/// let mut table = ScoreTable::new(vocabulary.clone());
/// table.push(Some(&RowScores { action_units: &[0.4; 12], ..RowScores::default() }))?;
/// let labels = [Labels { action_units: vec![Some(1.0); 12], ..Labels::default() }];
/// let missed = judge(&table, &vocabulary, &labels, &Judge::default())?;
/// assert_eq!(missed.report.p_au, Some(0.0));
/// let thresholds = Judge { thresholds: Some(&[0.3; 12]), ..Judge::default() };
/// let found = judge(&table, &vocabulary, &labels, &thresholds)?;
/// assert_eq!(found.report.p_au, Some(1.0));
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] if labels are of more action units or expressions than the vocabulary has, the
/// table is of another vocabulary, or the settings of the intervals are impossible.
///
/// # Panics
/// If the table, the labels or the groups differ in rows.
pub fn judge(
    table: &ScoreTable,
    vocabulary: &Vocabulary,
    labels: &[Labels],
    settings: &Judge,
) -> Result<Evaluation> {
    settings.check(vocabulary, labels)?;
    assert_eq!(table.rows(), labels.len(), "a row for each label");
    let tasks = tasks(table.vocabulary(), vocabulary)?;
    let mut accumulator = ScoreAccumulator::new(vocabulary);
    let mut sample = Sample::new(vocabulary);
    if let Some(thresholds) = settings.thresholds.filter(|_| tasks.action_unit) {
        accumulator = accumulator.with_thresholds(thresholds);
        sample = sample.with_thresholds(thresholds);
    }
    let is_kept = settings.in_detail || settings.intervals.is_some();
    let mut kept = Vec::new();
    for (row, labels) in labels.iter().enumerate() {
        let Some(scores) = table.row(row) else {
            continue;
        };
        let labels = tasks.labels(labels);
        accumulator.push(&labels, &scores)?;
        if is_kept {
            sample.push(&labels, &scores);
        }
        kept.push(row);
    }
    let chance = chance(vocabulary, kept.iter().map(|&row| &labels[row]));
    Ok(Evaluation {
        report: Report {
            rows: chance.rows,
            ..accumulator.report()
        },
        chance,
        tasks: settings.tasks.unwrap_or(tasks),
        confusion: accumulator.confusion().clone(),
        detail: is_kept.then(|| sample.detail()),
        intervals: settings
            .intervals
            .map(|(groups, bootstrap)| sample.intervals(&groups.select(kept), bootstrap)),
    })
}

/// Which tasks of `vocabulary` there are scores of.
fn tasks(scores: &Vocabulary, vocabulary: &Vocabulary) -> Result<Tasks> {
    let refuse = |what: &str| {
        let expected = format!("scores of the labels' {what}, in their order");
        Err(Error::argument(
            "the scores",
            expected,
            format!("other {what}"),
        ))
    };
    let (units, classes) = (&scores.action_units, &scores.expressions);
    if !units.is_empty() && *units != vocabulary.action_units {
        return refuse("action units");
    }
    if !classes.is_empty() && *classes != vocabulary.expressions {
        return refuse("expressions");
    }
    Ok(Tasks {
        action_unit: !units.is_empty(),
        expression: !classes.is_empty(),
        valence_arousal: scores.valence_arousal.is_some(),
    })
}
