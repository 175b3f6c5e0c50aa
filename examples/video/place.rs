//! Where results may be written: over no input, over nothing else, and not over each other.

use std::path::{Path, PathBuf};

use countenance::{Error, Result};

use crate::Arguments;
use crate::record::partial;
use crate::shared::output::Content;

/// Checks, before anything is done, that every result has a place of its own.
///
/// # Errors
/// [`Error::Argument`] that names the file and what it is.
pub fn check(arguments: &Arguments) -> Result<()> {
    let mut inputs = vec![arguments.input.as_path(), arguments.detector.path()];
    inputs.extend(arguments.model.models.iter().map(PathBuf::as_path));
    let mut results = Vec::new();
    if let Some(out) = &arguments.out {
        for rows in [out.clone(), partial(out)] {
            let inputs = inputs.iter().copied();
            arguments.overwrite.check(&rows, Content::Rows, inputs)?;
            results.push(("--out", rows));
        }
    }
    let pictures = [
        ("--annotate", &arguments.annotate),
        ("--timeline", &arguments.timeline),
    ];
    results.extend(
        pictures
            .into_iter()
            .filter_map(|(flag, path)| Some((flag, path.clone()?))),
    );
    let places: Vec<PathBuf> = results.iter().map(|(_, path)| place(path)).collect();
    for (number, (flag, path)) in results.iter().enumerate() {
        if inputs.iter().any(|input| place(input) == places[number]) {
            return Err(refusal(
                flag,
                path,
                "another file than the inputs",
                "one of them",
            ));
        }
        if places[..number].contains(&places[number]) {
            return Err(refusal(
                flag,
                path,
                "a file of its own",
                "that of another result",
            ));
        }
    }
    match &arguments.timeline {
        // It would be the next run's frame.
        Some(picture) if place(picture).starts_with(place(&arguments.input)) => Err(refusal(
            "--timeline",
            picture,
            "a place outside the frames that are read",
            "one among them",
        )),
        _ => Ok(()),
    }
}

fn refusal(flag: &str, path: &Path, expected: &str, found: &str) -> Error {
    Error::Argument {
        what: format!("{flag} {}", path.display()),
        expected: expected.into(),
        found: found.into(),
    }
}

/// The one name of a file that may not be there yet.
fn place(path: &Path) -> PathBuf {
    if let Ok(place) = path.canonicalize() {
        return place;
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().unwrap_or(folder.to_path_buf());
    folder.join(path.file_name().unwrap_or_default())
}
