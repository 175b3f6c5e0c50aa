//! The ranges of settings, checked before anything is built from them.

use crate::{Error, Result};

pub(crate) fn within(what: &str, found: usize, most: usize) -> Result<()> {
    let fits = (1..=most).contains(&found);
    setting(what, fits, &format!("1 to {most}"), found)
}

/// As [`within`], of a number that may be left out.
pub(crate) fn within_if_any(what: &str, found: Option<usize>, most: usize) -> Result<()> {
    found.map_or(Ok(()), |found| within(what, found, most))
}

pub(crate) fn probability(what: &str, found: f64) -> Result<()> {
    setting(what, (0.0..1.0).contains(&found), "0 to below 1", found)
}

pub(crate) fn setting(
    what: &str,
    fits: bool,
    expected: &str,
    found: impl std::fmt::Display,
) -> Result<()> {
    match fits {
        true => Ok(()),
        false => Err(Error::argument(what, expected, found)),
    }
}
