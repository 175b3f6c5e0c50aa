//! A feature file's rows by their names.

use std::collections::HashMap;

use super::file::FeatureFile;
use super::name::{plain, stem};
use crate::{Error, Result};

/// The rows of a file, found as other programs may have called them.
pub(super) struct Lookup<'a> {
    file: &'a FeatureFile,
    exact: HashMap<&'a str, usize>,
    plain: HashMap<String, Slot>,
    stem: HashMap<String, Slot>,
}

/// The rows that one way of reading names makes one.
#[derive(Clone, Copy)]
enum Slot {
    One(usize),
    Several(usize, usize),
}

impl<'a> Lookup<'a> {
    /// The rows of `file`, which are named `names`.
    ///
    /// # Errors
    /// [`Error::File`] if several rows have one name and not the same features.
    pub fn new(file: &'a FeatureFile, names: &'a [String]) -> Result<Self> {
        let mut exact = HashMap::with_capacity(names.len());
        let mut plains = HashMap::with_capacity(names.len());
        let mut stems = HashMap::with_capacity(names.len());
        for (row, name) in names.iter().enumerate() {
            if let Some(&first) = exact.get(name.as_str()) {
                check_same(file, first, row)?;
                continue;
            }
            exact.insert(name.as_str(), row);
            let plain = plain(name);
            add(&mut stems, stem(&plain), row);
            add(&mut plains, &plain, row);
        }
        Ok(Self {
            file,
            exact,
            plain: plains,
            stem: stems,
        })
    }

    /// The row called `name`: exactly so, or with other signs between its folders, or with another
    /// ending or none.
    ///
    /// # Errors
    /// [`Error::File`] if several may be meant.
    pub fn find(&self, name: &str) -> Result<Option<usize>> {
        if let Some(&row) = self.exact.get(name) {
            return Ok(Some(row));
        }
        let plain = plain(name);
        let slot = self.plain.get(&*plain);
        match slot.or_else(|| self.stem.get(stem(&plain))) {
            None => Ok(None),
            Some(&Slot::One(row)) => Ok(Some(row)),
            Some(&Slot::Several(first, second)) => {
                let [first, second] = [first, second].map(|row| self.file.describe(row));
                Err(Error::file(
                    self.file.path(),
                    format!("one row for {name:?}"),
                    format!("{first} and {second}, either of which may be meant"),
                ))
            }
        }
    }
}

fn add(slots: &mut HashMap<String, Slot>, name: &str, row: usize) {
    let both = |slot: &mut Slot| {
        if let Slot::One(first) = *slot {
            *slot = Slot::Several(first, row);
        }
    };
    slots
        .entry(name.to_string())
        .and_modify(both)
        .or_insert(Slot::One(row));
}

/// Refuses two rows of one name that are not the same: a set that repeats an image repeats its
/// features.
fn check_same(file: &FeatureFile, first: usize, second: usize) -> Result<()> {
    let [one, other] = [first, second].map(|row| {
        let mut values = vec![0.0; file.width()];
        file.copy_row(row, &mut values);
        values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<u32>>()
    });
    match one == other {
        true => Ok(()),
        false => Err(Error::file(
            file.path(),
            "one row of each name",
            format!(
                "other features in row {second} than in {}",
                file.describe(first)
            ),
        )),
    }
}
