//! Rows whose image is not there, and images that no row names.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::data::folder::claims_image;
use crate::data::split::Split;

/// What of a data set's rows and images does not go together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmatched {
    /// Rows whose image is not there.
    pub rows: usize,
    /// The images of the first few of them.
    pub missing: Vec<PathBuf>,
    /// Images beside those of the rows, in the same folders, that no row names.
    pub images: usize,
    /// The first few of them.
    pub unnamed: Vec<PathBuf>,
}

/// How many are named.
const NAMED: usize = 3;

/// Looks for the images of the rows of `splits`, and for others in the folders where those lie.
pub fn unmatched(splits: &[&Split]) -> Unmatched {
    let all: Vec<PathBuf> = splits
        .iter()
        .flat_map(|split| split.rows.iter().map(|row| split.image_path(row)))
        .collect();
    let missing: Vec<&PathBuf> = all.par_iter().filter(|path| !path.exists()).collect();
    let named: HashSet<&Path> = all.iter().map(PathBuf::as_path).collect();
    let folders: BTreeSet<&Path> = all.iter().filter_map(|path| path.parent()).collect();
    let folders: Vec<&Path> = folders.into_iter().collect();
    let others = folders.par_iter().map(|folder| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let is_other = |path: &PathBuf| claims_image(path) && !named.contains(path.as_path());
        paths.filter(is_other).collect::<Vec<_>>()
    });
    let mut others: Vec<PathBuf> = others.flatten_iter().collect();
    others.sort_unstable();
    Unmatched {
        rows: missing.len(),
        missing: missing.into_iter().take(NAMED).cloned().collect(),
        images: others.len(),
        unnamed: others.into_iter().take(NAMED).collect(),
    }
}
