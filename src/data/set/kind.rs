//! What kind of data set a path leads to.

use std::path::{Path, PathBuf};

use crate::data::split::{Layout, SplitName};
use crate::{Error, Result};

/// The table that a folder may hold.
pub(super) const TABLE: &str = "labels.csv";

/// What is read, and where it begins: a folder, or the file of a table.
pub(super) struct Kind {
    pub layout: Layout,
    pub path: PathBuf,
}

/// Tells what `path` leads to: a file is a table; a folder with an annotation file is s-Aff-Wild2's,
/// one with [`TABLE`] has its labels there, and any other has a folder for each class.
pub(super) fn told(path: &Path, strict: bool) -> Result<Kind> {
    let expected = format!(
        "the folder of a data set (s-Aff-Wild2's, one with a {TABLE}, or one with a folder for each \
         class) or a table of labels"
    );
    let kind = |layout, path: &Path| Kind {
        layout,
        path: path.to_path_buf(),
    };
    let annotations = SplitName::ALL.map(SplitName::file_name);
    if path.is_file() {
        if annotations.iter().any(|name| path.ends_with(name)) {
            let found = "one of s-Aff-Wild2's annotation files; give its folder";
            return Err(Error::file(path, expected, found));
        }
        return lenient(kind(Layout::Table, path), strict);
    }
    if !path.is_dir() {
        return Err(Error::file(path, expected, "nothing"));
    }
    // Strictly read, it is s-Aff-Wild2's, and what it lacks is said when that is opened.
    if strict || annotations.iter().any(|name| path.join(name).exists()) {
        return Ok(kind(Layout::AffWild2, path));
    }
    let table = path.join(TABLE);
    match table.exists() {
        true => Ok(kind(Layout::Table, &table)),
        false => Ok(kind(Layout::Folders, path)),
    }
}

fn lenient(kind: Kind, strict: bool) -> Result<Kind> {
    match strict {
        false => Ok(kind),
        true => Err(Error::file(
            &kind.path,
            "the folder of an s-Aff-Wild2 data set, as nothing else is read with strict",
            "a table of labels",
        )),
    }
}
