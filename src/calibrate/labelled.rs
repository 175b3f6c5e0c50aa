//! The rows of a table that have a label, checked.

use crate::finite::NotFiniteScore;
use crate::{Error, Result};

/// A row that labels a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct UnitRow {
    pub score: f32,
    pub label: bool,
    /// Its number in the table.
    pub row: usize,
}

/// The rows that label a unit, in their order.
pub(super) fn unit_rows(scores: &[f32], labels: &[Option<bool>]) -> Result<Vec<UnitRow>> {
    if scores.len() != labels.len() {
        let expected = format!("one for each of {} labels", labels.len());
        return Err(Error::argument("scores", expected, scores.len()));
    }
    let pairs = scores.iter().zip(labels).enumerate();
    let labelled =
        pairs.filter_map(|(row, (&score, label))| label.map(|label| UnitRow { score, label, row }));
    let rows: Vec<UnitRow> = labelled.collect();
    for row in &rows {
        NotFiniteScore::among([("score", row.score)])
            .map_err(|found| found.of(format!("row {}", row.row)))?;
    }
    Ok(rows)
}

/// Whether some rows are labelled yes and some no.
pub(super) fn has_both(rows: &[UnitRow]) -> bool {
    rows.iter().any(|row| row.label) && rows.iter().any(|row| !row.label)
}

/// The rows that label a class: their logits, `classes` each, and the class.
pub(super) fn class_rows<'a>(
    logits: &'a [f32],
    classes: usize,
    labels: &[Option<usize>],
) -> Result<Vec<(&'a [f32], usize)>> {
    if classes == 0 {
        return Err(Error::argument("classes", "at least one", classes));
    }
    if Some(logits.len()) != classes.checked_mul(labels.len()) {
        let expected = format!("{classes} for each of {} labels", labels.len());
        return Err(Error::argument("logits", expected, logits.len()));
    }
    let mut rows = Vec::new();
    for (row, (logits, label)) in logits.chunks_exact(classes).zip(labels).enumerate() {
        let Some(label) = *label else { continue };
        if label >= classes {
            let expected = format!("a class below {classes}");
            return Err(Error::argument(
                format!("the label of row {row}"),
                expected,
                label,
            ));
        }
        let named = logits.iter().enumerate();
        NotFiniteScore::among(named.map(|(class, &logit)| (format!("logit {class}"), logit)))
            .map_err(|found| found.of(format!("row {row}")))?;
        rows.push((logits, label));
    }
    Ok(rows)
}

/// For each class, how many rows have it as their label.
pub(super) fn counted(rows: &[(&[f32], usize)], classes: usize) -> Vec<u64> {
    let mut counts = vec![0; classes];
    for (_, label) in rows {
        counts[*label] += 1;
    }
    counts
}
