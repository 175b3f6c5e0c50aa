//! Offsets of the expressions' logits with the largest macro F1.

use super::labelled::{class_rows, counted};
use super::sweep::Sweep;
use crate::metric::confusion::largest;
use crate::metric::f1::BinaryCounts;
use crate::{Error, Result};

/// Up to so many rows, more beginnings cost no time that anybody waits for.
const FEW: usize = 2000;
/// How far a class is raised and lowered then, as shares of the mean distance between a row's logits.
const SHIFTS: [f64; 4] = [-0.5, -0.25, 0.25, 0.5];

/// Offsets and what they score on the rows that they were found on.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassOffsets {
    /// One per class, in logits: the class of a row is the one with the largest `logit + offset`.
    pub offsets: Vec<f32>,
    /// The mean F1 of all classes with them, in [0, 1]. Other rows will score less.
    pub macro_f1: f64,
    /// The mean F1 of all classes without any.
    pub untuned: f64,
}

/// The offsets with the largest macro F1, the mean F1 of all classes, that coordinate ascent finds where
/// the class of a row is the one with the largest `logit + offset`. `logits` has `classes` per row.
///
/// One class's offset at a time is moved to its best place, found exactly by a sweep over the rows in the
/// order of what it takes for each to become that class, until no class gains. It begins without offsets
/// and with the classes' mean logits levelled, of up to 2,000 rows also with each class raised and
/// lowered, and keeps the best end. Macro F1 has many peaks: an end is the best along each axis, not
/// always the best of all.
///
/// The offsets add up to 0, as only their differences matter. A class without labels keeps the offset 0,
/// the others then stand as they were found; it counts with an F1 of 0, as in
/// [`Confusion::per_class`](crate::metric::confusion::Confusion::per_class). Where nothing is gained all
/// are 0. `None` if the labels are of fewer than two classes.
///
/// ```
/// use countenance::calibrate::class_offsets;
///
/// // The second class is never the largest, though its logit tells its rows from the others.
/// let logits = [2.0, 0.5, 2.0, 0.5, 2.0, 1.0, 2.0, 1.0];
/// let labels = [Some(0), Some(0), Some(1), Some(1)];
/// let found = class_offsets(&logits, 2, &labels)?.expect("two classes");
/// assert_eq!(found.offsets, [-0.625, 0.625]);
/// assert_eq!((found.macro_f1, found.untuned), (1.0, 1.0 / 3.0));
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotFiniteScore`] with the row if a logit of a labelled row is not finite, [`Error::Argument`]
/// if there are not `classes` logits for each label, or a label is none of the classes.
pub fn class_offsets(
    logits: &[f32],
    classes: usize,
    labels: &[Option<usize>],
) -> Result<Option<ClassOffsets>> {
    let rows = class_rows(logits, classes, labels)?;
    let present: Vec<bool> = counted(&rows, classes)
        .iter()
        .map(|&rows| rows > 0)
        .collect();
    if present.iter().filter(|present| **present).count() < 2 {
        return Ok(None);
    }
    let none = vec![0.0; classes];
    let untuned = score(&rows, &none);
    let mut best = ClassOffsets {
        offsets: none,
        macro_f1: untuned,
        untuned,
    };
    let mut sweep = Sweep::new(&rows, classes);
    for start in starts(&rows, &present) {
        let mut offsets = sweep.ascend(&present, start);
        if present.iter().all(|present| *present) {
            let mean = offsets.iter().sum::<f64>() / classes as f64;
            offsets.iter_mut().for_each(|offset| *offset -= mean);
        }
        let offsets: Vec<f32> = offsets.iter().map(|offset| *offset as f32).collect();
        // As they are kept and used, in 32 bits.
        let macro_f1 = score(&rows, &offsets);
        if macro_f1 > best.macro_f1 && offsets.iter().all(|offset| offset.is_finite()) {
            best = ClassOffsets {
                offsets,
                macro_f1,
                untuned,
            };
        }
    }
    Ok(Some(best))
}

/// The mean F1 of all classes where the class of a row is the one with the largest `logit + offset`, the
/// first of several; there are as many classes as offsets. `None` without a label.
///
/// ```
/// use countenance::calibrate::macro_f1;
///
/// let labels = [Some(0), Some(1), None];
/// let logits = [2.0, 1.0, 2.0, 1.5, 0.0, 9.0];
/// assert_eq!(macro_f1(&logits, &[0.0, 0.0], &labels)?, Some(1.0 / 3.0));
/// assert_eq!(macro_f1(&logits, &[0.0, 0.75], &labels)?, Some(1.0));
/// # Ok::<(), countenance::Error>(())
/// ```
///
/// # Errors
/// As [`class_offsets`], and [`Error::Argument`] if an offset is not finite.
pub fn macro_f1(logits: &[f32], offsets: &[f32], labels: &[Option<usize>]) -> Result<Option<f64>> {
    if let Some(offset) = offsets.iter().find(|offset| !offset.is_finite()) {
        return Err(Error::argument("class offsets", "finite numbers", offset));
    }
    let rows = class_rows(logits, offsets.len(), labels)?;
    Ok((!rows.is_empty()).then(|| score(&rows, offsets)))
}

fn score(rows: &[(&[f32], usize)], offsets: &[f32]) -> f64 {
    let mut counts = vec![BinaryCounts::default(); offsets.len()];
    let mut moved = vec![0.0; offsets.len()];
    for (logits, label) in rows {
        for ((moved, logit), offset) in moved.iter_mut().zip(*logits).zip(offsets) {
            *moved = logit + offset;
        }
        match largest(&moved) {
            class if class == *label => counts[class].true_positives += 1,
            class => {
                counts[class].false_positives += 1;
                counts[*label].false_negatives += 1;
            }
        }
    }
    counts.iter().map(BinaryCounts::f1).sum::<f64>() / counts.len() as f64
}

/// Where the search begins: without offsets; with the mean logit of each class among its own rows as high
/// as the others'; of few rows, whose peaks are many and narrow, also with each class raised and lowered.
fn starts(rows: &[(&[f32], usize)], present: &[bool]) -> Vec<Vec<f64>> {
    let classes = present.len();
    let mut own = vec![(0.0, 0u64); classes];
    let mut spread = 0.0;
    for (logits, label) in rows {
        let (sum, count) = &mut own[*label];
        *sum += f64::from(logits[*label]);
        *count += 1;
        let ends = [f32::min as fn(f32, f32) -> f32, f32::max]
            .map(|end| logits.iter().copied().fold(logits[0], end));
        spread += (f64::from(ends[1]) - f64::from(ends[0])) / rows.len() as f64;
    }
    let level = own.iter().map(|(sum, count)| match count {
        0 => 0.0,
        count => -sum / *count as f64,
    });
    let mut starts = vec![vec![0.0; classes], level.collect()];
    if rows.len() <= FEW {
        for class in (0..classes).filter(|class| present[*class]) {
            starts.extend(SHIFTS.map(|share| {
                let mut start = vec![0.0; classes];
                start[class] = share * spread;
                start
            }));
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::Expression;
    use crate::metric::confusion::Confusion;
    use crate::testing::noise;

    /// Noisy rows of some classes, the first of them the most frequent and the most often told.
    fn drawn(rows: usize, classes: usize, seed: u32) -> (Vec<f32>, Vec<Option<usize>>) {
        let labels: Vec<usize> = noise(rows, seed)
            .iter()
            .map(|draw| (draw * draw * classes as f32) as usize)
            .collect();
        let mut logits = noise(rows * classes, seed + 1000);
        for (row, label) in labels.iter().enumerate() {
            logits[row * classes + label] += 0.6;
            logits[row * classes] += 0.9;
        }
        (logits, labels.into_iter().map(Some).collect())
    }

    #[test]
    fn nothing_along_any_axis_is_better_and_offsets_add_up_to_zero() {
        for (seed, classes) in [(1, 2), (2, 3), (3, 5), (4, 8)] {
            let (logits, labels) = drawn(300, classes, seed);
            let found = class_offsets(&logits, classes, &labels).unwrap().unwrap();
            assert!(found.macro_f1 > found.untuned, "{found:?}");
            assert!(found.offsets.iter().sum::<f32>().abs() < 1e-5);
            let told = macro_f1(&logits, &found.offsets, &labels).unwrap();
            assert_eq!(told, Some(found.macro_f1));
            for class in 0..classes {
                for step in -400..=400 {
                    let mut moved = found.offsets.clone();
                    moved[class] += step as f32 / 100.0;
                    let told = macro_f1(&logits, &moved, &labels).unwrap().unwrap();
                    assert!(told <= found.macro_f1 + 1e-12, "{classes} {class} {step}");
                }
            }
        }
    }

    #[test]
    fn two_classes_are_cut_where_the_best_cut_of_all_is() {
        for seed in 0..20 {
            let (logits, labels) = drawn(80, 2, seed);
            let found = class_offsets(&logits, 2, &labels).unwrap().unwrap();
            let apart = logits.chunks_exact(2).map(|row| row[0] - row[1]);
            let best = apart
                .flat_map(|apart| [apart - 1e-4, apart + 1e-4])
                .filter_map(|offset| macro_f1(&logits, &[0.0, offset], &labels).unwrap())
                .fold(0.0, f64::max);
            assert!(found.macro_f1 >= best, "{seed}: {} {best}", found.macro_f1);
        }
    }

    #[test]
    fn a_class_without_labels_keeps_zero_and_counts_as_in_a_confusion() {
        let (mut logits, labels) = drawn(200, 3, 5);
        // A fourth class is told now and then, and never right.
        logits = logits
            .chunks_exact(3)
            .zip(noise(200, 6))
            .flat_map(|(row, draw)| [row[0], row[1], draw, row[2]])
            .collect();
        let labels: Vec<_> = labels
            .iter()
            .map(|label| label.map(|class| class + class / 2))
            .collect();
        let found = class_offsets(&logits, 4, &labels).unwrap().unwrap();
        assert_eq!(found.offsets[2], 0.0);
        assert!(found.macro_f1 > found.untuned && found.macro_f1 <= 0.75);
        let mut confusion = Confusion::new(&Expression::AFF_WILD2[..4]);
        for (row, label) in logits.chunks_exact(4).zip(&labels) {
            let moved: Vec<f32> = row.iter().zip(&found.offsets).map(|(x, y)| x + y).collect();
            confusion.push(label.unwrap(), largest(&moved));
        }
        let f1 = confusion.per_class().into_iter().flatten().sum::<f64>() / 4.0;
        assert_eq!(f1, found.macro_f1);
    }

    #[test]
    fn what_cannot_be_better_keeps_no_offsets() {
        let perfect = [1.0, 0.0, 0.0, 1.0];
        let labels = [Some(0), Some(1)];
        let found = class_offsets(&perfect, 2, &labels).unwrap().unwrap();
        assert_eq!((found.offsets, found.macro_f1), (vec![0.0; 2], 1.0));
        // All equal: one class for all rows, whatever the offsets.
        let found = class_offsets(&[0.0; 8], 2, &[labels, labels].concat())
            .unwrap()
            .unwrap();
        assert_eq!((found.offsets, found.macro_f1), (vec![0.0; 2], 1.0 / 3.0));
        // Numbers that are far apart, beyond what sums of them keep.
        for size in [1e-38, 1e30, f32::MAX] {
            let logits: Vec<f32> = drawn(50, 3, 9).0.iter().map(|v| v / 2.6 * size).collect();
            let labels = drawn(50, 3, 9).1;
            let found = class_offsets(&logits, 3, &labels).unwrap().unwrap();
            assert!(
                found.offsets.iter().all(|offset| offset.is_finite()),
                "{size}"
            );
            assert!(found.macro_f1 >= found.untuned);
        }
    }

    #[test]
    fn one_class_has_no_offsets_and_broken_rows_are_named() {
        assert_eq!(class_offsets(&[], 3, &[]).unwrap(), None);
        assert_eq!(class_offsets(&[1.0; 6], 3, &[Some(2); 2]).unwrap(), None);
        assert_eq!(class_offsets(&[f32::NAN; 6], 3, &[None; 2]).unwrap(), None);
        assert_eq!(macro_f1(&[f32::NAN; 2], &[0.0; 2], &[None]).unwrap(), None);
        let message = |logits: &[f32], classes, labels: &[Option<usize>]| {
            class_offsets(logits, classes, labels)
                .unwrap_err()
                .to_string()
        };
        let labels = [Some(0), None, Some(1)];
        let mut logits = [0.5; 6];
        logits[3] = f32::NAN;
        class_offsets(&logits, 2, &labels).unwrap();
        logits[4] = f32::INFINITY;
        assert_eq!(
            message(&logits, 2, &labels),
            "row 2: the network's logit 0 is inf, not a finite number"
        );
        assert_eq!(
            message(&[0.0; 5], 2, &labels),
            "logits: expected 2 for each of 3 labels, found 5"
        );
        let beyond = message(&[0.0; 6], 2, &[Some(0), Some(2), None]);
        assert_eq!(
            beyond,
            "the label of row 1: expected a class below 2, found 2"
        );
        assert!(message(&[], 0, &[]).starts_with("classes: expected at least one"));
        assert!(macro_f1(&[0.0; 2], &[0.0, f32::NAN], &[Some(0)]).is_err());
    }
}
