//! Lists of row names beside feature files that hold none.

use std::path::{Path, PathBuf};

use super::name::is_header;
use crate::{Error, Result};

/// The endings of lists, in the order in which they are spoken of.
const ENDINGS: [&str; 3] = ["txt", "csv", "json"];

/// The list beside the feature file at `path`, of the same name but for the ending.
///
/// # Errors
/// [`Error::File`] if there are several.
pub(super) fn beside(path: &Path) -> Result<Option<PathBuf>> {
    let lists = ENDINGS.map(|ending| path.with_extension(ending));
    let mut lists = lists
        .into_iter()
        .filter(|list| list != path && list.is_file());
    match (lists.next(), lists.next()) {
        (Some(first), Some(second)) => Err(Error::file(
            path,
            "one list of row names beside it, or the one that is meant given by name",
            format!("both {} and {}", first.display(), second.display()),
        )),
        (first, _) => Ok(first),
    }
}

/// Reads a list of `rows` names: a JSON array of texts, the first column of a CSV table, of which a first
/// line that is called as such columns are is a header, or else a text file of a name a line.
///
/// # Errors
/// [`Error::Io`] if it cannot be read; [`Error::File`] if it is broken or of another number of names;
/// [`Error::Line`] for a line without a name.
pub(super) fn read(path: &Path, rows: usize) -> Result<Vec<String>> {
    let text = std::fs::read(path).map_err(Error::io("read", path))?;
    let text = String::from_utf8(text).map_err(|error| {
        let found = format!("other bytes at {}", error.utf8_error().valid_up_to());
        Error::file(path, "text in UTF-8", found)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let ending = path.extension().and_then(|ending| ending.to_str());
    let is = |expected: &str| ending.is_some_and(|ending| ending.eq_ignore_ascii_case(expected));
    let names = if is("json") {
        serde_json::from_str(text)
            .map_err(|error| Error::file(path, "a JSON array of row names", error.to_string()))?
    } else if is("csv") {
        first_column(path, text)?
    } else {
        lines(path, text)?
    };
    match names.len() == rows {
        true => Ok(names),
        false => Err(Error::file(
            path,
            format!("{rows} row names, as the features have rows"),
            names.len().to_string(),
        )),
    }
}

fn lines(path: &Path, text: &str) -> Result<Vec<String>> {
    let lines = text.trim_end().lines().enumerate();
    let names = lines.map(|(place, line)| named(path, place as u64 + 1, line));
    names.collect()
}

/// The first column of a table, without its header: what columns of names are called, or nothing, as
/// pandas leaves it above its index. The number of rows does not tell: with a name too many or too few
/// every other one would be a row off.
fn first_column(path: &Path, text: &str) -> Result<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let (mut names, mut is_headed) = (Vec::new(), false);
    for record in reader.records() {
        let record = record.map_err(|error| Error::file(path, "a CSV table", error.to_string()))?;
        let line = record.position().map_or(0, |position| position.line());
        let first = record.get(0).unwrap_or_default();
        let is_header = is_header(first) || first.is_empty() && record.len() > 1;
        if names.is_empty() && !is_headed && is_header {
            is_headed = true;
            continue;
        }
        names.push(named(path, line, first)?);
    }
    Ok(names)
}

fn named(path: &Path, line: u64, name: &str) -> Result<String> {
    match name.trim().is_empty() {
        false => Ok(name.to_string()),
        true => Err(Error::Line {
            path: path.to_path_buf(),
            line,
            expected: "the name of a row".into(),
            found: "nothing".into(),
        }),
    }
}
