//! Rows divided into parts that have nobody in common, and are otherwise alike.
//!
//! # Example
//! ```
//! use countenance::data::division::{divide, folds};
//!
//! // Ten people with ten images each; half of everybody's are of the second of two kinds.
//! let people: Vec<String> = (0..100).map(|row| format!("person {}", row / 10)).collect();
//! let kinds = |row: usize| vec![row % 2];
//! let parts = divide(&people, kinds, &[0.2, 0.8], 0)?;
//! assert_eq!(parts.iter().filter(|&&part| part == 0).count(), 20);
//! assert!((0..100).all(|row| parts[row] == parts[row / 10 * 10]));
//!
//! let parts = folds(&people, kinds, 5, 0)?;
//! assert!((0..5).all(|fold| parts.iter().filter(|&&part| part == fold).count() == 20));
//! # Ok::<(), countenance::Error>(())
//! ```

use std::cmp::Reverse;
use std::collections::HashMap;

use burn::config::Config;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// What is kept in one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// All rows of a person.
    Subject,
    /// All frames of a video.
    Video,
    /// All rows of an image.
    Image,
}

/// How rows are divided into those that are learnt from and those that are judged on, where the data
/// does not say.
#[derive(Config, Debug, PartialEq)]
pub struct DivisionConfig {
    /// The share of the rows that is judged on, in (0, 1).
    #[config(default = 0.2)]
    pub validation: f64,
    /// What is kept in one part; null keeps subjects where the row has one, otherwise videos,
    /// otherwise images.
    #[config(default = "None")]
    pub by: Option<Grouping>,
    /// Seeds the choice. It is another than a run's, so that runs of several seeds are judged on the
    /// same rows.
    #[config(default = 0)]
    pub seed: u64,
    /// Into how many parts the rows are divided for cross-validation, 2 to 1000, whatever parts the data
    /// names besides a test part; null does not.
    #[config(default = "None")]
    pub folds: Option<usize>,
    /// Which of the folds is judged on, counted from 1.
    #[config(default = 1)]
    pub fold: usize,
}

impl DivisionConfig {
    /// The most folds.
    pub const MOST: usize = 1000;

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the field.
    pub fn check(&self) -> Result<()> {
        if !(self.validation > 0.0 && self.validation < 1.0) {
            let expected = "above 0 and below 1";
            return Err(Error::argument(
                "division.validation",
                expected,
                self.validation,
            ));
        }
        let folds = self.folds.unwrap_or(2);
        if !(2..=Self::MOST).contains(&folds) {
            let expected = format!("2 to {}", Self::MOST);
            return Err(Error::argument("division.folds", expected, folds));
        }
        let last = self.folds.unwrap_or(1);
        if !(1..=last).contains(&self.fold) {
            let expected = match self.folds {
                Some(last) => format!("1 to {last}"),
                None => "1 without folds".to_string(),
            };
            return Err(Error::argument("division.fold", expected, self.fold));
        }
        Ok(())
    }
}

/// For each row the fold that it is judged in, from 0: as [`divide`] into `count` parts of one size.
///
/// # Errors
/// As [`divide`].
pub fn folds<S: AsRef<str>>(
    groups: &[S],
    kinds: impl Fn(usize) -> Vec<usize>,
    count: usize,
    seed: u64,
) -> Result<Vec<usize>> {
    divide(groups, kinds, &vec![1.0 / count as f64; count], seed)
}

/// For each row the part that it is in, from 0. Rows of one group are in one part, every part has a
/// group, and each has its share of the rows and of every kind of them as nearly as whole groups allow.
///
/// `groups` names each row's group, `kinds` the kinds that a row is of (its class, its action units), any
/// small numbers. `shares` are positive and add up to 1. The parts depend on the groups, their rows'
/// kinds and the seed alone, not on the order of the rows.
///
/// # Errors
/// [`Error::Argument`] if there are fewer groups than parts.
pub fn divide<S: AsRef<str>>(
    groups: &[S],
    kinds: impl Fn(usize) -> Vec<usize>,
    shares: &[f64],
    seed: u64,
) -> Result<Vec<usize>> {
    let groups = Groups::of(groups);
    if groups.names.len() < shares.len() {
        return Err(Error::argument(
            "division",
            format!(
                "at least {} subjects, videos or images, to have some in every part",
                shares.len()
            ),
            groups.names.len(),
        ));
    }
    let mut parts = Parts::new(shares, &groups, &kinds);
    let order = groups.order(seed);
    let mut chosen = vec![0; groups.names.len()];
    for &group in &order {
        chosen[group] = parts.take(&counts(groups.rows(group), &kinds));
    }
    fill_empty(&mut chosen, &order, shares.len());
    Ok(groups
        .of_row
        .iter()
        .map(|&group| chosen[group as usize])
        .collect())
}

/// The rows of each group.
struct Groups<'a> {
    names: Vec<&'a str>,
    of_row: Vec<u32>,
    /// All rows, group after group.
    rows: Vec<u32>,
    /// Where the rows of each group begin, and of the last end.
    starts: Vec<usize>,
}

impl<'a> Groups<'a> {
    fn of<S: AsRef<str>>(groups: &'a [S]) -> Self {
        let mut places = HashMap::new();
        let mut names = Vec::new();
        let of_row: Vec<u32> = groups
            .iter()
            .map(|name| {
                *places.entry(name.as_ref()).or_insert_with(|| {
                    names.push(name.as_ref());
                    names.len() as u32 - 1
                })
            })
            .collect();
        let mut starts = vec![0; names.len() + 1];
        for &group in &of_row {
            starts[group as usize + 1] += 1;
        }
        for group in 0..names.len() {
            starts[group + 1] += starts[group];
        }
        let mut ends = starts.clone();
        let mut rows = vec![0; of_row.len()];
        for (row, &group) in of_row.iter().enumerate() {
            let end = &mut ends[group as usize];
            rows[*end] = row as u32;
            *end += 1;
        }
        Self {
            names,
            of_row,
            rows,
            starts,
        }
    }

    fn rows(&self, group: usize) -> &[u32] {
        &self.rows[self.starts[group]..self.starts[group + 1]]
    }

    /// The order in which groups choose: those of about twice the size first, as they fit less easily
    /// later, and otherwise drawn from the seed by the group's name.
    fn order(&self, seed: u64) -> Vec<usize> {
        let key = |group: &usize| {
            let name = self.names[*group];
            let mut hash = Sha256::new();
            hash.update(seed.to_le_bytes());
            hash.update(name);
            let size = self.rows(*group).len();
            (Reverse(size.ilog2()), hash.finalize(), name)
        };
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by_cached_key(key);
        order
    }
}

/// How many of `rows` there are of each kind; all of them are of a kind of their own, which is the
/// first.
fn counts(rows: &[u32], kinds: &impl Fn(usize) -> Vec<usize>) -> Vec<(usize, f64)> {
    let mut counts = vec![(0, rows.len() as f64)];
    for &row in rows {
        for kind in kinds(row as usize) {
            match counts.iter_mut().find(|(known, _)| *known == kind + 1) {
                Some((_, count)) => *count += 1.0,
                None => counts.push((kind + 1, 1.0)),
            }
        }
    }
    // Sums depend on their order.
    counts.sort_by_key(|&(kind, _)| kind);
    counts
}

/// The parts as they fill.
struct Parts<'a> {
    shares: &'a [f64],
    /// Rows of each kind.
    totals: Vec<f64>,
    /// Of each part, rows of each kind that it has.
    have: Vec<Vec<f64>>,
}

impl<'a> Parts<'a> {
    fn new(shares: &'a [f64], groups: &Groups, kinds: &impl Fn(usize) -> Vec<usize>) -> Self {
        let mut totals = Vec::new();
        for (kind, count) in counts(&groups.rows, kinds) {
            totals.resize(totals.len().max(kind + 1), 0.0);
            totals[kind] = count;
        }
        Self {
            shares,
            have: vec![vec![0.0; totals.len()]; shares.len()],
            totals,
        }
    }

    /// Puts a group into the part that it brings nearest to its share.
    fn take(&mut self, counts: &[(usize, f64)]) -> usize {
        // What the squares of the parts' distances from their shares grow by, each as a share of its kind.
        let growth = |part: usize| -> f64 {
            let share = self.shares[part];
            let of_kind = |&(kind, count): &(usize, f64)| {
                let total = self.totals[kind];
                let distance = self.have[part][kind] - share * total;
                (2.0 * distance + count) * count / (total * total * share)
            };
            counts.iter().map(of_kind).sum()
        };
        let mut best = (0, f64::INFINITY);
        for part in 0..self.shares.len() {
            let growth = growth(part);
            if growth < best.1 {
                best = (part, growth);
            }
        }
        for &(kind, count) in counts {
            self.have[best.0][kind] += count;
        }
        best.0
    }
}

/// Gives a part that got no group the last, so about the smallest, of those of a part with several.
fn fill_empty(chosen: &mut [usize], order: &[usize], parts: usize) {
    for part in 0..parts {
        let mut groups = vec![0; parts];
        chosen.iter().for_each(|&part| groups[part] += 1);
        if groups[part] == 0 {
            let spare = order.iter().rev().find(|&&group| groups[chosen[group]] > 1);
            let spare = spare.expect("there are as many groups as parts, and one part has none");
            chosen[*spare] = part;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::seq::SliceRandom;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// People with a few to many rows each, of skewed classes.
    fn people(count: usize, seed: u64) -> (Vec<String>, Vec<usize>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut rows = Vec::new();
        for person in 0..count {
            for _ in 0..random.random_range(1..60) {
                let class = [0, 0, 0, 0, 1, 1, 2, 3][random.random_range(0..8)];
                rows.push((format!("person {person}"), class));
            }
        }
        rows.into_iter().unzip()
    }

    fn share_of(parts: &[usize], part: usize, among: impl Fn(usize) -> bool) -> f64 {
        let rows: Vec<usize> = (0..parts.len()).filter(|&row| among(row)).collect();
        rows.iter().filter(|&&row| parts[row] == part).count() as f64 / rows.len() as f64
    }

    #[test]
    fn nobody_is_in_two_parts_and_each_has_its_share_of_rows_and_classes() {
        for seed in 0..20 {
            let (groups, classes) = people(60, seed);
            let parts = divide(&groups, |row| vec![classes[row]], &[0.2, 0.8], seed).unwrap();
            let mut of_group = HashMap::new();
            for (group, part) in groups.iter().zip(&parts) {
                assert_eq!(of_group.entry(group).or_insert(part), &part, "{group}");
            }
            let all = share_of(&parts, 0, |_| true);
            assert!((all - 0.2).abs() < 0.02, "{all}");
            for class in 0..4 {
                let share = share_of(&parts, 0, |row| classes[row] == class);
                assert!((share - 0.2).abs() < 0.05, "class {class}: {share}");
            }
        }
    }

    #[test]
    fn rows_that_belong_to_nobody_are_divided_to_the_row() {
        let groups: Vec<String> = (0..1000).map(|row| format!("{row}.jpg")).collect();
        let kinds = |row: usize| vec![usize::from(row.is_multiple_of(10))];
        let parts = divide(&groups, kinds, &[0.2, 0.8], 1).unwrap();
        assert_eq!(share_of(&parts, 0, |row| row % 10 == 0), 0.2);
        assert_eq!(share_of(&parts, 0, |row| row % 10 != 0), 0.2);
    }

    #[test]
    fn the_order_of_the_rows_changes_nothing_and_the_seed_does() {
        let (groups, classes) = people(40, 3);
        let parts = folds(&groups, |row| vec![classes[row]], 5, 7).unwrap();
        let mut rows: Vec<usize> = (0..groups.len()).collect();
        rows.shuffle(&mut ChaCha8Rng::seed_from_u64(1));
        let shuffled: Vec<&str> = rows.iter().map(|&row| &*groups[row]).collect();
        let again = folds(&shuffled, |row| vec![classes[rows[row]]], 5, 7).unwrap();
        assert!(
            rows.iter()
                .zip(&again)
                .all(|(&row, part)| parts[row] == *part)
        );
        assert_ne!(
            folds(&groups, |row| vec![classes[row]], 5, 8).unwrap(),
            parts
        );
    }

    #[test]
    fn folds_are_of_one_size() {
        let (groups, classes) = people(100, 5);
        let parts = folds(&groups, |row| vec![classes[row]], 5, 0).unwrap();
        for fold in 0..5 {
            let share = share_of(&parts, fold, |_| true);
            assert!((share - 0.2).abs() < 0.02, "{share}");
        }
    }

    #[test]
    fn every_part_has_somebody_and_too_few_are_refused() {
        let none = |_| Vec::new();
        for (groups, parts) in [(&["a", "b"][..], 2), (&["a", "a", "a", "b", "c"], 3)] {
            let chosen = divide(groups, none, &vec![1.0 / parts as f64; parts], 0).unwrap();
            assert!((0..parts).all(|part| chosen.contains(&part)), "{chosen:?}");
        }
        let chosen = divide(&["a", "a", "b", "b"], none, &[0.01, 0.99], 0).unwrap();
        assert!(chosen.contains(&0) && chosen.contains(&1));
        let error = folds(&["a", "a", "b"], none, 3, 0).unwrap_err().to_string();
        assert!(error.contains("at least 3 subjects"), "{error}");
    }
}
