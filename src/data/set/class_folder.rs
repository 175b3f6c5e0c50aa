//! A folder for each class, or for each part and in it one for each class.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::part::Rows;
use crate::data::annotation::Row;
use crate::data::folder::{ImageFolder, row_name};
use crate::data::mark::Marks;
use crate::data::split::{Layout, SplitName};
use crate::data::table::{Classes, LabelConfig};
use crate::label::Vocabulary;
use crate::{Error, Labels, Result};

/// What a folder holds that is a data set.
const EXPECTED: &str = "annotation files of s-Aff-Wild2, a labels.csv, or folders of at least two \
                        classes with images in them";

/// What was read of a folder per class.
pub(super) struct ClassFolder {
    pub rows: Rows,
    /// Images that are in no class's folder.
    pub outside: usize,
    /// What else lies there.
    pub passed_over: String,
}

/// Reads the images below `root`, in natural order.
pub(super) fn read(root: &Path, config: &LabelConfig) -> Result<ClassFolder> {
    let folder = ImageFolder::list(root).map_err(|error| match error {
        Error::File { path, found, .. } => Error::file(path, EXPECTED, found),
        other => other,
    })?;
    let folder = folder.complete()?;
    let images: Vec<&Path> = folder
        .images
        .iter()
        .map(|path| path.strip_prefix(root).unwrap_or(path))
        .collect();
    let has_parts = has_parts(root, &images)?;
    let mut classes = match config.order().filter(|order| !order.is_empty()) {
        Some(order) => config.classes(order),
        None => Classes::open(),
    };
    let (mut rows, mut parts, mut outside) = (Vec::new(), Vec::new(), 0);
    for path in images {
        let folders = path.parent().into_iter().flat_map(Path::iter);
        let mut folders = folders.map(|name| row_name(name.as_ref()));
        let part = match has_parts {
            true => folders.next().and_then(|name| SplitName::spelled(&name)),
            false => None,
        };
        let Some(class) = folders.next() else {
            outside += 1;
            continue;
        };
        let class = classes.read(&class).map_err(|fault| {
            let expected = format!("a folder for each class, called as {}", fault.expected);
            Error::file(root, expected, fault.found)
        })?;
        rows.push(Row {
            image: name(root, path)?,
            labels: Labels {
                expression: class,
                ..Labels::default()
            },
            line: 0,
        });
        parts.extend(part);
    }
    let (expressions, places) = classes.resolved();
    let seen: BTreeSet<_> = rows
        .iter()
        .filter_map(|row| row.labels.expression)
        .collect();
    if seen.len() < *Vocabulary::EXPRESSIONS.start() {
        return Err(none(
            root,
            seen.first().map(|&class| expressions[places[class]].name()),
        ));
    }
    for row in &mut rows {
        row.labels.expression = row.labels.expression.map(|met| places[met]);
    }
    let vocabulary = Vocabulary {
        expressions: expressions.into(),
        ..config.vocabulary.clone().unwrap_or_default()
    };
    Ok(ClassFolder {
        rows: Rows {
            layout: Layout::Folders,
            source: root.to_path_buf(),
            images: root.to_path_buf(),
            vocabulary,
            rows,
            marks: Marks::default(),
            parts,
        },
        outside,
        passed_over: folder.passed_over.to_string(),
    })
}

/// The image's name, which leads to it again.
fn name(root: &Path, path: &Path) -> Result<String> {
    match path.to_str() {
        Some(_) if PathBuf::from(row_name(path)) == path => Ok(row_name(path)),
        _ => Err(Error::file(
            root,
            "images whose paths are plain text in UTF-8",
            format!("{:?}", row_name(path)),
        )),
    }
}

/// Whether the folders in `root` are parts of the data set, and not classes.
fn has_parts(root: &Path, images: &[&Path]) -> Result<bool> {
    let tops: BTreeSet<String> = images
        .iter()
        .filter(|path| path.iter().nth(1).is_some())
        .filter_map(|path| Some(row_name(path.iter().next()?.as_ref())))
        .collect();
    let (parts, others): (Vec<_>, Vec<_>) = tops
        .iter()
        .partition(|name| SplitName::spelled(name).is_some());
    match (parts.first(), others.first()) {
        (Some(part), Some(other)) => Err(Error::file(
            root,
            "a folder for each class, or one for each part (train, validation, test) and in it \
             folders of classes",
            format!("both: `{part}` and `{other}`"),
        )),
        (part, _) => Ok(part.is_some()),
    }
}

fn none(root: &Path, class: Option<&str>) -> Error {
    let found = match class {
        Some(class) => format!("images of {class} alone"),
        None => "images in no folder of a class".to_string(),
    };
    Error::file(root, EXPECTED, found)
}
