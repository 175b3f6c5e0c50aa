//! Rows of several files, one beside the other.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::file::FeatureFile;
use super::lookup::Lookup;
use super::name::plain;
use crate::data::cache::{CacheWriter, FeatureCache, Fingerprint};
use crate::{Error, Result};

/// Rows that are put together of the rows of several files.
#[derive(Debug)]
pub struct Join<'a> {
    files: &'a [FeatureFile],
    /// Of each file, which of its rows is part of each row; nothing where it has none.
    picks: Vec<Vec<Option<usize>>>,
    names: Option<Vec<String>>,
    rows: usize,
    width: usize,
    notes: Vec<String>,
}

impl<'a> Join<'a> {
    /// A row for each of `wanted`, whether the files have it or not.
    pub(super) fn of_names(files: &'a [FeatureFile], wanted: &[String], of: &str) -> Result<Self> {
        let mut notes = Vec::new();
        let mut picks = Vec::new();
        for file in files {
            let found = match file.names() {
                Some(names) => by_name(file, names, wanted, of)?,
                None => {
                    notes.push(by_number(file, wanted.len(), of)?);
                    (0..file.rows()).map(Some).collect()
                }
            };
            let missing = || wanted.iter().zip(&found).filter(|(_, row)| row.is_none());
            let count = missing().count();
            if count > 0 {
                notes.push(format!(
                    "{}: without {count} of the {} rows of {of}, which are left out: {}",
                    file.path().display(),
                    wanted.len(),
                    some(missing().map(|(name, _)| name.as_str()))
                ));
            }
            picks.push(found);
        }
        let join = Self {
            files,
            picks,
            names: Some(wanted.to_vec()),
            rows: wanted.len(),
            width: width(files),
            notes,
        };
        match join.rows == 0 || (0..join.rows).any(|row| join.is_whole(row)) {
            true => Ok(join),
            false => Err(Error::argument(
                "the feature files",
                format!("rows of {of} that every one has"),
                "none",
            )),
        }
    }

    /// The rows that all of `files` have, by the names in the first that names any.
    pub(super) fn of_files(files: &'a [FeatureFile]) -> Result<Self> {
        let named = files.iter().find_map(|file| Some((file, file.names()?)));
        let Some((first, names)) = named else {
            return Self::of_numbers(files);
        };
        let of = first.path().display().to_string();
        if let [_] = files {
            // Nothing is looked up: the rows are those of the file, whatever they are called.
            return Ok(Self {
                picks: vec![(0..names.len()).map(Some).collect()],
                names: Some(names.to_vec()),
                rows: names.len(),
                width: width(files),
                notes: Vec::new(),
                files,
            });
        }
        let mut join = Self::of_names(files, names, &of)?;
        for (file, picks) in files.iter().zip(&join.picks) {
            let own = file.names().unwrap_or_default();
            let picked = picks.iter().flatten().filter_map(|&row| own.get(row));
            let picked: HashSet<&String> = picked.collect();
            let unused = own.iter().filter(|name| !picked.contains(name));
            let unused: Vec<&str> = unused.map(String::as_str).collect();
            if !unused.is_empty() {
                join.notes.push(format!(
                    "{of}: without {} of the {} rows of {}, which are left out: {}",
                    unused.len(),
                    file.rows(),
                    file.path().display(),
                    some(unused.into_iter())
                ));
            }
        }
        join.leave_out();
        Ok(join)
    }

    /// Rows without names, by their numbers.
    fn of_numbers(files: &'a [FeatureFile]) -> Result<Self> {
        let rows = files.first().map_or(0, FeatureFile::rows);
        let mut notes = Vec::new();
        for file in files.iter().skip(1) {
            let of = files[0].path().display().to_string();
            notes.push(by_number(file, rows, &of)?);
        }
        Ok(Self {
            picks: files
                .iter()
                .map(|_| (0..rows).map(Some).collect())
                .collect(),
            names: None,
            rows,
            width: width(files),
            notes,
            files,
        })
    }

    /// Leaves out the rows that not every file has.
    fn leave_out(&mut self) {
        let kept: Vec<bool> = (0..self.rows).map(|row| self.is_whole(row)).collect();
        let keep = |place: usize| kept[place];
        for picks in &mut self.picks {
            let rows = picks.iter().enumerate();
            *picks = rows
                .filter(|(row, _)| keep(*row))
                .map(|(_, pick)| *pick)
                .collect();
        }
        if let Some(names) = self.names.take() {
            let rows = names.into_iter().enumerate();
            self.names = Some(
                rows.filter(|(row, _)| keep(*row))
                    .map(|(_, name)| name)
                    .collect(),
            );
        }
        self.rows = kept.iter().filter(|kept| **kept).count();
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of features in a row: of all files together.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows' names, if there are any.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// A line on each thing that somebody who joins these files should know: which rows are missing,
    /// and which files are joined by the number of their rows alone.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether every file has the row `index`.
    pub fn is_whole(&self, index: usize) -> bool {
        self.picks.iter().all(|picks| picks[index].is_some())
    }

    /// Writes row `index` to `out`: what each file has of it, in the order of the files; NaN throughout
    /// where one has nothing of it, or the mark of an image without features.
    ///
    /// # Panics
    /// If there is no such row, or `out` is not as long as one.
    pub fn copy_row(&self, index: usize, out: &mut [f32]) {
        assert_eq!(out.len(), self.width, "a row's width");
        let mut start = 0;
        for (file, picks) in self.files.iter().zip(&self.picks) {
            let end = start + file.width();
            match picks[index] {
                Some(row) => file.copy_row(row, &mut out[start..end]),
                None => out[start..end].fill(f32::NAN),
            }
            // A row is a mark or finite in each file, so that its first number tells.
            if out[start].is_nan() {
                return out.fill(f32::NAN);
            }
            start = end;
        }
    }

    /// Writes all rows to a cache at `path`, under their names or else their numbers.
    ///
    /// # Errors
    /// As [`CacheWriter`].
    pub fn write(&self, path: &Path, fingerprint: &Fingerprint) -> Result<FeatureCache> {
        let numbers = || (0..self.rows).map(|row| row.to_string()).collect();
        let names = self.names.clone().unwrap_or_else(numbers);
        let mut writer = CacheWriter::open(path, &names, self.width, fingerprint)?;
        let mut row = vec![0.0; self.width];
        for index in writer.next_row()..self.rows {
            self.copy_row(index, &mut row);
            writer.push(&row)?;
        }
        writer.finish()
    }
}

fn width(files: &[FeatureFile]) -> usize {
    files.iter().map(FeatureFile::width).sum()
}

/// Which row of `file` each of `wanted`, the rows of `of`, is.
fn by_name(
    file: &FeatureFile,
    names: &[String],
    wanted: &[String],
    of: &str,
) -> Result<Vec<Option<usize>>> {
    let lookup = Lookup::new(file, names)?;
    let mut taken: HashMap<usize, &str> = HashMap::new();
    let mut found = Vec::with_capacity(wanted.len());
    for name in wanted {
        let row = lookup.find(name)?;
        if let Some(row) = row {
            let first = taken.entry(row).or_insert(name);
            if plain(first) != plain(name) {
                return Err(Error::file(
                    file.path(),
                    format!("a row each for {first:?} and {name:?} of {of}"),
                    format!("{} for both", file.describe(row)),
                ));
            }
        }
        found.push(row);
    }
    match (wanted, names) {
        ([wanted, ..], [name, ..]) if found.iter().all(Option::is_none) => Err(Error::file(
            file.path(),
            format!("rows named as those of {of}, such as {wanted:?}"),
            format!("none; its own are such as {name:?}"),
        )),
        _ => Ok(found),
    }
}

/// Takes the rows of a file without names for the `rows` rows of `of`; says so.
fn by_number(file: &FeatureFile, rows: usize, of: &str) -> Result<String> {
    let path = file.path();
    match file.rows() == rows {
        true => Ok(format!(
            "{}: without names; its {rows} rows are taken for those of {of}, in their order",
            path.display()
        )),
        false => Err(Error::file(
            path,
            format!("names of its rows, or as many rows as {of} has, which are {rows}"),
            format!("{} rows without names", file.rows()),
        )),
    }
}

/// The first few names.
fn some<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 3;
    let mut names = names.peekable();
    let first: Vec<String> = names
        .by_ref()
        .take(SHOWN)
        .map(|name| format!("{name:?}"))
        .collect();
    let first = first.join(", ");
    match names.peek() {
        Some(_) => format!("{first} and others"),
        None => first,
    }
}
