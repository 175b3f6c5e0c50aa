//! Groups of rows divided, so that rows are decided by what was found without their group.

use std::collections::{BTreeMap, HashMap};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The fold of each of some rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folds {
    count: usize,
    of_rows: Vec<u8>,
}

impl Folds {
    /// Divides rows of these groups into `most` folds or as many as there are groups: whole groups, and
    /// about as many rows in each. Which group goes where follows from the seed.
    pub fn new(groups: &[u32], most: usize, seed: u64) -> Self {
        let mut sizes = BTreeMap::<u32, usize>::new();
        for &group in groups {
            *sizes.entry(group).or_default() += 1;
        }
        let mut order: Vec<(u32, usize)> = sizes.into_iter().collect();
        let count = most.min(order.len()).min(usize::from(u8::MAX));
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        order.shuffle(&mut random);
        order.sort_by_key(|&(_, size)| std::cmp::Reverse(size));
        // Of as many groups as there are folds, which are about as large, each fold has one.
        let mut fold_of = HashMap::new();
        let mut places: Vec<u8> = (0..count as u8).collect();
        for alike in order.chunks(count.max(1)) {
            places.shuffle(&mut random);
            let each = alike.iter().zip(&places);
            fold_of.extend(each.map(|(&(group, _), &fold)| (group, fold)));
        }
        Self {
            count,
            of_rows: groups.iter().map(|group| fold_of[group]).collect(),
        }
    }

    /// How many there are; fewer than two where nothing can be left out.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The fold of a row.
    pub fn of(&self, row: usize) -> usize {
        usize::from(self.of_rows[row])
    }

    /// The rows of a fold, in order.
    pub fn rows(&self, fold: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.of_rows.len()).filter(move |&row| self.of(row) == fold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_whole_and_folds_are_about_as_large() {
        // Groups of 1 to 40 rows.
        let groups: Vec<u32> = (1..=40)
            .flat_map(|group| vec![group; group as usize])
            .collect();
        let folds = Folds::new(&groups, 5, 0);
        assert_eq!(folds.count(), 5);
        for group in 1..=40 {
            let rows = (0..groups.len()).filter(|&row| groups[row] == group);
            let mut of: Vec<usize> = rows.map(|row| folds.of(row)).collect();
            of.dedup();
            assert_eq!(of.len(), 1);
        }
        for fold in 0..5 {
            let rows = folds.rows(fold).count();
            assert!(rows.abs_diff(164) <= 16, "{rows}");
        }
        assert!(folds == Folds::new(&groups, 5, 0));
        assert!(folds != Folds::new(&groups, 5, 1));
    }

    #[test]
    fn there_are_no_more_folds_than_groups() {
        assert_eq!(Folds::new(&[7, 7, 3], 5, 0).count(), 2);
        assert_eq!(Folds::new(&[7, 7], 5, 0).count(), 1);
        assert_eq!(Folds::new(&[], 5, 0).count(), 0);
    }
}
