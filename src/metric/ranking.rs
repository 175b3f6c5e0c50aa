//! The area under the ROC curve: how well scores rank the rows of a binary label.
//!
//! # Example
//! ```
//! use countenance::metric::ranking::Ranking;
//!
//! let mut ranking = Ranking::new();
//! for (label, score) in [(true, 0.9), (true, 0.4), (false, 0.4), (false, 0.1)] {
//!     ranking.push(label, score);
//! }
//! // Of four pairs of a yes and a no, three are in order and one is a tie, half a pair.
//! assert_eq!(ranking.auc(), Some(0.875));
//! ```

/// The labels and scores of the rows; every one is kept, as their order is the score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    rows: Vec<(bool, f64)>,
}

impl Ranking {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one labelled row.
    pub fn push(&mut self, label: bool, score: f64) {
        // Minus zero is zero's tie: the order of the bits would part them.
        self.rows.push((label, score + 0.0));
    }

    /// The area under the ROC curve, in [0, 1]: the share of the pairs of a yes and a no in which the
    /// yes has the higher score, ties counting half. Chance is 0.5.
    ///
    /// Exact, by one sort of the rows. `None` without a yes or without a no: there is no pair. NaN if
    /// a NaN was counted.
    pub fn auc(&self) -> Option<f64> {
        self.ranked(&vec![0; self.rows.len()]).auc(&[1])
    }

    /// The rows in order, with the group that each belongs to.
    ///
    /// # Panics
    /// If there is not one group for each row that was counted, in their order.
    pub fn ranked(&self, groups: &[u32]) -> Ranked {
        assert_eq!(self.rows.len(), groups.len(), "a group for each row");
        let mut order: Vec<(f64, bool, u32)> = self
            .rows
            .iter()
            .zip(groups)
            .map(|(&(label, score), &group)| (score, label, group))
            .collect();
        order.sort_unstable_by(|(one, ..), (other, ..)| one.total_cmp(other));
        let next = order.iter().skip(1).map(|row| Some(row.0)).chain([None]);
        let rows = order
            .iter()
            .zip(next)
            .map(|(&(score, label, group), next)| RankedRow {
                group,
                label,
                last: next != Some(score),
            })
            .collect();
        let broken = order.iter().filter(|row| row.0.is_nan());
        Ranked {
            rows,
            broken: broken.map(|row| row.2).collect(),
        }
    }
}

/// Rows in the order of their scores, lowest first: their area under the curve needs no more sorting,
/// however often each of them counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    rows: Vec<RankedRow>,
    /// The groups of the rows whose score is not a number.
    broken: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RankedRow {
    group: u32,
    label: bool,
    /// Whether the next row's score is another.
    last: bool,
}

impl Ranked {
    /// As [`Ranking::auc`], where a row of group `g` counts `times[g]` times.
    ///
    /// # Panics
    /// If a group has no entry in `times`.
    pub fn auc(&self, times: &[u32]) -> Option<f64> {
        let (mut below, mut wins) = (0u64, 0u128);
        let (mut tied_yes, mut tied_no, mut all_yes) = (0u64, 0u64, 0u64);
        for row in &self.rows {
            let count = u64::from(times[row.group as usize]);
            match row.label {
                true => tied_yes += count,
                false => tied_no += count,
            }
            if row.last {
                // Each half a pair, so that everything stays whole.
                wins += u128::from(tied_yes) * u128::from(2 * below + tied_no);
                below += tied_no;
                all_yes += tied_yes;
                (tied_yes, tied_no) = (0, 0);
            }
        }
        if all_yes == 0 || below == 0 {
            return None;
        }
        if self.broken.iter().any(|&group| times[group as usize] > 0) {
            return Some(f64::NAN);
        }
        Some(wins as f64 / (2.0 * all_yes as f64 * below as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(rows: &[(bool, f64)]) -> Ranking {
        let mut ranking = Ranking::new();
        rows.iter()
            .for_each(|&(label, score)| ranking.push(label, score));
        ranking
    }

    /// Every pair, one by one.
    fn counted(rows: &[(bool, f64)]) -> f64 {
        let of = |wanted| rows.iter().filter(move |row| row.0 == wanted);
        let pairs = of(true).flat_map(|yes| of(false).map(|no| (yes.1, no.1)));
        let shares = pairs.map(|(yes, no)| match (yes > no, yes == no) {
            (true, _) => 1.0,
            (_, tie) => f64::from(u8::from(tie)) / 2.0,
        });
        shares.clone().sum::<f64>() / shares.count() as f64
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        for ties in [2, 5, 1000] {
            let rows: Vec<_> = (0..150u32)
                .map(|row| {
                    let noise = row * 7919 % 101;
                    (noise % 3 == 0, f64::from((noise + row % 40) % ties))
                })
                .collect();
            assert!((ranking(&rows).auc().unwrap() - counted(&rows)).abs() < 1e-15);
        }
        assert_eq!(ranking(&[(true, 0.0), (false, -0.0)]).auc(), Some(0.5));
        assert_eq!(
            ranking(&[(true, f64::INFINITY), (false, 1.0)]).auc(),
            Some(1.0)
        );
    }

    #[test]
    fn without_a_pair_there_is_no_area_and_with_a_nan_there_is_nan() {
        assert_eq!(ranking(&[]).auc(), None);
        assert_eq!(ranking(&[(true, 0.3), (true, 0.9)]).auc(), None);
        assert_eq!(ranking(&[(false, 0.3)]).auc(), None);
        let broken = ranking(&[(true, 0.3), (false, f64::NAN), (false, 0.1)]);
        assert!(broken.auc().unwrap().is_nan());
        // Many of them, in a group of their own that may count or not.
        let row = |row: u32| match row % 3 {
            0 => (row.is_multiple_of(2), f64::NAN),
            _ => (row.is_multiple_of(2), f64::from(row * 13 % 7)),
        };
        let rows: Vec<_> = (0..60).map(row).collect();
        let groups: Vec<u32> = (0..60).map(|row| u32::from(row % 3 == 0)).collect();
        let ranked = ranking(&rows).ranked(&groups);
        assert!(ranked.auc(&[1, 1]).unwrap().is_nan());
        let others: Vec<_> = rows.iter().copied().filter(|row| !row.1.is_nan()).collect();
        assert_eq!(ranked.auc(&[1, 0]), ranking(&others).auc());
    }

    #[test]
    fn rows_that_count_several_times_are_as_if_they_stood_there_so_often() {
        let rows: Vec<_> = (0..30u32)
            .map(|row| (row % 3 == 1, f64::from(row * 13 % 7)))
            .collect();
        let groups: Vec<u32> = (0..30).map(|row| row / 10).collect();
        let times = [2, 0, 3];
        let written: Vec<_> = rows
            .iter()
            .zip(&groups)
            .flat_map(|(&row, &group)| vec![row; times[group as usize] as usize])
            .collect();
        let ranked = ranking(&rows).ranked(&groups);
        assert_eq!(ranked.auc(&times), ranking(&written).auc());
        assert_eq!(ranked.auc(&[0, 0, 0]), None);
    }
}
